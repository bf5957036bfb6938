"""The paper's Assumptions 1 and 2 for exchangeable users, checked, with the profiles that break them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fairgames.exactness import Array, Number
from fairgames.mechanism.symmetric_game import SymmetricGame
from fairgames.mechanism.symmetric_thresholds import gamma_increases
from fairgames.result import Result, format_value
from fairgames.tolerance import comparison_tolerance

_MOST_LISTED = 32
_COLUMNS = ("assumption", "profile", "gain", "other_profile", "other_gain")

Counts = tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Violation(Result):
    """One place where an assumption fails.

    Attributes
    ----------
    assumption : {1, 2}
        1: utility falls when a user moves to the less private action. 2: such a move gains more although
        more users already take the less private action.
    profile : tuple of int
        Level of each user before the move, the moving user last among those at the more private level;
        for more than 32 users, how many are at each level up to the less private one.
    gain : Fraction or float
        What the utility gains by the move.
    other_profile, other_gain : tuple of int, Fraction or float, or None
        Assumption 2: the profile with one user fewer at the less private action, where the same move
        gains less.
    """

    assumption: int
    profile: Counts
    gain: Number
    other_profile: Counts | None = None
    other_gain: Number | None = None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        return "Violation", _COLUMNS, [self._row()]

    def _row(self) -> Sequence[str]:
        return [format_value(getattr(self, name)) for name in _COLUMNS]


@dataclass(frozen=True, eq=False, repr=False)
class Assumptions(Result):
    """Whether Assumptions 1 and 2 hold (in their weak form, with ≥), and what follows from them.

    Attributes
    ----------
    monotone : bool
        Assumption 1: a less private action never lowers the utility.
    diminishing : bool
        Assumption 2: the more users take the more private action, the more one of them adds by the other.
    gamma_increasing : bool
        Whether gamma is strictly increasing in ``p``, so that each alpha has one symmetric equilibrium.
        Both assumptions imply that it does not fall; it may increase without them.
    violations : tuple of Violation
        Every neighbouring pair that breaks one; for more than 32 users the worst for each assumption.
    n_violations : int
        How many there are.
    """

    monotone: bool
    diminishing: bool
    gamma_increasing: bool
    violations: tuple[Violation, ...]
    n_violations: int

    @property
    def hold(self) -> bool:
        """Whether both assumptions hold."""
        return self.monotone and self.diminishing

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        broken = ", ".join(name for name, holds in (("1", self.monotone), ("2", self.diminishing)) if not holds)
        gamma = "increases strictly" if self.gamma_increasing else "does not increase strictly"
        verdict = f"broken: {broken} (places: {self.n_violations})" if broken else "both hold"
        title = f"Assumptions: {verdict}; gamma {gamma}"
        return title, _COLUMNS, [violation._row() for violation in self.violations]


def check_assumptions(game: SymmetricGame) -> Assumptions:
    """Check Assumptions 1 and 2 at every number of users who take part and of those at each action.

    Where the more private action is not "absent", the assumptions speak of any users being masked, so
    they are checked for every number of present users.
    """
    tolerance = comparison_tolerance(*game.by_present)
    falling, rising = list(_falling(game, tolerance)), list(_rising(game, tolerance))
    listed = [*falling, *rising]
    if game.n_users > _MOST_LISTED:
        listed = [min(kind, key=lambda entry: entry[0]) for kind in (falling, rising) if kind]
    return Assumptions(
        monotone=not falling,
        diminishing=not rising,
        gamma_increasing=gamma_increases(game),
        violations=tuple(_named(game, *place) for _, place in listed),
        n_violations=len(falling) + len(rising),
    )


_Place = tuple[int, int, int, Array]


def _increments(game: SymmetricGame) -> Iterator[tuple[int, Array]]:
    """Number of present users, and what each further one at the less private action adds."""
    for utilities in game.by_present:
        whole = len(utilities) == game.n_users + 1
        yield len(utilities) - 1, game.increments if whole else np.diff(utilities)


def _falling(game: SymmetricGame, tolerance: float) -> Iterator[tuple[Number, _Place]]:
    for present, added in _increments(game):
        for h in np.flatnonzero((added < -tolerance).astype(bool)).tolist():
            yield added[h], (1, present, h, added)


def _rising(game: SymmetricGame, tolerance: float) -> Iterator[tuple[Number, _Place]]:
    for present, added in _increments(game):
        change = np.diff(added)
        for h in np.flatnonzero((change > tolerance).astype(bool)).tolist():
            yield -change[h], (2, present, h + 1, added)


def _named(game: SymmetricGame, assumption: int, present: int, h: int, added: Array) -> Violation:
    profile = _profile(game, present, h)
    if assumption == 1:
        return Violation(1, profile, added.item(h))
    return Violation(2, profile, added.item(h), _profile(game, present, h - 1), added.item(h - 1))


def _profile(game: SymmetricGame, present: int, h: int) -> Counts:
    """Levels with ``h`` of ``present`` users at the less private action; the other users masked (absent)."""
    more, less = game.actions
    if game.n_users <= _MOST_LISTED:
        return (less,) * h + (more,) * (present - h) + (0,) * (game.n_users - present)
    counts = [0] * (less + 1)
    counts[0] += game.n_users - present
    counts[more] += present - h
    counts[less] += h
    return tuple(counts)
