"""The fixed rule against exact recursion, sampling and the distributions' own moments."""

import numpy as np
import pytest
from scipy.stats import hypergeom

from fairgames import InputError
from fairgames.errors import EvaluationError
from fairgames.payments.engines.cubature import cubature_payments, hypergeometric_nodes, uniform_nodes
from fairgames.payments.engines.strata import strata_payments


@pytest.mark.parametrize(
    ("good", "pool", "drawn"), [(10, 30, 7), (2, 30, 7), (5, 1000, 30), (400, 1000, 500), (3, 8, 7)]
)
@pytest.mark.parametrize("n_nodes", [1, 2, 3])
def test_hypergeometric_rules_have_their_moments(good, pool, drawn, n_nodes):
    values = np.arange(good + 1)
    chances = hypergeom(pool, good, drawn).pmf(values)
    mean, deviation = chances @ values, hypergeom(pool, good, drawn).std()
    nodes, weights = (part[0] for part in hypergeometric_nodes(good, pool, np.array([float(drawn)]), n_nodes))
    assert nodes.min() >= max(0, drawn - (pool - good)) - 1e-12
    assert nodes.max() <= min(good, drawn) + 1e-12
    for degree in range(2 * n_nodes):
        moment = chances @ ((values - mean) / deviation) ** degree
        assert weights @ ((nodes - mean) / deviation) ** degree == pytest.approx(moment, abs=1e-9)


@pytest.mark.parametrize("n_nodes", [1, 2, 5, 9])
def test_uniform_rules_sum_polynomials(n_nodes):
    nodes, weights = uniform_nodes(7, 61, n_nodes)
    for degree in range(2 * n_nodes):
        total = sum(((value - 30) / 30) ** degree for value in range(7, 61))
        assert weights @ ((nodes - 30) / 30) ** degree == pytest.approx(total, abs=1e-9)
    assert uniform_nodes(3, 5, n_nodes=4)[0].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("weights", "sizes"),
    [
        ([1, 3, 5], (50, 30, 20)),
        ([1, 3, 5], (1950, 40, 10)),
        ([1, 3, 400], (70, 29, 1)),
        ([1, 3, 400], (1899, 100, 1)),
        ([1, 50], (1995, 5)),
        ([1, 2, 3, 4, 5], (40, 25, 15, 10, 10)),
    ],
)
@pytest.mark.parametrize("shape", [np.log1p, np.sqrt, lambda x: x / (x + 10)])
def test_agrees_with_the_recursion(group_payments, weights, sizes, shape):
    weights = np.array(weights, dtype=float)
    estimate = cubature_payments(lambda n: shape(n @ weights), sizes)
    exact = group_payments(lambda n: shape(n @ weights), sizes)
    assert estimate.resolved
    np.testing.assert_allclose(estimate.values, exact, rtol=5e-5)
    assert estimate.values @ sizes == pytest.approx(estimate.utility, rel=1e-12)


@pytest.mark.parametrize("n_users", [10**4, 10**6, 10**7])
def test_agrees_with_strata(n_users):
    weights = np.array([1.0, 3.0, 5.0, 10_000.0])
    sizes = [n_users // 2, n_users // 4, n_users - n_users // 2 - n_users // 4 - 1, 1]
    fixed = cubature_payments(lambda n: np.log1p(n @ weights), sizes)
    sampled = strata_payments(lambda n: np.log1p(n @ weights), sizes, 4)
    assert fixed.resolved
    assert (np.abs(fixed.values - sampled.values) <= 5 * sampled.standard_errors).all()
    assert (fixed.standard_errors <= 1e-4 * np.maximum(fixed.values, fixed.utility / n_users)).all()


def test_states_stay_inside_the_groups():
    sizes = np.array([500, 40, 3, 1, 1])

    def evaluate(counts):
        assert (counts >= 0).all()
        assert (counts <= sizes + 1e-9).all()
        return np.sqrt(counts @ np.array([1.0, 2.0, 9.0, 30.0, 70.0]))

    assert cubature_payments(evaluate, sizes).resolved


def test_a_count_that_is_not_smooth_near_zero_is_unresolved():
    """The second member of a rare group undoes what the first one brought."""

    def evaluate(counts):
        few = counts[:, 2]
        return np.log1p(counts @ [1.0, 3.0, 0.0]) + 2 * few * np.exp(-2 * few)

    assert not cubature_payments(evaluate, (1900, 80, 20)).resolved


def test_states_without_a_value_fall_back_on_whole_ones(group_payments):
    sizes = (60, 30, 10)

    def evaluate(counts):
        values = np.log1p(counts @ [1.0, 2.0, 3.0])
        return np.where((counts[:, 0] < 1) & (counts[:, 0] > 0), np.nan, values)

    estimate = cubature_payments(evaluate, sizes)
    assert estimate.resolved
    exact = group_payments(evaluate, sizes)
    np.testing.assert_allclose(estimate.values, exact, rtol=1e-4)


def test_a_jump_is_unresolved():
    estimate = cubature_payments(lambda n: 1.0 * (n.sum(axis=1) >= 500_000), [600_000, 400_000])
    assert not estimate.resolved
    assert "unresolved" in estimate.reason


def test_needs_enough_users():
    with pytest.raises(InputError, match="at least 50"):
        cubature_payments(lambda n: n.sum(axis=1), [20, 20])


def test_a_utility_that_fails_names_the_state():
    with pytest.raises(EvaluationError, match="must be a finite number at"):
        cubature_payments(lambda n: np.where(n[:, 0] > 30, np.nan, 1.0), [40, 20])
