"""Payments under the federated mean without sampling, against the definition, exact counts and finer rules."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from fairgames import FederatedMeanUtility, InputError, SizeError, fair_payments
from fairgames.payments.engines.moves import moves_by_permutations
from fairgames.utility.federated_integrals import integrate
from fairgames.utility.sample_sums import SampleSums
from fairgames.utility.subset_sums import SubsetSums


def counted(utility, levels):
    counts = np.zeros((len(utility.type_sizes), 3), dtype=int)
    np.add.at(counts, (utility.types, levels), 1)
    return counts


def by_definition(utility, levels):
    """Payment of each user at each level, others staying: Theorem 2's sum over coalitions of the present others."""
    paid = np.zeros((len(levels), 3))
    for user in range(len(levels)):
        others = np.flatnonzero((levels > 0) & (np.arange(len(levels)) != user))
        n = len(others)
        members = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
        chance = np.array([1 / ((n + 1) * comb(n, size)) for size in members.sum(axis=1).tolist()])
        profiles = np.zeros((1 << n, len(levels)), dtype=int)
        profiles[:, others] = members * levels[others]
        before = utility.evaluate(profiles)
        for level in (1, 2):
            profiles[:, user] = level
            paid[user, level] = chance @ (utility.evaluate(profiles) - before)
    return paid


def moves(utility, levels, **how):
    """Payments by integrals, shape (N, 3), and what they come from."""
    found = integrate(utility, counted(utility, levels), **how)
    return found.values[utility.types, levels], found


