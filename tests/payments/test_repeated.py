"""Payments of a noisily measured utility, with the noise carried through."""

import math

import numpy as np
import pytest
from oracles import shapley
from scipy.stats import t

from fairgames import MeasuredUtility, fair_payments
from fairgames.payments.engines.permutations import permutation_payments


def noisy(profile, rng):
    return math.log1p(sum(profile)) + 0.1 * rng.normal(size=(3, 3, 3))[profile]


def test_values_and_errors_are_those_of_the_repeats_by_definition():
    utility = MeasuredUtility(noisy, (3, 3, 3), repeats=5, seed=4)
    paid = fair_payments(utility, (2, 1, 2), alpha=0.5)
    each = np.array([shapley(utility.repeat(number), (2, 1, 2)) for number in range(5)])
    np.testing.assert_allclose(paid.values, each.mean(axis=0) / 2, atol=1e-14)
    np.testing.assert_allclose(paid.standard_errors, each.std(axis=0, ddof=1) / np.sqrt(5) / 2, atol=1e-14)
    assert paid.utility == pytest.approx(utility((2, 1, 2)), abs=1e-15)
    assert paid.values.sum() == pytest.approx(0.5 * utility((2, 1, 2)), abs=1e-14)
    lower, upper = paid.interval(0.9)
    np.testing.assert_allclose(upper - lower, 2 * t.ppf(0.95, 4) * paid.standard_errors)


def test_one_repeat_shows_that_its_noise_is_unknown():
    paid = fair_payments(MeasuredUtility(noisy, (3, 3, 3)), (1, 1, 0))
    assert np.isnan(paid.standard_errors).all()
    assert paid.warnings == ("one repeat cannot show its noise",)


def test_alpha_may_depend_on_the_mean_utility():
    utility = MeasuredUtility(noisy, (3, 3, 3), repeats=3)
    paid = fair_payments(utility, (1, 1, 1), alpha=lambda worth: 0.25 if worth > 0 else 1)
    assert paid.alpha == 0.25
    assert paid.values.sum() == pytest.approx(paid.utility / 4)


@pytest.mark.slow
def test_intervals_cover_at_their_nominal_rate():
    truth = shapley(lambda profile: math.log1p(sum(profile)), (2, 1, 1))
    hits = runs = 0
    for seed in range(400):
        utility = MeasuredUtility(noisy, (3, 3, 3), repeats=4, seed=seed, baseline=0)
        lower, upper = fair_payments(utility, (2, 1, 1)).interval(0.9)
        hits += int(((lower <= truth) & (truth <= upper)).sum())
        runs += 3
    # Payments of one run are correlated: three standard errors of 400 independent ones.
    assert abs(hits / runs - 0.9) < 3 * math.sqrt(0.9 * 0.1 / 400)


def crowd(profile, rng):
    return math.sqrt(sum(profile)) + 0.05 * rng.normal(size=(13,))[sum(profile)]


def test_many_users_are_sampled_within_the_budget_and_nothing_is_measured_twice():
    utility = MeasuredUtility(crowd, (2,) * 12, repeats=4, types=[0] * 12)
    paid = fair_payments(utility, (1,) * 11 + (0,), alpha=0.5, budget=330, seed=1, engine="permutations")
    # One profile for each number of interchangeable users who are present, in each repeat.
    assert utility.evaluations == 4 * 12
    np.testing.assert_allclose(paid.values.sum(), 0.5 * utility((1,) * 11 + (0,)), rtol=1e-12)
    exact = fair_payments(utility, [[1, 11]], alpha=0.5)
    np.testing.assert_allclose(paid.values[:11], exact.values[exact.values > 0].mean(), atol=0.05)
    assert paid.values[11] == 0


def test_both_errors_are_in_the_standard_error():
    utility = MeasuredUtility(noisy, (3, 3, 3), repeats=6)
    paid = fair_payments(utility, (2, 1, 2), budget=150, engine="permutations")
    mean = permutation_payments(utility.evaluate, (2, 1, 2), budget=150)
    runs = np.array(
        [permutation_payments(utility.repeat(number).evaluate, (2, 1, 2), budget=150).values for number in range(6)]
    )
    np.testing.assert_allclose(paid.values, runs.mean(axis=0), atol=1e-14)
    variances = mean.standard_errors**2 + runs.var(axis=0, ddof=1) / 6
    np.testing.assert_allclose(paid.standard_errors, np.sqrt(variances), rtol=1e-12)
    assert min(5, mean.degrees_of_freedom) <= paid.degrees_of_freedom <= 5 + mean.degrees_of_freedom


def test_one_repeat_is_sampled_with_a_warning():
    paid = fair_payments(MeasuredUtility(noisy, (3, 3, 3)), (1, 1, 1), budget=60, engine="permutations")
    assert paid.warnings[-1] == "one repeat cannot show its noise"
    assert np.isfinite(paid.standard_errors).all()
    alone = fair_payments(MeasuredUtility(noisy, (3, 3, 3)), (0, 0, 0), engine="permutations")
    assert (alone.values == 0).all()


@pytest.mark.parametrize("options", [{}, {"target_error": 0.02}, {"max_seconds": 1e-9}, {"checkpoint": "walks.jsonl"}])
def test_noise_is_carried_into_whatever_engine_is_chosen(tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    weights = np.arange(1.0, 26.0)

    def pay(profile, rng):
        return math.sqrt(weights @ profile) + 0.1 * rng.normal(size=25) @ profile

    utility = MeasuredUtility(pay, (2,) * 25, repeats=3, seed=1)
    paid = fair_payments(utility, (1,) * 25, **options)
    assert paid.engine == "permutations"
    if "max_seconds" in options:
        assert not paid.resolved
        return
    # The noise is additive, so a user's payment varies between repeats much as its own draw does.
    spread = np.std([utility.repeat(number).evaluate(np.eye(25, dtype=int)) for number in range(3)], axis=0, ddof=1)
    assert paid.degrees_of_freedom >= 2
    np.testing.assert_array_less(0.75 * spread / np.sqrt(3), paid.standard_errors)
    assert (paid.standard_errors > 2 * permutation_payments(utility.evaluate, (1,) * 25).standard_errors).mean() > 0.8
    np.testing.assert_allclose(paid.values.sum(), utility((1,) * 25), rtol=1e-12)
