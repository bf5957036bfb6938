"""Rank and determinant of integer matrices, by fraction-free elimination (Bareiss 1968)."""

from __future__ import annotations

from collections.abc import Sequence


def rank_and_determinant(matrix: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Rank of an integer matrix, and its determinant when it is square (0 otherwise).

    Examples
    --------
    >>> rank_and_determinant([[0, 2], [3, 1]]), rank_and_determinant([[1, 2, 3], [2, 4, 6]])
    ((2, -6), (1, 0))
    """
    rows = [list(row) for row in matrix]
    n_rows, n_columns = len(rows), len(rows[0]) if rows else 0
    rank, sign, previous = 0, 1, 1
    for column in range(n_columns):
        pivot_row = next((row for row in range(rank, n_rows) if rows[row][column]), None)
        if pivot_row is None:
            continue
        if pivot_row != rank:
            rows[rank], rows[pivot_row] = rows[pivot_row], rows[rank]
            sign = -sign
        top, pivot = rows[rank], rows[rank][column]
        for row in range(rank + 1, n_rows):
            factor = rows[row][column]
            rows[row] = [(a * pivot - factor * b) // previous for a, b in zip(rows[row], top, strict=True)]
        previous = pivot
        rank += 1
        if rank == n_rows:
            break
    return rank, sign * previous if rank == n_rows == n_columns else 0
