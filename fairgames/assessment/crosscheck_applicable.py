"""A game whose closed forms are to be checked, and what a check says when it does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from fairgames.assessment.crosscheck_points import Draws, Point
from fairgames.exactness import Array, Number
from fairgames.utility.base import Utility

MOST_USERS = 8
"""More users are not worth their 2^N subsets in symbols."""

Ask: TypeAlias = Callable[[Draws], Iterable[Point]]


class Game(NamedTuple):
    """A utility, and what the levels cost; None where that is not known."""

    utility: Utility
    costs: Array | None


class NotApplicableError(Exception):
    """The closed form does not cover this game; the message says why."""


def require(holds: bool, why: str) -> None:
    """Raise unless the closed form covers the game."""
    if not holds:
        raise NotApplicableError(why)


def exact_value(number: Number) -> Fraction:
    """The rational that a number is, bit for bit."""
    return Fraction(number)


def exchangeable_values(utility: Utility, level: int) -> list[Fraction]:
    """Utilities ``U_1, …, U_N`` by number of users at a level, all others absent."""
    n_users = utility.n_users
    counts = [[0] * utility.shape[0] for _ in range(n_users)]
    for k, row in enumerate(counts, 1):
        row[0], row[level] = n_users - k, k
    return [exact_value(utility([row])) for row in counts]
