"""Errors of the input end in one clear message and their exit status, without a traceback."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from fairgames.cli.status import BAD_INPUT
from fairgames.errors import FairGamesError


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
