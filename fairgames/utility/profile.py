"""Profiles: one level index a user, or counts of users by type and level; for utilities and all that prices one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.exactness import as_whole

_CELLS_AT_ONCE = 1 << 15


def is_counts(profile: ArrayLike) -> bool:
    """Whether ``profile`` is written as ``counts[type, level]``.

    Raises
    ------
    InputError
        If its rows differ in length.
    """
    try:
        return np.ndim(profile) == 2
    except ValueError:
        requirement = "must be one level a user, or rows of equal length that count users"
        raise InputError("profile", requirement, profile) from None


def as_profile(profile: ArrayLike, shape: Sequence[int], type_sizes: Sequence[int]) -> NDArray[np.intp]:
    """Check a profile in either form and return it as an integer array.

    Parameters
    ----------
    profile : array_like of int
        Shape ``(N,)``: a level index a user. Shape ``(K, L)``: users by type and level.
    shape : sequence of int
        Number of levels of each user.
    type_sizes : sequence of int
        Number of users of each type.

    Returns
    -------
    ndarray of int
        In the form in which it was given.

    Raises
    ------
    InputError
        If a number is not a whole level index, or counts do not add up to the type sizes.
    """
    if is_counts(profile):
        return as_counts(profile, [max(shape)] * len(type_sizes), type_sizes)
    return as_user_levels(profile, shape)


def as_user_levels(profile: ArrayLike, shape: Sequence[int]) -> NDArray[np.intp]:
    """Check a profile of one level a user, as `as_profile` does."""
    array = as_whole(profile, "profile", "must hold whole level indices")
    if array.shape != (len(shape),):
        raise InputError("profile", f"must have one level for each of the {len(shape)} users", profile)
    for user, (level, n_levels) in enumerate(zip(array.tolist(), shape, strict=True)):
        if not 0 <= level < n_levels:
            raise InputError(f"profile[{user}]", f"must be a level from 0 to {n_levels - 1}", level)
    return array


def as_levels(profile: ArrayLike, shape: Sequence[int], types: NDArray[np.intp]) -> NDArray[np.intp]:
    """Check a profile in either form, and return the level of each user, shape ``(N,)``."""
    levels = as_profile(profile, shape, np.bincount(types).tolist())
    return expand_counts(levels[None], types)[0] if levels.ndim == 2 else levels


def as_counts(counts: ArrayLike, type_levels: Sequence[int], type_sizes: Sequence[int]) -> NDArray[np.intp]:
    """Check a profile that counts users by type and level, and return it as an integer array.

    Parameters
    ----------
    counts : array_like of int, shape (K, L)
        Users by type and level.
    type_levels : sequence of int
        Number of levels that users of each type have.
    type_sizes : sequence of int
        Number of users of each type.

    Returns
    -------
    ndarray of int, shape (K, L)

    Raises
    ------
    InputError
        If the shape is wrong, an entry is not a whole number of users, somebody is at a level that
        does not exist, or a row does not add up to its type's size.
    """
    array = as_whole(counts, "profile", "as counts[type, level] must hold whole numbers of users")
    expected = (len(type_sizes), max(type_levels))
    if array.shape != expected:
        raise InputError("profile", f"as counts[type, level] must have shape {expected}", array.shape)
    if (array < 0).any():
        raise InputError("profile", "as counts[type, level] must not be negative", array.tolist())
    for kind, (n_levels, size) in enumerate(zip(type_levels, type_sizes, strict=True)):
        row = array[kind].tolist()
        if any(row[n_levels:]):
            raise InputError(f"profile[{kind}]", f"must count nobody above level {n_levels - 1}", row)
        if sum(row) != size:
            raise InputError(f"profile[{kind}]", f"must count all {size} users of type {kind}", row)
    return array


def count_profiles(
    profiles: NDArray[np.integer[Any]], types: NDArray[np.intp], n_types: int, n_levels: int
) -> NDArray[np.intp]:
    """Count the users of each type at each level, profile by profile.

    Parameters
    ----------
    profiles : ndarray of int, shape (M, N)
        Level of each user.
    types : ndarray of int, shape (N,)
        Type of each user.
    n_types, n_levels : int
        ``K`` and ``L``.

    Returns
    -------
    ndarray of int, shape (M, K, L)

    Examples
    --------
    >>> count_profiles(np.array([[0, 1, 1]]), np.array([0, 1, 0]), 2, 2).tolist()
    [[[1, 1], [0, 1]]]
    """
    n_cells = n_types * n_levels
    cells = np.arange(len(profiles))[:, None] * n_cells + types * n_levels + profiles
    return np.bincount(cells.ravel(), minlength=len(profiles) * n_cells).reshape(len(profiles), n_types, n_levels)


def expand_counts(counts: NDArray[Any], types: NDArray[np.intp]) -> NDArray[np.intp]:
    """One profile for each count state: within a type, earlier users take the lower levels.

    Parameters
    ----------
    counts : ndarray of int, shape (M, K, L)
        Users by type and level.
    types : ndarray of int, shape (N,)
        Type of each user.

    Returns
    -------
    ndarray of int, shape (M, N)
        Level of each user.

    Examples
    --------
    >>> expand_counts(np.array([[[1, 1], [0, 1]]]), np.array([0, 1, 0]))
    array([[0, 1, 1]])
    """
    n_states, n_types, _ = counts.shape
    profiles = np.zeros((n_states, types.size), dtype=np.intp)
    for kind in range(n_types):
        users = np.flatnonzero(types == kind)
        ends = np.cumsum(counts[:, kind], axis=1)
        profiles[:, users] = (np.arange(users.size)[None, :, None] >= ends[:, None, :]).sum(axis=2)
    return profiles


def running_counts(cells: NDArray[np.intp], n_cells: int) -> Iterator[NDArray[np.intp]]:
    """How many users of each cell have joined after each step, in blocks of steps, shape ``(steps, n_cells)``.

    Examples
    --------
    >>> [block.tolist() for block in running_counts(np.array([1, 0, 1]), 2)]
    [[[0, 1], [1, 1], [1, 2]]]
    """
    before = np.zeros(n_cells, dtype=np.intp)
    step = max(1, _CELLS_AT_ONCE // max(1, n_cells))
    for start in range(0, len(cells), step):
        block = cells[start : start + step]
        counts = np.zeros((len(block), n_cells), dtype=np.intp)
        counts[np.arange(len(block)), block] = 1
        counts = before + np.cumsum(counts, axis=0)
        before = counts[-1]
        yield counts
