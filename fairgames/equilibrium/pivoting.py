"""Every vertex of a best-response polytope, by integer pivoting.

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


class Vertex(NamedTuple):
    """A vertex: its coordinates up to a positive factor, and the inequalities that it meets."""

    weights: tuple[int, ...]
    tight: int
    """Bit ``k`` for ``x_k = 0``; bit ``m + j`` for ``(M x)_j = 1``."""


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
    n_rows, n_columns = len(M), len(M[0])
    start = _Dictionary(
        1, [[*row, 1] for row in M], tuple(range(n_columns, n_columns + n_rows)), tuple(range(n_columns))
    )
    seen_bases = {_mask(start.cobasic)}
    seen_vertices: set[int] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        vertex = _vertex(here, n_columns)
        if vertex.tight not in seen_vertices:
            seen_vertices.add(vertex.tight)
            yield vertex
        base = _mask(here.cobasic)
        for column in range(n_columns):
            row = _leaving_row(here, column, n_columns)
            neighbour = base ^ (1 << here.cobasic[column]) ^ (1 << here.basic[row])
            if neighbour not in seen_bases:
                seen_bases.add(neighbour)
                waiting.append(_pivot(here, row, column))


def _mask(variables: Sequence[int]) -> int:
    mask = 0
    for variable in variables:
        mask |= 1 << variable
    return mask


def _vertex(here: _Dictionary, n_columns: int) -> Vertex:
    weights = [0] * n_columns
    tight = _mask(here.cobasic)
    for variable, row in zip(here.basic, here.rows, strict=True):
        if row[-1] == 0:
            tight |= 1 << variable
        elif variable < n_columns:
            weights[variable] = row[-1]
    return Vertex(tuple(weights), tight)


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
