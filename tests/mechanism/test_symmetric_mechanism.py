"""Identical users with two actions: closed forms, thresholds and the paper's assumptions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from games import dp_mean, one_minus_halves
from oracles import shapley

from fairgames import (
    FederatedMeanUtility,
    TableUtility,
    symmetric_mechanism,
)

DP2 = [0, "2/3", 1]


@pytest.mark.parametrize("cost", [Fraction(step, 30) for step in range(1, 31)])
def test_two_users_follow_the_closed_form(cost):
    mechanism = symmetric_mechanism(DP2, cost)
    third = Fraction(1, 3)
    if cost <= third:
        expected = (2 * cost, Fraction(0), 1 - 2 * cost, "all")
    elif cost < 2 * third:
        alpha = 6 * cost / (3 * cost + 2)
        expected = (alpha, 6 * cost / alpha - 3, (2 - 3 * cost) ** 2 / 3, "mixed")
    else:
        expected = (Fraction(0), Fraction(1), Fraction(0), "none")
    assert (mechanism.alpha, mechanism.p, mechanism.value, mechanism.regime) == expected
    assert mechanism.exact
    assert (mechanism.cost_threshold, mechanism.exit_threshold) == (third, 2 * third)
    assert (mechanism.gamma_min, mechanism.gamma_max) == (Fraction(1, 2), 2 * third)
    assert mechanism.assumptions.hold
    for alpha in (Fraction(step, 24) for step in range(25)):
        if 3 * cost / 2 < alpha < 2 * cost:
            assert mechanism.p_star(alpha) == 6 * cost / alpha - 3
        elif alpha not in (3 * cost / 2, 2 * cost):
            assert mechanism.p_star(alpha) == (1 if alpha < 3 * cost / 2 else 0)


def test_gamma_and_expected_utility_of_two_users():
    mechanism = symmetric_mechanism(DP2, "1/2")
    for p in (Fraction(step, 7) for step in range(8)):
        assert mechanism.gamma(p) == Fraction(1, 2) + p / 6
        assert mechanism.expected_utility(p) == 1 - 2 * p / 3 - p * p / 3


@pytest.mark.parametrize("n_users", [2, 3, 4, 7, 20, 32, 33, 150, 10**4, 10**6])
def test_thresholds_of_the_dp_mean_at_any_size(n_users):
    mechanism = symmetric_mechanism(dp_mean(n_users), Fraction(1, 2 * n_users))
    expected = (2 / (n_users * (n_users + 1)), 1 / n_users, (n_users + 2) / (3 * n_users))
    found = (mechanism.cost_threshold, mechanism.gamma_min, mechanism.gamma_max)
    np.testing.assert_allclose([float(number) for number in found], expected, rtol=1e-14)
    assert float(mechanism.exit_threshold) == float(mechanism.gamma_max)
    assert mechanism.assumptions.hold
    assert mechanism.assumptions.gamma_increasing
    assert math.isclose(mechanism.price_of_fairness, 1, rel_tol=1e-12)


def test_three_users_mix():
    mechanism = symmetric_mechanism(dp_mean(3), "3/10")
    np.testing.assert_allclose(
        [mechanism.p, mechanism.alpha, mechanism.value], [0.4489, 0.715409, 0.197313], atol=6e-5, rtol=0
    )
    assert math.isclose(mechanism.alpha, 0.715409, abs_tol=6e-7)
    assert math.isclose(mechanism.value, 0.197313, abs_tol=6e-7)
    assert not mechanism.exact


@pytest.mark.parametrize(
    ("n_users", "cost", "alpha", "value"), [(2, "9/20", 0.790812, 0.139459), (3, "3/10", 0.665443, 0.185865)]
)
def test_worst_lies_where_pure_and_mixed_values_cross(n_users, cost, alpha, value):
    mechanism = symmetric_mechanism(dp_mean(n_users), cost, selection="worst")
    assert math.isclose(mechanism.alpha, alpha, abs_tol=6e-7)
    assert math.isclose(mechanism.value, value, abs_tol=6e-7)
    assert mechanism.attained
    assert mechanism.overall.value == mechanism.value
    assert mechanism.searched == ("pure", "symmetric", "half-mixed")


def test_two_users_cross_at_the_root_of_two():
    mechanism = symmetric_mechanism(DP2, "9/20", selection="worst")
    p = math.sqrt(2) - 1
    assert math.isclose(mechanism.alpha, 6 * 0.45 / (p + 3), rel_tol=1e-15)
    assert math.isclose(mechanism.value, (1 - mechanism.alpha) * 2 / 3, rel_tol=1e-15)


def test_threshold_of_a_utility_that_is_not_concave_though_gamma_increases():
    utility = [0, 0.822, 1.614, 1.769, 2.353]
    mechanism = symmetric_mechanism(utility, 0.3)
    assert mechanism.assumptions.gamma_increasing
    assert not mechanism.assumptions.hold
    x = np.linspace(0, 1, 20001)[:-1]
    U = sum(math.comb(4, k) * x**k * (1 - x) ** (4 - k) * value for k, value in enumerate(utility))
    minimum = ((2.353 - U) / (4 * (1 - x))).min()
    assert math.isclose(mechanism.cost_threshold, minimum, rel_tol=1e-6)
    assert mechanism.cost_threshold < 0.95 * (2.353 - 1.769)


def test_an_earning_more_private_action_lowers_the_threshold():
    utility = one_minus_halves(2)
    at = symmetric_mechanism(utility, "1/32", actions=(1, 2))
    assert (at.alpha, at.value, at.regime) == (0, Fraction(3, 4), "none")
    assert (at.gamma_min, at.gamma_max) == (Fraction(5, 32), Fraction(3, 16))
    assert at.cost_threshold == at.exit_threshold == Fraction(1, 32)
    below = symmetric_mechanism(utility, Fraction(1, 33), actions=(1, 2))
    assert below.alpha == Fraction(1, 33) / Fraction(5, 32)
    assert below.value > Fraction(3, 4)
    above = symmetric_mechanism(utility, Fraction(3, 20), actions=(1, 2))
    assert (above.alpha, above.value) == (0, Fraction(3, 4))
    assert above.assumptions.hold
    assert above.price_of_fairness is None


@pytest.mark.parametrize(("epsilon", "holds"), [(3, False), (Fraction(34641, 10000), False), (Fraction(7, 2), True)])
def test_assumption_2_of_two_users_holds_from_two_roots_of_three(epsilon, holds):
    mechanism = symmetric_mechanism(dp_mean(2, epsilon), "1/10")
    assert mechanism.assumptions.monotone
    assert mechanism.assumptions.diminishing == holds
    assert mechanism.assumptions.gamma_increasing == holds
    assert (mechanism.regime is None) == (not holds)
    first = Fraction(shapley(dp_mean(2, epsilon), (1, 0))[0])
    assert (mechanism.gamma(0) < first) == holds


def test_below_two_roots_of_three_several_symmetric_equilibria_coexist():
    mechanism = symmetric_mechanism(dp_mean(2, 2), "1/10")
    low, high = mechanism.gamma(1), mechanism.gamma(0)
    alpha = Fraction(1, 10) / ((low + high) / 2)
    found = mechanism.equilibria(alpha)
    assert [one.p for one in found] == [0, Fraction(1, 2), 1]
    assert mechanism.p_star(alpha) == 0
    assert symmetric_mechanism(dp_mean(2, 2), "1/10", selection="worst").p_star(alpha) == 1


def test_the_federated_utility_may_break_assumption_2_and_the_profile_is_named():
    utility = FederatedMeanUtility(samples=[10], between_variance=100, within_variance=1, counts=[3])
    assumptions = symmetric_mechanism(utility, 1, actions=(0, 2)).assumptions
    assert assumptions.monotone
    assert not assumptions.diminishing
    (violation,) = assumptions.violations
    assert (violation.assumption, violation.profile, violation.other_profile) == (2, (2, 0, 0), (0, 0, 0))
    assert math.isclose(violation.gain, utility((2, 2, 0)) - utility((2, 0, 0)))
    assert math.isclose(violation.gain, 7.890, abs_tol=6e-4)
    assert math.isclose(violation.other_gain, 7.615, abs_tol=6e-4)
    assert "broken: 2 (places: 1); gamma does not increase strictly" in repr(assumptions)
    assert "(2, 0, 0)" in repr(assumptions)
    assert "both hold; gamma increases strictly" in repr(symmetric_mechanism([0, "2/3", 1], "1/3").assumptions)


def test_assumption_1_is_checked_with_users_masked():
    # With everybody present the less private level never hurts; with the third user masked it does.
    table = np.zeros((3, 3, 3))
    for profile in np.ndindex(table.shape):
        present = sum(level > 0 for level in profile)
        sharing = sum(level == 2 for level in profile)
        table[profile] = present - 0.1 * sharing if present < 3 else present + 0.5 * sharing
    assumptions = symmetric_mechanism(TableUtility(table), 0.1, actions=(1, 2)).assumptions
    assert not assumptions.monotone
    assert {one.profile for one in assumptions.violations if one.assumption == 1} == {
        (1, 0, 0),
        (1, 1, 0),
        (2, 1, 0),
    }


def test_many_violations_are_counted_and_the_worst_is_shown():
    n_users = 40
    mechanism = symmetric_mechanism([float(k) ** 2 for k in range(n_users + 1)], 0.5)
    assert mechanism.assumptions.n_violations == n_users - 1
    (violation,) = mechanism.assumptions.violations
    assert sum(violation.profile) == n_users
