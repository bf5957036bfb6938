"""The potential of interchangeable users, on the lattice of counts.

Users of one type are interchangeable, so a profile matters only through how many users of each
type are at each level. The potential, and with it every payment, lives on these counts: a hundred
users of two types with three levels have 1.76 million states instead of 3^100 profiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import InputError
from fairgames.exactness import Array
from fairgames.memory import require_memory
from fairgames.payments.lattice import CountLattice
from fairgames.utility.base import Utility
from fairgames.utility.checking import evaluated

_CHUNK = 1 << 16
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
            ``P(n) − P(n with one user moved)``; like the potential, but only ``rows`` along axis ``kind``.
        """
        moved = self.lattice.moved(kind, source, target)
        rows = np.flatnonzero(moved >= 0)
        return rows, np.take(self.potential, rows, axis=kind) - np.take(self.potential, moved[rows], axis=kind)


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
    values = np.empty(lattice.n_states, dtype=object if utility.exact else float)
    for start in range(0, values.size, _CHUNK):
        states = np.arange(start, min(start + _CHUNK, values.size))
        values[states] = evaluated(utility.evaluate_counts, lattice.counts(states))
    return values.reshape(lattice.shape)


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
