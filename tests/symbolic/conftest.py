from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import comb

import pytest
from oracles import shapley


def _symmetric_gamma(values, p):
    """Expected relative payoff of user 1 by listing what the others do; absence is the private action."""
    n_users = len(values) - 1
    total = Fraction(0)
    for others in product((0, 1), repeat=n_users - 1):
        chance = Fraction(1)
        for present in others:
            chance *= (1 - p) if present else p
        total += chance * shapley(lambda profile: values[sum(profile)], (1, *others))[0]
    return total


def _binomial_mean(values, x):
    n_users = len(values) - 1
    return sum(comb(n_users, k) * x**k * (1 - x) ** (n_users - k) * values[k] for k in range(n_users + 1))


@pytest.fixture(scope="session")
def symmetric_gamma() -> Callable:
    return _symmetric_gamma


@pytest.fixture(scope="session")
def binomial_mean() -> Callable:
    return _binomial_mean
