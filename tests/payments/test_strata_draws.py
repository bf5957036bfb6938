"""Random coalitions have the right size and the right chances."""

import numpy as np
import pytest

from fairgames.payments.engines.strata import Population, coalitions, joining_totals, population


def test_coalitions_have_their_size_and_fit_the_groups():
    users = Population(np.array([40, 1, 25, 1]), np.array([1, 3]))
    drawn = np.repeat(np.arange(1, 68), 5)
    counts, chances, draw_of = coalitions(users, drawn, np.random.default_rng(0))
    assert (counts >= 0).all()
    assert (counts <= users.sizes).all()
    np.testing.assert_array_equal(counts.sum(axis=1), drawn[draw_of])
    np.testing.assert_allclose(np.bincount(draw_of, chances), 1, rtol=1e-12)


def test_stars_and_groups_are_present_in_proportion():
    users = Population(np.array([30, 1, 9]), np.array([1]))
    counts, chances, _ = coalitions(users, np.full(20_000, 12), np.random.default_rng(1))
    np.testing.assert_allclose(chances @ counts / 20_000, users.sizes * 12 / 40, rtol=0.02)


@pytest.mark.parametrize("forward", [True, False])
def test_expected_totals_of_an_additive_utility(forward):
    """Each size gives a group its share of all users, times the weight of one."""
    weights = np.array([2.0, 3.0, 50.0])
    users = Population(np.array([30, 9, 1]), np.array([2]))
    totals, _ = joining_totals(
        lambda n: n @ weights, users, np.full(20_000, 12), np.full(20_000, forward), np.random.default_rng(2)
    )
    np.testing.assert_allclose(totals.mean(axis=0), weights * users.sizes / 40, rtol=0.02)


def test_the_most_valuable_single_users_are_enumerated():
    weights = np.array([1.0, 9, 2, 8, 3, 7, 4, 6, 5])
    users = population(lambda n: n @ weights, np.array([50] + [1] * 8))
    assert users.stars.tolist() == [1, 3, 5, 6, 7, 8]
