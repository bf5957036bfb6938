"""``fairgames solve``: what the platform should pay, whom, and how sure that is, on one screen.

The optimum of a specification and how it is printed also serve the other commands that need one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import INCOMPLETE, option
from fairgames.errors import SizeError
from fairgames.exactness import Number, decimal_text, ends_within
from fairgames.printable import printable
from fairgames.progress import stage
from fairgames.report.figures import solution_figure
from fairgames.report.tables import (
    chances,
    label_sentence,
    optimum_facts,
    optimum_sentences,
    payment_columns,
    payments_announced,
    profile_label,
    sentence,
)
from fairgames.report.terminal import MOST_COLUMNS, decimals, fitted, shortened, wrapped
from fairgames.scenario.users import user_table
from fairgames.tolerance import RELATIVE

if TYPE_CHECKING:
    from fairgames.equilibrium.intervals import StableProfile
    from fairgames.report.screen import Screen
    from fairgames.scenario.scenario import Scenario
    from fairgames.scenario.users import UserRow

MOST_LISTED = 20
MOST_ENUMERATED = 60
MOST_LINES = 24
MOST_SHOWN = 10
_LEAST_WARNED = 2
_ROUND_A_TABLE = 5


def solve(
    spec: options.Spec,
    unit: options.Unit = "samples",
    users: Annotated[bool, option("--users", "Show all users, in their own order.")] = False,
    choices: Annotated[bool, option("--choices", "List the stable choices, each with its alphas.")] = False,
    words: Annotated[bool, option("--words", "Say it all in words as well.")] = False,
    max_seconds: options.MaxSeconds = None,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Find what the platform should pay, whom, and how sure that is, on one screen."""
    run = options.Run("solve", spec, json=json, figure=figure, force=force)
    loaded = fg.load(spec)
    run.asked = {"max_seconds": max_seconds}
    optimum = optimum_of(loaded, max_seconds=max_seconds)
    console = run.begin(loaded, optimum=optimum)
    stable = None
    if choices or json is not None or figure is not None or loaded.alpha is not None:
        run.results["stable_profiles"] = stable = stable_of(loaded)
    rows = print_optimum(console, loaded, optimum, unit, everyone=users, also=_at_alpha(loaded, stable))
    if words:
        print_words(console, loaded, optimum, rows, unit)
    if choices and stable is None:
        console.say(
            "",
            f"The stable choices of {loaded.n_users:,} users are not listed: their profiles do not fit in memory. "
            "fairgames equilibria --alpha A finds one at A.",
        )
    elif choices and stable is not None:
        _print_stable(console, loaded, stable)
    run.save(lambda: solution_figure(optimum, rows, stable or (), loaded))
    if not optimum.verified:
        raise typer.Exit(INCOMPLETE)


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
    *,
    everyone: bool = False,
    also: Sequence[str] = (),
) -> tuple[UserRow, ...]:
    """Print the answer on one screen: what to pay, how sure that is, warnings, and who is paid most.

    Returns the users' rows. ``everyone``: list all users, in their own order.
    """
    paid = payments_announced(optimum)
    asked = optimum.profile, optimum.strategies, optimum.costs, optimum.standard_errors
    rows = user_table(spec, paid, *asked).rows
    headers, cells = payment_columns(rows, unit) if rows else ((), [])
    order = range(len(cells)) if everyone else sorted(range(len(cells)), key=lambda row: -rows[row].payment)
    who = f"{spec.n_users:,} users; levels: {', '.join(spec.levels)}"
    on_one = f"{printable(spec.title)} ({printable(who)})"
    about = [on_one] if len(on_one) <= MOST_COLUMNS else [shortened(spec.title), shortened(f"{who}.")]
    head = [*about, *wrapped(optimum_sentences(optimum))]
    warned = wrapped(_warnings(spec, optimum))
    left = MOST_LINES - len(head) - min(len(warned), _LEAST_WARNED) - _ROUND_A_TABLE - len(wrapped(also))
    shown = order if everyone else order[: max(min(MOST_SHOWN, left), 1)]
    end = wrapped([*also, _where_more(spec, optimum, len(cells), len(shown))])
    room = max(MOST_LINES - len(head) - len(end) - (len(shown) + 3) * bool(cells), _LEAST_WARNED)
    if len(warned) > room and not everyone:
        warned = [*warned[: room - 1], "Warning: there is more to beware of; --words has it all."]
    console.print(head[0], style="bold")
    console.say(*head[1:], *warned)
    if cells:
        console.table("", headers, fitted(headers, [cells[row] for row in shown]))
    if optimum.strategies is not None and blocs is not None and len(blocs) < spec.n_users:
        players = [", ".join(spec.user_names[user] for user in bloc) for bloc in blocs]
        console.table("Probability of each choice", *chances(optimum, players))
    console.say(*end)
    return rows


