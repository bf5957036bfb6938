"""Costs that come with names: frames by user and level, mappings by level; every name is matched, or refused.

`fairgames.scenario.scenario` reads this.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from fairgames.errors import FairGamesError, InputError
from fairgames.exactness import plain

_USER_COLUMNS = ("user", "users", "name")


@dataclass(frozen=True)
class UserCosts:
    """Costs as they were given, and the names beside them.

    Attributes
    ----------
    table : object
        Rows of numbers, or one row for all; or a mapping by level.
    users, columns : tuple of str or None
        Names of the rows and of the columns.
    """

    table: Any
    users: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None

    @property
    def n_rows(self) -> int | None:
        """Number of users described, where there is a row for each."""
        if isinstance(self.table, Mapping):
            lengths = [len(one) for one in self.table.values() if _is_listed(one)]
            return lengths[0] if lengths else None
        if not _is_listed(self.table):
            return None
        return len(self.table) if any(_is_listed(row) for row in self.table) else None

    def level_names(self, n_levels: int) -> tuple[str, ...] | None:
        """Names of the levels, where a frame has columns for all of them, or for all but the first."""
        if self.columns is None or len(self.columns) not in {n_levels, n_levels - 1}:
            return None
        return self.columns if len(self.columns) == n_levels else ("absent", *self.columns)

    def rows(self, users: Sequence[str], levels: Sequence[str]) -> Any:
        """Put the costs into the order of the users and levels."""
        if isinstance(self.table, Mapping):
            return _rows_by_level(self.table, users, levels)
        if self.columns is None and self.users is None:
            return self.table
        table = np.asarray(self.table, dtype=object)
        if self.users is not None:
            order = _order(self.users, users, "costs", "user")
            table = table[[place for place in order if place is not None]]
        if self.columns is None:
            return table
        places = _order(self.columns, levels, "costs", "level", spare=levels[:1])
        nothing = np.full(len(table), Fraction(0), dtype=object)
        return np.stack([nothing if place is None else table[:, place] for place in places], axis=1)


def place_of(name: object, names: Sequence[str], argument: str, what: str) -> int:
    """Find a name among others.

    Raises
    ------
    InputError
        If it is not there.

    Examples
    --------
    >>> place_of("direct", ["absent", "direct"], "choices", "level")
    1
    """
    if isinstance(name, str) and name in names:
        return names.index(name)
    near = difflib.get_close_matches(name, names, n=1) if isinstance(name, str) else []
    listed = ", ".join(names[:10]) + ", …" * (len(names) > 10)
    advice = f"did you mean {near[0]!r}?" if near else f"the {what}s are {listed}"
    raise InputError(argument, f"must not name an unknown {what}; {advice}", name)


def named_costs(costs: object) -> UserCosts | None:
    """Read costs as they are given, with the names that they bear; None where there are none."""
    if costs is None:
        return None
    if isinstance(costs, Mapping):
        return UserCosts(dict(costs))
    if isinstance(costs, (list, tuple, np.ndarray)):
        return UserCosts(plain(costs, "costs"))
    return _from_frame(costs) or UserCosts(plain(costs, "costs"))


def _from_frame(costs: Any) -> UserCosts | None:
    import narwhals as nw

    try:
        frame = nw.from_native(costs, pass_through=True)
        if isinstance(frame, nw.LazyFrame):
            frame = frame.collect()
        if not isinstance(frame, nw.DataFrame):
            return None
        index = nw.maybe_get_index(frame)
        rows = [] if index is None else list(index)
        columns: list[str] = list(frame.columns)
        for column in frame.columns:
            if isinstance(column, str) and column.casefold() in _USER_COLUMNS:
                rows = frame[column].to_list()
                columns = [one for one in columns if one != column]
                break
        if not columns or not all(isinstance(one, str) and not one.isdecimal() for one in columns):
            return None
        entries = [frame[column].to_list() for column in columns]
    except FairGamesError:
        raise
    except Exception as error:  # whatever a foreign object raises
        raise InputError("costs", f"must be numbers; reading this frame raised {type(error).__name__}") from error
    users = tuple(rows) if rows and all(isinstance(one, str) for one in rows) else None
    for listed, what in ((users or (), "user"), (tuple(columns), "level")):
        twice = [name for name, times in Counter(listed).items() if times > 1]
        if twice:
            raise InputError("costs", f"must not have a {what} twice", twice[0])
    table = np.empty((len(frame), len(columns)), dtype=object)
    for place, numbers in enumerate(entries):
        table[:, place] = numbers
    return UserCosts(table, users, tuple(columns))


def _order(
    given: Sequence[str], wanted: Sequence[str], argument: str, what: str, spare: Sequence[str] = ()
) -> list[int | None]:
    """Place among the given names of each wanted one; None for one that may be missing."""
    for name in given:
        place_of(name, wanted, argument, what)
    for name in wanted:
        if name not in given and name not in spare:
            raise InputError(
                argument, f"must have a {'row' if what == 'user' else 'cost'} for each {what}; missing", name
            )
    return [given.index(name) if name in given else None for name in wanted]


def _rows_by_level(table: Mapping[Any, Any], users: Sequence[str], levels: Sequence[str]) -> list[list[Any]]:
    for name in table:
        place_of(name, levels, "costs", "level")
    columns = [
        _column(table[level], users, f"costs[{level!r}]") if level in table else _missing(level, levels, users)
        for level in levels
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _missing(level: str, levels: Sequence[str], users: Sequence[str]) -> list[Any]:
    if level != levels[0]:
        raise InputError("costs", "must give a cost for each level but the first (inf forbids it); missing", level)
    return [0] * len(users)


def _column(given: Any, users: Sequence[str], argument: str) -> list[Any]:
    if isinstance(given, Mapping):
        _order(list(given), users, argument, "user")
        return [given[user] for user in users]
    if not _is_listed(given):
        read = plain(given, argument)
        if not _is_listed(read):
            return [read] * len(users)
        given = read
    if len(given) != len(users):
        raise InputError(
            argument, f"must be one number, or one for each of {len(users)} users", f"{len(given)} numbers"
        )
    return list(given)


def _is_listed(value: object) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)
