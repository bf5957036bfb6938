"""``fairgames compare``: other payment rules played out on the same users, or two specifications side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import MOST_ONE_BY_ONE, Run, is_crowd, number_or, option, require_few
from fairgames.cli.solve import optimum_of
from fairgames.errors import InputError
from fairgames.progress import stage
from fairgames.report.figures import comparison_figure
from fairgames.report.tables import label_sentence, profile_label, witness_sentence
from fairgames.report.terminal import decimals

if TYPE_CHECKING:
    from fairgames.assessment.changes import UserChange
    from fairgames.assessment.rules import RuleComparison
    from fairgames.report.screen import Screen
    from fairgames.scenario.scenario import Scenario

_AGAINST = "Compare with the optimum of another specification instead: who joins, leaves, is paid more."


def compare(
    spec: options.Spec,
    against: Annotated[Path | None, option("--against", _AGAINST, "OTHER")] = None,
    alpha: options.Alpha = None,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Play out other payment rules: what is unfair about each, what users do, what the platform keeps."""
    run = Run("compare", spec, against, json=json, figure=figure, force=force)
    if against is None:
        _compare_rules(spec, alpha, run)
    elif alpha is not None or figure is not None:
        raise InputError("--against", "cannot be combined with --alpha or --figure")
    else:
        _compare_specifications(spec, against, run)


def _compare_specifications(spec: Path, against: Path, run: Run) -> None:
    loaded = [fg.load(path) for path in (spec, against)]
    before, after = (optimum_of(one) for one in loaded)
    pairs = {
        "utility": (before.utility, after.utility),
        "the platform keeps": (before.value, after.value),
        "the users gain": (before.users_surplus, after.users_surplus),
    }
    rows: list[tuple[str, ...]] = [("alpha", before.alpha_text, after.alpha_text)]
    rows += [(name, *decimals(pair)) for name, pair in pairs.items()]
    run.console.table("Two optima", ("", str(spec), str(against)), rows)
    if any(map(is_crowd, loaded)):
        run.console.say("", f"Users are compared one by one up to {MOST_ONE_BY_ONE:,} of them only.")
        run.results = {"before": before, "after": after}
    else:
        change = fg.compare_optima(before, after)
        _print_users(run.console, loaded, change.users)
        run.results = {"change": change}
    run.save()


def _print_users(console: Screen, loaded: Sequence[Scenario], users: Sequence[UserChange]) -> None:
    columns = [
        ("user", [user.name for user in users]),
        ("level before", [_level_name(loaded[0], user.level_before) for user in users]),
        ("after", [_level_name(loaded[1], user.level_after) for user in users]),
        ("payment before", decimals([user.payment_before for user in users])),
        ("after", decimals([user.payment_after for user in users])),
        ("change", decimals([user.change for user in users])),
    ]
    console.columns("User by user", columns)


def _level_name(spec: Scenario, level: int | None) -> str:
    return "-" if level is None else spec.levels[level]


def _compare_rules(spec: Path, alpha: str | None, run: Run) -> None:
    from fairgames.assessment.rules import standard_rules

    loaded = fg.load(spec)
    instead = "fairgames solve has the fair payments and a bound on all others"
    require_few(loaded, instead, {"a comparison of payment rules": True})
    share = number_or(alpha, None)
    rules = standard_rules(loaded)
    with stage("playing out the rules"):
        compared = fg.compare_rules(loaded, rules=rules, alpha=share)
    _print_comparison(run.open(loaded, comparison=compared), loaded, compared)
    run.save(lambda: comparison_figure(compared, loaded.title))


def _print_comparison(console: Screen, spec: Scenario, compared: RuleComparison) -> None:
    outcomes = compared.outcomes
    played = ["none" if outcome.profile is None else profile_label(spec, outcome.profile) for outcome in outcomes]
    columns = [
        ("rule", [outcome.rule for outcome in outcomes]),
        ("alpha", decimals([outcome.alpha for outcome in outcomes], 6)),
        ("who does what", played),
        ("utility", decimals([outcome.utility for outcome in outcomes])),
        ("platform keeps", decimals([outcome.platform_keeps for outcome in outcomes])),
        ("at worst", decimals([outcome.worst_keeps for outcome in outcomes])),
        ("users gain", decimals([outcome.users_surplus for outcome in outcomes])),
    ]
    where = "each rule at its best alpha" if compared.alpha is None else f"all at alpha = {float(compared.alpha):.5g}"
    console.columns(f"Payment rules, {where}", columns)
    lines = [
        label_sentence(spec),
        "Each rule with its best pure equilibrium for the platform.",
        "At worst: what the platform keeps at the worst pure equilibrium at the same alpha.",
    ]
    unbroken = ", ".join(outcome.rule for outcome in outcomes if outcome.axioms.fair)
    console.say("", *lines, "", f"No broken axiom was found for: {unbroken or 'none of them'}.")
    told = ((outcome.rule, broken) for outcome in outcomes for broken in outcome.axioms.breaks)
    breaks = [f"{rule}: {broken.axiom}. {witness_sentence(broken, spec)}" for rule, broken in told]
    if breaks:
        console.say("", "How the others break axioms, a case each:", *breaks)
