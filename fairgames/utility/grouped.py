"""Utilities of users who are identical within groups, however many there are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.exactness import Array
from fairgames.utility.base import Utility
from fairgames.utility.profile import as_profile, count_profiles

_CELLS_AT_ONCE = 1 << 17


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
        return (self._n_levels,) * self.n_users

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user; an entry's users follow one another."""
        return np.repeat(self._entry_types, self._entry_counts)

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
        parts = [self.evaluate_counts(self._counted(profiles[i : i + step])) for i in range(0, len(profiles), step)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _counted(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
        return count_profiles(profiles, self.types, len(self.type_sizes), self._n_levels)

    def _one_profile(self, profile: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Check a profile of one level a user; return it and its counts, shape ``(K, L)``."""
        levels = as_profile(profile, self.shape, self.type_sizes)
        return levels, self._counted(levels[None])[0]


def _as_counts_of_entries(counts: ArrayLike | None, n_entries: int) -> NDArray[np.intp]:
    if counts is None:
        return np.ones(n_entries, dtype=np.intp)
    array = np.asarray(counts)
    if array.shape != (n_entries,) or array.dtype.kind not in "iu":
        raise InputError("counts", f"must be one whole number of users for each of the {n_entries} entries", counts)
    for entry in np.flatnonzero(array < 1).tolist():
        raise InputError(f"counts[{entry}]", "must be at least 1", int(array[entry]))
    return array.astype(np.intp)
