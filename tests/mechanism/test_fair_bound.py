"""The bound over equilibria: payments, utilities and optima by brute force never exceed what is proved of them."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq

from fairgames import DPMeanUtility, FederatedMeanUtility, optimal_alpha, potential
from fairgames.mechanism.crowds.bound import cost_bound
from fairgames.mechanism.crowds.fair_bound import Part, fair_bound, possible
from fairgames.mechanism.crowds.gains import Pricing, UserGains
from fairgames.mechanism.crowds.game import scale_game
from fairgames.mechanism.crowds.replies import stable_range
from fairgames.scenario.limits import as_limits
from fairgames.utility.bounds import Possible


def federated(rng, n_users):
    """A federated mean of any sizes and variances, under either aggregate."""
    samples = np.round(np.exp(rng.uniform(0, rng.choice([1, 3, 6]), n_users)))
    samples[1:] = np.where(rng.random(n_users - 1) < 0.3, samples[0], samples[1:])
    importance = None if rng.random() < 0.5 else np.round(rng.exponential(1, n_users), 2)
    between, within = 10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-1, 2.5)
    aggregation = "weighted" if rng.random() < 0.4 else "uniform"
    return FederatedMeanUtility(samples, between, within, importance, aggregation=aggregation)


def private(rng, n_users):
    """A private mean at levels of any height, some alike, some without privacy."""
    rises = np.exp(rng.normal(rng.uniform(-2, 2), rng.choice([0.3, 2]), (n_users, 2)))
    rises[1:] = np.where(rng.random((n_users - 1, 1)) < 0.3, rises[0], rises[1:])
    rises[rng.random((n_users, 2)) < 0.1] = 0
    epsilons = np.column_stack([np.zeros(n_users), rises.cumsum(axis=1)])
    epsilons[rng.random(n_users) < rng.choice([0, 0.3]), 2] = np.inf
    return DPMeanUtility(epsilons)


def case(seed, most_users=6):
    """A utility with bounds; costs of any shape, some 0, some infinite; some choices barred."""
    rng = np.random.default_rng(seed)
    n_users = int(rng.integers(2, most_users + 1))
    utility = (federated if rng.random() < 0.6 else private)(rng, n_users)
    rises = rng.exponential(1, (n_users, 2)) * float(utility([2] * n_users)) / n_users * 10 ** rng.uniform(-2, 0.2)
    costs = np.column_stack([np.zeros(n_users), rises[:, 0], rises[:, 0] + (rng.random() < 0.8) * rises[:, 1]])
    costs[rng.random((n_users, 3)) < rng.choice([0, 0.2])] = 0
    costs[:, 1:][rng.random((n_users, 2)) < rng.choice([0, 0.25])] = np.inf
    actions = None
    if rng.random() < 0.3:
        barred = rng.integers(0, 3, n_users)
        actions = [tuple(level for level in range(3) if level != one and costs[user, level] < np.inf) or (0,)
                   for user, one in enumerate(barred)]  # fmt: skip
    return utility, costs, actions, rng


def tally_of(utility, state):
    """What a utility keeps a tally of: how many federate, or one over the level at which users saturate."""
    if isinstance(utility, FederatedMeanUtility):
        return state[:, 1].sum()
    eps = np.repeat(utility.epsilons[state > 0], state[state > 0])
    eps = eps[np.isfinite(eps)]
    return brentq(lambda t: (eps * np.maximum(1 - t * eps, 0)).sum() - 12 * t, 0, 1e3, xtol=1e-15) if eps.any() else 0.0


def hold(seed):
    """Whether no payment difference and no utility in a random part exceeds its bound."""
    utility, costs, actions, rng = case(seed)
    game = scale_game(utility, costs, actions)
    bounds, P, n_users = utility.bounds(), potential(utility), utility.n_users
    profiles = np.array(list(product(range(3), repeat=n_users)))
    states = np.zeros((len(profiles), *game.costs.shape), dtype=int)
    for user, group in enumerate(game.entries):
        np.add.at(states, (np.arange(len(profiles)), group, profiles[:, user]), 1)
    present = states[:, :, 1:].sum(axis=(1, 2))
    tallies = np.array([tally_of(utility, game.counts(state)) for state in states])
    chosen = rng.choice(len(states), rng.integers(1, 6), replace=False)
    counts = (int(present[chosen].min()), int(present[chosen].max()))
    tally = tuple(np.array([tallies[chosen].min(), tallies[chosen].max()]).tolist())
    part = Part((0.0, 1.0), counts, tally, states[chosen].min(axis=0), states[chosen].max(axis=0))
    if rng.random() < 0.3:
        part = replace(part, least=np.zeros_like(part.least))
    within = ((states >= part.least) & (states <= part.most)).all(axis=(1, 2))
    within &= (present >= counts[0]) & (present <= counts[1])
    told = possible(game, part)
    narrowed = bounds.tallied(told if rng.random() < 0.5 else replace(told, tally=(0, np.inf)))
    slack = 1e-9 * float(np.abs(P).max() + 1)
    within_tally = (tallies >= tally[0]) & (tallies <= tally[1])
    if not ((tallies >= narrowed[0] - 1e-12) & (tallies <= narrowed[1] + 1e-12))[within & within_tally].all():
        return False
    within &= within_tally
    most, (constants, gains), (tables, ends) = bounds.advantages(told), bounds.majorants(told), bounds.rows(told)
    for profile, state in zip(profiles[within], states[within], strict=True):
        by_type = game.counts(state)
        if (utility(profile) > constants + (gains * by_type).sum(axis=(1, 2)) + slack).any():
            return False
        if ((tables * by_type).sum(axis=(1, 2)) > ends + 1e-9 * (1 + np.abs(ends))).any():
            return False
        for user, kind in enumerate(utility.types):
            along = P[(*profile[:user], slice(None), *profile[user + 1 :])]
            if (along[profile[user]] - along > most[kind, profile[user]] + slack).any():
                return False
    return True


@pytest.mark.parametrize("seed", range(15))
def test_no_payment_or_utility_in_a_part_exceeds_its_bound(seed):
    assert hold(seed)


@pytest.mark.slow
def test_no_payment_or_utility_in_hundreds_of_parts_exceeds_its_bound():
    assert [seed for seed in range(1000, 1500) if not hold(seed)] == []


def apart_and_bound(seed):
    """How much more a direct user is paid than if it federated, at one state of users who count little but for some."""
    rng = np.random.default_rng(seed)
    levels = np.append(2, rng.choice([0, 1, 1, 2], 5))
    samples = np.round(np.exp(rng.uniform(0, 6, 6))) + np.arange(6) / 8
    importance = np.where(levels == rng.choice([0, 1]), 1.0, 0.01)
    between, within = 10 ** rng.uniform(-2, 1), 10 ** rng.uniform(0, 2.5)
    aggregation = rng.choice(["uniform", "weighted"])
    utility = FederatedMeanUtility(samples, between, within, importance, aggregation=aggregation)
    state = np.eye(3, dtype=int)[levels[np.argsort(utility.types)]]
    there, federating = state[:, 1:].sum(axis=1), int(state[:, 1].sum())
    only = Possible((int(there.sum()),) * 2, (federating,) * 2, state, state, there, there)
    P = potential(utility)
    return P[tuple(levels)] - P[(1, *levels[1:])], utility.bounds().advantages(only)[utility.types[0], 2, 1]


def test_where_the_aggregate_matters_to_others_being_direct_is_paid_no_more_than_its_bound():
    assert all(paid <= bound + 1e-9 for paid, bound in map(apart_and_bound, range(150)))


def excess(seed, n_users, **options):
    """By how much the best equilibrium exceeds the bound, as a part of the utility; and the bound's gap."""
    utility, costs, actions, rng = case(seed, n_users)
    alphas = (0.0, 1.0) if rng.random() < 0.7 else tuple(np.sort(rng.random(2)).tolist())
    exact = optimal_alpha(utility, costs, actions=actions, alpha_range=alphas, engine="dense")
    game = scale_game(utility, costs, actions)
    limits = as_limits(alpha_range=alphas)
    proved = fair_bound(game, utility.bounds(), limits, **options)
    return (exact.value - proved.bound) / max(abs(exact.utility), 1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_no_equilibrium_exceeds_the_bound_however_early_it_stops(seed):
    for seconds in (0.0, 0.05, 0.2):
        assert excess(100 + seed, 6, max_seconds=seconds) <= 1e-9


@pytest.mark.slow
def test_no_equilibrium_of_hundreds_of_games_exceeds_the_bound():
    assert [seed for seed in range(2000, 2400) if excess(seed, 7, max_seconds=0.05) > 1e-9] == []


def test_among_different_users_fairness_lowers_the_bound_to_what_is_reached():
    """All but one are direct and that one federates: nobody has company to hide in, and costs are nearly all paid."""
    samples = np.geomspace(20, 120, 30).round()
    utility = FederatedMeanUtility(samples, 0.17, 0.85)
    game = scale_game(utility, [[0, 0.05, 0.2]] * 30)
    state = game.highest()
    most = int(np.argmax(samples[game.kinds]))
    state[most] = [0, 1, 0]
    gains = UserGains(Pricing(utility), game.offered)
    alpha, _ = stable_range(game, gains.table(game.counts(state))[0], state)
    value = (1 - alpha) * utility(game.counts(state))
    costs_only, fair = cost_bound(game).bound, fair_bound(game, utility.bounds(), as_limits()).bound
    assert value <= fair < costs_only
    assert fair - value <= 0.3 * (costs_only - value)


@pytest.mark.parametrize("seed", range(6))
def test_among_few_users_limits_lower_the_bound(seed):
    """It is the best equilibrium within the limits, whatever the utility."""
    rng = np.random.default_rng(seed)
    utility, costs = rng.random((2, 3, 2, 2)), rng.random((4, 3)) * [0, 0.2, 0.4]
    utility[0, 0, 0, 0] = 0
    rows = [row[:n] for row, n in zip(costs.tolist(), utility.shape, strict=True)]
    actions = [(0, 1), (0, 2), (1,), (0, 1)]
    limits = {"alpha_range": (0.1, 0.8), "budget": 0.5}
    exact, found = (
        optimal_alpha(utility, rows, actions=actions, engine=engine, **limits) for engine in ("dense", "at-scale")
    )
    assert found.infeasible or not exact.infeasible
    if not found.infeasible:
        assert found.upper_bound == pytest.approx(exact.value)


@pytest.mark.parametrize("seed", range(8))
def test_branched_to_the_end_the_bound_is_the_best_equilibrium(seed):
    utility, costs, actions, _ = case(seed, 4)
    exact = optimal_alpha(utility, costs, actions=actions, engine="dense")
    proved = fair_bound(scale_game(utility, costs, actions), utility.bounds(), as_limits(), most_parts=10_000)
    assert max(exact.value, 0) <= proved.bound * (1 + 1e-9) + 1e-12
    assert proved.bound <= max(exact.value, 0) * (1 + 2e-4) + 1e-9


@pytest.mark.parametrize("limited", ["budget", "min_utility", "alpha_range"])
@pytest.mark.parametrize("make", [federated, private])
def test_limits_that_bind_lower_the_bound_to_what_they_leave(make, limited):
    utility = make(np.random.default_rng(8), 4)
    costs = np.outer(np.linspace(0.5, 1.5, 4), [0, 0.04, 0.1]) * float(utility([2] * 4))
    free = optimal_alpha(utility, costs, engine="dense")
    binding = {"budget": free.alpha * free.utility / 2, "min_utility": free.utility * 1.01,
               "alpha_range": (min(free.alpha * 1.2, 1), 1)}  # fmt: skip
    limits = {limited: binding[limited]}
    exact = optimal_alpha(utility, costs, engine="dense", **limits)
    bound = fair_bound(scale_game(utility, costs), utility.bounds(), as_limits(**limits), most_parts=10_000).bound
    kept = 0 if exact.infeasible else exact.value
    assert kept * (1 - 1e-9) <= bound <= kept * (1 + 2e-4) + 1e-9
    assert bound < free.value


@pytest.mark.parametrize("kind", ["private", "uniform", "weighted"])
def test_thirty_users_of_two_types_do_no_better_than_the_bound(kind):
    counts = [15, 15]
    if kind == "private":
        utility = DPMeanUtility([[0, 0.5, 2], [0, 1, 8]], counts=counts)
    else:
        utility = FederatedMeanUtility([10, 60], 0.3, 2.0, aggregation=kind, counts=counts)
    costs = np.array([[0, 0.4, 1], [0, 0.6, 1.2]]) * float(utility([[0, 0, 15], [0, 0, 15]])) / 150
    game = scale_game(utility, costs, None, counts)
    exact = optimal_alpha(utility, costs, counts=counts, engine="types").value
    proved = fair_bound(game, utility.bounds(), as_limits(), most_parts=100).bound
    assert exact <= proved
    assert kind == "private" or proved - exact < 0.8 * (cost_bound(game).bound - exact)


def test_a_million_users_do_best_where_one_alone_hides():
    counts = [500_000, 300_000, 200_000]
    crowd = FederatedMeanUtility([5, 20, 100], 1.0, 10.0, counts=counts)
    found = optimal_alpha(crowd, [[0, 1e-6, 4e-6], [0, 2e-6, 5e-6], [0, 3e-6, 9e-6]], counts=counts)
    assert found.profile[:, 1].sum() == 1
    assert found.gap < 1e-4 * found.value
