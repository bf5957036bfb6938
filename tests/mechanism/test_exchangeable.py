"""Exchangeable users through the front door: mixed families change the worst case."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames.mechanism.optimal import optimal_alpha
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.table import CountUtility


def random_counts(rng):
    n_users = int(rng.integers(3, 5))
    steps = np.cumsum(rng.integers(0, 6, n_users))
    return n_users, [Fraction(0), *(Fraction(int(step), 8) for step in steps)], Fraction(int(rng.integers(1, 8)), 16)


def expected_payments(values, alpha, joins):
    """Fair payment of each user, averaged over who shares: ``alpha · U_k / k`` for each of ``k`` who do."""
    paid = np.zeros(len(joins))
    for present in itertools.product((0, 1), repeat=len(joins)):
        chance = math.prod(float(join if here else 1 - join) for join, here in zip(joins, present, strict=True))
        k = sum(present)
        if k:
            paid += chance * float(alpha) * float(values[k]) / k * np.array(present)
    return paid


def test_worst_is_an_equilibrium_priced_as_it_should_be():
    rng = np.random.default_rng(0)
    mixed = 0
    for _ in range(40):
        n_users, values, cost = random_counts(rng)
        optimum = optimal_alpha(CountUtility(values), [0, cost], "worst")
        assert "half-mixed" in optimum.searched
        joins = optimum.profile if optimum.strategies is None else [s[1] for s in optimum.strategies]
        mixed += optimum.strategies is not None
        np.testing.assert_allclose(
            np.asarray(optimum.payments, dtype=float), expected_payments(values, optimum.alpha, joins), atol=1e-12
        )
        assert float(optimum.payments.sum()) == pytest.approx(float(optimum.alpha * optimum.utility))
        assert float(optimum.costs.sum()) == pytest.approx(float(sum(joins) * cost))
        for user in range(n_users):
            pays = []
            for choice in (0, 1):
                moved = [*joins[:user], choice, *joins[user + 1 :]]
                pays.append(expected_payments(values, optimum.alpha, moved)[user] - choice * float(cost))
            now = float(joins[user]) * pays[1] + (1 - float(joins[user])) * pays[0]
            assert now >= max(pays) - 1e-9
    assert mixed > 3


def test_a_pure_optimum_that_mixing_users_undercut_is_not_reported_for_an_equal_one_elsewhere():
    # Two of three users sharing, just above alpha = 8/27, and all three, just above 12/31, would keep 19/12 each;
    # but up to 12/31 there are equilibria of one sure user and two mixing ones that keep less.
    optimum = optimal_alpha(CountUtility([0, "5/4", "9/4", "31/12"]), [0, "1/3"], "worst")
    assert (optimum.alpha, optimum.value, optimum.profile) == (Fraction(12, 31), Fraction(19, 12), (1, 1, 1))
    assert not optimum.attained
    assert optimum.approached_from == "above"


def test_mixing_never_helps_worst_and_never_hurts_best():
    rng = np.random.default_rng(1)
    for _ in range(25):
        _, values, cost = random_counts(rng)
        best, worst = (optimal_alpha(CountUtility(values), [0, cost], selection) for selection in ("best", "worst"))
        pure = optimal_alpha(CountUtility(values), [0, cost], "worst", budget=1000)
        assert pure.searched == "all pure equilibria"
        assert worst.value <= pure.value + Fraction(1, 10**9)
        assert worst.value <= best.value
        assert best.value == max(value - cost * k for k, value in enumerate(values))
        assert best.price_of_fairness in (1, None)


def test_nobody_may_be_absent():
    utility = FederatedMeanUtility([10], between_variance=1, within_variance=10, counts=[3])
    for cost in (0.05, 0.3, 1.0):
        best, worst = (
            optimal_alpha(utility, [0, 0, cost], selection, actions=(1, 2)) for selection in ("best", "worst")
        )
        assert worst.value <= best.value + 1e-9
        for optimum in (best, worst):
            assert optimum.price_of_fairness is None
            assert optimum.value == pytest.approx((1 - optimum.alpha) * optimum.utility)
            assert optimum.users_surplus == pytest.approx(optimum.alpha * optimum.utility - optimum.costs.sum())


def test_different_costs_keep_to_pure_equilibria():
    optimum = optimal_alpha(CountUtility([0, "1/2", "3/4", 1]), [[0, "1/4"], [0, "1/4"], [0, "1/5"]], "worst")
    assert optimum.searched == "all pure equilibria"
