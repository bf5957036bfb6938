"""The platform's optimum over all pure equilibria (eq. 19), under each selection, with no grid of alpha.

Each profile is an equilibrium on an interval. [0, 1] is cut at their ends into slots, slot ``2k`` the single alpha
``ends[k]`` and slot ``2k + 1`` the open range up to ``ends[k + 1]``, and each slot goes to the interval that ranks
highest there; under ``"potential"`` to the highest line ``alpha · P − C``. `optimal` calls `best_pure`, `worst_pure`
and `best_potential`; `types` reads the same pieces and lines on counts, and `symmetric` the same `Intervals` on numbers
of identical users: all are equilibria where ``alpha · dP ≥ dc`` for every move (eq. 18), which is an interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.equilibrium.intervals import payment_intervals
from fairgames.exactness import Array, Number, is_exact
from fairgames.mechanism.landscape import Peak, Piece, Profile, constant, highest_peak, join, within
from fairgames.mechanism.problem import Problem
from fairgames.scenario.limits import Limits
from fairgames.tolerance import RELATIVE, ROUNDING, near


@dataclass(frozen=True, eq=False)
class Intervals:
    """Equilibria, one entry each: where they are, on which alphas, and what they are worth.

    Attributes
    ----------
    index : ndarray of int, shape (M,)
        Which profile, count state or number of users.
    lo, hi : ndarray, shape (M,)
        Ends of the interval of alpha.
    utility : ndarray, shape (M,)
        Utility there.
    """

    index: Array
    lo: Array
    hi: Array
    utility: Array

    def __len__(self) -> int:
        """Number of entries."""
        return len(self.index)

    def __getitem__(self, chosen: Array | slice) -> Intervals:
        """Some of the entries."""
        return Intervals(self.index[chosen], self.lo[chosen], self.hi[chosen], self.utility[chosen])

    def best(self) -> tuple[Array, Array]:
        """Alpha at which the platform keeps most of each, and how much: the low end, unless the utility is negative."""
        alpha = np.where((self.utility >= 0).astype(bool), self.lo, self.hi)
        return alpha, (1 - alpha) * self.utility

    def within(self, limits: Limits) -> Intervals:
        """Keep of each interval what meets the platform's constraints (the margin made the intervals)."""
        U = self.utility
        lo = np.maximum(self.lo, np.array(limits.alpha_from, dtype=self.lo.dtype))
        hi = np.minimum(self.hi, np.array(limits.alpha_to, dtype=self.hi.dtype))
        if limits.budget is not None:
            paying = (U > 0).astype(bool)
            np.copyto(hi, np.minimum(hi, limits.budget / np.where(paying, U, 1)), where=paying)
        meets = (lo <= hi + near(lo, hi)).astype(bool)
        if limits.min_utility is not None:
            meets &= (limits.min_utility - near(U, limits.min_utility) <= U).astype(bool)
        return Intervals(self.index, np.minimum(lo, hi), hi, U)[meets]


def group_close(values: Array) -> tuple[Array, NDArray[np.intp]]:
    """Distinct values in increasing order, and the group of each entry.

    Parameters
    ----------
    values : ndarray, shape (M,)
        Numbers.
        Sorted neighbours that rounding alone tells apart share a group; in rationals only equal numbers do.

    Returns
    -------
    representatives : ndarray
        The smallest value of each group.
    groups : ndarray of int, shape (M,)
        Group of each entry.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.concatenate([[True], (ordered[1:] - ordered[:-1] > near(ordered[1:], ordered[:-1])).astype(bool)])
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
    ends, groups = group_close(np.concatenate([lo, hi]))
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
    zero: Number = 0 * P.item(0)
    corners, extremes = upper_envelope(P, C, zero, zero + 1), (P.max(), P.min(), C.max())
    tied = [_tied(alpha, P, C, extremes) for alpha in corners]
    found = [(top, alpha, alpha) for top, alpha in zip(tied, corners, strict=True)]
    between = zip(pairwise(tied), pairwise(corners), strict=True)
    found += [(np.intersect1d(left, right), low, high) for (left, right), (low, high) in between]
    sizes = [len(group) for group, _, _ in found]
    index = np.concatenate([group for group, _, _ in found])
    lo = np.repeat(np.array([start for _, start, _ in found], dtype=P.dtype), sizes)
    hi = np.repeat(np.array([stop for _, _, stop in found], dtype=P.dtype), sizes)
    return index, lo, hi


def upper_envelope(P: Array, C: Array, low: Number, high: Number) -> list[Number]:
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
        Lines that rounding alone lifts above a crossing count as going through it.

    Returns
    -------
    list of Fraction or float
        Increasing.

    Examples
    --------
    >>> upper_envelope(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.25, 1.0]), 0.0, 1.0)
    [0.0, 0.25, 0.75, 1.0]
    """
    # Of the lines that are highest at an end, the one that stays highest just inside the range.
    extremes = P.max(), P.min(), C.max()
    at_low, at_high = _tied(low, P, C, extremes), _tied(high, P, C, extremes)
    first, last = int(at_low[np.argmax(P[at_low])]), int(at_high[np.argmin(P[at_high])])
    corners = [low, high]
    pending = [(first, last, np.arange(len(P)))]
    while pending:
        left, right, lines = pending.pop()
        if P[right] - P[left] <= near(P[right], P[left]):
            continue
        crossing = (C.item(right) - C.item(left)) / (P.item(right) - P.item(left))
        height = crossing * P[lines] - C[lines]
        above = lines[(height > crossing * P[left] - C[left]).astype(bool)]
        above = above[_lead(crossing, P[above], C[above], P[left], C[left]) > 0]
        if not above.size:
            corners.append(min(max(crossing, low), high))
            continue
        heights = crossing * P[above] - C[above]
        middle = int(above[np.argmax(heights)])
        pending += [(left, middle, above), (middle, right, above)]
    return sorted(set(corners))


