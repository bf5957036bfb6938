"""The potential of the payments: one pass over all profiles by support size.

Hart and Mas-Colell: there is one function ``P`` with ``phi_i(rho) = P(rho) - P(rho, i absent)``, so
one tensor holds every payment of every user at every profile.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from fairgames.exactness import Array, is_exact
from fairgames.memory import require_memory

_BYTES_PER_PROFILE = 40
_BYTES_PER_EXACT_PROFILE = 400


def potential_tensor(U: Array) -> Array:
    """Potential behind the payments among users (Theorem 2 at alpha = 1).

    With ``s`` the number of present users, ``P(rho) = (U(rho) + sum_{i present} P(rho with i → 0)) / s``
    and ``P(0) = 0``.

    Parameters
    ----------
    U : ndarray, shape (L_1, …, L_N)
        Utility of every profile, float64 or Fractions, with ``U[0, …, 0] == 0``.

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
    """
    return _recursion(U, extra=0)


def coalition_potential_tensor(U: Array) -> Array:
    """Potential behind the payments when the platform is in the coalition (Theorem 1).

    As `potential_tensor`, divided by ``s + 1`` instead of ``s``: the platform is one more player,
    and since nothing is earned without it, its fair share *is* this potential.

    Parameters
    ----------
    U : ndarray, shape (L_1, …, L_N)
        Utility of every profile, float64 or Fractions, with ``U[0, …, 0] == 0``.

    Returns
    -------
    ndarray, shape (L_1, …, L_N)
        The platform's fair share at every profile.

    Raises
    ------
    SizeError
        If the potential would not fit in memory.

    Examples
    --------
    >>> coalition_potential_tensor(np.array([[0, 2 / 3], [2 / 3, 1]]))
    array([[0.        , 0.33333333],
           [0.33333333, 0.55555556]])
    """
    return _recursion(U, extra=1)


def _recursion(U: Array, extra: int) -> Array:
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
        potential[profiles] = total / (support_size + extra)
    return potential.reshape(U.shape)


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


def without_user(tensor: Array, user: int) -> Array:
    """View of ``tensor`` at the profiles in which ``user`` is absent; that axis has length 1."""
    return tensor[(slice(None),) * user + (slice(0, 1),)]
