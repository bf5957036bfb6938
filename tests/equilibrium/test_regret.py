"""Certificates against sums over all profiles."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames.equilibrium.certify import Certifier

SHAPE = (2, 3, 2)
RATIONALS = st.fractions(-2, 2, max_denominator=6)


def exact(values, shape):
    array = np.empty(math.prod(shape), dtype=object)
    array[:] = values
    return array.reshape(shape)


def normalised(weights):
    total = sum(weights)
    return exact([Fraction(weight, total) for weight in weights], (len(weights),))


@st.composite
def games(draw):
    size = math.prod(SHAPE)
    payoffs = [exact(draw(st.lists(RATIONALS, min_size=size, max_size=size)), SHAPE) for _ in SHAPE]
    weights = [draw(st.lists(st.integers(0, 5), min_size=n, max_size=n).filter(any)) for n in SHAPE]
    return payoffs, tuple(normalised(own) for own in weights)


def expected(payoff, strategies):
    total = Fraction(0)
    for profile in itertools.product(*map(range, SHAPE)):
        total += payoff[profile] * math.prod(own[k] for own, k in zip(strategies, profile, strict=True))
    return total


@settings(max_examples=40)
@given(games())
def test_payoffs_regrets_and_shortfalls_are_those_of_the_definition(game):
    payoffs, strategies = game
    rough = tuple(own.astype(float) for own in strategies)
    found = Certifier(payoffs).certify(strategies)
    close = Certifier([payoff.astype(float) for payoff in payoffs]).certify(rough)
    for user, payoff in enumerate(payoffs):
        deviations = []
        for action in range(SHAPE[user]):
            pure = exact([Fraction(int(k == action)) for k in range(SHAPE[user])], (SHAPE[user],))
            deviations.append(expected(payoff, (*strategies[:user], pure, *strategies[user + 1 :])))
        earned = expected(payoff, strategies)
        shortfalls = [float(max(deviations) - value) for value in deviations]
        assert (found.payoffs[user], found.regrets[user]) == (earned, max(deviations) - earned)
        np.testing.assert_allclose(found.shortfalls[user], shortfalls, rtol=1e-12)
        np.testing.assert_allclose(close.payoffs[user], float(earned), atol=1e-12)
        np.testing.assert_allclose(close.regrets[user], float(max(deviations) - earned), atol=1e-12)
        np.testing.assert_allclose(close.shortfalls[user], shortfalls, atol=1e-12)
