"""Alpha intervals of pure equilibria."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import FairGame, InputError, stable_profiles
from fairgames.equilibrium.intervals import payment_intervals

DP_MEAN = [[0, "2/3"], ["2/3", 1]]
SMALL = st.fractions(min_value=-1, max_value=2, max_denominator=4)


def is_equilibrium(game, profile):
    return all(level in best for level, best in zip(profile, game.best_responses(profile), strict=True))


@settings(max_examples=40)
@given(st.lists(SMALL, min_size=8, max_size=8), st.lists(st.fractions(0, 1, max_denominator=5), min_size=4, max_size=4))
def test_intervals_hold_exactly_at_their_ends_and_fail_beyond(values, prices):
    U = np.array([Fraction(0), *values], dtype=object).reshape(3, 3)
    costs = [[0, *prices[:2]], [0, *prices[2:]]]
    listed = {stable.profile: stable for stable in stable_profiles(U, costs)}
    step = Fraction(1, 10**6)
    for profile in np.ndindex(3, 3):
        if profile not in listed:
            assert not any(is_equilibrium(FairGame(U, costs, alpha=Fraction(k, 7)), profile) for k in range(8))
            continue
        stable = listed[profile]
        for alpha in (stable.alpha_from, stable.alpha_to, (stable.alpha_from + stable.alpha_to) / 2):
            assert is_equilibrium(FairGame(U, costs, alpha=alpha), profile)
        for alpha in (stable.alpha_from - step, stable.alpha_to + step):
            if 0 <= alpha <= 1:
                assert not is_equilibrium(FairGame(U, costs, alpha=alpha), profile)


def test_floats_and_fractions_agree():
    rng = np.random.default_rng(0)
    for _ in range(30):
        U = np.array([Fraction(int(k), 8) for k in rng.integers(-4, 9, 27)], dtype=object).reshape(3, 3, 3)
        U[0, 0, 0] = Fraction(0)
        costs = [[Fraction(0), *(Fraction(int(k), 8) for k in rng.integers(0, 6, 2))] for _ in range(3)]
        exact = stable_profiles(U, costs)
        rough = stable_profiles(U.astype(float), [[float(c) for c in row] for row in costs])
        assert [s.profile for s in exact] == [s.profile for s in rough]
        for a, b in zip(exact, rough, strict=True):
            assert (float(a.alpha_from), float(a.alpha_to)) == pytest.approx((b.alpha_from, b.alpha_to), abs=1e-12)


def test_additive_game_keeps_every_profile_at_the_common_alpha():
    # Every user's threshold is 1/3, in floats up to rounding: all 128 profiles are equilibria there.
    worths = 0.1 * np.arange(1, 8) + 0.07
    U = sum(np.array([0, w]).reshape([-1 if axis == user else 1 for axis in range(7)]) for user, w in enumerate(worths))
    assert len(stable_profiles(U, [[0, w / 3] for w in worths])) == 128


def test_forbidden_levels_are_never_chosen_and_never_tempt():
    U = [[0, 1, 5], [1, 2, 6], [1, 2, 6]]
    for stable in stable_profiles(U, [[0, "1/4", math.inf], [0, math.inf, "1/4"]]):
        assert stable.profile[0] != 2
        assert stable.profile[1] != 1


def test_ties_hold_only_without_a_dearer_choice():
    # Level 2 is worth no more than level 1, so it is an equilibrium only if it costs no more.
    P = np.array([Fraction(0), Fraction(1), Fraction(1)], dtype=object)
    costs = np.array([Fraction(0), Fraction(1, 4), Fraction(1, 4)], dtype=object)
    assert payment_intervals([P] * P.ndim, [costs])[2].tolist() == [True, True, True]
    costs = np.array([Fraction(0), Fraction(1, 4), Fraction(1, 2)], dtype=object)
    assert payment_intervals([P] * P.ndim, [costs])[2].tolist() == [True, True, False]


def test_rounding_neither_adds_nor_loses_a_tie():
    P = np.array([0.0, 0.3, 0.1 + 0.2])
    assert payment_intervals([P] * P.ndim, [np.array([0, 0.1, 0.1])])[2].tolist() == [True, True, True]
    assert payment_intervals([P] * P.ndim, [np.array([0, 0.1, 0.2])])[2].tolist() == [True, True, False]


def test_margin_shrinks_intervals_by_exactly_itself():
    strict = {s.profile: s for s in stable_profiles(DP_MEAN, [0, "3/10"], margin="1/100")}
    assert strict[1, 1].alpha_from == 2 * (Fraction(3, 10) + Fraction(1, 100))
    assert strict[0, 0].alpha_to == Fraction(3, 2) * (Fraction(3, 10) - Fraction(1, 100))
    assert (strict[0, 1].alpha_from, strict[0, 1].alpha_to) == (Fraction(31, 100) * Fraction(3, 2), Fraction(29, 50))


def test_restricted_actions_use_the_same_potential():
    U = np.array([[1 - Fraction(1, 2 ** (a + b)) for b in range(3)] for a in range(3)], dtype=object)
    only = stable_profiles(U, [0, 0, "1/32"], actions=(1, 2))
    assert {s.profile for s in only} <= {(1, 1), (1, 2), (2, 1), (2, 2)}
    assert only[0].alpha_from == 0


def test_other_payments_need_not_have_a_potential():
    # Matching pennies: whatever alpha > 0, somebody moves.
    win = np.array([[1.0, -1.0], [-1.0, 1.0]])
    lo, hi, stable = payment_intervals([win, -win], [np.zeros(2), np.zeros(2)])
    assert stable.all()
    assert lo.max() == hi.max() == 0


def test_only_the_named_players_deviate():
    U = np.array([[0.0, 1.0], [1.0, 1.5]])
    costs = [np.array([0, 0.3]), np.array([0, 9.0])]
    assert not payment_intervals([U, U], costs)[2][1, 1]
    assert payment_intervals([U, U], costs, players=[0])[2][1, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"costs": [[0, -1], [0, 1]]}, r"costs\[0, 1\]"),
        ({"costs": [0, float("nan")]}, "costs"),
        ({"costs": [[0, 1]]}, "costs"),
        ({"costs": [0, math.inf], "actions": (1,)}, r"actions\[0\]"),
        ({"costs": [0, 1], "actions": (0, 2)}, "actions"),
        ({"costs": [0, 1], "margin": -1}, "margin"),
        ({"costs": [0, 1], "margin": "much"}, "margin"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        stable_profiles(DP_MEAN, **arguments)


@settings(max_examples=30)
@given(
    st.lists(st.integers(-1, 2), min_size=8, max_size=8),
    st.lists(st.integers(0, 2), min_size=4, max_size=4),
    st.fractions(0, 1, max_denominator=4),
)
def test_with_a_margin_every_other_level_is_worse_by_that_much(values, prices, margin):
    P = np.array([Fraction(0), *map(Fraction, values)], dtype=object).reshape(3, 3)
    costs = [
        np.array([Fraction(0), *(Fraction(price, 2) for price in own)], dtype=object)
        for own in (prices[:2], prices[2:])
    ]
    lo, hi, stable = payment_intervals([P] * P.ndim, costs, margin)
    alphas = {Fraction(k, 24) for k in range(25)} | set(lo[stable]) | set(hi[stable])
    for i, j in np.ndindex(3, 3):
        for alpha in alphas:
            first = [alpha * (P[i, j] - P[k, j]) - costs[0][i] + costs[0][k] for k in range(3) if k != i]
            second = [alpha * (P[i, j] - P[i, k]) - costs[1][j] + costs[1][k] for k in range(3) if k != j]
            inside = bool(stable[i, j]) and lo[i, j] <= alpha <= hi[i, j]
            assert inside == (min(first + second) >= margin)


def test_payments_that_differ_by_the_rounding_of_what_they_were_computed_from_are_equal():
    payments, nothing, utilities = [np.array([0.0, 1e-9])], [np.zeros(2)], np.array([100.0, 100.0])
    lo, hi, stable = payment_intervals(payments, nothing, magnitudes=utilities)
    assert (lo.tolist(), hi.tolist(), stable.all()) == ([0, 0], [1, 1], True)
    assert payment_intervals(payments, nothing)[1].tolist() == [0, 1]
