"""Vertices of a player's best-reply polyhedron as affine functions of ``beta = 1/alpha``.

For the mixed strategies ``y`` of one player and the payoffs ``(Phi y)_k − beta c_k`` of the other, the
polyhedron is ``{(y, v): y in the simplex, (Phi y)_k − beta c_k ≤ v}``. Its left-hand side does not depend
on beta, so a basis (as many strategies in use as constraints binding) moves along a straight line and is
a vertex on one closed interval of beta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

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
        ``v − ((Phi y)_k − beta c_k)``: what the other player loses by its strategy ``k``.
    """

    low: Fraction
    high: Fraction | None
    strategy: tuple[Line, ...]
    slack: tuple[Line, ...]


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
        Each once, in a fixed order.

    Notes
    -----
    Bases rather than supports, so that degenerate games lose nothing. Avis, Rosenberg, Savani and von
    Stengel (2010) describe the polyhedra at one fixed game.

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
    m, n = Phi.shape
    rows = [[Fraction(entry) for entry in row] for row in Phi.tolist()]
    prices = [Fraction(entry) for entry in costs.tolist()]
    found: dict[Vertex, None] = {}
    for size in range(1, min(m, n) + 1):
        for used in combinations(range(n), size):
            for binding in combinations(range(m), size):
                vertex = _vertex(rows, prices, used, binding)
                if vertex is not None:
                    found[vertex] = None
    return list(found)


def _vertex(
    rows: list[list[Fraction]], prices: list[Fraction], used: Sequence[int], binding: Sequence[int]
) -> Vertex | None:
    solution = _solve(
        [[rows[k][j] for j in used] + [-ONE, ZERO, prices[k]] for k in binding]
        + [[ONE] * len(used) + [ZERO, ONE, ZERO]]
    )
    if solution is None:
        return None
    *weights, level = solution
    strategy = [(ZERO, ZERO)] * len(rows[0])
    for j, weight in zip(used, weights, strict=True):
        strategy[j] = weight
    slack = []
    for k, row in enumerate(rows):
        constant, slope = level
        for j, (a, b) in zip(used, weights, strict=True):
            constant -= row[j] * a
            slope -= row[j] * b
        slack.append((constant, slope + prices[k]))
    interval = _non_negative([*weights, *slack])
    return None if interval is None else Vertex(*interval, tuple(strategy), tuple(slack))


def _solve(augmented: list[list[Fraction]]) -> list[Line] | None:
    """Solve with two right-hand sides (constant and slope) by elimination; None when singular."""
    size = len(augmented)
    for column in range(size):
        pivot = next((row for row in range(column, size) if augmented[row][column] != 0), None)
        if pivot is None:
            return None
        augmented[column], augmented[pivot] = augmented[pivot], augmented[column]
        lead = augmented[column][column]
        augmented[column] = [entry / lead if entry else entry for entry in augmented[column]]
        for row in range(size):
            factor = augmented[row][column]
            if row != column and factor != 0:
                augmented[row] = [
                    entry - factor * top if top else entry
                    for entry, top in zip(augmented[row], augmented[column], strict=True)
                ]
    return [(row[size], row[size + 1]) for row in augmented]


def _non_negative(lines: Sequence[Line]) -> tuple[Fraction, Fraction | None] | None:
    """Interval of ``beta ≥ 1`` on which every line is at least 0; None when it is empty."""
    low: Fraction = ONE
    high: Fraction | None = None
    for constant, slope in lines:
        if slope == 0:
            if constant < 0:
                return None
        elif slope > 0:
            low = max(low, -constant / slope)
        else:
            zero = -constant / slope
            high = zero if high is None else min(high, zero)
        if high is not None and low > high:
            return None
    return low, high
