import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames.mechanism.symmetric.bernstein import Bernstein
from fairgames.mechanism.symmetric.game import Smooth, Table, binomial_mean

FRACTIONS = st.fractions(min_value=-5, max_value=5, max_denominator=12)
COEFFICIENTS = st.lists(FRACTIONS, min_size=1, max_size=6)


def by_definition(coefficients, x):
    n = len(coefficients) - 1
    return sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) * value for k, value in enumerate(coefficients))


@given(COEFFICIENTS, COEFFICIENTS, st.fractions(0, 1, max_denominator=20))
def test_arithmetic_is_that_of_the_functions(left, right, x):
    f, g = Bernstein.of(left), Bernstein.of(right)
    assert f(x) == by_definition(left, x)
    assert (f + g)(x) == f(x) + g(x)
    assert (f - g)(x) == f(x) - g(x)
    assert (f * g)(x) == f(x) * g(x)
    assert (f + Fraction(3))(x) == f(x) + 3
    assert (f * Fraction(3))(x) == f(x) * 3
    assert f.elevated(f.degree + 3)(x) == f(x)
    np.testing.assert_allclose(f.floats(np.array([float(x)])), float(f(x)), atol=1e-12)


@given(COEFFICIENTS)
def test_the_derivative_integrates_back(coefficients):
    f = Bernstein.of(coefficients)
    slope = f.derivative()
    # The integral of a mean over [0, 1] is the plain average of its table.
    assert sum(slope.coefficients, Fraction(0)) / (slope.degree + 1) == f(Fraction(1)) - f(Fraction(0))


@given(
    st.lists(st.fractions(-1, 2, max_denominator=30), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 2), min_size=4, max_size=4),
)
def test_rational_roots_are_found_and_named_whatever_their_multiplicity(roots, powers):
    curve = Bernstein.of([1, 1, 1])
    for root, power in zip(roots, powers, strict=False):
        for _ in range(power):
            curve = curve * Bernstein((-root, 1 - root))
    found = curve.roots()
    assert [root.x for root in found] == sorted(root for root in roots if 0 < root < 1)
    assert all(root.rational for root in found)


def test_irrational_roots_are_close_and_not_called_rational():
    (root,) = Bernstein.of([-1, -1, 1]).roots()  # 2x² = 1
    assert not root.rational
    assert abs(root.x**2 * 2 - 1) < Fraction(1, 1 << 76)


def test_close_roots_are_told_apart():
    close = [Fraction(1, 2), Fraction(1, 2) + Fraction(1, 10**9)]
    curve = Bernstein((-close[0], 1 - close[0])) * Bernstein((-close[1], 1 - close[1]))
    assert [root.x for root in curve.roots()] == close


@pytest.mark.parametrize("coefficients", [[0, 0], [1], [2, 1, 3], [0, 1, 0]])
def test_no_roots_inside(coefficients):
    assert Bernstein.of(coefficients).roots() == []
    assert Table(np.array(coefficients, dtype=float)).roots() == []


@pytest.mark.parametrize("n", [1, 7, 200])
@pytest.mark.parametrize("x", [0.0, 1e-9, 0.3, 0.999, 1.0])
def test_windows_equal_the_whole_sum(n, x):
    values = np.sqrt(np.arange(n + 1.0))
    assert math.isclose(binomial_mean(values, x), float(by_definition(values.tolist(), Fraction(x))), rel_tol=1e-12)


@pytest.mark.parametrize("x", [1e-6, 0.01, 0.37, 0.9999])
def test_windows_keep_their_digits_at_a_million_trials(x):
    n = 10**6
    k = np.arange(n + 1.0)
    # E[1/(K+1)] = (1 − (1 − x)^(n+1)) / ((n + 1) x)
    exact = -math.expm1((n + 1) * math.log1p(-x)) / ((n + 1) * x)
    assert math.isclose(binomial_mean(1 / (k + 1), x), exact, rel_tol=1e-12)
    assert math.isclose(binomial_mean(k, x), n * x, rel_tol=1e-12)


def test_tables_find_the_roots_that_rationals_find():
    coefficients = [1.0, -3.0, 2.0, -1.5, 4.0, -1.0]
    exact = [float(root.x) for root in Bernstein.of(coefficients).roots()]
    found = [root.x for root in Table(np.array(coefficients)).roots()]
    assert len(exact) >= 1
    np.testing.assert_allclose(found, exact, rtol=1e-12)


def test_combinations_of_tables_have_roots_too():
    rising, level = Table(np.array([0.0, 1.0])), Table(np.array([1.0, 1.0]))
    (root,) = (rising * rising - level * 0.5).roots()
    assert math.isclose(root.x, math.sqrt(0.5), rel_tol=1e-14)
    assert isinstance(rising + level, Smooth)
    (shifted,) = (rising - 0.25).roots()
    assert math.isclose(shifted.x, 0.25)
    assert rising.derivative()(0.4) == 1.0
