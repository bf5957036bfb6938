"""Utilities that are given as numbers: one a profile, or one for each number of present users.

`as_utility`, which every public door calls, reads plain arrays as a `TableUtility`.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, as_array, is_exact, to_float
from fairgames.utility.base import Utility, Walk, require_zero_at_absent

_LARGEST_SWAP_CHECK = 1 << 22


class TableUtility(Utility):
    """A utility given by its value at every profile.

    Parameters
    ----------
    values : array_like, shape (L_1, …, L_N)
        Axis ``i`` is user ``i``; index 0 is "absent" and ``values[0, …, 0]`` is 0. Floats; or ints,
        Fractions and strings such as ``"2/3"`` for exact work.

    Raises
    ------
    InputError
        If the array is ragged, holds NaN or infinity, gives a user fewer than two levels, or is not
        0 where everybody is absent.

    Examples
    --------
    >>> utility = TableUtility([[0, "2/3"], ["2/3", 1]])
    >>> utility((1, 0)), utility.n_users, utility.types.tolist()
    (Fraction(2, 3), 2, [0, 0])
    """

    @public
    def __init__(self, values: ArrayLike) -> None:
        self._values = as_array(values, "values")
        if self._values.ndim == 0:
            raise InputError("values", "must have one axis for each user", values)
        for user, n_levels in enumerate(self._values.shape):
            if n_levels < 2:
                raise InputError(f"values: axis {user}", 'must have at least 2 levels, "absent" and another', n_levels)
        absent = (0,) * self._values.ndim
        require_zero_at_absent(self._values[absent], f"values[{', '.join(map(str, absent))}]")

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user."""
        return self._values.shape

    @property
    def exact(self) -> bool:
        """Whether values are Fractions rather than floats."""
        return is_exact(self._values)

    def in_floats(self) -> TableUtility:
        """Return the same utility with float values."""
        return TableUtility(to_float(self._values)) if self.exact else self

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> Array:
        """Utility of each row of ``profiles``."""
        values: Array = self._values[tuple(profiles.T)]
        return values

    def walk(self, levels: NDArray[np.intp]) -> Walk:
        """Walk that adds up each user's step through the table."""
        steps = np.cumprod((1, *self.shape[:0:-1]))[::-1] * levels
        return partial(_looked_up, self._values.reshape(-1), steps)

    def tensor(self) -> Array:
        """Return the table itself, read-only."""
        return self._values

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user: two users share one when swapping their axes leaves the table as it is.

        Tables too large to check quickly count every user as a type of its own, which is always right.
        """
        if self._values.size * self.n_users > _LARGEST_SWAP_CHECK:
            return np.arange(self.n_users)
        # Being swappable is an equivalence (transpositions generate the rest), so one user of each
        # type is enough to compare with.
        representatives: list[int] = []
        types = np.empty(self.n_users, dtype=np.intp)
        for user in range(self.n_users):
            matches = (kind for kind, other in enumerate(representatives) if self._swappable(user, other))
            types[user] = next(matches, len(representatives))
            if types[user] == len(representatives):
                representatives.append(user)
        return types

    def _swappable(self, user: int, other: int) -> bool:
        return np.array_equal(self._values, self._values.swapaxes(user, other))


def _looked_up(values: Array, steps: NDArray[np.intp], order: NDArray[np.intp]) -> Array:
    found: Array = values[np.cumsum(steps[order])]
    return found


class CountUtility(Utility):
    """A utility that depends only on how many users are present.

    Parameters
    ----------
    values : array_like, shape (N + 1,)
        ``values[k]`` is the utility when ``k`` users are present; ``values[0]`` is 0. Exact when all
        its numbers are. Each user has two levels, absent and present.

    Raises
    ------
    InputError
        If there are fewer than two values, one is NaN or infinite, or ``values[0]`` is not 0.

    Examples
    --------
    >>> utility = CountUtility([0, "2/3", 1])
    >>> utility((1, 0)), utility([[0, 2]])
    (Fraction(2, 3), Fraction(1, 1))
    """

    @public
    def __init__(self, values: ArrayLike) -> None:
        self._values = as_array(values, "values")
        if self._values.ndim != 1 or self._values.size < 2:
            raise InputError("values", "must list the utility of 0, 1, …, N present users", values)
        require_zero_at_absent(self._values[0], "values[0]")

    @property
    def values(self) -> Array:
        """Utility of ``0, 1, …, N`` present users, shape ``(N + 1,)``."""
        return self._values

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user: two."""
        return (2,) * (self._values.size - 1)

    @property
    def exact(self) -> bool:
        """Whether values are Fractions rather than floats."""
        return is_exact(self._values)

    def in_floats(self) -> CountUtility:
        """Return the same utility with float values."""
        return CountUtility(to_float(self._values)) if self.exact else self

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user: all share one."""
        return np.zeros(self.n_users, dtype=np.intp)

    @property
    def entry_types(self) -> NDArray[np.intp]:
        """Type of each entry: there is one of all users."""
        return np.zeros(1, dtype=np.intp)

    @property
    def entry_counts(self) -> NDArray[np.intp]:
        """Number of users of each entry."""
        return np.array([self.n_users])

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> Array:
        """Utility of each row of ``profiles``."""
        present: Array = self._values[np.count_nonzero(profiles, axis=1)]
        return present

    def evaluate_counts(self, counts: NDArray[np.integer[Any]]) -> Array:
        """Utility of states that count users: shape ``(M, 1, 2)`` to shape ``(M,)``."""
        present: Array = self._values[counts[:, 0, 1]]
        return present


def as_utility(utility: Utility | ArrayLike) -> Utility:
    """Return a `Utility` as it is, and read an array as a `TableUtility`.

    Raises
    ------
    InputError
        If an array is not a table of utilities.

    Examples
    --------
    >>> as_utility([[0, 1], [1, 2]]).shape
    (2, 2)
    """
    return utility if isinstance(utility, Utility) else TableUtility(utility)
