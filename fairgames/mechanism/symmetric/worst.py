"""Envelopes of families of equilibria, lowest or highest, and the highest floor: what the platform is sure of.

Between two ends of families the lowest value is highest beside an end, at a stationary point of one family, or where
two cross (`worst_point`). `symmetric.optimum` calls it for ``"worst"``, and `envelope_of` for the landscape.
"""

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
_NODES = (1 - np.cos(np.linspace(0, np.pi, 19)[1:-1])) / 2
_MOST_DENOMINATOR = 1 << 20
_PRECISE: dict[str, Any] = {"xtol": 1e-15, "rtol": 8.9e-16}


Stretch = tuple[Number, Number, Family]


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
    noise = _rounding(game)
    best: Point | None = None
    for piece in sorted(_pieces(game, found), key=lambda piece: -piece.bound):
        if best is not None and piece.bound < best.value - noise:
            break
        for point in _highest(piece, noise):
            reached = point if point.side is None else _reached(game, found, point, noise)
            if best is None or _beats(reached, best, noise):
                best = reached
    assert best is not None
    return best


def _rounding(game: SymmetricGame) -> Fraction:
    """Utilities and values closer than this are equal."""
    scale = Fraction(abs(game.utilities).max())
    return scale * same_alpha(True) if game.exact else Fraction(comparison_tolerance(game.utilities))


def _lowest(families: Sequence[Family], alpha: Number, noise: Fraction, sign: int = 1) -> Family:
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


def _holding(game: SymmetricGame, found: Sequence[Family], alpha: Number) -> list[Family]:
    """Families that exist at an alpha, its rounding allowed for."""
    slack = same_alpha(game.exact)
    return [one for one in found if one.alpha_from - slack <= alpha <= one.alpha_to + slack]


def _reached(game: SymmetricGame, found: Sequence[Family], point: Point, noise: Fraction) -> Point:
    """Return the point as one that is attained, if no equilibrium at its alpha itself is lower."""
    kept = 1 - Fraction(point.alpha)
    least = min(kept * one.utility_at(point.alpha) for one in _holding(game, found, point.alpha))
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
class _OpenPiece:
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


def _ends_of(game: SymmetricGame, found: Sequence[Family]) -> list[tuple[Number, bool]]:
    """Ends of all families in increasing order, each with whether it is the rational itself; close ones are one."""
    ends: list[tuple[Number, bool]] = []
    slack = same_alpha(game.exact)
    for alpha, rational in sorted({end for family in found for end in family.ends}):
        if ends and alpha - ends[-1][0] <= slack:
            ends[-1] = ends[-1] if ends[-1][1] else (alpha, rational)
        else:
            ends.append((alpha, rational))
    return ends


def _pieces(game: SymmetricGame, found: Sequence[Family]) -> Iterator[_OpenPiece]:
    """Open ranges between neighbouring ends of families, with those that exist on all of each."""
    slack = same_alpha(game.exact)
    for left, right in pairwise(_ends_of(game, found)):
        active = [one for one in found if one.alpha_from <= left[0] + slack and one.alpha_to >= right[0] - slack]
        yield _OpenPiece(left, right, active, slack)


def _highest(piece: _OpenPiece, noise: Fraction) -> list[Point]:
    """Highest points of a piece's lower envelope.

    Of a few families first: their envelope bounds that of all. While another one lies below one of its highest
    points, that one joins them.
    """
    chosen = {id(one): one for one in (_lowest(piece.active, end, noise) for end, _ in (piece.left, piece.right))}
    while True:
        points = list(_candidates(piece, list(chosen.values()), noise))
        top, known = max(Fraction(point.value) for point in points) - noise, len(chosen)
        tied = [point for point in points if point.value >= top]
        for point in tied:
            one = _lowest(piece.active, point.alpha, noise)
            if one.utility_at(point.alpha) < Fraction(point.utility) - noise:
                chosen[id(one)] = one
        if len(chosen) == known:
            return tied


def _candidates(piece: _OpenPiece, chosen: Sequence[Family], noise: Fraction) -> Iterator[Point]:
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
    alpha = float(ends[0]) if ends else brentq(lambda alpha: float(gap(alpha)), float(start), float(stop), **_PRECISE)
    first, second = (min(side, key=lambda family: kept(family, alpha)) for side in (rising, falling))
    point = _meeting(first, second, alpha, noise)
    return point if not ends or (point.rational and abs(Fraction(point.alpha) - Fraction(ends[0])) <= ROOT) else None


def _meeting(first: Family, second: Family, alpha: float, noise: Fraction) -> Point:
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
    family = _lowest(families, alpha, noise)
    x = family.x_at(alpha)
    utility = family.utility if isinstance(family, Fixed) else family.utility_at(alpha)
    return Point(alpha, family, utility, rational and (x is None or x.rational), side, x)


