"""Every symmetric equilibrium, and the best of them, against definitions on random utilities."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from games import by_sum_of_levels, dp_mean
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import SymmetricByDefinition

from fairgames import (
    CountUtility,
    DPMeanUtility,
    FederatedMeanUtility,
    TableUtility,
    symmetric_mechanism,
)

DP2 = [0, "2/3", 1]


CONCAVE = st.lists(st.integers(0, 60), min_size=2, max_size=6).map(lambda steps: sorted(steps, reverse=True))


@settings(max_examples=25)
@given(CONCAVE, st.integers(1, 12))
def test_under_the_assumptions_gamma_rises_and_the_regimes_come_in_order(increments, scale):
    utilities = [Fraction(sum(increments[:k]), scale) for k in range(len(increments) + 1)]
    check_weak_assumptions(CountUtility(utilities), (0, 1))


@settings(max_examples=8)
@given(st.lists(st.integers(0, 60), min_size=6, max_size=6).map(lambda steps: sorted(steps, reverse=True)))
def test_the_same_when_both_actions_earn_something(increments):
    totals = [Fraction(sum(increments[:k]), 7) for k in range(7)]
    check_weak_assumptions(by_sum_of_levels(totals.__getitem__, 3), (1, 2))


def check_weak_assumptions(utility, actions):
    mechanism = symmetric_mechanism(utility, 1, actions)
    assert mechanism.assumptions.hold
    slopes = [mechanism.gamma(Fraction(step, 16)) for step in range(17)]
    assert slopes[0] >= 0
    assert slopes == sorted(slopes)
    if not mechanism.assumptions.gamma_increasing:
        assert slopes[0] == slopes[-1]
        return
    order = {"all": 0, "mixed": 1, "none": 2}
    top = mechanism.gamma_max
    found = [symmetric_mechanism(utility, top * step / 12, actions) for step in range(1, 15)]
    assert [order[one.regime] for one in found] == sorted(order[one.regime] for one in found)
    assert found[-1].regime == "none"
    for one in found:
        assert (one.regime == "all") == (one.cost <= one.cost_threshold) or one.cost == one.exit_threshold
        assert (one.regime == "none") == (one.cost >= one.exit_threshold)


VALUES = st.lists(st.integers(0, 30), min_size=2, max_size=5)


@settings(max_examples=25)
@given(VALUES, st.fractions(Fraction(1, 20), 6, max_denominator=20))
def test_the_best_symmetric_equilibrium_beats_a_grid_whatever_the_utility(values, cost):
    check_best_symmetric(CountUtility([0, *values]), cost, (0, 1))


@settings(max_examples=8)
@given(
    st.lists(st.integers(0, 20), min_size=9, max_size=9),
    st.fractions(Fraction(1, 20), 3, max_denominator=20),
)
def test_the_same_between_two_levels_of_sharing(values, cost):
    table = {}
    for profile in product(range(3), repeat=3):
        table.setdefault(tuple(sorted(profile)), values[len(table) % 9])
    array = np.empty((3, 3, 3), dtype=object)
    for profile in np.ndindex(array.shape):
        array[profile] = table[tuple(sorted(profile))] if any(profile) else 0
    check_best_symmetric(TableUtility(array), cost, (1, 2))


def check_best_symmetric(utility, cost, actions):
    mechanism = symmetric_mechanism(utility, cost, actions)
    definition = SymmetricByDefinition(utility, actions)
    tolerance = 0 if mechanism.exact else Fraction(1, 10**12)
    assert mechanism.value >= definition.best_on_grid(cost) - tolerance
    definition.check_equilibrium(Fraction(mechanism.alpha), Fraction(mechanism.p), cost, tolerance)
    expected = (1 - Fraction(mechanism.alpha)) * definition.mean(definition.U, Fraction(mechanism.p))
    assert abs(Fraction(mechanism.value) - expected) <= tolerance
    for p in (Fraction(0), Fraction(1, 3), Fraction(1)):
        assert mechanism.gamma(p) == definition.mean(definition.g, p)
        assert mechanism.expected_utility(p) == definition.mean(definition.U, p)
    # Just below its threshold everybody taking part is best, just above it is not.
    threshold = Fraction(mechanism.cost_threshold)
    everybody = symmetric_mechanism(utility, threshold * Fraction(999, 1000), actions) if threshold else None
    if everybody is not None and everybody.cost > 0:
        assert everybody.p == 0
    beyond = symmetric_mechanism(utility, threshold * Fraction(1001, 1000) + Fraction(1, 10**6), actions)
    assert beyond.p > 0
    gone = symmetric_mechanism(utility, Fraction(mechanism.exit_threshold) + Fraction(1, 10**6), actions)
    assert (gone.alpha, gone.p) == (0, 1)


@settings(max_examples=25)
@given(VALUES, st.fractions(0, 4, max_denominator=20), st.fractions(0, 1, max_denominator=30))
def test_symmetric_equilibria_at_one_alpha_are_all_and_nothing_else(values, cost, alpha):
    utility = CountUtility([0, *values])
    definition = SymmetricByDefinition(utility)
    found = symmetric_mechanism(utility, cost).equilibria(alpha)
    if found[0].continuum_to is not None:
        assert all(alpha * gain == cost for gain in definition.g)
        return
    points = [Fraction(one.p) for one in found]
    assert points == sorted(points)
    for one in found:
        definition.check_equilibrium(alpha, Fraction(one.p), cost, Fraction(1, 10**12))
    # Every change of sign on a grid has an equilibrium between.
    grid = [Fraction(step, 97) for step in range(98)]
    heights = [alpha * definition.mean(definition.g, p) - cost for p in grid]
    for left, right, low, high in zip(grid[:-1], grid[1:], heights[:-1], heights[1:], strict=True):
        if low * high < 0:
            assert any(left < p < right for p in points)
    assert (0 in points) == (heights[0] >= 0)
    assert (1 in points) == (heights[-1] <= 0)


def test_floats_and_rationals_agree():
    exact = symmetric_mechanism(dp_mean(4), "1/8")
    floats = symmetric_mechanism(DPMeanUtility([0.0, math.inf], n_users=4), 0.125)
    for name in ("alpha", "p", "value", "cost_threshold", "gamma_min", "gamma_max"):
        assert math.isclose(getattr(exact, name), getattr(floats, name), rel_tol=1e-12)
    assert isinstance(floats.cost_threshold, float)


@pytest.mark.parametrize("cost", [0.001, 0.004, 0.02, 0.2])
def test_beyond_the_exact_size_windows_give_what_rationals_give(monkeypatch, cost):
    utility = [5 * math.log1p(k) for k in range(21)]
    exact = symmetric_mechanism(utility, cost)
    monkeypatch.setattr("fairgames.mechanism.symmetric.game.MOST_EXACT_USERS", 2)
    windowed = symmetric_mechanism(utility, cost)
    for name in ("alpha", "p", "value", "cost_threshold", "exit_threshold", "gamma_min", "gamma_max"):
        assert math.isclose(getattr(exact, name), getattr(windowed, name), rel_tol=1e-9, abs_tol=1e-12)
    assert exact.regime == windowed.regime
    for alpha in (0.0, 0.1, 0.5, 1.0):
        left, right = exact.equilibria(alpha), windowed.equilibria(alpha)
        assert len(left) == len(right)
        assert all(math.isclose(a.p, b.p, abs_tol=1e-9) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("cost", [0.05, 0.2, 0.5])
def test_windows_serve_two_levels_of_sharing_too(monkeypatch, cost):
    table = FederatedMeanUtility(samples=[10], between_variance=1, within_variance=10, counts=[6])
    exact = symmetric_mechanism(table, cost, actions=(1, 2))
    monkeypatch.setattr("fairgames.mechanism.symmetric.game.MOST_EXACT_USERS", 2)
    windowed = symmetric_mechanism(table, cost, actions=(1, 2))
    for name in ("alpha", "p", "value", "cost_threshold", "exit_threshold", "gamma_min", "gamma_max"):
        assert math.isclose(getattr(exact, name), getattr(windowed, name), rel_tol=1e-7, abs_tol=1e-9)


@pytest.mark.parametrize("epsilon", [0.5, 3.0, math.inf])
def test_the_closed_form_of_the_dp_mean_is_its_utility(epsilon):
    utility = DPMeanUtility([0.0, epsilon], n_users=6)
    mechanism = symmetric_mechanism(utility, 0.05)
    expected = [utility([[6 - k, k]]) for k in range(7)]
    np.testing.assert_allclose(mechanism.utilities, expected, rtol=1e-12, atol=1e-15)
    exact = symmetric_mechanism(list(map(float, expected)), 0.05)
    assert math.isclose(mechanism.cost_threshold, exact.cost_threshold, rel_tol=1e-9)
    assert math.isclose(mechanism.value, exact.value, rel_tol=1e-9)


def test_no_privacy_budget_at_all_earns_nothing():
    mechanism = symmetric_mechanism(DPMeanUtility([0.0, 0.0], n_users=3), 0.1)
    assert (mechanism.alpha, mechanism.value, mechanism.price_of_fairness) == (0, 0, None)


def test_a_million_users_mix_where_the_next_one_is_worth_its_cost():
    n_users, cost = 10**6, 1e-9
    mechanism = symmetric_mechanism(dp_mean(n_users), cost)
    # Stationary where c = E[U_{K+1} − U_K] with U_k = (N + 2)/N · k/(k + 2), concentrated at N x.
    present = n_users * (1 - mechanism.p)
    assert math.isclose(cost, 2 / ((present + 2) * (present + 3)), rel_tol=1e-3)
    assert math.isclose(mechanism.alpha, cost * present / mechanism.utility, rel_tol=1e-9)
    assert math.isclose(mechanism.p_star(mechanism.alpha), mechanism.p, rel_tol=1e-9)
    assert mechanism.asymmetric.value >= mechanism.value


@pytest.mark.parametrize("cost", [1e-12, 1e-11, 1e-8])
def test_tiny_costs_of_a_million_users_are_not_taken_for_ties(cost):
    mechanism = symmetric_mechanism(dp_mean(10**6), cost)
    for alpha, expected in ((cost / 1e-6 * 1.01, 0), (cost * 2, 1), (cost / 1e-6 / 2, None)):
        (found,) = mechanism.equilibria(min(alpha, 1.0))
        assert found.p == expected if expected is not None else 0 < found.p < 1
