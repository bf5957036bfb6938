"""Every extreme equilibrium of a two-player game at every alpha, as families on intervals of ``beta = 1/alpha``.

For the mixed strategies ``y`` of one player and the payoffs ``(Phi y)_k − beta c_k`` of the other, the best-reply
polyhedron is ``{(y, v): y in the simplex, (Phi y)_k − beta c_k ≤ v}``. Its left-hand side does not depend on beta, so a
vertex moves along a straight line on a closed interval of beta: it is an edge of the same polyhedron with beta as one
more coordinate. Pairs of vertices that answer each other are equilibria (Mangasarian 1964) on the interval on which
both exist. `two_player.optimum` makes pieces of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import repeat
from math import comb
from typing import NamedTuple

import numpy as np

from fairgames.equilibrium import vertices as pivoting
from fairgames.equilibrium.rational import to_integers
from fairgames.exactness import Array

Line = tuple[Fraction, Fraction]
"""``line[0] + line[1] · beta``."""

ONE, ZERO = Fraction(1), Fraction(0)


@dataclass(frozen=True)
class Vertex:
    """A vertex on a closed interval of beta.

    Attributes
    ----------
    low : Fraction
        Lower end of the interval, at least 1.
    high : Fraction or None
        Upper end; None for infinity.
    strategy : tuple of Line
        Probability of each strategy.
    slack : tuple of Line
        ``v − ((Phi y)_k − beta c_k)``, what the other player loses by its strategy ``k``, times a positive
        number common to all vertices.
    labels : int
        Bit ``j``: strategy ``j`` is not in use at one of the ends at least; bit ``n + k``: the other player's
        strategy ``k`` loses nothing there.
    """

    low: Fraction
    high: Fraction | None
    strategy: tuple[Line, ...]
    slack: tuple[Line, ...]
    labels: int

    @cached_property
    def support(self) -> frozenset[int]:
        """Strategies in use somewhere on the interval (throughout its interior)."""
        return frozenset(j for j, (constant, slope) in enumerate(self.strategy) if constant or slope)

    @cached_property
    def loose(self) -> frozenset[int]:
        """Strategies of the other player that lose something somewhere on the interval (throughout its interior)."""
        return frozenset(k for k, (constant, slope) in enumerate(self.slack) if constant or slope)


def at(line: Line, beta: Fraction) -> Fraction:
    """Value of a line."""
    return line[0] + line[1] * beta


def vertices(Phi: Array, costs: Array) -> list[Vertex]:
    """Every vertex for ``beta ≥ 1``.

    Parameters
    ----------
    Phi : ndarray of Fraction, shape (m, n)
        Payment of the *other* player (rows: its strategies) at alpha = 1.
    costs : ndarray of Fraction, shape (m,)
        Cost of each of its strategies.

    Returns
    -------
    list of Vertex
        Each once, those with few strategies in use first.

    Notes
    -----
    With ``z = y/v``, ``t = (beta − 1)/v`` and constants that make everything positive, the polyhedron
    is ``{(z, t) ≥ 0: M (z, t) ≤ 1}``, whose edges are walked; where ``z = 0``, beta is infinite. An edge
    along which beta is constant holds only ends of others.

    References
    ----------
    Avis, Rosenberg, Savani, von Stengel (2010), "Enumeration of Nash equilibria for two-player games",
    Economic Theory 42, on the polyhedra at one fixed game.

    Examples
    --------
    >>> from fairgames.exactness import as_array
    >>> for vertex in vertices(as_array([[0, 0], ["2/3", "1/2"]], "Phi"), as_array([0, "3/10"], "costs")):
    ...     print(vertex.low, vertex.high, [str(line[0]) for line in vertex.strategy])
    20/9 None ['1', '0']
    1 20/9 ['1', '0']
    5/3 None ['0', '1']
    1 5/3 ['0', '1']
    5/3 20/9 ['-3', '4']
    """
    # Elimination in integers needs no gcd.
    whole = to_integers(np.concatenate([Phi.reshape(-1), costs])).integers
    rows, prices = whole[: Phi.size].reshape(Phi.shape).tolist(), whole[Phi.size :].tolist()
    lift = 1 - min(entry - price for row, price in zip(rows, prices, strict=True) for entry in row)
    dearest = 1 + max(prices)
    M = [[*(entry - price + lift for entry in row), dearest - price] for row, price in zip(rows, prices, strict=True)]
    return sorted(_moving(pivoting.edges(M)), key=lambda vertex: (len(vertex.support), *sorted(vertex.support)))


def _moving(edges: Sequence[tuple[pivoting.Vertex, pivoting.Vertex]]) -> Iterator[Vertex]:
    """Edges along which beta moves, as vertices on its interval."""
    ends = {end.tight: end for edge in edges for end in edge}
    places = {tight: _placed(end) for tight, end in ends.items() if any(end.weights[:-1])}
    for edge in edges:
        finite = sorted((places[end.tight] for end in edge if end.tight in places), key=lambda place: place.beta)
        if len(finite) == 2 and finite[0].beta < finite[1].beta:
            low, high = finite
            strategy = tuple(map(_through, repeat(low.beta), low.strategy, repeat(high.beta), high.strategy))
            slack = tuple(map(_through, repeat(low.beta), low.slack, repeat(high.beta), high.slack))
            yield Vertex(low.beta, high.beta, strategy, slack, low.labels | high.labels)
        elif len(finite) == 1:
            low, far = finite[0], next(end for end in edge if end.tight not in places)
            if far.weights[-1]:
                strategy = tuple((value, ZERO) for value in low.strategy)
                slopes = [Fraction(slack, far.weights[-1]) for slack in far.slacks]
                slack = tuple((value - slope * low.beta, slope) for value, slope in zip(low.slack, slopes, strict=True))
                yield Vertex(low.beta, None, strategy, slack, low.labels)


class _Place(NamedTuple):
    """An end of an edge, in the coordinates of the game."""

    beta: Fraction
    strategy: list[Fraction]
    slack: list[Fraction]
    labels: int


def _placed(end: pivoting.Vertex) -> _Place:
    *weights, later = end.weights
    total, n = sum(weights), len(weights)
    strategy = [Fraction(weight, total) if weight else ZERO for weight in weights]
    slack = [Fraction(slack, total) if slack else ZERO for slack in end.slacks]
    labels = end.tight & ((1 << n) - 1) | end.tight >> (n + 1) << n
    return _Place(1 + Fraction(later, total), strategy, slack, labels)


def _through(low: Fraction, at_low: Fraction, high: Fraction, at_high: Fraction) -> Line:
    """Line through two points."""
    if not at_low and not at_high:
        return ZERO, ZERO
    slope = (at_high - at_low) / (high - low)
    return at_low - slope * low, slope


@dataclass(frozen=True)
class Family:
    """An extreme equilibrium on a closed interval of ``beta = 1/alpha``.

    Attributes
    ----------
    low : Fraction
        Lower end of beta, at least 1.
    high : Fraction or None
        Upper end; None for infinity.
    rows, columns : tuple of Line
        Mixed strategies of players 1 and 2.
    terms : tuple of three Fractions
        ``U = terms[0] + terms[1] beta + terms[2] beta²``.
    least, most : Fraction
        Smallest and largest utility among the profiles that are played.
    """

    low: Fraction
    high: Fraction | None
    rows: tuple[Line, ...]
    columns: tuple[Line, ...]
    terms: tuple[Fraction, Fraction, Fraction]
    least: Fraction
    most: Fraction

    def covers(self, low: Fraction, high: Fraction | None) -> bool:
        """Whether the family exists on the whole of another interval of beta."""
        if self.high is None:
            return self.low <= low
        return self.low <= low and high is not None and high <= self.high

    @property
    def sides(self) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """Both strategies."""
        return self.rows, self.columns

    @property
    def is_pure(self) -> bool:
        """Whether both strategies are pure throughout."""
        return all(line in ((ONE, ZERO), (ZERO, ZERO)) for line in self.rows + self.columns)


def families(U: Array, payments: Sequence[Array], costs: Sequence[Array]) -> list[Family]:
    """Extreme equilibria for every alpha in (0, 1].

    Parameters
    ----------
    U : ndarray of Fraction, shape (m, n)
        Utility; player 1 on the rows.
    payments : pair of ndarray of Fraction, shape (m, n)
        Payment of each player at alpha = 1 (a potential will do: only differences along a player's own
        axis count).
    costs : pair of ndarray of Fraction
        Cost of each action of each player.

    Returns
    -------
    list of Family
        In a fixed order. The equilibria at one alpha are the products of convex hulls of compatible
        extreme ones; the utility, bilinear, has its extremes among them.
    """
    values = [[Fraction(entry) for entry in row] for row in U.tolist()]
    columns = vertices(payments[0], costs[0])
    rows = vertices(payments[1].T, costs[1])
    found: dict[Family, None] = {}
    for x, y in _fully_labelled(rows, columns):
        for low, high in _equilibrium_ranges(x, y):
            for family in _with_ends(low, high, x.strategy, y.strategy, values):
                found[family] = None
    return _without_contained(list(found))


def _fully_labelled(rows: Sequence[Vertex], columns: Sequence[Vertex]) -> Iterator[tuple[Vertex, Vertex]]:
    """Pairs in which every strategy is, at some end, unused or as good as the best: no others are equilibria."""
    n_rows, n_columns = len(rows[0].strategy), len(columns[0].strategy)
    of_columns = np.array(
        [(y.labels >> n_columns) | ((y.labels & ((1 << n_columns) - 1)) << n_rows) for y in columns], dtype=object
    )
    everything = (1 << (n_rows + n_columns)) - 1
    for x in rows:
        for place in np.flatnonzero((of_columns | x.labels) == everything).tolist():
            yield x, columns[place]


def _equilibrium_ranges(x: Vertex, y: Vertex) -> Iterator[tuple[Fraction, Fraction | None]]:
    """Ranges of beta on which two vertices answer each other.

    A probability and a slack are both affine and never negative on the common interval, so their product
    is 0 on all of it or at its ends only. From every vertex one goes on to larger beta, so what holds at the
    upper end alone is found as the lower end of other pairs.
    """
    low = max(x.low, y.low)
    ends = [end for end in (x.high, y.high) if end is not None]
    high = min(ends) if ends else None
    if high is not None and low > high:
        return
    rows, columns = x.support & y.loose, y.support & x.loose
    if not rows and not columns:
        yield low, high
        return
    products = [(x.strategy[k], y.slack[k]) for k in rows] + [(y.strategy[j], x.slack[j]) for j in columns]
    if all(at(weight, low) == 0 or at(loss, low) == 0 for weight, loss in products):
        yield low, low


def _with_ends(
    low: Fraction, high: Fraction | None, x: tuple[Line, ...], y: tuple[Line, ...], values: list[list[Fraction]]
) -> Iterator[Family]:
    """The family, and its ends by themselves where fewer profiles are played there than inside."""
    if low == high:
        yield _family(low, high, _frozen(x, low), _frozen(y, low), values)
        return
    yield _family(low, high, x, y, values)
    for end in (low, high):
        if end is not None and any(line != (ZERO, ZERO) and at(line, end) == 0 for line in x + y):
            yield _family(end, end, _frozen(x, end), _frozen(y, end), values)


def _frozen(strategy: tuple[Line, ...], beta: Fraction) -> tuple[Line, ...]:
    return tuple((at(line, beta), ZERO) for line in strategy)


def _family(
    low: Fraction, high: Fraction | None, x: tuple[Line, ...], y: tuple[Line, ...], values: list[list[Fraction]]
) -> Family:
    played = [
        (a, b, values[i][j]) for i, a in enumerate(x) if a != (ZERO, ZERO) for j, b in enumerate(y) if b != (ZERO, ZERO)
    ]
    terms = (
        sum((a[0] * b[0] * worth for a, b, worth in played), ZERO),
        sum(((a[0] * b[1] + a[1] * b[0]) * worth for a, b, worth in played), ZERO),
        sum((a[1] * b[1] * worth for a, b, worth in played), ZERO),
    )
    worths = [worth for _, _, worth in played]
    return Family(low, high, x, y, terms, min(worths), max(worths))


def _without_contained(everything: list[Family]) -> list[Family]:
    """Drop single-alpha pure families that only repeat a point of a family of the same profile."""
    spans = {(f.rows, f.columns) for f in everything if f.low != f.high}
    kept = []
    for family in everything:
        if family.low == family.high and (family.rows, family.columns) in spans:
            same = (f for f in everything if f.low != f.high and (f.rows, f.columns) == (family.rows, family.columns))
            if any(f.covers(family.low, family.high) for f in same):
                continue
        kept.append(family)
    return kept


def strategy_terms(family: Family) -> tuple[Array, Array]:
    """Both strategies as arrays of shape (2, actions): row 0 + row 1 · beta."""
    rows, columns = (np.array(side, dtype=object).T for side in family.sides)
    return rows, columns


def numbers_at_most(rows: int, columns: int) -> int:
    """Numbers that hold every vertex of both players' polytopes, at the most.

    References
    ----------
    McMullen (1970), "The maximum numbers of faces of a convex polytope", Mathematika 17.

    Examples
    --------
    >>> numbers_at_most(2, 2), numbers_at_most(12, 12)
    (48, 1782144)
    """
    return (rows + columns) * (_vertices_at_most(rows + 1, columns) + _vertices_at_most(columns + 1, rows))


def _vertices_at_most(dimension: int, surplus: int) -> int:
    """Most vertices of a polytope with so many more facets than dimensions."""
    return sum(comb(surplus + half, surplus) for half in (dimension // 2, (dimension - 1) // 2))
