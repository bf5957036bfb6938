"""Every extreme equilibrium of a two-player game at every alpha, as families on intervals of ``beta = 1/alpha``.

Pairs of vertices of the two best-reply polyhedra (`two_player.bases`) that answer each other (Mangasarian 1964), each
on the interval on which both exist. `two_player.optimum` makes pieces of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from fairgames.exactness import Array
from fairgames.mechanism.two_player.bases import ONE, ZERO, Line, Vertex, at, vertices


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
    low: Fraction,
    high: Fraction | None,
    x: tuple[Line, ...],
    y: tuple[Line, ...],
    values: list[list[Fraction]],
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
