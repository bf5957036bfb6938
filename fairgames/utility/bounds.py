"""What a utility can say of its values and of its payments over many states at once, without looking at each.

A payment is a mean over coalitions ``S`` of the others: of each size alike, or, which is the same, over ``S`` that
everybody present joins with probability ``t``, ``t`` uniform on [0, 1]. Which users are present is not known in a part
of the states, only how many, and which levels each may still have. So a mean over coalitions is bounded by that of the
composition that is worst for it; no corner of the part needs to be it.

`Utility.bounds` hands out one; the proven bounds among very many users (`mechanism.crowds`) read it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Boxes = NDArray[np.float64]
"""One box a row: what is known of a state, from where to where."""
Span = tuple[float, float]
"""From where to where."""

_EXACT_NUMBERS, _MANY_NUMBERS = 24, 240
_COARSE_RATIO = 1.3


@dataclass(frozen=True, eq=False)
class Possible:
    """What may still be, by type.

    Attributes
    ----------
    present : tuple of int
        Least and largest number of users who are not absent.
    tally : tuple of float
        Least and largest value of what the utility keeps a tally of.
    least, most : ndarray of int, shape (K, L)
        How many users of each type have each level.
    needed, either : ndarray of int, shape (K,)
        Least and largest number of present users of each type.
    """

    present: tuple[int, int]
    tally: Span
    least: Numbers
    most: Numbers
    needed: Numbers
    either: Numbers


class UtilityBounds(ABC):
    """Bounds that hold over whole sets of states.

    *Boxes* cover all states. In each, and at any price ``λ ≥ 0``, the utility is at most a sum over users, plus `rest`:
    a constraint, or a concave function, has been replaced by a linear one.

    A *tally* is a number that a state determines, and that says much about payments: parts of the states are told
    apart by it. Each method that takes a `Possible` is valid at every state in it.
    """

    @abstractmethod
    def boxes(self, most: Numbers) -> Boxes:
        """Boxes that cover all states in which somebody is present, ``most[k, l]`` users at each level at most."""

    @abstractmethod
    def halves(self, boxes: Boxes) -> Boxes:
        """Cover each box by two smaller ones, shape (M, D) to (2 M, D)."""

    @abstractmethod
    def brought(self, boxes: Boxes) -> tuple[Floats, Floats]:
        """What each user brings at each level, and what for each unit of the price, shape (M, K, L)."""

    @abstractmethod
    def rest(self, boxes: Boxes, prices: Floats) -> tuple[Floats, Floats]:
        """What no user brings, and its derivative in the price, shape (M,)."""

    @abstractmethod
    def numbers(self, boxes: Boxes) -> tuple[Floats, Floats]:
        """Least and largest number of users at level 1, shape (M,)."""

    @abstractmethod
    def tallied(self, possible: Possible) -> Span:
        """Narrow the tally to what the levels left allow; empty when the first is larger."""

    @abstractmethod
    def cut(self, tally: Span) -> tuple[float, Sequence[Span]]:
        """How wide a range of the tally is, beside logarithms of numbers of users, and both halves, if it has any."""

    @abstractmethod
    def rows(self, possible: Possible) -> tuple[Floats, Floats]:
        """Sums over users, shape (R, K, L), and what they never exceed, by the tally, shape (R,)."""

    @abstractmethod
    def advantages(self, possible: Possible) -> Floats:
        """Most that level ``l`` can be paid more than ``m``, at alpha = 1.

        Returns
        -------
        ndarray, shape (K, L, L)
            Entry ``[k, l, m]`` is valid at each state in which a user of type ``k`` is at level ``l``.
        """

    @abstractmethod
    def majorants(self, possible: Possible) -> tuple[Floats, Floats]:
        """Sums over users that the utility never exceeds: constants (R,), and gains (R, K, L)."""


def cut_numbers(numbers: Span) -> list[list[tuple[int, int]]]:
    """Both halves of a range of whole numbers, if it has more than one; a long one at its geometric middle."""
    least, most = (int(number) for number in numbers)
    middle = math.isqrt(max(least, 1) * most) if 2 * least < most else (least + most) // 2
    middle = min(max(middle, least), most - 1)
    return [[(least, middle), (middle + 1, most)]] if least < most else []


def without_one(key: Floats, needed: Numbers) -> Numbers:
    """Of the users who are needed, those other than the one who is looked at: at worst the one of the largest key."""
    needed = needed.copy()
    there = np.flatnonzero(needed)
    if there.size:
        needed[there[np.argmax(key[there])]] -= 1
    return needed


def taken(key: Floats, numbers: Numbers, wanted: int, needed: Numbers) -> Numbers:
    """Users of each type: those who are needed, and the smallest keys first, until there are so many."""
    order = np.argsort(key, kind="stable")
    free = (numbers - needed)[order]
    taken = needed.copy()
    taken[order] += np.clip(wanted - int(needed.sum()) - (np.cumsum(free) - free), 0, free)
    return taken


def numbers_up_to(most: int, ratio: float) -> tuple[Numbers, Numbers]:
    """Cut 1 … most into ranges, single numbers first: first and last number of each."""
    first, nxt = [], 1
    while nxt <= most:
        first.append(nxt)
        grown = nxt * (ratio if nxt <= _MANY_NUMBERS else _COARSE_RATIO)
        nxt = nxt + 1 if nxt <= _EXACT_NUMBERS else int(grown) + 1
    return np.array(first, dtype=np.int64), np.array([*(one - 1 for one in first[1:]), most][: len(first)], dtype=int)


def largest_mean(at_zero: Floats | float, bounds: Floats, first: Numbers, last: Numbers, least: int) -> Floats:
    """Largest mean over 0 … M of bounds that are constant on ranges, for M from ``least`` on, by column."""
    lengths = (last - first + 1)[:, None]
    before = at_zero + np.cumsum(bounds * lengths, axis=0) - bounds * lengths
    # Within a range the mean is monotone in M.
    starts = np.clip(least, first, last)[:, None]
    ends = np.array([before + bounds * (M - first[:, None] + 1) for M in (starts, last[:, None])])
    means = ends / (np.array([starts, np.broadcast_to(last[:, None], starts.shape)]) + 1)
    means = means[:, last >= least]
    largest: Floats = means.max(axis=(0, 1)) if means.size else np.full(bounds.shape[1], -np.inf)
    return np.maximum(largest, at_zero) if least == 0 else largest
