"""Two users over grids of costs: against the closed form, and against the exact enumeration."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames import InputError
from fairgames.mechanism.problem import as_problem
from fairgames.mechanism.two_player.optimum import best_of_two
from fairgames.mechanism.two_player.two_groups import KINDS, two_group_optima

DP_MEAN = [[0, Fraction(2, 3)], [Fraction(2, 3), 1]]


def exact_value(first, second):
    return best_of_two(as_problem(DP_MEAN, [[0, first], [0, second]])).peak.value


def four_branch_value(first, second):
    """Optimum of two users of the mean without noise, in closed form."""
    a, b = sorted((first, second))
    branches = [1 - 2 * b, Fraction(2, 3) - a, 0 * a]
    if a > 0 and 3 * b <= 4 * a:
        branches.append((1 - 2 * a) * (2 - b / a))
    return max(branches)


@pytest.mark.parametrize("row", range(0, 50, 7))
def test_the_closed_form_equals_the_enumeration(row):
    for column in range(50):
        first, second = Fraction(row, 60), Fraction(column, 60)
        assert exact_value(first, second) == four_branch_value(first, second)


@pytest.mark.slow
@pytest.mark.parametrize("row", range(50))
def test_the_closed_form_equals_the_enumeration_on_the_whole_grid(row):
    for column in range(50):
        # Steps of 1/73 stay off the corners of the regions; steps of 1/60, tested beside, hit them.
        first, second = Fraction(row, 73), Fraction(column, 73)
        assert exact_value(first, second) == four_branch_value(first, second)


def test_grids_equal_the_closed_form():
    costs = np.linspace(0, 1, 60)
    optima = two_group_optima(DP_MEAN, costs, costs)
    expected = np.array([[four_branch_value(a, b) for b in costs] for a in costs])
    np.testing.assert_allclose(optima.value, expected, atol=1e-12)
    np.testing.assert_allclose(optima.value, (1 - optima.alpha) * optima.utility, atol=1e-12)


def test_the_half_mixed_region_is_where_it_should_be():
    costs = np.linspace(0.2, 0.4, 101)
    optima = two_group_optima(DP_MEAN, costs, costs)
    a = np.minimum(costs[:, None], costs[None, :])
    b = np.maximum(costs[:, None], costs[None, :])
    inside = (a > 0.25) & (a < 1 / 3) & (b > a) & (b < a * (2 - (2 / 3 - a) / (1 - 2 * a)))
    edge = np.abs((1 - 2 * a) * (2 - b / a) - np.maximum(1 - 2 * b, 2 / 3 - a)) < 1e-9
    assert (((optima.kind == KINDS.index("half-mixed")) == inside) | edge).all()
    assert inside.any()


@pytest.mark.parametrize("seed", range(3))
def test_random_utilities_equal_the_enumeration(seed):
    rng = np.random.default_rng(seed)
    kinds = set()
    for trial in range(40):
        if trial % 2:
            U = np.array([[0, rng.normal(0.6, 0.6)], [rng.normal(0.6, 0.6), rng.normal(1, 0.7)]])
            costs = rng.exponential(0.3, 2)
        else:
            # Near the paper's game and its half-mixed region.
            U = np.array([[0, 2 / 3], [2 / 3, 1]]) + rng.normal(0, 0.03, (2, 2)) * [[0, 1], [1, 1]]
            costs = rng.uniform(0.25, 0.35, 2)
        optima = two_group_optima(U, costs[:1], costs[1:])
        peak = best_of_two(as_problem(U, [[0, costs[0]], [0, costs[1]]])).peak
        assert optima.value.item() == pytest.approx(float(peak.value), abs=1e-10)
        kinds.add(KINDS[optima.kind.item()])
    assert "half-mixed" in kinds


def test_one_additive_user_still_leaves_the_other_to_mix():
    # User 2 earns 1/2 whatever user 1 does, so only user 1's payment depends on the other.
    U = [[0, "1/2"], ["3/4", 1]]
    rng = np.random.default_rng(4)
    for first, second in rng.uniform(0, 0.8, (20, 2)):
        value = two_group_optima(U, [first], [second]).value.item()
        peak = best_of_two(as_problem(U, [[0, first], [0, second]])).peak
        assert value == pytest.approx(float(peak.value), abs=1e-10)


def test_free_and_forbidden_users():
    optima = two_group_optima(DP_MEAN, [0.0, math.inf], [0.0, math.inf])
    np.testing.assert_allclose(optima.value, [[1, 2 / 3], [2 / 3, 0]])
    assert optima.alpha.max() == 0
    assert optima.absent[:, 1, 1].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0, 1, 2], [1, 2, 3]], [0.1], [0.1]), "utility"),
        ((DP_MEAN, [-0.1], [0.1]), "first_costs"),
        ((DP_MEAN, [0.1], [[0.1]]), "second_costs"),
        ((DP_MEAN, [0.1], [float("nan")]), "second_costs"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        two_group_optima(*arguments)
