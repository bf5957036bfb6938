"""Uncertainty carried to the decision, against recomputation draw by draw."""

import numpy as np
import pytest

from fairgames import (
    FederatedMeanUtility,
    InputError,
    MeasuredUtility,
    TableUtility,
    bootstrap,
    fair_payments,
    fit_federated_mean,
    optimal_alpha,
    stable_profiles,
)
from fairgames.assessment.bootstrap import group_resamples
from fairgames.errors import DataError
from fairgames.fitting.federated_mean import anova_of_groups

COSTS = [0, 0.3, 0.9]


def grouped(between, seed, sizes=(8, 15, 30, 12)):
    rng = np.random.default_rng(seed)
    means = rng.normal(0, np.sqrt(between), len(sizes))
    group = np.repeat([f"clinic {number}" for number in range(len(sizes))], sizes)
    value = np.repeat(means, sizes) + rng.normal(0, 2, sum(sizes))
    return fit_federated_mean({"group": group.tolist(), "value": value.tolist()}, "group", "value")


@pytest.fixture(scope="module")
def fit():
    return grouped(2.0, seed=3)


def test_resamples_are_the_analysis_of_variance_of_drawn_groups(fit):
    variances = group_resamples(fit, 5, seed=8)
    drawn = np.random.default_rng(8).integers(4, size=(5, 4))
    for row, groups in zip(variances, drawn, strict=True):
        n, m, squares = fit.samples[groups], fit.group_means[groups], fit.group_squares[groups]
        within = squares.sum() / (n.sum() - 4)
        mean_square = (n * (m - np.average(m, weights=n)) ** 2).sum() / 3
        size = (n.sum() - (n**2).sum() / n.sum()) / 3
        np.testing.assert_allclose(row, [(mean_square - within) / size, within])


@pytest.mark.parametrize(("estimator", "covariates"), [("reml", ()), ("anova", ("age",)), ("reml", ("age",))])
def test_a_resample_is_fitted_as_the_data_were(estimator, covariates):
    if estimator == "reml":
        pytest.importorskip("statsmodels")
    rng = np.random.default_rng(4)
    sizes = (8, 15, 30, 12, 9)
    group = np.repeat(np.arange(5), sizes)
    age = rng.normal(50, 10, sum(sizes)) + 5 * group
    value = rng.normal(0, 2, 5)[group] + 0.3 * age + rng.normal(0, 2, sum(sizes))

    def fitted(groups):
        rows = [np.flatnonzero(group == one) for one in groups]
        data = {
            "group": [f"clinic {place}" for place, part in enumerate(rows) for _ in part],
            "value": value[np.concatenate(rows)],
            "age": age[np.concatenate(rows)],
        }
        return fit_federated_mean(data, "group", "value", estimator=estimator, covariates=covariates)

    fit = fitted(range(5))
    drawn = np.random.default_rng(8).integers(5, size=(6, 5))
    expected = [(one.between_variance, one.within_variance) for one in map(fitted, drawn)]
    found = group_resamples(fit, 6, seed=8)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_array_equal(group_resamples(fit, 6, seed=8, n_jobs=2), found)
    plain = np.transpose(anova_of_groups(fit.samples[drawn], fit.group_means[drawn], fit.group_squares[drawn]))
    assert not np.allclose(found, plain, rtol=1e-6)


def test_resamples_that_cannot_be_fitted_are_counted_and_said():
    data = {"group": list("aaaabc"), "value": [0, 4, 1, 3, 9, 17], "x": [1, 2, 4, 3, 5, 7]}
    fit = fit_federated_mean(data, "group", "value", covariates=["x"])
    drawn = np.random.default_rng(0).integers(3, size=(40, 3))
    lonely = int((drawn != 0).all(axis=1).sum())
    assert lonely > 0
    assert np.isnan(group_resamples(fit, 40)).any(axis=1).sum() >= lonely
    assert "or cannot be estimated (in" in bootstrap(fit, [0, 0.1, 0.2], resamples=40).why_left_out


