"""``fairgames design``: the platform's optimum under its real constraints, beside other ways to pay.

Users may act together (``--bloc``), any number of the specification may be varied (``--sweep``), the costs may be wrong
(``--robust``), and the groups of the data may be drawn again (``--bootstrap``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import number_or, option, require_few
from fairgames.cli.solve import MOST_ENUMERATED, optimum_of, print_optimum, who_does_what
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, as_number, ends_within
from fairgames.files import name_of
from fairgames.progress import stage
from fairgames.report.figures import curve, solution_figure, sweep_figure
from fairgames.report.tables import label_sentence, level_letters, optimum_facts, profile_label
from fairgames.report.terminal import decimals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairgames.assessment.bootstrap import Certainty
    from fairgames.assessment.changes import Sweep
    from fairgames.assessment.robustness import CostRobustness
    from fairgames.mechanism.landscape import Landscape
    from fairgames.report.screen import Screen
    from fairgames.scenario.scenario import Scenario


MOST_PIECES = 40
_MOST_POINTS = 10_000
_BLOC = "Users that act together, by name, separated by commas; once for each bloc."
_SWEEP = (
    "Solve again for other values of a number of the specification, such as users[1].costs.direct=0:1:11 "
    "(users count from 1) or utility.between_variance=1,2,4."
)


def design(
    spec: options.Spec,
    selection: Annotated[
        str | None, option("--selection", "The equilibrium that counts: best, worst or potential.", "WHICH")
    ] = None,
    margin: Annotated[str | None, option("--margin", "How much better each choice must be.", "M")] = None,
    budget: Annotated[str | None, option("--budget", "Most that may be paid out.", "B")] = None,
    min_utility: Annotated[str | None, option("--min-utility", "Least utility that is needed.", "U")] = None,
    alpha_from: Annotated[str | None, option("--alpha-from", "Least alpha.", "A")] = None,
    alpha_to: Annotated[str | None, option("--alpha-to", "Largest alpha.", "A")] = None,
    bloc: Annotated[list[str] | None, option("--bloc", _BLOC, "USERS")] = None,
    sweep: Annotated[str | None, option("--sweep", _SWEEP, "PLACE=VALUES")] = None,
    robust: Annotated[bool, option("--robust", "How wrong costs may be, and what overstating them brings.")] = False,
    bootstrap: Annotated[
        int | None, option("--bootstrap", "How sure is this? Resample the groups of the data R times.", "R")
    ] = None,
    seed: options.Seed = 0,
    jobs: options.Jobs = None,
    unit: options.Unit = "samples",
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Find the best payment under constraints, and what the platform keeps at every other one."""
    from fairgames.spec.load import build_specification, read_toml

    run = options.Run("design", spec, json=json, figure=figure, force=force)
    raw = read_toml(spec)
    loaded = build_specification(raw, spec.parent, name_of(spec))
    not_negative = ("must be at least 0", lambda number: number >= 0)
    asked: dict[str, Any] = {
        "selection": selection or loaded.selection,
        "margin": number_or(margin, loaded.margin, "--margin", *not_negative),
        "budget": number_or(budget, loaded.budget, "--budget", *not_negative),
        "min_utility": loaded.min_utility if min_utility is None else as_number(min_utility, "--min-utility"),
        "alpha_range": (
            number_or(alpha_from, loaded.alpha_range[0], "--alpha-from"),
            number_or(alpha_to, loaded.alpha_range[1], "--alpha-to"),
        ),
    }
    loaded = replace(loaded, **asked)
    one_by_one = {"--robust": robust, "--bootstrap": bootstrap, "--bloc": bloc}
    require_few(loaded, "leave it out; --sweep shows what other costs would change", one_by_one)
    blocs = _read_blocs(loaded, bloc or ())
    for name, given in (("--robust", robust or None), ("--bootstrap", bootstrap)):
        if blocs is not None and given is not None:
            raise InputError("--bloc", f"cannot be combined with {name}")
    plan = None if sweep is None else _planned(raw, spec, sweep)
    fit = None if bootstrap is None else fit_to_resample(loaded, bootstrap, seed, jobs)
    optimum = optimum_of(loaded, blocs)
    console = run.begin(loaded, optimum=optimum)
    rows = print_optimum(console, loaded, optimum, unit, blocs, everyone=True)
    if optimum.alpha is not None:
        console.table("", ("at the optimum itself, in the unit of the utility", ""), optimum_facts(optimum))
        console.say(f"Computed {optimum.reason}.")
    if optimum.landscape is not None and optimum.landscape.pieces:
        _print_landscape(console, loaded, optimum.landscape)
    run.results |= _print_benchmarks(console, loaded, optimum)
    if blocs is not None:
        run.results["apart"] = _print_blocs(console, loaded, optimum, blocs[: len(bloc or ())])
    if robust:
        run.results |= print_robustness(console, loaded, optimum)
    if fit is not None:
        run.results |= print_certainty(console, loaded, optimum, fit, bootstrap, seed, jobs)
    if plan is not None:
        run.results["sweep"] = found = _swept(plan, asked, bloc or (), jobs)
        _print_sweep(console, loaded, found)
    run.save(lambda: solution_figure(optimum, rows, (), loaded) if plan is None else sweep_figure(found, loaded.title))


