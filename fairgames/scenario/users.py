"""Who does what, is paid what and bears what: a row an entry and level, in a scenario's order and by its names.

`Paying.users` of every result that pays users is made here; figures, tables and the command read its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.exactness import Array, Number
from fairgames.result import Shown
from fairgames.scenario.named import place_of

if TYPE_CHECKING:
    from fairgames.payments.result import Payments
    from fairgames.scenario.scenario import Scenario


@dataclass(frozen=True)
class UserRow:
    """What a user, or each of several identical ones, does and is paid.

    Attributes
    ----------
    name : str
        The user's name, or their entry's.
    count : int
        How many there are at this level.
    samples : number or None
        Number of samples of each.
    level : int or None
        The level; None for a user who mixes.
    level_name : str
        Its name; of a user who mixes, each level with its chance.
    payment : number
        Payment of each.
    standard_error : float
        Of the payment; 0 when it is exact.
    cost : number or None
        Privacy cost of each, expected where it mixes; None when the scenario gives none.
    doubtful : bool
        Whether the estimate of the payment failed its own check.
    """

    name: str
    count: int
    samples: Number | None
    level: int | None
    level_name: str
    payment: Number
    standard_error: float
    cost: Number | None
    doubtful: bool = False

    @property
    def gain(self) -> Number | None:
        """Payment less privacy cost."""
        return None if self.cost is None else self.payment - self.cost

    def in_money(self, unit_value: Number) -> UserRow:
        """The same row with amounts in money, given the worth of one unit of utility."""
        cost = None if self.cost is None else self.cost * unit_value
        error = self.standard_error * float(unit_value)
        return replace(self, payment=self.payment * unit_value, standard_error=error, cost=cost)

    @property
    def label(self) -> str:
        """The name, with the number of users where it is not one."""
        return self.name if self.count == 1 else f"{self.name} ({self.count:,} users)"


@dataclass(frozen=True, repr=False)
class UserTable(Shown):
    """Users of a result, a row an entry and level; a place, or a name, gives one row.

    Attributes
    ----------
    rows : tuple of UserRow
        In the order of the scenario.

    Examples
    --------
    >>> import fairgames as fg
    >>> asked = fg.Scenario([[0, "2/3"], ["2/3", 1]], [0, "3/10"], ["Ann", "Bob"], ["absent", "present"])
    >>> print(fg.optimal_alpha(asked).users)
    Users
    user  level    payment  cost  gain
    ----  -------  -------  ----  ----
    Ann   present  3/10     3/10  0
    Bob   present  3/10     3/10  0
    >>> fg.optimal_alpha(asked).users["Bob"].payment
    Fraction(3, 10)
    """

    rows: tuple[UserRow, ...]

    def __iter__(self) -> Iterator[UserRow]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows)

    @public
    def __getitem__(self, user: int | str) -> UserRow:
        """Return a row by place, or by name: of an entry at several levels the first."""
        if isinstance(user, str):
            return self.rows[place_of(user, [row.name for row in self.rows], "user", "user")]
        if not -len(self.rows) <= user < len(self.rows):
            raise IndexError(f"there are {len(self.rows)} rows")
        return self.rows[user]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        columns: dict[str, list[object]] = {"user": [row.name for row in self.rows]}
        if any(row.count != 1 for row in self.rows):
            columns["count"] = [row.count for row in self.rows]
        columns["level"] = [row.level_name for row in self.rows]
        columns["payment"] = [row.payment for row in self.rows]
        if any(row.standard_error for row in self.rows):
            columns["standard error"] = [row.standard_error for row in self.rows]
        if any(row.cost is not None for row in self.rows):
            columns["cost"] = [row.cost for row in self.rows]
            columns["gain"] = [row.gain for row in self.rows]
        return "Users", list(columns), list(zip(*columns.values(), strict=True))


def user_table(
    scenario: Scenario,
    payments: ArrayLike | None,
    profile: ArrayLike | None = None,
    strategies: Sequence[Array] | None = None,
    costs: ArrayLike | None = None,
    standard_errors: ArrayLike | None = None,
    doubtful: ArrayLike | None = None,
) -> UserTable:
    """Users of a result: at levels, or mixing; no row where nobody is paid for want of an equilibrium."""
    if payments is None:
        return UserTable(())
    if profile is not None:
        return UserTable(user_rows(scenario, profile, payments, standard_errors, doubtful))
    entries, names = scenario.entry_of_user.tolist(), scenario.user_names
    paid, borne = np.asarray(payments), None if costs is None else np.asarray(costs)
    mixed = strategies if strategies is not None and len(strategies) == len(paid) else [None] * len(paid)
    rows = []
    for user, (name, levels, own) in enumerate(zip(names, scenario.actions, mixed, strict=True)):
        chances = [] if own is None else [(a, float(p)) for a, p in zip(levels, own.tolist(), strict=True) if p]
        level = chances[0][0] if len(chances) == 1 else None
        words = ", ".join(f"{scenario.levels[a]} {p:.4g}" for a, p in chances) or "mixed, with its bloc"
        row = _row(scenario, entries[user], level, paid.item(user), 0.0, count=1)
        cost = row.cost if borne is None else borne.item(user)
        rows.append(replace(row, name=name, level_name=words if level is None else row.level_name, cost=cost))
    return UserTable(tuple(rows))


def user_rows(
    scenario: Scenario,
    profile: ArrayLike,
    payments: ArrayLike,
    standard_errors: ArrayLike | None = None,
    doubtful: ArrayLike | None = None,
) -> tuple[UserRow, ...]:
    """One row for each entry and level at which it has users.

    The profile gives the level of each user, and the payments are theirs; or it counts the users of each entry at each
    level, and the payments are those of one of them.
    """
    levels = np.asarray(profile, dtype=np.intp)
    values = np.asarray(payments)
    errors = np.zeros(values.shape) if standard_errors is None else np.asarray(standard_errors)
    found: Iterable[tuple[Any, Any, Any, Any]]
    if levels.ndim == 2:
        found = [(*place, place, count) for place, count in np.ndenumerate(levels) if count]
    else:
        by_entry = len(levels) == len(scenario.users)
        pairs = np.stack([np.arange(len(levels)) if by_entry else scenario.entry_of_user, levels])
        pairs, first, counts = np.unique(pairs, axis=1, return_index=True, return_counts=True)
        found = zip(*pairs, first, counts, strict=True)
    failed = np.zeros(values.shape, bool) if doubtful is None else np.asarray(doubtful)
    rows = []
    for entry, level, place, count in found:
        row = _row(scenario, int(entry), int(level), values.item(place), float(errors.item(place)), count=int(count))
        rows.append(replace(row, doubtful=True) if failed.item(place) else row)
    return tuple(rows)


def priced_rows(scenario: Scenario, entry_levels: Sequence[int], payments: Payments) -> tuple[UserRow, ...]:
    """One row for each entry, all of whose users are at one level."""
    first = np.cumsum([0, *scenario.counts[:-1]])
    rows = []
    for entry, (level, user) in enumerate(zip(entry_levels, first.tolist(), strict=True)):
        place = user if payments.values.ndim == 1 else (int(scenario.utility.types[user]), level)
        row = _row(scenario, entry, level, payments.values[place], float(payments.standard_errors[place]))
        rows.append(replace(row, doubtful=bool(payments.doubtful[place])))
    return tuple(rows)


def _row(
    scenario: Scenario, entry: int, level: int | None, payment: Number, error: float, *, count: int | None = None
) -> UserRow:
    cost = None if scenario.costs is None or level is None else scenario.costs[entry, level]
    samples = None if scenario.samples is None else scenario.samples[entry]
    name, number = scenario.users[entry], count or scenario.counts[entry]
    words = "" if level is None else scenario.levels[level]
    return UserRow(name, number, samples, level, words, payment, error, cost)