def test_every_resample_is_asked_under_the_constraints(fit):
    rows = [row for row in group_resamples(fit, 20, seed=8) if row[0] > 0]
    utilities = [FederatedMeanUtility(fit.samples, *row) for row in rows]
    least = min(np.median([utility.tensor().max() for utility in utilities]), fit.utility().tensor().max())
    constraints = {"margin": "1/100", "min_utility": float(least), "alpha_range": ("1/10", 1)}
    found = bootstrap(fit, COSTS, resamples=20, seed=8, constraints=constraints)
    assert found.optimum == optimal_alpha(fit.utility(), COSTS, **constraints)
    answers = [optimal_alpha(utility, COSTS, **constraints) for utility in utilities]
    impossible = [not answer.feasible for answer in answers]
    assert 0 < sum(impossible) < len(rows)
    np.testing.assert_array_equal(np.isnan(found.alphas), impossible)
    assert dict(found.alternatives)[()] == np.mean(impossible)
    assert "no optimum" in repr(found)
    low, high = found.interval(found.alphas)
    assert 0.1 <= low <= high <= 1


def test_without_an_optimum_there_is_nothing_to_be_sure_of(fit):
    with pytest.raises(DataError, match="there is no optimum to be sure of: at no alpha"):
        bootstrap(fit, COSTS, resamples=4, constraints={"min_utility": 1000})


def test_every_share_and_interval_is_that_of_the_draws(fit):
    found = bootstrap(fit, COSTS, resamples=30, seed=8, level=0.8)
    variances = group_resamples(fit, 30, seed=8)
    usable = variances[variances[:, 0] > 0]
    assert found.left_out == 30 - len(usable)
    decision = optimal_alpha(fit.utility(), COSTS)
    assert found.optimum == decision
    utilities = [FederatedMeanUtility(fit.samples, *row) for row in usable]
    answers = [optimal_alpha(utility, COSTS) for utility in utilities]
    np.testing.assert_array_equal(found.alphas, [answer.alpha for answer in answers])
    np.testing.assert_array_equal(found.values, [answer.value for answer in answers])
    same = [decision.profile in {answer.profile, *answer.ties} for answer in answers]
    assert found.still_optimal == np.mean(same)
    paid = [fair_payments(utility, decision.profile, decision.alpha).values for utility in utilities]
    np.testing.assert_allclose(found.payments, paid, atol=1e-12)
    stable = [
        any(
            stable.profile == decision.profile
            and stable.alpha_from - 1e-12 <= decision.alpha <= stable.alpha_to + 1e-12
            for stable in stable_profiles(utility, COSTS)
        )
        for utility in utilities
    ]
    assert found.still_equilibrium == np.mean(stable)
    assert 0 < found.still_equilibrium < 1
    low, high = found.interval(found.payments)
    np.testing.assert_allclose(low, np.quantile(paid, 0.1, axis=0), atol=1e-12)
    np.testing.assert_allclose(high, np.quantile(paid, 0.9, axis=0), atol=1e-12)
    assert sum(share for _, share in found.alternatives) == pytest.approx(1)


def test_the_number_of_jobs_changes_nothing(fit):
    assert bootstrap(fit, COSTS, resamples=6, n_jobs=2) == bootstrap(fit, COSTS, resamples=6)


def test_variances_that_are_not_positive_are_counted_and_said():
    fit = next(fit for fit in (grouped(0.15, seed) for seed in range(100)) if 0 < fit.between_variance < 0.3)
    found = bootstrap(fit, COSTS, resamples=60)
    assert found.left_out > 0
    assert found.left_out + len(found.alphas) == 60
    text = repr(found)
    assert f"{found.left_out} of 60" in text
    assert "variance between groups is not above 0" in text
    assert f"payment of {found.scenario.users[3]}" in text


