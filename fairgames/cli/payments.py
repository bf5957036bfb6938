"""``fairgames payments``: what each user is owed at one profile, why, and whether it would pay to use false names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import INCOMPLETE, number_or, option, require_few
from fairgames.errors import InputError
from fairgames.exactness import Number, decimal_text
from fairgames.progress import stage
from fairgames.report.figures import payments_figure
from fairgames.report.tables import payment_columns, rows_to_dicts, sentence
from fairgames.report.terminal import decimals
from fairgames.scenario.users import priced_rows

if TYPE_CHECKING:
    from fairgames.assessment.explain import Explanation, FalseNames
    from fairgames.report.screen import Screen
    from fairgames.scenario.scenario import Scenario
    from fairgames.scenario.users import UserRow

MOST_PRICED_ONE_BY_ONE = 10_000
MOST_SENTENCES = 20
_PROFILE = (
    "One level for all, or one for each user of the file, separated by commas; "
    "by default the levels that the specification gives."
)
_ENGINES = "auto, subsets, types, integrals, cubature, strata or permutations."


def payments(
    spec: options.Spec,
    profile: Annotated[str | None, option("--profile", _PROFILE, "LEVELS")] = None,
    alpha: options.Alpha = None,
    coalition: Annotated[
        bool, option("--coalition", "Count the platform into the coalition: its fair share, and theirs.")
    ] = False,
    explain: Annotated[
        bool, option("--explain", "Why each payment: the user's own better estimate, and help to others.")
    ] = False,
    false_names: Annotated[bool, option("--false-names", "What each user would gain by using two names.")] = False,
    unit_value: Annotated[str, option("--unit-value", "What one unit of utility is worth in money.", "MONEY")] = "1",
    engine: Annotated[str, option("--engine", _ENGINES, "NAME")] = "auto",
    exact: Annotated[bool, option("--exact", "Refuse rather than sample.")] = False,
    seed: options.Seed = 0,
    jobs: options.Jobs = None,
    unit: options.Unit = "samples",
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Price one profile: what each user is owed when everybody chooses its level."""
    run = options.Run("payments", spec, json=json, figure=figure, force=force)
    loaded = fg.load(spec)
    if coalition and (explain or false_names):
        raise InputError("--coalition", "cannot be combined with --explain or --false-names")
    if coalition and alpha is not None:
        raise InputError("--alpha", "cannot be combined with --coalition, where fairness fixes the platform's share")
    _check_explainable(loaded, explain, false_names)
    one_by_one = {"--explain": explain, "--false-names": false_names}
    require_few(loaded, "leave it out for the payments alone", one_by_one)
    share = number_or(alpha, Fraction(1) if loaded.alpha is None else loaded.alpha)
    money = number_or(unit_value, 1, "--unit-value", "must be above 0", lambda value: value > 0)
    levels = _levels(loaded, profile)
    how = {"engine": engine, "exact": exact, "seed": seed, "n_jobs": jobs}
    run.asked = {"profile": levels, "alpha": None if coalition else share, "unit_value": money}
    run.asked |= {"explain": explain, "false_names": false_names, "engine": engine, "exact": exact, "seed": seed}
    answer = _priced(loaded, levels, None if coalition else share, how)
    rows = [row.in_money(money) for row in priced_rows(loaded, levels, answer)]
    console = run.open(loaded, unit_value=money, rows=rows_to_dicts(rows), payments=answer)
    run.console.say("", *_summary(answer))
    print_payments(console, "Payments" if money == 1 else f"Payments, at {unit_value} a unit of utility", rows, unit)
    everybody = np.repeat(levels, loaded.counts).tolist() if explain or false_names else []
    if explain:
        run.results["explanation"] = _print_explanation(console, loaded, everybody, share, money)
    if false_names:
        run.results["false_names"] = _print_false_names(console, loaded, everybody, share, money)
    run.save(lambda: payments_figure(rows, loaded.title))
    if not answer.resolved:
        raise typer.Exit(INCOMPLETE)


def print_payments(console: Screen, title: str, rows: Sequence[UserRow], unit: str) -> None:
    """Print who is paid what, as a table and, for a readable number of users, in words."""
    console.table(title, *payment_columns(rows, unit))
    if len(rows) <= MOST_SENTENCES:
        console.heading("In words")
        console.say(*[sentence(row, unit) for row in rows])


def _levels(spec: Scenario, text: str | None) -> tuple[int, ...]:
    """Read ``--profile`` (levels by name or number, one for all or one a group), or take the specification's."""
    if text is None:
        if spec.profile is None:
            example = f'for instance --profile "{spec.levels[-1]}" for all, or one level for each [[users]] entry'
            raise InputError("--profile", f"is required, since {spec.source} gives the users no level: {example}")
        return spec.profile
    from fairgames.spec.entries import level_named

    chosen = []
    for part in map(str.strip, text.split(",")):
        level = level_named(part, spec.levels)
        if level is None:
            raise InputError("--profile", f"must name levels among {', '.join(spec.levels)}", part)
        chosen.append(level)
    if len(chosen) == 1:
        chosen *= len(spec.users)
    if len(chosen) != len(spec.users):
        raise InputError("--profile", f"must have one level, or one for each of the {len(spec.users)} users", text)
    return tuple(chosen)


