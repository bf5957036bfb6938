"""Estimators of the variance between and within groups.

What a one-way random effects model needs to know of the data: a few sums for each group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import DataError
from fairgames.fitting.observations import Observations
from fairgames.tolerance import RELATIVE


@dataclass(frozen=True, eq=False)
class GroupSummary:
    """Sufficient sums of the model ``value = intercept + covariates·b + group effect + noise``.

    Attributes
    ----------
    samples : ndarray of int, shape (K,)
        Observations in each group.
    means : ndarray, shape (K, 2 + q)
        Group means of the columns ``(1, covariates, value)``; covariates are centred and of unit
        length, values are centred.
    within : ndarray
        Triangular factor of the same columns' deviations from their group means: any sum of squares
        of such deviations is one of this factor's.
    rank : int
        Number of independent columns among the intercept and the covariates, which is all of them.
    rank_within : int
        How many of them vary within groups.
    """

    samples: NDArray[np.intp]
    means: NDArray[np.float64]
    within: NDArray[np.float64]
    rank: int
    rank_within: int

    @property
    def n_groups(self) -> int:
        """Number of groups ``K``."""
        return len(self.samples)

    @property
    def df_within(self) -> int:
        """Degrees of freedom of the noise."""
        return int(self.samples.sum()) - self.n_groups - self.rank_within

    @property
    def df_between(self) -> int:
        """Degrees of freedom of the differences between groups."""
        return self.n_groups + self.rank_within - self.rank

    def regression(self, ratio: float) -> tuple[NDArray[np.float64], float]:
        """Fit by generalised least squares when the between variance is ``ratio`` times the within one.

        Returns
        -------
        coefficients : ndarray, shape (1 + q,)
            Intercept and slopes, for the columns of `means`.
        squares : float
            Sum of squared residuals, in units of the within variance.
        """
        weights = np.sqrt(self.samples / (1 + ratio * self.samples))
        stacked = np.concatenate([self.means * weights[:, None], self.within])
        coefficients, _, _, _ = np.linalg.lstsq(stacked[:, :-1], stacked[:, -1], rcond=None)
        residuals = stacked[:, -1] - stacked[:, :-1] @ coefficients
        return coefficients, float(residuals @ residuals)

    def squares_within(self) -> float:
        """Sum of squared residuals when every group has a mean of its own."""
        slopes, value = self.within[:, 1:-1], self.within[:, -1]
        residuals = value - slopes @ np.linalg.lstsq(slopes, value, rcond=RELATIVE)[0]
        return float(residuals @ residuals)


def summarise(data: Observations) -> GroupSummary:
    """Reduce observations to a `GroupSummary`.

    Raises
    ------
    DataError
        If there are fewer than two groups, no group has two observations, or the covariates are
        dependent, explain all differences between groups, or leave no noise to estimate.
    """
    samples = data.samples
    if len(samples) < 2:
        raise DataError(f"there must be at least two groups to compare, got {len(samples)}: {list(data.names)}")
    if samples.max() < 2:
        raise DataError("some group must have two observations: the variance within groups cannot be estimated")
    explaining, values = data.explaining, data.values - data.values.mean()
    if _rank(explaining) < explaining.shape[1]:
        raise DataError("the covariates must vary, and none may be a combination of the others")
    columns = np.column_stack([explaining, values])
    means = group_sums(data, columns) / samples[:, None]
    deviations = columns - means[data.groups]
    deviations[:, 0] = 0
    summary = GroupSummary(
        samples=samples,
        means=means,
        within=np.asarray(np.linalg.qr(deviations, mode="r")),
        rank=explaining.shape[1],
        rank_within=_rank(deviations[:, :-1]),
    )
    if summary.df_within < 1 or summary.df_between < 1:
        raise DataError("there are too many covariates: nothing is left to tell the groups or the noise apart")
    if summary.squares_within() <= RELATIVE**2 * float(values @ values):
        raise DataError("the values must vary within groups: the variance within groups must be above 0")
    return summary


def group_sums(data: Observations, columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of columns over each group, shape (n, c) to shape (K, c)."""
    sums = np.zeros((len(data.names), columns.shape[1]))
    np.add.at(sums, data.groups, columns)
    return sums


def _rank(columns: NDArray[np.float64]) -> int:
    return int(np.linalg.matrix_rank(columns, tol=RELATIVE))


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
