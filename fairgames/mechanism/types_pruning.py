"""States that may be equilibria, and bounds on their alphas, for millions of states at once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array
from fairgames.mechanism.types_game import CostGroups, TypesGame, dearer


@dataclass(frozen=True, eq=False)
class Survivors:
    """States left by the pruning.

    Attributes
    ----------
    states : ndarray of int, shape (M,)
        Flat indices into the count lattice, increasing.
    lo, hi : ndarray, shape (M,)
        Every alpha at which the state is an equilibrium lies in ``[lo, hi]``.
    """

    states: NDArray[np.intp]
    lo: Array
    hi: Array


def prune(game: TypesGame) -> Survivors:
    """Drop every state that no alpha makes an equilibrium, by one necessary condition a pair of levels.

    If ``n_l`` users are at level ``l``, at least so many must not gain by moving from ``l`` to ``l'``, so the
    ``n_l``-th smallest ``c_i(l) − c_i(l')`` must be at most ``alpha · (P(n) − P(n with one moved))``.
    With two levels the condition is also sufficient.
    """
    table = game.table
    bounds = _Bounds.over(game)
    for kind, group in enumerate(game.groups):
        along = bounds.along(kind)
        for level in range(group.costs.shape[1]):
            for other in range(group.costs.shape[1]):
                if other == level:
                    continue
                rows, gain = table.differences(kind, level, other)
                need = _sorted_needs(group, level, other, game)[table.lattice.compositions[kind][rows, level] - 1]
                along.narrow(rows, np.moveaxis(gain, kind, 0), need, game.tolerance)
    return bounds.survivors(game.slack)


def _sorted_needs(group: CostGroups, level: int, other: int, game: TypesGame) -> Array:
    needs = dearer(group.costs, level, other, game.margin)
    order = np.argsort(needs, kind="stable")
    return np.repeat(needs[order], group.sizes[order])


@dataclass(frozen=True, eq=False)
class _Bounds:
    """Bounds on alpha at every state, narrowed in place."""

    lo: Array
    hi: Array
    holds: NDArray[np.bool_]

    @classmethod
    def over(cls, game: TypesGame) -> _Bounds:
        P = game.table.potential
        zero, one = (Fraction(0), Fraction(1)) if game.exact else (0.0, 1.0)
        return cls(np.full(P.shape, zero, dtype=P.dtype), np.full(P.shape, one, dtype=P.dtype), np.ones(P.shape, bool))

    def along(self, kind: int) -> _Bounds:
        """Views of the same bounds, with the compositions of one type first."""
        return _Bounds(*(np.moveaxis(array, kind, 0) for array in (self.lo, self.hi, self.holds)))

    def narrow(self, rows: NDArray[np.intp], gain: Array, need: Array, tolerance: float) -> None:
        """Keep the alphas with ``alpha · gain >= need`` on ``rows`` of the first axis."""
        self.holds[rows[need == np.inf]] = False
        bounded = np.flatnonzero(np.abs(need) < np.inf)
        rows, gain = rows[bounded], gain[bounded]
        need = need[bounded].reshape(-1, *[1] * (gain.ndim - 1))
        up, down = (gain > tolerance).astype(bool), (gain < -tolerance).astype(bool)
        self.holds[rows] &= up | (need <= tolerance).astype(bool)
        bound = need / np.where(up | down, gain, _one(gain))
        self.lo[rows] = np.where(up, np.maximum(self.lo[rows], bound), self.lo[rows])
        self.hi[rows] = np.where(down, np.minimum(self.hi[rows], bound), self.hi[rows])

    def survivors(self, slack: float) -> Survivors:
        states = np.flatnonzero((self.holds & (self.lo <= self.hi + slack).astype(bool)).reshape(-1))
        lo, hi = self.lo.reshape(-1)[states], self.hi.reshape(-1)[states]
        return Survivors(states, np.minimum(lo, hi), hi)


def _one(array: Array) -> Array:
    return np.array(Fraction(1) if array.dtype == object else 1.0, dtype=array.dtype)
