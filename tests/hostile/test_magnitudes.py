"""Huge or tiny numbers somewhere in a game change nothing about what is an equilibrium elsewhere in it.

The oracle is brute force in rationals, on the same floats taken as the binary fractions that they are.
"""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairgames as fg
from fairgames import verify
from fairgames.equilibrium.result import content_digest
from fairgames.exactness import to_fractions
from tests.oracles import shapley

EXPONENTS = st.sampled_from([-12, -9, -3, 0, 3, 6, 9, 12, 15])


def brute_pure(payoffs):
    """Pure equilibria of a game in rationals, from the definition."""
    exact, shape = [to_fractions(payoff) for payoff in payoffs], payoffs[0].shape
    return {
        profile
        for profile in itertools.product(*map(range, shape))
        if all(
            exact[i][profile] >= exact[i][(*profile[:i], a, *profile[i + 1 :])]
            for i, size in enumerate(shape)
            for a in range(size)
        )
    }


def brute_intervals(U, costs):
    """Closed range of alpha in [0, 1] of each pure equilibrium, from Shapley payments in rationals."""
    worth = fg.TableUtility(to_fractions(np.asarray(U, dtype=float)))
    prices = [[Fraction(cost) for cost in own] for own in costs]
    pay = {profile: shapley(worth, profile) for profile in np.ndindex(worth.shape)}
    found = {}
    for profile, own in pay.items():
        lo, hi = Fraction(0), Fraction(1)
        for i, level in enumerate(profile):
            for other in range(worth.shape[i]):
                gain = own[i] - pay[(*profile[:i], other, *profile[i + 1 :])][i]
                need = prices[i][level] - prices[i][other]
                if gain > 0:
                    lo = max(lo, need / gain)
                elif gain < 0:
                    hi = min(hi, need / gain)
                elif need > 0:
                    hi = Fraction(-1)
        if lo <= hi:
            found[profile] = (lo, hi)
    return found


def eighths(shape):
    return st.lists(st.integers(-8, 8), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))).map(
        lambda values: np.array(values, dtype=float).reshape(shape) / 8
    )


@st.composite
def games(draw, shapes=((2, 2), (3, 2), (3, 3), (2, 2, 2), (2, 3, 2))):
    """A game with ties, and the same with a dominated action: far worse for its player, anything for the others."""
    shape = draw(st.sampled_from(shapes))
    payoffs = [draw(eighths(shape)) for _ in shape]
    player, size = draw(st.integers(0, len(shape) - 1)), 10.0 ** draw(EXPONENTS)
    larger = []
    for user, payoff in enumerate(payoffs):
        row = payoff.take([0], axis=player)
        worse = payoff.min(axis=player, keepdims=True) - size if user == player else size * row
        larger.append(np.concatenate([payoff, worse], axis=player))
    return payoffs, larger, player


def strategies_of(found, drop=None):
    plain = []
    for entry in found:
        own = [np.asarray(x, dtype=float) for x in entry.strategies]
        if drop is not None:
            assert own[drop][-1] == 0
            own[drop] = own[drop][:-1]
        plain.append(np.concatenate(own))
    return plain


def assert_same(left, right):
    assert len(left) == len(right)
    for one in left:
        assert min(np.abs(one - other).max() for other in right) <= 1e-9


def check_a_dominated_action_changes_nothing(pair):
    payoffs, larger, player = pair
    method = "vertices" if len(payoffs) == 2 else "auto"
    before, after = fg.equilibria(payoffs, method=method), fg.equilibria(larger, method=method)
    if len(payoffs) == 2:
        assert (before.complete, before.searched) == (after.complete, after.searched)
    gave_up = [any("gave up" in text for text in found.warnings) for found in (before, after)]
    # Of more than two users supports may be left open, which is said; and any point of a continuum may be its witness.
    told = before.complete and after.complete and not before.continua
    if not any(gave_up) and (told or len(payoffs) == 2):
        assert_same(strategies_of(before), strategies_of(after, player))
    for found, game in ((before, payoffs), (after, larger)):
        pure = {entry.profile for entry in found if entry.is_pure}
        assert pure == brute_pure(game)
        assert pure == {entry.profile for entry in fg.equilibria(game, method="pure")}
        assert verify(json.loads(json.dumps(found.to_dict()))).failures == ()


