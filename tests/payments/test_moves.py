"""Prices of all moves of single users, against the payments at every profile."""

import numpy as np
import pytest

from fairgames.payments.engines.federated_subsets import MOST_FEDERATING, federated_moves
from fairgames.payments.engines.moves import moves_by_permutations, moves_by_potential
from fairgames.payments.fair import potential
from fairgames.payments.pricing import price_profile
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.table import TableUtility


def counted(utility, levels):
    """Counts by type and level of a profile."""
    counts = np.zeros((len(utility.type_sizes), max(utility.type_levels)), dtype=int)
    np.add.at(counts, (utility.types, levels), 1)
    return counts


def expected(utility, levels):
    """Payment of each user at each level, others staying, from the potential; shape (N, L)."""
    P = potential(utility)
    paid = np.full((len(levels), max(utility.shape)), np.nan)
    for user, n_levels in enumerate(utility.shape):
        for level in range(n_levels):
            moved = list(levels)
            moved[user] = level
            away = list(levels)
            away[user] = 0
            paid[user, level] = P[tuple(moved)] - P[tuple(away)]
    return paid


def random_federated(seed, n_users, aggregation):
    rng = np.random.default_rng([seed, n_users])
    utility = FederatedMeanUtility(
        rng.uniform(1, 70, n_users),
        10 ** rng.uniform(-1, 1.5),
        10 ** rng.uniform(0, 2),
        rng.uniform(0.3, 2, n_users),
        aggregation=aggregation,
    )
    return utility, rng.integers(0, 3, n_users)


@pytest.mark.parametrize("aggregation", ["uniform", "weighted"])
@pytest.mark.parametrize("n_users", [1, 2, 4, 7])
def test_federated_moves_are_exact(aggregation, n_users):
    for seed in range(3):
        utility, levels = random_federated(seed, n_users, aggregation)
        moves = federated_moves(utility, counted(utility, levels), replicates=20)
        own = moves.values[np.arange(n_users), levels]
        assert own == pytest.approx(expected(utility, levels), rel=1e-9, abs=1e-9)
        assert np.nanmax(moves.errors) == 0
        assert moves.utility == pytest.approx(utility(levels))


@pytest.mark.parametrize("aggregation", ["uniform", "weighted"])
def test_sampled_subsets_of_federating_users_are_within_their_errors(aggregation):
    utility, _ = random_federated(3, 8, aggregation)
    levels = np.array([1, 1, 1, 1, 1, 1, 2, 0])
    moves = federated_moves(utility, counted(utility, levels), replicates=8)
    own, errors = (part[np.arange(8), levels] for part in (moves.values, moves.errors))
    scale = utility(levels) / 8
    assert np.abs(own - expected(utility, levels)).max() <= 0.01 * scale
    off = np.abs(own - expected(utility, levels)) / np.maximum(errors, 1e-9 * scale)
    assert np.median(off[:, 1:]) < 2
    assert 0 < errors.max() < 0.01 * scale


def test_federated_moves_agree_with_exact_counts_among_a_hundred():
    utility = FederatedMeanUtility([10, 50, 80], 1.0, 10.0, counts=[40, 30, 30])
    counts = np.array([[5, 0, 35], [3, 0, 27], [0, 0, 30]])
    paid = price_profile(utility, counts)
    assert paid.engine == "types"
    moves = federated_moves(utility, counts)
    assert moves.values[:, 2, 2] == pytest.approx(paid.values[:, 2], rel=1e-10)
    joined = price_profile(utility, counts + np.array([[-1, 0, 1], [0, 0, 0], [0, 0, 0]]))
    assert moves.values[0, 0, 2] == pytest.approx(joined.values[0, 2], rel=1e-10)


def test_two_thousand_different_users_are_paid_the_utility():
    utility = FederatedMeanUtility(np.random.default_rng(0).uniform(5, 100, 2000), 8.0, 39.0)
    counts = counted(utility, np.full(2000, 2))
    moves = federated_moves(utility, counts)
    assert moves.values[:, 2, 2].sum() == pytest.approx(moves.utility, rel=1e-10)
    order = np.argsort(utility.samples)
    assert (np.diff(moves.values[order, 2, 2]) > 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_potential_prices_users_with_levels_of_their_own(seed):
    rng = np.random.default_rng(seed)
    table = rng.uniform(size=(2, 3, 2, 3))
    table[0, 0, 0, 0] = 0
    utility, levels = TableUtility(table), np.array([1, 2, 0, 1])
    moves = moves_by_potential(utility, counted(utility, levels))
    own = moves.values[utility.types, levels]
    assert own[:, 1:] == pytest.approx(expected(utility, levels)[:, 1:], nan_ok=True)


UTILITIES = {
    "federated": random_federated(1, 8, "uniform")[0],
    "private": DPMeanUtility(np.sort(np.random.default_rng(1).uniform(0, 4, (8, 3)), axis=1) * [0, 1, 1]),
}


@pytest.mark.parametrize("name", UTILITIES)
def test_random_orders_are_within_their_errors_and_add_up(name):
    utility, levels = UTILITIES[name], np.array([2, 0, 2, 1, 2, 0, 1, 2])
    moves = moves_by_permutations(utility, counted(utility, levels), 3, replicates=60)
    own, errors = (part[np.arange(8), levels] for part in (moves.values, moves.errors))
    off = (own - expected(utility, levels))[:, 1:] / errors[:, 1:]
    assert np.abs(off).max() < 4.5
    assert 0.4 < np.sqrt((off**2).mean()) < 1.6
    assert own[np.arange(8), levels].sum() == pytest.approx(moves.utility)


def test_the_same_seed_gives_the_same_numbers():
    utility, levels = UTILITIES["private"], np.array([2, 0, 2, 1, 2, 0, 1, 2])
    first, again, other = (moves_by_permutations(utility, counted(utility, levels), seed) for seed in (1, 1, 2))
    assert np.array_equal(first.values, again.values, equal_nan=True)
    assert not np.array_equal(first.values, other.values, equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", UTILITIES)
def test_intervals_of_random_orders_cover(name):
    """Nominal 95 %, pooled over users and levels."""
    from scipy.stats import t

    utility, levels = UTILITIES[name], np.array([2, 0, 2, 1, 2, 0, 1, 2])
    truth, covered = expected(utility, levels)[:, 1:], []
    for seed in range(200):
        moves = moves_by_permutations(utility, counted(utility, levels), seed)
        own, errors = (part[np.arange(8), levels][:, 1:] for part in (moves.values, moves.errors))
        covered.append(np.abs(own - truth) <= t.ppf(0.975, moves.degrees_of_freedom) * errors)
    assert 0.90 <= np.mean(covered) <= 0.985


@pytest.mark.slow
def test_crowds_of_federating_users_agree_with_random_orders():
    utility, _ = random_federated(5, 40, "uniform")
    levels = np.array([1] * MOST_FEDERATING + [2] * 20 + [0] * (20 - MOST_FEDERATING))
    counts = counted(utility, levels)
    one, other = federated_moves(utility, counts, replicates=16), moves_by_permutations(utility, counts, replicates=64)
    off = (one.values - other.values)[..., 1:] / np.hypot(one.errors, other.errors)[..., 1:]
    assert np.nanmax(np.abs(off)) < 6
    assert np.nanmean(one.errors[..., 1:]) < np.nanmean(other.errors[..., 1:])
