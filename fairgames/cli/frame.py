"""The frame around every command: shared options, exit status, errors as one message, output that may break off."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from fairgames.errors import FairGamesError
from fairgames.printable import printable, shortened
from fairgames.progress import heartbeat
from fairgames.report.json_file import STANDARD_OUTPUT

ANSWERED = 0
CHECK_FAILED = 1
BAD_INPUT = 2
INCOMPLETE = 3


Spec = Annotated[
    Path,
    typer.Argument(
        metavar="SPEC", help="The specification, a TOML file; - reads it from standard input.", show_default=False
    ),
]


def _json_alone(context: typer.Context, path: Path | None) -> Path | None:
    if path == STANDARD_OUTPUT:
        real, sys.stdout = sys.stdout, SilentOutput(sys.stdout)
        context.call_on_close(lambda: setattr(sys, "stdout", real))
    return path


Json = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Write the results to this file as JSON; - for standard output, and then nothing else is printed there.",
        callback=_json_alone,
        show_default=False,
    ),
]

Figure = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="Draw the results to this file.", show_default=False),
]

Force = Annotated[
    bool, typer.Option("--force", help="Overwrite files that fairgames did not write; never one that is read.")
]

Unit = Annotated[str, typer.Option("--unit", metavar="WORD", help="What one sample is, in the plural.")]

Alpha = Annotated[
    str | None,
    typer.Option(
        "--alpha",
        metavar="A",
        help="Share of the utility that is paid out, from 0 to 1, such as 0.3 or 2/3.",
        show_default=False,
    ),
]

Seed = Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same numbers.")]

Jobs = Annotated[
    int | None, typer.Option("--jobs", metavar="N", help="Processes to use; -1 for all cores.", show_default=False)
]


_SHOW_FAULTS = "FAIRGAMES_TRACEBACK"
_UsageError: Any = typer.BadParameter.__base__


class PlainErrors(TyperGroup):
    """A group of commands that turns errors into messages on standard error, and shows that long work goes on."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            with heartbeat(" ".join(["fairgames", *ctx._protected_args[:1]])):
                return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except _UsageError as error:
            error.message = shortened(printable(error.message, keep="\n"), 1_000)
            raise
        except FairGamesError as error:
            status, message = BAD_INPUT, str(error)
        except MemoryError as error:
            status, message = BAD_INPUT, f"not enough memory for this problem. {error}".strip()
        except OSError as error:
            if is_of_output(error):
                raise
            # A name that is too long or a folder that may not be read shows wherever a file is first touched.
            file = shortened(str(error.filename or "a file"), 200)
            status, message = BAD_INPUT, printable(f"{file}: {error.strerror or error}")
        except Exception as error:
            if os.environ.get(_SHOW_FAULTS):
                raise
            fault = shortened(printable(f"{type(error).__name__}: {error}"), 500)
            status = INCOMPLETE
            message = (
                f"this is a fault of fairgames, not of the input: {fault}. "
                f"Please report it with what is printed when {_SHOW_FAULTS}=1 is set."
            )
        typer.echo(f"fairgames: {message}", err=True)
        raise typer.Exit(status)


def is_of_output(error: OSError) -> bool:
    """Whether the error says that nothing more can be printed."""
    return (
        isinstance(error, OSError) and error.filename is None and error.errno in {errno.ENOSPC, errno.EIO, errno.EBADF}
    )


def run_to_the_end(app: Callable[[], None]) -> NoReturn:
    """Run a command on standard output as it is: closed, full, or with a reader that leaves early."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (as long as the process)
    if sys.stdout is None:
        typer.echo("fairgames: standard output is closed; send it to /dev/null if it is not wanted", err=True)
        sys.exit(BAD_INPUT)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal cannot show must not cost the answer.
            stream.reconfigure(errors="replace")
    sys.stdout = PatientOutput(sys.stdout)
    status: Any = 0
    try:
        try:
            app()
        except SystemExit as end:
            status = end.code
        sys.stdout.flush()
    except OSError as error:
        if not is_of_output(error):
            raise
        discard_output()
        typer.echo(f"fairgames: the answer cannot be printed: {error.strerror}", err=True)
        status = status or INCOMPLETE
    sys.exit(status)


class PatientOutput(io.TextIOBase):
    """Standard output whose reader may leave, as ``head`` does: the command goes on, and writes its files.

    Parameters
    ----------
    real : file
        Where to write.
    """

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of the real one."""
        return str(self.real.encoding)

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self.real.isatty())

    def fileno(self) -> int:
        """Return its descriptor."""
        return int(self.real.fileno())

    def write(self, text: str) -> int:
        """Write, while there is a reader."""
        with _reader_may_leave():
            self.real.write(text)
        return len(text)

    def flush(self) -> None:
        """Send what was written, while there is a reader."""
        with _reader_may_leave():
            self.real.flush()


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        discard_output()


def discard_output() -> None:
    """Send what is still to be printed, and what waits in a buffer, nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.__stdout__.fileno() if sys.__stdout__ is not None else 1)
    os.close(nowhere)


class SilentOutput(io.TextIOBase):
    """Standard output that is kept for one thing: ``--json -`` writes to the real one, and nothing else does.

    Parameters
    ----------
    real : file
        The real one.
    """

    def __init__(self, real: Any) -> None:
        self.real = real

    def write(self, text: str) -> int:
        """Write nowhere."""
        return len(text)
