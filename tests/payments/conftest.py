"""The paper's definitions, summed subset by subset: the independent reference for all payments."""

from fractions import Fraction
from itertools import chain, combinations, product
from math import comb

import numpy as np
import pytest


def _subsets(users):
    users = list(users)
    return chain.from_iterable(combinations(users, size) for size in range(len(users) + 1))


def _masked(profile, members):
    return tuple(level if user in members else 0 for user, level in enumerate(profile))


def _theorem_2(tensor, profile):
    """Eq. 7 at alpha = 1, term by term."""
    n_users = len(profile)
    payments = []
    for user in range(n_users):
        total = Fraction(0)
        for members in _subsets(set(range(n_users)) - {user}):
            gain = tensor[_masked(profile, {*members, user})] - tensor[_masked(profile, members)]
            total += Fraction(1, n_users * comb(n_users - 1, len(members))) * gain
        payments.append(total)
    return payments


def _theorem_1(tensor, profile):
    """Eqs. 5 and 6, term by term: the platform's share, then the users'."""
    n_users = len(profile)
    platform = sum(
        Fraction(1, (n_users + 1) * comb(n_users, len(members))) * tensor[_masked(profile, members)]
        for members in _subsets(range(n_users))
    )
    users = []
    for user in range(n_users):
        total = Fraction(0)
        for members in _subsets(set(range(n_users)) - {user}):
            gain = tensor[_masked(profile, {*members, user})] - tensor[_masked(profile, members)]
            total += Fraction(1, (n_users + 1) * comb(n_users, len(members) + 1)) * gain
        users.append(total)
    return platform, users


def _random_table(rng, shape):
    tensor = np.empty(shape, dtype=object)
    for profile in product(*map(range, shape)):
        tensor[profile] = Fraction(int(rng.integers(-60, 200)), int(rng.integers(1, 13)))
    tensor[(0,) * len(shape)] = Fraction(0)
    return tensor


def _group_payments(evaluate, sizes):
    """Payments of grouped users by Hart and Mas-Colell's recursion over counts of present users."""
    shape = tuple(size + 1 for size in sizes)
    states = np.stack(np.unravel_index(np.arange(np.prod(shape)), shape), axis=1)
    strides = np.cumprod([1, *shape[::-1]])[:-1][::-1]
    potential, worth, joined = np.zeros(len(states)), evaluate(states), states.sum(axis=1)
    by_size = np.split(np.argsort(joined, kind="stable"), np.cumsum(np.bincount(joined))[:-1])
    for size, here in enumerate(by_size[1:], start=1):
        total = worth[here].astype(float)
        for group, stride in enumerate(strides):
            # With nobody of the group present the weight is 0, and the index below is any other state.
            total += states[here, group] * potential[here - stride]
        potential[here] = total / size
    return np.array([potential[-1] - potential[-1 - stride] for stride in strides])


@pytest.fixture(scope="session")
def group_payments():
    return _group_payments


@pytest.fixture(scope="session")
def theorem_2():
    return _theorem_2


@pytest.fixture(scope="session")
def theorem_1():
    return _theorem_1


@pytest.fixture(scope="session")
def random_table():
    return _random_table
