"""Errors of the input end in one clear message and their exit status, without a traceback.

What the command's exit status says.

Arguments and options that several commands share.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fairgames.errors import FairGamesError

ANSWERED = 0
CHECK_FAILED = 1
BAD_INPUT = 2
INCOMPLETE = 3


Spec = Annotated[Path, typer.Argument(metavar="SPEC", help="The specification, a TOML file.", show_default=False)]

Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the results to this file as JSON.", show_default=False),
]

Figure = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="Draw the results to this file.", show_default=False),
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


class PlainErrors(TyperGroup):
    """A group of commands that turns the package's errors into messages on standard error."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except FairGamesError as error:
            typer.echo(f"fairgames: {error}", err=True)
        except MemoryError:
            typer.echo("fairgames: not enough memory for this problem", err=True)
        raise typer.Exit(BAD_INPUT)
