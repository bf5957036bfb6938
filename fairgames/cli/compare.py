"""``fairgames compare``: other payment rules played out on the same users."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairgames.cli import frame as options
from fairgames.progress import stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from fairgames.assessment.changes import UserChange
    from fairgames.assessment.rules import RuleComparison
    from fairgames.cli.arguments import Outputs
    from fairgames.spec.specification import Specification


def compare(
    spec: options.Spec,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="OTHER",
            help="Compare with the optimum of another specification instead: who joins, leaves, is paid more.",
            show_default=False,
        ),
    ] = None,
    alpha: options.Alpha = None,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Play out other payment rules: what is unfair about each, what users do, what the platform keeps."""
    from fairgames.cli.arguments import checked_outputs
    from fairgames.errors import InputError

    outputs = checked_outputs(json, figure, force, spec, against)
    if against is None:
        _compare_rules(spec, alpha, outputs)
    elif alpha is not None or figure is not None:
        raise InputError("--against", "cannot be combined with --alpha or --figure")
    else:
        _compare_specifications(spec, against, outputs)


def _compare_specifications(spec: Path, against: Path, outputs: Outputs) -> None:
    from fairgames.assessment.changes import compare_optima
    from fairgames.cli.crowds import MOST_ONE_BY_ONE, is_crowd
    from fairgames.cli.solve import optimum_of
    from fairgames.report.terminal import console_for, decimals, print_lines, print_table
    from fairgames.spec.load import load

    loaded = [load(path) for path in (spec, against)]
    before, after = (optimum_of(one) for one in loaded)
    pairs = {
        "alpha": (before.alpha, after.alpha),
        "utility": (before.utility, after.utility),
        "the platform keeps": (before.value, after.value),
        "the users gain": (before.users_surplus, after.users_surplus),
    }
    console = console_for()
    headers = ("", str(spec), str(against))
    print_table(console, "Two optima", headers, [(name, *decimals(pair)) for name, pair in pairs.items()])
    results: dict[str, object] = {"before": before, "after": after}
    if any(map(is_crowd, loaded)):
        print_lines(console, ["", f"Users are compared one by one up to {MOST_ONE_BY_ONE:,} of them only."])
    else:
        change = compare_optima(before, after, loaded[0].user_names, loaded[1].user_names)
        _print_users(console, loaded, change.users)
        results = {"change": change}
    outputs.save("compare", results)


def _print_users(console: Console, loaded: Sequence[Specification], users: Sequence[UserChange]) -> None:
    from fairgames.report.terminal import decimals, print_table

    columns = [
        [user.name for user in users],
        [_level_name(loaded[0], user.level_before) for user in users],
        [_level_name(loaded[1], user.level_after) for user in users],
        decimals([user.payment_before for user in users]),
        decimals([user.payment_after for user in users]),
        decimals([user.change for user in users]),
    ]
    headers_of_users = ("user", "level before", "after", "payment before", "after", "change")
    print_table(console, "User by user", headers_of_users, list(zip(*columns, strict=True)))


def _level_name(spec: Specification, level: int | None) -> str:
    return "-" if level is None else spec.levels[level]


def _compare_rules(spec: Path, alpha: str | None, outputs: Outputs) -> None:
    import numpy as np

    from fairgames.assessment.rules import compare_rules, standard_rules
    from fairgames.cli.arguments import alpha_or
    from fairgames.cli.crowds import require_few
    from fairgames.cli.printing import print_title
    from fairgames.report.figures import comparison_figure
    from fairgames.report.terminal import console_for
    from fairgames.spec.load import load

    loaded = load(spec)
    require_few(
        loaded, "a comparison of payment rules", "fairgames solve has the fair payments and a bound on all others"
    )
    share = None if alpha is None else alpha_or(alpha, 0)
    amounts = None if loaded.amounts is None else np.array(loaded.amounts)
    rules = standard_rules(loaded.utility, loaded.costs, amounts)
    with stage("playing out the rules"):
        compared = compare_rules(loaded.utility, loaded.costs, rules, alpha=share, actions=loaded.actions)
    console = console_for()
    print_title(console, loaded)
    _print_comparison(console, loaded, compared)
    results = {"title": loaded.title, "comparison": compared}
    outputs.save("compare", results, lambda: comparison_figure(compared, loaded.title))


def _print_comparison(console: Console, spec: Specification, compared: RuleComparison) -> None:
    from fairgames.report.tables import label_sentence, profile_label
    from fairgames.report.terminal import decimals, print_lines, print_table
    from fairgames.report.words import named

    outcomes = compared.outcomes
    columns = [
        [outcome.rule for outcome in outcomes],
        decimals([outcome.alpha for outcome in outcomes], 6),
        ["none" if outcome.profile is None else profile_label(spec, outcome.profile) for outcome in outcomes],
        decimals([outcome.utility for outcome in outcomes]),
        decimals([outcome.platform_keeps for outcome in outcomes]),
        decimals([outcome.worst_keeps for outcome in outcomes]),
        decimals([outcome.users_surplus for outcome in outcomes]),
    ]
    where = "each rule at its best alpha" if compared.alpha is None else f"all at alpha = {float(compared.alpha):.5g}"
    headers = ("rule", "alpha", "who does what", "utility", "platform keeps", "at worst", "users gain")
    print_table(console, f"Payment rules, {where}", headers, list(zip(*columns, strict=True)))
    lines = [
        label_sentence(spec),
        "Each rule with its best pure equilibrium for the platform.",
        "At worst: what the platform keeps at the worst pure equilibrium at the same alpha.",
    ]
    print_lines(console, ["", *lines])
    breaks = [
        f"{outcome.rule}: {named(str(broken), spec.user_names)}."
        for outcome in outcomes
        for broken in outcome.axioms.breaks
    ]
    unbroken = ", ".join(outcome.rule for outcome in outcomes if outcome.axioms.fair)
    print_lines(console, ["", f"No broken axiom was found for: {unbroken or 'none of them'}."])
    if breaks:
        print_lines(console, ["", "How the others break axioms:", *breaks])
