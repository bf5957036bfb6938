"""``--robust``: how far the optimum may be trusted when costs are wrong, or overstated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from fairgames.assessment.robustness import CostRobustness
    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification


def print_robustness(console: Console, spec: Specification, optimum: Optimum) -> dict[str, object]:
    """Print how wrong each user's costs may be at the optimum, and what overstating them would bring it.

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
        What was computed, by name.
    """
    from fairgames.assessment.misreport import misreport
    from fairgames.assessment.robustness import cost_robustness
    from fairgames.errors import SizeError
    from fairgames.report.columns import decimals
    from fairgames.report.terminal import print_lines, print_table

    if not optimum.feasible:
        print_lines(console, ["", "Robustness cannot be found: there is no answer whose robustness it would be."])
        return {}
    if optimum.profile is None or optimum.alpha is None:
        print_lines(console, ["", "Robustness is found for an optimum in pure levels only."])
        return {}
    try:
        robust = cost_robustness(spec.utility, spec.costs, optimum.profile, optimum.alpha, spec.actions)
        overstated = misreport(spec.utility, spec.costs, spec.actions)
    except SizeError as error:
        print_lines(console, ["", f"How far the costs may be wrong is not found: {error}."])
        return {}
    columns = [
        list(spec.user_names),
        decimals(robust.slack.tolist()),
        decimals(robust.factor_from.tolist(), 4),
        decimals(robust.factor_to.tolist(), 4),
        decimals(overstated.gains.tolist()),
        decimals(overstated.factors.tolist(), 4),
    ]
    headers = ("user", "loses at least by moving", "costs may be times", "to", "gains by overstating", "best times")
    print_table(console, "How far the costs may be wrong", headers, list(zip(*columns, strict=True)))
    print_lines(
        console,
        [
            "",
            _radius_sentence(robust, spec.user_names),
            "Overstating: the user reports its costs too high while the others are honest and the platform "
            "re-optimises with its best pure equilibrium.",
        ],
    )
    return {"robustness": robust, "misreport": overstated}


def _radius_sentence(robust: CostRobustness, names: Sequence[str]) -> str:
    if robust.weakest_user is None:
        return "No error in the costs changes what is stable."
    weakest = names[robust.weakest_user]
    if robust.radius == 0:
        return (
            f"{weakest} is indifferent here, as somebody always is at the least alpha that suffices: the smallest "
            "error may move it. --margin M buys room for errors."
        )
    return (
        f"The choices stay stable while no cost is wrong by more than {float(robust.radius):.4g}; "
        f"{weakest} is the first to move."
    )
