"""Declared thresholds against the recursion over counts, and against what must hold at any size."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from fairgames import InputError, SizeError
from fairgames.payments.engines.threshold import BulkWeight, pivotal_by_fourier, pivotal_by_size, threshold_payments


@pytest.mark.parametrize(
    ("weights", "sizes", "quota"),
    [
        ([1, 1], (50, 40), 45),
        ([3, 1], (1, 3), 4),
        ([2, 3, 5], (20, 30, 10), 77),
        ([1, 2], (1000, 800), 1300),
        ([1, 2], (1000, 800), 5),
        ([1, 2], (1000, 800), 2598),
        ([1, 2, 100], (1000, 300, 1), 800),
        ([1, 2, 100], (500, 100, 3), 333),
        ([7, 11], (100, 100), 900),
        ([1, 400], (300, 20), 3000),
        ([1, 50], (3, 70), 1800),
        ([0, 1, 3], (10, 30, 30), 60),
        ([2, 2], (5, 5), 1),
        ([Fraction(1, 3), "1/2"], (60, 40), 17),
        ([0.25, 1.5], (60, 40), 30.1),
        ([1], (7,), 3),
        ([1, 2, 4, 8, 16, 32, 64, 128], (1,) * 8, 100),
        ([5, 17, 40, 90], (3, 3, 4, 6), 301),
        ([0, 3, 9, 28, 90, 250], (2, 3, 1, 2, 3, 2), 404),
    ],
)
def test_agrees_with_the_recursion(group_payments, weights, sizes, quota):
    exact = [Fraction(weight) for weight in weights]
    scale = int(np.lcm.reduce([weight.denominator for weight in exact]))
    whole = np.array([int(weight * scale) for weight in exact])
    needed = Fraction(quota) * scale
    expected = group_payments(lambda counts: (counts @ whole >= float(needed)).astype(float), sizes)
    np.testing.assert_allclose(threshold_payments(weights, sizes, quota), expected, rtol=1e-8, atol=1e-14)


@settings(max_examples=60)
@given(data=st.data())
def test_agrees_with_the_recursion_on_small_games(group_payments, data):
    n_groups = data.draw(st.integers(1, 4))
    weights = data.draw(st.lists(st.integers(0, 12), min_size=n_groups, max_size=n_groups))
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=n_groups, max_size=n_groups))
    quota = data.draw(st.integers(1, max(1, int(np.dot(weights, sizes)) + 1)))
    expected = group_payments(lambda counts: (counts @ np.array(weights) >= quota).astype(float), sizes)
    np.testing.assert_allclose(threshold_payments(weights, sizes, quota), expected, rtol=1e-8, atol=1e-13)
    if 0 < quota <= np.dot(weights, sizes):
        for shares in (pivotal_by_fourier, pivotal_by_size):
            np.testing.assert_allclose(shares(*map(np.array, (weights, sizes)), quota), expected, rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize(
    ("weights", "sizes", "quota"),
    [
        ([1, 2], (600_000, 400_000), 700_000),
        ([1, 2], (600_000, 400_000), 50),
        ([1, 2], (600_000, 400_000), 1_399_990),
        ([1, 2, 5], (6_000_000, 4_000_000, 10_000), 7_000_000),
        ([1, 2, 5, 100_000], (600_000, 300_000, 100_000, 1), 500_000),
        ([1, "1/3"], (600_000, 400_000), 300_000),
        ([1, 3], (10**9, 10**9), 10**9),
    ],
)
def test_payments_of_a_million_users_add_up_to_the_height(weights, sizes, quota):
    payments = threshold_payments(weights, sizes, quota, height=-2.5)
    assert payments @ sizes == pytest.approx(-2.5, rel=1e-8)


@pytest.mark.parametrize("quota", [1, 2, 999, 500_000, 999_999, 10**6])
def test_equal_weights_are_paid_equally(quota):
    np.testing.assert_allclose(threshold_payments([2, 2], [300_000, 700_000], 2 * quota), 1e-6, rtol=1e-8)


def test_in_a_large_population_payments_are_near_proportional_to_weights():
    """The chance to be pivotal is the density of the others' weight times one's own."""
    payments = threshold_payments([1, 2, 3], [400_000, 300_000, 300_000], 900_000)
    np.testing.assert_allclose(payments / payments[0], [1, 2, 3], rtol=1e-5)


def test_a_majority_holder_is_paid_everything():
    assert threshold_payments([10, 1], [1, 9], 10).tolist() == pytest.approx([1, 0], abs=1e-15)


def test_a_quota_out_of_reach_pays_nothing():
    assert threshold_payments([1, 2], [3, 4], 12).tolist() == [0, 0]


@pytest.mark.parametrize("t", [1e-7, 0.003, 0.4, 0.999])
@pytest.mark.parametrize(("low", "high"), [(0, 0), (100, 250), (3900, 4100), (9990, 10_000), (-5, 3), (0, 10_000)])
def test_probability_of_one_group_is_binomial(t, low, high):
    bulk = BulkWeight(np.array([1]), np.array([10_000]))
    expected = binom.cdf(high, 10_000, t) - binom.cdf(low - 1, 10_000, t)
    assert bulk.probability(np.array([t]), low, high)[0] == pytest.approx(expected, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("change", "argument"),
    [
        ({"weights": [1, -1]}, "weights[1]"),
        ({"weights": [1, 2, 3]}, "weights"),
        ({"weights": [1, float("nan")]}, "weights[1]"),
        ({"quota": 0}, "quota"),
        ({"quota": -1}, "quota"),
        ({"quota": float("inf")}, "quota"),
        ({"height": float("nan")}, "height"),
    ],
)
def test_bad_input(change, argument):
    arguments = {"weights": [1, 2], "group_sizes": [3, 4], "quota": 5, **change}
    with pytest.raises(InputError) as error:
        threshold_payments(**arguments)
    assert error.value.argument == argument


def test_weights_without_a_common_unit_are_refused():
    with pytest.raises(SizeError, match="common unit"):
        threshold_payments([0.1, 1 / 3], [3, 4], 1)
