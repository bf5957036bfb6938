"""Utilities that jump once enough weight is present, with the jumps declared.

`pricing` sets declared jumps apart, and `payments.engines.threshold` prices them without sampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Number, as_array, as_number, to_float
from fairgames.utility.base import Jump, Utility, Walk
from fairgames.utility.grouped import GroupedUtility


def as_jump(weights: ArrayLike, quota: Number | str, height: Number | str = 1) -> Jump:
    """Check a jump.

    Parameters
    ----------
    weights : array_like, shape (K, L)
        Weight of one user of each type at each level; column 0 is 0.
    quota, height : number
        Weight needed, above 0, and what reaching it is worth.

    Returns
    -------
    Jump

    Raises
    ------
    InputError
        If a weight is negative, an absent user has weight, or the quota is not above 0.

    Examples
    --------
    >>> as_jump([[0, 1], [0, 2]], quota=3).evaluate_counts(np.array([[[0, 1], [0, 1]], [[0, 1], [1, 0]]]))
    array([ True, False])
    """
    table = as_array(weights, "weights")
    if table.ndim != 2 or table.shape[1] < 2:
        raise InputError("weights", "must have one row for each type and one column for each level", table.shape)
    for kind, level in np.argwhere(table < 0).tolist():
        raise InputError(f"weights[{kind}, {level}]", "must be at least 0", table[kind, level])
    for kind in np.flatnonzero(table[:, 0] != 0).tolist():
        raise InputError(f"weights[{kind}, 0]", "must be 0: level 0 is absent", table[kind, 0])
    needed = as_number(quota, "quota")
    if not needed > 0:
        raise InputError("quota", "must be above 0: the utility is 0 when everybody is absent", quota)
    return Jump(table, needed, as_number(height, "height"))


class ThresholdUtility(Utility):
    """A utility, smooth or none, plus declared jumps.

    No sampling finds a threshold among a million users; declared, its payments are exact.

    Parameters
    ----------
    jumps : sequence of Jump
        The jumps, from `as_jump`.
    base : Utility, optional
        The rest of the utility.
    counts : array_like of int, optional, shape (K,)
        Users of each type, when there is no base.

    Raises
    ------
    InputError
        Unless just one of ``base`` and ``counts`` is given, and the weights fit its types and levels.

    Examples
    --------
    >>> utility = ThresholdUtility([as_jump([[0, 1], [0, 3]], quota=4)], counts=[3, 1])
    >>> utility((1, 0, 0, 1)), utility((1, 1, 1, 0))
    (1.0, 0.0)
    """

    @public
    def __init__(
        self, jumps: Sequence[Jump], base: Utility | None = None, *, counts: Sequence[int] | NDArray[Any] | None = None
    ) -> None:
        if (base is None) == (counts is None):
            raise InputError("base", "must be given, or counts, but not both")
        if not jumps:
            raise InputError("jumps", "must be at least one")
        self.jumps = tuple(jumps)
        self.base = base if base is not None else NothingUtility(counts, self.jumps[0].weights.shape[1])
        expected = (len(self.base.type_sizes), max(self.base.type_levels))
        for position, jump in enumerate(self.jumps):
            if jump.weights.shape != expected:
                raise InputError(
                    f"jumps[{position}].weights", f"must have shape {expected}: types by levels", jump.weights.shape
                )

    def without_jumps(self) -> Utility | None:
        """Return the rest of the utility."""
        return None if isinstance(self.base, NothingUtility) else self.base

    @property
    def n_users(self) -> int:
        """Number of users ``N``."""
        return self.base.n_users

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user."""
        return self.base.shape

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user."""
        return self.base.types

    @property
    def entry_types(self) -> NDArray[np.intp]:
        """Type of each entry."""
        return self.base.entry_types

    @property
    def entry_counts(self) -> NDArray[np.intp]:
        """Number of users of each entry."""
        return self.base.entry_counts

    @cached_property
    def type_sizes(self) -> tuple[int, ...]:
        """Number of users of each type."""
        return self.base.type_sizes

    @cached_property
    def type_levels(self) -> tuple[int, ...]:
        """Number of levels of each type."""
        return self.base.type_levels

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Utility of each row of ``profiles``."""
        values = to_float(self.base.evaluate(profiles))
        for jump in self.jumps:
            weight = jump.weights[self.types[None, :], profiles].sum(axis=1)
            values = values + float(jump.height) * (weight >= jump.quota).astype(float)
        return values

    def walk(self, levels: NDArray[np.intp]) -> Walk | None:
        """Walk of the rest, where it has one, plus the jumps on the way."""
        base = self.base.walk(levels)
        if base is None and self.without_jumps() is not None:
            return None
        weights = np.array([jump.weights[self.types, levels] for jump in self.jumps])
        quotas, heights = (np.array([getattr(jump, name) for jump in self.jumps]) for name in ("quota", "height"))
        return partial(_utilities_along, base, weights, quotas, to_float(heights))

    def evaluate_counts(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """Utility of states that count users: shape ``(M, K, L)`` to shape ``(M,)``."""
        values = to_float(self.base.evaluate_counts(counts))
        for jump in self.jumps:
            values = values + float(jump.height) * jump.evaluate_counts(counts)
        return values


def _utilities_along(
    base: Walk | None,
    weights: NDArray[Any],
    quotas: NDArray[Any],
    heights: NDArray[np.float64],
    order: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Utility after each user of ``order`` has joined: each jump at the user whose weight reaches its quota."""
    values = np.zeros(len(order)) if base is None else base(order)
    reached = np.asarray(np.cumsum(weights[:, order], axis=1) >= quotas[:, None], dtype=float)
    total: NDArray[np.float64] = values + heights @ reached
    return total


class NothingUtility(GroupedUtility):
    """The utility that is 0 everywhere, of users in types.

    Parameters
    ----------
    counts : array_like of int, shape (K,)
        Users of each type.
    n_levels : int
        Levels of every user.
    """

    smooth = True

    def __init__(self, counts: Any, n_levels: int) -> None:
        super().__init__(list(range(len(counts))), counts, n_levels)

    def evaluate_counts(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        """Return 0 for each state."""
        return np.zeros(len(counts))
