import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames import FederatedMeanUtility, InputError

AGGREGATIONS = ("uniform", "weighted")


def solve_programme(levels, samples, between, within, aggregation):
    """Least errors and their weights: for each user one equality-constrained quadratic programme, solved as such."""
    n_users = len(levels)
    shares = (levels == 1) * (np.ones(n_users) if aggregation == "uniform" else samples)
    received = np.zeros((n_users, n_users + 1))
    if shares.any():
        received[:, 0] = shares / shares.sum()
    received[:, 1:] = np.diag((levels == 2).astype(float))
    columns = np.flatnonzero(received.any(axis=0))
    if not columns.size:
        return np.full(n_users, within + 2 * between), None
    errors, weights = np.empty(n_users), np.zeros((n_users, n_users + 1))
    for user in range(n_users):
        others = np.arange(n_users) != user
        V = np.diag(within / samples) + between * (np.diag(others.astype(float)) + np.outer(others, others))
        M = received[:, columns].T @ V @ received[:, columns]
        size = len(columns)
        kkt = np.block([[2 * M, np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
        w = np.linalg.solve(kkt, np.append(np.zeros(size), 1.0))[:size]
        errors[user], weights[user, columns] = w @ M @ w, w
    return errors, weights


def random_case(rng):
    n_users = int(rng.integers(1, 7))
    samples = rng.choice([1, 2, 5, 10, 30, 100, 1000], n_users)
    levels = rng.choice([[0, 1, 2], [0, 0, 1], [0, 0, 2], [0, 2, 2], [0, 1, 1]][rng.integers(5)], n_users)
    if rng.random() < 0.2:
        levels[levels == 1] = 0
        levels[rng.integers(n_users)] = 1
    between, within = np.exp(rng.uniform(-3, 3, 2))
    return samples.astype(float), levels, float(between), float(within)


def check_against_programme(rng):
    samples, levels, between, within = random_case(rng)
    importance = rng.random(len(samples))
    for aggregation in AGGREGATIONS:
        utility = FederatedMeanUtility(samples, between, within, importance, aggregation=aggregation)
        errors, weights = solve_programme(levels, samples, between, within, aggregation)
        assert utility.emse(levels) == pytest.approx(errors, rel=1e-9)
        gain = importance @ np.log((within + 2 * between) / errors)
        assert utility(levels) == pytest.approx(gain, rel=1e-9, abs=1e-12)
        if weights is not None:
            assert utility.weights(levels) == pytest.approx(weights, abs=1e-9)
            assert utility.error_of_weights(levels, weights) == pytest.approx(errors, rel=1e-9)


def test_equals_the_quadratic_programme():
    rng = np.random.default_rng(5)
    for _ in range(200):
        check_against_programme(rng)


@pytest.mark.slow
def test_equals_the_quadratic_programme_on_thousands_of_cases():
    rng = np.random.default_rng(6)
    for _ in range(4000):
        check_against_programme(rng)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("levels", list(itertools.product(range(3), repeat=3)))
def test_every_profile_of_three_users(aggregation, levels):
    samples = np.array([10.0, 20, 30])
    utility = FederatedMeanUtility(samples, 1, 10, aggregation=aggregation)
    errors, _ = solve_programme(np.array(levels), samples, 1.0, 10.0, aggregation)
    assert utility.emse(levels) == pytest.approx(errors, rel=1e-12)
    assert utility.tensor()[levels] == pytest.approx(np.log(12 / errors).sum(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(
    ("profile", "errors", "value"),
    [
        ((2, 2, 2), (0.630435, 0.391304, 0.282609), 10.118027),
        ((1, 1, 1), (0.870370, 0.870370, 0.870370), 7.871229),
        ((1, 1, 2), (0.811321, 0.811321, 0.283019), 9.135145),
        ((2, 1, 1), (0.630769, 0.692308, 0.692308), 8.650985),
    ],
)
def test_published_numbers(profile, errors, value):
    utility = FederatedMeanUtility([10, 20, 30], 1, 10)
    assert utility.emse(profile) == pytest.approx(errors, abs=1e-6)
    assert utility(profile) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(
    ("samples", "between", "within", "alone", "both"),
    [((100, 1), 0.1, 100, 9.0320, 2.7527), ((100, 100), 100, 1, 9.913, 2.782)],
)
def test_joining_the_aggregate_can_lower_the_utility(samples, between, within, alone, both):
    utility = FederatedMeanUtility(samples, between, within)
    assert utility((1, 0)) == pytest.approx(alone, abs=5e-4)
    assert utility((1, 1)) == pytest.approx(both, abs=5e-4)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_errors_in_a_simulation(aggregation):
    rng = np.random.default_rng(7)
    samples, between, within, n_draws = np.array([3, 8, 20, 5, 9]), 2.0, 6.0, 200_000
    levels = np.array([1, 1, 2, 0, 2])
    utility = FederatedMeanUtility(samples, between, within, aggregation=aggregation)
    means = 17 + rng.normal(scale=math.sqrt(between), size=(n_draws, 5))
    measured = means + rng.normal(size=(n_draws, 5)) * np.sqrt(within / samples)
    shares = np.array([0.5, 0.5, 0, 0, 0]) if aggregation == "uniform" else np.array([3, 8, 0, 0, 0]) / 11
    received = np.column_stack([measured @ shares, measured * (levels == 2)])
    squares = (received @ utility.weights(levels).T - means) ** 2
    errors = squares.std(axis=0) / math.sqrt(n_draws)
    assert (np.abs(squares.mean(axis=0) - utility.emse(levels)) < 4 * errors).all()
    assert (errors < 0.01 * utility.emse(levels)).all()


@given(st.integers(0, 3), st.sampled_from(AGGREGATIONS), st.lists(st.sampled_from([0, 2]), min_size=4, max_size=4))
def test_federating_alone_is_being_direct(user, aggregation, levels):
    utility = FederatedMeanUtility([7, 20, 33, 1], 0.3, 10, aggregation=aggregation)
    alone, direct = list(levels), list(levels)
    alone[user], direct[user] = 1, 2
    assert utility(alone) == utility(direct)
    assert utility.emse(alone).tolist() == utility.emse(direct).tolist()


@given(st.sampled_from(AGGREGATIONS), st.lists(st.floats(-3, 3), min_size=12, max_size=12))
def test_no_other_weights_do_better(aggregation, noise):
    utility = FederatedMeanUtility([7, 20, 33], 0.3, 10, aggregation=aggregation)
    levels = (1, 1, 2)
    other = utility.weights(levels)
    change = np.reshape(noise, (3, 4)) * [1, 0, 0, 1]
    other += change - change.sum(axis=1, keepdims=True) * [0.5, 0, 0, 0.5]
    assert (utility.error_of_weights(levels, other) >= utility.emse(levels) - 1e-12).all()


@given(st.permutations(range(4)))
def test_permuted_users_permute_the_tensor(order):
    samples, importance = np.array([7.0, 20, 33, 1]), np.array([1.0, 2, 0, 5])
    permuted = FederatedMeanUtility(samples[order], 0.3, 10, importance[order]).tensor()
    assert permuted == pytest.approx(FederatedMeanUtility(samples, 0.3, 10, importance).tensor().transpose(order))


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_counts_agree_with_profiles(aggregation):
    grouped = FederatedMeanUtility([10, 50, 10], 1, 10, [1, 1, 1], aggregation=aggregation, counts=[2, 2, 1])
    single = FederatedMeanUtility([10, 10, 50, 50, 10], 1, 10, aggregation=aggregation)
    assert grouped.types.tolist() == single.types.tolist() == [0, 0, 1, 1, 0]
    assert grouped.type_sizes == single.type_sizes == (3, 2)
    assert grouped.samples.tolist() == [10, 50]
    assert grouped.importance.tolist() == [1, 1]
    for profile in itertools.product(range(3), repeat=5):
        counts = np.zeros((2, 3), dtype=int)
        for kind, level in zip(single.types, profile, strict=True):
            counts[kind, level] += 1
        assert grouped(counts) == grouped(profile) == single(profile)
        errors = grouped.emse(counts)
        assert errors[single.types, profile].tolist() == single.emse(profile).tolist()
        assert np.isnan(errors[counts == 0]).all()


def test_users_of_other_importance_are_another_type():
    assert FederatedMeanUtility([10, 10, 10], 1, 10, [1, 2, 1]).types.tolist() == [0, 1, 0]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_real_counts_extend_the_whole_ones(aggregation):
    utility = FederatedMeanUtility([10, 50], 1, 10, aggregation=aggregation, counts=[40, 60])
    states = np.array([[[20, 10, 10], [30, 20, 10]], [[39, 1, 0], [60, 0, 0]], [[40, 0, 0], [60, 0, 0]]])
    assert utility.evaluate_counts(states.astype(float)) == pytest.approx(utility.evaluate_counts(states))
    for level in (1, 2):
        steps = np.repeat(states[:1].astype(float), 21, axis=0)
        steps[:, 1, level] += np.linspace(0, 1, 21)
        steps[:, 1, 0] -= np.linspace(0, 1, 21)
        values = utility.evaluate_counts(steps)
        assert (np.diff(values) > 0).all()
        assert np.abs(np.diff(values, 2)).max() < 0.01 * np.diff(values).max()


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_less_than_one_federating_user_counts_itself(aggregation):
    utility = FederatedMeanUtility([10, 60], 1, 10, aggregation=aggregation, counts=[8, 1])
    steps = np.zeros((201, 2, 3))
    steps[:, 0, 1], steps[:, 1, 1] = 8, np.linspace(0, 1, 201)
    steps[:, 1, 0] = 1 - steps[:, 1, 1]
    values = utility.evaluate_counts(steps)
    assert values[[0, -1]] == pytest.approx([utility([[0, 8, 0], [1 - c, c, 0]]) for c in (0, 1)])
    assert np.abs(np.diff(values)).max() < 0.05 * np.ptp(values)
    assert np.isfinite(utility.evaluate_counts(np.full((1, 2, 3), 1e-9))).all()


def test_large_differences_between_users_do_not_cancel():
    utility = FederatedMeanUtility([1, 1, 1], 1e12, 1)
    assert utility.emse((2, 2, 2)) == pytest.approx([1, 1, 1], rel=1e-11)


def test_ten_million_users_cost_no_memory():
    tracemalloc.start()
    utility = FederatedMeanUtility([10, 100, 10], 1, 10, counts=[10**7, 10**7, 5])
    value = utility([[10**7 + 2, 2, 1], [10**7 - 1, 0, 1]])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6
    few = FederatedMeanUtility([10, 10, 10, 100, 10], 1, 10)
    errors = few.emse((1, 1, 2, 2, 0))
    assert value == pytest.approx(np.log(12 / errors[:4]).sum() + (2 * 10**7 + 1) * np.log(12 / errors[4]))


GOOD = {"samples": [10, 20], "between_variance": 1, "within_variance": 10}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": []}, "samples: must be a list"),
        ({"samples": 10}, "samples: must be a list"),
        ({"samples": [[1, 2]]}, "samples: must be a list"),
        ({"samples": [10, 0.5]}, r"samples\[1\]: must be at least 1, got 0.5"),
        ({"samples": [10, math.nan]}, r"samples\[1\]: must be a number, not NaN"),
        ({"samples": [10, math.inf]}, r"samples\[1\]: must be finite"),
        ({"samples": [10, "many"]}, r"samples\[1\]: must be a number"),
        ({"between_variance": 0}, "between_variance: must be above 0"),
        ({"between_variance": -1.5}, "between_variance: must be above 0"),
        ({"between_variance": [1, 2]}, "between_variance: must be one number"),
        ({"within_variance": 0.0}, "within_variance: must be above 0"),
        ({"within_variance": math.inf}, "within_variance: must be finite"),
        ({"importance": [1]}, "importance: must have one number for each of the 2 entries"),
        ({"importance": [1, -1]}, r"importance\[1\]: must be at least 0"),
        ({"aggregation": "median"}, "aggregation: must be one of uniform, weighted"),
        ({"counts": [1, 0]}, r"counts\[1\]: must be at least 1"),
        ({"counts": [1]}, "counts: must be one whole number of users for each of the 2 entries"),
        ({"counts": [1, 2.5]}, "counts: must be one whole number"),
    ],
)
def test_bad_input(change, message):
    with pytest.raises(InputError, match=message):
        FederatedMeanUtility(**(GOOD | change))


@pytest.mark.parametrize(
    ("profile", "weights", "message"),
    [
        ((2, 0), [[0, 1, 0]], r"weights: must have shape \(2, 3\)"),
        ((2, 0), [[0, 1, 0], [0, 0, 1]], r"weights\[1, 2\]: must be 0: .* user 1's sample mean"),
        ((2, 0), [[1, 0, 0], [0, 1, 0]], r"weights\[0, 0\]: must be 0: .* an aggregate"),
        ((2, 0), [[0, 1, 0], [0, 0.9, 0]], r"weights\[1\]: must add up to 1, got 0.9"),
        ((2, 0), [[0, 1, 0], [0, math.nan, 0]], r"weights\[1, 1\]: must be a number, not NaN"),
    ],
)
def test_bad_weights(profile, weights, message):
    with pytest.raises(InputError, match=message):
        FederatedMeanUtility(**GOOD).error_of_weights(profile, weights)


def test_nobody_has_nothing_to_weigh():
    with pytest.raises(InputError, match="somebody present"):
        FederatedMeanUtility(**GOOD).weights((0, 0))


@pytest.mark.parametrize("method", ["weights", "emse", "__call__"])
@pytest.mark.parametrize("profile", [(0, 3), (0,), (0.5, 1)])
def test_bad_profiles(method, profile):
    with pytest.raises(InputError, match=r"^profile"):
        getattr(FederatedMeanUtility(**GOOD), method)(profile)
