"""Two players with any numbers of actions: every extreme equilibrium, from the vertices of two polytopes.

`solve` uses it for all two-player games but 2x2, and `mechanism.two_player.families` its edges.

The polytope is ``{x >= 0 : M x <= 1}`` with positive integer ``M``. All of its vertices are reached
by walking its edges from ``x = 0``. Fraction-free pivots keep every number an integer (Edmonds
1967), and a lexicographic rule breaks ties as if the right-hand sides were perturbed, so that
degenerate polytopes are walked completely and never in circles.

References
----------
Avis, Rosenberg, Savani, von Stengel (2010), "Enumeration of Nash equilibria for two-player games",
Economic Theory 42. Edmonds (1967), "Systems of distinct representatives and linear algebra".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fairgames.equilibrium.rational import from_weights, to_integers
from fairgames.equilibrium.solver import Found, Notes, Strategies
from fairgames.exactness import Array


class Vertex(NamedTuple):
    """A vertex: its coordinates up to a positive factor, and the inequalities that it meets."""

    weights: tuple[int, ...]
    tight: int
    """Bit ``k`` for ``x_k = 0``; bit ``m + j`` for ``(M x)_j = 1``."""
    slacks: tuple[int, ...]
    """``1 − M x`` times the same factor."""


class _Dictionary(NamedTuple):
    """``scale * basic_i = rows[i][-1] - sum_j rows[i][j] * cobasic_j``, all integers, ``scale > 0``."""

    scale: int
    rows: list[list[int]]
    basic: tuple[int, ...]
    cobasic: tuple[int, ...]


def vertices(M: Sequence[Sequence[int]]) -> Iterator[Vertex]:
    """Walk to every vertex of ``{x >= 0 : M x <= 1}``.

    Parameters
    ----------
    M : sequence of sequence of int
        Shape ``(n, m)``, positive entries.

    Yields
    ------
    Vertex
        Each vertex once, ``x = 0`` included. It is degenerate when it meets more than ``m``
        inequalities.

    Examples
    --------
    >>> [vertex.weights for vertex in vertices([[1, 2]])]
    [(0, 0), (0, 1), (1, 0)]
    """
    seen: set[int] = set()
    for here, _ in _walk(_at_origin(M), 0):
        vertex = _vertex(here, len(M[0]))
        if vertex.tight not in seen:
            seen.add(vertex.tight)
            yield vertex


def edges(M: Sequence[Sequence[int]]) -> list[tuple[Vertex, Vertex]]:
    """Walk to every edge of ``{x >= 0 : M x <= 1}`` along which the last coordinate is not always 0.

    Along one of the edges at any vertex whose last coordinate is positive, the ratio of this coordinate
    to the sum of the others grows. So all of these vertices are reached from the one on the last axis,
    and the walk may turn back where the last coordinate is 0. An edge of a degenerate polytope is the
    limit of an edge of the perturbed one, so none is missed; limits along which the last coordinate has
    become 0 are left out.

    Parameters
    ----------
    M : sequence of sequence of int
        Shape ``(n, m)``, positive entries.

    Returns
    -------
    list of (Vertex, Vertex)
        Both ends of each edge, each edge once.

    Examples
    --------
    >>> [[end.weights for end in edge] for edge in edges([[1, 2]])]
    [[(0, 1), (1, 0)], [(0, 1), (0, 0)]]
    """
    last = len(M[0]) - 1
    origin = _at_origin(M)
    ends: dict[int, Vertex] = {}
    pairs: list[tuple[int, int]] = []
    for here, neighbours in _walk(_pivot(origin, _leaving_row(origin, last, last + 1), last), 1 << last):
        base = _mask(here.cobasic)
        ends[base] = _vertex(here, last + 1)
        pairs += [(base, neighbour) for neighbour in neighbours]
    found: dict[frozenset[int], tuple[Vertex, Vertex]] = {}
    for left, right in pairs:
        one, other = ends[left], ends[right]
        if one.tight != other.tight and (one.weights[last] or other.weights[last]):
            found.setdefault(frozenset((one.tight, other.tight)), (one, other))
    return list(found.values())


def _at_origin(M: Sequence[Sequence[int]]) -> _Dictionary:
    n_rows, n_columns = len(M), len(M[0])
    return _Dictionary(
        1, [[*row, 1] for row in M], tuple(range(n_columns, n_columns + n_rows)), tuple(range(n_columns))
    )


def _walk(start: _Dictionary, far: int) -> Iterator[tuple[_Dictionary, list[int]]]:
    """Every dictionary of the perturbed polytope, each with the bases of its neighbours.

    Beyond a base with a variable of the mask ``far`` at 0 it goes no further, and names no neighbours.
    """
    n_columns = len(start.cobasic)
    seen = {_mask(start.cobasic)}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        base = _mask(here.cobasic)
        neighbours: list[int] = []
        for column in range(0 if base & far else n_columns):
            row = _leaving_row(here, column, n_columns)
            neighbours.append(base ^ (1 << here.cobasic[column]) ^ (1 << here.basic[row]))
            if neighbours[-1] not in seen:
                seen.add(neighbours[-1])
                waiting.append(_pivot(here, row, column))
        yield here, neighbours


def _mask(variables: Sequence[int]) -> int:
    mask = 0
    for variable in variables:
        mask |= 1 << variable
    return mask


def _vertex(here: _Dictionary, n_columns: int) -> Vertex:
    values = [0] * (n_columns + len(here.rows))
    tight = _mask(here.cobasic)
    for variable, row in zip(here.basic, here.rows, strict=True):
        values[variable] = row[-1]
        if row[-1] == 0:
            tight |= 1 << variable
    return Vertex(tuple(values[:n_columns]), tight, tuple(values[n_columns:]))


def _leaving_row(here: _Dictionary, column: int, n_columns: int) -> int:
    """Row whose variable first reaches zero as the column's grows; the polytope is bounded, so one does."""
    best = -1
    tied: list[int] = []
    for index, row in enumerate(here.rows):
        coefficient = row[column]
        if coefficient > 0:
            if best >= 0:
                difference = row[-1] * here.rows[best][column] - here.rows[best][-1] * coefficient
                if difference > 0:
                    continue
                if difference == 0:
                    tied.append(index)
                    continue
            best, tied = index, []
    return _lexicographic_row(here, column, [best, *tied], n_columns) if tied else best


