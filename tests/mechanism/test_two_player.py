"""Two players: the optimum over all equilibria, mixed ones included."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pygambit
import pytest
from oracles import BruteForce

from fairgames import FairGame, InputError, equilibrium_families
from fairgames.mechanism.landscape import Landscape
from fairgames.mechanism.problem import as_problem
from fairgames.mechanism.two_player.optimum import best_of_two, worst_of_two
from fairgames.scenario.limits import Limits

DP_MEAN = [[0, Fraction(2, 3)], [Fraction(2, 3), 1]]


def equilibria_at(brute, shape, alpha, equilibria_of_two):
    """Every equilibrium of a generic game at ``alpha``."""
    pay = [
        np.array([alpha * brute.payments[p][i] - brute.costs[i][p[i]] for p in brute.profiles], dtype=float)
        for i in (0, 1)
    ]
    return equilibria_of_two(pay[0].reshape(shape), pay[1].reshape(shape))


@pytest.mark.parametrize("n_levels", [2, 3])
def test_landscapes_equal_support_enumeration_at_random_alphas(random_game, equilibria_of_two, n_levels):
    rng = np.random.default_rng(n_levels)
    for trial in range(25):
        U, costs, actions = random_game(rng, 2, n_levels, absent=trial % 4 != 3)
        brute = BruteForce(U, costs, actions)
        problem = as_problem(U, costs, actions)
        best, worst = best_of_two(problem), worst_of_two(problem)
        high, low = Landscape(tuple(best.pieces), "best"), Landscape(tuple(worst.pieces), "worst")
        for alpha in rng.random(12):
            shape = tuple(map(len, actions))
            worth = brute.utility.astype(float).reshape(shape)
            worths = [x @ worth @ y for x, y in equilibria_at(brute, shape, alpha, equilibria_of_two)]
            assert float(high.utility(alpha)) == pytest.approx(max(worths), abs=1e-7)
            assert float(low.utility(alpha)) == pytest.approx(min(worths), abs=1e-7)
            assert float(best.peak.value) >= (1 - alpha) * max(worths) - 1e-9
            assert float(worst.peak.value) >= (1 - alpha) * min(worths) - 1e-9
        for end in high.breakpoints:
            assert float(best.peak.value) >= float(high.value(end)) - 1e-12


def test_landscapes_of_degenerate_games_equal_gambits_extreme_equilibria(random_game):
    rng = np.random.default_rng(5)
    for trial in range(24):
        U, costs, actions = random_game(rng, 2, 2 + trial % 2, whole=True, absent=trial % 5 != 4)
        problem = as_problem(U, costs, actions)
        assert problem.exact
        best, worst = best_of_two(problem), worst_of_two(problem)
        high, low = Landscape(tuple(best.pieces), "best"), Landscape(tuple(worst.pieces), "worst")
        ends = [end for end in high.breakpoints if isinstance(end, Fraction)]
        inside = [Fraction(int(k), 97) for k in rng.integers(1, 97, 3)]
        for alpha in [*ends, *inside]:
            game = FairGame(U, costs, alpha=alpha, actions=actions)
            worth = U[np.ix_(*actions)]
            worths = [x @ worth @ y for x, y in extreme_equilibria(game.to_gambit())]
            assert high.utility(alpha) == max(worths)
            assert float(low.utility(alpha)) == pytest.approx(float(min(worths)), abs=1e-12)


def extreme_equilibria(game):
    for profile in pygambit.nash.enummixed_solve(game, rational=True).equilibria:
        yield tuple(
            np.array([Fraction(str(probability)) for _, probability in profile[player]], dtype=object)
            for player in profile.game.players
        )


def test_half_mixed_optimum_that_the_grid_misses():
    peak = best_of_two(as_problem(DP_MEAN, [[0, "3/10"], [0, "31/100"]])).peak
    assert (peak.alpha, peak.value) == (Fraction(3, 5), Fraction(29, 75))
    cheaper, dearer = peak.piece.strategies(peak.alpha)
    assert cheaper[0] == 3 * Fraction(31, 30) - 3
    assert dearer.tolist() == [0, 1]


def test_worst_where_the_pure_value_meets_the_mixed_one():
    peak = worst_of_two(as_problem(DP_MEAN, [0, "9/20"])).peak
    assert float(peak.alpha) == pytest.approx(0.790812, abs=5e-7)
    assert float(peak.value) == pytest.approx(0.139459, abs=5e-7)
    assert isinstance(peak.alpha, float)


def test_worst_needs_the_limit_at_zero():
    peak = worst_of_two(as_problem(DP_MEAN, [[0, 0], [0, "1/3"]])).peak
    assert (peak.alpha, peak.value, peak.approached_from) == (0, Fraction(2, 3), "above")


def test_zero_is_optimal_from_one_thirty_second_on_when_nobody_may_be_absent():
    level = np.arange(3)
    U = np.array([[1 - Fraction(1, 2 ** int(a + b)) for b in level] for a in level], dtype=object)
    for c, at_zero in [("1/33", False), ("1/32", True), ("1/10", True)]:
        problem = as_problem(U, [0, 0, c], actions=(1, 2))
        peak = best_of_two(problem).peak
        assert (peak.alpha == 0) == at_zero
        if at_zero:
            assert peak.value == Fraction(3, 4)


def test_floats_give_the_same_as_fractions(random_game):
    rng = np.random.default_rng(9)
    for _ in range(12):
        U, costs, actions = random_game(rng, 2, 3, whole=True)
        for solve in (best_of_two, worst_of_two):
            exact = solve(as_problem(U, costs, actions)).peak
            rough = solve(as_problem(U.astype(float), [[float(c) for c in row] for row in costs], actions)).peak
            assert float(rough.value) == pytest.approx(float(exact.value), abs=1e-9)


@pytest.mark.parametrize("n_levels", [2, 3])
def test_constraints_hold_at_every_profile_played(random_game, equilibria_of_two, n_levels):
    rng = np.random.default_rng(30 + n_levels)
    for _ in range(25):
        U, costs, actions = random_game(rng, 2, n_levels)
        brute = BruteForce(U, costs, actions)
        low, high = sorted(rng.random(2))
        limits = Limits(Fraction(0), rng.random(), rng.normal(0.2, 0.4), low, high)
        problem = as_problem(U, costs, actions, limits)
        best, worst = best_of_two(problem), worst_of_two(problem)
        if best.peak is not None:
            alpha = float(best.peak.alpha)
            assert low <= alpha <= high
            assert meets(played_at(best.peak, problem), alpha, limits)
        allowed = Landscape(tuple(worst.pieces), "worst")
        for alpha in rng.uniform(low, high, 12):
            shape = tuple(map(len, actions))
            found = equilibria_at(brute, shape, alpha, equilibria_of_two)
            worth = brute.utility.astype(float).reshape(shape)
            good = [(x @ worth @ y, meets(worth[np.ix_(x > 1e-9, y > 1e-9)], alpha, limits)) for x, y in found]
            assert (allowed.value(alpha) is not None) == all(fine for _, fine in good)
            if allowed.value(alpha) is not None:
                lowest = min(value for value, _ in good)
                assert float(allowed.value(alpha)) == pytest.approx((1 - alpha) * lowest, abs=1e-7)
                assert float(worst.peak.value) >= (1 - alpha) * lowest - 1e-9
            for value, fine in good:
                if fine:
                    assert float(best.peak.value) >= (1 - alpha) * value - 1e-9


def test_rounding_alone_breaks_no_constraint():
    U = np.array([[0, 2 / 3], [2 / 3, 0.1 * 3 + 0.7 - 1e-16]])
    for c in (0.1, 0.2, 0.3):
        problem = as_problem(U, [0, c], limits=Limits(min_utility=1.0, budget=2 * c, alpha_to=2 * c))
        peak = best_of_two(problem).peak
        assert peak.piece.profile == (1, 1)
        assert float(peak.alpha) == pytest.approx(2 * c)


def test_every_family_is_an_equilibrium_throughout():
    rng = np.random.default_rng(6)
    mixed = 0
    for _ in range(8):
        U = np.array([Fraction(int(k), 9) for k in rng.integers(0, 10, 9)], dtype=object).reshape(3, 3)
        U[0, 0] = Fraction(0)
        costs = [[0, *(Fraction(int(k), 30) for k in rng.integers(0, 20, 2))] for _ in range(2)]
        for family in equilibrium_families(U, costs):
            mixed += family.profile is None
            alphas = [(family.alpha_from + family.alpha_to) / 2, family.alpha_to]
            for alpha in [*alphas, family.alpha_from] if family.closed_from else alphas:
                pay = FairGame(U, costs, alpha=alpha).payoffs
                if family.profile is None:
                    x, y = family.strategies(alpha)
                else:
                    x, y = (np.eye(3, dtype=int)[level] for level in family.profile)
                assert min(x.min(), y.min()) >= 0
                assert x.sum() == y.sum() == 1
                assert (pay[0] @ y).max() == x @ pay[0] @ y
                assert (x @ pay[1]).max() == x @ pay[1] @ y
                assert x @ U @ y == family.utility(alpha)
    assert mixed > 8


def test_families_need_two_players():
    with pytest.raises(InputError, match="two users"):
        equilibrium_families(np.zeros((2, 2, 2)), [0, 1])
    assert equilibrium_families(np.zeros((2, 2, 2)), [0, 1], blocs=[(0, 1), (2,)])


def meets(played, alpha, limits):
    return played.min() >= limits.min_utility and alpha * played.max() <= limits.budget + 1e-12


def played_at(peak, problem):
    """Utilities of the profiles that are played with positive probability."""
    worth = problem.utilities.astype(float)
    if peak.piece.profile is not None:
        index = tuple(levels.index(level) for levels, level in zip(problem.allowed, peak.piece.profile, strict=True))
        return worth[index]
    x, y = peak.piece.strategies(peak.alpha)
    return worth[np.ix_(x != 0, y != 0)]