@stage("pricing the profile")
def _priced(spec: Scenario, entry_levels: Sequence[int], alpha: Number | None, how: Mapping[str, Any]) -> fg.Payments:
    """Price a profile. Without ``alpha`` the platform takes part."""
    from fairgames.payments.pricing import fair_payments

    types = spec.utility.types
    levels = np.repeat(np.array(entry_levels, dtype=np.intp), spec.counts)
    counts = np.zeros((len(spec.utility.type_sizes), len(spec.levels)), dtype=np.intp)
    np.add.at(counts, (types, levels), 1)
    # Of many users, a payment for each type and level is enough.
    profile = counts if spec.n_users > MOST_PRICED_ONE_BY_ONE else levels
    if alpha is None:
        return fg.coalition_payments(spec.utility, profile)
    return fair_payments(spec.utility, profile, alpha, **how)


def _summary(answer: fg.Payments) -> list[str]:
    """Say how the utility of the profile is divided, and what the numbers rest on."""
    if answer.platform is not None:
        worth, platform, users = decimals([answer.utility, answer.platform, answer.utility - answer.platform])
        lines = [f"The utility is {worth}. The platform's fair share is {platform}, the users' together {users}."]
    else:
        alpha = answer.alpha or 0
        worth, paid, kept = decimals([answer.utility, alpha * answer.utility, (1 - alpha) * answer.utility])
        lines = [
            f"The utility is {worth}. Of it {float(100 * alpha):.4g} % is paid out (alpha = {decimal_text(alpha)}): "
            f"{paid} to the users; the platform keeps {kept}."
        ]
    lines.append(f"Computed by {answer.engine}: {answer.reason}.")
    if not answer.resolved:
        lines.append("UNRESOLVED: the estimate failed its own check; do not use these payments.")
    return [*lines, *(f"Warning: {warning}" for warning in answer.warnings)]


def _check_explainable(spec: Scenario, explain: bool, false_names: bool) -> None:
    """Refuse to explain payments of a utility that is not taken apart."""
    federated = isinstance(spec.utility, fg.FederatedMeanUtility)
    if explain and not federated:
        raise InputError("--explain", 'needs kind = "federated-mean", whose utility is a sum over users')
    if false_names and not (federated or isinstance(spec.utility, fg.DPMeanUtility)):
        raise InputError("--false-names", "needs a utility that says what another user would bring, not a table")


@stage("explaining payments")
def _print_explanation(
    console: Screen, spec: Scenario, profile: Sequence[int], alpha: Number, unit_value: Number
) -> Explanation:
    """Print how much of each payment is for the user's own better estimate, and how much for helping others."""
    why = fg.explain_payments(spec.utility, profile, alpha, unit_value)
    names = spec.user_names
    helped = ["-" if (most := why.helps_most(user)) is None else names[most] for user in range(len(profile))]
    columns = [
        ("user", names),
        ("payment", decimals(why.payments.tolist())),
        ("for its own better estimate", decimals(why.own.tolist())),
        ("for helping others", decimals(why.helping.tolist())),
        ("helps most", helped),
    ]
    console.columns("Why these payments", columns)
    return why


@stage("trying false names")
def _print_false_names(
    console: Screen, spec: Scenario, profile: Sequence[int], alpha: Number, unit_value: Number
) -> dict[str, FalseNames]:
    """Print what each user would gain by handing in its data under two names."""
    utility = spec.utility
    found: dict[str, FalseNames] = {}
    split: list[Number | None] = []
    copied: list[Number | None] = []
    for user, (name, entry) in enumerate(zip(spec.user_names, spec.entry_of_user.tolist(), strict=True)):
        samples = None if spec.samples is None else spec.samples[entry]
        copy = fg.false_names(utility, profile, user, alpha=alpha)
        found[f"{name}: its data twice"] = copy
        copied.append(copy.gain * unit_value)
        split.append(None)
        if isinstance(samples, int) and samples > 1:
            halves = fg.false_names(utility, profile, user, [samples // 2, samples - samples // 2], alpha)
            found[f"{name}: half under each name"] = halves
            split[-1] = halves.gain * unit_value
    columns = [
        ("user", spec.user_names),
        ("gains by splitting its data in two", decimals(split)),
        ("gains by handing it in twice", decimals(copied)),
    ]
    console.columns("Does it pay to use two names?", columns)
    return found
