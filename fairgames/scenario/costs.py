"""Privacy costs, what each level costs each user, and actions, the levels that each may actually choose.

Section 5 of the paper has two actions of which neither need be "absent". Every public door that takes ``costs`` and
``actions`` makes a `Scenario` of them, which reads them with `as_costs` and `allowed_actions`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.exactness import Array, as_array, as_whole, is_exact, plain

CostTable: TypeAlias = object
"""What costs may be given as: rows of numbers, an array, a frame (`fairgames.exactness.plain`)."""


def as_costs(costs: CostTable, shape: Sequence[int]) -> Array:
    """Check privacy costs and return them as one array.

    Parameters
    ----------
    costs : array_like
        ``costs[i][l]`` is what level ``l`` costs user ``i``; one row alone serves all users. Rows may
        differ in length where users differ in their number of levels, or end in ``inf`` there. ``inf`` forbids a
        level. Costs may fall with the level.
    shape : sequence of int
        Number of levels of each user.

    Returns
    -------
    ndarray, shape (N, max L)
        float64, or object holding Fractions and ``inf``; ``inf`` beyond a user's last level.

    Raises
    ------
    InputError
        For a wrong shape, NaN, a negative cost, or a cost of being absent that is neither 0 nor ``inf``.

    Examples
    --------
    >>> as_costs([0, "1/5"], (2, 2))
    array([[Fraction(0, 1), Fraction(1, 5)],
           [Fraction(0, 1), Fraction(1, 5)]], dtype=object)
    """
    n_users = len(shape)
    rows = _rows(costs, n_users)
    if len(rows) != n_users:
        raise InputError("costs", f"must have one row for each of the {n_users} users", f"{len(rows)} rows")
    exact = all(is_exact(row) for row in rows)
    table = np.full((n_users, max(shape)), np.inf, dtype=object if exact else float)
    for user, (row, n_levels) in enumerate(zip(rows, shape, strict=True)):
        if user and row is rows[user - 1] and n_levels == shape[user - 1]:
            table[user] = table[user - 1]
            continue
        if row.shape == (table.shape[1],) != (n_levels,) and (row[n_levels:] == np.inf).all():
            row = row[:n_levels]  # noqa: PLW2901 (without the levels that the user lacks)
        if row.shape != (n_levels,):
            raise InputError(f"costs[{user}]", f"must have one cost for each of {n_levels} levels", row.tolist())
        for level, cost in enumerate(row.tolist()):
            if cost < 0:
                raise InputError(f"costs[{user}, {level}]", "must be at least 0", cost)
        if row[0] != 0 and row[0] != math.inf:
            raise InputError(f"costs[{user}, 0]", "must be 0: level 0 is absent, which costs nothing", row[0])
        table[user, :n_levels] = row
    table.flags.writeable = False
    return table


def _rows(costs: object, n_users: int) -> list[Array]:
    entries = plain(costs, "costs")
    if not isinstance(entries, list) and not np.ndim(entries):
        raise InputError("costs", "must be a row of costs, or one row a user", costs)
    entries = list(entries)
    if entries and not any(isinstance(entry, (list, tuple, np.ndarray)) for entry in entries):
        return [as_array(entries, "costs", allow_inf=True)] * n_users
    return [as_array(entry, f"costs[{user}]", allow_inf=True) for user, entry in enumerate(entries)]


Actions: TypeAlias = Sequence[int] | Sequence[Sequence[int]] | None


def allowed_actions(
    costs: Array, actions: Actions, shape: Sequence[int], argument: str = "actions"
) -> tuple[tuple[int, ...], ...]:
    """Levels of finite cost among those that each user may choose.

    Parameters
    ----------
    costs : ndarray, shape (N, max L)
        Checked costs (`as_costs`).
    actions : None, tuple of int, or one tuple a user
        Levels offered; None offers all. A tuple of levels serves every user.
    shape : sequence of int
        Number of levels of each user.
    argument : str
        What the caller calls ``actions``.

    Returns
    -------
    tuple of tuple of int
        Increasing level indices, at least one a user.

    Raises
    ------
    InputError
        If an action is not a level, is listed twice, or a user is left without any.

    Examples
    --------
    >>> allowed_actions(np.array([[0, 0.1, np.inf], [0, 0.1, 0.2]]), None, (3, 3))
    ((0, 1), (0, 1, 2))
    """
    offered = _offered(actions, shape, argument)
    allowed = []
    for user, levels in enumerate(offered):
        finite = tuple(level for level in levels if math.isfinite(costs[user, level]))
        if not finite:
            raise InputError(
                f"{argument}[{user}]", f"leave user {user} no level of finite cost; allow one or give it a cost", levels
            )
        allowed.append(finite)
    return tuple(allowed)


def _offered(actions: Actions, shape: Sequence[int], argument: str) -> list[tuple[int, ...]]:
    if actions is None:
        return [tuple(range(n_levels)) for n_levels in shape]
    read = plain(actions, argument)
    if not isinstance(read, list) and not np.ndim(read):
        raise InputError(argument, "must be a tuple of levels, or one tuple a user", actions)
    entries: list[Any] = list(read)
    if all(not isinstance(entry, (list, np.ndarray)) for entry in entries):
        entries = [entries] * len(shape)
    if len(entries) != len(shape):
        raise InputError(argument, f"must have one tuple for each of the {len(shape)} users", actions)
    return [
        _levels(entry, f"{argument}[{user}]", n_levels)
        for user, (entry, n_levels) in enumerate(zip(entries, shape, strict=True))
    ]


def _levels(levels: Sequence[int], name: str, n_levels: int) -> tuple[int, ...]:
    array = as_whole(levels, name, "must be a non-empty tuple of whole levels")
    if array.ndim != 1 or array.size == 0:
        raise InputError(name, "must be a non-empty tuple of whole levels", levels)
    if array.min() < 0 or array.max() >= n_levels:
        raise InputError(name, f"must hold levels from 0 to {n_levels - 1}", levels)
    if np.unique(array).size < array.size:
        raise InputError(name, "must not list a level twice", levels)
    return tuple(sorted(array.tolist()))


def as_entry_counts(counts: object, n_users: int) -> NDArray[np.int64]:
    """Check the numbers of users of each entry.

    Raises
    ------
    InputError
        Unless they are whole, at least 1, and add up to ``n_users``.
    """
    requirement = f"must be whole numbers of at least 1 that add up to the {n_users:,} users"
    sizes = as_whole(counts, "counts", requirement)
    if sizes.ndim != 1 or (sizes < 1).any() or sum(sizes.tolist()) != n_users:
        raise InputError("counts", requirement, counts)
    return sizes.astype(np.int64)


def on_actions(tensor: Array, actions: Sequence[Sequence[int]]) -> Array:
    """Read a tensor over all levels at the allowed actions only."""
    if all(len(levels) == n_levels for levels, n_levels in zip(actions, tensor.shape, strict=True)):
        return tensor
    return tensor[np.ix_(*actions)]


def costs_of_actions(costs: Array, actions: Sequence[Sequence[int]]) -> list[Array]:
    """Costs of each user's allowed actions; all finite."""
    return [costs[user, list(levels)] for user, levels in enumerate(actions)]


def chosen_actions(profile: ArrayLike, actions: Sequence[tuple[int, ...]]) -> list[Any]:
    """Read what everybody plays: a level becomes its place among the user's actions; probabilities stay as they are.

    Raises
    ------
    InputError
        If there is not one entry a user, or a level is not allowed.

    Examples
    --------
    >>> chosen_actions([2, [0.5, 0.5]], [(0, 2), (0, 1)])
    [1, [0.5, 0.5]]
    """
    played = plain(profile, "profile")
    if (not isinstance(played, list) and not np.ndim(played)) or len(played) != len(actions):
        raise InputError("profile", f"must have one entry for each of the {len(actions)} users", profile)
    chosen = []
    for user, (entry, levels) in enumerate(zip(played, actions, strict=True)):
        alone = not isinstance(entry, (list, np.ndarray))
        if alone and not (isinstance(entry, (int, np.integer)) and entry in levels):
            raise InputError(f"profile[{user}]", f"must be one of the allowed levels {levels}", entry)
        chosen.append(levels.index(entry) if alone else entry)
    return chosen
