"""The federated mean's two variances from grouped data: estimators, intervals, and reasons for doubt.

The one-way random effects model (Searle, Casella and McCulloch 1992): analysis of variance or REML, exact intervals of
Wald (1940) and Williams (1962). `fit_federated_mean` is the public door; the bootstrap draws groups and estimates
again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import DataError, InputError
from fairgames.fitting.fit import Fit
from fairgames.fitting.observations import (
    Observations,
    as_observations,
    largest_groups,
    read_columns,
    with_similar_labels,
)
from fairgames.scenario.scenario import DataSource
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


FEW_GROUPS = 5
GIANT_SHARE = 0.5
SIGNIFICANCE = 0.01


def diagnose(
    samples: NDArray[np.intp], means: NDArray[np.float64], between: float, between_interval: tuple[float, float]
) -> tuple[str, ...]:
    """List the ways in which the model may not suit the data.

    Parameters
    ----------
    samples : ndarray of int, shape (K,)
        Observations in each group.
    means : ndarray, shape (K,)
        Mean of each group.
    between : float
        Estimated variance between groups.
    between_interval : tuple of float
        Its interval.

    Returns
    -------
    tuple of str
        One sentence a finding; empty when nothing was found.

    Examples
    --------
    >>> diagnose(np.array([90, 5, 5, 6, 7]), np.arange(5.0), 1.0, (0.1, 9.0))
    ('one group holds 80 % of all observations: the variance within groups is mostly its own',)
    """
    return tuple(_findings(samples, means, between, between_interval))


def _findings(
    samples: NDArray[np.intp], means: NDArray[np.float64], between: float, interval: tuple[float, float]
) -> Iterator[str]:
    n_groups, share = len(samples), samples.max() / samples.sum()
    if between <= 0:
        yield (
            f"the variance between groups is estimated as {between:.4g}, not above 0: the groups' means differ no more "
            "than chance alone would make them, and no utility can be made without choosing a value"
        )
    elif interval[0] <= 0:
        yield "the interval of the variance between groups starts at 0: the data do not show that the groups differ"
    if n_groups < FEW_GROUPS:
        yield f"the variance between groups rests on {n_groups} groups only: see its interval"
    if n_groups > 2 and share > GIANT_SHARE:
        yield f"one group holds {100 * share:.0f} % of all observations: the variance within groups is mostly its own"
    if n_groups > FEW_GROUPS and np.ptp(samples):
        from scipy.stats import spearmanr

        correlation, chance = spearmanr(samples, means)
        if chance < SIGNIFICANCE:
            yield (
                f"group means go with group sizes (rank correlation {correlation:.2f}, p = {chance:.2g}): "
                "the model takes the two as unrelated"
            )


METHOD = "within: exact chi-square; between: Williams (1962) from Wald's (1940) exact interval of the variance ratio"


def within_interval(summary: GroupSummary, level: float) -> tuple[float, float]:
    """Exact chi-square interval for the variance within groups (normal noise).

    Parameters
    ----------
    summary : GroupSummary
    level : float
        Coverage, for instance 0.95.

    Returns
    -------
    low, high : float
    """
    from scipy.stats import chi2

    squares, tail = summary.squares_within(), (1 - level) / 2
    return float(squares / chi2.isf(tail, summary.df_within)), float(squares / chi2.ppf(tail, summary.df_within))


def ratio_interval(summary: GroupSummary, level: float) -> tuple[float, float]:
    """Exact interval for the ratio of the variance between groups to that within.

    At the true ratio the squares that it leaves between groups, over the variance within, have an F
    distribution, whatever the group sizes and covariates.

    Parameters
    ----------
    summary : GroupSummary
    level : float
        Coverage.

    Returns
    -------
    low, high : float
        0 where no ratio above 0 belongs.

    References
    ----------
    Wald (1940), A note on the analysis of variance with unequal class frequencies, Annals of
    Mathematical Statistics 11, 96–100; Seely, El-Bassiouni (1983), Applying Wald's variance component
    test, Annals of Statistics 11, 197–201.
    """
    from scipy.stats import f

    tail = (1 - level) / 2
    quantiles = f.isf([tail, 1 - tail], summary.df_between, summary.df_within).tolist()
    return _ratio_where(summary, quantiles[0]), _ratio_where(summary, quantiles[1])


def between_interval(summary: GroupSummary, level: float) -> tuple[float, float]:
    """Interval for the variance between groups.

    The ends of the exact interval of the ratio, times the estimated variance within, times the ratio of
    the F quantiles that account for its being estimated. Coverage is at least ``2·level − 1`` for
    certain, and near ``level`` as measured.

    Parameters
    ----------
    summary : GroupSummary
    level : float
        Coverage.

    Returns
    -------
    low, high : float
        0 where no variance above 0 belongs.

    References
    ----------
    Williams (1962), A confidence interval for variance components, Biometrika 49, 278–281 (balanced
    data, where the two agree); Burdick, Graybill (1992), Confidence Intervals on Variance Components,
    Dekker.
    """
    from scipy.stats import chi2, f

    tail, freedom = (1 - level) / 2, summary.df_between
    within = summary.squares_within() / summary.df_within
    estimated = f.isf([tail, 1 - tail], freedom, summary.df_within)
    known = chi2.isf([tail, 1 - tail], freedom) / freedom
    low, high = (within * estimated / known).tolist()
    ratio_low, ratio_high = ratio_interval(summary, level)
    return ratio_low * low, ratio_high * high


def _ratio_where(summary: GroupSummary, quantile: float) -> float:
    """Return the ratio at which the F statistic, which falls with it, equals ``quantile``; 0 if there is none."""
    from scipy.optimize import brentq

    squares_within = summary.squares_within()
    unit = summary.df_between * squares_within / summary.df_within

    def excess(ratio: float) -> float:
        return summary.regression(ratio)[1] - squares_within - quantile * unit

    if excess(0.0) <= 0:
        return 0.0
    high = 1.0
    while excess(high) > 0:
        high *= 4
    return float(brentq(excess, 0.0, high))


@public
def fit_federated_mean(
    data: object,
    group: str,
    value: str,
    *,
    estimator: Literal["anova", "reml"] = "anova",
    covariates: Sequence[str] = (),
    missing: Literal["raise", "drop"] = "raise",
    similar_labels: Literal["raise", "merge", "keep"] = "raise",
    largest: int | None = None,
    level: float = 0.95,
) -> Fit:
    """Estimate the variance between and within groups from data with one row an observation.

    The model is the one-way random effects model: each group has a mean of its own, drawn with
    variance ``s2``, and observations scatter around it with variance ``r2``. Groups may differ in size.

    Parameters
    ----------
    data : str, Path, mapping or data frame
        A CSV or Parquet file, columns by name, or a frame (pandas, polars, pyarrow, …).
    group, value : str
        The columns with the groups' labels and with the numbers.
    estimator : {"anova", "reml"}
        Analysis of variance (unbiased, not truncated), or restricted maximum likelihood, which needs
        statsmodels (``pip install "fairgames[fit]"``).
    covariates : sequence of str
        Numeric columns to adjust for.
    missing : {"raise", "drop"}
        What to do with rows in which something is missing; dropped rows are counted in the result.
    similar_labels : {"raise", "merge", "keep"}
        Whether labels that differ only in case or spaces are an error, one group, or different ones.
    largest : int, optional
        Keep only that many groups, those with the most observations, largest first.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Fit
        With ``warnings`` where the model may not suit.

    Raises
    ------
    DataError
        If the data cannot be read, miss something, hold what is not a number, or do not suffice: fewer
        than two groups, or one observation in every group.
    InputError
        If an option is not known.

    References
    ----------
    Searle, Casella, McCulloch (1992), Variance Components, Wiley.

    Examples
    --------
    >>> fit = fit_federated_mean({"clinic": ["A", "A", "B", "B"], "score": [0, 2, 4, 6]}, "clinic", "score")
    >>> round(fit.between_variance, 9), round(fit.within_variance, 9), fit.samples.tolist()
    (7.0, 2.0, [2, 2])
    """
    if isinstance(covariates, str):
        raise InputError("covariates", "must be a list of column names", covariates)
    names = [group, value, *covariates]
    if len(set(names)) < len(names):
        raise InputError("group, value, covariates", "must be different columns", names)
    if not 0 < level < 1:
        raise InputError("level", "must be above 0 and below 1", level)
    columns = read_columns(data, names)
    every = used = with_similar_labels(as_observations(columns, group, value, covariates, missing), similar_labels)
    n_groups, left_out = len(every.names), list[str]()
    if largest is not None:
        if not 2 <= largest <= n_groups:
            requirement = f"must be a whole number from 2 to the {n_groups} groups of the data"
            raise InputError("largest", requirement, largest)
        used = largest_groups(every, largest)
    if len(used.names) < n_groups:
        rows, all_rows = len(used.values), len(every.values)
        left_out.append(f"only the {largest} largest of {n_groups} groups: {rows} of {all_rows} observations")
    summary = summarise(used)
    between, within = ESTIMATORS[estimator](used, summary)

    coefficients, _ = summary.regression(max(0.0, between / within))
    adjusted = used.values - used.explaining[:, 1:] @ coefficients[1:]
    means = group_sums(used, adjusted[:, None])[:, 0] / summary.samples
    squares = group_sums(used, (adjusted - means[used.groups])[:, None] ** 2)[:, 0]
    interval = between_interval(summary, level)
    return Fit(
        between_variance=between,
        within_variance=within,
        between_interval=interval,
        within_interval=within_interval(summary, level),
        level=level,
        interval_method=METHOD,
        estimator=estimator,
        group_names=used.names,
        samples=summary.samples,
        group_means=means,
        group_squares=squares,
        rows_used=len(used.values),
        rows_dropped=used.rows_dropped,
        warnings=(*left_out, *diagnose(summary.samples, means, between, interval)),
        file=str(data) if isinstance(data, (str, Path)) else None,
        group=group,
        value=value,
        covariates=tuple(covariates),
        missing=missing,
        similar_labels=similar_labels,
        largest=largest,
        observations=used,
    )


def fit_of_source(data: DataSource) -> Fit:
    """Fit the data behind a scenario."""
    return fit_federated_mean(str(data.file), data.group, data.value, **data.options)
