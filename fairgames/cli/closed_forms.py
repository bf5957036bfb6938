"""Errors of the closed forms, as messages of the command.

``fairgames derive``: the regimes of identical users in closed form.

``fairgames errata``: what the paper prints, what is correct, each line checked as it is printed.

``fairgames crosscheck``: closed forms against numerics at the same points.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from fairgames.cli import frame as options
from fairgames.cli.frame import CHECK_FAILED
from fairgames.errors import FairGamesError
from fairgames.progress import stage

_MOST_USERS = 60
_MOST_POINTS = 10_000


@contextmanager
def closed_forms() -> Iterator[None]:
    """Within this block, errors of the package `symbolic` are errors of the input.

    Raises
    ------
    FairGamesError
        If another package named ``symbolic`` is on the path, or a derivation refuses its input.
    """
    from fairgames.assessment.crosscheck.points import closed_form_error

    refusal = closed_form_error()
    try:
        yield
    except refusal as error:
        raise FairGamesError(str(error)) from None


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
    from fairgames.errors import InputError

    if epsilon is not None and utilities is not None:
        raise InputError("--epsilon", "cannot be combined with --utilities")
    if users > _MOST_USERS:
        raise InputError("--users", f"must be at most {_MOST_USERS}: closed forms have terms for each user", users)
    with closed_forms(), stage("deriving closed forms"):
        from symbolic import dp_mean, regimes

        values: list[object] | None = None
        if epsilon is not None:
            values = list(dp_mean.utilities(users) if epsilon == "symbol" else dp_mean.utilities(users, epsilon))
        if utilities is not None:
            values = [part.strip() for part in utilities.split(",")]
        derived = regimes.derive(users, values)
    typer.echo(derived.latex() if latex else repr(derived))


def errata(json: options.Json = None, force: options.Force = False) -> None:
    """List the paper's errata, and check each one as it is printed; exit with 1 if a check fails."""
    from dataclasses import asdict

    import typer

    from fairgames.cli.arguments import checked_outputs
    from fairgames.report.terminal import console_for, print_lines

    outputs = checked_outputs(json, None, force)
    console = console_for()
    found = []
    with closed_forms():
        from symbolic.errata import ERRATA

        for erratum in ERRATA:
            verification = erratum.verify()
            verdict = "confirmed" if verification.confirmed else "NOT CONFIRMED"
            console.print(erratum.where, style="bold")
            print_lines(
                console,
                [
                    f"  printed: {erratum.printed}",
                    f"  correct: {erratum.correct}",
                    f"  {verdict}: {verification.evidence}",
                ],
            )
            entry = {"where": erratum.where, "printed": erratum.printed, "correct": erratum.correct}
            found.append({**entry, **asdict(verification), "confirmed": verification.confirmed})
    failed = sum(not entry["confirmed"] for entry in found)
    print_lines(console, ["", f"{len(found)} errata, {len(found) - failed} confirmed."])
    outputs.save("errata", {"errata": found})
    if failed:
        raise typer.Exit(CHECK_FAILED)


def crosscheck(
    spec: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SPEC]",
            help="A specification, to check what the closed forms say about it; without one, all closed forms.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="More users, larger tables and finer grids; takes minutes.")
    ] = False,
    points: Annotated[int, typer.Option("--points", metavar="N", help="About how many places a quantity.")] = 12,
    seed: options.Seed = 0,
    json: options.Json = None,
    force: options.Force = False,
) -> None:
    """Evaluate closed forms and numerics at the same points; exit with 1 if they differ anywhere."""
    from fairgames.assessment.crosscheck.run import HEADERS, crosscheck
    from fairgames.cli.arguments import checked_outputs
    from fairgames.cli.crowds import require_few
    from fairgames.errors import InputError
    from fairgames.report.terminal import console_for, print_lines, print_table
    from fairgames.spec.load import load

    outputs = checked_outputs(json, None, force, spec)
    if spec is not None and everything:
        raise InputError("--all", "cannot be combined with a specification")
    loaded = None if spec is None else load(spec)
    if loaded is not None:
        require_few(loaded, "a cross-check", "leave the specification out to check all closed forms")
    if points > _MOST_POINTS:
        raise InputError("--points", f"must be at most {_MOST_POINTS:,}", points)
    with closed_forms(), stage("evaluating closed forms and numerics"):
        found = crosscheck(loaded, everything=everything, points=points, seed=seed)
    console = console_for()
    title = "Closed forms against numerics" if loaded is None else f"Closed forms against numerics: {loaded.title}"
    print_table(console, title, HEADERS, [one.cells() for one in found.comparisons])
    print_lines(console, ["", f"{found.summary()}."])
    outputs.save("crosscheck", {"agreed": found.agreed, "crosscheck": found})
    if not found.agreed:
        raise typer.Exit(CHECK_FAILED)
