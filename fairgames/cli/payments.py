"""``fairgames payments``: what each user is owed at one profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairgames.cli import options
from fairgames.cli.status import INCOMPLETE

if TYPE_CHECKING:
    from fairgames.exactness import Number
    from fairgames.payments.result import Payments
    from fairgames.spec.specification import Specification

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
            "--engine", metavar="NAME", help="auto, subsets, types, cubature, strata or permutations: how to compute."
        ),
    ] = "auto",
    exact: Annotated[bool, typer.Option("--exact", help="Refuse rather than estimate.")] = False,
    seed: options.Seed = 0,
    jobs: options.Jobs = None,
    unit: options.Unit = "samples",
    json: options.Json = None,
    figure: options.Figure = None,
) -> None:
    """Price one profile: what each user is owed when everybody chooses its level."""
    from fractions import Fraction

    from fairgames.cli.arguments import alpha_or, check_outputs, positive, profile_or
    from fairgames.cli.crowds import require_few_for
    from fairgames.cli.explaining import check_explainable, print_explanation, print_false_names
    from fairgames.cli.printing import print_payments, print_title
    from fairgames.errors import InputError
    from fairgames.payments.engine_estimates import Effort
    from fairgames.report.terminal import console_for, print_lines
    from fairgames.report.users import priced_rows, rows_to_dicts
    from fairgames.spec.load import load_specification

    check_outputs(json, figure)
    loaded = load_specification(spec)
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
    if json is not None:
        from fairgames.report.json_file import write_json

        write_json(json, "payments", results)
    if figure is not None:
        from fairgames.report.figures import payments_figure
        from fairgames.report.style import save_figure

        save_figure(payments_figure(rows, loaded.title), figure)
    if not answer.resolved:
        raise typer.Exit(INCOMPLETE)


def _priced(spec: Specification, group_levels: Sequence[int], alpha: Number | None, how: Mapping[str, Any]) -> Payments:
    """Price a profile. Without ``alpha`` the platform takes part."""
    import numpy as np

    from fairgames.payments.engines import price_profile
    from fairgames.payments.fair import coalition_payments

    levels = np.repeat(np.array(group_levels, dtype=np.intp), spec.counts)
    counts = np.zeros((len(spec.utility.type_sizes), len(spec.levels)), dtype=np.intp)
    np.add.at(counts, (spec.utility.types, levels), 1)
    # Of many users, a payment for each type and level is enough.
    profile = counts if spec.n_users > MOST_PRICED_ONE_BY_ONE else levels
    if alpha is None:
        return coalition_payments(spec.utility, profile)
    return price_profile(spec.utility, profile, alpha, **how)


def summary(answer: Payments) -> list[str]:
    """Say how the utility of the profile is divided, and what the numbers rest on."""
    from fairgames.report.columns import decimals, exactly

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
    if answer.doubtful.all() and not answer.resolved:
        lines.append("UNRESOLVED: the estimate failed its own check; do not use these payments.")
    elif not answer.resolved:
        lines.append("UNRESOLVED for some users: do not use the payments that are marked with ?.")
    return [*lines, *(f"Warning: {warning}" for warning in answer.warnings)]