def _print_landscape(console: Screen, spec: Scenario, landscape: Landscape) -> None:
    pieces = landscape.pieces[:MOST_PIECES]
    starts, stops = zip(*(ends_within(piece.alpha_from, piece.alpha_to) for piece in pieces), strict=True)
    values = [curve(piece)[1] for piece in pieces]
    columns = [
        ("alpha from", starts),
        ("to", stops),
        (
            "who does what",
            ["mixed" if piece.profile is None else profile_label(spec, piece.profile) for piece in pieces],
        ),
        ("platform keeps, from", decimals([kept[0] for kept in values])),
        ("to", decimals([kept[-1] for kept in values])),
    ]
    title = f"What the platform keeps at each alpha ({landscape.selection} equilibrium)"
    console.columns(title, columns)
    console.say("", label_sentence(spec))
    console.left(len(landscape.pieces), MOST_PIECES, "further ranges")


@stage("finding what other ways to pay would keep")
def _print_benchmarks(console: Screen, spec: Scenario, optimum: fg.Optimum) -> dict[str, object]:
    """Print what the platform would keep if it need not be fair, or were paid by fairness itself."""
    from fairgames.mechanism.benchmarks import coalition_outcome, pay_costs

    if spec.n_users > MOST_ENUMERATED:
        return {}
    try:
        costs = pay_costs(spec)
        coalition = coalition_outcome(spec)
    except SizeError:
        return {}
    done = "no answer" if optimum.infeasible else who_does_what(spec, optimum)
    ways = ["fair payments among users, as above", "each user paid exactly its cost", "platform in the coalition"]
    columns = [
        ("how users are paid", ways),
        ("platform keeps", decimals([optimum.value, costs.value, coalition.platform])),
        ("utility", decimals([optimum.utility, costs.utility, coalition.utility])),
        ("who does what", [done, profile_label(spec, costs.profile), profile_label(spec, coalition.profile)]),
    ]
    console.columns("Beyond fairness among users", columns)
    return {"pay_costs": costs, "coalition": coalition}


def _read_blocs(spec: Scenario, entries: Sequence[str]) -> list[list[int]] | None:
    """Read ``--bloc``, each entry users by name; then come those that no bloc names, alone. None without entries."""
    if not entries:
        return None
    names = spec.user_names
    blocs = []
    for entry in entries:
        members = [name.strip() for name in entry.split(",")]
        for name in members:
            if name not in names:
                raise InputError("--bloc", f"must name users among {', '.join(names)}", name)
        blocs.append([names.index(name) for name in members])
    taken = [user for members in blocs for user in members]
    if len(set(taken)) < len(taken):
        raise InputError("--bloc", "must name each user once", "; ".join(entries))
    return blocs + [[user] for user in range(len(names)) if user not in taken]


def _print_blocs(console: Screen, spec: Scenario, together: fg.Optimum, blocs: Sequence[Sequence[int]]) -> fg.Optimum:
    """Print what acting together changes; return the optimum when everybody acts alone."""
    apart = optimum_of(spec)
    rows = [
        ("alpha", apart.alpha_text, together.alpha_text),
        ("the platform keeps", *decimals([apart.value, together.value])),
    ]
    for bloc in blocs:
        who = " and ".join(spec.user_names[user] for user in bloc)
        rows.append((f"{who} gain", *decimals([_gain(optimum, bloc) for optimum in (apart, together)])))
    console.table("What acting together changes", ("", "everybody alone", "blocs together"), rows)
    return apart


def _gain(optimum: fg.Optimum, users: Sequence[int]) -> Number | None:
    if optimum.payments is None or optimum.costs is None:
        return None
    gains = optimum.payments - optimum.costs
    return sum(gains[user] for user in users)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _SweepPlan:
    """A number of a specification, and the values that it is to have."""

    raw: Mapping[str, Any]
    spec: Path
    place: str
    values: Sequence[str]

    def at(self, value: str) -> Scenario:
        """Build the specification with one of the values."""
        from fairgames.spec.change import changed
        from fairgames.spec.load import build_specification

        name = f"{name_of(self.spec)} with {self.place} = {value}"
        return build_specification(changed(self.raw, self.place, value), self.spec.parent, name)


