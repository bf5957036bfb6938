"""Best replies of very many users: whole crowds move at once, as far as the last of them gains."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.at_scale_game import ScaleGame, State
from fairgames.mechanism.at_scale_shares import MovedGains
from fairgames.tolerance import CROWD_GAIN

_MOST_MOVES = 200
_MOST_HALVINGS = 60


def climb(game: ScaleGame, gains: MovedGains, alpha: float, state: State) -> tuple[State, bool]:
    """Let crowds move to better levels until nobody gains.

    The moves that bring most in total go first; of a crowd, those go first who lose least by it, and as many as
    still gain after the others have gone. Each move raises the users' potential ``alpha·P − Σ c``.

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

    Returns
    -------
    state : ndarray of int
        Where it ends.
    settled : bool
        Whether nobody gains more than `CROWD_GAIN` of its payment or cost there.

    References
    ----------
    Monderer and Shapley (1996), Potential games, Games and Economic Behavior 14.
    """
    for _ in range(_MOST_MOVES):
        table, _ = gains.table(game.counts(state))
        excess = _excess(game, table, alpha)
        total = np.zeros(table.shape)
        np.add.at(total, game.kinds, np.where(excess > 0, excess, 0.0) * state[:, :, None])
        if not total.any():
            return state, True
        kind, source, target = np.unravel_index(int(np.argmax(total)), total.shape)
        moved = _move(game, gains, alpha, state, (int(kind), int(source), int(target)))
        if moved is None:
            return state, False
        state = moved
    return state, False


def net_gains(game: ScaleGame, table: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """What a user of each group gains by each move, shape ``(G, L, L)``; NaN where nobody can make it."""
    with np.errstate(invalid="ignore"):
        rises = game.costs[:, None, :] - game.costs[:, :, None]
    result: NDArray[np.float64] = alpha * table[game.kinds] - np.where(np.isfinite(rises), rises, np.nan)
    return result


def stakes(game: ScaleGame, table: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Size of what each group's payments and costs are, shape ``(G, 1, 1)``: gains are small relative to it."""
    paid = alpha * np.nanmax(np.abs(np.where(np.isnan(table), 0.0, table)), axis=(1, 2))
    borne = np.where(np.isfinite(game.costs), game.costs, 0.0).max(axis=1)
    result: NDArray[np.float64] = np.maximum(paid[game.kinds], borne)[:, None, None]
    return result


def _excess(game: ScaleGame, table: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    gains = net_gains(game, table, alpha) - CROWD_GAIN * stakes(game, table, alpha)
    return np.where(np.isnan(gains), 0.0, gains)


def _move(game: ScaleGame, gains: MovedGains, alpha: float, state: State, move: tuple[int, int, int]) -> State | None:
    """Move as many users of one type from one level to another as gain by it; None when not even one does."""
    kind, source, target = move
    rises = game.costs[:, target] - np.where(np.isfinite(game.costs[:, source]), game.costs[:, source], 0.0)
    movers = np.flatnonzero((game.kinds == kind) & (state[:, source] > 0) & np.isfinite(rises))
    movers = movers[np.argsort(rises[movers], kind="stable")]
    ends = np.cumsum(state[movers, source])
    counts = game.counts(state)

    def gain(number: int, rise: float) -> float:
        """What the last of ``number`` movers gains, others before it having moved."""
        before = counts.copy()
        before[kind, source] -= number - 1
        before[kind, target] += number - 1
        return alpha * gains.gain(before, kind, source, target)[0] - rise

    number = _most_willing(gain, ends.tolist(), rises[movers].tolist())
    if number == 0:
        return None
    taken = np.clip(number - (ends - state[movers, source]), 0, state[movers, source])
    moved = state.copy()
    moved[movers, source] -= taken
    moved[movers, target] += taken
    return moved


def _most_willing(gain: Callable[[int, float], float], ends: list[int], rises: list[float]) -> int:
    """Largest number of movers of whom the last still gains, if gains fall as more move; a local one otherwise."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if gain(ends[middle], rises[middle]) >= 0:
            low = middle + 1
        else:
            high = middle
    done = ends[low - 1] if low else 0
    if low == len(ends):
        return done
    first = gain(done + 1, rises[low])
    if first < 0:
        return done
    return _crossing(lambda number: gain(number, rises[low]), (done + 1, first), ends[low])


def _crossing(gain: Callable[[int], float], known: tuple[int, float], stop: int) -> int:
    """Last number before the gain turns negative, by the Illinois variant of false position."""
    (low, at_low), high, at_high = known, stop, gain(stop)
    enough = CROWD_GAIN / 4 * (abs(at_low) + abs(at_high))
    side = 0
    for step in range(_MOST_HALVINGS):
        if high - low <= 1 or at_low <= enough:
            break
        share = at_low / (at_low - at_high) if step % 3 < 2 else 0.5
        middle = min(max(low + round(share * (high - low)), low + 1), high - 1)
        value = gain(middle)
        if value >= 0:
            low, at_low, at_high = middle, value, at_high / 2 if side > 0 else at_high
            side = 1
        else:
            high, at_high, at_low = middle, value, at_low / 2 if side < 0 else at_low
            side = -1
    return low
