"""Fit the federated mean's variances to grouped data.

What a reader should know before believing a fit.

Confidence intervals for the variance between and within groups, balanced or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.fitting.fit import Fit
from fairgames.fitting.observations import (
    Observations,
    as_observations,
    largest_groups,
    read_columns,
    with_similar_labels,
)
from fairgames.fitting.variance_components import ESTIMATORS, GroupSummary, group_sums, summarise

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
    findings = (
        _not_positive(between),
        _not_shown(between, between_interval),
        _few_groups(len(samples)),
        _giant_group(samples),
        _size_and_mean(samples, means),
    )
    return tuple(finding for finding in findings if finding)


def _not_positive(between: float) -> str:
    if between > 0:
        return ""
    return (
        f"the variance between groups is estimated as {between:.4g}, not above 0: the groups' means differ no more "
        "than chance alone would make them, and no utility can be made without choosing a value"
    )


def _not_shown(between: float, interval: tuple[float, float]) -> str:
    if between <= 0 or interval[0] > 0:
        return ""
    return "the interval of the variance between groups starts at 0: the data do not show that the groups differ"


def _few_groups(n_groups: int) -> str:
    if n_groups >= FEW_GROUPS:
        return ""
    return f"the variance between groups rests on {n_groups} groups only: see its interval"


def _giant_group(samples: NDArray[np.intp]) -> str:
    share = samples.max() / samples.sum()
    if len(samples) <= 2 or share <= GIANT_SHARE:
        return ""
    return f"one group holds {100 * share:.0f} % of all observations: the variance within groups is mostly its own"


def _size_and_mean(samples: NDArray[np.intp], means: NDArray[np.float64]) -> str:
    if len(samples) <= FEW_GROUPS or np.ptp(samples) == 0:
        return ""
    from scipy.stats import spearmanr

    correlation, chance = spearmanr(samples, means)
    if not chance < SIGNIFICANCE:
        return ""
    return (
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
    _require_columns(group, value, covariates)
    if not 0 < level < 1:
        raise InputError("level", "must be above 0 and below 1", level)

    columns = read_columns(data, [group, value, *covariates])
    every = with_similar_labels(as_observations(columns, group, value, covariates, missing), similar_labels)
    used = every if largest is None else largest_groups(every, _as_number_of_groups(largest, len(every.names)))
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
        warnings=(
            *_left_out(every, used),
            *diagnose(summary.samples, means, between, interval),
        ),
        file=str(data) if isinstance(data, (str, Path)) else None,
        group=group,
        value=value,
        covariates=tuple(covariates),
        missing=missing,
        similar_labels=similar_labels,
        largest=largest,
        observations=used,
    )


def _left_out(every: Observations, used: Observations) -> tuple[str, ...]:
    if len(used.names) == len(every.names):
        return ()
    rows, all_rows = len(used.values), len(every.values)
    return (f"only the {len(used.names)} largest of {len(every.names)} groups: {rows} of {all_rows} observations",)


def _require_columns(group: str, value: str, covariates: Sequence[str]) -> None:
    if isinstance(covariates, str):
        raise InputError("covariates", "must be a list of column names", covariates)
    used = [group, value, *covariates]
    for column in used:
        if used.count(column) > 1:
            raise InputError("group, value, covariates", "must be different columns", used)


def _as_number_of_groups(largest: int, n_groups: int) -> int:
    if not 2 <= largest <= n_groups:
        raise InputError("largest", f"must be a whole number from 2 to the {n_groups} groups of the data", largest)
    return int(largest)
