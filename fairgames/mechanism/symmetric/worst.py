"""What the platform is sure of: the best alpha when the lowest equilibrium is played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from fairgames.exactness import Number
from fairgames.mechanism.symmetric.bernstein import Root
from fairgames.mechanism.symmetric.families import Branch, Family, Fixed, same_alpha
from fairgames.mechanism.symmetric.game import SymmetricGame
from fairgames.tolerance import ROOT, comparison_tolerance

_GRID = 33
_MOST_DENOMINATOR = 1 << 20
PRECISE: dict[str, Any] = {"xtol": 1e-15, "rtol": 8.9e-16}


@dataclass(frozen=True, eq=False)
class Point:
    """A candidate: an alpha, the family that is lowest there, and its mixing users' ``x``.

    ``rational`` says that alpha and utility are the rationals themselves, ``side`` from where alpha is approached.
    """

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
    """Supremum over alpha of the lowest value among the families.

    Alphas are cut at the ends of all families. On each open piece between two ends the lower envelope is highest
    beside one of its ends, at a stationary point of one family, or where two families cross. Of several such points
    one that is attained counts (its ``side`` is None), then the least alpha.
    """
    noise = rounding(game)
    best: Point | None = None
    for piece in sorted(pieces(game, found), key=lambda piece: -piece.bound):
        if best is not None and piece.bound < best.value - noise:
            break
        for point in _highest(piece, noise):
            reached = point if point.side is None else _reached(game, found, point, noise)
            if best is None or _beats(reached, best, noise):
                best = reached
    assert best is not None
    return best


def rounding(game: SymmetricGame) -> Fraction:
    """Utilities and values closer than this are equal."""
    scale = Fraction(abs(game.utilities).max())
    return scale * same_alpha(True) if game.exact else Fraction(comparison_tolerance(game.utilities))


def lowest(families: Sequence[Family], alpha: Number, noise: Fraction, sign: int = 1) -> Family:
    """Lowest family (highest if ``sign`` is -1) at an alpha, the first one of several.

    Only those are compared exactly that may be lowest by the interpolated tables.
    """
    bounds = np.sort(sign * np.array([family.between(float(alpha)) for family in families]), axis=1)
    high = bounds[:, 1].min() + float(noise)
    near = [families[place] for place in np.flatnonzero(bounds[:, 0] <= high).tolist()]
    if len(near) == 1:
        return near[0]
    worth = [sign * family.utility_at(alpha) for family in near]
    least = min(worth) + noise
    return next(family for family, utility in zip(near, worth, strict=True) if utility <= least)


def holding(game: SymmetricGame, found: Sequence[Family], alpha: Number) -> list[Family]:
    """Families that exist at an alpha, its rounding allowed for."""
    slack = same_alpha(game.exact)
    return [one for one in found if one.alpha_from - slack <= alpha <= one.alpha_to + slack]


def _reached(game: SymmetricGame, found: Sequence[Family], point: Point, noise: Fraction) -> Point:
    """Return the point as one that is attained, if no equilibrium at its alpha itself is lower."""
    kept = 1 - Fraction(point.alpha)
    least = min(kept * one.utility_at(point.alpha) for one in holding(game, found, point.alpha))
    return replace(point, side=None) if least >= Fraction(point.value) - noise else point


def _beats(point: Point, best: Point, noise: Fraction) -> bool:
    higher = Fraction(point.value) - Fraction(best.value)
    if abs(higher) > (0 if point.rational and best.rational else noise):
        return higher > 0
    if (point.side is None) != (best.side is None):
        return point.side is None
    if point.rational != best.rational and abs(Fraction(point.alpha) - Fraction(best.alpha)) <= ROOT:
        return point.rational
    return point.alpha < best.alpha


@dataclass(frozen=True, eq=False)
class OpenPiece:
    """An open range of alpha on which the same families exist; each end with whether it is the rational itself."""

    left: tuple[Number, bool]
    right: tuple[Number, bool]
    active: list[Family]
    slack: Fraction

    @cached_property
    def bound(self) -> float:
        """No value of the lower envelope is higher: on each cell of a grid the lowest of the families' largest."""
        left, right = float(self.left[0]), float(self.right[0])
        turning = [alpha for family in self.active for alpha in family.turning if left < alpha < right]
        grid = np.unique(np.concatenate([np.linspace(left, right, _GRID), turning]))
        sampled = np.array([family.sampled(grid) for family in self.active])
        largest = np.maximum(sampled[:, 1:], sampled[:, :-1]).T + [family.resolution for family in self.active]
        least = largest.min(axis=1)
        return float(np.maximum((1 - grid[:-1]) * least, (1 - grid[1:]) * least).max())

    def inside(self, alpha: Number) -> bool:
        """Whether an alpha lies in the range, by more than rounding."""
        return bool(self.left[0] + self.slack < alpha < self.right[0] - self.slack)


def ends_of(game: SymmetricGame, found: Sequence[Family]) -> list[tuple[Number, bool]]:
    """Ends of all families in increasing order, each with whether it is the rational itself; close ones are one."""
    ends: list[tuple[Number, bool]] = []
    slack = same_alpha(game.exact)
    for alpha, rational in sorted({end for family in found for end in family.ends}):
        if ends and alpha - ends[-1][0] <= slack:
            ends[-1] = ends[-1] if ends[-1][1] else (alpha, rational)
        else:
            ends.append((alpha, rational))
    return ends


