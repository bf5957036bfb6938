"""Cut [0, 1] at the ends of intervals, and find which interval ranks highest on each part.

Slot ``2k`` is the single alpha ``ends[k]``; slot ``2k + 1`` is the open range up to ``ends[k + 1]``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, is_exact
from fairgames.tolerance import RELATIVE


def group_close(values: Array, tolerance: float) -> tuple[Array, NDArray[np.intp]]:
    """Distinct values in increasing order, and the group of each entry.

    Parameters
    ----------
    values : ndarray, shape (M,)
        Numbers.
    tolerance : float
        Sorted neighbours that are no further apart than this share a group.

    Returns
    -------
    representatives : ndarray
        The smallest value of each group.
    groups : ndarray of int, shape (M,)
        Group of each entry.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.concatenate([[True], (ordered[1:] - ordered[:-1] > tolerance).astype(bool)])
    groups = np.empty(values.size, dtype=np.intp)
    groups[order] = np.cumsum(starts) - 1
    return ordered[starts], groups


def cut(lo: Array, hi: Array) -> tuple[Array, NDArray[np.intp], NDArray[np.intp]]:
    """Slots covered by each closed interval.

    Parameters
    ----------
    lo, hi : ndarray, shape (M,)
        Ends of the intervals.

    Returns
    -------
    ends : ndarray
        Where the slots meet.
    first, last : ndarray of int, shape (M,)
        First and last slot of each interval.

    Notes
    -----
    Ends that differ by rounding alone are one end; in rationals nothing is merged.
    """
    ends, groups = group_close(np.concatenate([lo, hi]), 0 if is_exact(lo) else RELATIVE)
    return ends, 2 * groups[: lo.size], 2 * groups[lo.size :]


def highest_cover(first: NDArray[np.intp], last: NDArray[np.intp], n_slots: int) -> NDArray[np.intp]:
    """Largest index among the intervals that cover each slot; −1 where none does.

    Parameters
    ----------
    first, last : ndarray of int, shape (M,)
        First and last slot of each interval; a later interval ranks higher.
    n_slots : int
        Number of slots.

    Returns
    -------
    ndarray of int, shape (n_slots,)
        Index of the highest-ranking interval.

    Notes
    -----
    Each interval is entered as two blocks whose length is a power of two, and blocks are handed down to
    their halves: ``O((M + n) log n)`` array operations without a loop over intervals.
    """
    levels = max(1, int(n_slots).bit_length())
    table = np.full((levels, n_slots), -1, dtype=np.intp)
    exponent = np.frexp(last - first + 1)[1] - 1
    ranks = np.arange(first.size)
    np.maximum.at(table, (exponent, first), ranks)
    np.maximum.at(table, (exponent, last + 1 - (1 << exponent)), ranks)
    for level in range(levels - 1, 0, -1):
        half = 1 << (level - 1)
        np.maximum(table[level - 1], table[level], out=table[level - 1])
        np.maximum(table[level - 1, half:], table[level, :-half], out=table[level - 1, half:])
    covered: NDArray[np.intp] = table[0]
    return covered
