"""Families of equilibria of exchangeable users: pure ones, and those in which some mix and the others do not.

``A`` users surely take the less private action, ``B`` the more private one, and ``R = N − A − B`` mix with one
probability. With ``R = 0`` the equilibrium is pure and holds on a range of alpha; with ``R ≥ 2`` the
probability follows from alpha. (One user alone mixes at single alphas only.)

`symmetric.optimum` takes the best of them, `symmetric.worst` their envelopes; a `Branch` also stands in the landscape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, Number
from fairgames.mechanism.symmetric.bernstein import Bernstein, Root
from fairgames.mechanism.symmetric.game import SymmetricGame
from fairgames.result import Result
from fairgames.tolerance import RELATIVE, ROOT

_KNOTS = (1 - np.cos(np.linspace(0, np.pi, 257))) / 2
_NEWTON = 4


@dataclass(frozen=True, eq=False)
class Fixed:
    """An equilibrium in which nothing depends on alpha, on a closed range of alpha.

    ``sure`` users take the less private action; ``mixing`` ones take it with probability ``x``. ``rational`` says
    whether the ends of the range are the rationals themselves.
    """

    sure: int
    mixing: int
    alpha_from: Number
    alpha_to: Number
    utility: Number
    x: Root | None = None
    rational: bool = True

    resolution: ClassVar[float] = 0.0
    turning: ClassVar[tuple[float, ...]] = ()

    @property
    def ends(self) -> tuple[tuple[Number, bool], tuple[Number, bool]]:
        """Ends of the range, each with whether it is the rational itself."""
        return (self.alpha_from, self.rational), (self.alpha_to, self.rational)

    def x_at(self, _alpha: Number) -> Root | None:
        """Probability of the mixing users."""
        return self.x

    def utility_at(self, _alpha: Number) -> Fraction:
        """Utility at an alpha."""
        return Fraction(self.utility)

    def strategies(self, n_users: int) -> tuple[Array, ...]:
        """Probability of each action of each user, where some mix."""
        assert self.x is not None
        return _strategies(
            self.sure, self.mixing, n_users - self.sure - self.mixing, self.x.x if self.x.rational else float(self.x.x)
        )

    def sampled(self, alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Utility at many alphas."""
        return np.full(alphas.shape, float(self.utility))

    floats = sampled

    def between(self, _alpha: float) -> tuple[float, float]:
        """Bounds on the utility at an alpha."""
        return float(self.utility), float(self.utility)


