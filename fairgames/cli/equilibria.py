"""``fairgames equilibria``: what the users may settle on at one alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fairgames.cli import frame as options
from fairgames.cli.frame import INCOMPLETE
from fairgames.progress import stage

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.assessment.agreement import AgreementReport
    from fairgames.cli.arguments import Outputs
    from fairgames.equilibrium.result import EquilibriumSet
    from fairgames.exactness import Number
    from fairgames.game.fair_game import FairGame
    from fairgames.spec.specification import Specification

MOST_LISTED = 50


def equilibria(
    spec: options.Spec,
    alpha: options.Alpha = None,
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="The solver, several joined by +, or auto.")
    ] = "auto",
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", help="Stop a solver after so long.", show_default=False),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Run every solver that serves the game, and say what each missed.")
    ] = False,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """List the equilibria at one alpha, each with the certificate that nobody gains by deviating."""
    from fairgames.cli.arguments import alpha_or, checked_outputs
    from fairgames.cli.crowds import is_crowd, require_few_for
    from fairgames.cli.printing import print_title
    from fairgames.cli.solve import stable_of
    from fairgames.equilibrium.solve import equilibria as find
    from fairgames.errors import InputError
    from fairgames.game.fair_game import FairGame
    from fairgames.report.figures import intervals_figure
    from fairgames.report.terminal import console_for
    from fairgames.spec.load import load

    outputs = checked_outputs(json, figure, force, spec)
    loaded = load(spec)
    if alpha is None and loaded.platform.alpha is None:
        raise InputError("--alpha", f"is required, since {loaded.source} has no platform.alpha")
    share = alpha_or(alpha, loaded.platform.alpha or 0)
    instead = "leave it out for one equilibrium, by best replies of whole groups"
    require_few_for(loaded, instead, compare=compare, figure=figure, timeout=timeout, method=method != "auto")
    if is_crowd(loaded):
        _settle_crowd(loaded, share, outputs)
        return
    game = FairGame(loaded.utility, loaded.costs, share, loaded.actions)
    with stage("finding the equilibria"):
        found = find(game, method, timeout)
    console = console_for()
    print_title(console, loaded)
    _print_equilibria(console, loaded, game, found, share)
    results: dict[str, object] = {"title": loaded.title, "alpha": share, "equilibria": found}
    if compare:
        from fairgames.assessment.agreement import compare_solvers

        with stage("comparing the solvers"):
            agreement = compare_solvers(game, timeout=timeout)
        _print_agreement(console, agreement)
        results["agreement"] = agreement
    outputs.save("equilibria", results, lambda: intervals_figure(stable_of(loaded) or (), loaded, float(share)))
    if any("was stopped" in warning for warning in found.warnings):
        raise typer.Exit(INCOMPLETE)


def _settle_crowd(spec: Specification, alpha: Number, outputs: Outputs) -> None:
    from fairgames.cli.crowds import print_settled, settled_at
    from fairgames.cli.printing import print_title
    from fairgames.report.terminal import console_for

    found = settled_at(spec, alpha)
    console = console_for()
    print_title(console, spec)
    print_settled(console, spec, found, alpha)
    outputs.save("equilibria", {"title": spec.title, "alpha": alpha, "equilibrium": found})
    if found.warnings or found.profile is None:
        raise typer.Exit(INCOMPLETE)


def _print_equilibria(
    console: Console, spec: Specification, game: FairGame, found: EquilibriumSet, alpha: Number
) -> None:
    from fairgames.report.tables import label_sentence
    from fairgames.report.terminal import decimals, exactly, print_lines, print_table
    from fairgames.report.words import expected_utility, strategies_label, what_was_found

    shown = found.equilibria[:MOST_LISTED]
    worth = [expected_utility(game, entry) for entry in shown]
    columns = [
        ["pure" if entry.is_pure else "mixed" for entry in shown],
        [strategies_label(spec, game, entry) for entry in shown],
        decimals(worth),
        decimals([(1 - alpha) * value for value in worth]),
        [f"{float(entry.regret):.2g}" for entry in shown],
    ]
    headers = ("kind", "who does what", "utility", "platform keeps", "most anybody gains by deviating")
    print_table(console, f"Equilibria at alpha = {exactly(alpha)}", headers, list(zip(*columns, strict=True)))
    lines = ["", label_sentence(spec), *what_was_found(found)]
    if len(found.equilibria) > MOST_LISTED:
        lines.append(f"{len(found.equilibria) - MOST_LISTED:,} more are not shown; --json FILE lists them all.")
    print_lines(console, lines)


def _print_agreement(console: Console, report: AgreementReport) -> None:
    from fairgames.report.terminal import print_lines, print_table

    print_table(console, *report._lines())
    verdict = (
        "No solver missed what it promises to find, or invented anything."
        if report.agreed
        else ("Some solver missed what it promises to find, invented something, or did not finish.")
    )
    print_lines(console, ["", verdict])
