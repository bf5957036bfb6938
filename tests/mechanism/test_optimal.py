"""The front door: anchors, edge cases, constraints, bad input."""

from __future__ import annotations

import json
import math
import pickle
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import CountUtility, DPMeanUtility, FederatedMeanUtility, InputError, optimal_alpha

DP_MEAN = [[0, "2/3"], ["2/3", 1]]
THIRD = Fraction(1, 3)


@pytest.mark.parametrize("c", [Fraction(k, 24) for k in range(1, 24)])
def test_two_alike_users_follow_the_closed_form(c):
    optimum = optimal_alpha(DP_MEAN, [0, c])
    assert optimum.value == max(1 - 2 * c, 2 * THIRD - c, 0)
    assert optimum.exact
    assert optimum.price_of_fairness in (None, 1)


@pytest.mark.parametrize("n_users", [2, 3, 4, 5])
def test_everybody_shares_up_to_the_threshold_of_the_dp_mean(n_users):
    utility = DPMeanUtility(epsilons=[0, math.inf], n_users=n_users)
    threshold = Fraction(2, n_users * (n_users + 1))
    assert sum(optimal_alpha(utility, [0, threshold]).profile) >= n_users - 1
    assert sum(optimal_alpha(utility, [0, threshold - Fraction(1, 1000)]).profile) == n_users
    assert sum(optimal_alpha(utility, [0, threshold + Fraction(1, 1000)]).profile) < n_users


@pytest.mark.parametrize(
    ("n_users", "c", "value", "alpha"), [(2, "9/20", 0.139459, 0.790812), (3, "3/10", 0.185865, 0.665443)]
)
def test_worst_counts_mixed_equilibria(n_users, c, value, alpha):
    optimum = optimal_alpha(DPMeanUtility(epsilons=[0, math.inf], n_users=n_users), [0, c], "worst")
    assert optimum.value == pytest.approx(value, abs=5e-7)
    assert optimum.alpha == pytest.approx(alpha, abs=5e-7)
    assert not optimum.exact
    assert "mixed" in optimum.searched


FIGURE_7 = {
    (0.1, 100): (0.05, 19.461617, (1, 1, 0, 0)),
    (1, 10): (0.02, 9.816072, (1, 0, 0, 0)),
    (100, 1): (0.16, 29.425519, (2, 2, 2, 1)),
}


@pytest.mark.parametrize("variances", FIGURE_7)
def test_small_figure_7_beats_its_grid_with_the_same_profile(variances):
    alpha, value, profile = FIGURE_7[variances]
    between, within = variances
    utility = FederatedMeanUtility([100, 100, 10, 10], between_variance=between, within_variance=within)
    optimum = optimal_alpha(utility, [[0, 0.2, 0.6], [0, 0.5, 1.5], [0, 0.2, 0.6], [0, 0.5, 1.5]])
    assert optimum.profile == profile
    assert optimum.value >= value - 5e-7
    assert alpha - 0.01 < optimum.alpha <= alpha
    on_the_grid = optimum.landscape.value(alpha)
    assert on_the_grid == pytest.approx(value, abs=5e-7)


def test_what_the_optimum_says_adds_up():
    optimum = optimal_alpha(DP_MEAN, [[0, "1/10"], [0, "2/10"]])
    assert optimum.value == (1 - optimum.alpha) * optimum.utility
    assert optimum.payments.sum() == optimum.alpha * optimum.utility
    assert optimum.users_surplus == optimum.payments.sum() - optimum.costs.sum()
    assert optimum.welfare == optimum.value + optimum.users_surplus
    assert optimum.gap == optimum.upper_bound - optimum.value
    assert optimum.landscape.value(optimum.alpha) == optimum.value


def test_a_mixed_optimum_adds_up_too():
    optimum = optimal_alpha(DP_MEAN, [[0, "3/10"], [0, "31/100"]])
    assert optimum.profile is None
    assert optimum.payments.sum() == optimum.alpha * optimum.utility
    assert optimum.costs.tolist() == [Fraction(9, 10) * Fraction(3, 10), Fraction(31, 100)]
    assert optimum.payments[0] == optimum.costs[0]
    assert optimum.value == Fraction(29, 75)


