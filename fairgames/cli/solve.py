"""``fairgames solve``: payments, stable choices and the platform's optimum, in one go.

The optimum of a specification and how it is printed also serve the other commands that need one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.payments import print_payments
from fairgames.errors import SizeError
from fairgames.exactness import Number
from fairgames.progress import stage
from fairgames.report.figures import solution_figure
from fairgames.report.tables import (
    chances,
    expected_payments,
    label_sentence,
    optimum_facts,
    optimum_sentences,
    profile_label,
)
from fairgames.report.terminal import decimals, exactly
from fairgames.scenario.users import user_rows
from fairgames.tolerance import RELATIVE

if TYPE_CHECKING:
    from fairgames.equilibrium.intervals import StableProfile
    from fairgames.report.screen import Screen
    from fairgames.scenario.scenario import Scenario
    from fairgames.scenario.users import UserRow

MOST_LISTED = 20
MOST_ENUMERATED = 60


def solve(
    spec: options.Spec,
    unit: options.Unit = "samples",
    max_seconds: options.MaxSeconds = None,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Find what the platform should pay, whom, and which choices are stable at which payments."""
    run = options.Run("solve", spec, json=json, figure=figure, force=force)
    loaded = fg.load(spec)
    optimum = optimum_of(loaded, max_seconds=max_seconds)
    stable = stable_of(loaded)
    console = run.open(loaded, optimum=optimum, stable_profiles=stable)
    rows = print_optimum(console, loaded, optimum, unit)
    if stable is None:
        run.console.say(
            "",
            f"The stable choices of {loaded.n_users:,} users are not listed: their profiles do not fit in memory. "
            "fairgames equilibria --alpha A finds one at A.",
        )
    else:
        _print_stable(console, loaded, stable)
        if loaded.alpha is not None:
            _print_at_alpha(console, loaded, stable, loaded.alpha)
    run.save(lambda: solution_figure(optimum, rows, stable or (), loaded))


@stage("finding the optimum")
def optimum_of(
    spec: Scenario, blocs: Sequence[Sequence[int]] | None = None, max_seconds: float | None = None
) -> fg.Optimum:
    """Find the optimum with the platform's own options; the users of a bloc act together."""
    return fg.optimal_alpha(spec, blocs=blocs, max_seconds=max_seconds)


@stage("listing the stable choices")
def stable_of(spec: Scenario) -> tuple[StableProfile, ...] | None:
    """Find every pure equilibrium, the most valuable for the platform first; None when there are too many profiles."""
    if spec.n_users > MOST_ENUMERATED:
        return None
    try:
        stable = fg.stable_profiles(spec)
    except SizeError:
        return None
    return tuple(sorted(stable, key=_most_kept, reverse=True))


def _most_kept(stable: StableProfile) -> Number:
    """Most that the platform keeps at an equilibrium, over the alphas at which it is one."""
    at = stable.alpha_from if stable.utility >= 0 else stable.alpha_to
    return (1 - at) * stable.utility


def who_does_what(spec: Scenario, optimum: fg.Optimum) -> str:
    """Say in short what the users do at an optimum."""
    return optimum.infeasible or ("mixed" if optimum.profile is None else profile_label(spec, optimum.profile))


def print_optimum(
    console: Screen,
    spec: Scenario,
    optimum: fg.Optimum,
    unit: str,
    blocs: Sequence[Sequence[int]] | None = None,
) -> tuple[UserRow, ...]:
    """Print the optimum and who is paid what there; return the users' rows (none in mixed strategies)."""
    console.heading("What the platform should pay")
    console.say(*optimum_sentences(optimum))
    if optimum.alpha is None or optimum.payments is None:
        return ()
    console.table("", ("in the unit of the utility", ""), optimum_facts(optimum))
    rows: tuple[UserRow, ...] = ()
    if optimum.profile is not None:
        rows = user_rows(spec, optimum.profile, optimum.payments, optimum.standard_errors)
        print_payments(console, "Payments at the optimum", rows, unit)
    else:
        names = spec.user_names
        console.table("Payments at the optimum", *expected_payments(optimum, names))
        players = [", ".join(names[user] for user in bloc) for bloc in blocs or [[i] for i in range(spec.n_users)]]
        console.table("Probability of each choice", *chances(optimum, players))
    if optimum.warnings:
        console.say("", *(f"Warning: {text}" for text in optimum.warnings))
    return rows


def _print_stable(console: Screen, spec: Scenario, stable: Sequence[StableProfile]) -> None:
    shown = stable[:MOST_LISTED]
    columns = [
        ("who does what", [profile_label(spec, entry.profile) for entry in shown]),
        ("alpha from", decimals([entry.alpha_from for entry in shown], 6)),
        ("to", decimals([entry.alpha_to for entry in shown], 6)),
        ("utility", decimals([entry.utility for entry in shown])),
        ("platform keeps at most", decimals(list(map(_most_kept, shown)))),
    ]
    console.columns("Stable choices, the best for the platform first", columns)
    console.say("", label_sentence(spec))
    console.left(len(stable), MOST_LISTED, "more stable choices")


def _print_at_alpha(console: Screen, spec: Scenario, stable: Sequence[StableProfile], alpha: Number) -> None:
    here = [entry for entry in stable if entry.alpha_from - RELATIVE <= alpha <= entry.alpha_to + RELATIVE]
    here.sort(key=lambda entry: entry.utility, reverse=True)
    title = f"At alpha = {exactly(alpha)}, as the specification asks"
    if not here:
        console.say("", f"{title}: no choice of pure levels is stable.")
        return
    shown = here[:MOST_LISTED]
    columns = [
        ("who does what", [profile_label(spec, entry.profile) for entry in shown]),
        ("utility", decimals([entry.utility for entry in shown])),
        ("platform keeps", decimals([(1 - alpha) * entry.utility for entry in shown])),
    ]
    console.columns(title, columns)
