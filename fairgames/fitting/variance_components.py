"""Estimators of the variance between and within groups."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import DataError
from fairgames.fitting.group_summary import GroupSummary, group_sums
from fairgames.fitting.observations import Observations
from fairgames.tolerance import RELATIVE


def anova_of_groups(samples: ArrayLike, means: ArrayLike, squares: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """One-way random effects analysis of variance, for any number of resamples at once.

    Parameters
    ----------
    samples, means, squares : array_like, shape (…, K)
        For each group its size, its mean, and the sum of squared deviations from it.

    Returns
    -------
    between, within : ndarray, shape (…)
        Unbiased estimates; the first may be negative.

    References
    ----------
    Searle, Casella, McCulloch (1992), Variance Components, Wiley, section 3.6.

    Examples
    --------
    >>> between, within = anova_of_groups([2, 2], [1.0, 5.0], [2.0, 2.0])
    >>> float(between), float(within)
    (7.0, 2.0)
    """
    n, m, ss = (np.asarray(values, dtype=float) for values in (samples, means, squares))
    n_groups, total = n.shape[-1], n.sum(axis=-1)
    within = ss.sum(axis=-1) / (total - n_groups)
    grand = (n * m).sum(axis=-1) / total
    mean_square = (n * (m - grand[..., None]) ** 2).sum(axis=-1) / (n_groups - 1)
    size = (total - (n**2).sum(axis=-1) / total) / (n_groups - 1)
    return (mean_square - within) / size, within


def anova(data: Observations, summary: GroupSummary) -> tuple[float, float]:
    """Estimate by the analysis of variance, adjusted for covariates (Henderson's method 3).

    Without covariates this is `anova_of_groups`.

    Returns
    -------
    between, within : float
        Unbiased estimates, not truncated: the first is negative where the groups differ less than
        chance alone would make them.

    References
    ----------
    Searle, Casella, McCulloch (1992), Variance Components, Wiley, sections 3.6 and 5.5; Henderson (1953),
    Estimation of variance and covariance components, Biometrics 9, 226–252.
    """
    squares_within = summary.squares_within()
    within = squares_within / summary.df_within
    explained = summary.regression(0)[1] - squares_within
    between = (explained - summary.df_between * within) / _spread(data)
    return float(between), float(within)


def reml(data: Observations, summary: GroupSummary) -> tuple[float, float]:
    """Estimate by restricted maximum likelihood, with statsmodels.

    Returns
    -------
    between, within : float
        The first is 0 where the likelihood falls from there on.

    Raises
    ------
    DataError
        If statsmodels is not installed, or does not converge.

    References
    ----------
    Patterson, Thompson (1971), Recovery of inter-block information when block sizes are unequal,
    Biometrika 58, 545–554.
    """
    if _restricted_slope_at_zero(data, summary) <= 0:
        return 0.0, summary.regression(0)[1] / (len(data.values) - summary.rank)
    import warnings

    try:
        from statsmodels.regression.mixed_linear_model import MixedLM
    except ImportError:
        raise DataError(
            'estimator "reml" needs statsmodels: pip install "fairgames[fit]", or use estimator="anova"'
        ) from None
    # In the values' own units statsmodels stops early when the numbers are very large or very small.
    unit = math.sqrt(summary.squares_within() / summary.df_within)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MixedLM((data.values - data.values.mean()) / unit, data.explaining, groups=data.groups)
        # Its gradient methods fail near a variance of 0; Powell's needs none.
        fitted = model.fit(reml=True, method=["powell"], xtol=RELATIVE, ftol=RELATIVE**1.5)
    if not fitted.converged:
        raise DataError('estimator "reml": statsmodels did not converge; use estimator="anova"')
    return float(np.asarray(fitted.cov_re)[0, 0]) * unit**2, float(fitted.scale) * unit**2


ESTIMATORS = {"anova": anova, "reml": reml}


def _spread(data: Observations) -> float:
    """Weight of the between variance in the squares between groups: ``tr(Zᵀ M Z)``."""
    basis, _ = np.linalg.qr(data.explaining)
    return float(len(data.values) - (group_sums(data, basis) ** 2).sum())


def _restricted_slope_at_zero(data: Observations, summary: GroupSummary) -> float:
    """Sign of the restricted likelihood's slope at a between variance of 0."""
    coefficients, squares = summary.regression(0)
    residuals = summary.samples * (summary.means[:, -1] - summary.means[:, :-1] @ coefficients)
    freedom = len(data.values) - summary.rank
    return float(residuals @ residuals * freedom - squares * _spread(data))
