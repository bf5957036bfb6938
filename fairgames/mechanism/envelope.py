"""Upper and lower envelopes of families of equilibria, as functions of alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, zip_longest

from fairgames.exactness import Number
from fairgames.mechanism.landscape import Piece
from fairgames.mechanism.ranges import join
from fairgames.mechanism.roots import polynomial_roots


def envelope(pieces: Sequence[Piece], *, upper: bool, narrowest: Number) -> list[Piece]:
    """Piece of the highest (or lowest) utility at every alpha that any piece holds.

    Parameters
    ----------
    pieces : sequence of Piece
        In rationals; they may overlap.
    upper : bool
        Highest or lowest.
    narrowest : Fraction
        On open ranges up to this width everything that reaches either end counts.

    Returns
    -------
    list of Piece
        Disjoint, in increasing order of alpha. Between two ends utilities cross at roots of a quadratic
        in ``1/alpha``; where such a root is irrational, the end is the nearest float.
    """
    sign = 1 if upper else -1
    ends = sorted({end for piece in pieces for end in (piece.alpha_from, piece.alpha_to)})
    found: list[Piece] = []
    for start, stop in zip_longest(ends, ends[1:]):
        here = [piece for piece in pieces if piece.contains(start)]
        if here:
            found.append(_highest(here, start, start, sign))
        if stop is None:
            break
        across = [piece for piece in pieces if piece.alpha_from <= start and stop <= piece.alpha_to]
        if stop - start <= narrowest:
            across = [piece for piece in pieces if piece.contains(start) or piece.contains(stop)]
        if across:
            found.extend(_between(across, start, stop, sign))
    return join(found)


def _between(alive: Sequence[Piece], start: Number, stop: Number, sign: int) -> list[Piece]:
    """Envelope on the open range between two ends, cut where utilities cross."""
    low, high = 1 / Fraction(stop), None if start == 0 else 1 / Fraction(start)
    terms = list(dict.fromkeys(piece.terms for piece in alive))
    crossings: set[Number] = set()
    for left, right in combinations(terms, 2):
        difference = [Fraction(a - b) for a, b in zip(left, right, strict=True)]
        crossings.update(1 / root for root in polynomial_roots(difference, low, high))
    marks = [start, *sorted(crossings), stop]
    found: list[Piece] = []
    for left_end, right_end in pairwise(marks):
        piece = _highest(alive, left_end, right_end, sign)
        found.append(replace(piece, closed_from=left_end != start))
    return found


def _highest(alive: Sequence[Piece], start: Number, stop: Number, sign: int) -> Piece:
    middle = (Fraction(start) + Fraction(stop)) / 2
    chosen = max(alive, key=lambda piece: sign * piece.utility(middle))
    closed = start == stop
    return replace(chosen, alpha_from=start, alpha_to=stop, closed_from=closed, closed_to=closed)
