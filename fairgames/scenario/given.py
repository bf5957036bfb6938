"""Arguments of a scenario: names, counts, choices and levels, read by name or number.

`Scenario` calls it once, when it is made; behind it are tuples of names and numbers only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, as_number, as_whole, plain
from fairgames.scenario.costs import CostTable, allowed_actions, as_costs, as_entry_counts
from fairgames.scenario.named import UserCosts, named_costs, place_of
from fairgames.utility.base import Utility

_MOST_APART = 1_000


def read_entries(
    utility: Utility,
    costs: CostTable = None,
    users: Any = None,
    levels: Any = None,
    choices: Any = None,
    counts: Any = None,
) -> dict[str, Any]:
    """Check what is said of the entries, or say what the utility tells of them."""
    given, choices = named_costs(costs), _plain_choices(choices)
    sizes = _sizes(utility, counts, _described(given, users, choices))
    shape = _levels_of_entries(utility, sizes)
    level_names = _level_names(levels, given, max(shape))
    names = _user_names(users, given, len(sizes))
    checked = None if given is None else as_costs(given.rows(names, level_names), shape)
    within = np.zeros((len(shape), max(shape))) if checked is None else checked
    allowed = allowed_actions(within, _choices(choices, names, level_names), shape, "choices")
    if checked is not None and choices is not None:
        checked = _forbidden(checked, allowed)
    return {"costs": checked, "users": names, "levels": level_names, "choices": allowed, "counts": sizes}


def _forbidden(costs: Array, allowed: Sequence[Sequence[int]]) -> Array:
    """Put ``inf`` where an entry may not choose a level."""
    table: Array = np.full(costs.shape, np.inf, dtype=costs.dtype)
    for entry, levels in enumerate(allowed):
        table[entry, list(levels)] = costs[entry, list(levels)]
    table.flags.writeable = False
    return table


def _described(given: UserCosts | None, users: Sequence[str] | None, choices: object) -> tuple[int, str, str] | None:
    """Find how many entries are described, where that is said, by which argument, in what."""
    if users is not None:
        return len(users), "users", "name"
    if given is not None and given.n_rows is not None:
        return given.n_rows, "costs", "row"
    if not isinstance(choices, (list, tuple, np.ndarray)):
        return None
    apart = any(one is None or (np.ndim(one) and not isinstance(one, str)) for one in choices)
    return (len(choices), "choices", "tuple") if apart else None


def _sizes(utility: Utility, counts: object, described: tuple[int, str, str] | None) -> tuple[int, ...]:
    """Find the users of each entry: as given, or as the utility has them, unless users are described one by one."""
    given = utility.entry_counts if counts is None else as_entry_counts(counts, utility.n_users)
    own: tuple[int, ...] = tuple(given.tolist())
    if counts is not None:
        return own
    if described is None:
        return (1,) * own[0] if len(own) == 1 and own[0] <= _MOST_APART else own
    number, argument, each = described
    if number == len(own):
        return own
    if number != utility.n_users:
        also = "" if len(own) in {1, utility.n_users} else f", or of the {len(own):,} entries"
        raise InputError(
            argument, f"must have one {each} for each of the {utility.n_users:,} users{also}", f"{number:,} {each}s"
        )
    return (1,) * number


def _levels_of_entries(utility: Utility, sizes: Sequence[int]) -> tuple[int, ...]:
    """Find how many levels the users of each entry have: all of an entry alike."""
    if len(sizes) == utility.n_users:
        return utility.shape
    changes = np.cumsum(utility.entry_counts)[:-1][np.diff(utility.entry_types) != 0]
    ends = np.cumsum(sizes)
    inside = np.setdiff1d(changes, ends)
    if len(inside):
        entry = int(np.searchsorted(ends, inside[0], side="right"))
        raise InputError("counts", "must count users who are alike in the utility", int(sizes[entry]))
    alike = set(utility.type_levels) if len(utility.type_levels) < utility.n_users else set()
    if len(alike) == 1:
        return (alike.pop(),) * len(sizes)
    shape = np.asarray(utility.shape)
    found = shape[ends - sizes]
    for entry in np.flatnonzero((np.repeat(found, sizes) != shape)[: ends[-1]]).tolist():
        raise InputError("counts", "must count users of as many levels", int(sizes[entry]))
    return tuple(found.tolist())


def _level_names(levels: object, given: UserCosts | None, n_levels: int) -> tuple[str, ...]:
    """Names of levels, as given or those of a frame, or their numbers."""
    listed = levels if levels is not None or given is None else given.level_names(n_levels)
    if listed is None:
        return ("absent", *(f"level {level}" for level in range(1, n_levels)))
    return _unique(listed, "levels", n_levels, f"must name each of {n_levels} levels")


def _user_names(users: object, given: UserCosts | None, n_entries: int) -> tuple[str, ...]:
    """Names of entries, as given or those of a frame, or their numbers."""
    listed = users if users is not None or given is None else given.users
    if listed is None:
        return tuple(f"user {number}" for number in range(1, n_entries + 1))
    return _unique(listed, "users", n_entries, f"must name each of {n_entries} users")


def _unique(listed: Any, name: str, number: int, requirement: str) -> tuple[str, ...]:
    names = tuple(listed)
    if isinstance(listed, str) or len(names) != number:
        raise InputError(name, requirement, listed)
    for place, one in enumerate(names):
        if not isinstance(one, str) or not one.strip():
            raise InputError(f"{name}[{place}]", "must be a name", one)
    for one, times in Counter(names).items():
        if times > 1:
            raise InputError(name, "must differ, each from every other", one)
    return names


def _plain_choices(choices: Any) -> Any:
    """Make choices plain before they are gone through."""
    if isinstance(choices, Mapping):
        return {name: None if one is None else plain(one, f"choices[{name!r}]") for name, one in choices.items()}
    if isinstance(choices, (list, tuple)):
        return [None if one is None else plain(one, f"choices[{entry}]") for entry, one in enumerate(choices)]
    return None if choices is None else plain(choices, "choices")


def _choices(choices: Any, users: Sequence[str], levels: Sequence[str]) -> Any:
    """Read choices as numbers of levels, as `allowed_actions` takes them."""
    if choices is None:
        return None
    if isinstance(choices, Mapping):
        for name in choices:
            place_of(name, users, "choices", "user")
        choices = [choices.get(name) for name in users]
    alone = isinstance(choices, np.ndarray) and choices.ndim == 0
    if alone or isinstance(choices, str) or not isinstance(choices, (Sequence, np.ndarray)):
        raise InputError("choices", "must be a list of levels, or one list for each user", choices)
    if not any(one is None or (np.ndim(one) and not isinstance(one, str)) for one in choices):
        choices = [choices] * len(users)
    return [
        tuple(range(len(levels))) if one is None else _numbers(one, f"choices[{entry}]", levels)
        for entry, one in enumerate(choices)
    ]


def _numbers(listed: Any, name: str, levels: Sequence[str]) -> Any:
    if isinstance(listed, np.ndarray) or not isinstance(listed, Iterable) or isinstance(listed, str):
        return listed
    return [place_of(one, levels, name, "level") if isinstance(one, str) else one for one in listed]


def read_profile(
    profile: Any, users: Sequence[str], levels: Sequence[str], allowed: Sequence[Sequence[int]]
) -> tuple[int, ...]:
    """Read a profile as numbers of levels, one an entry."""
    requirement = f"must be one level for each of {len(users)} users"
    profile = plain(profile, "profile")
    if isinstance(profile, str) or not isinstance(profile, (Sequence, np.ndarray)):
        raise InputError("profile", requirement, profile)
    chosen = as_whole(_numbers(profile, "profile", levels), "profile", requirement)
    if chosen.shape != (len(users),):
        raise InputError("profile", requirement, profile)
    for user, (level, choices) in enumerate(zip(chosen.tolist(), allowed, strict=True)):
        if level not in choices:
            names = ", ".join(levels[one] for one in choices)
            raise InputError(f"profile[{user}]", f"must be one of the choices of {users[user]}: {names}", level)
    return tuple(chosen.tolist())


def read_amounts(amounts: object, n_levels: int) -> tuple[Number, ...]:
    """Read a number for each level."""
    numbers = as_array(amounts, "amounts")
    if numbers.shape != (n_levels,):
        raise InputError("amounts", f"must be a number for each of the {n_levels} levels", amounts)
    return tuple(numbers.tolist())


def read_within(value: object, name: str, low: int, high: int) -> Number:
    """Read a number in a closed range."""
    number = as_number(value, name)
    if not low <= number <= high:
        raise InputError(name, f"must be from {low} to {high}", value)
    return number


def read_above_zero(value: object) -> Number:
    """Read the value of a unit."""
    number = as_number(value, "unit_value")
    if number <= 0:
        raise InputError("unit_value", "must be above 0", value)
    return number
