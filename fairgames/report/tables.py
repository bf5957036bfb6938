"""Who does what and is paid what, as figures, tables and the command show it.

Profiles in short: a letter a user where levels can be told apart by a letter, counts for many users. Payments in rows
and in words: identical users are one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from fairgames.exactness import Number
from fairgames.report.terminal import decimals

if TYPE_CHECKING:
    from fairgames.payments.result import Payments
    from fairgames.spec.specification import Entry, Specification

MOST_LETTERS = 30


def profile_label(spec: Specification, profile: ArrayLike) -> str:
    """Write a profile, or ``counts[type, level]``, on one line: ``"AFDD"``, or ``"3 absent, 97 direct"`` for many."""
    levels = np.asarray(profile, dtype=np.intp)
    if levels.ndim == 1 and levels.size <= MOST_LETTERS:
        letters = level_letters(spec.levels)
        return "".join(letters[level] for level in levels.tolist())
    counts = levels.sum(axis=0) if levels.ndim == 2 else np.bincount(levels, minlength=len(spec.levels))
    return ", ".join(f"{count:,} {name}" for count, name in zip(counts.tolist(), spec.levels, strict=True) if count)


def level_letters(levels: Sequence[str]) -> tuple[str, ...]:
    """One letter for each level: initials where they differ, otherwise numbers.

    Examples
    --------
    >>> level_letters(["absent", "federated", "direct"]), level_letters(["absent", "all"])
    (('A', 'F', 'D'), ('0', '1'))
    """
    initials = tuple(name[0].upper() for name in levels)
    if len(set(initials)) == len(levels):
        return initials
    return tuple("0123456789abcdefghijklmnopqrstuvwxyz"[index % 36] for index in range(len(levels)))


def letter_key(levels: Sequence[str]) -> str:
    """Say what the letters stand for.

    Examples
    --------
    >>> letter_key(["absent", "direct"])
    'A = absent, D = direct'
    """
    pairs = zip(level_letters(levels), levels, strict=True)
    return ", ".join(f"{letter} = {name}" for letter, name in pairs)


def label_sentence(spec: Specification) -> str:
    """Say how to read the labels of profiles."""
    if spec.n_users <= MOST_LETTERS:
        return f"Who does what, one letter a user: {letter_key(spec.levels)}."
    return "Who does what: how many users are at each level."


JUST_COVERED = 1e-6
"""A gain below this share of the cost is said to be none."""


@dataclass(frozen=True)
class UserRow:
    """What a user, or each of several identical ones, does and is paid.

    Attributes
    ----------
    name : str
        The user's name, or their entry's.
    count : int
        How many there are at this level.
    samples : int or None
        Number of samples of each.
    level : int
        The level.
    level_name : str
        Its name.
    payment : number
        Payment of each.
    standard_error : float
        Of the payment; 0 when it is exact.
    cost : number or None
        Privacy cost of each; None when the specification gives none.
    doubtful : bool
        Whether the estimate of the payment failed its own check.
    """

    name: str
    count: int
    samples: int | None
    level: int
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


def user_rows(
    spec: Specification, profile: ArrayLike, payments: ArrayLike, standard_errors: ArrayLike | None = None
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
        pairs = np.stack([spec.entry_of_user, levels])
        pairs, first, counts = np.unique(pairs, axis=1, return_index=True, return_counts=True)
        found = zip(*pairs, first, counts, strict=True)
    return tuple(
        _row(spec, spec.entries[entry], int(level), values.item(place), float(errors.item(place)), count=int(count))
        for entry, level, place, count in found
    )


def priced_rows(spec: Specification, entry_levels: Sequence[int], payments: Payments) -> tuple[UserRow, ...]:
    """One row for each entry, all of whose users are at one level."""
    first = np.cumsum([0, *spec.counts[:-1]])
    rows = []
    for entry, level, user in zip(spec.entries, entry_levels, first.tolist(), strict=True):
        place = user if payments.values.ndim == 1 else (int(spec.utility.types[user]), level)
        row = _row(spec, entry, level, payments.values[place], float(payments.standard_errors[place]))
        rows.append(replace(row, doubtful=bool(payments.doubtful[place])))
    return tuple(rows)


def _row(
    spec: Specification, entry: Entry, level: int, payment: Number, error: float, *, count: int | None = None
) -> UserRow:
    cost = None if entry.costs is None else entry.costs[level]
    return UserRow(entry.name, count or entry.count, entry.samples, level, spec.levels[level], payment, error, cost)


def sentence(row: UserRow, unit: str = "samples", digits: int = 4) -> str:
    """Say in words what a user is paid and why it is worth its while.

    Examples
    --------
    >>> sentence(UserRow("institution 12", 1, 23, 2, "direct", 0.5, 0, 0.2), unit="patients")
    'institution 12, 23 patients: paid 0.5 at level "direct"; its privacy cost is 0.2, so it gains 0.3.'
    """
    has = "" if row.samples is None else f", {row.samples:,} {unit}"
    each = "" if row.count == 1 else " each"
    start = f"{row.label}{has}{each}: {'unresolved, not to be used: ' * row.doubtful}"
    if row.payment < 0:
        start += f'charged {_short(-row.payment, digits)} at level "{row.level_name}"'
    elif row.level == 0:
        return f"{start}takes no part ({row.level_name}) and is paid nothing."
    else:
        start += f'paid {_short(row.payment, digits)} at level "{row.level_name}"'
    if row.standard_error:
        start += f" (standard error {_short(row.standard_error, 2)})"
    if row.cost is None or row.gain is None:
        return f"{start}."
    if abs(float(row.gain)) < JUST_COVERED * abs(float(row.cost)):
        return f"{start}, which just covers its privacy cost."
    outcome, gain = ("gains", row.gain) if row.gain >= 0 else ("loses", -row.gain)
    return f"{start}; its privacy cost is {_short(row.cost, digits)}, so it {outcome} {_short(gain, digits)}."


def _short(number: Number, digits: int) -> str:
    return f"{float(number):.{digits}g}"


def rows_to_dicts(rows: Sequence[UserRow]) -> list[dict[str, object]]:
    """Plain form of the rows, for JSON."""
    return [{**asdict(row), "gain": row.gain} for row in rows]


def payment_columns(rows: Sequence[UserRow], unit: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """Lay out who is paid what, with the columns that have something to say."""
    columns: dict[str, list[str]] = {"user": [row.name for row in rows]}
    if any(row.count != 1 for row in rows):
        columns["users"] = [f"{row.count:,}" for row in rows]
    if any(row.samples is not None for row in rows):
        columns[unit] = ["-" if row.samples is None else f"{row.samples:,}" for row in rows]
    columns["level"] = [row.level_name for row in rows]
    columns["payment"] = decimals([row.payment for row in rows])
    if any(row.standard_error for row in rows):
        errors = decimals([row.standard_error for row in rows], 2)
        columns["standard error"] = [text + " ?" * row.doubtful for text, row in zip(errors, rows, strict=True)]
    if any(row.cost is not None for row in rows):
        columns["privacy cost"] = decimals([row.cost for row in rows])
        columns["gain"] = decimals([row.gain for row in rows])
    return list(columns), list(zip(*columns.values(), strict=True))