def test_a_utility_without_noise_leaves_no_doubt():
    utility = MeasuredUtility(lambda profile: float(np.sqrt(sum(profile))), (2, 2, 2), repeats=3)
    found = bootstrap(utility, [0, 0.2], resamples=10)
    assert (found.still_optimal, found.still_equilibrium, found.left_out) == (1, 1, 0)
    np.testing.assert_allclose(found.alphas, found.optimum.alpha)
    assert "left out" not in repr(found)


def test_repeats_are_resampled_whole():
    def noisy(profile, rng):
        return np.sqrt(sum(profile)) * (1 + 0.3 * rng.normal())

    utility = MeasuredUtility(noisy, (2, 2, 2), repeats=5)
    found = bootstrap(utility, [0, 0.2], resamples=12, seed=4)
    drawn = np.random.default_rng(4).integers(5, size=(12, 5))
    for alpha, repeats in zip(found.alphas, drawn, strict=True):
        mean = np.mean([utility.repeat(number).tensor() for number in repeats], axis=0)
        assert alpha == pytest.approx(optimal_alpha(mean, [0, 0.2]).alpha, rel=1e-12)


def test_two_players_may_decide_for_mixed_strategies():
    values = np.array([[0, 2 / 3], [2 / 3, 1]])
    costs = [[0, 0.3], [0, 0.31]]

    def noisy(profile, rng):
        return values[profile] * (1 + 0.01 * rng.normal())

    utility = MeasuredUtility(noisy, (2, 2), repeats=4)
    found = bootstrap(utility, costs, resamples=8)
    assert found.supports == ((0, 1), (1,))
    mixed = found.optimum.strategies[0]
    share = TableUtility(utility.tensor())
    expected = found.optimum.alpha * sum(
        chance * fair_payments(share, (level, 1)).values for level, chance in enumerate(mixed)
    )
    np.testing.assert_allclose(expected.astype(float), np.asarray(found.optimum.payments, dtype=float), atol=1e-12)
    assert "0/1, 1" in repr(found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resamples": 1}, "resamples: must be a whole number of at least 2"),
        ({"resamples": True}, "resamples: must be a whole number"),
        ({"seed": -1}, "seed: must be a whole number"),
        ({"level": 1}, "level: must lie strictly between 0 and 1"),
        ({"costs": [0, 1]}, r"costs\[0\]: must have one cost for each of 3 levels"),
        ({"selection": "any"}, "selection: must be one of"),
        ({"constraints": {"buget": 1}}, "constraints: must be named among margin, budget, min_utility, alpha_range"),
        ({"constraints": {"budget": -1}}, "budget: must be at least 0"),
    ],
)
def test_bad_input_is_named(fit, arguments, message):
    with pytest.raises(InputError, match=message):
        bootstrap(**{"source": fit, "costs": COSTS, **arguments})


def test_one_repeat_cannot_be_resampled():
    with pytest.raises(InputError, match="source: must have at least 2 repeats"):
        bootstrap(MeasuredUtility(sum, (2, 2)), [0, 1])


def test_only_fits_and_measurements_are_resampled():
    with pytest.raises(
        InputError, match="source: must be a Scenario or a Fit or a MeasuredUtility, got <TableUtility of 2 users>"
    ):
        bootstrap(TableUtility([[0, 1], [1, 2]]), [0, 1])
    with pytest.raises(InputError, match="importance, aggregation: must be left out"):
        bootstrap(MeasuredUtility(sum, (2, 2), repeats=3), [0, 1], importance=[1, 2])


def test_no_usable_resample_is_an_error(fit, monkeypatch):
    monkeypatch.setattr("fairgames.assessment.bootstrap.group_resamples", lambda *_: np.full((4, 2), -1.0))
    with pytest.raises(DataError, match="none of the 4 resamples can be used"):
        bootstrap(fit, COSTS, resamples=4)


@pytest.mark.slow
def test_more_groups_make_the_variances_surer():
    spreads = []
    for n_groups in (8, 64):
        variances = group_resamples(grouped(2.0, seed=1, sizes=(20,) * n_groups), 400)
        spreads.append(variances[:, 0].std())
    assert spreads[1] < spreads[0] / 1.5
