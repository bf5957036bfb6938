"""The optimum over all equilibria of three users, against all equilibria at many alphas."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fairgames import FairGame, FederatedMeanUtility, equilibria, optimal_alpha, stable_profiles
from fairgames.mechanism import three_users
from fairgames.mechanism.problem import as_problem
from fairgames.mechanism.three_users import Curve

ALL = "all equilibria of the three-player game, mixed ones included"


def kept_at(U, costs, alpha):
    """What the platform keeps at each equilibrium of the game at one alpha."""
    found = equilibria(FairGame(U, costs, alpha=alpha))
    assert found.complete
    strategies = [[np.asarray(own, dtype=float) for own in entry.strategies] for entry in found]
    return [(1 - float(alpha)) * np.einsum("abc,a,b,c", np.array(U, dtype=float), *own) for own in strategies]


def random_game(rng, number, levels=2):
    U = rng.uniform(size=(levels,) * 3)
    U[0, 0, 0] = 0
    if number % 2:
        for axis in range(3):
            U = np.maximum.accumulate(U, axis)
    dearer = np.sort(rng.uniform(0, 0.4, (3, levels - 1)), axis=1)
    return U, np.column_stack([np.zeros(3), dearer])


def check_against_a_sweep(U, costs, alphas):
    """Landscapes are the highest and the lowest values at all of these alphas, and their peaks are reached."""
    best, worst = (optimal_alpha(U, costs, selection) for selection in ("best", "worst"))
    assert best.searched == worst.searched == ALL
    for alpha in alphas:
        kept = kept_at(U, costs, alpha)
        assert best.landscape.value(alpha) == pytest.approx(max(kept), abs=1e-7)
        assert worst.landscape.value(alpha) == pytest.approx(min(kept), abs=1e-7)
        assert best.value >= max(kept) - 1e-9
        assert worst.value >= min(kept) - 1e-9
    assert max(kept_at(U, costs, best.alpha)) == pytest.approx(best.value, abs=1e-7)
    side = {"above": 1e-8, "below": -1e-8, None: 0}[worst.approached_from]
    assert min(kept_at(U, costs, min(max(worst.alpha + side, 0), 1))) == pytest.approx(worst.value, abs=1e-5)
    return best, worst


def test_optimum_and_landscape_agree_with_all_equilibria_at_many_alphas():
    rng = np.random.default_rng(0)
    for number in range(6):
        check_against_a_sweep(*random_game(rng, number), np.linspace(0.01, 0.99, 12).tolist())


@pytest.mark.slow
def test_three_mixing_users_are_met_among_many_games():
    rng, curves = np.random.default_rng(1), 0
    for number in range(40):
        _, worst = check_against_a_sweep(*random_game(rng, number), np.linspace(0.01, 0.99, 8).tolist())
        curves += any(isinstance(piece.family, Curve) for piece in worst.landscape.pieces)
    assert curves > 0


def test_with_three_levels_no_equilibrium_in_which_at_most_two_mix_is_better():
    rng = np.random.default_rng(2)
    for number in range(3):
        U, costs = random_game(rng, number, levels=3)
        best, worst = (optimal_alpha(U, costs, selection) for selection in ("best", "worst"))
        assert "two of three mix" in best.searched
        for alpha in np.linspace(0.05, 0.95, 6).tolist():
            found = equilibria(FairGame(U, costs, alpha=alpha))
            few = [entry for entry in found if sum(len(own) > 1 for own in entry.supports) < 3]
            kept = [
                (1 - alpha) * np.einsum("abc,a,b,c", U, *(np.asarray(own, dtype=float) for own in entry.strategies))
                for entry in few
            ]
            assert best.landscape.value(alpha) == pytest.approx(max(kept), abs=1e-7)
            assert worst.landscape.value(alpha) == pytest.approx(min(kept), abs=1e-7)


@pytest.mark.parametrize("place", range(3))
def test_a_user_who_adds_nothing_changes_nothing(place):
    """Two users alone keep 29/75 at alpha 3/5, at a point of a continuum that exists at this alpha only."""
    pair = np.array([[Fraction(0), Fraction(2, 3)], [Fraction(2, 3), Fraction(1)]], dtype=object)
    U = np.stack([pair, pair], axis=place)
    costs = [[0, "3/10"], [0, "31/100"]]
    costs.insert(place, [0, 0])
    best = optimal_alpha(U, costs)
    assert (best.alpha, best.value, best.exact, best.searched) == (Fraction(3, 5), Fraction(29, 75), True, ALL)
    worst, alone = (optimal_alpha(*game, "worst") for game in ((U, costs), (pair, [[0, "3/10"], [0, "31/100"]])))
    assert (worst.alpha, worst.value) == (alone.alpha, alone.value)


def test_all_equilibria_in_which_three_mix_lie_on_the_curves_and_no_others():
    rng, met = np.random.default_rng(3), 0
    for number in range(40):
        U, costs = random_game(rng, number)
        curves = [piece for piece, _, _ in three_users._pieces(as_problem(U, costs)) if piece.family is not None]
        middles = [(float(piece.alpha_from) + float(piece.alpha_to)) / 2 for piece in curves]
        for alpha in [*middles, *rng.uniform(0.1, 1, 2)]:
            found = equilibria(FairGame(U, costs, alpha=alpha))
            mixed = [np.concatenate(one.strategies) for one in found if all(len(own) == 2 for own in one.supports)]
            here = [np.concatenate(piece.strategies(alpha)) for piece in curves if piece.contains(alpha)]
            assert len(mixed) == len(here)
            assert all(min(np.abs(one - other).max() for other in here) < 1e-7 for one in mixed)
            met += len(mixed)
    assert met > 5


def test_an_optimum_at_which_all_three_mix():
    """Where users spoil each other's data, the lowest equilibrium at every larger alpha is the fully mixed one."""
    U = [[[0, "0.87"], ["0.04", "0.5"]], [["0.07", "0.42"], ["0.88", "-0.04"]]]
    costs = [[0, "0.06"], [0, "0.05"], [0, "0.27"]]
    worst = optimal_alpha(U, costs, "worst")
    assert isinstance(worst.piece.family, Curve)
    assert worst.attained
    assert all(0.2 < own[1] < 0.8 for own in worst.strategies)
    floats = [[[0, 0.87], [0.04, 0.5]], [[0.07, 0.42], [0.88, -0.04]]]
    lowest = [min(kept_at(floats, costs, worst.alpha + shift)) for shift in (-0.01, -1e-4, 0, 1e-4, 0.01)]
    assert max(lowest) == pytest.approx(worst.value, abs=1e-9)
    assert lowest[2] == max(lowest)


def test_a_pure_optimum_that_a_family_of_mixed_ones_touches_stays_pure():
    utility = FederatedMeanUtility([3, 3, 3], 4.0, 1.0)
    optimum = optimal_alpha(utility, [0.0, 0.1, 0.2])
    assert optimum.strategies is None
    assert optimum.profile is not None
    dense = [(1 - one.alpha_from) * one.utility for one in stable_profiles(utility, [0.0, 0.1, 0.2])]
    assert optimum.value == pytest.approx(max(dense))