@settings(max_examples=30, deadline=None)
@given(games())
def test_a_dominated_action_changes_no_equilibrium(pair):
    check_a_dominated_action_changes_nothing(pair)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(games())
def test_a_dominated_action_changes_no_equilibrium_thoroughly(pair):
    check_a_dominated_action_changes_nothing(pair)


@st.composite
def problems(draw, shapes=((2, 2), (3, 2), (2, 2, 2), (3, 2, 2))):
    """A utility with ties and costs, each user's at a scale of its own."""
    shape = draw(st.sampled_from(shapes))
    U = draw(eighths(shape)) * draw(st.sampled_from([1, -1]))
    U[(0,) * len(shape)] = 0
    costs = []
    for size in shape:
        steps = draw(st.lists(st.integers(0, 8), min_size=size - 1, max_size=size - 1))
        costs.append([0.0, *(step / 16 * 10.0 ** draw(EXPONENTS) for step in steps)])
    return U, costs


def padded(costs, size):
    return [[*own, *[float("inf")] * (size - len(own))] for own in costs]


def check_stable_profiles(problem):
    U, costs = problem
    expected = brute_intervals(U, costs)
    size = max(U.shape)
    U = np.pad(U, [(0, size - n) for n in U.shape])
    found = {s.profile: (s.alpha_from, s.alpha_to) for s in fg.stable_profiles(U, padded(costs, size))}
    assert set(found) == set(expected)
    for profile, (lo, hi) in expected.items():
        assert found[profile] == pytest.approx((float(lo), float(hi)), rel=1e-9, abs=0)


@settings(max_examples=30, deadline=None)
@given(problems())
def test_stable_profiles_are_those_of_the_same_numbers_in_rationals(problem):
    check_stable_profiles(problem)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(problems())
def test_stable_profiles_are_those_of_the_same_numbers_in_rationals_thoroughly(problem):
    check_stable_profiles(problem)


def check_the_optimum(problem, selection):
    U, costs = problem
    size = max(U.shape)
    U = np.pad(U, [(0, size - n) for n in U.shape])
    rows = padded(costs, size)
    exact = [[str(Fraction(cost)) if cost < float("inf") else cost for cost in own] for own in rows]
    floats = fg.optimal_alpha(U, rows, selection)
    rational = fg.optimal_alpha(to_fractions(U), exact, selection)
    # Curves on which three users mix are followed in floats: their floor is met within rounding of the utility.
    rounding = 1e-9 * float(np.abs(U).max()) if selection == "worst" and U.ndim == 3 else 1e-12
    assert floats.value == pytest.approx(float(rational.value), rel=1e-9, abs=rounding)
    if floats.alpha == pytest.approx(float(rational.alpha), rel=1e-9, abs=0):
        assert floats.attained == rational.attained
    if selection == "best" and rational.profile is not None:
        # The reported profile is an equilibrium at the reported alpha, in rationals, up to rounding of alpha.
        lo, hi = brute_intervals(U[tuple(slice(len(own)) for own in costs)], costs)[floats.profile]
        assert float(lo) * (1 - 1e-9) <= floats.alpha <= float(hi) * (1 + 1e-9)


@settings(max_examples=20, deadline=None)
@given(problems(), st.sampled_from(["best", "worst", "potential"]))
def test_the_optimum_is_that_of_the_same_numbers_in_rationals(problem, selection):
    check_the_optimum(problem, selection)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(problems(), st.sampled_from(["best", "worst", "potential"]))
def test_the_optimum_is_that_of_the_same_numbers_in_rationals_thoroughly(problem, selection):
    check_the_optimum(problem, selection)


