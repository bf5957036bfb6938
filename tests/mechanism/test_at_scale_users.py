"""Many users who are all different, against all profiles where these can be enumerated."""

from itertools import product

import numpy as np
import pytest

from fairgames import DPMeanUtility, FederatedMeanUtility, InputError, fair_payments, optimal_alpha, potential
from fairgames.mechanism.crowds.bound import cost_bound
from fairgames.mechanism.crowds.gains import Pricing, RoughGains, UserGains, certificate, of_many_types
from fairgames.mechanism.crowds.game import scale_game
from fairgames.mechanism.crowds.relaxation import relaxed, relaxed_bound
from fairgames.mechanism.crowds.replies import Regret, regret_of, reply, stable_range
from fairgames.mechanism.crowds.user_search import UserSearch, _relieve, certified_optimum, one_hidden
from fairgames.scenario.limits import Limits
from fairgames.utility.grouped import GroupedUtility

KINDS = ("uniform", "weighted", "private")


class ConcaveUtility(GroupedUtility):
    """A utility of different users that declares nothing."""

    def __init__(self, weights):
        super().__init__(list(weights), None, 2)
        self._weights = np.asarray(weights)

    def evaluate_counts(self, counts):
        return np.log1p(counts[:, :, 1] @ self._weights)


def case(kind, seed, n_users):
    """A random utility of users who are all different, and their costs."""
    rng = np.random.default_rng([seed, n_users])
    if kind == "private":
        utility = DPMeanUtility(np.sort(rng.uniform(0, 8, (n_users, 3)), axis=1) * [0, 1, 1])
        largest = 3.0 / n_users
    else:
        s2, r2 = 10 ** rng.uniform(-1, 1.5), 10 ** rng.uniform(0, 2)
        samples, importance = rng.uniform(1, 80, n_users), rng.uniform(0.3, 2, n_users)
        utility, largest = FederatedMeanUtility(samples, s2, r2, importance, aggregation=kind), 2.5
    return utility, np.sort(rng.uniform(0, largest, (n_users, 3)), axis=1) * [0, 1, 1]


def most_gained(utility, costs, alpha, profile):
    """Most that a user gains by moving, from the potential at every profile."""
    P = potential(utility)
    gains = [0.0]
    for user, level in product(range(len(profile)), range(costs.shape[1])):
        moved = [*profile]
        moved[user] = level
        rise = costs[user, level] - costs[user, profile[user]]
        gains.append(alpha * (P[tuple(moved)] - P[tuple(profile)]) - rise)
    return max(gains)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_among_few_users_the_bound_is_the_best_equilibrium(kind, seed):
    utility, costs = case(kind, seed, 6)
    exact, found = (optimal_alpha(utility, costs, engine=engine) for engine in ("dense", "at-scale"))
    tolerance = 1e-9 * abs(exact.utility)
    assert found.value == pytest.approx(exact.value, abs=tolerance)
    assert found.upper_bound == pytest.approx(exact.value)
    assert most_gained(utility, costs, found.alpha, found.profile) <= 1e-7
    assert found.payments == pytest.approx(fair_payments(utility, found.profile, found.alpha).values)
    assert found.standard_errors == pytest.approx(0)


@pytest.mark.slow
def test_without_a_bound_to_start_from_the_best_equilibrium_is_mostly_found():
    ratios = []
    for kind, seed in product(KINDS, range(10)):
        utility, costs = case(kind, seed, 7)
        game = scale_game(utility, costs)
        found = certified_optimum(game, cost_bound(game), Limits().as_floats())
        ratios.append(found.candidate.value / optimal_alpha(utility, costs, engine="dense").value)
    assert np.mean(np.array(ratios) >= 0.999) >= 0.9
    assert np.mean(ratios) > 0.995


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_no_profile_exceeds_the_relaxation(kind, seed):
    utility, costs = case(kind, seed, 6)
    if seed == 4:
        costs[0, 1] = costs[1, 2] = np.inf
    game = scale_game(utility, costs)
    profiles = np.array(list(product(range(3), repeat=6)))
    kept = utility.evaluate(profiles) - costs[np.arange(6), profiles].sum(axis=1)
    bound, state, closed = relaxed_bound(game, utility.bounds())
    reached = utility(game.counts(state)) - game.cost_of(state)
    assert reached <= kept.max() + 1e-9
    assert kept.max() <= bound + 1e-9
    assert closed == (bound <= reached + 1e-4 * bound)


