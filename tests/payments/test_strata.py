"""Strata against the exact recursion over counts, and against what they cannot see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import InputError, SizeError
from fairgames.errors import EvaluationError
from fairgames.payments.engines.strata import fewest_evaluations, strata_payments

WEIGHTS = np.array([1.0, 3.0, 5.0])


def log_utility(counts):
    return np.log1p(counts @ WEIGHTS)


def star_utility(counts):
    return np.log1p(counts @ np.array([1.0, 3.0, 400.0]))


def root_utility(counts):
    return np.sqrt(counts @ np.array([1.0, 2.0, 500.0]))


@pytest.mark.parametrize(
    ("evaluate", "sizes"),
    [
        (log_utility, (50, 30, 20)),
        (star_utility, (70, 29, 1)),
        (log_utility, (1950, 40, 10)),
        (star_utility, (1899, 100, 1)),
        (root_utility, (1899, 100, 1)),
        (lambda counts: np.log1p(counts[:, 0]) - 0.3 * np.log1p(counts[:, 1]), (60, 40)),
    ],
)
def test_agrees_with_the_recursion_within_its_errors(group_payments, evaluate, sizes):
    estimate = strata_payments(evaluate, sizes, 3, target_error=3e-4)
    exact = group_payments(evaluate, sizes)
    assert estimate.resolved
    scale = np.maximum(np.abs(exact), abs(estimate.utility) / sum(sizes))
    assert (np.abs(estimate.values - exact) <= 5 * estimate.standard_errors + 1e-12 * scale).all()
    assert (estimate.standard_errors <= 3.1e-4 * scale).all()


def test_is_unbiased_for_a_rough_utility(group_payments):
    sizes = (4, 5, 2, 1)
    table = np.random.default_rng(5).normal(size=tuple(size + 1 for size in sizes))
    table[0, 0, 0, 0] = 0

    def evaluate(counts):
        return table[tuple(counts.T)]

    estimate = strata_payments(evaluate, sizes, 1, target_error=5e-3, max_evaluations=3_000_000)
    exact = group_payments(evaluate, sizes)
    assert (np.abs(estimate.values - exact) <= 5 * estimate.standard_errors).all()


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 400), min_size=2, max_size=4),
    seed=st.integers(0, 2**40),
    power=st.floats(0.3, 1.0),
)
def test_payments_add_up_to_the_utility(sizes, seed, power):
    weights = np.arange(1.0, len(sizes) + 1)
    estimate = strata_payments(lambda n: (n @ weights) ** power, sizes, seed, target_error=1e-2)
    assert estimate.values @ sizes == pytest.approx(estimate.utility, rel=1e-9)


def test_identical_users_share_equally_and_exactly():
    estimate = strata_payments(lambda n: np.sqrt(n[:, 0]), [10**6])
    assert estimate.values.tolist() == [1e-3]
    assert estimate.standard_errors.tolist() == [0]
    assert estimate.evaluations == 1


def test_additive_utility_pays_each_its_own_part():
    weights = np.array([1.0, 2.0, 7.0])
    estimate = strata_payments(lambda n: n @ weights, [600_000, 399_999, 1])
    assert estimate.resolved
    np.testing.assert_allclose(estimate.values, weights, rtol=1e-4)


def test_seven_stars_are_too_many_to_enumerate_but_still_estimated():
    weights = np.array([1.0, *np.linspace(2, 5, 7)])
    estimate = strata_payments(lambda n: np.log1p(n @ weights), [300] + [1] * 7, 2, target_error=2e-3)
    assert estimate.resolved
    assert np.all(np.diff(estimate.values) > 0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("quota", [200, 5_000, 400_000, 700_000, 1_199_000])
def test_undeclared_threshold_is_unresolved(seed, quota):
    estimate = strata_payments(
        lambda n: 1.0 * (n[:, 0] + 2 * n[:, 1] >= quota), [600_000, 400_000], seed, max_evaluations=400_000
    )
    assert not estimate.resolved
    assert "unresolved" in estimate.reason


def test_a_hopeless_check_is_given_up_early():
    asked = 0

    def evaluate(counts):
        nonlocal asked
        asked += len(counts)
        return 1.0 * (counts[:, 0] + 2 * counts[:, 1] >= 700_000)

    estimate = strata_payments(evaluate, [600_000, 400_000], 0, max_evaluations=2_000_000)
    assert not estimate.resolved
    assert asked < 1_500_000
    assert "times the evaluations" in estimate.reason or "miss the utility" in estimate.reason


@pytest.mark.parametrize("seed", range(4))
def test_undeclared_threshold_on_a_smooth_utility_is_unresolved(seed):
    estimate = strata_payments(
        lambda n: np.log1p(n @ WEIGHTS) + (n.sum(axis=1) >= 500_000),
        [500_000, 300_000, 200_000],
        seed,
        max_evaluations=400_000,
    )
    assert not estimate.resolved


def test_jumps_that_cancel_are_unresolved_when_nothing_else_varies():
    estimate = strata_payments(lambda n: 1.0 * (n[:, 0] >= 400_000) - 1.0 * (n[:, 1] >= 200_000), [600_000, 400_000])
    assert not estimate.resolved


@pytest.mark.parametrize("quota", [1, 30, 10**6 - 1, 10**6])
def test_threshold_among_the_enumerated_sizes_is_resolved(quota):
    """Everybody counts the same, so everybody is paid the same."""
    estimate = strata_payments(lambda n: 1.0 * (n.sum(axis=1) >= quota), [600_000, 400_000])
    assert estimate.resolved
    np.testing.assert_allclose(estimate.values, 1e-6, rtol=1e-6)


def test_error_above_the_target_is_said():
    estimate = strata_payments(log_utility, [40, 30, 30], target_error=1e-7, max_evaluations=200_000)
    assert estimate.resolved
    assert "above the target" in estimate.reason


def test_same_seed_same_numbers_for_any_number_of_jobs():
    import joblib

    one = strata_payments(log_utility, [5000, 300, 70], 11)
    again = strata_payments(log_utility, [5000, 300, 70], np.random.SeedSequence(11))
    with joblib.parallel_config(backend="threading"):
        two = strata_payments(log_utility, [5000, 300, 70], 11, n_jobs=2)
    other = strata_payments(log_utility, [5000, 300, 70], 12)
    assert one == again == two
    assert not np.array_equal(one.values, other.values)


def test_populations_beyond_the_generator_are_refused():
    with pytest.raises(SizeError, match="1,000,000,000"):
        strata_payments(log_utility, [10**9, 1, 1])


def test_utility_that_is_nan_at_one_state_names_it():
    def evaluate(counts):
        return np.where((counts == (2, 1)).all(axis=1), np.nan, counts.sum(axis=1))

    with pytest.raises(EvaluationError, match=r"\(2, 1\)") as error:
        strata_payments(evaluate, [30, 20])
    assert error.value.profile == (2, 1)


def test_utility_that_raises_at_one_state_names_it():
    def evaluate(counts):
        if (counts == (3, 0)).all(axis=1).any():
            raise ZeroDivisionError("no luck")
        return counts.sum(axis=1)

    with pytest.raises(EvaluationError, match=r"ZeroDivisionError at \(3, 0\): no luck"):
        strata_payments(evaluate, [30, 20])


def test_utility_of_the_wrong_shape_is_refused():
    with pytest.raises(EvaluationError, match="one number for each"):
        strata_payments(lambda counts: counts, [30, 20])


def _coverage(estimates, exact):
    inside = [(low <= exact) & (exact <= high) for low, high in (estimate.interval() for estimate in estimates)]
    return float(np.mean(inside))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("evaluate", "sizes"),
    [(log_utility, (1950, 40, 10)), (star_utility, (1899, 100, 1)), (root_utility, (1899, 100, 1))],
)
def test_coverage_of_nominal_95_percent(group_payments, evaluate, sizes):
    exact = group_payments(evaluate, sizes)
    estimates = [strata_payments(evaluate, sizes, seed, target_error=1e-3) for seed in range(400)]
    assert all(estimate.resolved for estimate in estimates)
    assert 0.90 <= _coverage(estimates, exact) <= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("quota", [200, 5_000, 400_000, 700_000, 1_199_000])
def test_undeclared_threshold_is_unresolved_in_every_seed(quota):
    for seed in range(40):
        estimate = strata_payments(
            lambda n: 1.0 * (n[:, 0] + 2 * n[:, 1] >= quota), [600_000, 400_000], seed, max_evaluations=2_000_000
        )
        assert not estimate.resolved


@pytest.mark.parametrize("sizes", [[40] * 25, [40] * 8, [1] * 8 + [200] * 2, [1000, 3000], [1] * 6 + [50] * 20])
@pytest.mark.parametrize("budget", [3_000, 10_000, 60_000, 400_000])
def test_the_budget_holds_or_is_refused_before_any_work(sizes, budget):
    asked = 0

    def evaluate(counts):
        nonlocal asked
        asked += len(counts)
        return np.log1p(counts @ np.arange(1.0, len(sizes) + 1))

    if budget < fewest_evaluations(np.array(sizes))[0]:
        with pytest.raises(InputError, match="budget: must be at least"):
            strata_payments(evaluate, sizes, max_evaluations=budget)
        assert asked == 0
        return
    estimate = strata_payments(evaluate, sizes, max_evaluations=budget)
    assert asked <= budget
    assert estimate.values @ sizes == pytest.approx(estimate.utility, rel=1e-9) or not estimate.resolved
    assert estimate.evaluations <= asked


def test_utilities_of_zero_errors_are_asked_whether_they_vary_within_the_budget():
    asked = 0

    def hidden(counts):
        nonlocal asked
        asked += len(counts)
        return 1.0 * counts.sum(axis=1)

    estimate = strata_payments(hidden, [40] * 25, max_evaluations=60_000)
    assert estimate.resolved
    assert asked <= 60_000
