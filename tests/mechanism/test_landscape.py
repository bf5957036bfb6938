"""The landscape: pieces, evaluation, parts of pieces."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import TINY, BruteForce

from fairgames import InputError, optimal_alpha
from fairgames.mechanism.landscape import Piece, clip, highest_peak, join, remove, within

DP_MEAN = [[0, "2/3"], ["2/3", 1]]
TWELFTHS = st.integers(0, 12).map(lambda k: Fraction(k, 12))


@st.composite
def pieces(draw):
    start, stop = sorted((draw(TWELFTHS), draw(TWELFTHS)))
    closed = start == stop
    return Piece(start, stop, closed or draw(st.booleans()), closed or draw(st.booleans()), (Fraction(1), 0, 0), (0,))


def points():
    return [Fraction(k, 24) for k in range(25)]


@settings(max_examples=100)
@given(pieces(), pieces())
def test_removing_leaves_exactly_the_rest(whole, hole):
    parts = remove(whole, hole)
    for point in points():
        assert sum(part.contains(point) for part in parts) == (whole.contains(point) and not hole.contains(point))


@settings(max_examples=100)
@given(pieces(), TWELFTHS, TWELFTHS)
def test_clipping_keeps_exactly_the_range(whole, low, high):
    part = clip(whole, low, high)
    for point in points():
        inside = whole.contains(point) and low <= point <= high
        assert (part is not None and part.contains(point)) == inside


def test_an_end_may_miss_the_range_by_rounding():
    piece = Piece(0.3, 0.5, True, True, (1.0, 0.0, 0.0), (0,))
    assert within(piece, 0.0, 0.3 - 1e-12, 1e-10).alpha_to == 0.3
    assert within(piece, 0.5 + 1e-12, 1.0, 1e-10).alpha_from == 0.5
    assert within(piece, 0.0, 0.3 - 1e-12, 0) is None
    assert within(piece, 0.0, 0.29, 1e-10) is None


def test_joining_needs_the_point_between():
    left = Piece(Fraction(0), Fraction(1, 2), True, False, (Fraction(1), 0, 0), (0,))
    right = replace(left, alpha_from=Fraction(1, 2), alpha_to=Fraction(1), closed_from=False)
    assert len(join([left, right])) == 2
    assert len(join([left, replace(right, closed_from=True)])) == 1


@pytest.mark.parametrize("selection", ["best", "worst", "potential"])
def test_landscapes_cover_every_alpha_once(selection):
    rng = np.random.default_rng(1)
    for n_users in (2, 3):
        U = np.array([Fraction(int(k), 8) for k in rng.integers(0, 9, 3**n_users)], dtype=object)
        U[0] = Fraction(0)
        costs = [[0, *(Fraction(int(k), 16) for k in rng.integers(0, 9, 2))] for _ in range(n_users)]
        landscape = optimal_alpha(U.reshape((3,) * n_users), costs, selection).landscape
        for alpha in [*landscape.breakpoints, *(Fraction(k, 61) for k in range(62))]:
            assert sum(piece.contains(alpha) for piece in landscape.pieces) == 1
            assert landscape.value(alpha) == (1 - Fraction(alpha)) * landscape.utility(alpha)


def test_two_users_at_45_hundredths():
    landscape = optimal_alpha(DP_MEAN, [0, "9/20"], "worst").landscape
    assert landscape.utility("1/2") == 0
    mixed = landscape.piece_at("7/10")
    assert mixed.profile is None
    p = mixed.strategies(Fraction(7, 10))[0][0]
    assert p == 6 * Fraction(9, 20) / Fraction(7, 10) - 3
    assert landscape.utility("7/10") == 1 - 2 * p / 3 - p**2 / 3


def test_the_highest_peak_of_a_mixed_family_is_stationary():
    # U(p) with p = 6c/alpha − 3: the best symmetric value for c = .5 is (2 − 3c)² / 3 at alpha = 6c / (3c + 2).
    c = Fraction(1, 2)
    family = Piece(3 * c / 2, Fraction(1), True, True, (Fraction(0), 8 * c, -12 * c**2))
    peak = highest_peak([family])
    assert (peak.alpha, peak.value) == (6 * c / (3 * c + 2), (2 - 3 * c) ** 2 / 3)


def test_a_peak_at_an_open_end_is_only_approached():
    loss = (Fraction(-1), Fraction(0), Fraction(0))
    for closed, side in ((True, None), (False, "below")):
        peak = highest_peak([Piece(Fraction(0), Fraction(1, 2), True, closed, loss)])
        assert (peak.alpha, peak.value, peak.approached_from) == (Fraction(1, 2), Fraction(-1, 2), side)


def test_what_is_the_same_on_an_open_range_is_attained_inside():
    optimum = optimal_alpha([0, -1, 5], [0, 0, 1], "worst", budget=0)
    assert (optimum.value, optimum.attained, optimum.approached_from) == (0, True, None)
    assert 0 < optimum.alpha < Fraction(1, 5)


def kept_at(game, alpha, budget):
    """Lowest value at an alpha, if every equilibrium there is within the budget."""
    present = [profile for profile, (lo, hi) in game.intervals.items() if lo <= alpha <= hi]
    if not present or any(alpha * game.worth[profile] > budget for profile in present):
        return None
    return min(game.value(profile, alpha) for profile in present)


@pytest.mark.parametrize("n_users", [1, 4])
def test_the_worst_is_attained_where_some_alpha_leaves_it(n_users):
    rng = np.random.default_rng(n_users)
    seen = set()
    for _ in range(60 if n_users == 1 else 25):
        shape = (3,) * n_users if n_users == 1 else (2,) * n_users
        U = np.array([Fraction(int(part)) for part in rng.integers(-2, 4, int(np.prod(shape)))], dtype=object)
        U = U.reshape(shape)
        U[(0,) * n_users] = Fraction(0)
        costs = [[Fraction(0), *(Fraction(int(part), 4) for part in rng.integers(0, 5, shape[0] - 1))] for _ in shape]
        budget = Fraction(int(rng.integers(0, 3)), 2)
        game = BruteForce(U, costs)
        caps = [budget / worth for worth in game.worth.values() if worth > 0]
        ends = sorted({Fraction(0), Fraction(1), *game.ends, *(cap for cap in caps if cap <= 1)})
        inside = [(left + right) / 2 for left, right in pairwise(ends)]
        near = [end + side for end in ends for side in (-TINY, TINY) if 0 < end + side < 1]
        reached, beside = (
            max((kept for alpha in alphas if (kept := kept_at(game, alpha, budget)) is not None), default=None)
            for alphas in ([*ends, *inside], near)
        )
        optimum = optimal_alpha(U, costs, "worst", budget=budget)
        if optimum.value is None:
            assert reached is beside is None
            continue
        top = max(value for value in (reached, beside) if value is not None)
        assert abs(optimum.value - top) <= 100 * TINY
        assert optimum.attained == (reached == optimum.value)
        assert (optimum.approached_from is None) == optimum.attained
        seen.add((optimum.attained, optimum.alpha in ends))
    assert len(seen) > 1


@pytest.mark.parametrize("alpha", [-1, 2, "many", float("nan")])
def test_bad_alpha(alpha):
    with pytest.raises(InputError, match="alpha"):
        optimal_alpha(DP_MEAN, [0, "9/20"]).landscape.value(alpha)