def random_case(seed, n_users):
    """Anything a user may hand in: one user and many, equal ones, importances of 0, sizes from 1 to 1e9."""
    rng = np.random.default_rng([seed, n_users])
    spread = [rng.lognormal(3, 1, n_users) + 1, 10 ** rng.uniform(0, 9, n_users), rng.integers(1, 4, n_users)]
    importance = [None, rng.integers(0, 2, n_users), 10 ** rng.uniform(-3, 3, n_users)][(seed // 3) % 3]
    aggregation = ["uniform", "weighted"][seed % 2]
    variances = 10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-1, 2)
    utility = FederatedMeanUtility(spread[seed % 3], *variances, importance, aggregation=aggregation)
    return utility, rng.integers(0, 3, n_users)


def check(seed, n_users):
    """Compare with the definition, in which a user of 1e9 samples in a weighted aggregate costs the utility digits."""
    utility, levels = random_case(seed, n_users)
    paid, found = moves(utility, levels)
    off = np.abs(paid - by_definition(utility, levels)).max()
    lost, least = 1e-6 * found.scale if seed % 6 == 1 else 0.0, 1e-12 * utility.importance.sum()
    assert off <= max(1e-9 * found.scale, 3 * found.error) + lost + least
    assert found.error <= (1e-6 if seed % 3 == 1 else 1e-9) * found.scale + least
    assert found.utility == pytest.approx(utility(levels))


@pytest.mark.parametrize("n_users", [1, 2, 3, 6, 9])
def test_moves_are_those_of_the_definition(n_users):
    for seed in range(18):
        check(seed, n_users)


@pytest.mark.slow
@pytest.mark.parametrize("n_users", range(1, 13))
def test_thousands_of_moves_are_those_of_the_definition(n_users):
    for seed in range(18, 18 + (200 if n_users < 9 else 12)):
        check(seed, n_users)


def different(n_users, seed=0, importance=False):
    rng = np.random.default_rng([seed, n_users])
    weights = rng.lognormal(0, 0.5, n_users) if importance else None
    return FederatedMeanUtility(rng.lognormal(3, 0.8, n_users) + 1, 1.0, 10.0, weights), rng


@pytest.mark.parametrize("importance", [False, True])
def test_sixty_users_are_paid_the_utility_and_finer_rules_change_nothing(importance):
    utility, rng = different(60, importance=importance)
    levels = rng.integers(0, 3, 60)
    paid, found = moves(utility, levels)
    assert found.exact
    assert paid[np.arange(60), levels].sum() == pytest.approx(found.utility, rel=1e-11)
    finer, _ = moves(utility, levels, fineness=1.5, likeness=0.0)
    assert np.abs(paid - finer).max() <= 1e-10 * found.scale


def test_exact_counts_of_two_types_agree():
    """Sixty federating and forty direct users: the recursion over all counts shares nothing with integrals."""
    utility = FederatedMeanUtility([10, 80], 1.0, 10.0, [1.0, 2.5], counts=[60, 40])
    state = [[10, 30, 20], [5, 15, 20]]
    exact = fair_payments(utility, state, engine="types")
    by_integrals = fair_payments(utility, state, engine="integrals")
    average = float(exact.utility) / 85
    assert np.abs(by_integrals.values - exact.values).max() <= 1e-10 * average
    assert (np.abs(by_integrals.values - exact.values) <= by_integrals.standard_errors + 1e-12 * average).all()


def test_order_and_likeness_of_users_do_not_matter():
    utility, rng = different(40, importance=True)
    levels, order = rng.integers(0, 3, 40), rng.permutation(40)
    shuffled = FederatedMeanUtility(utility.samples[order], 1.0, 10.0, utility.importance[order])
    paid, found = moves(utility, levels)
    assert moves(shuffled, levels[order])[0] == pytest.approx(paid[order], abs=1e-10 * found.scale)
    # The same users once as twenty pairs, once told apart by a rounding error.
    pairs = np.repeat(np.linspace(5, 60, 20), 2)
    alike, apart = (FederatedMeanUtility(n, 1.0, 10.0) for n in (pairs, pairs * (1 + 1e-13 * np.arange(40))))
    levels = np.repeat(rng.integers(0, 3, 20), 2)
    assert moves(apart, levels)[0] == pytest.approx(moves(alike, levels)[0], abs=1e-10 * found.scale)


def test_payments_are_linear_in_importance():
    utility, rng = different(30)
    levels, first, second = rng.integers(0, 3, 30), rng.uniform(0, 1, 30), 10 ** rng.uniform(0, 6, 30)
    weights = (first, second, first + second)
    paid = [moves(FederatedMeanUtility(utility.samples, 1.0, 10.0, a), levels)[0] for a in weights]
    assert np.abs(paid[0] + paid[1] - paid[2]).max() <= 1e-9 * np.abs(paid[2]).max()


def test_nothing_is_paid_for_what_nobody_needs():
    utility = FederatedMeanUtility([5.0, 10.0, 20.0], 1.0, 10.0, [0, 0, 0])
    paid, found = moves(utility, np.array([1, 1, 2]))
    assert not paid.any()
    assert found.exact


def test_an_error_that_is_not_small_is_stated():
    """Samples over six decades where only they matter: sums over the aggregate need more nodes than there are."""
    rng = np.random.default_rng(0)
    utility = FederatedMeanUtility(10 ** rng.uniform(0, 6, 16), 1e-4, 1e3)
    levels = np.ones(16, dtype=int)
    coarse, found = moves(utility, levels, fineness=0.15)
    fine, finest = moves(utility, levels, fineness=1.5, likeness=0.0)
    assert not found.exact
    assert np.abs(coarse - fine).max() <= found.error + finest.error


def test_the_public_door_uses_integrals():
    utility, rng = different(100)
    direct = fair_payments(utility, [2] * 100, exact=True)
    mixed = fair_payments(utility, rng.integers(0, 3, 100), alpha=0.5)
    assert direct.engine == mixed.engine == "integrals"
    assert "of the average payment" in direct.reason
    assert direct.values.sum() == pytest.approx(direct.utility, rel=1e-11)
    assert mixed.values.sum() == pytest.approx(mixed.utility / 2, rel=1e-11)
    assert 0 < direct.standard_errors.max() <= 1e-9 * direct.utility / 100


def weighted(n_users, spread, mix):
    rng = np.random.default_rng([n_users, round(10 * spread)])
    sizes, weights = rng.lognormal(3, spread, n_users) + 1, rng.lognormal(0, 0.5, n_users)
    utility = FederatedMeanUtility(sizes, 1.0, 10.0, weights, aggregation="weighted")
    return utility, rng.choice(3, n_users, p=mix)


def check_weighted(spread, last):
    """Compare thirteen federating users, of too many sizes to take all subsets, and one more, with the definition."""
    utility, _ = weighted(14, spread, (0, 1, 0))
    levels = np.array([1] * 13 + [last])
    paid, found = moves(utility, levels)
    off = np.abs(paid - by_definition(utility, levels)).max()
    assert not found.exact
    assert off <= min(1e-6 * found.scale, 3 * found.error)


@pytest.mark.parametrize(("spread", "last"), [(0.5, 1), (1.0, 0), (2.0, 2)])
def test_weighted_moves_are_those_of_the_definition(spread, last):
    check_weighted(spread, last)


@pytest.mark.slow
def test_dozens_of_weighted_moves_are_those_of_the_definition():
    for case in range(40):
        check_weighted(0.2 + case / 20, case % 3)


def test_sixty_weighted_users_are_paid_the_utility_and_finer_rules_change_nothing():
    utility, levels = weighted(60, 0.7, (0.1, 0.6, 0.3))
    paid, found = moves(utility, levels)
    assert found.error <= 1e-6 * found.scale
    assert paid[np.arange(60), levels].sum() == pytest.approx(found.utility, rel=1e-8)
    finer, _ = moves(utility, levels, fineness=1.5, likeness=0.0)
    assert np.abs(paid - finer).max() <= found.error


def test_the_door_prices_weighted_aggregates():
    utility, levels = weighted(60, 0.7, (0.1, 0.6, 0.3))
    paid = fair_payments(utility, levels)
    assert paid.engine == "integrals"
    assert paid.values.sum() == pytest.approx(paid.utility, rel=1e-8)
    assert 0 < paid.standard_errors.max() <= 1e-6 * paid.utility / np.count_nonzero(levels)
    with pytest.raises(SizeError, match="error"):
        fair_payments(utility, levels, exact=True)
    crowd = FederatedMeanUtility(np.arange(10.0, 1100.0), 1.0, 10.0, aggregation="weighted")
    with pytest.raises(InputError, match="weighted by sample sizes"):
        fair_payments(crowd, [1] * 1090, engine="integrals")


@pytest.mark.parametrize("n_users", [7, 14])
def test_points_have_the_means_of_all_subsets(n_users):
    rng = np.random.default_rng(n_users)
    n, share = rng.lognormal(0, 0.5, n_users), rng.uniform(0, 1, n_users)
    z = n + 0.5 * n**2
    sums = SampleSums(n, share, 0.5, 12, 1.0, all_but_one=True)
    subsets, members = (rows[0] for rows in sums.weights(np.array([2])))
    others = np.delete(np.arange(n_users), 2)

    def tested(R, Z):
        return np.log1p(R + R**2 / (1 + Z))

    for size in range(1, len(others)):
        chosen = np.array(list(combinations(others, size)))
        R, Z = n[chosen].sum(axis=1), z[chosen].sum(axis=1)
        at = sums.subsets.size == size
        found = subsets[at] @ tested(sums.subsets.R[at], sums.subsets.Z[at])
        assert found == pytest.approx(tested(R, Z).mean(), rel=1e-7)
        own = n[chosen] * share[chosen] * tested(R[:, None] - n[chosen], Z[:, None] - z[chosen])
        at = sums.members.size == size
        points = sums.n[sums.members.member] * tested(sums.members.R, sums.members.Z)
        assert members[at] @ points[at] == pytest.approx(own.sum(axis=1).mean(), rel=1e-7, abs=1e-9)


def test_integrals_agree_with_random_orders():
    """An engine that shares no formula with them; within its errors."""
    utility, rng = different(30, importance=True)
    levels = rng.integers(0, 3, 30)
    drawn = moves_by_permutations(utility, counted(utility, levels), 1, replicates=32)
    off = (drawn.values - moves(utility, levels)[1].values)[..., 1:] / drawn.errors[..., 1:]
    assert np.nanmax(np.abs(off)) < 6
    assert 0.3 < np.sqrt(np.nanmean(off**2)) < 1.7


def test_sums_over_subsets_have_the_moments_of_all_subsets():
    rng = np.random.default_rng(5)
    values, linear = rng.lognormal(0, 1, 11), rng.normal(size=(11, 2))
    sums = SubsetSums.of_nobody(10, 2).joined(values[:7], linear[:7])
    laws = dict(sums.without_each(values[7:], linear[7:]))
    for left_out, law in laws.items():
        users = [user for user in range(11) if user != 7 + left_out]
        for size in range(11):
            chosen = np.array(list(combinations(users, size)), dtype=int)
            total, tested = values[chosen].sum(axis=1), np.log1p(law.nodes[size])
            assert law.measures[size, :, 0] @ tested == pytest.approx(np.log1p(total).mean(), rel=1e-12, abs=1e-13)
            along = (linear[chosen].sum(axis=1) * np.log1p(total)[:, None]).mean(axis=0)
            assert tested @ law.measures[size, :, 1:] == pytest.approx(along, abs=1e-11)
