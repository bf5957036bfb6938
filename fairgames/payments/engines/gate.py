"""What independent replicates say together, and whether to believe them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.payments.result import Estimate, payment_scale
from fairgames.tolerance import REGRET, RESIDUAL_ERROR, RESIDUAL_MEAN, RESIDUAL_RATIO

_MACHINE = float(np.finfo(float).eps)
_TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Replicates:
    """Independent unbiased estimates of what each group earns in total.

    Attributes
    ----------
    totals : ndarray, shape (R, K)
        Estimates of ``m_k phi_k``.
    utility : float
        What the totals add up to in truth.
    n_users : int
        Present users.
    """

    totals: NDArray[np.float64]
    utility: float
    n_users: int

    @property
    def scale(self) -> float:
        """Size of the utility; of the totals where the utility is 0."""
        return abs(self.utility) or float(np.abs(self.totals).mean(axis=0).sum())

    @property
    def rounding(self) -> float:
        """What float differences of the utility lose, summed over the users."""
        return max(self.n_users * _MACHINE * self.scale, _TINY)

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Raw efficiency residual ``Σ m_k phi_k − U`` of each replicate."""
        missed: NDArray[np.float64] = self.totals.sum(axis=1) - self.utility
        return missed

    @property
    def residual_error(self) -> float:
        """Standard error of the mean residual."""
        return float(self.residuals.std(ddof=1) / np.sqrt(len(self.totals)))

    @property
    def degrees_of_freedom(self) -> int:
        """Replicates less intercept and slope."""
        return len(self.totals) - 2

    def regressed(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Totals where the residual is 0, and their standard errors, by regression on the residual.

        Returns
        -------
        totals, errors : ndarray, shape (K,)
            The totals add up to the utility whenever the residual varies at all.
        """
        r, mean = self.residuals, self.totals.mean(axis=0)
        centred, deviations = r - r.mean(), self.totals - mean
        spread = float(centred @ centred)
        if spread <= len(r) * self.rounding**2:
            return mean, self.totals.std(axis=0, ddof=1) / np.sqrt(len(r))
        slope = centred @ deviations / spread
        left = deviations - np.outer(centred, slope)
        noise = np.sqrt((left**2).sum(axis=0) / self.degrees_of_freedom)
        return mean - slope * r.mean(), noise * np.sqrt(1 / len(r) + r.mean() ** 2 / spread)


def verdict(
    replicates: Replicates,
    group_sizes: NDArray[np.int64],
    evaluations: int,
    target_error: float,
    varies: Callable[[], bool],
) -> Estimate:
    """Judge the replicates by their raw residual, then read the payments off them.

    Parameters
    ----------
    replicates : Replicates
        The estimates.
    group_sizes : ndarray, shape (K,)
        Present users of each group.
    evaluations : int
        Utility evaluations spent.
    target_error : float
        Standard errors aimed at, as a part of ``max(|phi_k|, U/N)``.
    varies : callable
        Whether the utility is other than affine on the sampled coalitions. Asked when all errors are 0,
        to tell an additive utility from one whose jumps no draw met.

    Returns
    -------
    Estimate
        Unresolved when the residual is too uncertain, or too far from 0 for its error or for the utility.
    """
    totals, errors = replicates.regressed()
    mean, error = float(replicates.residuals.mean()), replicates.residual_error
    doubt = _doubt(replicates, mean, error)
    if not doubt and (errors <= replicates.rounding).all() and varies():
        doubt = "no draw met a change of any payment, although the utility is not additive: jumps that cancel?"
    values, standard_errors = totals / group_sizes, errors / group_sizes
    met = (standard_errors <= target_error * payment_scale(values, replicates.utility, replicates.n_users)).all()
    achieved = (
        "" if met else f"; the errors are above the target of {target_error:g}: more evaluations would lower them"
    )
    return Estimate(
        values=values,
        standard_errors=standard_errors,
        degrees_of_freedom=replicates.degrees_of_freedom,
        utility=replicates.utility,
        resolved=not doubt,
        reason=f"unresolved: {doubt}" if doubt else f"payments add up to the utility within their errors{achieved}",
        evaluations=evaluations,
        residual=mean,
        residual_error=error,
    )


def _doubt(replicates: Replicates, mean: float, error: float) -> str:
    scale, rounding = replicates.scale, replicates.rounding
    if error > max(RESIDUAL_ERROR * scale, rounding):
        more = (error / max(RESIDUAL_ERROR * scale, rounding)) ** 2
        return (
            f"the error of the sum of payments is {error / scale:.2g} of the utility, and to tell whether they add up "
            f"would take about {more:.2g} times the evaluations (budget)"
        )
    if abs(mean) > max(RESIDUAL_MEAN * scale, rounding):
        return f"the payments miss the utility by {abs(mean) / scale:.2g} of it: a jump that no draw met?"
    if abs(mean) > max(RESIDUAL_RATIO * error, rounding):
        return f"the payments miss the utility by {abs(mean) / max(error, rounding):.2g} of their errors"
    return ""


def is_affine(counts: NDArray[Any], values: NDArray[np.float64]) -> bool:
    """Whether ``values`` are an affine function of ``counts``, up to ``REGRET`` of their range.

    Examples
    --------
    >>> is_affine(np.array([[0, 1], [2, 0], [1, 1], [3, 3]]), np.array([3.0, 5.0, 5.0, 14.0]))
    False
    >>> is_affine(np.array([[0, 1], [2, 0], [1, 1], [3, 3]]), np.array([3.0, 5.0, 5.0, 13.0]))
    True
    """
    scaled = counts / np.maximum(counts.max(axis=0), 1)
    design = np.column_stack([np.ones(len(counts)), scaled])
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return bool(np.abs(values - fitted).max() <= REGRET * max(float(np.abs(values).max()), _MACHINE))
