"""The brute force itself: two definitions of the Shapley value that share nothing but the utility."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from oracles import coalition_shapley, shapley


def over_orders(utility, profile):
    """Average marginal contribution over all orders of arrival."""
    shares, orders = [Fraction(0)] * len(profile), list(permutations(range(len(profile))))
    for order in orders:
        here = [0] * len(profile)
        for user in order:
            before = utility(tuple(here))
            here[user] = profile[user]
            shares[user] += utility(tuple(here)) - before
    return [share / len(orders) for share in shares]


@pytest.mark.parametrize("n_users", [1, 2, 3, 4])
def test_sums_over_coalitions_are_means_over_orders(n_users):
    U = np.random.default_rng(n_users).integers(-9, 9, (3,) * n_users).astype(object)
    U[(0,) * n_users] = 0
    profile = (2, 1, 2, 0)[:n_users]
    assert shapley(U, profile) == over_orders(U.__getitem__, profile)
    platform, users = coalition_shapley(U, profile)
    expected = over_orders(lambda members: members[-1] * U[members[:-1]], (*profile, 1))
    assert [*users, platform] == expected
