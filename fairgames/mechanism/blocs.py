"""Blocs: groups of users that move as one player and pool their payments."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array

Blocs: TypeAlias = tuple[tuple[int, ...], ...]


def as_blocs(blocs: Iterable[Iterable[int]] | None, n_users: int) -> Blocs:
    """Check a partition of the users into blocs; None lets everybody act alone.

    Parameters
    ----------
    blocs : iterable of iterable of int, or None
        The users of each bloc.
    n_users : int
        Number of users.

    Returns
    -------
    tuple of tuple of int
        The blocs in the order given, each in increasing order of its users.

    Raises
    ------
    InputError
        If a user is missing, appears twice or does not exist, or a bloc is empty.

    Examples
    --------
    >>> as_blocs([(2, 0), (1,)], 3)
    ((0, 2), (1,))
    """
    if blocs is None:
        return tuple((user,) for user in range(n_users))
    try:
        groups = tuple(tuple(sorted(map(operator.index, bloc))) for bloc in blocs)
    except TypeError:
        raise InputError("blocs", "must be groups of users such as [(0, 1), (2,)]", blocs) from None
    members = [user for group in groups for user in group]
    if any(not group for group in groups) or sorted(members) != list(range(n_users)):
        raise InputError("blocs", f"must put each of the users 0 to {n_users - 1} in exactly one group", blocs)
    return groups


def merge_axes(tensor: Array, blocs: Blocs) -> Array:
    """Give each bloc one axis: all its members' choices, the last member's changing fastest."""
    if all(bloc == (player,) for player, bloc in enumerate(blocs)):
        return tensor
    sizes = [math.prod(tensor.shape[user] for user in bloc) for bloc in blocs]
    return tensor.transpose([user for bloc in blocs for user in bloc]).reshape(sizes)


def bloc_costs(costs: Sequence[Array], blocs: Blocs) -> list[Array]:
    """Cost of each joint choice of each bloc: the sum of its members' costs."""
    merged = []
    for bloc in blocs:
        total = costs[bloc[0]]
        for user in bloc[1:]:
            total = np.add.outer(total, costs[user]).reshape(-1)
        merged.append(total)
    return merged


def member_levels(index: Sequence[int], blocs: Blocs, allowed: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Level of each user when each bloc plays its action of this index."""
    levels = [0] * len(allowed)
    for action, bloc in zip(index, blocs, strict=True):
        choices = np.unravel_index(action, [len(allowed[user]) for user in bloc])
        for user, choice in zip(bloc, choices, strict=True):
            levels[user] = allowed[user][int(choice)]
    return tuple(levels)
