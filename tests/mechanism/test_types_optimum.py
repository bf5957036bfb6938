import math
from collections import defaultdict
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from oracles import TINY, BruteForce, shapley

from fairgames import CountUtility, FederatedMeanUtility, InputError, SizeError, TableUtility, Utility, optimal_alpha
from fairgames.errors import SolverError
from fairgames.mechanism import types as types_selection
from fairgames.mechanism.dense import best_potential, best_pure, upper_envelope, worst_pure
from fairgames.mechanism.problem import as_problem
from fairgames.mechanism.types import assign, prune, stable_ranges, types_game, types_optimum
from fairgames.payments.counts import count_potential
from fairgames.scenario.limits import as_limits


def types_optimal_alpha(utility, costs, selection="best", margin=0, actions=None, **limits):
    """The optimum on counts, of a problem that is checked as the front door checks it."""
    return types_optimum(as_problem(utility, costs, actions, as_limits(margin, **limits)), selection)


class TypedUtility(Utility):
    """Random values at the counts of a profile, so that users of one type are interchangeable."""

    def __init__(self, types, levels, seed):
        self._types, self._levels = np.asarray(types), levels
        self._values, self._rng = {}, np.random.default_rng(seed)

    n_users = property(lambda self: len(self._types))
    shape = property(lambda self: tuple(self._levels[kind] for kind in self._types))
    exact = True
    types = property(lambda self: self._types)
    type_sizes = property(lambda self: tuple(np.bincount(self._types).tolist()))

    def evaluate(self, profiles):
        return np.array([self._value(tuple(profile)) for profile in profiles.tolist()], dtype=object)

    def _value(self, profile):
        if not any(profile):
            return Fraction(0)
        key = tuple(sorted(zip(self._types.tolist(), profile, strict=True)))
        if key not in self._values:
            self._values[key] = Fraction(int(self._rng.integers(-2, 30)), 7) * sum(level > 0 for level in profile)
        return self._values[key]


class InFloats(TypedUtility):
    exact = False

    def evaluate(self, profiles):
        return super().evaluate(profiles).astype(float)


def brute_force(utility, costs, margin=0):
    return BruteForce(utility._value, costs, shape=utility.shape, margin=margin)


def random_costs(rng, shape, forbidden=0.15):
    costs = []
    for n_levels in shape:
        row = [Fraction(0)] + [Fraction(int(rng.integers(0, 40)), 30) for _ in range(n_levels - 1)]
        costs.append([math.inf if level and rng.random() < forbidden else cost for level, cost in enumerate(row)])
    return costs


def merged(intervals):
    result = []
    for lo, hi in sorted(intervals):
        if result and lo <= result[-1][1]:
            result[-1] = (result[-1][0], max(hi, result[-1][1]))
        else:
            result.append((lo, hi))
    return result


def ranges_by_counts(brute, utility):
    """The alphas of each count state: the union over its profiles."""
    by_state = defaultdict(list)
    for profile, interval in brute.intervals.items():
        by_state[tuple(sorted(zip(utility.types.tolist(), profile, strict=True)))].append(interval)
    return {state: merged(intervals) for state, intervals in by_state.items()}


def ranges_found(game, utility):
    ranges = stable_ranges(game, prune(game))
    found = defaultdict(list)
    for state, lo, hi in zip(game.table.lattice.counts(ranges.index), ranges.lo, ranges.hi, strict=True):
        key = tuple(
            (kind, level) for kind, row in enumerate(state.tolist()) for level, n in enumerate(row) for _ in range(n)
        )
        found[key].append((lo, hi))
    return dict(found)


CASES = [
    ([0, 0, 0], [2]),
    ([0, 0, 0], [3]),
    ([0, 0, 1], [3, 2]),
    ([0, 1, 0, 1], [2, 2]),
    ([0, 0, 1, 1], [3, 2]),
    ([0, 1, 2], [2, 3, 2]),
    ([0, 0], [4]),
]


@pytest.mark.parametrize(("types", "levels"), CASES)
@pytest.mark.parametrize("seed", range(4))
def test_ranges_and_optima_equal_brute_force_over_all_profiles(types, levels, seed):
    check_against_brute_force(types, levels, seed)


@pytest.mark.slow
@pytest.mark.parametrize(("types", "levels"), [*CASES, ([0, 0, 0, 0], [3]), ([0, 1, 0, 1, 0], [2, 2])])
def test_ranges_and_optima_equal_brute_force_over_all_profiles_many(types, levels):
    for seed in range(100, 120):
        check_against_brute_force(types, levels, seed)