@dataclass(frozen=True, eq=False, repr=False)
class Branch(Result):
    """A family along which the mixing users' probability ``x`` and alpha determine one another.

    Attributes
    ----------
    sure, mixing, rest : int
        Users who surely take the less private action, who mix, and who surely take the more private one.
    cost : Fraction
        What the less private action costs more.
    gain, utility : Bernstein
        Gain of a mixing user from the less private action, and the platform's utility, by ``x``.
    start, stop : Root
        Range of ``x``.
    exact : bool
        Whether all numbers of the game are rationals.
    """

    sure: int
    mixing: int
    rest: int
    cost: Fraction
    gain: Bernstein
    utility: Bernstein
    start: Root
    stop: Root
    exact: bool

    def alpha(self, x: Fraction) -> Fraction:
        """Alpha at which mixing users are indifferent."""
        return self.cost / self.gain(x)

    @cached_property
    def _ends(self) -> tuple[tuple[Fraction, Root], tuple[Fraction, Root]]:
        """Least and largest alpha, each with its ``x``."""
        first, last = sorted(((self.alpha(end.x), end) for end in (self.start, self.stop)), key=lambda pair: pair[0])
        return first, last

    @cached_property
    def ends(self) -> tuple[tuple[Fraction, bool], tuple[Fraction, bool]]:
        """Least and largest alpha, each with whether it is the rational itself."""
        (low, first), (high, last) = self._ends
        return (low, first.rational), (high, last.rational)

    @property
    def alpha_from(self) -> Fraction:
        """Least alpha."""
        return self._ends[0][0]

    @property
    def alpha_to(self) -> Fraction:
        """Largest alpha."""
        return self._ends[1][0]

    def x_at(self, alpha: Number) -> Root:
        """Probability at an alpha of the range, which rounding may miss."""
        alpha, slack = Fraction(alpha), same_alpha(self.exact)
        (low, first), (high, last) = self._ends
        # Where gain is stationary, x is far less certain than alpha: an end is itself.
        if alpha <= low + slack:
            return first
        if alpha >= high - slack:
            return last
        indifference = self.gain - self.cost / alpha
        return indifference.bracketed(self.start.x, self.stop.x, rising=self._rises)

    @cached_property
    def _slope(self) -> Bernstein:
        return self.gain.derivative()

    @cached_property
    def _rises(self) -> bool:
        return self.gain(self.stop.x) > self.gain(self.start.x)

    @cached_property
    def _end_utilities(self) -> dict[Fraction, Fraction]:
        return {end.x: self.utility(end.x) for end in (self.start, self.stop)}

    def utility_at(self, alpha: Number) -> Fraction:
        """Utility at an alpha."""
        x = self.x_at(alpha).x
        return self._end_utilities[x] if x in self._end_utilities else self.utility(x)

    def worth_at(self, alpha: Number) -> Number:
        """Utility at an alpha: the rational where it is one, otherwise a float."""
        x = self.x_at(alpha)
        utility = self.utility(x.x)
        return utility if self.exact and x.rational and isinstance(alpha, Fraction) else float(utility)

    def strategies(self, alpha: Number) -> tuple[Array, ...]:
        """Probability of the more private and of the less private action: of sure users, mixing ones, the rest."""
        x = self.x_at(alpha)
        part = x.x if self.exact and x.rational and isinstance(alpha, Fraction) else float(x.x)
        return _strategies(self.sure, self.mixing, self.rest, part)

    @cached_property
    def turning(self) -> tuple[float, ...]:
        """Alphas inside the range at which the utility turns."""
        return tuple(float(self.alpha(root.x)) for root in self._within(self.utility.derivative()))

    @cached_property
    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        low, high = float(self.start.x), float(self.stop.x)
        turning = [float(root.x) for root in self._within(self.utility.derivative())]
        xs = np.sort(np.concatenate([low + (high - low) * _KNOTS, turning]))
        alphas = float(self.cost) / self.gain.floats(xs)
        order = np.argsort(alphas, kind="stable")
        return alphas[order], xs[order], self.utility.floats(xs)[order]

    @cached_property
    def resolution(self) -> float:
        """How far `sampled` may be off: the largest step of the table that it interpolates."""
        return float(np.abs(np.diff(self._table[2])).max())

    def sampled(self, alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Utility at many alphas, interpolated."""
        knots, _, worth = self._table
        result: NDArray[np.float64] = np.interp(alphas, knots, worth)
        return result

    def between(self, alpha: float) -> tuple[float, float]:
        """Bounds on the utility at an alpha, from the knots of the table around it: between two it rises or falls."""
        knots, _, worth = self._table
        place = int(knots.searchsorted(alpha))
        around = worth[max(place - 2, 0) : place + 2]
        return around.min(), around.max()

    def floats(self, alphas: NDArray[np.float64]) -> NDArray[np.float64]:
        """Utility at many alphas of the range, to many digits: Newton's steps within the cells of the table."""
        knots, xs, _ = self._table
        cell = np.clip(np.searchsorted(knots, alphas), 1, len(knots) - 1)
        low, high = np.minimum(xs[cell - 1], xs[cell]), np.maximum(xs[cell - 1], xs[cell])
        x = np.interp(alphas, knots, xs)
        for _ in range(_NEWTON):
            steep = self._slope.floats(x)
            step = (self.gain.floats(x) - float(self.cost) / alphas) / np.where(steep == 0, np.inf, steep)
            x = np.clip(x - step, low, high)
        return self.utility.floats(x)

    @cached_property
    def stationary(self) -> list[Root]:
        """Where ``(1 − alpha) U`` is stationary along the family."""
        gain, worth = self.gain, self.utility
        return self._within(self._slope * worth * self.cost + gain * (gain - self.cost) * worth.derivative())

    def _within(self, curve: Bernstein) -> list[Root]:
        return [root for root in curve.roots() if self.start.x < root.x < self.stop.x]


Family = Fixed | Branch


def _strategies(sure: int, mixing: int, rest: int, part: Number) -> tuple[Array, ...]:
    joins = [*[1] * sure, *[part] * mixing, *[0] * rest]
    return tuple(np.array([1 - join, join]) for join in joins)


def same_alpha(exact: bool) -> Fraction:
    """Alphas closer than this are one: rationals and roots are known well, floats less so."""
    return ROOT if exact else Fraction(RELATIVE)


def pure_families(game: SymmetricGame) -> list[Family]:
    """All pure equilibria, by the number of users at the less private action."""
    pure = game.pure
    columns = (pure.index.tolist(), pure.lo.tolist(), pure.hi.tolist(), pure.utility.tolist())
    return [Fixed(k, 0, low, high, worth) for k, low, high, worth in zip(*columns, strict=True)]


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
    scale = max(map(abs, gain.coefficients))

    def holds(root: Root) -> bool:
        """Whether nobody else gains by moving; an irrational root may miss an equality by rounding."""
        least = 0 if root.rational and game.exact else -scale * same_alpha(game.exact)
        return all(condition(root.x) >= least for condition in conditions)

    cost = Fraction(game.cost)
    if cost == 0:
        for root in gain.roots():
            if holds(root):
                yield Fixed(sure, mixing, Fraction(0), Fraction(1), worth(root.x), root)
        return
    slope = gain.derivative()
    cuts = {root.x: root for curve in (slope, gain - cost, *conditions) for root in curve.roots()}
    marks = [Root(Fraction(0), True), *(cuts[x] for x in sorted(cuts)), Root(Fraction(1), True)]
    reached = False
    for start, stop in pairwise(marks):
        middle = (start.x + stop.x) / 2
        height = gain(middle)
        before, reached = reached, False
        if height != 0 and 0 < cost / height <= 1 and slope(middle) != 0:
            reached = all(condition(middle) >= 0 for condition in conditions)
        if reached:
            yield Branch(sure, mixing, game.n_users - sure - mixing, cost, gain, worth, start, stop, game.exact)
        elif not before and start.x > 0 and (height := gain(start.x)) and 0 < cost / height <= 1 and holds(start):
            # On both sides somebody else gains by moving, or alpha exceeds 1; or all mix at one alpha whatever x is.
            alpha = cost / height
            yield Fixed(sure, mixing, alpha, alpha, worth(start.x), start, start.rational)
