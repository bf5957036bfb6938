"""Best replies settle in potential games, and are caught running in circles in others."""

from __future__ import annotations

import numpy as np
import pytest

from fairgames import equilibria
from fairgames.equilibrium.best_replies import best_reply_path


@pytest.mark.parametrize("seed", range(10))
def test_potential_games_settle_in_an_equilibrium(seed):
    rng = np.random.default_rng(seed)
    shape = (2, 3, 2, 2)
    P = rng.integers(0, 5, shape)
    payoffs = [P + rng.integers(0, 5, shape).take([0], axis=user) for user in range(4)]
    result = equilibria(payoffs, method="best-reply")
    assert len(result) == 1
    assert result[0].is_pure
    assert result[0].regret == 0
    assert result.searched == "one equilibrium"


def test_circles_are_announced():
    A = np.array([[1, -1], [-1, 1]])
    result = equilibria([A, -A], method="best-reply")
    assert len(result) == 0
    assert "circles" in result.warnings[0]


def test_gains_within_the_tolerance_move_nobody():
    assert best_reply_path(lambda *_: [0.3, 0.1 + 0.2], (0, 0)) == ((0, 0), True)
    assert best_reply_path(lambda *_: [0.0, 1e-12, -1e9], (0, 0)) == ((1, 1), True)
