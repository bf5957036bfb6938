"""Games and profiles cross to Gambit and back unchanged."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from fairgames import InputError
from fairgames.exactness import as_array
from fairgames.game import gambit


@pytest.fixture
def battle():
    A = as_array([[3, "1/3"], [0, 2]], "A")
    return A, A.T[::-1, ::-1]


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 3), (1, 2, 1, 2)])
def test_payoffs_survive_the_round_trip(shape):
    rng = np.random.default_rng(3)
    payoffs = [rng.normal(size=shape) for _ in shape]
    back = gambit.from_gambit(gambit.to_gambit(payoffs))
    for sent, received in zip(payoffs, back, strict=True):
        assert all(Fraction(a) == b for a, b in zip(sent.ravel().tolist(), received.ravel(), strict=True))


def test_labels_and_title_survive_the_file(battle):
    names, actions = ("Alice Ågren", "Bob"), (("absent", "direct"), ("x", "y"))
    text = gambit.to_nfg(battle, "a title", names, actions)
    game = gambit.from_nfg(text)
    assert game.title == "a title"
    assert gambit.labels(game) == (names, actions)
    for sent, received in zip(battle, gambit.from_gambit(game), strict=True):
        assert (sent == received).all()


def test_profiles_survive_the_round_trip(battle):
    game = gambit.to_gambit(battle)
    exact = (as_array(["1/3", "2/3"], "x"), as_array([1, 0], "y"))
    floats = (np.array([0.25, 0.75]), np.array([0.0, 1.0]))
    for strategies in (exact, floats):
        back = gambit.from_mixed_profile(gambit.to_mixed_profile(game, strategies))
        for sent, received in zip(strategies, back, strict=True):
            assert sent.dtype == received.dtype
            assert sent.tolist() == received.tolist()


@pytest.mark.parametrize(
    "solve", [gambit.enummixed, partial(gambit.enummixed, rational=False), gambit.enumpoly, gambit.logit]
)
def test_solvers_report_the_equilibrium_of_matching_pennies(solve):
    A = as_array([[1, -1], [-1, 1]], "A")
    found = []
    solve((A, -A), found.append)
    assert len(found) == 1
    np.testing.assert_allclose(np.array(found[0], dtype=float), np.full((2, 2), 0.5), atol=1e-6)


def test_enummixed_is_exact_and_enumpure_finds_what_is_pure(battle):
    mixed, pure = [], []
    gambit.enummixed(battle, mixed.append)
    gambit.enumpure(battle, pure.append)
    assert all(isinstance(value, Fraction) for profile in mixed for strategy in profile for value in strategy)
    assert {str(profile) for profile in pure} == {
        str(profile) for profile in mixed if all(max(strategy) == 1 for strategy in profile)
    }


@pytest.mark.parametrize("solve", [gambit.enummixed, gambit.enumpoly, gambit.logit])
@pytest.mark.parametrize("scale", [Fraction(1, 10**300), 2**31, 10**20])
def test_scales_and_baselines_lose_no_equilibrium(battle, solve, scale):
    # Gambit 17 loses every equilibrium of this game once a payoff reaches 2^31.
    usual, far = [], []
    solve(battle, usual.append)
    solve([payoff * scale - 7 * scale for payoff in battle], far.append)
    assert [str(profile) for profile in far] == [str(profile) for profile in usual]
    assert usual


def test_logit_says_when_it_found_nothing(battle, monkeypatch):
    import pygambit

    class Lost:
        success = False

    monkeypatch.setattr(pygambit.nash, "logit_solve", lambda _: Lost)
    found = []
    assert not gambit.logit(battle, found.append)
    assert not found


def test_enumpoly_counts_the_supports_it_could_not_solve():
    zero = as_array([[0, 0], [0, 0]], "A")
    assert gambit.enumpoly((zero, zero), [].append).singular > 0


def test_a_gambit_game_is_recognised(battle):
    assert gambit.is_gambit_game(gambit.to_gambit(battle))
    assert not gambit.is_gambit_game(battle)


def test_text_that_is_no_game_is_refused():
    with pytest.raises(InputError, match="line 1"):
        gambit.from_nfg("not a game")
