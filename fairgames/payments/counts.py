"""The potential of interchangeable users, on the lattice of counts: of all profiles, or of the users present at one.

Users of one type are interchangeable, so a profile matters only through how many users of each type are at each
level. The potential of Hart and Mas-Colell, and with it every payment, lives on these counts: a hundred users of two
types with three levels have 1.76 million states instead of 3^100 profiles. `pricing` groups who is present and
enumerates small states; optima among few types read `CountPotential`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import EvaluationError, InputError
from fairgames.exactness import Array
from fairgames.memory import readable_count, require_memory
from fairgames.payments.potential import CountLattice
from fairgames.tolerance import difference
from fairgames.utility.base import Utility, evaluated, in_chunks
from fairgames.utility.profile import as_counts, as_user_levels, expand_counts, is_counts

_FLOAT_BYTES = 48
_EXACT_BYTES = 420


@dataclass(frozen=True, eq=False)
class CountPotential:
    """Utility and potential at every state of a count lattice.

    Attributes
    ----------
    lattice : CountLattice
        What the entries of the arrays mean.
    utility, potential : ndarray
        Shape ``lattice.shape``; read-only.
    """

    lattice: CountLattice
    utility: Array
    potential: Array

    def differences(self, kind: int, source: int, target: int) -> tuple[NDArray[np.intp], Array]:
        """What a user of type ``kind`` at ``source`` is paid more than it would be at ``target``, per unit of alpha.

        Returns
        -------
        rows : ndarray of int
            The type's compositions that have a user at ``source``.
        differences : ndarray
            ``P(n) − P(n with one user moved)``, 0 within rounding; like the potential, but only ``rows`` along axis
            ``kind``.
        """
        moved = self.lattice.moved(kind, source, target)
        rows = np.flatnonzero(moved >= 0)
        here, there = (np.take(self.potential, chosen, axis=kind) for chosen in (rows, moved[rows]))
        return rows, difference(here, there)


def lattice_of(utility: Utility) -> CountLattice:
    """Return the count lattice of a utility's types.

    Raises
    ------
    InputError
        If users of one type differ in their number of levels.
    """
    levels = []
    for kind in range(len(utility.type_sizes)):
        users = np.flatnonzero(utility.types == kind)
        found = {utility.shape[user] for user in users}
        if len(found) != 1:
            raise InputError("utility.types", f"users of type {kind} must have the same levels", sorted(found))
        levels.append(found.pop())
    return CountLattice(utility.type_sizes, tuple(levels))


def count_utilities(utility: Utility, lattice: CountLattice) -> Array:
    """Utility at every state, shape ``lattice.shape``.

    Raises
    ------
    SizeError
        If the states would not fit in memory.
    """
    require_memory(
        lattice.n_states * (_EXACT_BYTES if utility.exact else _FLOAT_BYTES),
        f"the states of {lattice.n_users} users in {len(lattice.levels)} types ({lattice.n_states:,} states)",
        "fewer types or levels, or fair_payments at one profile",
    )

    def at(states: NDArray[np.intp]) -> Array:
        return evaluated(utility.evaluate_counts, lattice.counts(states))

    return in_chunks(at, lattice.n_states, exact=utility.exact).reshape(lattice.shape)


def potential_on_lattice(utilities: Array, lattice: CountLattice, platform: int = 0) -> Array:
    """Potential of Theorem 2 on a count lattice; of Theorem 1 with ``platform=1``.

    ``P(n) = (U(n) + Σ n_{k,l} P(n with one user of type k moved from l to 0)) / (s + platform)``
    over present users, ``s`` of them, and ``P(0) = 0``.

    Parameters
    ----------
    utilities : ndarray
        Utility at every state, shape ``lattice.shape``.
    lattice : CountLattice
        The states.
    platform : {0, 1}
        Members of the coalition that are always present.

    Returns
    -------
    ndarray
        Shape ``lattice.shape``, exact when ``utilities`` is.

    References
    ----------
    S. Hart and A. Mas-Colell, "Potential, value, and consistency", Econometrica 57 (1989).
    """
    U = utilities.reshape(-1)
    P = np.zeros_like(U) if U.dtype != object else np.full(U.shape, 0 * U[0], dtype=object)
    present = lattice.present().reshape(-1)
    order = np.argsort(present, kind="stable")
    ends = np.searchsorted(present[order], np.arange(lattice.n_users + 2))
    steps = [
        [np.maximum(lattice.moved(kind, level, 0), 0) for level in range(1, n_levels)]
        for kind, n_levels in enumerate(lattice.levels)
    ]
    for size in range(1, lattice.n_users + 1):
        states = order[ends[size] : ends[size + 1]]
        total = U[states]
        for kind, index in enumerate(np.unravel_index(states, lattice.shape)):
            counts = lattice.compositions[kind]
            for level, target in enumerate(steps[kind], start=1):
                below = states + (target[index] - index) * lattice.strides[kind]
                total = total + counts[index, level] * P[below]
        P[states] = total / (size + platform)
    return P.reshape(lattice.shape)


def count_potential(utility: Utility) -> CountPotential:
    """Utility and potential of Theorem 2 at every count of users by type and level.

    Parameters
    ----------
    utility : Utility
        Its `types` say which users are interchangeable.

    Returns
    -------
    CountPotential
        Exact when the utility is.

    Raises
    ------
    SizeError
        If the states would not fit in memory.

    Examples
    --------
    >>> from fairgames.utility.table import CountUtility
    >>> [str(value) for value in count_potential(CountUtility([0, "2/3", 1])).potential]
    ['0', '2/3', '7/6']
    """
    lattice = lattice_of(utility)
    U = count_utilities(utility, lattice)
    P = potential_on_lattice(U, lattice)
    U.flags.writeable = False
    P.flags.writeable = False
    return CountPotential(lattice, U, P)


@dataclass(frozen=True, eq=False)
class PresentGroups:
    """Groups of interchangeable users at one level, level 0 left out.

    Attributes
    ----------
    utility : Utility
        Whose `types` say who is interchangeable.
    profile : ndarray of int
        As it was given: shape ``(N,)``, or ``(types, levels)`` for counts.
    cells : ndarray of int, shape (K, 2)
        Type and level of each group.
    sizes : ndarray of int, shape (K,)
        Present users of each group.
    """

    utility: Utility
    profile: NDArray[np.intp]
    cells: NDArray[np.intp]
    sizes: NDArray[np.int64]

    @property
    def n_present(self) -> int:
        """Number of present users."""
        return int(self.sizes.sum())

    @property
    def n_states(self) -> int:
        """Number of ways to be present, group by group."""
        return math.prod(int(size) + 1 for size in self.sizes)

    @property
    def state(self) -> NDArray[np.int64]:
        """Counts by type and level of the profile, shape ``(types, levels)``."""
        result: NDArray[np.int64] = self.counts(self.sizes[None])[0]
        return result

    def counts(self, present: NDArray[Any]) -> NDArray[Any]:
        """Counts by type and level when ``present[m, k]`` users of group ``k`` take part, the others absent."""
        sizes = np.array(self.utility.type_sizes)
        counts = np.zeros((len(present), len(sizes), max(self.utility.type_levels)), dtype=present.dtype)
        counts[:, self.cells[:, 0], self.cells[:, 1]] = present
        counts[:, :, 0] = sizes - counts.sum(axis=2)
        return counts

    def __call__(self, present: NDArray[Any]) -> Array:
        """Utility of each row of ``present``, shape ``(M, K)`` to shape ``(M,)``; real numbers for smooth utilities."""
        return self.utility.evaluate_counts(self.counts(present))

    def checked(self, present: NDArray[Any]) -> Array:
        """Do as a call does; a state at which the utility fails is named as the profile is written."""
        try:
            return evaluated(self.utility.evaluate_counts, self.counts(present))
        except EvaluationError as error:
            if self.profile.ndim == 2 or not isinstance(error.profile[0], tuple):
                raise
            levels = tuple(expand_counts(np.array(error.profile)[None], self.utility.types)[0].tolist())
            raise EvaluationError(str(error).replace(str(error.profile), str(levels)), levels) from error.__cause__

    def levels(self) -> NDArray[np.intp]:
        """Level of each user, shape ``(N,)``."""
        if self.profile.ndim == 1:
            return self.profile
        expanded: NDArray[np.intp] = expand_counts(self.profile[None], self.utility.types)[0]
        return expanded

    def spread(self, by_group: Array) -> Array:
        """Array over the profile from one number a group; absent users get 0.

        Returns
        -------
        ndarray
            Shape of ``profile``: for each user, or for one user of each type at each level.
        """
        shape = (len(self.utility.type_sizes), max(self.utility.type_levels))
        table = np.full(shape, Fraction(0) if by_group.dtype == object else 0, dtype=by_group.dtype)
        table[self.cells[:, 0], self.cells[:, 1]] = by_group
        return table if self.profile.ndim == 2 else table[self.utility.types, self.profile]

    def one_user(self) -> NDArray[np.intp]:
        """First user of each group, shape ``(K,)``."""
        n_levels = max(self.utility.type_levels)
        cells, first = np.unique(self.utility.types * n_levels + self.levels(), return_index=True)
        users: NDArray[np.intp] = first[np.searchsorted(cells, self.cells[:, 0] * n_levels + self.cells[:, 1])]
        return users


def present_groups(utility: Utility, profile: ArrayLike) -> PresentGroups:
    """Group the present users of a profile.

    Raises
    ------
    InputError
        If the profile does not fit the utility.

    Examples
    --------
    >>> from fairgames.utility.table import CountUtility
    >>> present_groups(CountUtility([0, 2, 3, 4]), (1, 0, 1)).sizes
    array([2])
    """
    if is_counts(profile):
        levels = counts = as_counts(profile, utility.type_levels, utility.type_sizes)
    else:
        levels = as_user_levels(profile, utility.shape)
        n_types, n_levels = len(utility.type_sizes), max(utility.type_levels)
        cells = np.bincount(utility.types * n_levels + levels, minlength=n_types * n_levels)
        counts = cells.reshape(n_types, n_levels)
    present = np.argwhere(counts[:, 1:] > 0) + np.array([0, 1])
    return PresentGroups(utility, levels, present, counts[present[:, 0], present[:, 1]].astype(np.int64))


def enumerated(groups: PresentGroups, *, platform: int = 0) -> tuple[Any, Any, Array, int]:
    """Payment of one user of each group from the potential on all counts of present users.

    Parameters
    ----------
    groups : PresentGroups
        The present users.
    platform : {0, 1}
        Whether the platform is in the coalition (Theorem 1), not the users alone (Theorem 2).

    Returns
    -------
    utility : float or Fraction
        At the profile.
    potential : float or Fraction
        There; with the platform in the coalition, it is the platform's share.
    payments : ndarray, shape (K,)
        Exact when the utility is.
    evaluations : int
        Number of states.

    Raises
    ------
    SizeError
        If the states would not fit in memory.
    """
    if not len(groups.sizes):
        nothing = Fraction(0) if groups.utility.exact else 0.0
        return nothing, nothing, np.zeros(0, dtype=object if groups.utility.exact else float), 0
    if len(groups.sizes) == 1 and not platform:
        worth = groups.checked(groups.sizes[None])
        return worth[0], worth[0], worth / int(groups.sizes[0]), 1
    sizes, exact = tuple(groups.sizes.tolist()), groups.utility.exact
    require_memory(
        groups.n_states * (420 if exact else 60 + 8 * len(sizes)),
        f"the {readable_count(groups.n_states)} counts of {groups.n_present:,} present users",
        "payments among the users alone, which are estimated" if platform else "an engine that estimates",
    )
    lattice = CountLattice(sizes, (2,) * len(sizes))

    def at(states: NDArray[np.intp]) -> Array:
        return groups.checked(np.stack(np.unravel_index(states, lattice.shape), axis=1).astype(np.int64))

    values = in_chunks(at, groups.n_states, exact=exact)
    P = potential_on_lattice(values.reshape(lattice.shape), lattice, platform).reshape(-1)
    shares = np.array([P[-1] - P[-1 - stride] for stride in lattice.strides], dtype=P.dtype)
    return values[-1], P[-1], shares, groups.n_states
