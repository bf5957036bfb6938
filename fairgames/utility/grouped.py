"""Utilities of users who are identical within groups, however many there are: evaluated on counts of users.

`dp_mean` and `federated_mean` are such utilities.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, as_whole
from fairgames.memory import require_memory
from fairgames.utility.base import Utility, evaluated
from fairgames.utility.profile import as_profile, count_profiles

_CELLS_AT_ONCE = 1 << 17
_BYTES_A_USER = 40
"""A type, a level and a payment for each, and room to work on them."""


class GroupedUtility(Utility):
    """A utility of users who come in entries: one description, and how many users it describes.

    Entries with equal descriptions are one type; types are numbered in the order in which they
    first appear. Nothing of the size of the population is made unless `types` or `shape` is asked
    for. A subclass gives `evaluate_counts`; profiles are counted and sent through it.

    Parameters
    ----------
    descriptions : sequence of hashable
        What decides an entry's type.
    counts : array_like of int or None
        Users of each entry; None: one user an entry.
    n_levels : int
        Number of levels ``L`` of every user.

    Raises
    ------
    InputError
        If there is no entry, or ``counts`` are not whole numbers of at least 1, one for each entry.
    """

    _bytes_a_profile = 100

    @public
    def __init__(self, descriptions: Sequence[Hashable], counts: ArrayLike | None, n_levels: int) -> None:
        if not descriptions:
            raise InputError("users", "must be at least one")
        numbers: dict[Hashable, int] = {}
        self._entry_types = np.array([numbers.setdefault(entry, len(numbers)) for entry in descriptions], dtype=np.intp)
        self._first_entries = np.unique(self._entry_types, return_index=True)[1]
        self._entry_counts = _as_counts_of_entries(counts, len(descriptions))
        self._n_levels = n_levels

    @cached_property
    def n_users(self) -> int:
        """Number of users ``N``."""
        return int(self._entry_counts.sum())

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user."""
        require_memory(8 * self.n_users, f"the levels of {self.n_users:,} users", "payments by counts")
        return (self._n_levels,) * self.n_users

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user; an entry's users follow one another."""
        require_memory(_BYTES_A_USER * self.n_users, f"work on each of {self.n_users:,} users", "fewer users")
        return np.repeat(self._entry_types, self._entry_counts)

    @property
    def entry_types(self) -> NDArray[np.intp]:
        """Type of each entry."""
        return self._entry_types

    @property
    def entry_counts(self) -> NDArray[np.intp]:
        """Number of users of each entry."""
        return self._entry_counts

    @cached_property
    def type_sizes(self) -> tuple[int, ...]:
        """Number of users of each type."""
        sizes = np.zeros(len(self._first_entries), dtype=np.intp)
        np.add.at(sizes, self._entry_types, self._entry_counts)
        return tuple(sizes.tolist())

    @cached_property
    def type_levels(self) -> tuple[int, ...]:
        """Number of levels of each type."""
        return (self._n_levels,) * len(self._first_entries)

    @abstractmethod
    def evaluate_counts(self, counts: NDArray[Any]) -> Array:
        """Utility of states that count users: shape ``(M, K, L)`` to shape ``(M,)``."""

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> Array:
        """Utility of each row of ``profiles``."""
        step = max(1, _CELLS_AT_ONCE // (len(self.type_sizes) * self._n_levels))
        if 0 < len(profiles) <= step:
            return self.evaluate_counts(self._counted(profiles))
        parts = [self.evaluate_counts(self._counted(profiles[i : i + step])) for i in range(0, len(profiles), step)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _every_value(self) -> Array:
        n_codes = math.prod(size + 1 for size in self.type_sizes) ** (self._n_levels - 1)
        if n_codes * len(self.type_sizes) > self._n_levels**self.n_users:
            return self._every_value_apart()
        # Each state of counts is evaluated once. Its code is a sum over users, so all profiles' codes are outer sums.
        strides, states = _codes_of_states(self.type_sizes, self._n_levels)
        codes = np.zeros((), dtype=np.intp)
        for kind in self.types.tolist():
            codes = np.add.outer(codes, strides[kind])
        possible = states[:, :, 0].min(axis=1) >= 0
        values = np.empty(len(states), dtype=object if self.exact else float)
        values[possible] = evaluated(self.evaluate_counts, states[possible])
        result: Array = values[codes]
        return result

    def _every_value_apart(self) -> Array:
        """Utility of every profile, where too few users are identical to count them."""
        return super()._every_value()

    def _counted(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
        return count_profiles(profiles, self.types, len(self.type_sizes), self._n_levels)

    def _one_profile(self, profile: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Check a profile of one level a user; return it and its counts, shape ``(K, L)``."""
        levels = as_profile(profile, self.shape, self.type_sizes)
        return levels, self._counted(levels[None])[0]


def _codes_of_states(type_sizes: Sequence[int], n_levels: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number the states of counts.

    Parameters
    ----------
    type_sizes : sequence of int
        Users of each type.
    n_levels : int
        Levels of each user.

    Returns
    -------
    strides : ndarray, shape (K, L)
        What a user of a type at a level adds to the state's number.
    states : ndarray, shape (number of codes, K, L)
        The state of each number; where a type's count at level 0 is negative, there is none.

    Examples
    --------
    >>> strides, states = _codes_of_states([2], 2)
    >>> strides.tolist(), states.tolist()
    ([[0, 1]], [[[2, 0]], [[1, 1]], [[0, 2]]])
    """
    digits = np.repeat(np.array(type_sizes, dtype=np.intp) + 1, n_levels - 1)
    ends = np.cumprod(digits)
    strides = np.zeros((len(type_sizes), n_levels), dtype=np.intp)
    strides[:, 1:] = (ends // digits).reshape(len(type_sizes), n_levels - 1)
    present = np.arange(ends[-1])[:, None, None] // strides[:, 1:] % (np.array(type_sizes)[:, None] + 1)
    absent = np.array(type_sizes)[:, None] - present.sum(axis=2, keepdims=True)
    return strides, np.concatenate([absent, present], axis=2)


def _as_counts_of_entries(counts: ArrayLike | None, n_entries: int) -> NDArray[np.intp]:
    if counts is None:
        return np.ones(n_entries, dtype=np.intp)
    requirement = f"must be one whole number of users for each of the {n_entries} entries"
    array = as_whole(counts, "counts", requirement)
    if array.shape != (n_entries,):
        raise InputError("counts", requirement, counts)
    for entry in np.flatnonzero(array < 1).tolist():
        raise InputError(f"counts[{entry}]", "must be at least 1", int(array[entry]))
    if sum(array.tolist()) >= 1 << 62:
        raise InputError("counts", "must add up to less than 2^62 users", counts)
    return array
