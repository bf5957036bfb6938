"""What an engine of estimates returns: payments at alpha = 1, and how far to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.result import Result


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(Result):
    """Payments of one user of each group (or of each user), their errors, and the verdict on them.

    Attributes
    ----------
    values : ndarray, shape (K,)
        Payment of one user of each group (or of each user), at alpha = 1.
    standard_errors : ndarray, shape (K,)
        Of ``values``.
    degrees_of_freedom : int
        Of the Student intervals.
    utility : float
        Utility at the profile that is priced.
    resolved : bool
        Whether the estimate passed its own check everywhere.
    reason : str
        What decided the verdict.
    evaluations : int
        Number of utility evaluations.
    residual, residual_error : float
        Raw efficiency residual ``Σ m_k phi_k − U`` before it was used to sharpen the values, and its
        standard error.
    warnings : tuple of str
        What a reader must know before using the numbers.
    doubtful : ndarray of bool, shape (K,)
        Which ``values`` are not to be used: all when the estimate as a whole is unresolved, none when it is
        resolved, and otherwise those that failed a check of their own.
    """

    values: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    degrees_of_freedom: int
    utility: float
    resolved: bool
    reason: str
    evaluations: int
    residual: float = 0.0
    residual_error: float = 0.0
    warnings: tuple[str, ...] = ()
    doubtful: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        """Doubt everything that is unresolved, unless it is said what is to be doubted."""
        if self.doubtful.size == 0:
            object.__setattr__(self, "doubtful", np.full(self.values.shape, not self.resolved))

    def interval(self, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Student interval of each payment.

        Raises
        ------
        InputError
            If ``level`` is not strictly between 0 and 1.
        """
        if not 0 < level < 1:
            raise InputError("level", "must lie strictly between 0 and 1", level)
        from scipy.stats import t

        half = float(t.ppf((1 + level) / 2, self.degrees_of_freedom)) * self.standard_errors
        return self.values - half, self.values + half


def as_group_sizes(group_sizes: ArrayLike | Sequence[int]) -> NDArray[np.int64]:
    """Check the numbers of present users by group.

    Raises
    ------
    InputError
        Unless they are whole numbers of at least 1, one a group, of at least one group.
    """
    sizes = np.asarray(group_sizes)
    if sizes.ndim != 1 or not sizes.size or sizes.dtype.kind not in "iu":
        raise InputError("group_sizes", "must be whole numbers of users, one a group", group_sizes)
    if (sizes < 1).any():
        raise InputError("group_sizes", "must be at least 1 in every group (leave empty groups out)", sizes.tolist())
    return sizes.astype(np.int64)


def payment_scale(values: NDArray[np.float64], utility: float, n_users: int) -> NDArray[np.float64]:
    """Size against which errors of payments are measured: ``max(|phi_k|, |U|/N)``."""
    scale: NDArray[np.float64] = np.maximum(np.abs(values), abs(utility) / n_users)
    return scale
