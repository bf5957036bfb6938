"""Every pure equilibrium of a game with any number of users, by array operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fairgames.exactness import Array
from fairgames.tolerance import comparison_tolerance


def pure_profiles(payoffs: Sequence[Array]) -> Iterator[tuple[int, ...]]:
    """List the profiles of actions at which nobody gains by moving alone, in lexicographic order.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a user, one axis a user. Floats that differ by no more than the package's
        tolerance count as equal.

    Yields
    ------
    tuple of int

    Examples
    --------
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> list(pure_profiles((A, A)))
    [(0, 0), (1, 1)]
    """
    stable = np.ones(payoffs[0].shape, dtype=bool)
    for user, payoff in enumerate(payoffs):
        stable &= (payoff >= payoff.max(axis=user, keepdims=True) - comparison_tolerance(payoff)).astype(bool)
    for profile in np.argwhere(stable):
        yield tuple(profile.tolist())