@st.composite
def crowds(draw):
    """Interchangeable users of two or three levels, each with costs at a scale of its own."""
    n_users, n_levels = draw(st.sampled_from([(4, 2), (6, 2), (3, 3)]))
    gains = np.cumsum(draw(eighths((n_users, n_levels))), axis=1)
    U = np.zeros((n_levels,) * n_users)
    for profile in np.ndindex(U.shape):
        U[profile] = sum(
            own[level - 1] for own, level in zip(gains, sorted(profile, reverse=True), strict=True) if level
        )
    steps = draw(st.lists(st.integers(0, 8), min_size=n_users, max_size=n_users))
    return U, [[0.0, *(step * k / 16 * 10.0 ** draw(EXPONENTS) for k in range(1, n_levels))] for step in steps]


def check_both_engines(problem, selection):
    U, costs = problem
    exact = [[str(Fraction(cost)) for cost in own] for own in costs]
    rational = fg.optimal_alpha(to_fractions(U), exact, selection, engine="dense")
    for engine in ("dense", "types"):
        found = fg.optimal_alpha(U, costs, selection, engine=engine)
        assert found.value == pytest.approx(float(rational.value), rel=1e-9, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(crowds(), st.sampled_from(["best", "worst", "potential"]))
def test_counting_interchangeable_users_gives_the_optimum_in_rationals(problem, selection):
    check_both_engines(problem, selection)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(crowds(), st.sampled_from(["best", "worst", "potential"]))
def test_counting_interchangeable_users_gives_the_optimum_in_rationals_thoroughly(problem, selection):
    check_both_engines(problem, selection)


def federated():
    return fg.FederatedMeanUtility(samples=[10, 20, 30], between_variance=4.0, within_variance=48.0)


def test_a_cost_of_a_thousand_million_hides_no_deviation():
    costs = [0, 0.1, 1e9]
    game = fg.FairGame(federated(), costs, alpha=0.05)
    small = fg.FairGame(federated(), costs, alpha=0.05, actions=(0, 1))
    found = {entry.profile for entry in fg.equilibria(game, method="pure")}
    assert found == {entry.profile for entry in fg.equilibria(small, method="pure")} == brute_pure(small.payoffs)
    assert found == {s.profile for s in fg.stable_profiles(federated(), costs) if s.alpha_from <= 0.05 <= s.alpha_to}
    assert game.best_responses((0, 0, 0)) == small.best_responses((0, 0, 0))


@pytest.mark.parametrize("size", [1e3, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("both", [False, True])
def test_verify_refuses_a_dominated_profile_beside_a_huge_row(size, both):
    A = np.array([[3.0, 0.0], [5.0, 1.0], [-size, -size]])
    B = np.array([[3.0, 5.0], [0.0, 1.0], [-size, -size] if both else [0.0, 0.0]])
    saved = fg.equilibria([A, B]).to_dict()
    assert [entry["profile"] for entry in saved["equilibria"]] == [[1, 1]]
    saved["equilibria"][0] |= {
        "strategies": [[1.0, 0.0, 0.0], [1.0, 0.0]],
        "payoffs": [3.0, 3.0],
        "regret": 2.0,
        "supports": [[0], [0]],
        "profile": [0, 0],
    }
    saved["digest"] = content_digest(saved)
    assert any("somebody gains 2.0" in text for text in verify(saved).failures)


def test_a_constant_added_to_all_payoffs_hides_nothing():
    A, B = np.array([[3.0, 0.0], [5.0, 1.0]]) + 1e12, np.array([[3.0, 5.0], [0.0, 1.0]]) + 1e12
    C = np.zeros((2, 2, 1))
    found = fg.equilibria([A[:, :, None], B[:, :, None], C])
    assert [entry.profile for entry in found] == [(1, 1, 0)]


def test_rounding_at_the_border_of_an_interval_loses_no_equilibrium():
    rng = np.random.default_rng(0)
    for _ in range(40):
        utility = fg.FederatedMeanUtility(
            samples=rng.integers(1, 100, 3).tolist(), between_variance=rng.random(), within_variance=10 * rng.random()
        )
        costs = [[0, *np.sort(rng.random(2))] for _ in range(3)]
        for stable in fg.stable_profiles(utility, costs):
            for alpha in (stable.alpha_from, stable.alpha_to):
                game = fg.FairGame(utility, costs, alpha=alpha)
                assert stable.profile in {entry.profile for entry in fg.equilibria(game, method="pure")}
