"""Check what was typed, before any work is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from fairgames.errors import InputError
from fairgames.exactness import Number, as_number
from fairgames.files import Output
from fairgames.spec.specification import PlatformOptions, Specification

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Outputs:
    """Where ``--json`` and ``--figure`` go."""

    json: Output | None
    figure: Output | None

    def save(self, command: str, results: Mapping[str, object], drawn: Callable[[], Figure] | None = None) -> None:
        """Write what was asked for.

        Raises
        ------
        InputError
            If a file cannot be written.
        """
        if self.json is not None:
            from fairgames.report.json_file import write_json

            write_json(self.json, command, results)
        if self.figure is not None and drawn is not None:
            from fairgames.report.style import save_figure

            save_figure(drawn(), self.figure)


def checked_outputs(
    json: Path | None, figure: Path | None, force: bool, *inputs: Path | None, also: Output | None = None
) -> Outputs:
    """Refuse output files that could not or must not be written, before any work is done.

    Parameters
    ----------
    json, figure : Path or None
        The options.
    force : bool
        Whether files that are not ours may be overwritten.
    *inputs : Path or None
        Specifications and data that are read, with the files that they name: never overwritten.
    also : Output, optional
        Another file that is written.

    Raises
    ------
    InputError
        Naming the option.
    """
    from fairgames.report.json_file import STANDARD_OUTPUT

    places = [path for path in (json, figure, also.path if also else None) if path is not None]
    read = _files_read(force, [path for path in inputs if path is not None], places)
    outputs = Outputs(
        None if json is None else Output(json, "--json", ".json", force, read),
        None if figure is None else Output(figure, "--figure", "", force, read),
    )
    if outputs.json is not None and json != STANDARD_OUTPUT:
        outputs.json.check()
    if outputs.figure is not None:
        from fairgames.report.style import figure_output

        figure_output(outputs.figure)
    if also is not None:
        replace(also, inputs=read).check()
    if len(set(map(os.path.realpath, places))) < len(places):
        raise InputError("--json", "must not be the file of another output", str(json))
    return outputs


def _files_read(force: bool, inputs: Sequence[Path], places: Sequence[Path]) -> tuple[Path, ...]:
    """Inputs and what they name; only looked for where an output exists, which might be one of them."""
    from fairgames.reading import STANDARD_INPUT
    from fairgames.spec.load import files_named

    if not any(map(os.path.lexists, places)):
        return ()
    if force and STANDARD_INPUT in inputs:
        raise InputError(
            "--force", "cannot be combined with a specification from standard input, whose files it may name"
        )
    return tuple(found for path in inputs for found in (path, *files_named(path)))


def alpha_or(text: str | None, otherwise: Number) -> Number:
    """Read ``--alpha``, or take what the specification says.

    Raises
    ------
    InputError
        If it is not a number from 0 to 1.
    """
    if text is None:
        return otherwise
    alpha = as_number(text, "--alpha")
    if not 0 <= alpha <= 1:
        raise InputError("--alpha", "must be from 0 to 1", text)
    return alpha


def number_option(text: str | None, name: str, least: int | None = None) -> Number | None:
    """Read an optional number.

    Raises
    ------
    InputError
        If it is not a finite number, or below ``least``.
    """
    if text is None:
        return None
    number = as_number(text, name)
    if least is not None and number < least:
        raise InputError(name, f"must be at least {least}", text)
    return number


def platform_options(
    wanted: PlatformOptions,
    selection: str | None,
    limits: Mapping[str, str | None],
    alpha_range: tuple[str | None, str | None],
) -> PlatformOptions:
    """Put options over what the specification asks for.

    Parameters
    ----------
    wanted : PlatformOptions
        What the specification asks for.
    selection : str or None
        ``--selection``.
    limits : mapping
        ``margin``, ``budget`` and ``min_utility``, where given.
    alpha_range : pair of str or None
        ``--alpha-from`` and ``--alpha-to``.

    Raises
    ------
    InputError
        If a limit is not a number, or a negative margin or budget.
    """
    given = {
        name: number_option(text, f"--{name.replace('_', '-')}", None if name == "min_utility" else 0)
        for name, text in limits.items()
    }
    low, high = (alpha_or(text, end) for text, end in zip(alpha_range, wanted.alpha_range, strict=True))
    asked = {name: number for name, number in given.items() if number is not None}
    return replace(wanted, **asked, selection=cast("Any", selection) or wanted.selection, alpha_range=(low, high))


def positive(text: str, name: str) -> Number:
    """Read a number above 0.

    Raises
    ------
    InputError
        If it is not one.
    """
    number = as_number(text, name)
    if number <= 0:
        raise InputError(name, "must be above 0", text)
    return number


def profile_or(spec: Specification, text: str | None) -> tuple[int, ...]:
    """Read ``--profile``, or take the profile of the specification.

    Parameters
    ----------
    spec : Specification
        The users.
    text : str or None
        One level for all, or one for each group, separated by commas; by name or number.

    Returns
    -------
    tuple of int
        Level of each group.

    Raises
    ------
    InputError
        If a level is not known, their number does not fit, or there is no profile at all.
    """
    if text is None:
        levels = [group.level for group in spec.groups]
        known = [level for level in levels if level is not None]
        if len(known) < len(levels):
            example = f'for instance --profile "{spec.levels[-1]}" for all, or one level for each [[users]] entry'
            raise InputError("--profile", f"is required, since {spec.source} gives the users no level: {example}")
        return tuple(known)
    chosen = tuple(_level(spec, part.strip()) for part in text.split(","))
    if len(chosen) == 1:
        chosen *= len(spec.groups)
    if len(chosen) != len(spec.groups):
        raise InputError("--profile", f"must have one level, or one for each of the {len(spec.groups)} users", text)
    return chosen


def _level(spec: Specification, text: str) -> int:
    if text in spec.levels:
        return spec.levels.index(text)
    if text.isascii() and text.isdigit() and int(text) < len(spec.levels):
        return int(text)
    raise InputError("--profile", f"must name levels among {', '.join(spec.levels)}", text)
