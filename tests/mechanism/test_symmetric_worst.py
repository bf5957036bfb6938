"""What the lowest equilibrium of identical users leaves, against brute force over every family."""

import math
from fractions import Fraction
from itertools import accumulate, product

import numpy as np
import pytest
from oracles import ExchangeableUsers

from fairgames import DPMeanUtility, TableUtility, symmetric_mechanism
from fairgames.mechanism.symmetric.families import families
from fairgames.mechanism.symmetric.game import symmetric_game

# Generic alphas, and both sides of every simple fraction: there families meet when increments are small integers.
BESIDE = {Fraction(p, q) + side for q in range(1, 25) for p in range(q + 1) for side in (-1e-6, 1e-6)}
GRID = np.sort([*((np.arange(1500) + 0.5123) / 1500), *(alpha for alpha in BESIDE if 0 < alpha < 1)])


def check_optimum(found, users, choose):
    """Nothing on the grid is higher, and beside (or at) its alpha it is what is left."""
    value, alpha = float(found.value), Fraction(found.alpha)
    # Along a family the oracle interpolates; beside its end the value may change like a square root.
    assert users.envelope(GRID, choose).max() <= value + 2e-6 * users.scale
    sides = {"above": [1], "below": [-1], None: [0, 1, -1]}[found.approached_from]
    beside = {min(max(alpha + side * Fraction(1, 10**k), 0), 1) for side in sides for k in (7, 9, 10)}
    assert max(users.value(one, choose) for one in beside) >= value - 3e-4 * users.scale
    if found.exact and choose is min:
        lowest = users.value(alpha, min, slack=1e-7)
        assert lowest >= value - 1e-4 * users.scale if found.attained else lowest <= value - 1e-9 * users.scale


def check_worst(mechanism):
    users = ExchangeableUsers(mechanism.utilities, mechanism.gains, mechanism.cost)
    assert mechanism.attained == (mechanism.overall.approached_from is None)
    check_optimum(mechanism.overall, users, min)


def small_integers(rng):
    """Increments and costs so small that families meet, touch and lie on one another: concave, rough, or falling."""
    n_users, kind = int(rng.integers(2, 7)), int(rng.integers(3))
    steps = rng.integers(-2 if kind == 2 else 0, 6, n_users)
    steps = np.sort(steps)[::-1] if kind == 0 else steps
    return [0, *np.cumsum(steps).tolist()], Fraction(int(rng.integers(0, 9)), 2)


@pytest.mark.parametrize(
    ("values", "cost", "alpha", "value"),
    [
        # At 3/5: one of three in; all mixing at 1/2; one out and two mixing at 5/6.
        ([0, 5, 6, 7], 2, Fraction(3, 5), 2),
        ([0, 4, 5, 5], "3/2", Fraction(9, 16), Fraction(7, 4)),
        ([0, 4, 4, 5], 1, Fraction(5, 11), Fraction(54, 25)),
        ([0, 5, 10, 11, 12], "3/2", Fraction(9, 23), Fraction(140, 23)),
    ],
)
def test_where_a_family_is_stationary_on_another_one_the_floor_may_be_highest(values, cost, alpha, value):
    mechanism = symmetric_mechanism(values, cost, selection="worst")
    assert (mechanism.alpha, mechanism.value, mechanism.exact, mechanism.attained) == (alpha, value, True, True)
    check_worst(mechanism)


def check_small_integers(values, cost):
    if any(values):
        check_worst(symmetric_mechanism(values, cost, selection="worst"))


@pytest.mark.parametrize("cost", [1, Fraction(3, 2), 2])
def test_worst_of_three_users_is_the_highest_floor_whatever_ties(cost):
    for steps in product((4, 5), (0, 1, 2), (0, 1, 2)):
        check_small_integers([0, *accumulate(steps)], cost)


def test_worst_of_small_integers_is_the_highest_floor_over_all_families():
    rng = np.random.default_rng(0)
    for _ in range(60):
        check_small_integers(*small_integers(rng))


