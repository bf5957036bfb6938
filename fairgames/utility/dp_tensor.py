"""The differentially private mean's utility at every profile at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairgames.utility.saturation import SATURATION, reduction


def reduction_tensor(epsilons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the best weights at every profile; see `fairgames.utility.saturation`.

    The choices ``(user, level)`` are gone through from the most private one on, for all profiles that
    contain them together: each is bound by its privacy level or saturated, and adds to the sums of
    its kind.

    Parameters
    ----------
    epsilons : ndarray, shape (N, L)
        Privacy parameter of each user at each level.

    Returns
    -------
    ndarray, shape (L, …, L)
        One axis a user.
    """
    n_users, n_levels = epsilons.shape
    A, B, saturated = (np.zeros((n_levels,) * n_users) for _ in range(3))
    for choice in np.argsort(epsilons, axis=None, kind="stable").tolist():
        user, level = divmod(choice, n_levels)
        eps = epsilons[user, level]
        if eps == 0:
            continue
        there = (slice(None),) * user + (level,)
        if np.isinf(eps):
            saturated[there] += 1
            continue
        bound = eps * A[there] - B[there] <= SATURATION
        A[there] += eps * bound
        B[there] += eps**2 * bound
        saturated[there] += ~bound
    result: NDArray[np.float64] = reduction(A, SATURATION + B, saturated)
    return result
