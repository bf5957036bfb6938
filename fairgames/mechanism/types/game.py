"""Interchangeable users with different costs: one game, read on counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.game.costs import Actions, allowed_actions, as_costs
from fairgames.mechanism.limits import Limits
from fairgames.memory import require_memory
from fairgames.payments.counts import CountPotential, count_potential, lattice_of
from fairgames.tolerance import RELATIVE, ROUNDING, difference
from fairgames.utility.base import Utility

_FLOAT_BYTES = 100
_EXACT_BYTES = 1500


@dataclass(frozen=True, eq=False)
class CostGroups:
    """Users of one type, grouped by their costs.

    Attributes
    ----------
    costs : ndarray, shape (G, L)
        Distinct rows of costs; ``inf`` where a level may not be chosen.
    sizes : ndarray of int, shape (G,)
        Number of users with each row.
    users : tuple of ndarray of int
        Indices of these users, in increasing order.
    """

    costs: Array
    sizes: NDArray[np.intp]
    users: tuple[NDArray[np.intp], ...]

    @property
    def n_users(self) -> int:
        """Number of users of the type."""
        return int(self.sizes.sum())


@dataclass(frozen=True, eq=False)
class TypesGame:
    """The users' game of a utility with types, on its count lattice.

    Attributes
    ----------
    table : CountPotential
        Utility and potential at every state; float64 unless costs, utility and margin are all exact.
    groups : tuple of CostGroups
        The users of each type.
    margin : Fraction or float
        How much better a chosen level must be than each alternative.
    slack : float
        Alphas that differ by no more than this part count as equal; 0 when exact.
    absent_allowed : bool
        Whether every user may stay absent.
    """

    table: CountPotential
    groups: tuple[CostGroups, ...]
    margin: Number
    slack: float
    absent_allowed: bool

    @property
    def exact(self) -> bool:
        """Whether the numbers are Fractions."""
        return is_exact(self.table.potential)


def types_game(utility: Utility, costs: object, actions: Actions = None, limits: Limits | None = None) -> TypesGame:
    """Check the arguments and set up the game on counts.

    Parameters
    ----------
    utility : Utility
        Its `types` say which users are interchangeable.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs; users of one type may differ.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.
    limits : Limits, optional
        The platform's constraints. Only the margin matters to the users; the others decide, with
        the rest, whether numbers are exact.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the states would not fit in memory.
    """
    table_of_costs = as_costs(costs, utility.shape)
    allowed = allowed_actions(table_of_costs, actions, utility.shape)
    bounds = Limits() if limits is None else limits
    least = bounds.margin
    require_memory(
        lattice_of(utility).n_states * (_EXACT_BYTES if utility.exact else _FLOAT_BYTES),
        f"the game of {utility.n_users} users in {len(utility.type_sizes)} types",
        "fewer types, levels or users",
    )
    table = count_potential(utility)
    exact = is_exact(table.potential) and is_exact(table_of_costs) and bounds.exact
    if not exact:
        table = CountPotential(table.lattice, to_float(table.utility), to_float(table.potential))
        table_of_costs, least = to_float(table_of_costs), float(least)
    choosable = np.full(table_of_costs.shape, np.inf, dtype=table_of_costs.dtype)
    for user, levels in enumerate(allowed):
        choosable[user, list(levels)] = table_of_costs[user, list(levels)]
    groups = tuple(
        _grouped(choosable[:, :n_levels], np.flatnonzero(utility.types == kind))
        for kind, n_levels in enumerate(table.lattice.levels)
    )
    return TypesGame(
        table,
        groups,
        least,
        0 if exact else RELATIVE,
        all(levels[0] == 0 for levels in allowed),
    )


def _grouped(costs: Array, users: NDArray[np.intp]) -> CostGroups:
    members: dict[tuple[Any, ...], list[int]] = {}
    for user in users.tolist():
        members.setdefault(tuple(costs[user].tolist()), []).append(user)
    rows = np.array(list(members), dtype=costs.dtype).reshape(len(members), costs.shape[1])
    indices = tuple(np.array(group, dtype=np.intp) for group in members.values())
    return CostGroups(rows, np.array([len(group) for group in indices], dtype=np.intp), indices)


def dearer(costs: Array, level: int, other: int, margin: Number) -> Array:
    """What the payment must make up for a user at ``level`` not to move to ``other``: ``c(level) − c(other) + margin``.

    ``inf`` where the user may not choose ``level``; else ``−inf`` where it may not choose ``other``.
    """
    result = np.full(len(costs), np.inf, dtype=costs.dtype)
    here, there = costs[:, level], costs[:, other]
    may = (here < np.inf).astype(bool)
    forced = may & (there == np.inf).astype(bool)
    result[forced] = -np.inf
    both = may & ~forced
    result[both] = difference(difference(here[both], there[both], part=ROUNDING), -margin, part=ROUNDING)
    return result