def pieces(game: SymmetricGame, found: Sequence[Family]) -> Iterator[OpenPiece]:
    """Open ranges between neighbouring ends of families, with those that exist on all of each."""
    slack = same_alpha(game.exact)
    for left, right in pairwise(ends_of(game, found)):
        active = [one for one in found if one.alpha_from <= left[0] + slack and one.alpha_to >= right[0] - slack]
        yield OpenPiece(left, right, active, slack)


def _highest(piece: OpenPiece, noise: Fraction) -> list[Point]:
    """Highest points of a piece's lower envelope.

    Of a few families first: their envelope bounds that of all. While another one lies below one of its highest
    points, that one joins them.
    """
    chosen = list(
        {id(one): one for one in (lowest(piece.active, end, noise) for end, _ in (piece.left, piece.right))}.values()
    )
    while True:
        points = list(_candidates(piece, chosen, noise))
        top = max(Fraction(point.value) for point in points) - noise
        tied = [point for point in points if point.value >= top]
        joining: dict[int, Family] = {}
        for point in tied:
            one = lowest(piece.active, point.alpha, noise)
            lower = one.utility_at(point.alpha) < Fraction(point.utility) - noise
            if lower and not any(one is other for other in chosen):
                joining[id(one)] = one
        if not joining:
            return tied
        chosen += joining.values()


def _candidates(piece: OpenPiece, chosen: Sequence[Family], noise: Fraction) -> Iterator[Point]:
    """Where the lower envelope of some families can be highest.

    The envelope itself is evaluated at every candidate, whichever family made it one. In the middle it counts if it
    is as high everywhere.
    """
    turning = {
        family.alpha(root.x): root.rational
        for family in chosen
        if isinstance(family, Branch)
        for root in family.stationary
        if piece.inside(family.alpha(root.x))
    }
    middle = (Fraction(piece.left[0]) + Fraction(piece.right[0])) / 2
    yield _point_at(chosen, *piece.left, noise, "above")
    yield _point_at(chosen, *piece.right, noise, "below")
    yield _point_at(chosen, middle, piece.left[1] and piece.right[1], noise)
    for alpha, rational in turning.items():
        yield _point_at(chosen, alpha, rational, noise)
    for start, stop in pairwise(sorted([piece.left[0], piece.right[0], *turning])):
        crossing = _crossing(chosen, start, stop, noise)
        if crossing is not None and piece.inside(crossing.alpha):
            yield crossing


def _crossing(chosen: Sequence[Family], start: Number, stop: Number, noise: Fraction) -> Point | None:
    """Where the lowest rising value meets the lowest falling one, on a range where every value rises or falls."""
    from scipy.optimize import brentq

    def kept(family: Family, alpha: Number) -> Fraction:
        return (1 - Fraction(alpha)) * family.utility_at(alpha)

    rising = [family for family in chosen if kept(family, stop) > kept(family, start)]
    falling = [family for family in chosen if not any(family is one for one in rising)]

    def gap(alpha: Number) -> Fraction:
        return min(kept(family, alpha) for family in rising) - min(kept(family, alpha) for family in falling)

    if not rising or not falling or gap(start) > noise or gap(stop) < -noise:
        return None
    # Where the two meet at an end, that end is a candidate already, but the meeting may be known to be rational.
    ends = [end for end in (start, stop) if abs(gap(end)) <= noise]
    alpha = float(ends[0]) if ends else brentq(lambda alpha: float(gap(alpha)), float(start), float(stop), **PRECISE)
    first, second = (min(side, key=lambda family: kept(family, alpha)) for side in (rising, falling))
    point = meeting(first, second, alpha, noise)
    return point if not ends or (point.rational and abs(Fraction(point.alpha) - Fraction(ends[0])) <= ROOT) else None


def meeting(first: Family, second: Family, alpha: float, noise: Fraction) -> Point:
    """Where two families have one utility, near an alpha, as well as it is known: in rationals if it is rational."""
    curved, level = (first, second) if isinstance(first, Branch) else (second, first)
    if isinstance(curved, Branch) and isinstance(level, Fixed):
        # Against a constant it is a root in x, which is known as well as any.
        low, high = curved.start.x, curved.stop.x
        roots = [root for root in (curved.utility - Fraction(level.utility)).roots() if low <= root.x <= high]
        if roots:
            root = min(roots, key=lambda one: abs(float(curved.alpha(one.x)) - alpha))
            known = root.rational and (level.x is None or level.x.rational)
            return Point(curved.alpha(root.x), level, level.utility, known, x=level.x)
    simple = Fraction(alpha).limit_denominator(_MOST_DENOMINATOR)
    ends = [family.x_at(simple) for family in (first, second)]
    if all(x is None or x.rational for x in ends) and first.utility_at(simple) == second.utility_at(simple):
        return _point_at([first, second], simple, True, noise)
    return _point_at([first, second], alpha, False, noise)


def _point_at(
    families: Sequence[Family], alpha: Number, rational: bool, noise: Fraction, side: str | None = None
) -> Point:
    """The lowest of some families at an alpha."""
    family = lowest(families, alpha, noise)
    x = family.x_at(alpha)
    utility = family.utility if isinstance(family, Fixed) else family.utility_at(alpha)
    return Point(alpha, family, utility, rational and (x is None or x.rational), side, x)