@pytest.mark.slow
def test_worst_of_three_users_is_the_highest_floor_whatever_ties_many():
    for steps in product(range(6), repeat=3):
        for halves in range(1, 9):
            check_small_integers([0, *accumulate(steps)], Fraction(halves, 2))


@pytest.mark.slow
def test_worst_of_small_integers_is_the_highest_floor_over_all_families_many():
    rng = np.random.default_rng(1)
    for _ in range(1000):
        check_small_integers(*small_integers(rng))


def users_of_both_actions(rng):
    """Two levels of sharing: a table of the sorted levels, sometimes falling with them."""
    n_users, kind = int(rng.integers(2, 6)), int(rng.integers(3))
    by_levels, table = {(0,) * n_users: Fraction(0)}, np.empty((3,) * n_users, dtype=object)
    for profile in np.ndindex(table.shape):
        key = tuple(sorted(profile))
        worth = Fraction(int(rng.integers(-1 if kind else 0, 5)) + (sum(key) if kind < 2 else 0))
        table[profile] = by_levels.setdefault(key, worth)
    return TableUtility(table), Fraction(int(rng.integers(-2, 9)), 12)


def check_both_actions(rng):
    utility, cost = users_of_both_actions(rng)
    for selection, choose in (("worst", min), ("best", max)):
        mechanism = symmetric_mechanism(utility, cost, actions=(1, 2), selection=selection)
        users = ExchangeableUsers(mechanism.utilities, mechanism.gains, cost)
        check_optimum(mechanism.overall, users, choose)


def test_where_both_actions_earn_best_and_worst_range_over_all_families():
    rng = np.random.default_rng(2)
    for _ in range(20):
        check_both_actions(rng)


@pytest.mark.slow
def test_where_both_actions_earn_best_and_worst_range_over_all_families_many():
    rng = np.random.default_rng(3)
    for _ in range(200):
        check_both_actions(rng)


def test_half_mixed_equilibria_of_a_single_alpha_are_listed():
    rng, isolated = np.random.default_rng(4), 0
    for _ in range(300):
        values, cost = small_integers(rng)
        for one in families(symmetric_game(values, cost)) if any(values) else ():
            if one.mixing > 0 and one.alpha_from == one.alpha_to:
                listed = ExchangeableUsers.or_absent(values, cost).utilities_at(one.alpha_from, slack=1e-7)
                assert min(abs(worth - float(one.utility)) for worth in listed) < 1e-5
                isolated += 1
    assert isolated > 0


def test_the_highest_floor_may_lie_between_the_points_of_any_grid():
    mechanism = symmetric_mechanism([0, "5/3", "5/3", "13/3", "35/6", "47/6", "59/6", "65/6"], "9/8", selection="worst")
    users = ExchangeableUsers(mechanism.utilities, mechanism.gains, mechanism.cost)
    highest = max(users.value(alpha, min) for alpha in np.linspace(0.85, 0.852, 101))
    assert highest <= float(mechanism.value) <= highest + 1e-5
    check_worst(mechanism)


def test_tables_are_as_close_as_they_say():
    rng = np.random.default_rng(3)
    branches = 0
    for _ in range(8):
        game = symmetric_game(random_values(rng, 4, concave=False), "1/2")
        for family in families(game):
            ends = float(family.alpha_from), float(family.alpha_to)
            for alpha in rng.uniform(*ends, 5):
                worth, here = float(family.utility_at(alpha)), np.array([alpha])
                low, high = family.between(alpha)
                assert low - 1e-12 <= worth <= high + 1e-12
                assert abs(family.sampled(here).item() - worth) <= family.resolution
                assert abs(family.floats(here).item() - worth) <= 1e-9
            branches += family.resolution > 0
    assert branches > 10


def random_values(rng, n_users, *, concave):
    steps = rng.integers(0, 20, n_users)
    return [Fraction(int(v), 10) for v in np.concatenate([[0], np.cumsum(np.sort(steps)[::-1] if concave else steps)])]


