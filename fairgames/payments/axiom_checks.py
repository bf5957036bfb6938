"""The single axioms: each check yields the profiles at which payments break it.

A witness is the profile, the users concerned, what was found and what the axiom requires.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TypeAlias

import numpy as np

from fairgames.exactness import Array, Number
from fairgames.tolerance import comparison_tolerance
from fairgames.utility.base import Utility

Witness: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], Number, Number]
PaidEverywhere: TypeAlias = dict[tuple[int, ...], Array]
"""Payments at every profile: the users', then the platform's where it is in the coalition."""


def _coalition_worths(utility: Utility, profile: tuple[int, ...]) -> Array:
    """Utility of every subset of the users at ``profile``, shape (2, …, 2)."""
    tensor = utility.tensor()
    return tensor[np.ix_(*[(0, level) for level in profile])]


def symmetry(utility: Utility, payments: PaidEverywhere) -> Iterator[Witness]:
    """Two equally contributing users are paid equally (A.i, B.i)."""
    tolerance = comparison_tolerance(utility.tensor(), *payments.values())
    for profile, paid in payments.items():
        worths = _coalition_worths(utility, profile)
        for i, j in combinations(range(utility.n_users), 2):
            alike = np.abs(worths - np.swapaxes(worths, i, j)).max() <= tolerance
            if alike and abs(paid[i] - paid[j]) > tolerance:
                yield profile, (i, j), paid[i], paid[j]


def null_user(utility: Utility, payments: PaidEverywhere) -> Iterator[Witness]:
    """A user who never adds anything is paid nothing (A.i, B.i)."""
    tolerance = comparison_tolerance(utility.tensor(), *payments.values())
    for profile, paid in payments.items():
        worths = _coalition_worths(utility, profile)
        for user in range(utility.n_users):
            adds = np.abs(worths.take(1, axis=user) - worths.take(0, axis=user)).max()
            if adds <= tolerance and abs(paid[user]) > tolerance:
                yield profile, (user,), paid[user], paid[user] * 0


def efficiency(utility: Utility, payments: PaidEverywhere) -> Iterator[Witness]:
    """Payments and the platform's share add up to the utility (A.ii)."""
    tolerance = comparison_tolerance(utility.tensor(), *payments.values())
    for profile, paid in payments.items():
        worth = utility.tensor()[profile]
        if abs(paid.sum() - worth) > tolerance:
            yield profile, (), paid.sum(), worth


def pseudo_efficiency(utility: Utility, payments: PaidEverywhere) -> Iterator[Witness]:
    """Payments add up to a fraction of the utility, from 0 to 1 (B.ii)."""
    tolerance = comparison_tolerance(utility.tensor(), *payments.values())
    for profile, paid in payments.items():
        worth, total = utility.tensor()[profile], paid.sum()
        low, high = min(worth, worth * 0), max(worth, worth * 0)
        if not low - tolerance <= total <= high + tolerance:
            yield profile, (), total, low if total < low else high


def platform_symmetry(utility: Utility, payments: PaidEverywhere) -> Iterator[Witness]:
    """A user without whom nothing is earned contributes as the platform does, and is paid as much."""
    tolerance = comparison_tolerance(utility.tensor(), *payments.values())
    for profile, paid in payments.items():
        worths = _coalition_worths(utility, profile)
        for user in range(utility.n_users):
            needed = np.abs(worths.take(0, axis=user)).max() <= tolerance
            if needed and abs(paid[user] - paid[-1]) > tolerance:
                yield profile, (user,), paid[-1], paid[user]
