"""Vertices of a player's best-reply polyhedron as affine functions of ``beta = 1/alpha``.

For the mixed strategies ``y`` of one player and the payoffs ``(Phi y)_k − beta c_k`` of the other, the
polyhedron is ``{(y, v): y in the simplex, (Phi y)_k − beta c_k ≤ v}``. Its left-hand side does not depend
on beta, so a basis (as many strategies in use as constraints binding) moves along a straight line and is
a vertex on one closed interval of beta.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, product
from math import comb, lcm

from fairgames.exactness import Array
from fairgames.mechanism.two_player_screen import promising_bases

Line = tuple[Fraction, Fraction]
"""``line[0] + line[1] · beta``."""

ONE, ZERO = Fraction(1), Fraction(0)
_FEW = 16


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
    """

    low: Fraction
    high: Fraction | None
    strategy: tuple[Line, ...]
    slack: tuple[Line, ...]

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
    rows, prices = _in_whole_numbers(Phi, costs)
    found: dict[Vertex, None] = {}
    for size in range(1, min(m, n) + 1):
        for used, binding in _bases(Phi, costs, size):
            vertex = _vertex(rows, prices, used, binding)
            if vertex is not None:
                found[vertex] = None
    return list(found)


def _bases(Phi: Array, costs: Array, size: int) -> Iterable[tuple[tuple[int, ...], tuple[int, ...]]]:
    m, n = Phi.shape
    if comb(n, size) * comb(m, size) <= _FEW:
        return product(combinations(range(n), size), combinations(range(m), size))
    return promising_bases(Phi, costs, size)


def _in_whole_numbers(Phi: Array, costs: Array) -> tuple[list[list[int]], list[int]]:
    """Payments and costs times their common denominator: elimination in integers needs no gcd."""
    scale = lcm(*(Fraction(entry).denominator for entry in [*Phi.reshape(-1).tolist(), *costs.tolist()]))
    rows = [[int(Fraction(entry) * scale) for entry in row] for row in Phi.tolist()]
    return rows, [int(Fraction(entry) * scale) for entry in costs.tolist()]


def _vertex(rows: list[list[int]], prices: list[int], used: Sequence[int], binding: Sequence[int]) -> Vertex | None:
    solution = _solve(
        [[rows[k][j] for j in used] + [-1, 0, prices[k]] for k in binding] + [[1] * len(used) + [0, 1, 0]]
    )
    if solution is None:
        return None
    (*weights, level), divisor = solution
    slack = []
    for row, price in zip(rows, prices, strict=True):
        constant, slope = level[0], level[1] + price * divisor
        for j, (a, b) in zip(used, weights, strict=True):
            constant -= row[j] * a
            slope -= row[j] * b
        slack.append((constant, slope))
    interval = _non_negative([*weights, *slack])
    if interval is None:
        return None
    strategy = [(ZERO, ZERO)] * len(rows[0])
    for j, (a, b) in zip(used, weights, strict=True):
        strategy[j] = (Fraction(a, divisor), Fraction(b, divisor))
    losses = tuple((Fraction(a, divisor), Fraction(b, divisor)) for a, b in slack)
    return Vertex(*interval, tuple(strategy), losses)


def _solve(augmented: list[list[int]]) -> tuple[list[tuple[int, int]], int] | None:
    """Solve with two right-hand sides by fraction-free elimination (Bareiss 1968).

    Returns
    -------
    numerators : list of pair of int
        Constant and slope of each unknown.
    divisor : int
        Their common positive denominator. None instead of both when the system is singular.
    """
    size = len(augmented)
    previous = 1
    for column in range(size):
        pivot = next((row for row in range(column, size) if augmented[row][column]), None)
        if pivot is None:
            return None
        augmented[column], augmented[pivot] = augmented[pivot], augmented[column]
        top = augmented[column]
        lead = top[column]
        for row in range(size):
            if row != column:
                entries = augmented[row]
                factor = entries[column]
                # Columns on the left are finished: only their diagonal is not 0, and nobody reads it again.
                for place in range(column + 1, size + 2):
                    entries[place] = (lead * entries[place] - factor * top[place]) // previous
        previous = lead
    sign = 1 if previous > 0 else -1
    return [(sign * row[size], sign * row[size + 1]) for row in augmented], abs(previous)


def _non_negative(lines: Sequence[tuple[int, int]]) -> tuple[Fraction, Fraction | None] | None:
    """Interval of ``beta ≥ 1`` on which every line is at least 0; None when it is empty."""
    low: Fraction = ONE
    high: Fraction | None = None
    for constant, slope in lines:
        if slope == 0:
            if constant < 0:
                return None
        elif slope > 0:
            low = max(low, Fraction(-constant, slope))
        else:
            zero = Fraction(constant, -slope)
            high = zero if high is None else min(high, zero)
        if high is not None and low > high:
            return None
    return low, high