@pytest.mark.parametrize("kind", KINDS)
def test_each_box_bounds_the_states_inside_at_any_price(kind):
    utility, costs = case(kind, 7, 5)
    game = scale_game(utility, costs)
    profiles = np.array(list(product(range(3), repeat=5)))[1:]
    kept = utility.evaluate(profiles) - costs[np.arange(5), profiles].sum(axis=1)
    bounds = utility.bounds()
    boxes = bounds.boxes(game.counts(np.ones((5, 3), dtype=int)))
    rng = np.random.default_rng(0)
    for _ in range(3):
        halves = bounds.halves(boxes)
        values = relaxed(game, bounds, halves, rng.exponential(1.0, len(halves))).values
        assert values.max() >= kept.max() - 1e-9
        boxes = halves[rng.permutation(len(halves))[:200]] if len(halves) > 4000 else halves


@pytest.mark.parametrize("kind", ["uniform", "weighted"])
def test_a_box_around_one_state_holds_its_utility_tightly(kind):
    """With the precision known and levels fixed, nothing is relaxed but the shares of several federating users."""
    utility, _ = case(kind, 3, 4)
    variance = utility.between_variance + utility.within_variance / utility.samples
    for profile in list(product(range(3), repeat=4))[1:]:
        direct, federating = np.equal(profile, 2), np.equal(profile, 1)
        shares = np.where(federating, utility.samples if kind == "weighted" else 1.0, 0.0)
        spread = (shares / max(shares.sum(), 1e-300)) ** 2 @ variance
        precision = (1 / variance[direct]).sum() + (1 / spread if federating.any() else 0.0)
        game = scale_game(utility, [0, 0, 0], actions=[(level,) for level in profile])
        box = np.array([[precision, precision, federating.sum(), federating.sum()]])
        bound = relaxed(game, utility.bounds(), box, np.zeros(1)).values[0]
        assert bound >= utility(profile) - 1e-9
        if federating.sum() < 2:
            assert bound == pytest.approx(utility(profile), rel=1e-9)


def test_among_alike_costs_the_largest_schools_come_first():
    """Direct users of equal cost and importance: the best set of each size is that of the largest."""
    samples = np.random.default_rng(2).uniform(5, 70, 40)
    utility = FederatedMeanUtility(samples, 8.0, 39.0)
    game = scale_game(utility, [[0, np.inf, 1.6]] * 40)
    kept = []
    for number in range(41):
        profile = np.zeros(40, dtype=int)
        profile[np.argsort(-samples)[:number]] = 2
        kept.append(utility(profile) - 1.6 * number)
    bound = cost_bound(game)
    assert max(kept) <= bound.bound + 1e-9
    assert bound.bound <= max(kept) * (1 + 1e-4)


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0])
def test_replies_end_where_nobody_gains(alpha):
    utility, costs = case("uniform", 1, 7)
    game = scale_game(utility, costs)
    gains = UserGains(Pricing(utility), game.offered)
    for start in (game.highest(), game.cheapest()):
        state, settled = reply(game, gains, alpha, start, 1e-9)
        profile = state[game.entries].argmax(axis=1).tolist()
        assert settled
        assert most_gained(utility, costs, alpha, profile) <= 1e-7


def test_alike_users_move_together_and_each_stays_in_the_end():
    """Five sizes, twelve users each: best replies end after fewer states than there are users."""
    utility = FederatedMeanUtility(np.repeat([2, 5, 12, 30, 70], 12), 0.17, 0.85)
    game = scale_game(utility, [0, 0.05, 0.2])
    gains = UserGains(Pricing(utility), game.offered)
    state, settled = reply(game, gains, 0.05, game.highest(), 1e-7)
    assert settled
    assert gains.n_priced < 30
    lo, hi = stable_range(game, gains.table(game.counts(state))[0], state)
    assert lo <= 0.05 * (1 + 1e-6)
    assert hi >= 0.05 * (1 - 1e-6)


def test_rough_prices_differ_little_and_are_few():
    utility = FederatedMeanUtility(np.random.default_rng(1).lognormal(3, 1, 40), 0.1, 0.64)
    game = scale_game(utility, [0, 0.05, 0.2])
    gains = UserGains(Pricing(utility), game.offered)
    state = game.all_at(np.random.default_rng(2).integers(0, 3, 40))
    exact, rough = (one.table(game.counts(state))[0] for one in (gains, RoughGains(gains)))
    assert np.nanmax(abs(rough - exact)) < 1e-3 * np.nanmax(abs(exact))
    assert gains.n_priced == 2