def _lexicographic_row(here: _Dictionary, column: int, tied: list[int], n_columns: int) -> int:
    """Break a tie as if constraint ``k`` had the right-hand side ``1 + e**(k + 1)`` for a tiny ``e``."""
    place = {variable: position for position, variable in enumerate(here.cobasic)}
    for slack in range(n_columns, n_columns + len(here.rows)):
        if len(tied) == 1:
            break
        effects = [
            here.rows[index][place[slack]] if slack in place else here.scale * (here.basic[index] == slack)
            for index in tied
        ]
        least = 0
        for rival in range(1, len(tied)):
            crossed = effects[rival] * here.rows[tied[least]][column] - effects[least] * here.rows[tied[rival]][column]
            if crossed < 0:
                least = rival
        tied = [
            index
            for index, effect in zip(tied, effects, strict=True)
            if effect * here.rows[tied[least]][column] == effects[least] * here.rows[index][column]
        ]
    return tied[0]


def _pivot(here: _Dictionary, row: int, column: int) -> _Dictionary:
    scale = here.scale
    pivot_row = here.rows[row]
    pivot = pivot_row[column]
    rows = []
    for index, old in enumerate(here.rows):
        if index == row:
            new = pivot_row.copy()
            new[column] = scale
        else:
            factor = old[column]
            if factor:
                new = [(a * pivot - factor * b) // scale for a, b in zip(old, pivot_row, strict=True)]
                new[column] = -factor
            elif pivot == scale:
                new = old
            else:
                new = [a * pivot // scale for a in old]
        rows.append(new)
    basic = (*here.basic[:row], here.cobasic[column], *here.basic[row + 1 :])
    cobasic = (*here.cobasic[:column], here.basic[row], *here.cobasic[column + 1 :])
    return _Dictionary(pivot, rows, basic, cobasic)


_WORD = 63


def solve_vertices(payoffs: Strategies, found: Found) -> Notes:
    """Find every extreme equilibrium of a two-player game.

    1. Make all payoffs positive integers, which changes no equilibrium.
    2. Walk to all vertices ``x`` of ``{x >= 0 : B' x <= 1}`` and ``y`` of ``{y >= 0 : A y <= 1}``.
       Each carries labels: its own unplayed actions, and the opponent's best responses to it.
    3. A pair that together carries every label is an equilibrium, and all extreme equilibria are
       such pairs: whatever is played is a best response.

    Parameters
    ----------
    payoffs : sequence of ndarray
        Two matrices of one shape; floats are taken as the binary fractions that they are.
    found : callable
        Called with each equilibrium, in Fractions.

    Returns
    -------
    NamedTuple
        `Notes`, which say whether the game is degenerate: some mixed strategy has more pure best responses
        than the actions that it plays, which then holds at a vertex.

    References
    ----------
    Mangasarian (1964), "Equilibrium points of bimatrix games". von Stengel (2002), "Computing
    equilibria for two-person games", Handbook of Game Theory 3.

    Examples
    --------
    >>> from fairgames.exactness import as_array
    >>> A, B = as_array([[3, 3], [2, 5], [0, 6]], "A"), as_array([[3, 3], [2, 6], [3, 1]], "B")
    >>> solve_vertices((A, B), lambda pair: print(*(list(map(str, strategy)) for strategy in pair)))
    ['0', '1/3', '2/3'] ['1/3', '2/3']
    ['1', '0', '0'] ['2/3', '1/3']
    ['1', '0', '0'] ['1', '0']
    Notes(degenerate=True, warnings=(), pieces=(), open_supports=())
    """
    n_rows, n_columns = payoffs[0].shape
    row_player = [x for x in vertices(_positive_integers(payoffs[1].T)) if any(x.weights)]
    everything = (1 << (n_rows + n_columns)) - 1
    kind = np.int64 if n_rows + n_columns <= _WORD else object
    labels = np.array([x.tight for x in row_player], dtype=kind)
    rows = [from_weights(x.weights) for x in row_player]
    degenerate = any(x.tight.bit_count() > n_rows for x in row_player)
    for y in vertices(_positive_integers(payoffs[0])):
        degenerate |= y.tight.bit_count() > n_columns
        partners = np.flatnonzero((labels | _in_row_order(y.tight, n_rows, n_columns)) == everything).tolist()
        if partners:
            column = from_weights(y.weights)
            for place in partners:
                found((rows[place], column))
    return Notes(degenerate)


def _positive_integers(payoff: Array) -> list[list[int]]:
    integers = to_integers(payoff).integers
    return (integers - (integers.min() - 1)).tolist()  # type: ignore[no-any-return]


def _in_row_order(tight: int, n_rows: int, n_columns: int) -> int:
    """Move the column player's labels (own actions first) to the row player's order (rows first)."""
    return (tight >> n_columns) | ((tight & ((1 << n_columns) - 1)) << n_rows)
