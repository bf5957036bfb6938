"""Best replies of very many users: whole crowds move at once, as far as the last of them gains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.at_scale_game import ScaleGame, State, whole_state
from fairgames.mechanism.at_scale_shares import MovedGains
from fairgames.tolerance import CROWD_GAIN

_MOST_MOVES = 200
_MOST_HALVINGS = 60
_FURTHER_HALVINGS = 5


def climb(
    game: ScaleGame, gains: MovedGains, alpha: float, state: State, least: float = CROWD_GAIN
) -> tuple[State, bool]:
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
    least : float
        Gains below this part of a user's payment or cost move nobody.

    Returns
    -------
    state : ndarray of int
        Where it ends.
    settled : bool
        Whether nobody gains more than ``least`` of its payment or cost there.

    References
    ----------
    Monderer and Shapley (1996), Potential games, Games and Economic Behavior 14.
    """
    passed = [state]
    for _ in range(_MOST_MOVES):
        table, _ = gains.table(game.counts(state))
        ignored = least * stakes(game, table, alpha)
        excess = net_gains(game, table, alpha) - ignored
        total = np.zeros(table.shape)
        np.add.at(total, game.kinds, np.where(excess > 0, excess, 0.0) * state[:, :, None])
        moved = None
        while moved is None and total.any():
            kind, source, target = map(int, np.unravel_index(int(np.argmax(total)), total.shape))
            total[kind, source, target] = 0
            enough = float(ignored[game.kinds == kind].min()) / 4
            moved = _move(game, gains, alpha, state, (kind, source, target), enough)
        if moved is None:
            return state, True
        passed.append(moved)
        # Crowds that replace one another, each a little at a time, are followed further in one go.
        state = _further(game, gains, alpha, passed[-3:]) if len(passed) % 3 == 0 else moved
    return state, False


def _further(game: ScaleGame, gains: MovedGains, alpha: float, passed: Sequence[State]) -> State:
    """Go on in the direction of the last two moves, as far as the potential rises."""
    state = passed[-1]
    direction = state - passed[0]
    falling = direction < 0
    if not falling.any():
        return state
    farthest = float((state[falling] / -direction[falling]).min())
    borne = float((direction * np.where(direction != 0, game.costs, 0.0)).sum())
    heading = game.counts(direction)

    def at(step: float) -> State:
        return whole_state(state + step * direction, game.sizes)

    def slope(step: float) -> float:
        return alpha * float((gains.shares(game.counts(at(step)), heading != 0) * heading).sum()) - borne

    if farthest <= 0 or slope(0.0) <= 0:
        return state
    low, high = 0.0, farthest
    if slope(high) >= 0:
        return at(high)
    for _ in range(_FURTHER_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) >= 0 else (low, middle)
    return at(low)


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


def _move(
    game: ScaleGame, gains: MovedGains, alpha: float, state: State, move: tuple[int, int, int], enough: float
) -> State | None:
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

    number = _most_willing(gain, ends.tolist(), rises[movers].tolist(), enough)
    if number == 0:
        return None
    taken = np.clip(number - (ends - state[movers, source]), 0, state[movers, source])
    moved = state.copy()
    moved[movers, source] -= taken
    moved[movers, target] += taken
    return moved


def _most_willing(gain: Callable[[int, float], float], ends: list[int], rises: list[float], enough: float) -> int:
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
    return _crossing(lambda number: gain(number, rises[low]), (done + 1, first), ends[low], enough)


def _crossing(gain: Callable[[int], float], known: tuple[int, float], stop: int, enough: float) -> int:
    """Number of movers of whom the last gains at most ``enough``, and not less than nothing.

    The Illinois variant of false position, with a bisection every third step.
    """
    (low, at_low), high = known, stop
    weighed_low, weighed_high, side = at_low, gain(stop), 0
    for step in range(_MOST_HALVINGS):
        if high - low <= 1 or at_low <= enough:
            break
        share = weighed_low / (weighed_low - weighed_high) if step % 3 < 2 else 0.5
        middle = min(max(low + round(share * (high - low)), low + 1), high - 1)
        value = gain(middle)
        if value >= 0:
            low, at_low, weighed_low = middle, value, value
            weighed_high, side = weighed_high / 2 if side > 0 else weighed_high, 1
        else:
            high, weighed_high = middle, value
            weighed_low, side = weighed_low / 2 if side < 0 else weighed_low, -1
    return low