def _lead(alpha: Any, P: Array, C: Array, slope: Number, cost: Number) -> Array:
    """Whether each line is above (1), below (-1) or, up to the rounding of both lines, at (0) the one given last."""
    ahead = (alpha * P - C) - (alpha * slope - cost)
    rounding = near(alpha * P, alpha * slope) + near(C, cost, part=ROUNDING)
    return np.where(ahead > rounding, 1, np.where(ahead < -rounding, -1, 0))


def _tied(alpha: Any, P: Array, C: Array, extremes: tuple[Any, Any, Any]) -> NDArray[np.intp]:
    """Lines that are highest at alpha; ``extremes``: largest and least of ``P``, largest of ``C``."""
    heights = alpha * P - C
    top = int(np.argmax(heights))
    most, least, dearest = extremes
    coarse = near(alpha * most, alpha * least) + near(dearest, part=ROUNDING)
    close = np.flatnonzero((heights >= heights[top] - coarse).astype(bool, copy=False))
    return close[_lead(alpha, P[close], C[close], P[top], C[top]) >= 0]


@dataclass(frozen=True)
class Search:
    """What a search over equilibria found.

    Attributes
    ----------
    peak : Peak or None
        The optimum; None when nothing meets the constraints.
    pieces : list of Piece or None
        The selected equilibrium at every alpha; None when they are too many.
    ties : tuple of tuple of int
        Other pure profiles that do as well at the same alpha.
    searched : str
        The equilibria over which it ranged.
    warnings : tuple of str
        What was left out.
    """

    peak: Peak | None
    pieces: list[Piece] | None
    ties: tuple[Profile, ...] = ()
    searched: str = "all pure equilibria"
    warnings: tuple[str, ...] = ()


def pure_equilibria(problem: Problem, *, margin: Number) -> Intervals:
    """Every pure equilibrium in which each chosen action is better than the others by ``margin``, by flat index."""
    payments, costs = problem.player_payments, problem.player_costs
    lo, hi, stable = payment_intervals(payments, costs, margin, magnitudes=problem.magnitudes)
    index = np.flatnonzero(stable)
    return Intervals(index, lo.reshape(-1)[index], hi.reshape(-1)[index], problem.utilities.reshape(-1)[index])


def best_pieces(equilibria: Intervals, profile_of: Callable[[int], Profile]) -> list[Piece]:
    """Pieces of the best equilibrium at every alpha at which there is one."""
    if not len(equilibria):
        return []
    ends, first, last = cut(equilibria.lo, equilibria.hi)
    chosen = _chosen(equilibria.utility, first, last, 2 * ends.size - 1)
    return join([_piece(span, ends, equilibria, chosen, profile_of) for span in _runs(chosen)])


