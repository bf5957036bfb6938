"""The cross-check: closed forms and numerics evaluated at the same points; called by ``fairgames crosscheck``.

The sections beside this file ask about games of their own, `game` about a given one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.assessment.crosscheck import means, payments, symmetric, two_player
from fairgames.assessment.crosscheck.game import compare_game
from fairgames.assessment.crosscheck.points import (
    MISMATCH,
    MOST_USERS,
    Comparison,
    Game,
    Question,
    closed_form_error,
    compare,
)
from fairgames.errors import InputError, SpecificationError
from fairgames.exactness import Array
from fairgames.result import Result
from fairgames.utility.base import Utility
from fairgames.utility.table import as_utility

_SECTIONS = (payments, means, symmetric, two_player)

HEADERS = ("quantity", "source", "points", "exact", "largest difference", "verdict", "note")


class PricedGame(Protocol):
    """What a specification brings: a utility, and costs of its users."""

    @property
    def utility(self) -> Utility:
        """The platform's utility."""

    @property
    def costs(self) -> Array:
        """Cost of each level for each user, shape ``(N, L)``."""

    @property
    def actions(self) -> tuple[tuple[int, ...], ...]:
        """Levels that each user may choose."""


@dataclass(frozen=True, eq=False, repr=False)
class CrossCheck(Result):
    """Closed forms against numerics, quantity by quantity.

    Attributes
    ----------
    comparisons : tuple of Comparison
        One a quantity.
    points, seed : int
        What the random points were drawn from.
    """

    comparisons: tuple[Comparison, ...]
    points: int
    seed: int

    @property
    def agreed(self) -> bool:
        """Whether no quantity differs (and at least one could be compared)."""
        return not self.mismatches and any(one.points for one in self.comparisons)

    @property
    def mismatches(self) -> tuple[Comparison, ...]:
        """The quantities that differ."""
        return tuple(one for one in self.comparisons if one.verdict == MISMATCH)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        return self.summary(), HEADERS, [one.cells() for one in self.comparisons]

    def summary(self) -> str:
        """One sentence: how much was compared, and how much of it differs."""
        compared = [one for one in self.comparisons if one.points]
        places, exact = (sum(getattr(one, name) for one in compared) for name in ("points", "exact_points"))
        return (
            f"{len(compared)} quantities at {places:,} points, {exact:,} of them in rationals: "
            f"{len(self.mismatches) or 'no'} mismatch{'es' if len(self.mismatches) > 1 else ''}"
        )


@public
def crosscheck(
    spec_or_utility: PricedGame | Utility | ArrayLike | None = None,
    *,
    everything: bool = False,
    points: int = 12,
    seed: int = 0,
) -> CrossCheck:
    """Evaluate the closed forms of the package `symbolic` and the numerics at the same points.

    The points are random rationals and the breakpoints themselves: thresholds, ends of regimes and the boundary
    curves between regions. Where the answer is rational the two must be equal; floats may differ by rounding.

    Parameters
    ----------
    spec_or_utility : Specification, Utility or array_like, optional
        Check what the closed forms say about this game; costs that it lacks are drawn. By default all closed
        forms are checked, on games of their own.
    everything : bool
        More users, larger tables and finer grids; takes minutes.
    points : int
        About how many random places a quantity is evaluated at.
    seed : int
        The same seed gives the same points.

    Returns
    -------
    CrossCheck
        ``agreed`` is the verdict.

    Raises
    ------
    InputError
        If an argument is malformed.
    FairGamesError
        If another package named ``symbolic`` is on the path.

    Examples
    --------
    >>> check = crosscheck([[0, "2/3"], ["2/3", 1]], points=2)
    >>> check.agreed, [(one.quantity, one.largest_difference) for one in check.comparisons][0]
    (True, ('fair payments', Fraction(0, 1)))
    """
    for name, value, least in (("points", points, 1), ("seed", seed, 0)):
        if value < least:
            raise InputError(name, f"must be a whole number of at least {least}", value)
    closed_form_error()
    if spec_or_utility is None:
        found = tuple(compare(question, points, seed) for question in all_questions(everything))
    else:
        found = compare_game(_as_game(spec_or_utility), points, seed)
    return CrossCheck(found, points, seed)


def _as_game(given: Any) -> Game:
    if isinstance(given, Utility) or not isinstance(getattr(given, "utility", None), Utility):
        return Game(as_utility(given), None)
    if given.utility.n_users > MOST_USERS:
        return Game(given.utility, None)
    try:
        costs = given.costs.copy()
    except SpecificationError:
        return Game(given.utility, None)
    for user, allowed in enumerate(given.actions):
        costs[user, [level for level in range(costs.shape[1]) if level not in allowed]] = math.inf
    return Game(given.utility, costs)


def all_questions(everything: bool) -> Iterator[Question]:
    """Every quantity of every section."""
    for section in _SECTIONS:
        yield from section.questions(everything)
