"""The nine cells of two users with different costs, and their edges."""

from __future__ import annotations

from fractions import Fraction

import pytest

import fairgames as fg

DP_MEAN = [[0, "2/3"], ["2/3", 1]]
# At alpha = 1 sharing pays 2/3 alone and 1/2 beside the other user.
COST = {"below": Fraction(1, 4), "between": Fraction(3, 5), "above": Fraction(4, 5)}
IN, OUT = (0, 1), (1, 0)


def cell(utility, costs, alpha):
    return fg.equilibria(fg.FairGame(utility, [[0, cost] for cost in costs], alpha))


def strategies(found):
    return {tuple(tuple(strategy.tolist()) for strategy in entry.strategies) for entry in found}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("below", "below", {(IN, IN)}),
        ("below", "between", {(IN, OUT)}),
        ("below", "above", {(IN, OUT)}),
        ("between", "below", {(OUT, IN)}),
        ("between", "above", {(IN, OUT)}),
        ("above", "below", {(OUT, IN)}),
        ("above", "between", {(OUT, IN)}),
        ("above", "above", {(OUT, OUT)}),
    ],
)
def test_eight_cells_have_one_pure_equilibrium(first, second, expected):
    found = cell(DP_MEAN, [COST[first], COST[second]], 1)
    assert strategies(found) == expected
    assert found.complete


def test_the_ninth_has_two_and_the_corrected_mixed_one():
    found = cell(DP_MEAN, ["9/20", "1/2"], "4/5")
    mixed = ((Fraction(3, 4), Fraction(1, 4)), (Fraction(3, 8), Fraction(5, 8)))
    assert strategies(found) == {(IN, OUT), (OUT, IN), mixed}


def test_an_edge_has_a_continuum_that_ends_half_mixed():
    # At alpha = 2 · (3/10) user 1 is indifferent beside user 2, who stays in while user 1 is out with p ≥ 1/10.
    found = cell(DP_MEAN, ["3/10", "31/100"], "3/5")
    assert (((Fraction(1, 10), Fraction(9, 10)), IN)) in strategies(found)
    assert max(len(side) for component in found.components for side in component) > 1


def test_users_of_different_worth_have_ends_of_their_own():
    # At alpha = 1 sharing pays user 1 between 13/20 and 4/5, and user 2 between 7/20 and 1/2.
    found = cell([[0, "1/2"], ["4/5", 1]], ["3/5", "2/5"], 1)
    assert strategies(found) == {(IN, OUT)}


def test_floats_find_the_continuum_too():
    found = cell(DP_MEAN, [0.3, 0.31], 0.6)
    assert max(len(side) for component in found.components for side in component) > 1