def worst_pieces(equilibria: Intervals, limits: Limits, profile_of: Callable[[int], Profile]) -> list[Piece]:
    """Pieces of the worst equilibrium, wherever *every* equilibrium meets the constraints.

    The platform does not choose among the equilibria, so each of them must do.
    """
    if not len(equilibria):
        return []
    U, least = equilibria.utility, limits.min_utility
    ends, first, last = cut(equilibria.lo, equilibria.hi)
    chosen, richest = (_chosen(key, first, last, 2 * ends.size - 1) for key in (-U, U))
    if least is not None:
        chosen = np.where((U[chosen] < least - near(least)).astype(bool), -1, chosen)
    labels = chosen if limits.budget is None else np.where(chosen < 0, -1, chosen * (len(equilibria) + 1) + richest)
    slack = 0 if is_exact(ends) else RELATIVE
    trimmed = []
    for span in _runs(labels):
        cap = limits.alpha_up_to(U[richest[span[0]]])
        trimmed.append(within(_piece(span, ends, equilibria, chosen, profile_of), limits.alpha_from, cap, slack))
    return join([piece for piece in trimmed if piece is not None])


def _chosen(key: Array, first: NDArray[np.intp], last: NDArray[np.intp], n_slots: int) -> Array:
    """Entry of the highest key on each slot, of equal keys the first one; −1 where there is none."""
    _, groups = group_close(key)
    order = np.lexsort((-np.arange(key.size), groups))
    cover = highest_cover(first[order], last[order], n_slots)
    return np.where(cover < 0, -1, order[cover])


def _runs(labels: Array) -> list[tuple[int, int]]:
    """First and last slot of each run of equal labels, −1 excepted."""
    starts = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    stops = np.concatenate([starts[1:] - 1, [labels.size - 1]])
    return [(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True) if labels[start] >= 0]


def _piece(
    span: tuple[int, int], ends: Array, equilibria: Intervals, chosen: Array, profile_of: Callable[[int], Profile]
) -> Piece:
    (start, stop), entry = span, int(chosen[span[0]])
    profile, closed = profile_of(int(equilibria.index[entry])), (start % 2 == 0, stop % 2 == 0)
    low, high, worth = ends.item(start // 2), ends.item((stop + 1) // 2), equilibria.utility.item(entry)
    return constant(low, high, worth, profile, closed)


def best_pure(problem: Problem) -> Search:
    """Best pure equilibrium for the platform (eq. 19)."""
    stable = pure_equilibria(problem, margin=problem.limits.margin)
    return _best_among(problem, stable.within(problem.limits), "all pure equilibria")


def worst_pure(problem: Problem) -> Search:
    """Supremum over alpha of the lowest value among all pure equilibria."""
    stable = pure_equilibria(problem, margin=problem.limits.alpha_from * 0)
    pieces = worst_pieces(stable, problem.limits, problem.profile)
    return Search(highest_peak(pieces), pieces)


def best_potential(problem: Problem) -> Search:
    """Best for the platform among the maximisers of the users' potential at each alpha."""
    index, lo, hi = highest_lines(problem.potentials.reshape(-1), problem.total_costs.reshape(-1))
    if problem.limits.margin > 0:
        strict = pure_equilibria(problem, margin=problem.limits.margin)
        place = np.searchsorted(strict.index, index)
        found = place < len(strict)
        found[found] = strict.index[place[found]] == index[found]
        index, lo, hi, place = index[found], lo[found], hi[found], place[found]
        lo, hi = np.maximum(lo, strict.lo[place]), np.minimum(hi, strict.hi[place])
    maximisers = Intervals(index, lo, hi, problem.utilities.reshape(-1)[index]).within(problem.limits)
    return _best_among(problem, maximisers, "all maximisers of the users' potential")


def _best_among(problem: Problem, equilibria: Intervals, searched: str) -> Search:
    pieces = best_pieces(equilibria, problem.profile)
    if not pieces:
        return Search(None, pieces, (), searched)
    worth, (alpha, value) = equilibria.utility, equilibria.best()
    top = int(np.argmax(value))
    rounding = near(value, value[top]) + near(worth, worth[top], part=ROUNDING)
    tops = np.flatnonzero((value >= value[top] - rounding).astype(bool))
    earliest = alpha[tops].min()
    tops = tops[(alpha[tops] <= earliest + near(earliest)).astype(bool)]
    named = [(problem.profile(int(equilibria.index[entry])), int(entry)) for entry in tops]
    (profile, winner), *_ = sorted(named)
    family = constant(equilibria.lo[winner], equilibria.hi[winner], worth[winner], profile)
    ties = sorted({other for other, _ in named} - {profile})
    return Search(Peak(alpha[winner], value[winner], family, None), pieces, tuple(ties), searched)