def test_results_are_values():
    optimum = optimal_alpha(DP_MEAN, [[0, "3/10"], [0, "31/100"]])
    assert pickle.loads(pickle.dumps(optimum)) == optimum
    assert json.loads(json.dumps(optimum.to_dict()))["value"] == "29/75"
    assert "29/75" in repr(optimum)


def test_zero_costs():
    best, worst = (optimal_alpha(DP_MEAN, [0, 0], selection) for selection in ("best", "worst"))
    assert (best.alpha, best.value, best.attained) == (0, 1, True)
    assert (worst.alpha, worst.value, worst.attained, worst.approached_from) == (0, 1, False, "above")


def test_alpha_zero_is_a_game_like_any_other():
    optimum = optimal_alpha(DP_MEAN, [[0, 0], [0, "1/2"]], alpha_range=(0, 0))
    assert (optimum.alpha, optimum.profile, optimum.value) == (0, (1, 0), Fraction(2, 3))


def test_everything_too_dear():
    optimum = optimal_alpha(DP_MEAN, [0, 5])
    assert (optimum.profile, optimum.value, optimum.price_of_fairness) == ((0, 0), 0, None)


def test_all_costs_infinite_leave_absence():
    optimum = optimal_alpha(DP_MEAN, [0, math.inf])
    assert (optimum.profile, optimum.value) == ((0, 0), 0)


def test_no_feasible_action():
    with pytest.raises(InputError, match=r"actions\[0\]"):
        optimal_alpha(DP_MEAN, [0, math.inf], actions=(1,))


def test_costs_that_fall_with_the_level_are_allowed_and_said():
    optimum = optimal_alpha([0, 1, 2], [0, "1/2", "1/4"])
    assert optimum.profile == (2,)
    assert any("costs fall" in warning for warning in optimum.warnings)


def test_negative_payments_are_flagged():
    utility = FederatedMeanUtility([100, 1], between_variance=0.1, within_variance=100)
    optimum = optimal_alpha(utility, [[0, 0, math.inf], [0, 0, math.inf]], actions=(1,), alpha_range=(0.5, 1))
    assert optimum.payments[1] < 0
    assert any("user 2 pays the platform" in warning for warning in optimum.warnings)
    assert any("user 2 loses" in warning and "may not stay absent" in warning for warning in optimum.warnings)
    assert optimum.price_of_fairness is None
    assert optimum.upper_bound == pytest.approx(2.7527, abs=1e-4)


def test_zero_is_best_from_one_thirty_second_on_without_absence():
    level = np.arange(3)
    U = np.array([[1 - Fraction(1, 2 ** int(a + b)) for b in level] for a in level], dtype=object)
    assert optimal_alpha(U, [0, 0, "1/32"], actions=(1, 2)).alpha == 0
    assert optimal_alpha(U, [0, 0, "1/33"], actions=(1, 2)).alpha > 0


def test_margin_makes_the_last_user_prefer():
    optimum = optimal_alpha(DP_MEAN, [0, "1/10"], margin="1/100")
    assert optimum.alpha == Fraction(22, 100)
    assert all(optimum.payments - optimum.costs >= Fraction(1, 100))
    assert optimum.searched == "all pure equilibria"


def test_budget_and_least_utility():
    assert optimal_alpha(DP_MEAN, [0, "1/10"], budget="1/10").profile in ((0, 1), (1, 0))
    full = optimal_alpha(DP_MEAN, [0, "2/5"], min_utility=1)
    assert (full.profile, full.alpha) == ((1, 1), Fraction(4, 5))
    capped = optimal_alpha(DP_MEAN, [0, "2/5"], min_utility=1, alpha_range=(0, "1/2"))
    assert not capped.feasible
    assert capped.value is None
    assert "utility of at least 1" in capped.infeasible
    assert "alpha = 0.6" in capped.infeasible


def test_floats_among_the_limits_make_floats():
    assert optimal_alpha(DP_MEAN, [0, "1/10"], budget=Fraction(1, 2)).exact
    rough = optimal_alpha(DP_MEAN, [0, "1/10"], budget=0.5)
    assert not rough.exact
    assert isinstance(rough.value, float)


