"""``fairgames equilibria``: what the users may settle on at one alpha.

Too many users to list all profiles settle on one equilibrium, by best replies; fewer have theirs listed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import INCOMPLETE, is_crowd, number_or, option, require_few
from fairgames.cli.payments import print_payments
from fairgames.cli.solve import stable_of
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, decimal_text
from fairgames.progress import stage
from fairgames.report.figures import intervals_figure
from fairgames.report.tables import expected_utility, label_sentence, strategies_label, what_was_found
from fairgames.report.terminal import decimals
from fairgames.scenario.users import user_rows

if TYPE_CHECKING:
    from fairgames.assessment.agreement import AgreementReport
    from fairgames.report.screen import Screen
    from fairgames.scenario.scenario import Scenario

MOST_LISTED = 50


def equilibria(
    spec: options.Spec,
    alpha: options.Alpha = None,
    method: Annotated[str, option("--method", "The solver, several joined by +, or auto.", "NAME")] = "auto",
    timeout: Annotated[float | None, option("--timeout", "Stop a solver after so long.", "SECONDS")] = None,
    compare: Annotated[
        bool, option("--compare", "Run every solver that serves the game, and say what each missed.")
    ] = False,
    max_seconds: options.MaxSeconds = None,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """List the equilibria at one alpha, each with the certificate that nobody gains by deviating."""
    run = options.Run("equilibria", spec, json=json, figure=figure, force=force)
    loaded = fg.load(spec)
    if alpha is None and loaded.alpha is None:
        raise InputError("--alpha", f"is required, since {loaded.source} has no platform.alpha")
    share = number_or(alpha, loaded.alpha)
    one_by_one = {"--compare": compare, "--figure": figure, "--timeout": timeout, "--method": method != "auto"}
    run.asked = {"alpha": share, "method": method, "compare": compare}
    run.asked |= {"timeout": timeout, "max_seconds": max_seconds}
    require_few(loaded, "leave it out for one equilibrium, by best replies of whole groups", one_by_one)
    game = None if is_crowd(loaded) else fg.FairGame(loaded, alpha=share)
    found = None if game is None else _listed(game, method, timeout, must=any(one_by_one.values()))
    if game is None or found is None:
        settled = _settled_at(loaded, share, max_seconds)
        _print_settled(run.open(loaded, alpha=share, equilibrium=settled), loaded, settled, share)
        incomplete = settled.profile is None or not settled.verified
    else:
        console = run.open(loaded, alpha=share, equilibria=found)
        _print_equilibria(console, loaded, game, found, share)
        if compare:
            with stage("comparing the solvers"):
                run.results["agreement"] = agreement = fg.compare_solvers(game, timeout=timeout)
            _print_agreement(console, agreement)
        stopped = ("was stopped", "could not decide")
        incomplete = any(text in warning for warning in found.warnings for text in stopped)
    run.save(lambda: intervals_figure(stable_of(loaded) or (), loaded, float(share)))
    if incomplete:
        raise typer.Exit(INCOMPLETE)


@stage("finding the equilibria")
def _listed(game: fg.FairGame, method: str, timeout: float | None, *, must: bool) -> fg.EquilibriumSet | None:
    """Equilibria of a game; None where it has too many profiles, unless they must be listed."""
    try:
        return fg.equilibria(game, method, timeout)
    except SizeError:
        if must:
            raise
        return None


@stage("looking for an equilibrium")
def _settled_at(spec: Scenario, alpha: Number, max_seconds: float | None) -> fg.Optimum:
    """Find what many users settle on at one alpha, by best replies; without any constraint but this."""
    free: dict[str, Any] = {"selection": "best", "margin": 0, "budget": None, "min_utility": None}
    return fg.optimal_alpha(replace(spec, alpha_range=(alpha, alpha), **free), max_seconds=max_seconds)


def _print_settled(console: Screen, spec: Scenario, found: fg.Optimum, alpha: Number) -> None:
    """Print the equilibrium of many users, and how it is certified."""
    title = "An equilibrium" if found.verified else "Not verified as an equilibrium"
    console.heading(f"{title} at alpha = {decimal_text(alpha)}")
    if found.profile is None or found.payments is None:
        console.say(f"None was found: {found.infeasible}.")
        return
    worth, kept = decimals([found.utility, found.value])
    gain = 0.0 if found.regret is None else float(found.regret)
    console.say(
        f"The utility is {worth}; the platform keeps {kept}. "
        f"The most that anybody gains by deviating is {gain:.2g}, from payments computed again.",
        "Found by best replies, the best for the platform of those met: "
        f"{spec.n_users:,} users have too many profiles to list every equilibrium.",
        *(f"Warning: {warning}" for warning in found.warnings),
    )
    rows = user_rows(spec, found.profile, found.payments, found.standard_errors)
    print_payments(console, "Payments there", rows, "samples")


def _print_equilibria(
    console: Screen, spec: Scenario, game: fg.FairGame, found: fg.EquilibriumSet, alpha: Number
) -> None:
    shown = found.equilibria[:MOST_LISTED]
    worth = [expected_utility(game, entry) for entry in shown]
    columns = [
        ("kind", ["pure" if entry.is_pure else "mixed" for entry in shown]),
        ("who does what", [strategies_label(spec, game, entry) for entry in shown]),
        ("utility", decimals(worth)),
        ("platform keeps", decimals([(1 - alpha) * value for value in worth])),
        ("most anybody gains by deviating", [f"{float(entry.regret):.2g}" for entry in shown]),
    ]
    console.columns(f"Equilibria at alpha = {decimal_text(alpha)}", columns)
    console.say("", label_sentence(spec), *what_was_found(found))
    console.left(len(found.equilibria), MOST_LISTED, "more")


def _print_agreement(console: Screen, report: AgreementReport) -> None:
    console.table(*report._lines())
    verdict = (
        "No solver missed what it promises to find, or invented anything."
        if report.agreed
        else "Some solver missed what it promises to find, invented something, or did not finish."
    )
    console.say("", verdict)