@pytest.mark.parametrize("concave", [True, False])
def test_worst_is_the_highest_floor_over_all_families(concave):
    for seed in range(6):
        check_random_worst(seed, concave)


@pytest.mark.slow
@pytest.mark.parametrize("concave", [True, False])
def test_worst_is_the_highest_floor_over_all_families_many(concave):
    for seed in range(100, 220):
        check_random_worst(seed, concave)


def check_random_worst(seed, concave):
    rng = np.random.default_rng([seed, concave])
    n_users = int(rng.integers(2, 6))
    values = random_values(rng, n_users, concave=concave)
    cost = Fraction(int(rng.integers(1, 25)), 20)
    check_worst(symmetric_mechanism(values, cost, selection="worst"))


@pytest.mark.parametrize("values", [[0, 3, 1, 4, 2], [0, -1, 2, -1], [0, 1, 1, 5], [0, 5, 2, 1], [0, 8, 4, 7, 6]])
@pytest.mark.parametrize("cost", ["1/10", "1/2", 1])
def test_worst_of_rough_utilities(values, cost):
    check_worst(symmetric_mechanism(values, cost, selection="worst"))


@pytest.mark.parametrize(("n_users", "cost"), [(2, "9/20"), (3, "3/10"), (5, "1/8"), (8, "1/20")])
def test_worst_of_the_dp_mean(n_users, cost):
    check_worst(symmetric_mechanism(DPMeanUtility([0, math.inf], n_users=n_users), cost, selection="worst"))


@pytest.mark.parametrize("values", [[0, 3, 2, -1], [0, 2, 5, -2, -4]])
def test_worst_at_no_cost_counts_mixtures_that_exist_at_every_alpha(values):
    check_worst(symmetric_mechanism(values, 0, selection="worst"))


def test_where_the_last_user_is_indifferent_the_floor_is_only_approached():
    mechanism = symmetric_mechanism([0, "2/3", 1], "1/4", selection="worst")
    assert (mechanism.alpha, mechanism.value, mechanism.exact) == (Fraction(1, 2), Fraction(1, 2), True)
    assert not mechanism.attained
    assert mechanism.overall.approached_from == "above"
    assert mechanism.overall.less_private == 2


def test_a_floor_that_is_the_same_on_an_open_range_is_attained_inside():
    # Nobody takes part below 5/6; everything that could be paid for leaves less than nothing, but at alpha = 1.
    mechanism = symmetric_mechanism([0, -1, -2], "1/2", selection="worst")
    assert (mechanism.value, mechanism.attained, mechanism.alpha) == (0, True, 0)


def test_pure_equilibria_alone_promise_more():
    mechanism = symmetric_mechanism([0, "2/3", 1], "9/20", selection="worst")
    assert mechanism.asymmetric.value > mechanism.value
    assert mechanism.asymmetric.alpha == Fraction(27, 40)
    assert mechanism.asymmetric.value == Fraction(13, 40) * Fraction(2, 3)


def test_an_irrational_end_is_not_called_exact():
    rng = np.random.default_rng(5)
    for _ in range(60):
        values, cost = small_integers(rng)
        if any(values):
            found = symmetric_mechanism(values, cost, selection="worst")
            assert not found.exact or found.alpha.denominator < 10**6
            assert found.exact == isinstance(found.alpha, Fraction)


def test_with_absent_the_pure_optimum_is_the_overall_one_and_fairness_costs_nothing():
    values = [Fraction(v) for v in (0, 7, 9, 14, 15)]
    mechanism = symmetric_mechanism(values, 3)
    exactly_paid = max(value - 3 * k for k, value in enumerate(values))
    assert mechanism.overall.value == mechanism.asymmetric.value == exactly_paid
    assert mechanism.price_of_fairness == 1
    chosen = mechanism.asymmetric
    assert chosen.alpha == Fraction(3 * chosen.less_private) / chosen.utility
    assert chosen.less_private + chosen.more_private == 4
