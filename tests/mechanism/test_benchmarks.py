"""The price of fairness: exactly costs, and the shares of Theorem 1."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from oracles import coalition_shapley

from fairgames import CountUtility, InputError, price_of_fairness
from fairgames.mechanism.benchmarks import coalition_outcome, pay_costs


def random_exact_game(rng, n_users, n_levels):
    U = np.array([Fraction(int(k), 4) for k in rng.integers(-2, 9, n_levels**n_users)], dtype=object)
    U[0] = Fraction(0)
    costs = [[Fraction(0), *(Fraction(int(k), 12) for k in rng.integers(0, 9, n_levels - 1))] for _ in range(n_users)]
    return U.reshape((n_levels,) * n_users), costs


def test_fairness_costs_nothing_among_identical_users():
    rng = np.random.default_rng(0)
    for _ in range(60):
        n_users = int(rng.integers(1, 6))
        utility = CountUtility([0, *(Fraction(int(k), 8) for k in np.cumsum(rng.integers(0, 9, n_users)))])
        report = price_of_fairness(utility, [0, Fraction(int(rng.integers(0, 9)), 16)])
        assert report.fair.value == report.exactly_cost.value
        assert report.price in (None, 1)


def test_different_users_pay_a_price():
    report = price_of_fairness([[0, "2/3"], ["2/3", 1]], [[0, "1/10"], [0, "1/5"]])
    assert report.exactly_cost.value == Fraction(7, 10)
    assert report.price == Fraction(7, 6)


def test_paying_costs_bounds_the_fair_optimum():
    rng = np.random.default_rng(1)
    for _ in range(40):
        U, costs = random_exact_game(rng, 3, 2)
        report = price_of_fairness(U, costs)
        assert report.fair.value <= report.exactly_cost.value
        profile = report.exactly_cost.profile
        assert report.exactly_cost.value == U[profile] - sum(costs[i][level] for i, level in enumerate(profile))


@pytest.mark.parametrize("selection", ["best", "worst", "potential"])
def test_coalition_equilibria_by_the_definition(selection):
    rng = np.random.default_rng(2)
    for _ in range(12):
        U, costs = random_exact_game(rng, 3, 3)
        share = {profile: coalition_shapley(U, profile)[1] for profile in np.ndindex(U.shape)}
        payoff = {profile: [s - costs[i][profile[i]] for i, s in enumerate(share[profile])] for profile in share}
        stable = [
            profile
            for profile in share
            if all(
                payoff[profile][i] >= payoff[(*profile[:i], level, *profile[i + 1 :])][i]
                for i in range(3)
                for level in range(3)
            )
        ]
        outcome = coalition_outcome(U, costs, selection)
        assert list(outcome.equilibria) == stable
        assert outcome.payments.tolist() == share[outcome.profile]
        assert outcome.platform == U[outcome.profile] - sum(share[outcome.profile])
        platform = {profile: U[profile] - sum(share[profile]) for profile in stable}
        if selection == "best":
            assert outcome.platform == max(platform.values())
        elif selection == "worst":
            assert outcome.platform == min(platform.values())


def test_floats():
    outcome = coalition_outcome([[0, 2 / 3], [2 / 3, 1]], [0, 0.25])
    assert outcome.platform == pytest.approx(1 / 3)
    assert "1/3" not in repr(outcome)


def test_bad_input():
    with pytest.raises(InputError, match="selection"):
        coalition_outcome([[0, 1], [1, 2]], [0, 1], "median")
    with pytest.raises(InputError, match="costs"):
        pay_costs([[0, 1], [1, 2]], [0, -1])


def test_the_report_names_all_three():
    text = repr(price_of_fairness([[0, "2/3"], ["2/3", 1]], [0, "1/10"]))
    assert all(name in text for name in ("Theorem 1", "Theorem 2", "paid its cost"))
