"""Marginal contributions along permutations: users join one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fairgames.parallel import batch_seed
from fairgames.payments.evaluation import CheckedUtility
from fairgames.tolerance import RELATIVE

Walk: TypeAlias = Callable[[NDArray[np.intp]], NDArray[np.float64]]
"""Utilities as users join: an order of users, shape ``(n,)``, to the utility after each, ``(n,)``."""

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

    def __call__(self, pair: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Mean marginal contribution of each present user over one shift and its reverse.

        Returns
        -------
        means : ndarray, shape (n,)
            They add up to the utility with all present, to rounding.
        nonzero : ndarray of int, shape (n,)
            How many of the two contributions differ from 0.
        """
        replicate, shift = divmod(pair, self.n_shifts)
        n_users = len(self.present)
        places = np.random.default_rng(batch_seed(self.seed, replicate)).permutation(n_users)
        places = np.roll(places, (shift * n_users) // self.n_shifts)
        ahead, back = self._marginals(places), self._marginals(places[::-1])
        return (ahead[0] + back[0]) / 2, ahead[1] + back[1]

    def _marginals(self, places: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        values = self.walk(self.present[places])
        gains = np.diff(values, prepend=0.0)
        marginals, nonzero = np.empty(len(places)), np.empty(len(places), dtype=np.int64)
        marginals[places] = gains
        nonzero[places] = np.abs(gains) > RELATIVE * np.abs(values).max()
        return marginals, nonzero
