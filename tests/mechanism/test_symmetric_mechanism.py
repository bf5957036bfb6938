import json
import math
import pickle
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import (
    CountUtility,
    DPMeanUtility,
    FederatedMeanUtility,
    InputError,
    SizeError,
    TableUtility,
    symmetric_mechanism,
)
from fairgames.mechanism.symmetric.game import MOST_EXACT_USERS

DP2 = [0, "2/3", 1]


def dp_mean(n_users, epsilon=math.inf):
    return DPMeanUtility([0, epsilon], n_users=n_users)


def by_sum_of_levels(function, n_users, n_levels=3):
    """An exchangeable table: the utility is a function of the sum of the levels."""
    table = np.empty((n_levels,) * n_users, dtype=object)
    for profile in np.ndindex(table.shape):
        table[profile] = function(sum(profile))
    return TableUtility(table)


def one_minus_halves(n_users):
    return by_sum_of_levels(lambda total: 1 - Fraction(1, 2**total), n_users)


def payment(utility, profile, user):
    """Theorem 2 by its definition, at alpha = 1."""
    n_users = len(profile)
    others = [other for other in range(n_users) if other != user]
    total = Fraction(0)
    for size in range(n_users):
        for subset in combinations(others, size):
            without = tuple(profile[i] if i in subset else 0 for i in range(n_users))
            joined = tuple(profile[i] if i in subset or i == user else 0 for i in range(n_users))
            total += (utility(joined) - utility(without)) / math.comb(n_users - 1, size)
    return total / n_users


class ByDefinition:
    """Gains and utilities of an exchangeable game, each from one representative profile."""

    def __init__(self, utility, actions=(0, 1)):
        more, less = actions
        self.n = utility.n_users
        profiles = [(less,) * h + (more,) * (self.n - h) for h in range(self.n + 1)]
        self.U = [Fraction(utility(profile)) for profile in profiles]
        # The first user moves; h of the others take the less private action.
        self.g = [
            Fraction(payment(utility, (less, *(less,) * h, *(more,) * (self.n - 1 - h)), 0))
            - Fraction(payment(utility, (more, *(less,) * h, *(more,) * (self.n - 1 - h)), 0))
            for h in range(self.n)
        ]

    def mean(self, table, p):
        """Mean over independent users who take the more private action with probability p."""
        n = len(table) - 1
        return sum(math.comb(n, h) * (1 - p) ** h * p ** (n - h) * value for h, value in enumerate(table))

    def best_on_grid(self, cost, steps=400):
        values = [0, *(u for u in [self.U[0]])]
        for step in range(steps):
            p = Fraction(step, steps)
            gain = self.mean(self.g, p)
            if gain > 0 and cost <= gain:
                values.append((1 - cost / gain) * self.mean(self.U, p))
        return max(values)

    def check_equilibrium(self, alpha, p, cost, tolerance):
        gain = alpha * self.mean(self.g, p)
        if p < 1:
            assert gain >= cost - tolerance
        if p > 0:
            assert gain <= cost + tolerance


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
    first = Fraction(payment(dp_mean(2, epsilon), (1, 0), 0))
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
    definition = ByDefinition(utility, actions)
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
    definition = ByDefinition(utility)
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


def test_free_sharing_is_best_at_alpha_0_and_the_worst_is_only_approached():
    best = symmetric_mechanism(DP2, 0)
    assert (best.alpha, best.p, best.value, best.attained) == (0, 0, 1, True)
    worst = symmetric_mechanism(DP2, 0, selection="worst")
    assert (worst.alpha, worst.value, worst.attained) == (0, 1, False)
    assert worst.overall.approached_from == "above"
    everything = best.equilibria(0)
    assert (everything[0].p, everything[0].continuum_to) == (0, 1)


def test_a_cheaper_less_private_action_is_taken_unpaid():
    mechanism = symmetric_mechanism(one_minus_halves(2), "-1/10", actions=(1, 2))
    assert (mechanism.alpha, mechanism.p, mechanism.value) == (0, 0, Fraction(15, 16))


def test_pure_equilibria_hold_at_the_ends_of_their_alphas():
    mechanism = symmetric_mechanism([0, "2/3", 1], "2/5")
    assert [one.p for one in mechanism.equilibria("4/5")] == [0]
    assert [one.p for one in mechanism.equilibria("3/5")] == [1]


