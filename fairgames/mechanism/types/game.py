"""Interchangeable users with different costs: one game, read on counts by type and level.

`types_game` sets up what `hall` and `optimum` read: utility and potential at every count state (`payments.counts`),
and the users of each type by their row of costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.mechanism.problem import Problem
from fairgames.memory import require_memory
from fairgames.payments.counts import CountPotential, count_potential, lattice_of
from fairgames.tolerance import RELATIVE, ROUNDING, difference

_FLOAT_BYTES = 100
_EXACT_BYTES = 1500


@dataclass(frozen=True, eq=False)
class CostedType:
    """Users of one type, by their row of costs.

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
    types : tuple of CostedType
        The users of each type.
    margin : Fraction or float
        How much better a chosen level must be than each alternative.
    slack : float
        Alphas that differ by no more than this part count as equal; 0 when exact.
    absent_allowed : bool
        Whether every user may stay absent.
    """

    table: CountPotential
    types: tuple[CostedType, ...]
    margin: Number
    slack: float
    absent_allowed: bool

    @property
    def exact(self) -> bool:
        """Whether the numbers are Fractions."""
        return is_exact(self.table.potential)


def types_game(problem: Problem) -> TypesGame:
    """Set up the game of a problem on the counts of its users by type and level.

    Raises
    ------
    SizeError
        If the states would not fit in memory.
    """
    utility = problem.utility
    require_memory(
        lattice_of(utility).n_states * (_EXACT_BYTES if utility.exact else _FLOAT_BYTES),
        f"the game of {utility.n_users} users in {len(utility.type_sizes)} types",
        "fewer types, levels or users",
    )
    table = count_potential(utility)
    if not problem.exact:
        table = CountPotential(table.lattice, to_float(table.utility), to_float(table.potential))
    choosable = np.full((utility.n_users, max(utility.shape)), np.inf, dtype=table.potential.dtype)
    for row, levels, costs in zip(choosable, problem.allowed, problem.costs, strict=True):
        row[list(levels)] = costs
    types = tuple(
        _by_costs(choosable[:, :n_levels], np.flatnonzero(utility.types == k))
        for k, n_levels in enumerate(table.lattice.levels)
    )
    slack = 0 if problem.exact else RELATIVE
    return TypesGame(table, types, problem.limits.margin, slack, problem.absent_allowed)


def _by_costs(costs: Array, users: NDArray[np.intp]) -> CostedType:
    members: dict[tuple[Number, ...], list[int]] = {}
    for user in users.tolist():
        members.setdefault(tuple(costs[user].tolist()), []).append(user)
    rows = np.array(list(members), dtype=costs.dtype).reshape(len(members), costs.shape[1])
    indices = tuple(np.array(alike, dtype=np.intp) for alike in members.values())
    return CostedType(rows, np.array([len(alike) for alike in indices], dtype=np.intp), indices)


def dearer(costs: Array, level: int, other: int, margin: Number) -> Array:
    """What the payment must make up for a user at ``level`` not to move to ``other``: ``c(level) − c(other) + margin``.

    ``inf`` where the user may not choose ``level``; else ``−inf`` where it may not choose ``other``.
    """
    here, there = costs[:, level], costs[:, other]
    result = np.where((here < np.inf).astype(bool), -np.inf, np.inf).astype(costs.dtype)
    both = ((here < np.inf) & (there < np.inf)).astype(bool)
    result[both] = difference(difference(here[both], there[both], part=ROUNDING), -margin, part=ROUNDING)
    return result
