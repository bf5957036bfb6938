"""Exchangeable users through the front door: mixed families change the worst case."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from oracles import ExchangeableUsers

from fairgames import CountUtility, FederatedMeanUtility, optimal_alpha
from fairgames.mechanism.symmetric.optimum import MOST_USERS_OF_A_LANDSCAPE


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
        assert pure.searched == "all pure equilibria" or len(values) == 4
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
    costs = [[0, "1/4"], [0, "1/4"], [0, "1/4"], [0, "1/5"]]
    optimum = optimal_alpha(CountUtility([0, "1/2", "3/4", 1, 1]), costs, "worst")
    assert optimum.searched == "all pure equilibria"


def test_a_landscape_holds_the_mixed_equilibria_that_searched_names():
    utility = CountUtility([0, "15/4", 5, 5])
    best, worst = (optimal_alpha(utility, [0, 2], selection) for selection in ("best", "worst"))
    # One user out and two mixing at 5/7.
    assert best.landscape.value("7/10") == Fraction(60, 49)
    piece = best.landscape.piece_at("7/10")
    assert [strategy.tolist() for strategy in piece.strategies(Fraction(7, 10))] == [
        [Fraction(2, 7), Fraction(5, 7)],
        [Fraction(2, 7), Fraction(5, 7)],
        [1, 0],
    ]
    assert "0 sure, 2 mixing" in repr(best.landscape)
    assert best.landscape.to_dict()["pieces"][2]["family"]["mixing"] == 2
    assert worst.landscape.value("7/10") <= best.landscape.value("7/10")


def small_integers(rng):
    n_users, kind = int(rng.integers(3, 7)), int(rng.integers(3))
    steps = rng.integers(-2 if kind == 2 else 0, 6, n_users)
    steps = np.sort(steps)[::-1] if kind == 0 else steps
    return [0, *np.cumsum(steps).tolist()], Fraction(int(rng.integers(0, 9)), 2)


def check_landscapes(rng):
    """Both envelopes at random alphas, no gap in them, and the optimum their highest point."""
    values, cost = small_integers(rng)
    if not any(values):
        return
    users = ExchangeableUsers.or_absent(values, cost)
    floats = rng.random() < 0.25
    utility = CountUtility(list(map(float, values)) if floats else values)
    for selection, choose in (("best", max), ("worst", min)):
        optimum = optimal_alpha(utility, [0, float(cost) if floats else cost], selection)
        pieces = optimum.landscape.pieces
        assert (pieces[0].alpha_from, pieces[-1].alpha_to) == (0, 1)
        for left, right in itertools.pairwise(pieces):
            assert left.alpha_to == right.alpha_from
            assert left.closed_to != right.closed_from
        for alpha in (Fraction(int(part), 100_003) for part in rng.integers(1, 100_003, 15)):
            here = float(optimum.landscape.value(alpha))
            assert here == pytest.approx(users.value(alpha, choose), abs=1e-7 * users.scale)
        inside = [part for piece in pieces for part in np.linspace(float(piece.alpha_from), float(piece.alpha_to), 15)]
        tops = [float(piece.value(end)) for piece in pieces for end in (piece.alpha_from, piece.alpha_to)]
        tops += [float(optimum.landscape.value(alpha)) for alpha in inside]
        assert max(tops) <= float(optimum.value) + 1e-9 * users.scale
    maximisers = optimal_alpha(utility, [0, float(cost) if floats else cost], "potential")
    assert float(maximisers.value) == pytest.approx(float(best_of_potential(values, cost)))


def best_of_potential(values, cost):
    """Largest value among the maximisers of the potential, at every alpha at which two of them tie."""
    heights = np.cumsum([0, *(Fraction(worth) / k for k, worth in enumerate(values) if k)])
    lines = [(height, cost * k) for k, height in enumerate(heights)]
    ties = {(d - b) / (c - a) for (a, b), (c, d) in itertools.combinations(lines, 2) if a != c}
    kept = []
    for alpha in {Fraction(0), Fraction(1), *(tie for tie in ties if 0 <= tie <= 1)}:
        top = max(alpha * slope - height for slope, height in lines)
        tied = [k for k, (slope, height) in enumerate(lines) if alpha * slope - height == top]
        kept += [(1 - alpha) * values[k] for k in tied]
    return max(kept)


def test_landscapes_are_the_envelopes_of_all_families():
    rng = np.random.default_rng(2)
    for _ in range(25):
        check_landscapes(rng)


@pytest.mark.slow
def test_landscapes_are_the_envelopes_of_all_families_many():
    rng = np.random.default_rng(3)
    for _ in range(200):
        check_landscapes(rng)


def test_searched_says_whether_users_may_mix_with_different_probabilities():
    falling, rough = (
        optimal_alpha(CountUtility(values), [0, 1], "worst") for values in ([0, 4, 6, 7, 7], [0, 4, 4, 9, 9])
    )
    assert "different" not in falling.searched
    assert "users who mix with different ones were not searched" in rough.searched


def test_many_users_have_no_landscape_that_leaves_mixed_equilibria_out():
    n_users = MOST_USERS_OF_A_LANDSCAPE + 1
    values = [0, *np.cumsum(range(2 * n_users, n_users, -1)).tolist()]
    best, worst = (optimal_alpha(CountUtility(values), [0, 15], selection) for selection in ("best", "worst"))
    assert best.searched == "all pure equilibria"
    assert best.landscape is not None
    assert worst.landscape is None
    assert "half-mixed" in worst.searched