def envelope_of(game: SymmetricGame, found: Sequence[Family], sign: int) -> Iterator[Stretch]:
    """Lowest family (highest if ``sign`` is -1) at every alpha.

    Yields
    ------
    start, stop, family
        In increasing order: a single alpha where ``start == stop``, otherwise an open range. On each open range between
        two ends of families they are compared at many alphas; where the lowest changes, the crossing is found.
    """
    noise = _rounding(game)
    last: Family | None = None
    for piece in _pieces(game, found):
        stretches = list(_stretches(piece, noise, sign))
        yield _at_end(game, found, piece.left, noise, sign, (last, stretches[0][2]))
        for place, (start, stop, family) in enumerate(stretches):
            if place:
                yield start, start, family
            yield start, stop, family
        last = stretches[-1][2]
    yield _at_end(game, found, piece.right, noise, sign, (last, None))


def _at_end(
    game: SymmetricGame,
    found: Sequence[Family],
    end: tuple[Number, bool],
    noise: Fraction,
    sign: int,
    beside: tuple[Family | None, Family | None],
) -> Stretch:
    """The lowest at an end itself; of several, one that is lowest beside it."""
    alpha = end[0]
    neighbours = [one for one in beside if one is not None]
    return _named(end), _named(end), _lowest([*neighbours, *_holding(game, found, alpha)], alpha, noise, sign)


def _named(end: tuple[Number, bool]) -> Number:
    return end[0] if end[1] else float(end[0])


def _stretches(piece: _OpenPiece, noise: Fraction, sign: int) -> list[Stretch]:
    """Lowest families on the open range between two ends, one after another."""
    left, right = float(piece.left[0]), float(piece.right[0])
    turning = [alpha for family in piece.active for alpha in family.turning if left < alpha < right]
    nodes = np.unique(np.concatenate([left + (right - left) * _NODES, turning]))
    nodes = nodes[(nodes > left) & (nodes < right)]
    if not nodes.size:
        middle = (Fraction(piece.left[0]) + Fraction(piece.right[0])) / 2
        return [(_named(piece.left), _named(piece.right), _lowest(piece.active, middle, noise, sign))]
    worth = np.array([sign * one.floats(nodes) for one in piece.active])
    chosen = [piece.active[row] for row in worth.argmin(axis=0).tolist()]
    for place in np.flatnonzero((worth <= worth.min(axis=0) + 1e-9 * np.abs(worth).max()).sum(axis=0) > 1).tolist():
        chosen[place] = _lowest([*chosen[place - 1 : place], *piece.active], float(nodes[place]), noise, sign)
    # Near an end the lowest is the one that is lowest at the first node, unless it is not lowest at the end.
    marks: list[tuple[Number, Family]] = [
        (piece.left[0], _lowest([chosen[0], *piece.active], piece.left[0], noise, sign)),
        *zip(nodes.tolist(), chosen, strict=True),
        (piece.right[0], _lowest([chosen[-1], *piece.active], piece.right[0], noise, sign)),
    ]
    changes: list[tuple[Number, Family]] = [(_named(piece.left), marks[0][1])]
    for (start, first), (stop, second) in pairwise(marks):
        changes += _changes(piece.active, start, first, stop, second, noise, sign)
    starts = [alpha for alpha, _ in changes]
    return list(zip(starts, [*starts[1:], _named(piece.right)], [family for _, family in changes], strict=True))


def _changes(
    active: Sequence[Family], start: Number, first: Family, stop: Number, second: Family, noise: Fraction, sign: int
) -> Iterator[tuple[Number, Family]]:
    """Where the lowest changes from the first family to the second, whatever lies lower between them included."""
    from scipy.optimize import brentq

    if first is second:
        return

    def gap(alpha: Number) -> float:
        return float(first.utility_at(alpha) - second.utility_at(alpha))

    low, high = sign * gap(start), sign * gap(stop)
    if low >= 0 or high <= 0:
        # They are equal at one of the two.
        yield (start if low >= 0 else stop), second
        return
    alpha = brentq(gap, float(start), float(stop), **_PRECISE)
    third = _lowest([first, second, *active], alpha, noise, sign)
    if sign * (first.utility_at(alpha) - third.utility_at(alpha)) > noise and start < alpha < stop:
        yield from _changes(active, start, first, alpha, third, noise, sign)
        yield from _changes(active, alpha, third, stop, second, noise, sign)
        return
    point = _meeting(first, second, alpha, noise)
    yield (point.alpha if point.rational else float(point.alpha)), second
