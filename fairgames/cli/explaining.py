"""Why a payment is what it is, and whether it would pay to use false names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.assessment.explain import Explanation
    from fairgames.assessment.splitting import FalseNames
    from fairgames.exactness import Number
    from fairgames.spec.specification import Specification


def check_explainable(spec: Specification, explain: bool, false_names: bool) -> None:
    """Refuse to explain payments of a utility that is not taken apart.

    Raises
    ------
    InputError
        Naming the option.
    """
    from fairgames.errors import InputError
    from fairgames.utility.dp_mean import DPMeanUtility
    from fairgames.utility.federated_mean import FederatedMeanUtility

    if explain and not isinstance(spec.utility, FederatedMeanUtility):
        raise InputError("--explain", 'needs kind = "federated-mean", whose utility is a sum over users')
    if false_names and not isinstance(spec.utility, (FederatedMeanUtility, DPMeanUtility)):
        raise InputError("--false-names", "needs a utility that says what another user would bring, not a table")


def print_explanation(
    console: Console, spec: Specification, profile: Sequence[int], alpha: Number, unit_value: Number
) -> Explanation:
    """Print how much of each payment is for the user's own better estimate, and how much for helping others.

    Parameters
    ----------
    console : Console
        Where to print.
    spec : Specification
        Of a federated mean.
    profile : sequence of int
        Level of each user.
    alpha, unit_value : number
        The fraction paid out, and money for one unit of utility.

    Returns
    -------
    Explanation
        The parts of each payment.
    """
    from fairgames.assessment.explain import explain_payments
    from fairgames.report.columns import decimals
    from fairgames.report.terminal import print_table

    why = explain_payments(spec.utility, profile, alpha, unit_value)  # type: ignore[arg-type]
    names = spec.user_names
    helped = []
    for user in range(len(profile)):
        others = [other for other in range(len(profile)) if other != user and profile[user]]
        most = max(others, key=lambda other: why.parts[user, other], default=None)
        helped.append("-" if most is None else names[most])
    columns = [
        names,
        decimals(why.payments.tolist()),
        decimals(why.own.tolist()),
        decimals(why.helping.tolist()),
        helped,
    ]
    headers = ("user", "payment", "for its own better estimate", "for helping others", "helps most")
    print_table(console, "Why these payments", headers, list(zip(*columns, strict=True)))
    return why


def print_false_names(
    console: Console, spec: Specification, profile: Sequence[int], alpha: Number, unit_value: Number
) -> dict[str, FalseNames]:
    """Print what each user would gain by handing in its data under two names.

    Parameters
    ----------
    console : Console
        Where to print.
    spec : Specification
        The users.
    profile : sequence of int
        Level of each user.
    alpha, unit_value : number
        The fraction paid out, and money for one unit of utility.

    Returns
    -------
    dict
        What was computed, by user and trick.
    """
    from fairgames.assessment.splitting import duplicate_data, split_data
    from fairgames.report.columns import decimals
    from fairgames.report.terminal import print_table
    from fairgames.utility.federated_mean import FederatedMeanUtility

    utility = spec.utility
    found: dict[str, FalseNames] = {}
    split: list[Number | None] = []
    copied: list[Number | None] = []
    for user, (name, group) in enumerate(zip(spec.user_names, spec.group_of_user.tolist(), strict=True)):
        samples = spec.groups[group].samples
        copy = duplicate_data(utility, profile, user, alpha=alpha)  # type: ignore[arg-type]
        found[f"{name}: its data twice"] = copy
        copied.append(copy.gain * unit_value)
        split.append(None)
        if isinstance(utility, FederatedMeanUtility) and samples is not None and samples > 1:
            halves = split_data(utility, profile, user, [samples // 2, samples - samples // 2], alpha)
            found[f"{name}: half under each name"] = halves
            split[-1] = halves.gain * unit_value
    columns = [spec.user_names, decimals(split), decimals(copied)]
    headers = ("user", "gains by splitting its data in two", "gains by handing it in twice")
    print_table(console, "Does it pay to use two names?", headers, list(zip(*columns, strict=True)))
    return found
