"""How far the optimum of ``fairgames design`` may be trusted.

``--bootstrap`` asks how sure the decision is, given that its variances were estimated; ``--robust`` what happens when
costs are wrong, or overstated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import fairgames as fg
from fairgames.errors import InputError, SizeError
from fairgames.progress import stage
from fairgames.report.tables import level_letters
from fairgames.report.terminal import decimals, print_columns, print_lines, print_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from fairgames.assessment.bootstrap import Certainty
    from fairgames.assessment.robustness import CostRobustness
    from fairgames.exactness import Number
    from fairgames.fitting.fit import Fit
    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification

_MOST_ALTERNATIVES = 5


def fit_to_resample(spec: Specification, resamples: int, seed: int, jobs: int | None) -> Fit:
    """Check ``--bootstrap``, and fit the data behind a specification again."""
    from fairgames.assessment.bootstrap import require_resamples
    from fairgames.parallel import as_n_jobs, as_seed

    if resamples < 2:
        raise InputError("--bootstrap", "must be a whole number of at least 2", resamples)
    if spec.data is None:
        raise InputError("--bootstrap", "needs the data: a [data] section in the specification")
    fit = spec.data.fit()
    written = [entry.samples for entry in spec.entries]
    if fit.samples.tolist() != written or any(count != 1 for count in spec.counts):
        raise InputError("--bootstrap", f"needs the groups of {spec.data.file.name} to be the users of {spec.source}")
    as_seed(seed)
    as_n_jobs(jobs)
    require_resamples(resamples, len(written))
    return fit


@stage("resampling the groups")
def _resampled(spec: Specification, fit: Fit, resamples: int, seed: int, jobs: int | None) -> Certainty:
    """Resample the groups; the specification's own variances are those of the decision."""
    between, within = _variances(spec)
    return fg.bootstrap(
        replace(fit, between_variance=between, within_variance=within),
        spec.costs,
        resamples,
        seed,
        importance=[float(entry.importance) for entry in spec.entries],
        aggregation=getattr(spec.utility, "aggregation", "uniform"),
        selection=spec.platform.selection,
        actions=spec.actions,
        constraints=spec.platform.constraints,
        n_jobs=jobs,
    )


def print_certainty(console: Console, spec: Specification, optimum: Optimum, fit: Fit, *how: Any) -> dict[str, object]:
    """Resample, and print how often the decision stands and the intervals of what it pays; return what was found."""
    if not optimum.feasible:
        print_lines(console, ["", "How sure this is cannot be said: there is no answer to be sure of."])
        return {}
    try:
        found = _resampled(spec, fit, *how)
    except SizeError as error:
        print_lines(console, ["", f"How sure this is cannot be found: {error}."])
        return {}
    rows = [
        _interval_row(found, "alpha", optimum.alpha, found.alphas),
        _interval_row(found, "the platform keeps", optimum.value, found.values),
    ]
    decided = () if optimum.payments is None else zip(optimum.payments.tolist(), found.payments.T, strict=True)
    for name, (payment, drawn) in zip(spec.user_names, decided, strict=True):
        rows.append(_interval_row(found, f"payment to {name}", payment, drawn))
    headers = ("", "decision", f"{100 * found.level:.3g} % interval from", "to")
    print_table(console, f"How sure is this? {found.resamples:,} resamples of the groups", headers, rows)
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
    print_lines(console, lines)
    return {"certainty": found}


def _how_drawn(spec: Specification, fit: Fit) -> list[str]:
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


def _variances(spec: Specification) -> tuple[float, float]:
    assert isinstance(spec.utility, fg.FederatedMeanUtility)
    return spec.utility.between_variance, spec.utility.within_variance


def _interval_row(
    found: Certainty, name: str, decision: Number | None, drawn: NDArray[np.float64]
) -> tuple[str, str, str, str]:
    decided, start, stop = decimals([decision, *map(float, found.interval(drawn))])
    return name, decided, start, stop


@stage("varying the costs")
def print_robustness(console: Console, spec: Specification, optimum: Optimum) -> dict[str, object]:
    """Print how wrong each user's costs may be, and what overstating them would bring it; return what was found."""
    if not optimum.feasible:
        print_lines(console, ["", "Robustness cannot be found: there is no answer whose robustness it would be."])
        return {}
    if optimum.profile is None or optimum.alpha is None:
        print_lines(console, ["", "Robustness is found for an optimum in pure levels only."])
        return {}
    try:
        robust = fg.cost_robustness(spec.utility, spec.costs, optimum.profile, optimum.alpha, spec.actions)
        overstated = fg.misreport(spec.utility, spec.costs, spec.actions)
    except SizeError as error:
        print_lines(console, ["", f"How far the costs may be wrong is not found: {error}."])
        return {}
    columns = [
        ("user", spec.user_names),
        ("loses at least by moving", decimals(robust.slack.tolist())),
        ("costs may be times", decimals(robust.factor_from.tolist(), 4)),
        ("to", decimals(robust.factor_to.tolist(), 4)),
        ("gains by overstating", decimals(overstated.gains.tolist())),
        ("best times", decimals(overstated.factors.tolist(), 4)),
    ]
    print_columns(console, "How far the costs may be wrong", columns)
    honest = (
        "Overstating: the user reports its costs too high while the others are honest and the platform "
        "re-optimises with its best pure equilibrium."
    )
    print_lines(console, ["", _radius_sentence(robust, spec.user_names), honest])
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
