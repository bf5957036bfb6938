"""The ``fairgames`` command: one subcommand a module, imported when the command starts, heavy work later."""

from __future__ import annotations

from typing import Annotated

import typer

from fairgames.cli.closed_forms import crosscheck, derive, errata
from fairgames.cli.compare import compare
from fairgames.cli.design import design
from fairgames.cli.equilibria import equilibria
from fairgames.cli.export import export
from fairgames.cli.fit import fit, init
from fairgames.cli.frame import PlainErrors, run_to_the_end
from fairgames.cli.payments import payments
from fairgames.cli.reproduce import reproduce
from fairgames.cli.solve import solve
from fairgames.cli.verify import verify

app = typer.Typer(
    cls=PlainErrors,
    name="fairgames",
    help="Fair payments for private data, the choices they make stable, and what the platform should pay.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    init,
    solve,
    payments,
    equilibria,
    design,
    compare,
    fit,
    verify,
    export,
    derive,
    crosscheck,
    errata,
    reproduce,
):
    app.command()(_command)


def _version(asked: bool) -> None:
    if asked:
        import fairgames

        typer.echo(f"fairgames {fairgames.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before the command."""


def run() -> None:
    """Run the command line; the exit status is 0 answered, 1 a check failed, 2 bad input, 3 incomplete."""
    run_to_the_end(app)
