"""Equilibria by their closed intervals of alpha: the platform's best end, and what its constraints leave.

Profiles (of `dense`), count states (of `types`) and numbers of identical users (of `symmetric`) are all equilibria
where ``alpha · dP ≥ dc`` for every move (eq. 18, `fairgames.equilibrium.intervals.narrow`), which is an interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairgames.exactness import Array
from fairgames.mechanism.limits import Limits
from fairgames.tolerance import near


@dataclass(frozen=True, eq=False)
class Intervals:
    """Equilibria, one entry each: where they are, on which alphas, and what they are worth.

    Attributes
    ----------
    index : ndarray of int, shape (M,)
        Which profile, count state or number of users.
    lo, hi : ndarray, shape (M,)
        Ends of the interval of alpha.
    utility : ndarray, shape (M,)
        Utility there.
    """

    index: Array
    lo: Array
    hi: Array
    utility: Array

    def __len__(self) -> int:
        """Number of entries."""
        return len(self.index)

    def __getitem__(self, chosen: Array | slice) -> Intervals:
        """Some of the entries."""
        return Intervals(self.index[chosen], self.lo[chosen], self.hi[chosen], self.utility[chosen])

    def best(self) -> tuple[Array, Array]:
        """Alpha at which the platform keeps most of each, and how much: the low end, unless the utility is negative."""
        alpha = np.where((self.utility >= 0).astype(bool), self.lo, self.hi)
        return alpha, (1 - alpha) * self.utility

    def within(self, limits: Limits) -> Intervals:
        """Keep of each interval what meets the platform's constraints (the margin made the intervals)."""
        U = self.utility
        lo = np.maximum(self.lo, np.array(limits.alpha_from, dtype=self.lo.dtype))
        hi = np.minimum(self.hi, np.array(limits.alpha_to, dtype=self.hi.dtype))
        if limits.budget is not None:
            paying = (U > 0).astype(bool)
            np.copyto(hi, np.minimum(hi, limits.budget / np.where(paying, U, 1)), where=paying)
        meets = (lo <= hi + near(lo, hi)).astype(bool)
        if limits.min_utility is not None:
            meets &= (limits.min_utility - near(U, limits.min_utility) <= U).astype(bool)
        return Intervals(self.index, np.minimum(lo, hi), hi, U)[meets]
