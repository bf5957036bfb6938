"""What ``fairgames design`` sets the optimum beside: paying costs alone, and a platform in the coalition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification


def print_benchmarks(console: Console, spec: Specification, optimum: Optimum) -> dict[str, object]:
    """Print what the platform would keep if it need not be fair, or were paid by fairness itself.

    Parameters
    ----------
    console : Console
        Where to print.
    spec : Specification
        The users.
    optimum : Optimum
        Their optimum.

    Returns
    -------
    dict
        What was computed, by name; empty when there are too many profiles.
    """
    from fairgames.cli.solve import MOST_ENUMERATED
    from fairgames.errors import SizeError
    from fairgames.mechanism.benchmarks import pay_costs
    from fairgames.mechanism.coalition import coalition_outcome
    from fairgames.report.columns import decimals
    from fairgames.report.profiles import profile_label
    from fairgames.report.terminal import print_table

    if spec.n_users > MOST_ENUMERATED:
        return {}
    try:
        costs = pay_costs(spec.utility, spec.costs, spec.actions)
        coalition = coalition_outcome(spec.utility, spec.costs, spec.platform.selection, spec.actions)
    except SizeError:
        return {}
    columns = [
        ["fair payments among users, as above", "each user paid exactly its cost", "platform in the coalition"],
        decimals([optimum.value, costs.value, coalition.platform]),
        decimals([optimum.utility, costs.utility, coalition.utility]),
        [
            _who_does_what(spec, optimum),
            profile_label(spec, costs.profile),
            profile_label(spec, coalition.profile),
        ],
    ]
    headers = ("how users are paid", "platform keeps", "utility", "who does what")
    print_table(console, "Beyond fairness among users", headers, list(zip(*columns, strict=True)))
    return {"pay_costs": costs, "coalition": coalition}


def _who_does_what(spec: Specification, optimum: Optimum) -> str:
    from fairgames.report.profiles import profile_label

    if optimum.infeasible is not None:
        return "no answer"
    return "mixed" if optimum.profile is None else profile_label(spec, optimum.profile)