def check_against_brute_force(types, levels, seed):
    rng = np.random.default_rng([seed, len(types), sum(levels)])
    utility = TypedUtility(types, levels, seed)
    costs = random_costs(rng, utility.shape)
    brute = brute_force(utility, costs)
    assert ranges_found(types_game(as_problem(utility, costs)), utility) == ranges_by_counts(brute, utility)
    best, worst = (types_optimal_alpha(utility, costs, selection) for selection in ("best", "worst"))
    assert best.value == brute.best()
    assert best.profile in brute.intervals
    lo, hi = brute.intervals[best.profile]
    assert lo <= best.alpha <= hi
    assert best.exact
    assert best.attained
    assert abs(worst.value - brute.worst()) < 100 * TINY
    assert worst.attained == (min(brute.values_at(worst.alpha)) == worst.value)
    potential = types_optimal_alpha(utility, costs, "potential")
    assert potential.value == brute.best_of_potential()
    lo, hi = brute.intervals[potential.profile]
    assert lo <= potential.alpha <= hi
    for optimum in (best, worst, potential):
        check_accounts(optimum, utility, costs)


def check_accounts(optimum, utility, costs):
    profile = optimum.profile
    paid = [optimum.alpha * share for share in shapley(utility._value, profile)]
    assert list(optimum.payments) == paid
    assert list(optimum.costs) == [costs[user][level] for user, level in enumerate(profile)]
    assert optimum.utility == utility(profile)
    assert optimum.value == (1 - optimum.alpha) * optimum.utility
    assert optimum.users_surplus == sum(paid) - sum(optimum.costs)
    assert optimum.welfare == optimum.value + optimum.users_surplus
    exactly_paid = max(
        utility._value(p) - sum(costs[user][level] for user, level in enumerate(p))
        for p in product(*(range(n) for n in utility.shape))
    )
    assert optimum.upper_bound == exactly_paid
    assert optimum.gap == exactly_paid - optimum.value >= 0
    if optimum.value > 0:
        assert optimum.price_of_fairness == exactly_paid / optimum.value >= 1
    else:
        assert optimum.price_of_fairness is None
    poor, falling = sum(payment < 0 for payment in paid), sum(falls(row) for row in costs)
    assert sum("pays the platform" in text for text in optimum.warnings) == poor
    assert sum("costs fall" in text for text in optimum.warnings) == falling


def falls(row):
    finite = [cost for cost in row if cost < math.inf]
    return finite != sorted(finite)


@pytest.mark.parametrize("seed", range(3))
def test_floats_give_the_same_states_as_rationals(seed):
    rng = np.random.default_rng(seed)
    exact, floats = (kind([0, 0, 1, 1], [3, 2], seed) for kind in (TypedUtility, InFloats))
    costs = random_costs(rng, exact.shape)
    found, expected = (ranges_found(types_game(as_problem(utility, costs)), utility) for utility in (floats, exact))
    assert list(found) == list(expected)
    for state, intervals in expected.items():
        np.testing.assert_allclose(found[state], np.array(intervals, dtype=float), atol=1e-9)
    for selection in ("best", "worst", "potential"):
        left, right = (types_optimal_alpha(utility, costs, selection) for utility in (floats, exact))
        assert math.isclose(left.value, right.value, abs_tol=1e-9)
        assert not left.exact
        assert type(left.value) is type(left.alpha) is float


def test_one_state_may_have_two_ranges_of_alpha():
    costs = [[0, "7/20", "7/10"], [0, "1/4", "7/20"], [0, math.inf, "9/10"]]
    fractions = [[Fraction(c) if isinstance(c, str) else c for c in row] for row in costs]
    several = 0
    for seed in range(60):
        utility = TypedUtility([0, 0, 0], [3], seed)
        found = ranges_found(types_game(as_problem(utility, costs)), utility)
        assert found == ranges_by_counts(brute_force(utility, fractions), utility)
        several += sum(len(intervals) > 1 for intervals in found.values())
    assert several > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_margin_is_what_each_user_gains_by_its_level(seed):
    utility = TypedUtility([0, 0, 1], [3, 2], seed)
    costs = random_costs(np.random.default_rng(seed), utility.shape)
    margin = Fraction(1, 20)
    brute = brute_force(utility, costs, margin)
    assert ranges_found(types_game(as_problem(utility, costs, limits=as_limits(margin))), utility) == ranges_by_counts(
        brute, utility
    )
    assert types_optimal_alpha(utility, costs, margin=margin).value == brute.best()


