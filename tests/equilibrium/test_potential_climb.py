"""One equilibrium of games too large for payoff tensors."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fairgames import CountUtility, DPMeanUtility, FairGame, SizeError, TableUtility, equilibria
from fairgames.equilibrium import solve
from fairgames.equilibrium.best_replies import climb_potential


@pytest.mark.parametrize("seed", range(8))
def test_small_games_get_the_certificate_that_their_payoffs_give(seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 20, (2, 3, 3))
    table[0, 0, 0] = 0
    costs = [[0, 2], [0, Fraction(1, 3), np.inf], [0, 1, 3]]
    game = FairGame(TableUtility(table), costs, alpha=Fraction(1, 2))
    result = climb_potential(game)
    assert result.exact
    (found,) = result
    action = tuple(levels.index(level) for levels, level in zip(game.actions, found.profile, strict=True))
    for user, payoff in enumerate(game.payoffs):
        line = payoff[(*action[:user], slice(None), *action[user + 1 :])]
        assert found.payoffs[user] == payoff[action] == max(line)
    assert found.regret == 0
    assert result.method == "best-reply"
    assert result.payoffs is None


def test_a_hundred_users_of_two_types():
    utility = CountUtility([Fraction(k, k + 5) for k in range(101)])
    result = equilibria(FairGame(utility, costs=[0, "1/500"], alpha="9/10"))
    assert result.method == "best-reply"
    assert result.searched == "one equilibrium"
    assert not result.complete
    (found,) = result
    # k users are in: the last one in must be paid its cost and one more must not be.
    k = sum(found.profile)
    potential = np.cumsum([0, *(Fraction(j, j + 5) / j for j in range(1, 101))])
    gains = [Fraction(9, 10) * (potential[j] - potential[j - 1]) for j in range(1, 101)]
    assert gains[k - 1] >= Fraction(1, 500)
    assert k == 100 or gains[k] <= Fraction(1, 500)


def test_the_size_decides_what_auto_does(monkeypatch):
    game = FairGame(DPMeanUtility([0, 2.0], n_users=4), costs=[0, 0.05], alpha=0.5)
    assert equilibria(game).method == "pure+supports"
    assert equilibria(game, method="best-reply").payoffs is not None

    def refuse(*_):
        raise SizeError("too large")

    monkeypatch.setattr(solve, "as_normal_form", refuse)
    large = equilibria(game)
    assert large.method == "best-reply"
    assert large[0].regret <= 1e-12
    with pytest.raises(SizeError):
        equilibria(game, method="pure")
    with pytest.raises(SizeError):
        equilibria(FairGame(DPMeanUtility([0, 2.0], n_users=4), [0, 0.05], payments=lambda *_: [0, 0, 0, 0]))


def test_users_who_are_all_different_need_their_potential_only(monkeypatch):
    utility = DPMeanUtility([[0, eps] for eps in range(1, 9)])
    game = FairGame(utility, costs=[0, 0.02], alpha=0.7)
    expected = {entry.profile for entry in equilibria(game, method="pure")}
    monkeypatch.setattr(solve, "_MOST_PAYOFFS", 1)
    result = equilibria(game, method="best-reply")
    assert result.payoffs is None
    assert result[0].profile in expected
