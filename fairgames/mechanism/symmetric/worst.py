"""What the platform is sure of: the best alpha when the lowest equilibrium is played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np

from fairgames.exactness import Number
from fairgames.mechanism.symmetric.bernstein import Root
from fairgames.mechanism.symmetric.families import Branch, Family, Fixed
from fairgames.mechanism.symmetric.game import SymmetricGame
from fairgames.tolerance import RELATIVE, ROOT

_GRID = 33


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
    best: Point | None = None
    for piece in sorted(_pieces(found, slack), key=lambda piece: -piece.bound):
        if best is not None and piece.bound < best.value:
            break
        point = _highest(piece)
        if best is None or point.value > best.value:
            best = point
    assert best is not None
    return best


@dataclass(frozen=True, eq=False)
class _Piece:
    left: Number
    right: Number
    active: list[Family]

    @cached_property
    def bound(self) -> float:
        """No value of the lower envelope is higher: on each cell of a grid the lowest of the families' largest."""
        grid = np.linspace(float(self.left), float(self.right), _GRID)
        sampled = np.array([family.sampled(grid) for family in self.active])
        largest = np.maximum(sampled[:, 1:], sampled[:, :-1]).T + [family.resolution for family in self.active]
        lowest = largest.min(axis=1)
        return float(np.maximum((1 - grid[:-1]) * lowest, (1 - grid[1:]) * lowest).max())


def _pieces(found: Sequence[Family], slack: Number) -> Iterator[_Piece]:
    ends: list[Number] = []
    for end in sorted({end for family in found for end in (family.alpha_from, family.alpha_to)}):
        if not ends or end - ends[-1] > slack:
            ends.append(end)
    for left, right in pairwise(ends):
        active = [family for family in found if family.alpha_from <= left + slack and family.alpha_to >= right - slack]
        if active:
            yield _Piece(left, right, active)


def _highest(piece: _Piece) -> Point:
    """Highest point of a piece's lower envelope.

    Of a few families first: their envelope bounds that of all. While another one lies below its highest
    point, that one joins them.
    """
    chosen = list({id(one): one for one in (_lowest(piece.active, end) for end in (piece.left, piece.right))}.values())
    while True:
        point = max(_candidates(piece, chosen), key=lambda point: point.value)
        lowest = _lowest(piece.active, point.alpha)
        here = float(point.utility)
        lower = lowest.utility_at(point.alpha) < here - RELATIVE * abs(here)
        if not lower or any(lowest is one for one in chosen):
            return point
        chosen.append(lowest)


def _candidates(piece: _Piece, chosen: Sequence[Family]) -> Iterator[Point]:
    """Where the lower envelope of some families can be highest."""
    yield _point_at(chosen, piece.left, "above")
    yield _point_at(chosen, piece.right, "below")
    turning = []
    for family in chosen:
        if isinstance(family, Branch):
            for root in family.stationary:
                alpha = family.alpha(root.x)
                if piece.left < alpha < piece.right:
                    turning.append(Point(alpha, family, family.utility(root.x), root.rational, x=root))
    yield from (point for point in turning if _lowest(chosen, point.alpha) is point.family)
    for start, stop in pairwise(sorted({piece.left, piece.right, *(point.alpha for point in turning)})):
        crossing = _crossing(chosen, float(start), float(stop))
        if crossing is not None:
            yield crossing


def _crossing(chosen: Sequence[Family], start: float, stop: float) -> Point | None:
    """Where the lowest rising value meets the lowest falling one, on a range where every value rises or falls."""
    from scipy.optimize import brentq

    def kept(family: Family, alpha: float) -> float:
        return (1 - alpha) * family.utility_at(alpha)

    rising = [family for family in chosen if kept(family, stop) > kept(family, start)]
    falling = [family for family in chosen if not any(family is one for one in rising)]

    def gap(alpha: float) -> float:
        return min(kept(family, alpha) for family in rising) - min(kept(family, alpha) for family in falling)

    if not rising or not falling or gap(start) >= 0 or gap(stop) <= 0:
        return None
    alpha = brentq(gap, start, stop, xtol=1e-15, rtol=8.9e-16)
    first, second = (min(side, key=lambda family: kept(family, alpha)) for side in (rising, falling))
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
            return Point(curved.alpha(root.x), level, level.utility, exact, x=level.x)
    return _point_at(chosen, alpha, None)


def _point_at(families: Sequence[Family], alpha: Number, side: str | None) -> Point:
    """The lowest of some families at an alpha."""
    family = _lowest(families, alpha)
    if isinstance(family, Fixed):
        return Point(alpha, family, family.utility, family.x is None or family.x.rational, side, family.x)
    x = family.x_at(alpha)
    return Point(alpha, family, family.utility(x.x), x.rational and isinstance(alpha, Fraction), side, x)


def _lowest(families: Sequence[Family], alpha: Number) -> Family:
    """Compare exactly only those that may be lowest by the interpolated tables."""
    rough = np.array([family.sampled(np.array([float(alpha)]))[0] for family in families])
    resolution = np.array([family.resolution for family in families])
    near = np.flatnonzero(rough - resolution <= (rough + resolution).min())
    return min((families[place] for place in near.tolist()), key=lambda one: one.utility_at(alpha))


def attained(game: SymmetricGame, found: Sequence[Family], point: Point) -> bool:
    """Whether no equilibrium at the point's alpha itself is lower (equilibria exist at the ends of their ranges)."""
    slack: Number = ROOT if game.exact else RELATIVE
    there = (one for one in found if one.alpha_from - slack <= point.alpha <= one.alpha_to + slack)
    least = float(point.utility) - RELATIVE * float(abs(game.utilities).max())
    return all(one.utility_at(point.alpha) >= least for one in there)
