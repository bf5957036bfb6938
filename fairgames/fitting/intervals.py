"""Confidence intervals for the variance between and within groups, balanced or not."""

from __future__ import annotations

from fairgames.fitting.group_summary import GroupSummary

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
