"""The enumerated sizes against sums over all coalitions."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from fairgames.payments.engines.strata import largest_exact_size, small_coalitions


@pytest.mark.parametrize("sizes", [(3, 5), (1, 4, 4), (2, 2, 1, 4)])
def test_each_size_against_all_coalitions(sizes):
    rng = np.random.default_rng(len(sizes))
    weights = rng.uniform(1, 3, len(sizes))
    group_of = np.repeat(np.arange(len(sizes)), sizes)
    n_users = len(group_of)

    def worth(members):
        return np.log1p(sum(weights[group_of[user]] for user in members)) ** 2

    totals, _ = small_coalitions(lambda n: np.log1p(n @ weights) ** 2, np.array(sizes), 3)
    for size in range(4):
        expected = np.zeros(len(sizes))
        for user in range(n_users):
            others = [other for other in range(n_users) if other != user]
            gain = sum(worth((*members, user)) - worth(members) for members in combinations(others, size))
            expected[group_of[user]] += gain / (n_users * comb(n_users - 1, size))
        np.testing.assert_allclose(totals[size], expected, rtol=1e-12)


@pytest.mark.parametrize("n_groups", range(2, 15))
def test_the_number_of_coalitions_stays_small(n_groups):
    largest = largest_exact_size(n_groups, 10**6)
    assert comb(largest + n_groups, n_groups) <= 40_000
    assert largest == 40 or comb(largest + 1 + n_groups, n_groups) > 40_000
