"""``fairgames payments``: what each user is owed at one profile.

Why a payment is what it is, and whether it would pay to use false names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairgames.cli import frame as options
from fairgames.cli.frame import INCOMPLETE
from fairgames.progress import stage

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.assessment.explain import Explanation
    from fairgames.assessment.false_names import FalseNames
    from fairgames.exactness import Number
    from fairgames.payments.result import Payments
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


@stage("explaining payments")
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
    from fairgames.report.terminal import decimals, print_table

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


@stage("trying false names")
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
    from fairgames.assessment.false_names import false_names
    from fairgames.report.terminal import decimals, print_table
    from fairgames.utility.federated_mean import FederatedMeanUtility

    utility = spec.utility
    found: dict[str, FalseNames] = {}
    split: list[Number | None] = []
    copied: list[Number | None] = []
    for user, (name, group) in enumerate(zip(spec.user_names, spec.group_of_user.tolist(), strict=True)):
        samples = spec.groups[group].samples
        copy = false_names(utility, profile, user, alpha=alpha)
        found[f"{name}: its data twice"] = copy
        copied.append(copy.gain * unit_value)
        split.append(None)
        if isinstance(utility, FederatedMeanUtility) and samples is not None and samples > 1:
            halves = false_names(utility, profile, user, [samples // 2, samples - samples // 2], alpha)
            found[f"{name}: half under each name"] = halves
            split[-1] = halves.gain * unit_value
    columns = [spec.user_names, decimals(split), decimals(copied)]
    headers = ("user", "gains by splitting its data in two", "gains by handing it in twice")
    print_table(console, "Does it pay to use two names?", headers, list(zip(*columns, strict=True)))
    return found


MOST_PRICED_ONE_BY_ONE = 10_000


def payments(
    spec: options.Spec,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="LEVELS",
            help="One level for all, or one for each user of the file, separated by commas; "
            "by default the levels that the specification gives.",
            show_default=False,
        ),
    ] = None,
    alpha: options.Alpha = None,
    coalition: Annotated[
        bool, typer.Option("--coalition", help="Count the platform into the coalition: its fair share, and theirs.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Why each payment: the user's own better estimate, and help to others.")
    ] = False,
    false_names: Annotated[
        bool, typer.Option("--false-names", help="What each user would gain by using two names.")
    ] = False,
    unit_value: Annotated[
        str, typer.Option("--unit-value", metavar="MONEY", help="What one unit of utility is worth in money.")
    ] = "1",
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            metavar="NAME",
            help="auto, subsets, types, integrals, cubature, strata or permutations.",
        ),
    ] = "auto",
    exact: Annotated[bool, typer.Option("--exact", help="Refuse rather than sample.")] = False,
    seed: options.Seed = 0,
    jobs: options.Jobs = None,
    unit: options.Unit = "samples",
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Price one profile: what each user is owed when everybody chooses its level."""
    from fractions import Fraction

    from fairgames.cli.arguments import alpha_or, checked_outputs, positive, profile_or
    from fairgames.cli.crowds import require_few_for

    pass
    from fairgames.cli.printing import print_payments, print_title
    from fairgames.errors import InputError
    from fairgames.payments.pricing import Effort
    from fairgames.report.figures import payments_figure
    from fairgames.report.tables import priced_rows, rows_to_dicts
    from fairgames.report.terminal import console_for, print_lines
    from fairgames.spec.load import load

    outputs = checked_outputs(json, figure, force, spec)
    loaded = load(spec)
    if coalition and (explain or false_names):
        raise InputError("--coalition", "cannot be combined with --explain or --false-names")
    if coalition and alpha is not None:
        raise InputError("--alpha", "cannot be combined with --coalition, where fairness fixes the platform's share")
    check_explainable(loaded, explain, false_names)
    instead = "leave it out for the payments alone"
    require_few_for(loaded, instead, **{"explain": explain, "false-names": false_names})
    share = alpha_or(alpha, Fraction(1) if loaded.platform.alpha is None else loaded.platform.alpha)
    money = positive(unit_value, "--unit-value")
    levels = profile_or(loaded, profile)
    how = {"engine": engine, "exact": exact, "effort": Effort(seed=seed, n_jobs=jobs)}
    answer = _priced(loaded, levels, None if coalition else share, how)
    rows = [row.in_money(money) for row in priced_rows(loaded, levels, answer)]
    results: dict[str, object] = {
        "title": loaded.title,
        "unit_value": money,
        "rows": rows_to_dicts(rows),
        "payments": answer,
    }
    console = console_for()
    print_title(console, loaded)
    print_lines(console, ["", *summary(answer)])
    print_payments(console, "Payments" if money == 1 else f"Payments, at {unit_value} a unit of utility", rows, unit)
    everybody = [level for level, count in zip(levels, loaded.counts, strict=True) for _ in range(count)]
    if explain:
        results["explanation"] = print_explanation(console, loaded, everybody, share, money)
    if false_names:
        results["false_names"] = print_false_names(console, loaded, everybody, share, money)
    outputs.save("payments", results, lambda: payments_figure(rows, loaded.title))
    if not answer.resolved:
        raise typer.Exit(INCOMPLETE)


@stage("pricing the profile")
def _priced(spec: Specification, group_levels: Sequence[int], alpha: Number | None, how: Mapping[str, Any]) -> Payments:
    """Price a profile. Without ``alpha`` the platform takes part."""
    import numpy as np

    from fairgames.payments.fair import coalition_payments
    from fairgames.payments.pricing import price_profile

    types = spec.utility.types
    levels = np.repeat(np.array(group_levels, dtype=np.intp), spec.counts)
    counts = np.zeros((len(spec.utility.type_sizes), len(spec.levels)), dtype=np.intp)
    np.add.at(counts, (types, levels), 1)
    # Of many users, a payment for each type and level is enough.
    profile = counts if spec.n_users > MOST_PRICED_ONE_BY_ONE else levels
    if alpha is None:
        return coalition_payments(spec.utility, profile)
    return price_profile(spec.utility, profile, alpha, **how)


def summary(answer: Payments) -> list[str]:
    """Say how the utility of the profile is divided, and what the numbers rest on."""
    from fairgames.report.terminal import decimals, exactly

    if answer.platform is not None:
        worth, platform, users = decimals([answer.utility, answer.platform, answer.utility - answer.platform])
        lines = [f"The utility is {worth}. The platform's fair share is {platform}, the users' together {users}."]
    else:
        alpha = answer.alpha or 0
        worth, paid, kept = decimals([answer.utility, alpha * answer.utility, (1 - alpha) * answer.utility])
        lines = [
            f"The utility is {worth}. Of it {float(100 * alpha):.4g} % is paid out (alpha = {exactly(alpha)}): "
            f"{paid} to the users; the platform keeps {kept}."
        ]
    lines.append(f"Computed by {answer.engine}: {answer.reason}.")
    if not answer.resolved:
        lines.append("UNRESOLVED: the estimate failed its own check; do not use these payments.")
    return [*lines, *(f"Warning: {warning}" for warning in answer.warnings)]
