"""The lowest (or highest) family of equilibria of exchangeable users at every alpha."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from fairgames.exactness import Number
from fairgames.mechanism.symmetric.families import Family
from fairgames.mechanism.symmetric.game import SymmetricGame
from fairgames.mechanism.symmetric.worst import PRECISE, OpenPiece, holding, lowest, meeting, pieces, rounding

_NODES = (1 - np.cos(np.linspace(0, np.pi, 19)[1:-1])) / 2

Stretch = tuple[Number, Number, Family]


def envelope_of(game: SymmetricGame, found: Sequence[Family], sign: int) -> Iterator[Stretch]:
    """Lowest family (highest if ``sign`` is -1) at every alpha.

    Yields
    ------
    start, stop, family
        In increasing order: a single alpha where ``start == stop``, otherwise an open range. On each open range between
        two ends of families they are compared at many alphas; where the lowest changes, the crossing is found.
    """
    noise = rounding(game)
    last: Family | None = None
    for piece in pieces(game, found):
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
    return _named(end), _named(end), lowest([*neighbours, *holding(game, found, alpha)], alpha, noise, sign)


def _named(end: tuple[Number, bool]) -> Number:
    return end[0] if end[1] else float(end[0])


def _stretches(piece: OpenPiece, noise: Fraction, sign: int) -> list[Stretch]:
    """Lowest families on the open range between two ends, one after another."""
    left, right = float(piece.left[0]), float(piece.right[0])
    turning = [alpha for family in piece.active for alpha in family.turning if left < alpha < right]
    nodes = np.unique(np.concatenate([left + (right - left) * _NODES, turning]))
    nodes = nodes[(nodes > left) & (nodes < right)]
    if not nodes.size:
        middle = (Fraction(piece.left[0]) + Fraction(piece.right[0])) / 2
        return [(_named(piece.left), _named(piece.right), lowest(piece.active, middle, noise, sign))]
    worth = np.array([sign * one.floats(nodes) for one in piece.active])
    chosen = [piece.active[row] for row in worth.argmin(axis=0).tolist()]
    for place in np.flatnonzero((worth <= worth.min(axis=0) + 1e-9 * np.abs(worth).max()).sum(axis=0) > 1).tolist():
        chosen[place] = lowest([*chosen[place - 1 : place], *piece.active], float(nodes[place]), noise, sign)
    # Near an end the lowest is the one that is lowest at the first node, unless it is not lowest at the end.
    marks: list[tuple[Number, Family]] = [
        (piece.left[0], lowest([chosen[0], *piece.active], piece.left[0], noise, sign)),
        *zip(nodes.tolist(), chosen, strict=True),
        (piece.right[0], lowest([chosen[-1], *piece.active], piece.right[0], noise, sign)),
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
    alpha = brentq(gap, float(start), float(stop), **PRECISE)
    third = lowest([first, second, *active], alpha, noise, sign)
    if sign * (first.utility_at(alpha) - third.utility_at(alpha)) > noise and start < alpha < stop:
        yield from _changes(active, start, first, alpha, third, noise, sign)
        yield from _changes(active, alpha, third, stop, second, noise, sign)
        return
    point = meeting(first, second, alpha, noise)
    yield (point.alpha if point.rational else float(point.alpha)), second