def test_users_of_equal_cost_count_as_often_as_there_are_of_them():
    utility = TypedUtility([0, 0, 0, 0], [3], 5)
    costs = [[Fraction(0), Fraction(1, 3), Fraction(1)]] * 3 + [[Fraction(0), Fraction(1, 2), Fraction(2)]]
    game = types_game(as_problem(utility, costs))
    assert [one_type.sizes.tolist() for one_type in game.types] == [[3, 1]]
    brute = brute_force(utility, costs)
    assert ranges_found(game, utility) == ranges_by_counts(brute, utility)
    assert types_optimal_alpha(utility, costs).value == brute.best()


def test_actions_restrict_the_levels():
    utility = TypedUtility([0, 0, 1], [3, 3], 2)
    costs = [[Fraction(0), Fraction(1, 10), Fraction(1, 3)]] * 3
    optimum = types_optimal_alpha(utility, costs, actions=(1, 2))
    brute = brute_force(utility, [[math.inf, *row[1:]] for row in costs])
    assert optimum.value == brute.best()
    assert set(optimum.profile) <= {1, 2}
    assert optimum.price_of_fairness is None
    assert optimum.upper_bound == max(0, *(utility._value(p) for p in product((1, 2), repeat=3)))


def test_zero_costs_attain_the_best_at_alpha_0_and_only_approach_the_worst():
    utility = CountUtility([0, "2/3", 1])
    best = types_optimal_alpha(utility, [0, 0])
    assert (best.alpha, best.value, best.attained) == (0, 1, True)
    worst = types_optimal_alpha(utility, [0, 0], "worst")
    assert (worst.alpha, worst.value, worst.attained, worst.approached_from) == (0, 1, False, "above")


def test_many_identical_users_are_one_cost_group():
    utility = CountUtility(np.log1p(np.arange(5001)))
    optimum = types_optimal_alpha(utility, [0, 0.01])
    pays = np.log1p(np.arange(5001)) - 0.01 * np.arange(5001)
    assert math.isclose(optimum.value, pays.max(), rel_tol=1e-12)
    assert math.isclose(optimum.price_of_fairness, 1, rel_tol=1e-9)
    assert sum(optimum.profile) == np.argmax(pays)


def test_sixty_users_of_two_types_are_in_equilibrium_at_the_optimum():
    utility = FederatedMeanUtility([100, 10], between_variance=1.0, within_variance=10.0, counts=[30, 30])
    rng = np.random.default_rng(4)
    costs = np.column_stack([np.zeros(60), np.cumsum(rng.uniform(0.02, 1, (60, 2)), axis=1)])
    optimum = types_optimal_alpha(utility, costs)
    check_equilibrium(utility, costs, optimum)
    assert 0 < optimum.value <= optimum.upper_bound
    assert math.isclose(optimum.payments.sum(), optimum.alpha * optimum.utility, rel_tol=1e-9)
    worst, potential = (types_optimal_alpha(utility, costs, selection) for selection in ("worst", "potential"))
    check_equilibrium(utility, costs, potential)
    assert worst.value - 1e-9 <= potential.value <= optimum.value + 1e-9
    assert optimum.landscape.value(optimum.alpha) == optimum.value


def check_equilibrium(utility, costs, optimum):
    table = count_potential(utility)
    P = table.potential.reshape(-1)

    def potential(levels):
        counts = np.zeros((1, 2, 3), dtype=int)
        np.add.at(counts, (0, utility.types, levels), 1)
        return P[table.lattice.state(counts)[0]]

    here = potential(np.array(optimum.profile))
    for user, level in enumerate(optimum.profile):
        for other in range(3):
            moved = np.array(optimum.profile)
            moved[user] = other
            gain = optimum.alpha * (here - potential(moved)) - costs[user, level] + costs[user, other]
            assert gain >= -1e-8


def test_a_state_that_is_no_equilibrium_cannot_be_assigned():
    game = types_game(as_problem(CountUtility([0, "2/3", 1]), [0, "3/10"]))
    with pytest.raises(SolverError, match="stable"):
        assign(game, 2, Fraction(1, 10))
    assert assign(game, 2, Fraction(7, 10)) == (1, 1)


