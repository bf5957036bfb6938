"""Identical users at the borders: no cost, one user, losses, continua, and what is refused."""

import json
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from games import by_sum_of_levels, dp_mean, one_minus_halves

from fairgames import (
    InputError,
    SizeError,
    TableUtility,
    symmetric_mechanism,
)
from fairgames.mechanism.symmetric.game import MOST_EXACT_USERS

DP2 = [0, "2/3", 1]


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


@pytest.mark.parametrize("actions", [3, "01", (0,), (1, 0), (0, 5), (0.0, 1.0), (False, True)])
def test_actions_are_two_levels_the_more_private_one_first(actions):
    with pytest.raises(InputError, match=r"actions: must be two levels from 0 to 1, the more private one first, got"):
        symmetric_mechanism([0, "2/3", 1], "1/3", actions=actions)