def test_a_hundred_different_users_of_the_federated_mean_are_certified_without_sampling():
    rng = np.random.default_rng(0)
    utility = FederatedMeanUtility(rng.uniform(5, 80, 60), 8.0, 39.0)
    costs = np.column_stack([np.zeros(60), np.full(60, np.inf), rng.uniform(0.6, 1.6, 60)])
    found = optimal_alpha(utility, costs)
    assert found.reason.startswith("at scale: 60 users in 60 groups")
    assert "without sampling error" in found.reason
    assert found.regret == pytest.approx(0, abs=1e-9)
    assert found.value <= found.upper_bound
    assert found.price_of_fairness < 1.2
    assert found.payments.sum() == pytest.approx(found.alpha * found.utility)
    direct = np.array(found.profile) == 2
    assert (found.payments[direct] >= costs[direct, 2] - 1e-9).all()


def test_estimated_payments_carry_a_family_wise_certificate():
    """Fewer than one in twenty certificates may fail, whose alphas leave room for the errors."""
    weights = np.random.default_rng(5).uniform(0.5, 3, 18)
    utility, costs = ConcaveUtility(weights), np.column_stack([np.zeros(18), 0.05 + 0.03 * weights])
    found = optimal_alpha(utility, costs, engine="at-scale")
    assert found.upper_bound is None
    assert "95% confidence" in found.reason
    assert (found.standard_errors[np.array(found.profile) == 1] > 0).all()
    assert most_gained(utility, costs, found.alpha, found.profile) <= 1e-9


def test_one_certificate_covers_all_moves_of_the_states_tried():
    utility = ConcaveUtility(np.random.default_rng(5).uniform(0.5, 3, 18))
    game = scale_game(utility, [0, 0.05])
    once, thrice = (certificate(game, game.highest(), number) for number in (1, 3))
    assert once.n_moves == 18
    assert 2.5 < once.reach < thrice.reach < 5


@pytest.mark.slow
def test_certificates_hold_as_often_as_they_say():
    """All moves at once, in 19 of 20 games: exact gains stay below what the certificate allows."""
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        utility = ConcaveUtility(10 ** rng.uniform(-1.5, 1.5, 17))
        game = scale_game(utility, [0, 0.05])
        state = game.all_at(rng.integers(0, 2, 17))
        proof, P = certificate(game, state, 1), potential(utility)
        assert proof.estimated
        profile = state[game.entries].argmax(axis=1)
        truth = []
        for user, level in enumerate(profile.tolist()):
            moved = profile.copy()
            moved[user] = 1 - level
            gain = P[tuple(moved)] - P[tuple(profile)]
            truth.append(gain <= proof.most()[utility.types[user], level, 1 - level])
        held.append(all(truth))
    assert np.mean(held) >= 0.9


def test_measured_and_few_users_are_not_searched_user_by_user():
    assert of_many_types(case("uniform", 0, 6)[0])
    assert not of_many_types(DPMeanUtility([[0, 1.0], [0, 2.0]], counts=[40, 40]))
    assert optimal_alpha(*case("private", 0, 6)).reason.startswith("dense")


@pytest.mark.parametrize("limits", [{"alpha_range": (0.3, 0.5)}, {"budget": 3}, {"min_utility": 12}])
def test_limits_hold_among_different_users(limits):
    utility, costs = case("weighted", 2, 6)
    found = optimal_alpha(utility, costs, engine="at-scale", **limits)
    exact = optimal_alpha(utility, costs, engine="dense", **limits)
    assert exact.feasible or not found.feasible
    if found.feasible:
        assert found.value <= exact.value + 1e-9
        low, high = limits.get("alpha_range", (0, 1))
        assert low <= found.alpha <= high
        assert found.alpha * found.utility <= limits.get("budget", np.inf) + 1e-9
        assert found.utility >= limits.get("min_utility", -np.inf)


def test_a_margin_is_refused():
    with pytest.raises(InputError, match=r"^margin:"):
        optimal_alpha(*case("uniform", 0, 6), engine="at-scale", margin=0.1)


