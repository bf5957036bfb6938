"""Best replies of users who may all be different: many move at once, fewer when that goes too far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.at_scale_climb import net_gains, stakes
from fairgames.mechanism.at_scale_game import ScaleGame, State
from fairgames.mechanism.at_scale_shares import MovedGains

_MOVES_A_USER = 4


def reply(game: ScaleGame, gains: MovedGains, alpha: float, state: State, least: float) -> tuple[State, bool]:
    """Let users move to better levels until nobody gains.

    Half of those who gain move together, the most tempted first. If one of them then wants to go back, they went too
    far: they return, and half as many go. A single user that moves raises the users' potential, so this ends.

    Parameters
    ----------
    game : ScaleGame
        The users.
    gains : MovedGains
        What moving brings, at alpha = 1.
    alpha : float
        Fraction paid out.
    state : ndarray of int, shape (G, L)
        Where to start.
    least : float
        Gains below this part of a user's payment or cost move nobody.

    Returns
    -------
    state : ndarray of int
        Where it ends.
    settled : bool
        Whether nobody gains more than that there.

    References
    ----------
    Monderer and Shapley (1996), Potential games, Games and Economic Behavior 14.
    """
    excess = _excess(game, gains, alpha, state, least)
    together, passed = game.n_users, {state.tobytes()}
    for _ in range(_MOVES_A_USER * game.n_users + 60):
        willing = np.where((state > 0)[:, :, None], excess, -np.inf)
        flat = np.sort(willing.max(axis=2).ravel())[::-1]
        n_willing = int((flat > 0).sum())
        if not n_willing:
            return state, True
        together = max(1, min(together, (n_willing + 1) // 2))
        moved, made = _moved(state, willing, together)
        excess_after = _excess(game, gains, alpha, moved, least)
        back = excess_after[made[:, 0], made[:, 2], made[:, 1]]
        if together > 1 and (back > 0).any():
            together //= 2
            continue
        if moved.tobytes() in passed:
            # Estimated payments have no potential: best replies may go round in a circle.
            return state, False
        passed.add(moved.tobytes())
        state, excess = moved, excess_after
        together *= 2
    return state, False


def _excess(game: ScaleGame, gains: MovedGains, alpha: float, state: State, least: float) -> NDArray[np.float64]:
    """What users gain by moving beyond what they ignore, shape (G, L, L); −inf where they cannot."""
    table, _ = gains.table(game.counts(state))
    excess: NDArray[np.float64] = net_gains(game, table, alpha) - least * stakes(game, table, alpha)
    return np.where(np.isnan(excess), -np.inf, excess)


def _moved(state: State, willing: NDArray[np.float64], number: int) -> tuple[State, NDArray[np.intp]]:
    """Move the most tempted users, one of each group and level, each to the level it likes best."""
    best = willing.max(axis=2)
    order = np.argsort(-best, axis=None, kind="stable")[:number]
    groups, sources = np.unravel_index(order, best.shape)
    targets = willing[groups, sources].argmax(axis=1)
    moved = state.copy()
    np.subtract.at(moved, (groups, sources), 1)
    np.add.at(moved, (groups, targets), 1)
    return moved, np.column_stack([groups, sources, targets])