@stage("reading the specification at every value")
def _planned(raw: Mapping[str, Any], spec: Path, text: str) -> _SweepPlan:
    """Read ``--sweep``, and check that the specification is a specification at every value."""
    plan = _SweepPlan(raw, spec, *_parsed(text))
    try:
        for value in plan.values:
            plan.at(value)
    except InputError as error:
        raise InputError("--sweep", error.requirement, text) from None
    return plan


def _parsed(text: str) -> tuple[str, list[str]]:
    """Read ``PLACE=FROM:TO:COUNT`` or ``PLACE=VALUE,VALUE,…``."""
    place, equals, listed = text.rpartition("=")
    if not equals or not place.strip() or not listed.strip():
        example = "users[1].costs.direct=0:1:11 or utility.between_variance=1,2,4"
        raise InputError("--sweep", f"must be PLACE=FROM:TO:COUNT or PLACE=VALUE,VALUE, such as {example}", text)
    if ":" not in listed:
        return place.strip(), [value.strip() for value in listed.split(",")]
    parts = listed.split(":")
    if len(parts) != 3 or not parts[2].strip().isdigit() or not 2 <= int(parts[2]) <= _MOST_POINTS:
        raise InputError("--sweep", f"must end in FROM:TO:COUNT with 2 to {_MOST_POINTS:,} values", text)
    low, high = (Fraction(as_number(part, "--sweep")) for part in parts[:2])
    count = int(parts[2])
    return place.strip(), [str(low + (high - low) * step / (count - 1)) for step in range(count)]


@stage("sweeping")
def _swept(plan: _SweepPlan, asked: Mapping[str, Any], bloc: Sequence[str], jobs: int | None) -> Sweep:
    """Solve the specification at each value of one of its numbers, with the same blocs by name."""

    def solve(value: str) -> fg.Optimum:
        there = replace(plan.at(value), **asked)
        return optimum_of(there, _read_blocs(there, bloc))

    return fg.sweep(solve, plan.values, name=plan.place, n_jobs=jobs)


def _print_sweep(console: Screen, spec: Scenario, result: Sweep) -> None:
    optima = result.optima
    columns = [
        (result.name.rsplit(".", 1)[-1], [str(value) for value in result.values]),
        ("alpha", [optimum.alpha_text for optimum in optima]),
        ("platform keeps", decimals([optimum.value for optimum in optima])),
        ("utility", decimals([optimum.utility for optimum in optima])),
        ("users gain", decimals([optimum.users_surplus for optimum in optima])),
        ("who does what", [who_does_what(spec, optimum) for optimum in optima]),
    ]
    console.columns(f"The optimum over {result.name}", columns)


_MOST_ALTERNATIVES = 5


def fit_to_resample(spec: Scenario, resamples: int, seed: int, jobs: int | None) -> fg.Fit:
    """Check ``--bootstrap``, and fit the data behind a specification again."""
    from fairgames.assessment.bootstrap import require_resamples
    from fairgames.fitting.federated_mean import fit_of_source
    from fairgames.parallel import as_n_jobs, as_seed

    if resamples < 2:
        raise InputError("--bootstrap", "must be a whole number of at least 2", resamples)
    if spec.data is None:
        raise InputError("--bootstrap", "needs the data: a [data] section in the specification")
    fit: fg.Fit = fit_of_source(spec.data)
    written = list(spec.samples or ())
    if fit.samples.tolist() != written or any(count != 1 for count in spec.counts):
        raise InputError("--bootstrap", f"needs the groups of {spec.data.file.name} to be the users of {spec.source}")
    as_seed(seed)
    as_n_jobs(jobs)
    require_resamples(resamples, len(written))
    return fit


@stage("resampling the groups")
def _resampled(spec: Scenario, fit: fg.Fit, resamples: int, seed: int, jobs: int | None) -> Certainty:
    """Resample the groups; the specification's own variances are those of the decision."""
    return fg.bootstrap(replace(spec, fit=fit), resamples=resamples, seed=seed, n_jobs=jobs)


