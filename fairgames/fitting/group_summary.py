"""What a one-way random effects model needs to know of the data: a few sums for each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