def test_paying_everything_away_is_better_than_a_loss():
    # Any sharing loses, and nobody may be absent; at alpha = 1 users mix where gamma = 1/4 − x/2 is the cost.
    loss = {(1, 1): -1, (1, 2): Fraction(-1, 2), (2, 1): Fraction(-1, 2), (2, 2): -1}
    U = TableUtility([[loss.get((first, second), 0) for second in range(3)] for first in range(3)])
    mechanism = symmetric_mechanism(U, "1/8", actions=(1, 2))
    assert (mechanism.alpha, mechanism.p, mechanism.value) == (1, Fraction(3, 4), 0)


def test_an_additive_utility_has_a_continuum():
    mechanism = symmetric_mechanism([0, 1, 2, 3], "1/2")
    (one,) = mechanism.equilibria("1/2")
    assert (one.p, one.continuum_to) == (0, 1)
    assert not mechanism.assumptions.gamma_increasing
    assert mechanism.value == Fraction(3, 2)


def test_of_a_continuum_the_best_point_counts():
    # At alpha = 0 and no cost everything is an equilibrium; U(x) = 10 x (1 − x) + x² is highest at x = 5/9.
    best, worst = (symmetric_mechanism([0, 5, 1], 0, selection=selection) for selection in ("best", "worst"))
    assert (best.p_star(0), best.expected_utility(best.p_star(0))) == (Fraction(4, 9), Fraction(25, 9))
    assert (worst.p_star(0), worst.expected_utility(1)) == (1, 0)
    floats = symmetric_mechanism([0.0, 5.0, 1.0], 0.0)
    assert math.isclose(floats.p_star(0), 4 / 9)
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = [0, *rng.integers(-5, 6, 4).tolist()]
        best, worst = (symmetric_mechanism(values, 0, selection=selection) for selection in ("best", "worst"))
        grid = [float(best.expected_utility(Fraction(step, 400))) for step in range(401)]
        highest, lowest = (float(one.expected_utility(one.p_star(0))) for one in (best, worst))
        assert max(grid) - 1e-12 <= highest <= max(grid) + 1e-3
        assert min(grid) - 1e-3 <= lowest <= min(grid) + 1e-12


@pytest.mark.parametrize("cost", [-1, "-1/10", -0.5])
@pytest.mark.parametrize("selection", ["best", "worst"])
def test_a_cost_below_that_of_absence_is_refused(cost, selection):
    with pytest.raises(InputError, match=r"cost: must be at least 0 .*, got"):
        symmetric_mechanism([0, "2/3", 1], cost, selection=selection)


def test_one_user_is_paid_its_cost_or_nothing():
    joins, stays = symmetric_mechanism([0, 1], "1/3"), symmetric_mechanism([0, 1], 2)
    assert (joins.alpha, joins.p, joins.value) == (Fraction(1, 3), 0, Fraction(2, 3))
    assert (stays.alpha, stays.p, stays.value) == (0, 1, 0)
    assert joins.cost_threshold == joins.exit_threshold == 1
    both = symmetric_mechanism(TableUtility([0, 1, 3]), "1/2", actions=(1, 2))
    assert (both.alpha, both.value) == (Fraction(1, 4), Fraction(9, 4))
    # Paying c/2 of 3 is worth more than keeping 1 for nothing while 3 (1 − c/2) > 1.
    assert both.cost_threshold == both.exit_threshold == Fraction(4, 3)


def test_a_less_private_action_that_loses_is_never_paid_for():
    mechanism = symmetric_mechanism(by_sum_of_levels(lambda total: Fraction(-total), 2), "1/2", actions=(1, 2))
    assert mechanism.cost_threshold == mechanism.exit_threshold == 0
    assert mechanism.gamma_max == -1
    assert mechanism.p == 1
    # Everybody at level 1 loses 2; keeping nothing of it (alpha = 1) is the best that remains.
    assert (mechanism.alpha, mechanism.value) == (1, 0)