def test_the_search_looks_where_one_user_alone_hides():
    """With few companions to hide among, being direct is worth its cost to everybody else at a small alpha."""
    samples = np.geomspace(2, 120, 24).round()
    utility = FederatedMeanUtility(samples, 0.17, 0.85)
    game = scale_game(utility, [[0, 0.05, 0.2]] * 24)
    search = UserSearch(game, UserGains(Pricing(utility), game.offered), Limits().as_floats())
    for start in one_hidden(game):
        _relieve(search, game, start, 8)
    best = search.best_rough()
    replied = UserSearch(game, UserGains(Pricing(utility), game.offered), Limits().as_floats())
    for alpha in (0.05, 0.1, 0.2):
        replied.settle(alpha, game.highest())
    assert best.state[:, 1].sum() == 1
    assert best.value > 1.01 * replied.best_value()
    for candidate in search.found:
        lo, hi = stable_range(game, search.table(candidate.state), candidate.state)
        assert lo <= candidate.alpha <= hi


@pytest.mark.parametrize("alpha", [0.03, 0.2, 1.0])
def test_at_every_alpha_that_is_asked_nobody_gains(alpha):
    """Nobody gains by the payments of the front door either, which prices another way."""
    utility = FederatedMeanUtility(np.geomspace(2, 120, 12).round(), 0.17, 0.85)
    costs = np.array([0, 0.05, 0.2])
    found = optimal_alpha(utility, np.tile(costs, (12, 1)), alpha_range=(alpha, alpha), engine="at-scale")
    assert found.verified
    assert found.alpha == alpha
    for user in (0, 5, 11):
        stays = alpha * fair_payments(utility, found.profile).values[user] - costs[found.profile[user]]
        for level in range(3):
            moved = [*found.profile]
            moved[user] = level
            assert alpha * fair_payments(utility, moved).values[user] - costs[level] <= stays + 1e-7


def test_the_equilibria_that_were_met_make_a_landscape():
    utility, costs = case("uniform", 4, 7)
    game = scale_game(utility, costs)
    found, exact = (optimal_alpha(utility, costs, engine=engine) for engine in ("at-scale", "dense"))
    assert max(piece.value(piece.alpha_from) for piece in found.landscape.pieces) == pytest.approx(found.value)
    gains = UserGains(Pricing(utility), game.offered)
    for piece in found.landscape.pieces:
        middle = (piece.alpha_from + piece.alpha_to) / 2
        state = np.zeros(game.costs.shape, dtype=int)
        np.add.at(state, (game.entries, np.array(piece.profile)), 1)
        assert regret_of(game, gains, state, middle).gain <= 1e-7
        assert piece.utility(middle) <= exact.landscape.utility(middle) + 1e-9
    assert found.announced.value == pytest.approx(found.value, rel=1e-3)


def test_a_search_that_runs_out_of_time_says_so_and_is_certified():
    utility = FederatedMeanUtility(np.geomspace(2, 120, 12).round(), 0.17, 0.85)
    late = optimal_alpha(utility, [[0, 0.05, 0.2]] * 12, engine="at-scale", max_seconds=1e-3)
    whole = optimal_alpha(utility, [[0, 0.05, 0.2]] * 12, engine="at-scale")
    assert late.searched.endswith("stopped after 0.001 seconds")
    assert "stopped" not in whole.searched
    assert late.verified
    assert late.value <= whole.value
    assert late.upper_bound >= whole.value
    with pytest.raises(InputError, match=r"^max_seconds: must be more than 0"):
        optimal_alpha(utility, [[0, 0.05, 0.2]] * 12, max_seconds=0)


def test_what_may_not_be_an_equilibrium_is_called_so_first(monkeypatch):
    utility, costs = ConcaveUtility(np.linspace(1, 3, 18)), [[0, 0.1]] * 18
    doubted = Regret(0.1, 0.01, False)
    monkeypatch.setattr("fairgames.mechanism.crowds.user_search.regret_from", lambda *_: doubted)
    monkeypatch.setattr("fairgames.mechanism.crowds.user_search._safe", lambda *_: None)
    found = optimal_alpha(utility, costs, engine="at-scale")
    assert not found.verified
    assert str(found).splitlines()[0].startswith("Optimum (best), unverified")
    assert any(text.startswith("not verified as an equilibrium: ") for text in found.warnings)
