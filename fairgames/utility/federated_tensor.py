"""The federated mean's utility at every profile at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Tensor = NDArray[np.float64]


def federated_tensor(
    samples: _Tensor, importance: _Tensor, between: float, within: float, entering: _Tensor
) -> _Tensor:
    """Utility of every profile.

    The errors depend on a profile through four sums over users only; those are built for all profiles
    by adding one axis after the other, instead of user by user for each profile.

    Parameters
    ----------
    samples, importance : ndarray, shape (N,)
        Sample size and importance of each user.
    between, within : float
        ``s2`` and ``r2``.
    entering : ndarray, shape (N,)
        What a federating user's share of the aggregate is proportional to.

    Returns
    -------
    ndarray, shape (3, …, 3)
    """
    n_users = len(samples)
    noise = within / samples
    variance = between + noise
    zeros = np.zeros(n_users)
    total = _sum_over_users(zeros, entering, zeros)
    precision = _sum_over_users(zeros, zeros, 1 / variance)
    inverse_square = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0) ** 2
    spread = _sum_over_users(zeros, entering**2, zeros) * inverse_square
    aggregate_noise = _sum_over_users(zeros, entering**2 * noise, zeros) * inverse_square
    aggregate_variance = aggregate_noise + between * spread
    np.add(precision, np.divide(1.0, aggregate_variance, where=total > 0, out=np.zeros_like(total)), out=precision)

    nobody = within + 2 * between
    absent = (0,) * n_users
    precision[absent] = aggregate_variance[absent] = 1.0
    uncertainty = 1 / precision
    absent_gain = np.log(nobody / (between + uncertainty))
    utility = np.zeros_like(total)
    for user in range(n_users):
        at = [(slice(None),) * user + (level,) for level in range(3)]
        utility[at[0]] += importance[user] * absent_gain[at[0]]
        share = entering[user] / total[at[1]]
        B, own_noise = aggregate_variance[at[1]], aggregate_noise[at[1]]
        apart = own_noise + between * (spread[at[1]] - share)
        apart_squared = own_noise + between * (spread[at[1]] - share**2)
        error = between * apart_squared / B + (apart / B) ** 2 * uncertainty[at[1]]
        utility[at[1]] += importance[user] * np.log(nobody / error)
        fixed, known = between * noise[user] / variance[user], (noise[user] / variance[user]) ** 2
        utility[at[2]] += importance[user] * np.log(nobody / (fixed + known * uncertainty[at[2]]))
    utility[absent] = 0.0
    # A user that federates alone is direct, to the last bit.
    for user in range(n_users):
        others_not_federating: list[slice | int] = [slice(None, None, 2)] * n_users
        alone, direct = list(others_not_federating), list(others_not_federating)
        alone[user], direct[user] = 1, 2
        utility[tuple(alone)] = utility[tuple(direct)]
    return utility


def _sum_over_users(*by_level: Sequence[float] | _Tensor) -> _Tensor:
    """Sum over users of a number that depends on the user's level, for every profile."""
    total = np.zeros(())
    for terms in zip(*by_level, strict=True):
        total = np.add.outer(total, np.array(terms))
    return total
