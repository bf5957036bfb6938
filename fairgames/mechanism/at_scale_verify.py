"""At which alphas very many users stay where they are, and what the most tempted one gains by moving."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.at_scale_climb import net_gains, stakes
from fairgames.mechanism.at_scale_game import ScaleGame, State
from fairgames.mechanism.at_scale_shares import MovedGains
from fairgames.tolerance import CROWD_GAIN, ERRORS_ALLOWED, RELATIVE


@dataclass(frozen=True)
class Regret:
    """What the most tempted user gains by moving.

    Attributes
    ----------
    gain : float
        At least 0, in units of utility.
    error : float
        Its standard error.
    verified : bool
        Whether no user's gain exceeds `CROWD_GAIN` of its payment or cost plus three standard errors.
    """

    gain: float
    error: float
    verified: bool


def stable_range(game: ScaleGame, table: NDArray[np.float64], state: State) -> tuple[float, float]:
    """Least and largest alpha in [0, 1] at which nobody gains by moving; empty when the first is larger.

    Moving brings ``alpha·dP − dc``, which is linear in alpha; ``table`` holds ``dP`` by type and levels.
    """
    with np.errstate(invalid="ignore"):
        rises = game.costs[:, None, :] - game.costs[:, :, None]
    brings = table[game.kinds]
    possible = np.isfinite(brings) & np.isfinite(rises) & (state > 0)[:, :, None]
    least = RELATIVE * stakes(game, table, 1.0)
    free = possible & (np.abs(brings) <= least)
    if (rises[free] < -np.broadcast_to(least, rises.shape)[free]).any():
        return 1.0, 0.0
    losing, gaining = possible & (brings < -least), possible & (brings > least)
    lo = max(0.0, float((rises[losing] / brings[losing]).max(initial=0.0)))
    hi = min(1.0, float((rises[gaining] / brings[gaining]).min(initial=1.0)))
    return lo, hi


def binding_move(game: ScaleGame, table: NDArray[np.float64], state: State) -> tuple[int, int] | None:
    """Group and level of the user who sets the least alpha at which nobody gains; None when that is 0."""
    with np.errstate(invalid="ignore"):
        rises = game.costs[:, None, :] - game.costs[:, :, None]
        losing = np.isfinite(rises) & (state > 0)[:, :, None] & (table[game.kinds] < 0) & (rises < 0)
    least = np.divide(rises, table[game.kinds], out=np.zeros(rises.shape), where=losing)
    group, level, _ = np.unravel_index(int(least.argmax()), least.shape)
    return (int(group), int(level)) if losing.any() else None


def regret_of(game: ScaleGame, gains: MovedGains, state: State, alpha: float) -> Regret:
    """Recompute, from the payments, what each user could gain by each move."""
    return regret_from(game, *gains.table(game.counts(state)), state, alpha)


def regret_from(
    game: ScaleGame, table: NDArray[np.float64], errors: NDArray[np.float64], state: State, alpha: float
) -> Regret:
    """What each user could gain by each move, from what moving adds to payments, with the errors of that."""
    net = np.where((state > 0)[:, :, None], net_gains(game, table, alpha), np.nan)
    if np.isnan(net).all():
        return Regret(0.0, 0.0, True)
    error = alpha * errors[game.kinds]
    over = net - ERRORS_ALLOWED * error - CROWD_GAIN * stakes(game, table, alpha)
    worst = np.unravel_index(int(np.nanargmax(net)), net.shape)
    return Regret(max(0.0, float(net[worst])), float(error[worst]), bool(np.nanmax(over) <= 0))
