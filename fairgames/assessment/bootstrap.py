"""Uncertainty of fitted and measured utilities, carried through to payments, equilibria and alpha."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.assessment.certainty import Certainty, certainty
from fairgames.errors import DataError, InputError
from fairgames.exactness import Array
from fairgames.fitting.fit import Fit
from fairgames.fitting.observations import Observations, drawn_groups
from fairgames.fitting.variance_components import ESTIMATORS, anova_of_groups, summarise
from fairgames.game.costs import Actions, CostTable
from fairgames.mechanism.problem import Selection
from fairgames.memory import readable_count, require_memory
from fairgames.parallel import as_seed, run_in_order
from fairgames.utility.base import Utility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.measured.experiment import MeasuredUtility
from fairgames.utility.table import TableUtility

_BYTES_AN_ANSWER = 1_000


@public
def bootstrap(
    source: Fit | MeasuredUtility,
    costs: CostTable,
    resamples: int = 200,
    seed: int | np.random.SeedSequence = 0,
    *,
    importance: ArrayLike | None = None,
    aggregation: Literal["uniform", "weighted"] = "uniform",
    selection: Selection = "best",
    actions: Actions = None,
    constraints: Mapping[str, Any] | None = None,
    level: float = 0.9,
    n_jobs: int | None = None,
) -> Certainty:
    """Resample the data behind a utility, and ask each resample for the platform's optimum.

    Of a fit the data groups are drawn: as many as there are, with replacement. Users and their sample sizes
    stay what they are; the two variances are estimated anew, by the same estimator, adjusted for the same
    covariates. Of a measured utility the repeats are drawn: a resample averages as many as there are, each
    taken whole, with all its profiles, so that their common noise stays common. Every profile is measured.

    Parameters
    ----------
    source : Fit or MeasuredUtility
        A fitted model, or a utility measured in at least 2 repeats; intervals from fewer than about 10 are
        too narrow.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs.
    resamples : int
        Number of resamples, at least 2.
    seed : int or numpy.random.SeedSequence
        The same seed gives the same numbers for every ``n_jobs``.
    importance, aggregation
        Of the utility of a fit, as for `FederatedMeanUtility`.
    selection, actions
        As for `optimal_alpha`.
    constraints : mapping, optional
        ``margin``, ``budget``, ``min_utility`` and ``alpha_range`` as for `optimal_alpha`, by name.
    level : float
        Coverage of the percentile intervals.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.

    Returns
    -------
    Certainty
        Of the decision that all data suggest. Resamples of a fit whose variance between groups is not above
        0 are counted and left out: the model has no utility for them.

    Raises
    ------
    InputError
        If an argument is malformed, or there is one repeat only.
    DataError
        If the fitted variance between groups is not above 0, no resample has one, or there is no optimum
        under the constraints.
    SizeError
        If the utility tensor would not fit in memory.
    EvaluationError
        If a measurement fails.

    Notes
    -----
    The best of many noisy profiles is partly the luckiest one: what the platform keeps is overstated, the
    more so the noisier the measurements and the closer the alternatives.

    References
    ----------
    Davison, Hinkley (1997), Bootstrap Methods and their Application, section 3.8.

    Examples
    --------
    >>> import fairgames as fg, pandas as pd
    >>> clinics = pd.DataFrame({"clinic": list("aaabbbccc"), "score": [1, 2, 3, 11, 12, 13, 5, 6, 7]})
    >>> bootstrap(fg.fit_federated_mean(clinics, "clinic", "score"), [0, 0.1, 1], resamples=20).resamples
    20
    >>> measured = fg.MeasuredUtility(lambda profile, rng: sum(profile) + rng.normal(), shape=(2, 2), repeats=10)
    >>> bootstrap(measured, costs=[0, "1/5"], resamples=20).resamples
    20
    """
    left_out = 0, ""
    utility: Utility
    utility_of: Callable[[Any], Utility]
    if isinstance(source, Fit):
        variances = group_resamples(source, resamples, seed, n_jobs)
        draws = [(between, within) for between, within in variances.tolist() if between > 0 and within > 0]
        no_fit = int(np.isnan(variances).any(axis=1).sum())
        why = "their variance between groups is not above 0"
        left_out = resamples - len(draws), why + (f", or cannot be estimated (in {no_fit})" if no_fit else "")
        utility = source.utility(importance, aggregation)
        utility_of = partial(_with_variances, source.samples, importance, aggregation)
    else:
        if importance is not None or aggregation != "uniform":
            raise InputError("importance, aggregation", "must be left out: they belong to the utility of a Fit")
        if source.repeats < 2:
            raise InputError("source", "must have at least 2 repeats to be resampled", source.repeats)
        require_resamples(resamples, source.repeats)
        utility = TableUtility(source.tensor())
        profiles = np.stack(np.unravel_index(np.arange(utility.tensor().size), source.shape), axis=1)
        repeats = source.repeated(profiles).reshape(source.repeats, *source.shape)
        drawn = np.random.default_rng(as_seed(seed)).integers(source.repeats, size=(resamples, source.repeats))
        draws, utility_of = list(drawn), partial(_mean_of_repeats, repeats)
    return certainty(
        utility,
        draws,
        utility_of,
        costs,
        selection=selection,
        actions=actions,
        constraints=constraints,
        level=level,
        left_out=left_out,
        n_jobs=n_jobs,
    )


def group_resamples(
    fit: Fit, resamples: int, seed: int | np.random.SeedSequence = 0, n_jobs: int | None = None
) -> NDArray[np.float64]:
    """Variances between and within groups in resamples of the groups.

    Parameters
    ----------
    fit : Fit
        The fitted model.
    resamples : int
        Number of resamples, at least 2.
    seed : int or numpy.random.SeedSequence
        Of the draws.
    n_jobs : int or None
        Workers for estimates that are made one by one: restricted likelihood, or covariates.

    Returns
    -------
    ndarray, shape (resamples, 2)
        By the estimator of the fit, not truncated; NaN where the groups drawn do not suffice, for
        instance because all of them have one observation only.

    Raises
    ------
    InputError
        If ``resamples`` or ``seed`` is malformed.
    """
    n_groups = len(fit.samples)
    require_resamples(resamples, n_groups)
    drawn = np.random.default_rng(as_seed(seed)).integers(n_groups, size=(resamples, n_groups))
    if fit.estimator != "anova" or fit.covariates:
        estimate = partial(_estimated, fit.observations, fit.estimator)
        return np.array(list(run_in_order(estimate, drawn.tolist(), n_jobs=n_jobs, description="refitting")))
    with np.errstate(divide="ignore", invalid="ignore"):
        between, within = anova_of_groups(fit.samples[drawn], fit.group_means[drawn], fit.group_squares[drawn])
    return np.stack([between, within], axis=1)


def _estimated(data: Observations, estimator: str, drawn: list[int]) -> tuple[float, float]:
    resample = drawn_groups(data, drawn)
    try:
        return ESTIMATORS[estimator](resample, summarise(resample))
    except DataError:
        return math.nan, math.nan


def require_resamples(resamples: int, drawn_each: int) -> None:
    """Refuse a number of resamples that is none, or whose draws and answers would not fit in memory."""
    if resamples < 2:
        raise InputError("resamples", "must be a whole number of at least 2", resamples)
    n_bytes = int(resamples) * (_BYTES_AN_ANSWER + 48 * drawn_each)
    require_memory(n_bytes, f"{readable_count(int(resamples))} resamples", "some thousands of resamples")


def _with_variances(
    samples: Array,
    importance: ArrayLike | None,
    aggregation: Literal["uniform", "weighted"],
    variances: tuple[float, float],
) -> FederatedMeanUtility:
    return FederatedMeanUtility(samples, *variances, importance, aggregation=aggregation)


def _mean_of_repeats(repeats: Array, drawn: Array) -> TableUtility:
    return TableUtility(repeats[drawn].mean(axis=0))
