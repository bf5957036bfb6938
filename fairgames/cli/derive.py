"""``fairgames derive``: the regimes of identical users in closed form."""

from __future__ import annotations

from typing import Annotated

import typer


def derive(
    users: Annotated[int, typer.Option("--users", metavar="N", help="Number of identical users, at least 2.")],
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon",
            metavar="E",
            help="The private mean's utility at this privacy parameter: a number, inf, or symbol.",
            show_default=False,
        ),
    ] = None,
    utilities: Annotated[
        str | None,
        typer.Option(
            "--utilities",
            metavar="U1,…,UN",
            help="The utility of 1, …, N present users, such as 2/3,1; symbols by default.",
            show_default=False,
        ),
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print LaTeX.")] = False,
) -> None:
    """Derive gamma, the equilibrium, the optimal alpha and its regimes, from the definitions."""
    from fairgames.cli.closed_forms import closed_forms
    from fairgames.errors import InputError

    if epsilon is not None and utilities is not None:
        raise InputError("--epsilon", "cannot be combined with --utilities")
    with closed_forms():
        from symbolic import dp_mean, regimes

        values: list[object] | None = None
        if epsilon is not None:
            values = list(dp_mean.utilities(users) if epsilon == "symbol" else dp_mean.utilities(users, epsilon))
        if utilities is not None:
            values = [part.strip() for part in utilities.split(",")]
        derived = regimes.derive(users, values)
    typer.echo(derived.latex() if latex else repr(derived))