def test_potential_maximisers_may_be_worse_than_the_best():
    potential = optimal_alpha(DP_MEAN, [[0, "3/10"], [0, "31/100"]], "potential")
    best = optimal_alpha(DP_MEAN, [[0, "3/10"], [0, "31/100"]])
    assert potential.value <= best.value


def test_ties_are_listed():
    optimum = optimal_alpha(CountUtility([0, 1, "3/2", "7/4"]), [0, "2/5"], "potential")
    assert len(optimum.ties) == 2
    assert sorted([optimum.profile, *optimum.ties]) == [(0, 1, 1), (1, 0, 1), (1, 1, 0)]


def test_two_users_list_ties_too():
    optimum = optimal_alpha(DP_MEAN, [0, "9/20"])
    assert sorted([optimum.profile, *optimum.ties]) == [(0, 1), (1, 0)]


def test_too_many_actions_to_mix_over_are_said():
    levels = np.arange(14)
    U = np.log1p(levels[:, None] + levels[None, :])
    optimum = optimal_alpha(U, 0.05 * levels)
    assert optimum.searched == "all pure equilibria"
    assert any("14 x 14 actions were not searched" in warning for warning in optimum.warnings)


def test_many_users_of_few_types_are_solved_on_counts():
    utility = FederatedMeanUtility([10, 100], between_variance=1, within_variance=10, counts=[7, 7])
    many = optimal_alpha(utility, [0, 0.1, 0.3])
    assert many.value == pytest.approx((1 - many.alpha) * many.utility)
    few = FederatedMeanUtility([10, 100], between_variance=1, within_variance=10, counts=[2, 2])
    dense = optimal_alpha(few, [0, 0.1, 0.3])
    assert dense.value == pytest.approx(optimal_alpha(few, [0, 0.1, 0.3], engine="types").value)


def test_texts_say_what_matters():
    approached = optimal_alpha(DP_MEAN, [0, 0], "worst")
    assert "above" in repr(approached)
    mixed = optimal_alpha(DP_MEAN, [[0, "3/10"], [0, "31/100"]])
    assert "1/10" in repr(mixed)
    assert "mixed" in repr(mixed.landscape)
    assert "/alpha" in repr(optimal_alpha(DP_MEAN, [0, "9/20"], "worst").landscape)
    tied = optimal_alpha(DP_MEAN, [0, "9/20"])
    assert "ties" in repr(tied)
    capped = optimal_alpha(DP_MEAN, [0, "2/5"], min_utility=2, budget="1/2", margin="1/50", alpha_range=(0, "1/2"))
    assert all(part in capped.infeasible for part in ("margin", "at most 1/2", "at least 2", "[0, 1/2]"))
    assert "infeasible" in repr(capped)


def test_blocs_of_single_users_change_nothing():
    rng = np.random.default_rng(2)
    U = rng.random((2, 2, 2))
    U[0, 0, 0] = 0
    costs = [[0, 0.1], [0, 0.05], [0, 0.2]]
    alone = optimal_alpha(U, costs)
    same = optimal_alpha(U, costs, blocs=[(0,), (1,), (2,)])
    assert same == alone


@pytest.mark.parametrize("selection", ["best", "worst"])
def test_two_blocs_have_all_equilibria_searched(selection):
    U = CountUtility([0, "1/2", "3/4", "7/8"])
    optimum = optimal_alpha(U, [0, "1/10"], selection, blocs=[(0, 1), (2,)])
    assert "mixed" in optimum.searched
    if optimum.profile is not None:
        assert optimum.payments.sum() == optimum.alpha * optimum.utility


def test_one_bloc_is_one_player_with_everything():
    # It takes the best of U − costs / alpha: both stay once alpha · 1 − 1/5 ≥ alpha · 2/3 − 1/10.
    optimum = optimal_alpha(DP_MEAN, [0, "1/10"], blocs=[(0, 1)])
    assert (optimum.alpha, optimum.profile) == (Fraction(3, 10), (1, 1))


