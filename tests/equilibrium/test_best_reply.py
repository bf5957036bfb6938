"""Best replies settle in potential games, and are caught running in circles in others."""

from __future__ import annotations

import numpy as np
import pytest

from fairgames import equilibria


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


@pytest.mark.parametrize(("values", "settled"), [([0.3, 0.1 + 0.2, 0.0], 0), ([0.0, 1e-12, -1e9], 1)])
def test_gains_within_the_rounding_of_what_is_compared_move_nobody(values, settled):
    payoff = np.broadcast_to(values, (3, 3))
    (found,) = equilibria([payoff.T, payoff], method="best-reply")
    assert found.profile == (settled, settled)
