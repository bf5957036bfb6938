"""The ``fairgames`` command: its subcommands, errors as one message and an exit status, output that may break off.

The program's entry point calls `run`. A subcommand does its heavy imports when it is called.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import fairgames as fg
from fairgames.cli.compare import compare
from fairgames.cli.design import design
from fairgames.cli.equilibria import equilibria
from fairgames.cli.export import explore, export
from fairgames.cli.fit import fit, init
from fairgames.cli.frame import BAD_INPUT, INCOMPLETE, option
from fairgames.cli.paper import crosscheck, derive, errata, reproduce
from fairgames.cli.payments import payments
from fairgames.cli.solve import solve
from fairgames.cli.verify import verify
from fairgames.errors import FairGamesError
from fairgames.printable import printable, shortened
from fairgames.progress import heartbeat

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
    return error.filename is None and error.errno in {errno.ENOSPC, errno.EIO, errno.EBADF}


class PatientOutput:
    """Standard output whose reader may leave, as ``head`` does: the command goes on, and writes its files."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

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


app = typer.Typer(
    cls=PlainErrors,
    name="fairgames",
    help="Fair payments for private data, the choices they make stable, and what the platform should pay.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS = (
    init,
    solve,
    payments,
    equilibria,
    design,
    compare,
    explore,
    fit,
    verify,
    export,
    derive,
    crosscheck,
    errata,
    reproduce,
)
for _command in _COMMANDS:
    app.command()(_command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"fairgames {fg.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, option("--version", "Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before the command."""


def run() -> None:
    """Run the command line on standard output as it is: closed, full, or with a reader that leaves early.

    The exit status is 0 answered, 1 a check failed, 2 bad input, 3 incomplete.
    """
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
