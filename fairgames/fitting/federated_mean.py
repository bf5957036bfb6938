"""Fit the federated mean's variances to grouped data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fairgames.errors import InputError
from fairgames.fitting.columns import read_columns
from fairgames.fitting.diagnostics import diagnose
from fairgames.fitting.fit import Fit
from fairgames.fitting.group_summary import group_sums, summarise
from fairgames.fitting.intervals import METHOD, between_interval, within_interval
from fairgames.fitting.observations import Observations, as_observations, largest_groups, with_similar_labels
from fairgames.fitting.variance_components import ESTIMATORS


def fit_federated_mean(
    data: object,
    group: str,
    value: str,
    *,
    estimator: str = "anova",
    covariates: Sequence[str] = (),
    missing: str = "raise",
    similar_labels: str = "raise",
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
    _require_choice("estimator", estimator, tuple(ESTIMATORS))
    _require_choice("missing", missing, ("raise", "drop"))
    _require_choice("similar_labels", similar_labels, ("raise", "merge", "keep"))
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


def _require_choice(name: str, choice: str, choices: tuple[str, ...]) -> None:
    if choice not in choices:
        raise InputError(name, f"must be one of {', '.join(choices)}", choice)


def _require_columns(group: str, value: str, covariates: Sequence[str]) -> None:
    if isinstance(covariates, str):
        raise InputError("covariates", "must be a list of column names", covariates)
    used = [group, value, *covariates]
    for column in used:
        if used.count(column) > 1:
            raise InputError("group, value, covariates", "must be different columns", used)


def _as_number_of_groups(largest: int, n_groups: int) -> int:
    if isinstance(largest, bool) or not isinstance(largest, (int, np.integer)) or not 2 <= largest <= n_groups:
        raise InputError("largest", f"must be a whole number from 2 to the {n_groups} groups of the data", largest)
    return int(largest)
