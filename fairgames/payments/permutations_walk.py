"""Marginal contributions along permutations: users join one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import EvaluationError, InputError
from fairgames.parallel import batch_seed
from fairgames.payments.evaluation import CheckedUtility
from fairgames.utility.base import Walk

_CELLS_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class PrefixWalk:
    """Walk that evaluates the profiles of the first 1, 2, … users of an order, many at once.

    Attributes
    ----------
    evaluate : callable
        Profiles ``(M, N)`` to utilities ``(M,)``.
    levels : ndarray of int, shape (N,)
        Level of each user once it has joined.
    """

    evaluate: CheckedUtility
    levels: NDArray[np.intp]

    def __call__(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Utility after each user of ``order`` has joined, shape of ``order``."""
        step = max(1, _CELLS_AT_ONCE // len(self.levels))
        values = np.empty(len(order))
        for start in range(0, len(order), step):
            stop = min(start + step, len(order))
            profiles = np.zeros((stop - start, len(self.levels)), dtype=np.intp)
            profiles[:, order[:start]] = self.levels[order[:start]]
            block = order[start:stop]
            profiles[:, block] = np.tril(np.ones((len(block), len(block)), dtype=np.intp)) * self.levels[block]
            values[start:stop] = self.evaluate(profiles)
        return values


@dataclass(frozen=True, eq=False)
class CheckedWalk:
    """Walk of a utility's own whose values are checked: the profile of a bad one is named.

    Attributes
    ----------
    walk : callable
        Utilities as users join.
    levels : ndarray of int, shape (N,)
        Level of each user once it has joined.
    """

    walk: Walk
    levels: NDArray[np.intp]

    def __call__(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Utility after each user of ``order`` has joined, shape of ``order``."""
        values = np.asarray(self.walk(order), dtype=float)
        if values.shape != order.shape:
            raise InputError("walk", f"must return one utility for each of {len(order)} users", values.shape)
        for first in np.flatnonzero(~np.isfinite(values))[:1].tolist():
            profile = np.zeros_like(self.levels)
            profile[order[: first + 1]] = self.levels[order[: first + 1]]
            where = tuple(profile.tolist())
            raise EvaluationError(f"the utility must be a finite number at {where}, got {values[first]}", where)
        return values


@dataclass(frozen=True, eq=False)
class ShiftedPairs:
    """Balanced permutations: one at random a replicate, its equally spaced cyclic shifts, and their reverses.

    Attributes
    ----------
    walk : callable
        Utilities as users join.
    present : ndarray of int, shape (n,)
        The users.
    n_shifts : int
        Cyclic shifts a replicate.
    seed : numpy.random.SeedSequence
        Replicate ``r`` uses child ``r``.
    """

    walk: Walk
    present: NDArray[np.intp]
    n_shifts: int
    seed: np.random.SeedSequence

    def __call__(self, pair: int) -> NDArray[np.float64]:
        """Utilities as users join, along one shift and its reverse, shape (2, n)."""
        return np.array([self.walk(self.present[places]) for places in self.places(pair)])

    def places(self, pair: int) -> NDArray[np.intp]:
        """Order of the present users, as positions in ``present``, along one shift and its reverse, shape (2, n)."""
        replicate, shift = divmod(pair, self.n_shifts)
        n_users = len(self.present)
        order = np.random.default_rng(batch_seed(self.seed, replicate)).permutation(n_users)
        order = np.roll(order, (shift * n_users) // self.n_shifts)
        return np.array([order, order[::-1]])
