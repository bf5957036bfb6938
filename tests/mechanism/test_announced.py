"""Whatever alpha is announced, typed back as it is written, gives the equilibrium that is reported beside it."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairgames as fg
from fairgames.exactness import decimal_text, decimals_within

SELECTIONS = ["best", "worst", "potential"]


@st.composite
def games(draw):
    n_users, n_levels = draw(st.sampled_from([(2, 2), (2, 3), (3, 2), (3, 3)]))
    shape = (n_levels,) * n_users
    worth = [0, *draw(st.lists(st.integers(-5, 30), min_size=n_levels**n_users - 1, max_size=n_levels**n_users - 1))]
    costs = draw(
        st.lists(
            st.lists(st.integers(0, 12), min_size=n_levels - 1, max_size=n_levels - 1),
            min_size=n_users,
            max_size=n_users,
        )
    )
    if draw(st.booleans()):
        utility = np.array([Fraction(entry, 6) for entry in worth], dtype=object).reshape(shape)
        return utility, [[0, *(Fraction(cost, 7) for cost in row)] for row in costs]
    return np.array(worth).reshape(shape) / 6, [[0.0, *(cost / 7 for cost in row)] for row in costs]


@settings(max_examples=60, deadline=None)
@given(game=games(), selection=st.sampled_from(SELECTIONS))
def test_every_announced_alpha_typed_back_gives_the_value_and_equilibrium_beside_it(game, selection):
    optimum = fg.optimal_alpha(*game, selection)
    announced = optimum.announced
    if announced is None:
        assert optimum.alpha is None or not optimum.landscape.pieces
        return
    again = fg.optimal_alpha(*game, selection, alpha_range=(announced.text, announced.text))
    assert float(again.value) == pytest.approx(float(announced.value), rel=1e-9, abs=1e-12)
    assert float(optimum.value - announced.value) == pytest.approx(float(announced.lost), abs=1e-12)
    if announced.reached:
        assert announced.lost <= 2e-4 * abs(optimum.value)
        assert again.profile == optimum.profile or (optimum.profile is None and again.strategies is not None)


def test_an_optimum_just_above_a_shorter_decimal_is_rounded_up_into_its_equilibrium():
    # Below 2/7 · 2 = .571428..., one user leaves; rounded to nearest, .5714 would lose the equilibrium.
    optimum = fg.optimal_alpha([[0, "2/3"], ["2/3", 1]], [0, "2/7"])
    assert (optimum.alpha, optimum.profile) == (Fraction(4, 7), (1, 1))
    announced = optimum.announced
    assert Fraction(announced.text) > optimum.alpha
    assert announced.value == 1 - Fraction(announced.text)
    stable = fg.stable_profiles([[0, "2/3"], ["2/3", 1]], [0, "2/7"])
    assert any(s.profile == (1, 1) and s.alpha_from <= Fraction(announced.text) <= s.alpha_to for s in stable)


def test_a_single_fraction_is_announced_as_a_fraction():
    # One user is indifferent at alpha = 2 c alone, and the equilibrium in which it mixes is the best.
    optimum = fg.optimal_alpha([[0, "2/3"], ["2/3", 1]], [[0, "4/13"], [0, "63/200"]])
    assert optimum.piece.alpha_from == optimum.piece.alpha_to == optimum.alpha == Fraction(8, 13)
    assert optimum.announced.text == "8/13"


def test_an_optimum_that_is_only_approached_is_announced_from_its_side():
    optimum = fg.optimal_alpha([[0, "2/3"], ["2/3", 1]], [0, "1/3"], "worst")
    assert not optimum.attained
    step = float(optimum.announced.alpha - optimum.alpha)
    assert step > 0 if optimum.approached_from == "above" else step < 0


def test_identical_users_who_mix_are_announced_too():
    for utility, cost in product(([0, 1, 3, 4], [0, "7/4", 2, "9/2"]), ("1/2", "4/5")):
        for selection in ("best", "worst"):
            optimum = fg.optimal_alpha(fg.CountUtility(utility), [0, cost], selection)
            announced = optimum.announced
            assert optimum.landscape.value(announced.text) == pytest.approx(announced.value)


def test_the_neighbours_of_a_number_come_shortest_first_and_inside():
    inside = list(decimals_within(Fraction(2, 7), Fraction(1), Fraction(2, 7)))
    assert inside[0] == Fraction(3, 10)
    assert all(Fraction(2, 7) <= decimal <= 1 for decimal in inside)
    assert [Fraction(decimal_text(decimal)) for decimal in inside] == inside


def test_no_fraction_is_lost_when_it_is_written():
    for number in (Fraction(1, 3), Fraction(3, 8), Fraction(10**9), Fraction(1, 10**12), 0.1 + 0.2):
        assert Fraction(decimal_text(number)) == Fraction(repr(number) if isinstance(number, float) else number)