def test_free_sharing_with_a_gain_of_both_signs_has_fixed_mixtures():
    # gamma runs from 3 at p = 1 to −1/3 at p = 0: at c = 0 its root is an equilibrium at every alpha.
    values = [0, 3, 2, -1]
    mechanism = symmetric_mechanism(values, 0, selection="worst")
    (root,) = (one.p for one in mechanism.equilibria("1/2") if 0 < one.p < 1)
    assert math.isclose(mechanism.gamma(root), 0, abs_tol=1e-15)
    assert math.isclose(mechanism.value, 0, abs_tol=1e-15)
    best = symmetric_mechanism(values, 0)
    assert (best.alpha, best.attained) == (0, True)
    grid = [float(best.expected_utility(Fraction(step, 500))) for step in range(501)]
    assert max(grid) <= best.value <= max(grid) + 1e-4
    assert (best.overall.value, best.overall.less_private) == (3, 1)


@pytest.mark.parametrize("exact", [True, False])
def test_where_the_last_users_add_nothing_they_are_never_all_paid(exact):
    # U(x) falls off its top only to third order while alpha falls to first order.
    totals = [Fraction(min(total, 4), 7) for total in range(7)]
    utility = by_sum_of_levels(totals.__getitem__, 3)
    mechanism = symmetric_mechanism(utility if exact else utility.in_floats(), Fraction(1, 84), actions=(1, 2))
    assert mechanism.cost_threshold == 0
    assert mechanism.regime == "mixed"


def test_the_exit_threshold_may_lie_where_the_utility_vanishes():
    # Only one user at level 2 earns anything: as x falls to 0 gamma rises to 1/3 while U stays positive.
    table = np.zeros((3, 3, 3), dtype=object)
    for profile in np.ndindex(table.shape):
        table[profile] = Fraction(int(sorted(profile) == [1, 1, 2]))
    below, above = (
        symmetric_mechanism(TableUtility(table), Fraction(1, 3) + step, actions=(1, 2))
        for step in (Fraction(-1, 100), Fraction(1, 100))
    )
    assert below.exit_threshold == Fraction(1, 3)
    assert below.value > 0
    assert (above.alpha, above.value) == (0, 0)


def test_results_travel():
    mechanism = symmetric_mechanism(DP2, "1/2")
    assert pickle.loads(pickle.dumps(mechanism)) == mechanism
    plain = json.loads(json.dumps(mechanism.to_dict()))
    assert plain["alpha"] == "6/7"
    assert plain["assumptions"]["diminishing"] is True
    assert "6/7" in repr(mechanism)
    assert "p  " in repr(mechanism.equilibria("1/2")[0])
    assert "mixing" in repr(mechanism.overall)
    broken = symmetric_mechanism([0, 1, 3], "1/2").assumptions
    assert "assumption" in repr(broken.violations[0])
    assert symmetric_mechanism(DP2, "1/3") != mechanism


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cost": math.inf}, "cost"),
        ({"cost": "x"}, "cost"),
        ({"actions": (1, 0)}, "actions"),
        ({"actions": (0, 2)}, "actions"),
        ({"actions": (0,)}, "actions"),
        ({"selection": "potential"}, "selection"),
        ({"utility": TableUtility([[0, 1], [2, 3]])}, "interchangeable"),
        ({"utility": [1, 2]}, "values"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        symmetric_mechanism(**({"utility": DP2, "cost": 1} | arguments))


@pytest.mark.parametrize("alpha", [-1, 2, "x"])
def test_alpha_and_p_are_checked(alpha):
    mechanism = symmetric_mechanism(DP2, "1/2")
    with pytest.raises(InputError, match="alpha"):
        mechanism.equilibria(alpha)
    with pytest.raises(InputError, match="p"):
        mechanism.gamma(alpha)


def test_worst_is_refused_for_more_users_than_its_families_can_be_searched():
    with pytest.raises(SizeError, match="worst"):
        symmetric_mechanism(dp_mean(MOST_EXACT_USERS + 1), 0.1, selection="worst")


def test_paying_nothing_is_a_plain_zero():
    table = [[1 - 2.0 ** -(i + j) for j in range(3)] for i in range(3)]
    found = symmetric_mechanism(TableUtility(table), 0.1, actions=(1, 2))
    assert str(found.alpha) == "0.0"


@pytest.mark.parametrize("actions", [None, 3, "01", (0,), (1, 0), (0, 5), (0.0, 1.0), (False, True)])
def test_actions_are_two_levels_the_more_private_one_first(actions):
    with pytest.raises(InputError, match=r"actions: must be two levels from 0 to 1, the more private one first, got"):
        symmetric_mechanism([0, "2/3", 1], "1/3", actions=actions)
