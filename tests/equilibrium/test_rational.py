"""Integer scaling and simplest rationals, against their definitions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames import InputError
from fairgames.equilibrium.rational import from_weights, rationalize, simplest_between, to_integers
from fairgames.exactness import as_array

rationals = st.fractions(-5, 5, max_denominator=60)


@given(st.lists(rationals, min_size=1, max_size=6))
def test_integers_are_the_smallest_multiple(values):
    array = as_array(values, "x")
    integers, scale = to_integers(array)
    assert all(isinstance(value, int) for value in integers)
    assert [Fraction(value, scale) for value in integers] == values
    assert math.gcd(scale, *integers) in {1, scale}
    assert not any(scale % d == 0 and all((v * (scale // d)).denominator == 1 for v in values) for d in range(2, 8))


@given(rationals, rationals)
def test_the_simplest_rational_has_the_smallest_denominator(a, b):
    low, high = min(a, b), max(a, b)
    simple = simplest_between(low, high)
    assert low <= simple <= high
    for denominator in range(1, simple.denominator):
        assert math.ceil(low * denominator) > math.floor(high * denominator)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any))
def test_weights_become_probabilities(weights):
    strategy = from_weights(weights)
    assert sum(strategy) == 1
    assert [value * sum(weights) for value in strategy] == weights


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=4), st.sampled_from([1e-3, 1e-9, "1/1000"]))
def test_the_bound_of_rationalizing_holds(values, bound):
    given_payoffs = np.array(values).reshape(2, 2)
    (simple,), change = rationalize([given_payoffs], bound)
    differences = [abs(Fraction(x) - y) for x, y in zip(values, simple.ravel(), strict=True)]
    assert max(differences) == change <= Fraction(bound)


def test_exact_payoffs_are_left_alone():
    payoffs = as_array([["1/3", "100001/300000"]], "A")
    (same,), change = rationalize([payoffs], 1)
    assert same is payoffs
    assert change == 0


@pytest.mark.parametrize("bound", [0, -1, float("nan"), True, "x"])
def test_bad_bounds_are_refused(bound):
    with pytest.raises(InputError, match="rationalize"):
        rationalize([np.eye(2)], bound)
