"""What the platform is sure of: the best alpha when the lowest equilibrium is played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from fairgames.exactness import Number
from fairgames.mechanism.symmetric_bernstein import Root
from fairgames.mechanism.symmetric_families import Branch, Family, Fixed
from fairgames.mechanism.symmetric_game import SymmetricGame
from fairgames.tolerance import RELATIVE, ROOT

_GRID = 33
# How much higher than on the grid a piece may turn out to be, and how far interpolated utilities may be off,
# as parts of their range: generous, since they only decide what is computed exactly.
_WORTH_A_LOOK = 0.05
_INTERPOLATION = 0.02


@dataclass(frozen=True, eq=False)
class Point:
    """A candidate: an alpha, the family that is lowest there, and its mixing users' ``x``."""

    alpha: Number
    family: Family
    utility: Number
    rational: bool
    side: str | None = None
    x: Root | None = None

    @property
    def value(self) -> Number:
        """What the platform keeps."""
        return (1 - self.alpha) * self.utility


def worst_point(game: SymmetricGame, found: Sequence[Family]) -> Point:
    """Supremum over alpha of the lowest value among families that exist on ranges of alpha.

    Alphas are cut at the ends of all families. On each piece the lower envelope is highest at one of its
    ends, at a stationary point of one family, or where two families cross.
    """
    slack: Number = ROOT if game.exact else RELATIVE
    pieces = list(_pieces(found, slack))
    surveyed = [(piece, _survey(piece)) for piece in pieces]
    surveyed.sort(key=lambda pair: -pair[1].max())
    best: list[Point] = []
    for piece, heights in surveyed:
        reach = heights.max() + _WORTH_A_LOOK * (abs(heights.max()) + heights.max() - heights.min())
        if not best or reach >= best[0].value:
            best = [max([*best, *_candidates(piece)], key=lambda point: point.value)]
    return best[0]


@dataclass(frozen=True, eq=False)
class _Piece:
    left: Number
    right: Number
    active: list[Family]

    @property
    def grid(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.linspace(float(self.left), float(self.right), _GRID)


def _pieces(found: Sequence[Family], slack: Number) -> Iterator[_Piece]:
    ends: list[Number] = []
    for end in sorted({end for family in found for end in (family.alpha_from, family.alpha_to)}):
        if not ends or end - ends[-1] > slack:
            ends.append(end)
    for left, right in pairwise(ends):
        active = [family for family in found if family.alpha_from <= left + slack and family.alpha_to >= right - slack]
        if active:
            yield _Piece(left, right, active)


def _survey(piece: _Piece) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    lowest: np.ndarray[tuple[int], np.dtype[np.float64]] = np.min(
        [family.sampled(piece.grid) for family in piece.active], axis=0
    )
    return (1 - piece.grid) * lowest


def _candidates(piece: _Piece) -> Iterator[Point]:
    yield _lowest(piece, piece.left, "above")
    yield _lowest(piece, piece.right, "below")
    ranks = np.argmin([family.sampled(piece.grid) for family in piece.active], axis=0)
    for rank in np.unique(ranks).tolist():
        family = piece.active[rank]
        if isinstance(family, Branch):
            for root in family.stationary():
                alpha = family.alpha(root.x)
                if piece.left < alpha < piece.right:
                    yield _unless_lower(piece, Point(alpha, family, family.utility(root.x), root.rational, x=root))
    for place, (before, after) in enumerate(pairwise(ranks.tolist())):
        if before != after:
            first, second = piece.active[before], piece.active[after]
            low, high = max(place - 1, 0), min(place + 2, _GRID - 1)
            yield from _crossings(piece, first, second, float(piece.grid[low]), float(piece.grid[high]))


def _lowest(piece: _Piece, alpha: Number, side: str | None) -> Point:
    """The lowest family at an alpha of the closed piece."""
    family = _lowest_family(piece.active, alpha)
    if isinstance(family, Fixed):
        return Point(alpha, family, family.utility, family.x is None or family.x.rational, side, family.x)
    x = family.x_at(alpha)
    return Point(alpha, family, family.utility(x.x), x.rational and isinstance(alpha, Fraction), side, x)


def _lowest_family(active: Sequence[Family], alpha: Number) -> Family:
    """Compare exactly only those that come near in the interpolated tables."""
    rough = np.array([family.sampled(np.array([float(alpha)]))[0] for family in active])
    near = rough.min() + _INTERPOLATION * max(float(np.ptp(rough)), RELATIVE)
    contenders = [family for family, utility in zip(active, rough.tolist(), strict=True) if utility <= near]
    return min(contenders, key=lambda one: one.utility_at(alpha))


def _unless_lower(piece: _Piece, point: Point) -> Point:
    """The point itself where no other family is lower by more than rounding; else the lowest one there."""
    lowest = _lowest(piece, point.alpha, None)
    here = float(point.utility)
    return point if float(lowest.utility) >= here - RELATIVE * abs(here) else lowest


def _crossings(piece: _Piece, first: Family, second: Family, low: float, high: float) -> Iterator[Point]:
    from scipy.optimize import brentq, minimize_scalar

    def difference(alpha: float) -> float:
        return first.utility_at(alpha) - second.utility_at(alpha)

    if difference(low) * difference(high) >= 0:
        # They touch or cross twice nearby: climb the envelope itself.
        top = minimize_scalar(
            lambda alpha: -float(_lowest(piece, alpha, None).value),
            bounds=(low, high),
            method="bounded",
            options={"xatol": 1e-14},
        )
        yield _lowest(piece, float(top.x), None)
        return
    alpha = brentq(difference, low, high, xtol=1e-15, rtol=8.9e-16)
    curved, level = (first, second) if isinstance(first, Branch) else (second, first)
    if isinstance(curved, Branch) and isinstance(level, Fixed):
        # Against a constant the crossing is a root in x, which is known as well as any.
        roots = [
            root
            for root in (curved.utility - Fraction(level.utility)).roots()
            if curved.start.x <= root.x <= curved.stop.x
        ]
        if roots:
            root = min(roots, key=lambda one: abs(float(curved.alpha(one.x)) - alpha))
            exact = root.rational and (level.x is None or level.x.rational)
            yield _unless_lower(piece, Point(curved.alpha(root.x), level, level.utility, exact, x=level.x))
            return
    yield _lowest(piece, alpha, None)


def attained(game: SymmetricGame, found: Sequence[Family], point: Point) -> bool:
    """Whether no equilibrium at the point's alpha itself is lower (equilibria exist at the ends of their ranges)."""
    slack: Number = ROOT if game.exact else RELATIVE
    there = (one for one in found if one.alpha_from - slack <= point.alpha <= one.alpha_to + slack)
    least = float(point.utility) - RELATIVE * float(abs(game.utilities).max())
    return all(one.utility_at(point.alpha) >= least for one in there)
