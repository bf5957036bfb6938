"""Random tables, and payments of groups by their recursion."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest


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
def random_table():
    return _random_table
