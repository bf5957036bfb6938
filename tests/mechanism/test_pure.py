"""Pure equilibria: every selection against all profiles, the definition of equilibrium, and a grid of alpha."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from oracles import BruteForce

from fairgames.mechanism.dense import best_potential, best_pure, worst_pure
from fairgames.mechanism.landscape import Landscape
from fairgames.mechanism.problem import as_problem
from fairgames.scenario.limits import Limits

SIZES = [(1, 3), (2, 2), (2, 3), (3, 2), (3, 3), (4, 2), (4, 3), (5, 2), (5, 3)]


def alphas_of(brute, rng):
    points = brute.breakpoints()
    if len(points) > 150:
        points = rng.choice(points, 150, replace=False)
    return np.concatenate([[0.0, 1.0], points, rng.random(60)])


def games(random_game, seed, count, **options):
    rng = np.random.default_rng(seed)
    for trial in range(count):
        n_users, n_levels = SIZES[trial % len(SIZES)]
        yield rng, random_game(rng, n_users, n_levels, absent=trial % 5 != 4, **options)


def check_best(brute, found, U, rng):
    peak = found.peak
    place = brute.profiles.index(peak.piece.profile)
    assert brute.stable(float(peak.alpha), 1e-9)[place]
    assert float(peak.value) == pytest.approx((1 - float(peak.alpha)) * float(U[peak.piece.profile]))
    landscape = Landscape(tuple(found.pieces), "best")
    for alpha in alphas_of(brute, rng):
        stable = brute.stable(alpha)
        highest = ((1 - alpha) * brute.utility.astype(float))[stable].max()
        assert float(peak.value) >= highest - 1e-9
        generic = np.array_equal(stable, brute.stable(alpha, -1e-7)) and np.array_equal(
            stable, brute.stable(alpha, 1e-7)
        )
        if generic:
            assert landscape.value(alpha) == pytest.approx(highest)


def check_worst(brute, found, rng):
    peak = found.peak
    landscape = Landscape(tuple(found.pieces), "worst")
    for alpha in rng.random(80):
        stable = brute.stable(alpha)
        lowest = ((1 - alpha) * brute.utility.astype(float))[stable].min()
        assert float(peak.value) >= lowest - 1e-9
        assert landscape.value(alpha) == pytest.approx(lowest, abs=1e-9)
    near = float(peak.alpha)
    if peak.approached_from is not None:
        near += 1e-9 if peak.approached_from == "above" else -1e-9
    lowest = ((1 - near) * brute.utility.astype(float))[brute.stable(near, 0 if peak.approached_from else 1e-10)].min()
    assert lowest == pytest.approx(float(peak.value), abs=1e-7)


def check_potential(brute, found, rng):
    landscape = Landscape(tuple(found.pieces), "potential")
    for alpha in rng.random(40):
        potential = brute.potentials(alpha)
        tops = np.flatnonzero(potential >= potential.max() - 1e-10)
        highest = ((1 - alpha) * brute.utility.astype(float))[tops].max()
        assert landscape.value(alpha) == pytest.approx(highest, abs=1e-9)
        assert float(found.peak.value) >= highest - 1e-9
    peak = found.peak
    potential = brute.potentials(float(peak.alpha))
    assert potential[brute.profiles.index(peak.piece.profile)] >= potential.max() - 1e-9


@pytest.mark.parametrize("whole", [False, True], ids=["floats", "fractions"])
def test_every_selection_equals_brute_force_on_random_games(random_game, whole):
    for rng, (U, costs, actions) in games(random_game, 20 + whole, 40 if whole else 64, whole=whole):
        brute = BruteForce(U, costs, actions)
        problem = as_problem(U, costs, actions)
        assert problem.exact == whole
        check_best(brute, best_pure(problem), U, rng)
        check_worst(brute, worst_pure(problem), rng)
        check_potential(brute, best_potential(problem), rng)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_every_selection_equals_brute_force_on_hundreds_of_random_games(random_game, seed):
    for rng, (U, costs, actions) in games(random_game, 1000 + seed, 120, whole=seed % 2 == 0):
        brute = BruteForce(U, costs, actions)
        problem = as_problem(U, costs, actions)
        check_best(brute, best_pure(problem), U, rng)
        check_worst(brute, worst_pure(problem), rng)
        check_potential(brute, best_potential(problem), rng)


def test_limits_hold_and_nothing_within_them_is_better(random_game):
    for rng, (U, costs, actions) in games(random_game, 7, 48):
        brute = BruteForce(U, costs, actions)
        low, high = sorted(rng.random(2))
        limits = Limits(rng.choice([0.0, 0.05]), rng.random(), rng.normal(0.3, 0.5), low, high)
        found = best_pure(as_problem(U, costs, actions, limits))
        utility = brute.utility

        def meets(alpha, slack, limits=limits, brute=brute, utility=utility):
            return (
                np.all(alpha * brute.gains >= brute.dearer + limits.margin - slack, axis=1)
                & (utility >= limits.min_utility - slack)
                & (alpha * utility <= limits.budget + slack)
            )

        best = max(
            (
                ((1 - alpha) * utility[meets(alpha, -1e-12)]).max()
                for alpha in np.concatenate([np.linspace(low, high, 200), [low, high]])
                if meets(alpha, -1e-12).any()
            ),
            default=None,
        )
        if found.peak is None:
            assert best is None
            continue
        alpha = float(found.peak.alpha)
        assert low <= alpha <= high
        assert meets(alpha, 1e-9)[brute.profiles.index(found.peak.piece.profile)]
        assert best is None or found.peak.value >= best - 1e-9


def test_potential_maximisers_with_a_margin(random_game):
    for rng, (U, costs, actions) in games(random_game, 9, 32):
        brute = BruteForce(U, costs, actions)
        found = best_potential(as_problem(U, costs, actions, Limits(margin=0.05)))
        landscape = Landscape(tuple(found.pieces), "potential")
        for alpha in rng.random(25):
            potential = brute.potentials(alpha)
            top = int(potential.argmax())
            strict = np.all(alpha * brute.gains[top] >= brute.dearer[top] + 0.05)
            value = landscape.value(alpha)
            assert (value is not None) == strict
            if strict:
                assert value == pytest.approx((1 - alpha) * brute.utility[top])
                assert found.peak.value >= value - 1e-9


def test_worst_within_limits_needs_every_equilibrium_to_meet_them(random_game):
    for rng, (U, costs, actions) in games(random_game, 8, 48):
        brute = BruteForce(U, costs, actions)
        limits = Limits(Fraction(0), 0.2 + rng.random(), rng.normal(0, 0.3), 0.1, 0.9)
        found = worst_pure(as_problem(U, costs, actions, limits))
        landscape = Landscape(tuple(found.pieces), "worst")
        for alpha in rng.uniform(0.1, 0.9, 60):
            stable = brute.stable(alpha)
            here = brute.utility[stable]
            allowed = here.min() >= limits.min_utility and alpha * here.max() <= limits.budget
            value = landscape.value(alpha)
            assert (value is not None) == allowed
            if allowed:
                assert value == pytest.approx((1 - alpha) * here.min())
                assert found.peak.value >= value - 1e-9


def test_additive_games_lose_no_profile_to_rounding():
    values, costs = np.array([0.1, 0.7, 0.3, 0.9, 0.2]), np.array([0.03, 0.14, 0.21, 0.27, 0.14])
    U = sum(np.array([0, v]).reshape([-1 if i == user else 1 for i in range(5)]) for user, v in enumerate(values))
    found = best_pure(as_problem(U, [[0, c] for c in costs]))
    ratios = np.sort(costs / values)
    assert {round(float(end), 9) for piece in found.pieces for end in (piece.alpha_from, piece.alpha_to)} <= {
        0.0,
        1.0,
        *np.round(ratios, 9),
    }
    gains = [(1 - r) * values[costs / values <= r + 1e-12].sum() for r in ratios]
    assert found.peak.value == pytest.approx(max(gains))


@pytest.mark.parametrize(
    ("costs", "attained", "side"), [([0, 0], True, None), ([0, "1/3"], True, None)], ids=["free", "dear"]
)
def test_best_is_attained(costs, attained, side):
    found = best_pure(as_problem([[0, "2/3"], ["2/3", 1]], costs))
    assert found.peak.approached_from is side


def test_zero_costs_are_attained_by_best_and_only_approached_by_worst():
    problem = as_problem([[0, "2/3"], ["2/3", 1]], [0, 0])
    best, worst = best_pure(problem).peak, worst_pure(problem).peak
    assert (best.alpha, best.value, best.approached_from) == (0, 1, None)
    assert (worst.alpha, worst.value, worst.approached_from) == (0, 1, "above")