def print_certainty(console: Screen, spec: Scenario, optimum: fg.Optimum, fit: fg.Fit, *how: Any) -> dict[str, object]:
    """Resample, and print how often the decision stands and the intervals of what it pays; return what was found."""
    if not optimum.feasible:
        console.say("", "How sure this is cannot be said: there is no answer to be sure of.")
        return {}
    try:
        found = _resampled(spec, fit, *how)
    except SizeError as error:
        console.say("", f"How sure this is cannot be found: {error}.")
        return {}
    rows = [
        _interval_row(found, "alpha", optimum.alpha, found.alphas),
        _interval_row(found, "the platform keeps", optimum.value, found.values),
    ]
    decided = () if optimum.payments is None else zip(optimum.payments.tolist(), found.payments.T, strict=True)
    for name, (payment, drawn) in zip(spec.user_names, decided, strict=True):
        rows.append(_interval_row(found, f"payment to {name}", payment, drawn))
    headers = ("", "decision", f"{100 * found.level:.3g} % interval from", "to")
    console.table(f"How sure is this? {found.resamples:,} resamples of the groups", headers, rows)
    letters = level_letters(spec.levels)
    lines = [
        "",
        *_how_drawn(spec, fit),
        f"The same levels are the platform's best choice in {100 * found.still_optimal:.3g} % of the resamples; "
        f"nobody would leave them at this alpha in {100 * found.still_equilibrium:.3g} %.",
    ]
    for supports, share in found.alternatives[:_MOST_ALTERNATIVES]:
        if supports != found.supports:
            label = "".join(letters[levels[0]] if len(levels) == 1 else "*" for levels in supports)
            lines.append(f"{label or 'Nothing that meets the constraints'} is best in {100 * share:.3g} %.")
    if found.left_out:
        share = 100 * found.left_out / found.resamples
        lines.append(
            f"{found.left_out:,} resamples ({share:.3g} %) were left out: {found.why_left_out}. "
            "The other numbers speak of the rest."
        )
    else:
        lines.append("In every resample the variance between groups is above 0; none was left out.")
    console.say(*lines)
    return {"certainty": found}


def _how_drawn(spec: Scenario, fit: fg.Fit) -> list[str]:
    adjusted = f", adjusted for {', '.join(fit.covariates)}" if fit.covariates else ""
    lines = [
        f"A resample draws {len(fit.samples)} groups with replacement and estimates both variances again, by "
        f"{'REML' if fit.estimator == 'reml' else 'ANOVA'}{adjusted}; the users and their samples stay."
    ]
    written = " and ".join(f"{variance:.4g}" for variance in _variances(spec))
    fitted = f"{fit.between_variance:.4g} and {fit.within_variance:.4g}"
    if written != fitted:
        lines.append(
            f"The decision is at the variances that the specification writes, {written}; the data give {fitted}, "
            "around which the resamples lie."
        )
    return lines


def _variances(spec: Scenario) -> tuple[float, float]:
    assert isinstance(spec.utility, fg.FederatedMeanUtility)
    return spec.utility.between_variance, spec.utility.within_variance


def _interval_row(
    found: Certainty, name: str, decision: Number | None, drawn: NDArray[np.float64]
) -> tuple[str, str, str, str]:
    decided, start, stop = decimals([decision, *map(float, found.interval(drawn))])
    return name, decided, start, stop


@stage("varying the costs")
def print_robustness(console: Screen, spec: Scenario, optimum: fg.Optimum) -> dict[str, object]:
    """Print how wrong each user's costs may be, and what overstating them would bring it; return what was found."""
    if not optimum.feasible:
        console.say("", "Robustness cannot be found: there is no answer whose robustness it would be.")
        return {}
    if optimum.profile is None or optimum.alpha is None:
        console.say("", "Robustness is found for an optimum in pure levels only.")
        return {}
    try:
        robust = fg.cost_robustness(spec, profile=optimum.profile, alpha=optimum.alpha)
        overstated = fg.misreport(spec)
    except SizeError as error:
        console.say("", f"How far the costs may be wrong is not found: {error}.")
        return {}
    columns = [
        ("user", spec.user_names),
        ("loses at least by moving", decimals(robust.slack.tolist())),
        ("costs may be times", decimals(robust.factor_from.tolist(), 4)),
        ("to", decimals(robust.factor_to.tolist(), 4)),
        ("gains by overstating", decimals(overstated.gains.tolist())),
        ("best times", decimals(overstated.factors.tolist(), 4)),
    ]
    console.columns("How far the costs may be wrong", columns)
    honest = (
        "Overstating: the user reports its costs too high while the others are honest and the platform "
        "re-optimises with its best pure equilibrium."
    )
    console.say("", _radius_sentence(robust, spec.user_names), honest)
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
