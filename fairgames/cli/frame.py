"""What the commands share: options, numbers that are typed, and one run, from checked outputs to saved results.

Every command file reads it. A `Run` refuses outputs that must not be written before any work is done, has the console
to print on, and writes the results and the figure at the end.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, as_number
from fairgames.files import STANDARD_INPUT, Output
from fairgames.report.json_file import STANDARD_OUTPUT, write_json
from fairgames.report.style import figure_output, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from fairgames.report.screen import Screen
    from fairgames.scenario.scenario import Scenario

CHECK_FAILED = 1
BAD_INPUT = 2
INCOMPLETE = 3


def option(flag: str, text: str, metavar: str | None = None, **more: Any) -> Any:
    """Declare an option; without ``metavar`` it is a flag."""
    return typer.Option(flag, help=text, metavar=metavar, **more)


def argument(metavar: str, text: str) -> Any:
    """Declare what stands without a name."""
    return typer.Argument(metavar=metavar, help=text)


class SilentOutput(io.TextIOBase):
    """Standard output that is kept for one thing: ``--json -`` writes to the real one, and nothing else does."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def write(self, text: str) -> int:
        """Write nowhere."""
        return len(text)


def _json_alone(context: typer.Context, path: Path | None) -> Path | None:
    if path == STANDARD_OUTPUT:
        real, sys.stdout = sys.stdout, SilentOutput(sys.stdout)
        context.call_on_close(lambda: setattr(sys, "stdout", real))
    return path


_JSON = "Write the results to this file as JSON; - for standard output, and then nothing else is printed there."
Spec = Annotated[Path, argument("SPEC", "The specification, a TOML file; - reads it from standard input.")]
Json = Annotated[Path | None, option("--json", _JSON, "FILE", callback=_json_alone)]
Figure = Annotated[Path | None, option("--figure", "Draw the results to this file.", "FILE")]
Force = Annotated[bool, option("--force", "Overwrite files that fairgames did not write; never one that is read.")]
Unit = Annotated[str, option("--unit", "What one sample is, in the plural.", "WORD")]
Alpha = Annotated[
    str | None, option("--alpha", "Share of the utility that is paid out, from 0 to 1, such as 0.3 or 2/3.", "A")
]
Seed = Annotated[int, option("--seed", "The same seed gives the same numbers.", "S")]
_MAX_SECONDS = "Stop a search among very many users after so long; an exact search is not cut short."
MaxSeconds = Annotated[float | None, option("--max-seconds", _MAX_SECONDS, "SECONDS", min=0.1)]
Jobs = Annotated[int | None, option("--jobs", "Processes to use; -1 for all cores.", "N")]


class Run:
    """One run of a command: where its outputs go, the console, and what is to be saved.

    Inputs, and the files that a specification among them names, are never written over; ``also`` is another file that
    is written.
    """

    def __init__(
        self,
        command: str,
        *inputs: Path | None,
        json: Path | None = None,
        figure: Path | None = None,
        force: bool = False,
        also: Output | None = None,
    ) -> None:
        from fairgames.report.screen import Screen

        places = [path for path in (json, figure, also.path if also else None) if path is not None]
        read = _files_read(force, [path for path in inputs if path is not None], places)
        self.json = None if json is None else Output(json, "--json", ".json", force, read)
        self.figure = None if figure is None else Output(figure, "--figure", "", force, read)
        if self.json is not None and json != STANDARD_OUTPUT:
            self.json.check()
        if self.figure is not None:
            figure_output(self.figure)
        if also is not None:
            replace(also, inputs=read).check()
        if len(set(map(os.path.realpath, places))) < len(places):
            raise InputError("--json", "must not be the file of another output", str(json))
        self.command = command
        self.console = Screen()
        self.results: dict[str, object] = {}
        self.scenario: Scenario | None = None
        self.asked: dict[str, object] = {}

    def begin(self, spec: Scenario, **results: object) -> Screen:
        """Note the title of a specification and the first results; return the console."""
        self.scenario = spec
        self.results |= {"title": spec.title, **results}
        return self.console

    def open(self, spec: Scenario, **results: object) -> Screen:
        """Do so, and print what the specification is about."""
        self.begin(spec, **results)
        self.console.print(spec.title, style="bold")
        self.console.say(f"{spec.n_users:,} users; levels: {', '.join(spec.levels)}.", *spec.notes)
        return self.console

    def save(self, drawn: Callable[[], Drawing] | None = None) -> None:
        """Write the results and the figure, where they were asked for."""
        if self.json is not None:
            write_json(self.json, self.command, self.results, self.scenario, self.asked)
        if self.figure is not None and drawn is not None:
            save_figure(drawn(), self.figure)


def _files_read(force: bool, inputs: Sequence[Path], places: Sequence[Path]) -> tuple[Path, ...]:
    """Inputs and what they name; only looked for where an output exists, which might be one of them."""
    from fairgames.spec.load import files_named

    if not any(map(os.path.lexists, places)):
        return ()
    if force and STANDARD_INPUT in inputs:
        requirement = "cannot be combined with a specification from standard input, whose files it may name"
        raise InputError("--force", requirement)
    return tuple(found for path in inputs for found in (path, *files_named(path)))


def number_or(
    text: str | None,
    otherwise: Any,
    name: str = "--alpha",
    requirement: str = "must be from 0 to 1",
    fits: Callable[[Number], bool] = lambda number: 0 <= number <= 1,
) -> Any:
    """Read a number that was typed, by default an alpha, or take what the specification says."""
    if text is None:
        return otherwise
    number = as_number(text, name)
    if not fits(number):
        raise InputError(name, requirement, text)
    return number


MOST_ONE_BY_ONE = 1_000


def is_crowd(spec: Scenario) -> bool:
    """Whether the users are too many to go through one by one."""
    return spec.n_users > MOST_ONE_BY_ONE


def require_few(spec: Scenario, instead: str, asked: Mapping[str, object]) -> None:
    """Refuse, before it is begun, work on each of too many users: the first that is asked for, by its name."""
    for what in (name for name, wanted in asked.items() if wanted and is_crowd(spec)):
        raise SizeError(
            f"{what} goes through users one by one, and serves up to {MOST_ONE_BY_ONE:,} of them; "
            f"{spec.source} has {spec.n_users:,}: {instead}"
        )