def test_blocs_may_leave_alphas_without_a_pure_equilibrium():
    U = np.array(
        [[[[0, 8], [-7, 5]], [[4, -3], [5, 8]]], [[[5, 3], [-3, 2]], [[5, 4], [-5, -1]]]],
    )
    costs = [[0, "1/4"], [0, "3/4"], [0, "1/2"], [0, "1/2"]]
    blocs = [(0, 1), (2,), (3,)]
    assert optimal_alpha(U, costs, blocs=blocs).landscape.piece_at("33/100").profile is None
    together = optimal_alpha(U, costs, blocs=blocs, margin="1/1000")
    assert together.landscape.value("33/100") is None
    assert together.feasible
    assert optimal_alpha(U, costs, margin="1/1000").landscape.value("33/100") is not None
    nothing = optimal_alpha(U, costs, blocs=blocs, margin="1/1000", alpha_range=("33/100", "33/100"))
    assert "at no alpha" in nothing.infeasible


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"selection": "median"}, "selection"),
        ({"margin": -1}, "margin"),
        ({"margin": 1, "selection": "worst"}, "margin"),
        ({"budget": -1}, "budget"),
        ({"budget": float("nan")}, "budget"),
        ({"min_utility": "lots"}, "min_utility"),
        ({"alpha_range": (0.5, 0.2)}, "alpha_range"),
        ({"alpha_range": (0, 2)}, "alpha_range"),
        ({"alpha_range": 0.5}, "alpha_range"),
        ({"blocs": [(0,)]}, "blocs"),
        ({"blocs": [(0, 1.0)]}, "blocs: must be blocs of users"),
        ({"blocs": [(0, 1), (1,)]}, "blocs"),
        ({"blocs": [(0, 1), ()]}, "blocs"),
        ({"blocs": 3}, "blocs"),
        ({"blocs": [(0, 1)], "selection": "potential"}, "blocs"),
        ({"actions": (0, 7)}, "actions"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        optimal_alpha(DP_MEAN, [0, "1/10"], **arguments)


@pytest.mark.parametrize("costs", [[0], [[0, 1]], [0, -1], [1, 1], "cheap", None, [0, float("nan")]])
def test_bad_costs(costs):
    with pytest.raises(InputError, match="costs"):
        optimal_alpha(DP_MEAN, costs)


@st.composite
def problems(draw):
    """Three users, or two, of two levels or three; any utilities and costs that are small rationals."""
    shape = draw(st.sampled_from([(2, 2), (3, 2), (3, 3), (2, 2, 2)]))
    size = prod(shape) - 1
    values = draw(st.lists(st.fractions(-1, 3, max_denominator=4), min_size=size, max_size=size))
    table = np.array([Fraction(0), *values], dtype=object).reshape(shape)
    prices = st.fractions(0, 1, max_denominator=6)
    costs = [[Fraction(0), *draw(st.lists(prices, min_size=n - 1, max_size=n - 1))] for n in shape]
    return table, costs


@settings(max_examples=40)
@given(problems(), st.fractions("1/5", 7, max_denominator=5))
def test_names_and_units_of_users_change_nothing_and_selections_are_in_order(problem, factor):
    table, costs = problem
    found = {selection: optimal_alpha(table, costs, selection) for selection in ("worst", "potential", "best")}
    turned = table.transpose(range(table.ndim)[::-1])
    for selection, optimum in found.items():
        for other, scale in (
            (optimal_alpha(turned, costs[::-1], selection), 1),
            (optimal_alpha(factor * table, [[factor * cost for cost in row] for row in costs], selection), factor),
        ):
            assert float(other.value) == pytest.approx(float(scale * optimum.value), abs=1e-12)
            assert float(other.alpha) == pytest.approx(float(optimum.alpha), abs=1e-12)
    worst, potential, best = (float(found[name].value) for name in ("worst", "potential", "best"))
    paid_at_cost = max(
        table[profile] - sum(row[level] for row, level in zip(costs, profile, strict=True))
        for profile in np.ndindex(table.shape)
    )
    assert worst - 1e-12 <= potential
    assert potential - 1e-12 <= best <= float(paid_at_cost) + 1e-12
    assert best >= 0
