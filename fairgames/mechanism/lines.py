"""The highest of many lines in alpha: where the users' potential has its maximisers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, Number
from fairgames.tolerance import comparison_tolerance


def highest_lines(P: Array, C: Array) -> tuple[NDArray[np.intp], Array, Array]:
    """Lines ``alpha · P − C`` that are highest, with the closed range of alpha in [0, 1] on which each is.

    Parameters
    ----------
    P, C : ndarray, shape (M,)
        Slopes and (negated) heights: the potential without costs, and the users' total costs, finite.

    Returns
    -------
    index : ndarray of int
        Entries of ``P``; a line that is highest beside a corner appears once more with that corner alone.
    lo, hi : ndarray
        The ranges.

    References
    ----------
    D. Monderer and L. S. Shapley (1996), Potential games, Games and Economic Behavior 14: maximisers of a
    potential are equilibria.

    Examples
    --------
    >>> index, lo, hi = highest_lines(np.array([0.0, 1.0]), np.array([0.0, 0.25]))
    >>> [(int(line), float(start), float(stop)) for line, start, stop in zip(index, lo, hi, strict=True)]
    [(0, 0.0, 0.0), (0, 0.25, 0.25), (1, 0.25, 0.25), (1, 1.0, 1.0), (0, 0.0, 0.25), (1, 0.25, 1.0)]
    """
    tolerance = comparison_tolerance(P, C)
    zero: Number = 0 * P.item(0)
    corners = upper_envelope(P, C, zero, zero + 1, tolerance)
    tied = [_tied(alpha * P - C, tolerance) for alpha in corners]
    found = [(top, alpha, alpha) for top, alpha in zip(tied, corners, strict=True)]
    between = zip(pairwise(tied), pairwise(corners), strict=True)
    found += [(np.intersect1d(left, right), low, high) for (left, right), (low, high) in between]
    sizes = [len(group) for group, _, _ in found]
    index = np.concatenate([group for group, _, _ in found])
    lo = np.repeat(np.array([start for _, start, _ in found], dtype=P.dtype), sizes)
    hi = np.repeat(np.array([stop for _, _, stop in found], dtype=P.dtype), sizes)
    return index, lo, hi


def upper_envelope(P: Array, C: Array, low: Number, high: Number, tolerance: float) -> list[Number]:
    """Alphas in ``[low, high]`` at which ``max(alpha · P − C)`` changes its slope, and the two ends.

    Two lines that are highest at the ends of a range cross inside it. If no line is higher at the
    crossing, it is a corner; otherwise the highest one splits the range. Lines below both at the
    crossing are below one of them throughout.

    Parameters
    ----------
    P, C : ndarray, shape (M,)
        Slopes and (negated) heights of the lines.
    low, high : Fraction or float
        The range.
    tolerance : float
        Lines no higher than this above a crossing count as going through it.

    Returns
    -------
    list of Fraction or float
        Increasing.

    Examples
    --------
    >>> upper_envelope(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.25, 1.0]), 0.0, 1.0, 0.0)
    [0.0, 0.25, 0.75, 1.0]
    """
    # Of the lines that are highest at an end, the one that stays highest just inside the range.
    first = _top(low * P - C, P, tolerance)
    last = _top(high * P - C, -P, tolerance)
    corners = [low, high]
    pending = [(first, last, np.arange(len(P)))]
    while pending:
        left, right, lines = pending.pop()
        if P[right] - P[left] <= tolerance:
            continue
        crossing = (C.item(right) - C.item(left)) / (P.item(right) - P.item(left))
        height = crossing * P[lines] - C[lines]
        floor = crossing * P[left] - C[left]
        above = lines[(height > floor + tolerance).astype(bool)]
        if not above.size:
            corners.append(min(max(crossing, low), high))
            continue
        heights = crossing * P[above] - C[above]
        middle = int(above[np.argmax(heights)])
        pending += [(left, middle, above), (middle, right, above)]
    return sorted(set(corners))


def _top(heights: Array, preference: Array, tolerance: float) -> int:
    tied = _tied(heights, tolerance)
    return int(tied[np.argmax(preference[tied])])


def _tied(heights: Array, tolerance: float) -> NDArray[np.intp]:
    return np.flatnonzero((heights >= heights.max() - tolerance).astype(bool))
