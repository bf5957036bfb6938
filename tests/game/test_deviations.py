"""Payoffs of deviations against sums over pure profiles."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames import InputError
from fairgames.exactness import as_array, is_exact
from fairgames.game.deviations import as_strategies, best_responses, deviation_payoffs, expected


def brute_deviations(payoffs, strategies):
    """Sum over every pure profile of the others, straight from the definition."""
    answer = []
    for user, payoff in enumerate(payoffs):
        values = [0] * payoff.shape[user]
        for profile in itertools.product(*map(range, payoff.shape)):
            weight = 1
            for other, action in enumerate(profile):
                weight *= strategies[other][action] if other != user else 1
            values[profile[user]] += weight * payoff[profile]
        answer.append(values)
    return answer


@st.composite
def games(draw):
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    size = int(np.prod(shape))
    rationals = st.fractions(-3, 3, max_denominator=5)
    tensors = [
        as_array(np.array(draw(st.lists(rationals, min_size=size, max_size=size)), dtype=object), "U").reshape(shape)
        for _ in shape
    ]
    strategies = []
    for n_actions in shape:
        weights = draw(st.lists(st.integers(0, 5), min_size=n_actions, max_size=n_actions).filter(any))
        strategies.append(as_array([Fraction(weight, sum(weights)) for weight in weights], "x"))
    return tuple(tensors), tuple(strategies)


@given(games())
def test_exact_deviations_are_the_sums_of_their_definition(case):
    payoffs, strategies = case
    values = deviation_payoffs(payoffs, strategies)
    assert all(map(is_exact, values))
    assert [vector.tolist() for vector in values] == brute_deviations(payoffs, strategies)
    for user, vector in enumerate(values):
        assert expected(payoffs[user], strategies) == sum(p * v for p, v in zip(strategies[user], vector, strict=True))
        best = tuple(a for a, v in enumerate(vector) if v == max(vector))
        assert best_responses(payoffs, strategies)[user] == best


@given(games())
def test_floats_agree_with_rationals(case):
    payoffs, strategies = case
    floats = deviation_payoffs([U.astype(float) for U in payoffs], strategies)
    for vector, exact in zip(floats, deviation_payoffs(payoffs, strategies), strict=True):
        assert vector.dtype == float
        np.testing.assert_allclose(vector, exact.astype(float), atol=1e-12)


def test_a_rounding_error_does_not_hide_a_best_response():
    A = np.array([[0.1 + 0.2], [0.3]])
    assert A[0, 0] != A[1, 0]
    assert best_responses((A, A), as_strategies([0, 0], (2, 1), exact=False))[0] == (0, 1)


def test_float_probabilities_make_an_exact_game_float():
    strategies = as_strategies([[0.5, 0.5], 0], (2, 2), exact=True)
    assert [s.dtype for s in strategies] == [float, float]


@pytest.mark.parametrize(
    ("profile", "place"),
    [
        ([0], "profile:"),
        ([0, 2], "profile[1]"),
        ([0, -1], "profile[1]"),
        ([True, 0], "profile[0]"),
        ([[0.5, 0.6], 0], "profile[0]"),
        ([["1/2", "1/3"], 0], "profile[0]"),
        ([[1.5, -0.5], 0], "profile[0]"),
        ([0, [1]], "profile[1]"),
        ([0, [float("nan"), 1]], "profile[1, 0]"),
    ],
)
def test_bad_profiles_are_named(profile, place):
    with pytest.raises(InputError) as caught:
        as_strategies(profile, (2, 2), exact=True)
    assert place.rstrip(":").split(",")[0].rstrip("]") in str(caught.value)
