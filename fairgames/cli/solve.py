"""``fairgames solve``: payments, stable choices and the platform's optimum, in one go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fairgames.cli import frame as options
from fairgames.progress import stage

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.equilibrium.intervals import StableProfile
    from fairgames.exactness import Number
    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification

MOST_LISTED = 20
MOST_ENUMERATED = 60


def solve(
    spec: options.Spec,
    unit: options.Unit = "samples",
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Find what the platform should pay, whom, and which choices are stable at which payments."""
    from fairgames.cli.arguments import checked_outputs
    from fairgames.cli.printing import print_optimum, print_title
    from fairgames.report.figures import solution_figure
    from fairgames.report.terminal import console_for, print_lines
    from fairgames.spec.load import load

    outputs = checked_outputs(json, figure, force, spec)
    loaded = load(spec)
    optimum = optimum_of(loaded)
    stable = stable_of(loaded)
    console = console_for()
    print_title(console, loaded)
    rows = print_optimum(console, loaded, optimum, unit)
    if stable is None:
        text = (
            f"The stable choices of {loaded.n_users:,} users are not listed: their profiles do not fit in memory. "
            "fairgames equilibria --alpha A finds one at A."
        )
        print_lines(console, ["", text])
    else:
        _print_stable(console, loaded, stable)
    if stable is not None and loaded.platform.alpha is not None:
        _print_at_alpha(console, loaded, stable, loaded.platform.alpha)
    results = {"title": loaded.title, "optimum": optimum, "stable_profiles": stable}
    outputs.save("solve", results, lambda: solution_figure(optimum, rows, stable or (), loaded))


@stage("finding the optimum")
def optimum_of(spec: Specification, blocs: Sequence[Sequence[int]] | None = None) -> Optimum:
    """Find the optimum with the platform's own options; the users of a bloc act together."""
    from fairgames.mechanism.optimal import optimal_alpha

    platform = spec.platform
    return optimal_alpha(
        spec.utility,
        spec.group_costs,
        platform.selection,
        actions=[group.choices for group in spec.groups],
        counts=spec.counts,
        margin=platform.margin,
        budget=platform.budget,
        min_utility=platform.min_utility,
        alpha_range=platform.alpha_range,
        blocs=blocs,
    )


@stage("listing the stable choices")
def stable_of(spec: Specification) -> tuple[StableProfile, ...] | None:
    """Find every pure equilibrium, the most valuable for the platform first; None when there are too many profiles."""
    from fairgames.equilibrium.intervals import stable_profiles
    from fairgames.errors import SizeError

    if spec.n_users > MOST_ENUMERATED:
        return None
    try:
        stable = stable_profiles(spec.utility, spec.costs, spec.actions, spec.platform.margin)
    except SizeError:
        return None
    return tuple(sorted(stable, key=most_kept, reverse=True))


def most_kept(stable: StableProfile) -> Number:
    """Most that the platform keeps at an equilibrium, over the alphas at which it is one."""
    at = stable.alpha_from if stable.utility >= 0 else stable.alpha_to
    return (1 - at) * stable.utility


def _print_stable(console: Console, spec: Specification, stable: Sequence[StableProfile]) -> None:
    from fairgames.report.tables import label_sentence, profile_label
    from fairgames.report.terminal import decimals, print_lines, print_table

    shown = stable[:MOST_LISTED]
    columns = [
        [profile_label(spec, entry.profile) for entry in shown],
        decimals([entry.alpha_from for entry in shown], 6),
        decimals([entry.alpha_to for entry in shown], 6),
        decimals([entry.utility for entry in shown]),
        decimals([most_kept(entry) for entry in shown]),
    ]
    headers = ("who does what", "alpha from", "to", "utility", "platform keeps at most")
    print_table(console, "Stable choices, the best for the platform first", headers, list(zip(*columns, strict=True)))
    lines = [label_sentence(spec)]
    if len(stable) > MOST_LISTED:
        lines.append(f"{len(stable) - MOST_LISTED:,} more stable choices are not shown; --json FILE lists them all.")
    print_lines(console, ["", *lines])


def _print_at_alpha(console: Console, spec: Specification, stable: Sequence[StableProfile], alpha: Number) -> None:
    from fairgames.report.tables import profile_label
    from fairgames.report.terminal import decimals, exactly, print_lines, print_table
    from fairgames.tolerance import RELATIVE

    here = [entry for entry in stable if entry.alpha_from - RELATIVE <= alpha <= entry.alpha_to + RELATIVE]
    here.sort(key=lambda entry: entry.utility, reverse=True)
    title = f"At alpha = {exactly(alpha)}, as the specification asks"
    if not here:
        print_lines(console, ["", f"{title}: no choice of pure levels is stable."])
        return
    shown = here[:MOST_LISTED]
    columns = [
        [profile_label(spec, entry.profile) for entry in shown],
        decimals([entry.utility for entry in shown]),
        decimals([(1 - alpha) * entry.utility for entry in shown]),
    ]
    print_table(console, title, ("who does what", "utility", "platform keeps"), list(zip(*columns, strict=True)))
