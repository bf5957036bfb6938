"""Real roots of polynomials with rational coefficients."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames.equilibrium.enclosures import real_roots

RATIONAL = st.fractions(min_value=-5, max_value=5, max_denominator=12)


def times(left, right):
    product = [Fraction(0)] * (len(left) + len(right) - 1)
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            product[i + j] += a * b
    return product


@settings(max_examples=100)
@given(st.lists(RATIONAL, min_size=1, max_size=3), st.fractions(min_value="1/7", max_value=3, max_denominator=9))
def test_rational_roots_come_back_as_themselves(roots, scale):
    polynomial = [scale]
    for root in roots:
        polynomial = times(polynomial, [-root, Fraction(1)])
    assert real_roots(polynomial, Fraction(-6), Fraction(6)) == sorted(set(roots))


@settings(max_examples=60)
@given(st.lists(st.integers(-9, 9), min_size=4, max_size=4))
def test_cubics_agree_with_numpy_where_roots_are_apart(terms):
    found = real_roots([Fraction(term) for term in terms], Fraction(-100), None)
    for root in found:
        height = sum(Fraction(term) * Fraction(root) ** power for power, term in enumerate(terms))
        slope = sum(power * Fraction(term) * Fraction(root) ** (power - 1) for power, term in enumerate(terms) if power)
        assert abs(height) <= 4 * math.ulp(abs(float(root)) + 1) * (abs(slope) + 1)
    every = np.roots(terms[::-1])
    real = np.sort(every[np.abs(every.imag) < 1e-9].real)
    if len(real) == 3 and np.diff(real).min() > 1e-3:
        np.testing.assert_allclose([float(root) for root in found], real, atol=1e-9)


def test_a_cubic_with_one_rational_root_of_three():
    # (x − 2/3)(x² − 2)
    polynomial = times([-Fraction(2, 3), Fraction(1)], [Fraction(-2), Fraction(0), Fraction(1)])
    found = real_roots(polynomial, Fraction(-10), None)
    assert found == [-math.sqrt(2), Fraction(2, 3), math.sqrt(2)]


def test_a_rational_root_nearby_is_not_taken_for_an_irrational_one():
    # −(x − 1)(x² + 2x − 2): to the nearest whole number the root √3 − 1 is the other root 1.
    terms = [Fraction(-2), Fraction(4), Fraction(-1), Fraction(-1)]
    assert real_roots(terms, Fraction(0), None) == [pytest.approx(math.sqrt(3) - 1, rel=1e-15), 1]


def test_irrational_roots_are_correct_to_the_last_digit():
    assert real_roots([Fraction(-2), Fraction(0), Fraction(0), Fraction(1)], Fraction(0), None) == [1.2599210498948732]


@pytest.mark.parametrize("terms", [[], [0], [0, 0, 0], [3], [1, 0, 1]])
def test_without_roots(terms):
    assert real_roots([Fraction(term) for term in terms], Fraction(-10), Fraction(10)) == []


def test_the_ends_are_not_inside():
    assert real_roots([Fraction(-1), Fraction(1)], Fraction(1), None) == []
    assert real_roots([Fraction(-1), Fraction(1)], Fraction(0), Fraction(1)) == []
