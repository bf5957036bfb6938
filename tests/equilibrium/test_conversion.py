"""Equilibria go back to nashpy and pygambit, and return unchanged."""

from __future__ import annotations

import nashpy
import numpy as np
import pytest

from fairgames import FairGame, InputError, equilibria
from fairgames.game import gambit

A, B = [[0, 6], [2, 5], [3, 3]], [[1, 0], [0, 2], [4, 3]]


def test_nashpy_understands_the_pairs():
    result = equilibria([A, B])
    game = nashpy.Game(np.array(A), np.array(B))
    pairs = result.to_nashpy()
    assert len(pairs) == len(result)
    for (x, y), entry in zip(pairs, result, strict=True):
        np.testing.assert_allclose(game[x, y], np.array(entry.payoffs, dtype=float))


def test_nashpys_own_equilibria_come_back_the_same():
    result = equilibria([A, B], method="nashpy-support")
    for (x, y), (u, v) in zip(
        result.to_nashpy(),
        sorted(nashpy.Game(A, B).support_enumeration(), key=lambda p: [-q for s in p for q in s]),
        strict=True,
    ):
        np.testing.assert_allclose(x, u)
        np.testing.assert_allclose(y, v)


@pytest.mark.parametrize("exact", [True, False])
def test_gambit_profiles_survive_the_round_trip(exact):
    payoffs = [A, B] if exact else [np.array(A, dtype=float), np.array(B, dtype=float)]
    result = equilibria(payoffs)
    game = gambit.to_gambit([np.array(M, dtype=float) for M in (A, B)])
    for profiles in (result.to_gambit(), result.to_gambit(game)):
        for profile, entry in zip(profiles, result, strict=True):
            assert [s.tolist() for s in gambit.from_mixed_profile(profile)] == [s.tolist() for s in entry.strategies]
            assert float(profile.max_regret()) <= 1e-12


def test_labels_of_a_fair_game_reach_gambit():
    game = FairGame([[0, "2/3"], ["2/3", 1]], costs=[0, "3/10"], alpha="3/5")
    profile = equilibria(game).to_gambit(game.to_gambit())[0]
    assert set(dict(profile["1"])) == {"level 0", "level 1"}
    assert list(equilibria(game).to_gambit()[0].game.players) == ["1", "2"]


def test_three_users_are_not_for_nashpy():
    with pytest.raises(InputError, match="to_gambit"):
        equilibria([np.arange(8).reshape(2, 2, 2)] * 3).to_nashpy()


def test_another_game_is_refused():
    with pytest.raises(InputError, match="actions"):
        equilibria([A, B]).to_gambit(gambit.to_gambit([np.eye(2), np.eye(2)]))
