"""The potential of the payments (Hart and Mas-Colell 1989): one pass over all profiles by support size.

There is one function ``P`` with ``phi_i(rho) = P(rho) − P(rho, i absent)``, so one tensor holds every payment of every
user at every profile. `CountLattice` numbers the profiles of interchangeable users, by how many are at each level;
`counts` has the potential there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, is_exact
from fairgames.memory import require_memory


@dataclass(frozen=True)
class CountLattice:
    """All ways to spread interchangeable users over the levels, numbered.

    A type's *composition* ``(n_0, …, n_{L-1})`` counts its users by level. Compositions are numbered
    from 0 (everybody absent) in order of the number of present users, so that moving one user is a
    change of index. A *state* holds one composition a type; arrays over states have shape `shape`.

    Parameters
    ----------
    type_sizes : tuple of int
        Number of users of each type.
    levels : tuple of int
        Number of levels of each type; level 0 is "absent".

    Examples
    --------
    >>> lattice = CountLattice(type_sizes=(2,), levels=(3,))
    >>> lattice.compositions[0].tolist()
    [[2, 0, 0], [1, 0, 1], [1, 1, 0], [0, 0, 2], [0, 1, 1], [0, 2, 0]]
    >>> lattice.moved(0, 0, 2).tolist()  # one user from "absent" to level 2; -1: nobody is absent
    [1, 3, 4, -1, -1, -1]
    """

    type_sizes: tuple[int, ...]
    levels: tuple[int, ...]

    @property
    def n_users(self) -> int:
        """Number of users ``N``."""
        return sum(self.type_sizes)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of compositions of each type."""
        pairs = zip(self.type_sizes, self.levels, strict=True)
        return tuple(math.comb(size + n_levels - 1, n_levels - 1) for size, n_levels in pairs)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return math.prod(self.shape)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """Change of the flat index of a state when a type's composition index grows by 1."""
        return tuple(math.prod(self.shape[kind + 1 :]) for kind in range(len(self.shape)))

    @cached_property
    def compositions(self) -> tuple[NDArray[np.intp], ...]:
        """Counts by level of every composition of each type, shape ``(shape[k], levels[k])``."""
        pairs = zip(self.type_sizes, self.levels, strict=True)
        return tuple(_compositions(size, n_levels) for size, n_levels in pairs)

    def rank(self, kind: int, composition: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
        """Index of each row of ``composition``, shape ``(M, levels[kind])``, among the type's compositions.

        References
        ----------
        D. E. Knuth, *The Art of Computer Programming* 4A, 7.2.1.3: combinatorial number system.
        """
        return _rank(np.asarray(composition), self.type_sizes[kind])

    def moved(self, kind: int, source: int, target: int) -> NDArray[np.intp]:
        """Index of each composition of type ``kind`` after one user moves; -1 where nobody is at ``source``."""
        counts = self.compositions[kind].copy()
        movable = counts[:, source] > 0
        counts[:, source] -= 1
        counts[:, target] += 1
        counts[~movable] = 0
        return np.where(movable, _rank(counts, self.type_sizes[kind]), -1)

    def counts(self, states: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
        """Counts by type and level of flat state indices, shape ``(M,)`` to ``(M, K, max(levels))``."""
        result = np.zeros((len(states), len(self.levels), max(self.levels)), dtype=np.intp)
        for kind, index in enumerate(np.unravel_index(states, self.shape)):
            result[:, kind, : self.levels[kind]] = self.compositions[kind][index]
        return result

    def state(self, counts: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
        """Flat index of counts by type and level, shape ``(M, K, max(levels))`` to ``(M,)``."""
        index = np.zeros(len(counts), dtype=np.intp)
        for kind, n_levels in enumerate(self.levels):
            index += self.rank(kind, counts[:, kind, :n_levels]) * self.strides[kind]
        return index

    def present(self) -> NDArray[np.intp]:
        """Number of users who are present, at every state; array of shape `shape`."""
        total = np.zeros(self.shape, dtype=np.intp)
        for kind, counts in enumerate(self.compositions):
            axes = [1] * len(self.shape)
            axes[kind] = -1
            total += counts[:, 1:].sum(axis=1).reshape(axes)
        return total


def _compositions(size: int, n_levels: int) -> NDArray[np.intp]:
    # Partial sums t_1 <= … <= t_{L-1} <= size in colexicographic order, built one column at a time:
    # those that end in v extend the first C(v + j - 1, j - 1) of the shorter ones.
    sums = np.zeros((1, 0), dtype=np.intp)
    for column in range(1, n_levels):
        lengths = np.array([math.comb(v + column - 1, column - 1) for v in range(size + 1)], dtype=np.intp)
        last = np.repeat(np.arange(size + 1, dtype=np.intp), lengths)
        first = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        sums = np.column_stack([sums[first], last])
    absent = np.full((len(sums), 1), size, dtype=np.intp) - sums[:, -1:] if n_levels > 1 else np.full((1, 1), size)
    return np.hstack([absent, np.diff(sums, axis=1, prepend=0)]).astype(np.intp)


def _rank(compositions: NDArray[np.integer[Any]], size: int) -> NDArray[np.intp]:
    sums = np.cumsum(compositions[:, 1:], axis=1)
    rank = np.zeros(len(compositions), dtype=np.intp)
    for column in range(sums.shape[1]):
        table = np.array([math.comb(v + column, column + 1) for v in range(size + 1)], dtype=np.intp)
        rank += table[sums[:, column]]
    return rank


_BYTES_PER_PROFILE = 40
_BYTES_PER_EXACT_PROFILE = 400


def potential_tensor(U: Array, platform: int = 0) -> Array:
    """Potential behind the payments among users (Theorem 2 at alpha = 1); of Theorem 1 with ``platform=1``.

    With ``s`` the number of present users, ``P(rho) = (U(rho) + sum_{i present} P(rho with i → 0)) / (s + platform)``
    and ``P(0) = 0``. With the platform as one more member of the coalition, without which nothing is earned, its fair
    share *is* this potential.

    Parameters
    ----------
    U : ndarray, shape (L_1, …, L_N)
        Utility of every profile, float64 or Fractions, with ``U[0, …, 0] == 0``.
    platform : {0, 1}
        Members of the coalition that are always present.

    Returns
    -------
    ndarray, shape (L_1, …, L_N)
        The potential, in the units of ``U``; Fractions when ``U`` holds Fractions.

    Raises
    ------
    SizeError
        If the potential would not fit in memory.

    References
    ----------
    S. Hart and A. Mas-Colell (1989), Potential, value, and consistency, Econometrica 57, 589–614.

    Examples
    --------
    >>> potential_tensor(np.array([[0, 2 / 3], [2 / 3, 1]]))
    array([[0.        , 0.66666667],
           [0.66666667, 1.16666667]])
    >>> potential_tensor(np.array([[0, 2 / 3], [2 / 3, 1]]), platform=1)
    array([[0.        , 0.33333333],
           [0.33333333, 0.55555556]])
    """
    per_profile = _BYTES_PER_EXACT_PROFILE if is_exact(U) else _BYTES_PER_PROFILE
    require_memory(U.size * per_profile, f"the potential of {U.size:,} profiles", "fair_payments (one profile)")
    order, ends = _profiles_by_support_size(U.shape)
    strides = [math.prod(U.shape[user + 1 :]) for user in range(U.ndim)]
    utility = U.reshape(-1)
    potential = np.full(U.size, Fraction(0), dtype=object) if is_exact(U) else np.zeros(U.size)
    for support_size in range(1, U.ndim + 1):
        profiles = order[ends[support_size - 1] : ends[support_size]]
        total = utility[profiles]
        for n_levels, stride in zip(U.shape, strides, strict=True):
            # Level index of this user times its stride; an absent user's neighbour is the profile
            # itself, whose potential is still 0, so it adds nothing.
            offset = profiles // stride
            offset -= (offset // n_levels) * n_levels
            offset *= stride
            total += potential[profiles - offset]
        potential[profiles] = total / (support_size + platform)
    return potential.reshape(U.shape)


def largest_within(U: Array) -> Array:
    """Largest ``|U|`` at each profile or with some of its users absent: all that its payments are computed from.

    Examples
    --------
    >>> largest_within(np.array([[0.0, 3.0], [-5.0, 1.0]]))
    array([[0., 3.],
           [5., 5.]])
    """
    largest: Array = np.abs(U, order="C")
    for user, n_levels in enumerate(U.shape):
        along = largest.reshape(math.prod(U.shape[:user]), n_levels, -1)
        for level in range(1, n_levels):
            np.maximum(along[:, level], along[:, 0], out=along[:, level])
    return largest


def _profiles_by_support_size(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Flat indices of all profiles, fewest present users first, and where each size ends."""
    n_users = len(shape)
    support_size = np.zeros(shape, dtype=np.int16)
    for user, n_levels in enumerate(shape):
        present = (np.arange(n_levels) > 0).astype(np.int16)
        support_size += present.reshape([-1 if axis == user else 1 for axis in range(n_users)])
    order = np.argsort(support_size, axis=None, kind="stable")
    ends = np.cumsum(np.bincount(support_size.reshape(-1), minlength=n_users + 1))
    # 32-bit indices halve the traffic of the gathers, which are what the recursion spends its time on.
    return (order.astype(np.uint32) if order.size <= np.iinfo(np.uint32).max else order), ends


def shares_at(P: Array, profile: tuple[int, ...]) -> Array:
    """Payment of each user at one profile of levels, ``P(rho) − P(rho without the user)``, shape ``(N,)``."""
    without = [P[(*profile[:user], 0, *profile[user + 1 :])] for user in range(len(profile))]
    shares: Array = P[profile] - np.array(without, dtype=P.dtype)
    return shares


def without_user(tensor: Array, user: int) -> Array:
    """View of ``tensor`` at the profiles in which ``user`` is absent; that axis has length 1."""
    return tensor[(slice(None),) * user + (slice(0, 1),)]