def test_the_envelope_skips_lines_that_never_lead():
    slopes, costs = np.array([0.0, 1.0, 1.0, 4.0, 2.0]), np.array([0.0, 0.2, 0.3, 2.0, 0.6])
    corners = upper_envelope(slopes, costs, 0.0, 1.0)
    grid = np.linspace(0, 1, 2001)
    leads = np.argmax(np.outer(grid, slopes) - costs, axis=1)
    changes = grid[1:][leads[1:] != leads[:-1]]
    np.testing.assert_allclose(corners[1:-1], changes, atol=1e-3)


def test_what_few_users_should_know_is_said_by_user():
    # An additive utility: each user is paid what its level is worth, 4 at level 1 and -1 at level 2.
    worth = np.array([0, 4, -1])
    utility = TableUtility(worth[:, None, None] + worth[None, :, None] + worth[None, None, :])
    costs = [[0, "1/4", "1/2"], [0, "3/4", "1/2"], [0, "1/4", "1/2"]]
    optimum = types_optimal_alpha(utility, costs, actions=[(0, 1, 2), (0, 1, 2), (2,)], alpha_range=("1/2", 1))
    assert optimum.profile == (1, 1, 2)
    assert optimum.warnings == (
        "user 2 pays the platform 1/2: its fair payment is negative",
        "user 2 loses 1: it may not stay absent",
        "costs fall as the level rises for user 1",
    )


def test_what_many_users_should_know_is_counted():
    optimum = types_optimal_alpha(CountUtility([0, *[-1] * 6]), [0, 0], actions=(1,), alpha_range=(1, 1))
    assert optimum.warnings == (
        "6 users are paid less than nothing",
        "6 users lose, since they may not stay absent",
    )