def _where_more(spec: Scenario, optimum: fg.Optimum, total: int, shown: int) -> str:
    most = f"The {shown} who are paid most, of {total:,}; --users shows all. " if shown < total else ""
    choices = "--choices what else is stable" if spec.n_users <= MOST_ENUMERATED else ""
    if not choices and optimum.alpha is not None:
        choices = f"fairgames equilibria --alpha {optimum.alpha_text} finds this equilibrium again"
    return f"{most}More: {choices}{', ' * bool(choices)}--words all in words, --json FILE every digit."


def print_words(console: Screen, spec: Scenario, optimum: fg.Optimum, rows: Sequence[UserRow], unit: str) -> None:
    """Print the facts of an optimum, how it was found and who is paid what, in words."""
    if optimum.alpha is not None:
        console.table("", ("at the optimum itself, in the unit of the utility", ""), optimum_facts(optimum))
    console.heading("In words")
    console.say(*[sentence(row, unit) for row in rows], *spec.notes, f"Computed {optimum.reason}.")
    console.say(*(f"Warning: {text}" for text in optimum.warnings))


def _warnings(spec: Scenario, optimum: fg.Optimum) -> list[str]:
    return [*(f"Warning: {text}" for text in optimum.warnings), *(n for n in spec.notes if n.startswith("Warning: "))]


def _print_stable(console: Screen, spec: Scenario, stable: Sequence[StableProfile]) -> None:
    shown = stable[:MOST_LISTED]
    starts, stops = zip(*(ends_within(entry.alpha_from, entry.alpha_to) for entry in shown), strict=True)
    columns = [
        ("who does what", [profile_label(spec, entry.profile) for entry in shown]),
        ("alpha from", starts),
        ("to", stops),
        ("utility", decimals([entry.utility for entry in shown])),
        ("platform keeps at most", decimals(list(map(_most_kept, shown)))),
    ]
    console.columns("Stable choices, the best for the platform first", columns)
    console.say("", label_sentence(spec))
    console.left(len(stable), MOST_LISTED, "more stable choices")


def _at_alpha(spec: Scenario, stable: Sequence[StableProfile] | None) -> list[str]:
    """Say what is stable at the alpha that the specification asks about."""
    if spec.alpha is None or stable is None:
        return []
    alpha = spec.alpha
    here = [entry for entry in stable if entry.alpha_from - RELATIVE <= alpha <= entry.alpha_to + RELATIVE]
    start = f"At alpha = {decimal_text(alpha)}, as the specification asks,"
    if not here:
        return [f"{start} no choice of pure levels is stable."]
    best = max(here, key=lambda entry: entry.utility)
    worth, kept = decimals([best.utility, (1 - alpha) * best.utility])
    which = f"the best of {len(here):,} stable choices is" if len(here) > 1 else "the stable choice is"
    return [f"{start} {which} {profile_label(spec, best.profile)}: the platform keeps {kept} of a utility of {worth}."]
