"""Families of equilibria of exchangeable users: pure ones, and those in which some mix and the others do not.

``A`` users surely take the less private action, ``B`` the more private one, and ``R = N − A − B`` mix with one
probability. With ``R = 0`` the equilibrium is pure and holds on a range of alpha; with ``R ≥ 2`` the
probability follows from alpha. (One user alone mixes at single alphas only.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, Number, is_exact
from fairgames.mechanism.symmetric.bernstein import Bernstein, Root
from fairgames.mechanism.symmetric.game import SymmetricGame
from fairgames.tolerance import RELATIVE, comparison_tolerance

_SAMPLES = 257


@dataclass(frozen=True, eq=False)
class Fixed:
    """An equilibrium in which nothing depends on alpha, on a closed range of alpha.

    ``sure`` users take the less private action; ``mixing`` ones take it with probability ``x``.
    """

    sure: int
    mixing: int
    alpha_from: Number
    alpha_to: Number
    utility: Number
    x: Root | None = None

    @property
    def resolution(self) -> float:
        """How far `sampled` may be off."""
        return 0.0

    def utility_at(self, _alpha: Number) -> float:
        """Utility at an alpha."""
        return float(self.utility)

    def sampled(self, alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Utility at many alphas."""
        return np.full(alphas.shape, float(self.utility))


@dataclass(frozen=True, eq=False)
class Branch:
    """A family along which the mixing users' probability ``x`` and alpha determine one another.

    Attributes
    ----------
    sure, mixing : int
        Users who surely take the less private action, and users who mix.
    cost : Fraction
        What the less private action costs more.
    gain, utility : Bernstein
        Gain of a mixing user from the less private action, and the platform's utility, by ``x``.
    start, stop : Root
        Range of ``x``.
    """

    sure: int
    mixing: int
    cost: Fraction
    gain: Bernstein
    utility: Bernstein
    start: Root
    stop: Root

    def alpha(self, x: Fraction) -> Fraction:
        """Alpha at which mixing users are indifferent."""
        return self.cost / self.gain(x)

    @cached_property
    def alpha_from(self) -> Fraction:
        """Least alpha."""
        return min(self.alpha(self.start.x), self.alpha(self.stop.x))

    @cached_property
    def alpha_to(self) -> Fraction:
        """Largest alpha."""
        return max(self.alpha(self.start.x), self.alpha(self.stop.x))

    def x_at(self, alpha: Number) -> Root:
        """Probability at an alpha of the range."""
        indifference = self.gain - self.cost / Fraction(alpha)
        for end in (self.start, self.stop):
            if indifference(end.x) == 0:
                return end
        low, high = self.start.x, self.stop.x
        rising = indifference(high) > indifference(low)
        if (indifference(low) > 0) == rising or (indifference(high) > 0) != rising:
            # Rounding put alpha just outside the range.
            return min((self.start, self.stop), key=lambda end: abs(indifference(end.x)))
        return indifference.bracketed(low, high, rising=rising)

    def utility_at(self, alpha: Number) -> float:
        """Utility at an alpha."""
        return float(self.utility(self.x_at(alpha).x))

    @cached_property
    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        xs = np.linspace(float(self.start.x), float(self.stop.x), _SAMPLES)
        alphas = float(self.cost) / self.gain.floats(xs)
        order = np.argsort(alphas)
        return alphas[order], self.utility.floats(xs)[order]

    @cached_property
    def resolution(self) -> float:
        """How far `sampled` may be off: the largest step of the table that it interpolates."""
        return float(np.abs(np.diff(self._table[1])).max())

    def sampled(self, alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Utility at many alphas, interpolated."""
        result: NDArray[np.float64] = np.interp(alphas, *self._table)
        return result

    @cached_property
    def stationary(self) -> list[Root]:
        """Where ``(1 − alpha) U`` is stationary along the family."""
        gain, worth = self.gain, self.utility
        condition = gain.derivative() * worth * self.cost + gain * (gain - self.cost) * worth.derivative()
        return [root for root in condition.roots() if self.start.x < root.x < self.stop.x]


Family = Fixed | Branch


def pure_ranges(game: SymmetricGame) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Range of alpha on which ``k = 0, …, N`` users at the less private action are an equilibrium.

    Returns
    -------
    lo, hi : ndarray, shape (N + 1,)
        Ends within [0, 1], meaningful where ``stable``.
    stable : ndarray of bool
        Whether there is such an alpha.
    """
    G, cost = game.gains, game.cost
    exact = is_exact(G)
    lo = np.full(game.n_users + 1, Fraction(0) if exact else 0.0, dtype=G.dtype)
    hi = np.full(game.n_users + 1, Fraction(1) if exact else 1.0, dtype=G.dtype)
    holds = np.ones(game.n_users + 1, dtype=bool)
    tolerance = comparison_tolerance(G)
    for rows, gain, need in ((slice(1, None), G, cost), (slice(None, -1), -G, -cost)):
        up, down = (gain > tolerance).astype(bool), (gain < -tolerance).astype(bool)
        bound = need / np.where(up | down, gain, lo[1:] * 0 + 1)
        holds[rows] &= up | down | (need <= tolerance)
        lo[rows] = np.where(up, np.maximum(lo[rows], bound), lo[rows])
        hi[rows] = np.where(down, np.minimum(hi[rows], bound), hi[rows])
    stable = holds & (lo <= hi + (0 if exact else RELATIVE)).astype(bool)
    return np.minimum(lo, hi), hi, stable


def pure_families(game: SymmetricGame) -> list[Family]:
    """All pure equilibria, by the number of users at the less private action."""
    lo, hi, stable = pure_ranges(game)
    return [Fixed(k, 0, lo.item(k), hi.item(k), game.utilities.item(k)) for k in np.flatnonzero(stable).tolist()]


def families(game: SymmetricGame) -> list[Family]:
    """All pure families, and all in which two or more users mix with one probability."""
    found = pure_families(game)
    for mixing in range(2, game.n_users + 1):
        for sure in range(game.n_users - mixing + 1):
            found.extend(_mixed(game, sure, mixing))
    return found


def _mixed(game: SymmetricGame, sure: int, mixing: int) -> Iterator[Family]:
    G = game.gains.tolist()
    gain = Bernstein.of(G[sure : sure + mixing])
    worth = Bernstein.of(game.utilities.tolist()[sure : sure + mixing + 1])
    conditions = []
    if sure > 0:
        # Who surely takes the less private action sees one sure user fewer and one mixing user more.
        conditions.append(Bernstein.of(G[sure - 1 : sure + mixing]) - gain)
    if sure + mixing < game.n_users:
        conditions.append(gain - Bernstein.of(G[sure : sure + mixing + 1]))
    cost = Fraction(game.cost)
    if cost == 0:
        for root in gain.roots():
            if all(condition(root.x) >= 0 for condition in conditions):
                yield Fixed(sure, mixing, Fraction(0), Fraction(1), worth(root.x), root)
        return
    slope = gain.derivative()
    cuts = {root.x: root for curve in (slope, gain - cost, *conditions) for root in curve.roots()}
    marks = [Root(Fraction(0), True), *(cuts[x] for x in sorted(cuts)), Root(Fraction(1), True)]
    for start, stop in pairwise(marks):
        middle = (start.x + stop.x) / 2
        height = gain(middle)
        if height == 0 or not 0 < cost / height <= 1 or slope(middle) == 0:
            continue
        if all(condition(middle) >= 0 for condition in conditions):
            yield Branch(sure, mixing, cost, gain, worth, start, stop)
