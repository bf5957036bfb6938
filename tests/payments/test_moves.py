"""Prices of all moves of single users, against the payments at every profile."""

import numpy as np
import pytest

from fairgames import DPMeanUtility, FederatedMeanUtility, TableUtility, Utility, fair_payments, potential
from fairgames.payments.engines.moves import moves_by_permutations, moves_by_potential


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


def test_a_private_mean_says_how_to_weigh_users():
    """Sixty users of two kinds, whose payments are known: errors fall to a third, and still hold."""
    epsilons = [[0, 0.5, 2.0], [0, 1.5, 6.0]]
    state = np.array([[5, 10, 15], [5, 15, 10]])
    apart = DPMeanUtility(np.repeat(epsilons, 30, axis=0) * (1 + 1e-9 * np.arange(60))[:, None])
    levels = np.concatenate([np.repeat(np.arange(3), numbers) for numbers in state])
    exact = fair_payments(DPMeanUtility(epsilons, counts=[30, 30]), state, engine="types").values
    known = exact[np.repeat([0, 1], 30), levels].astype(float)
    spreads = []
    for weighings in (DPMeanUtility.weighings, Utility.weighings):
        utility = type("Private", (DPMeanUtility,), {"weighings": weighings})(apart.epsilons)
        moves = moves_by_permutations(utility, counted(utility, levels), 1, replicates=32)
        own, errors = (part[np.arange(60), levels, levels] for part in (moves.values, moves.errors))
        assert np.abs((own - known)[levels > 0] / errors[levels > 0]).max() < 6
        spreads.append(np.median(errors[levels > 0]))
    assert spreads[0] < spreads[1] / 3