def test_a_margin_that_nobody_meets_is_reported():
    answer = types_optimal_alpha(CountUtility([0, 0, 0]), [0, 0], margin=1)
    assert not answer.feasible
    assert answer.alpha is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"selection": "nicest"}, "selection"),
        ({"margin": -1}, "margin"),
        ({"selection": "potential", "margin": 1}, "margin"),
        ({"selection": "worst", "margin": 1}, "margin"),
        ({"budget": -1}, "budget"),
        ({"alpha_range": (0.5, 0.2)}, "alpha_range"),
        ({"costs": [0, -1]}, "costs"),
        ({"actions": (2,)}, "actions"),
        ({"actions": (1,), "costs": [0, math.inf]}, "actions"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        optimal_alpha(**({"utility": CountUtility([0, 1, 2]), "costs": [0, 1], "engine": "types"} | arguments))


@pytest.mark.parametrize("seed", range(6))
def test_constraints_hold_at_the_optimum_and_nothing_better_meets_them(seed):
    utility = TypedUtility([0, 0, 1], [3, 2], seed)
    costs = random_costs(np.random.default_rng(seed), utility.shape)
    brute = brute_force(utility, costs)
    budget, least, low, high = Fraction(3), Fraction(2), Fraction(1, 20), Fraction(9, 10)
    limits = {"budget": budget, "min_utility": least, "alpha_range": (low, high)}

    def meets(profile, alpha):
        worth = utility._value(profile)
        return worth >= least and alpha * worth <= budget and low <= alpha <= high

    ends = {low, high, *brute.ends}
    ends |= {budget / utility._value(p) for p in brute.intervals if utility._value(p) > 0}
    alphas = [end + step for end in ends for step in (-TINY, 0, TINY) if low <= end + step <= high]
    there = {a: [p for p, (lo, hi) in brute.intervals.items() if lo <= a <= hi] for a in alphas}
    best = [brute.value(p, a) for a in alphas for p in there[a] if meets(p, a)]
    worst = [min(brute.value(p, a) for p in there[a]) for a in alphas if all(meets(p, a) for p in there[a])]
    for selection, values in (("best", best), ("worst", worst)):
        optimum = types_optimal_alpha(utility, costs, selection, **limits)
        assert optimum.feasible == bool(values)
        if values:
            assert abs(optimum.value - max(values)) < 100 * TINY
    potential = types_optimal_alpha(utility, costs, "potential", **limits)
    if potential.feasible:
        assert meets(potential.profile, potential.alpha)
        highest = max(brute.potential(p, potential.alpha) for p in brute.intervals)
        assert brute.potential(potential.profile, potential.alpha) == highest


@pytest.mark.parametrize("selection", ["best", "worst", "potential"])
@pytest.mark.parametrize("seed", range(3))
def test_the_landscape_is_the_selected_value_at_every_alpha(selection, seed):
    utility = TypedUtility([0, 0, 1], [3, 2], seed)
    costs = random_costs(np.random.default_rng(seed), utility.shape)
    brute = brute_force(utility, costs)
    landscape = types_optimal_alpha(utility, costs, selection).landscape
    for alpha in (Fraction(step, 41) for step in range(42)):
        values = brute.values_at(alpha)
        if selection == "potential":
            potentials = {p: brute.potential(p, alpha) for p in brute.intervals}
            top = max(potentials.values())
            values = [brute.value(p, alpha) for p, height in potentials.items() if height == top]
        expected = min(values) if selection == "worst" else max(values)
        assert landscape.value(alpha) == expected


@pytest.mark.parametrize("seed", range(3))
def test_the_dense_optimum_is_the_same(seed):
    utility = TypedUtility([0, 0, 1, 1], [3, 2], seed)
    costs = random_costs(np.random.default_rng(seed), utility.shape)
    problem = as_problem(utility, costs)
    for selection, solve in (("best", best_pure), ("worst", worst_pure), ("potential", best_potential)):
        found = types_optimal_alpha(utility, costs, selection)
        peak = solve(problem).peak
        assert (found.value, found.alpha) == (peak.value, peak.alpha)
        assert found.approached_from == peak.approached_from


def test_what_would_not_fit_in_memory_is_refused_before_any_work():
    utility = FederatedMeanUtility([100, 10, 5, 1], between_variance=1.0, within_variance=10.0, counts=[60] * 4)
    with pytest.raises(SizeError, match="users in 4 types"):
        types_optimal_alpha(utility, [0, 1, 2])


def test_too_many_possible_equilibria_leave_the_best_answer(monkeypatch):
    monkeypatch.setattr(types_selection, "_MOST_STATES", 1)
    monkeypatch.setattr(types_selection, "_MOST_LISTED", 1)
    utility = TableUtility([[0, 1], [1, 2]])
    with pytest.raises(SizeError, match="best"):
        types_optimal_alpha(utility, [0, 0], "worst")
    best = types_optimal_alpha(utility, [0, 0])
    assert (best.value, best.alpha, best.landscape) == (2, 0, None)
    assert "states" in best.warnings[0]


@pytest.mark.parametrize("seed", [7, 22])
@pytest.mark.parametrize(("types", "levels"), CASES)
def test_bounds_alone_lead_to_the_same_optimum(types, levels, seed, monkeypatch):
    utility = TypedUtility(types, levels, seed)
    costs = random_costs(np.random.default_rng(seed), utility.shape)
    listed = types_optimal_alpha(utility, costs, min_utility=1)
    monkeypatch.setattr(types_selection, "_MOST_LISTED", 0)
    monkeypatch.setattr(types_selection, "_FIRST_BATCH", 1)
    bounded = types_optimal_alpha(utility, costs, min_utility=1)
    assert (bounded.value, bounded.feasible) == (listed.value, listed.feasible)


class Given(TypedUtility):
    """The utility whose potential is given by counts of levels; 0 where it is not."""

    def __init__(self, potential, n_users, n_levels):
        super().__init__([0] * n_users, [n_levels], 0)
        self._potential = potential

    def _at(self, profile):
        return self._potential.get(tuple(profile.count(level) for level in range(self._levels[0])), Fraction(0))

    def _value(self, profile):
        present = [user for user, level in enumerate(profile) if level]
        without = (self._at((*profile[:user], 0, *profile[user + 1 :])) for user in present)
        return len(present) * self._at(profile) - sum(without, Fraction(0))


def test_a_user_without_a_stable_level_is_missed_by_nobody_else():
    # Between the two ranges one user of three wants to leave every level; each pair of levels has users enough.
    potential = {
        (1, 1, 1): 3,
        (0, 2, 1): 4,
        (0, 1, 2): 2,
        (1, 0, 2): 4,
        (2, 0, 1): 1,
        (2, 1, 0): Fraction(3, 2),
        (1, 2, 0): 1,
    }
    utility = Given({counts: Fraction(value) for counts, value in potential.items()}, 3, 3)
    costs = [["0", "3/5", "6/5"], ["0", "1/20", "3/5"], ["0", "3/10", "3/4"]]
    fractions = [[Fraction(cost) for cost in row] for row in costs]
    found = ranges_found(types_game(as_problem(utility, costs)), utility)
    state = ((0, 0), (0, 1), (0, 2))
    assert found == ranges_by_counts(brute_force(utility, fractions), utility)
    assert found[state] == [(Fraction(2, 5), Fraction(9, 20)), (Fraction(1, 2), Fraction(11, 20))]
