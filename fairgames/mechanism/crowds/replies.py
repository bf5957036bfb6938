"""At which alphas very many users stay where they are, and what the most tempted one gains by moving.

Best replies of very many users: whole crowds move at once, as far as the last of them gains.

Best replies of users who may all be different: many move at once, fewer when that goes too far.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.crowds.gains import MovedGains
from fairgames.mechanism.crowds.game import ScaleGame, State, whole_state
from fairgames.tolerance import CROWD_GAIN, ERRORS_ALLOWED, RELATIVE

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
        n_willing = int(state[willing.max(axis=2) > 0].sum())
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
    """Move the most tempted users, each to the level it likes best."""
    best = willing.max(axis=2)
    order = np.argsort(-best, axis=None, kind="stable")
    before = np.cumsum(state.ravel()[order]) - state.ravel()[order]
    order = order[(before < number) & (best.ravel()[order] > 0)]
    groups, sources = np.unravel_index(order, best.shape)
    targets = willing[groups, sources].argmax(axis=1)
    movers = np.minimum(state[groups, sources], number - before[: len(order)])
    moved = state.copy()
    np.subtract.at(moved, (groups, sources), movers)
    np.add.at(moved, (groups, targets), movers)
    return moved, np.column_stack([groups, sources, targets])


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


def least_alphas(game: ScaleGame, table: NDArray[np.float64], state: State) -> NDArray[np.float64]:
    """Least alpha at which a user does not gain by a move to less cost, shape (G, L, L); infinite where it always does.

    It is 0 where there is no such move.
    """
    with np.errstate(invalid="ignore"):
        rises = game.costs[:, None, :] - game.costs[:, :, None]
        paid = table[game.kinds]
        cheaper = np.isfinite(rises) & (state > 0)[:, :, None] & (rises < 0) & np.isfinite(paid)
    least = np.where(cheaper, np.inf, 0.0)
    np.divide(rises, paid, out=least, where=cheaper & (paid < 0))
    return least


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
