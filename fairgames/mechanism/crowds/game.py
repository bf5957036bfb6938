"""Very many users, grouped by type and costs: who they are, and what a state of theirs is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.exactness import to_float
from fairgames.scenario.costs import Actions, allowed_actions, as_costs, as_entry_counts
from fairgames.utility.base import Utility

State = NDArray[np.int64]
"""Users by group and level, shape ``(G, L)``."""


@dataclass(frozen=True, eq=False)
class ScaleGame:
    """The users' game, told by groups of users who are interchangeable and have equal costs.

    Attributes
    ----------
    utility : Utility
        With float values.
    kinds : ndarray of int, shape (G,)
        Type of each group.
    costs : ndarray, shape (G, L)
        Cost of each level; ``inf`` where it may not be chosen.
    sizes : ndarray of int, shape (G,)
        Users of each group.
    entries : ndarray of int, shape (E,)
        Group of each entry of the costs as they were given.
    entry_sizes : ndarray of int, shape (E,)
        Users of each entry.
    by_user : bool
        Whether each entry is one user.
    """

    utility: Utility
    kinds: NDArray[np.intp]
    costs: NDArray[np.float64]
    sizes: NDArray[np.int64]
    entries: NDArray[np.intp]
    entry_sizes: NDArray[np.int64]
    by_user: bool

    @property
    def n_users(self) -> int:
        """Number of users."""
        return int(self.sizes.sum())

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return int(self.costs.shape[1])

    @property
    def absent_allowed(self) -> bool:
        """Whether every user may stay absent."""
        return bool(np.isfinite(self.costs[:, 0]).all())

    @property
    def offered(self) -> NDArray[np.bool_]:
        """Levels that some user of each type may choose, shape ``(K, L)``."""
        offered = np.zeros((len(self.utility.type_sizes), self.n_levels), dtype=bool)
        np.logical_or.at(offered, self.kinds, np.isfinite(self.costs))
        return offered

    def counts(self, state: State) -> NDArray[np.int64]:
        """Users by type and level, shape ``(K, L)``."""
        counts = np.zeros((len(self.utility.type_sizes), self.n_levels), dtype=np.int64)
        np.add.at(counts, self.kinds, state)
        return counts

    def cost_of(self, state: State) -> float:
        """Cost that all users bear together."""
        return float((state * np.where(state > 0, self.costs, 0.0)).sum())

    def all_at(self, levels: NDArray[np.intp]) -> State:
        """Put each group's users at one level."""
        state = np.zeros(self.costs.shape, dtype=np.int64)
        state[np.arange(len(levels)), levels] = self.sizes
        return state

    def cheapest(self) -> State:
        """Put all users at their cheapest level, the most private one where several are."""
        return self.all_at(np.argmin(self.costs, axis=1))

    def highest(self) -> State:
        """Put all users at the highest level that they may choose."""
        allowed = np.isfinite(self.costs)
        return self.all_at(self.n_levels - 1 - np.argmax(allowed[:, ::-1], axis=1))


def scale_game(utility: Utility, costs: object, actions: Actions = None, counts: ArrayLike | None = None) -> ScaleGame:
    """Check costs and actions, and group the users.

    Parameters
    ----------
    utility : Utility
        Its `types` say which users are interchangeable.
    costs : array_like, shape (N, L), (E, L) or (L,)
        Privacy costs of each user; of one user of each entry where ``counts`` says how many there are; or
        one row for all.
    actions : None, tuple of int, or one tuple a row of costs
        Levels that users may choose.
    counts : array_like of int, optional, shape (E,)
        Users of each entry, who follow one another.

    Returns
    -------
    ScaleGame
        One row of costs for all makes an entry of each type.

    Raises
    ------
    InputError
        If an argument is malformed, or an entry has users of several types.

    Examples
    --------
    >>> from fairgames.utility.dp_mean import DPMeanUtility
    >>> crowd = DPMeanUtility([[0, 1.0], [0, 3.0]], counts=[600_000, 400_000])
    >>> scale_game(crowd, [[0, 1], [0, 2], [0, 3]], counts=[500_000, 100_000, 400_000]).kinds
    array([0, 0, 1])
    """
    levels = max(utility.type_levels)
    by_user = False
    if counts is not None:
        sizes = as_entry_counts(counts, utility.n_users)
        by_user = len(sizes) == utility.n_users
        kinds = _kinds_of(utility, sizes)
    elif _is_one_row(costs):
        kinds, sizes = np.arange(len(utility.type_sizes)), np.array(utility.type_sizes)
    else:
        by_user = True
        kinds, sizes = utility.types, np.ones(utility.n_users, dtype=np.int64)
    shape = tuple(utility.type_levels[kind] for kind in kinds.tolist())
    table = to_float(as_costs(costs, shape))
    choosable = np.full((len(kinds), levels), np.inf)
    for entry, allowed in enumerate(allowed_actions(table, actions, shape)):
        choosable[entry, list(allowed)] = table[entry, list(allowed)]
    rows, entries = np.unique(np.column_stack([kinds, choosable]), axis=0, return_inverse=True)
    entries = entries.reshape(-1)
    return ScaleGame(
        utility.in_floats(),
        rows[:, 0].astype(np.intp),
        rows[:, 1:],
        np.bincount(entries, weights=sizes).astype(np.int64),
        entries,
        sizes.astype(np.int64),
        by_user,
    )


def spread_over_entries(game: ScaleGame, state: State) -> NDArray[np.int64]:
    """Users by entry and level, shape ``(E, L)``: entries of one group fill its lower levels first."""
    shares = np.zeros((len(game.entries), game.n_levels), dtype=np.int64)
    for group in range(len(game.sizes)):
        members = np.flatnonzero(game.entries == group)
        ends = np.cumsum(game.entry_sizes[members])
        starts = ends - game.entry_sizes[members]
        top = np.cumsum(state[group])
        for level, (low, high) in enumerate(zip(top - state[group], top, strict=True)):
            shares[members, level] = np.clip(np.minimum(ends, high) - np.maximum(starts, low), 0, None)
    return shares


def whole_state(state: NDArray[np.float64], sizes: NDArray[np.int64]) -> State:
    """Round to whole users, so that each group keeps its size.

    Examples
    --------
    >>> whole_state(np.array([[1.4, 2.6]]), np.array([4]))
    array([[1, 3]])
    """
    whole: State = np.floor(np.clip(state, 0, None) + 0.5).astype(np.int64)
    rows = np.arange(len(sizes))
    whole[rows, whole.argmax(axis=1)] += sizes - whole.sum(axis=1)
    return whole


def _kinds_of(utility: Utility, sizes: NDArray[np.int64]) -> NDArray[np.intp]:
    starts = np.cumsum(sizes) - sizes
    lowest, highest = (extreme.reduceat(utility.types, starts) for extreme in (np.minimum, np.maximum))
    for entry in np.flatnonzero(lowest != highest).tolist():
        raise InputError(f"counts[{entry}]", "must count users of one type", int(sizes[entry]))
    kinds: NDArray[np.intp] = lowest
    return kinds


def _is_one_row(costs: Any) -> bool:
    try:
        return not any(isinstance(entry, (Sequence, np.ndarray)) and not isinstance(entry, str) for entry in costs)
    except TypeError:
        return True
