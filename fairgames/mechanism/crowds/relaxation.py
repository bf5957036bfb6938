"""Bounds on ``max U − Σ c`` among very many different users, proved by relaxations that fall apart into users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import FairGamesError
from fairgames.mechanism.crowds.game import ScaleGame, State
from fairgames.result import format_value
from fairgames.tolerance import BOUND_GAP, RELATIVE
from fairgames.utility.bounds import Boxes, UtilityBounds

_DOUBLINGS = 60
_BISECTIONS = 40
_BATCH = 32
_MOST_BOXES = 1_500


@dataclass(frozen=True, eq=False)
class Choices:
    """Best choices of users who each bring a gain, and a resource worth ``price`` a unit.

    Attributes
    ----------
    values, slopes : ndarray, shape (M,)
        The relaxed maximum, and its derivative in the price.
    states : ndarray of int, shape (M, G, L)
        Who chooses what.
    """

    values: NDArray[np.float64]
    slopes: NDArray[np.float64]
    states: NDArray[np.int64]


def relaxed(game: ScaleGame, bounds: UtilityBounds, boxes: Boxes, prices: NDArray[np.float64]) -> Choices:
    """Bound ``U − Σ c`` in each box at its price: each user chooses for itself, so many of them level 1.

    It is convex in the price, and its least value is taken. Those to whom level 1 brings most are at it, if it brings
    something or they must.
    """
    brought, resources = (table[:, game.kinds] for table in bounds.brought(boxes))
    gains = brought + prices[:, None, None] * resources - game.costs
    rest = gains.copy()
    rest[:, :, 1] = -np.inf
    other = rest.argmax(axis=2)[:, :, None]
    brings = gains[:, :, 1] - np.take_along_axis(rest, other, axis=2)[:, :, 0]
    states = np.zeros(gains.shape, dtype=np.int64)
    states[:, :, 1] = _at_level_one(brings, game.sizes, *bounds.numbers(boxes))
    left = (game.sizes - states[:, :, 1])[:, :, None]
    np.put_along_axis(states, other, left, axis=2)
    fixed, slopes = bounds.rest(boxes, prices)
    values = (np.where(states > 0, gains, 0.0) * states).sum(axis=(1, 2)) + fixed
    return Choices(values, (resources * states).sum(axis=(1, 2)) + slopes, states)


def _at_level_one(
    brings: NDArray[np.float64], sizes: NDArray[np.int64], least: NDArray[np.float64], most: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Users of each group at level 1, from what that brings each."""
    order = np.argsort(-brings, axis=1, kind="stable")
    sizes = sizes[order]
    before = np.cumsum(sizes, axis=1) - sizes
    sorted_brings = np.take_along_axis(brings, order, axis=1)
    limit = np.where(sorted_brings > 0, most[:, None], least[:, None])
    limit[np.isneginf(sorted_brings)] = 0
    taken = np.clip(limit - before, 0, sizes).astype(np.int64)
    result: NDArray[np.int64] = np.empty_like(taken)
    np.put_along_axis(result, order, taken, axis=1)
    return result


def relaxed_bound(game: ScaleGame, of_utility: UtilityBounds) -> tuple[float, State, bool]:
    """Split the boxes of the largest bounds until none is much above a value that is reached.

    Parameters
    ----------
    game : ScaleGame
        Users who may all stay absent.
    of_utility : UtilityBounds
        Of their utility.

    Returns
    -------
    bound : float
        At least ``U − Σ c`` at every state, however early the search stops.
    state : ndarray of int, shape (G, L)
        The best state met.
    closed : bool
        Whether the two are close.
    """
    boxes = of_utility.boxes(game.counts(np.where(np.isfinite(game.costs), game.sizes[:, None], 0)))
    nobody = np.zeros(game.costs.shape, dtype=np.int64)
    nobody[:, 0] = game.sizes
    best, best_state = 0.0, nobody
    bounds, done, left_out = np.full(len(boxes), np.inf), 0, 0.0
    fresh = np.ones(len(boxes), dtype=bool)
    while True:
        while fresh.any():
            part = np.flatnonzero(fresh)[:_BATCH]
            bounds[part], states = _least(game, of_utility, boxes[part])
            fresh[part] = False
            done += len(part)
            reached = _kept(game, states)
            top = int(np.argmax(reached))
            if reached[top] > best:
                best, best_state = float(reached[top]), states[top]
        alive = bounds > best
        left_out = max(left_out, float(bounds[~alive].max(initial=0.0)))
        boxes, bounds = boxes[alive], bounds[alive]
        bound = proved_bound(max(left_out, float(bounds.max(initial=0.0))), best)
        if bound <= best + BOUND_GAP * abs(bound) or done >= _MOST_BOXES:
            return bound, best_state, bound <= best + BOUND_GAP * abs(bound)
        order = np.argsort(-bounds, kind="stable")
        chosen, rest = order[: _BATCH // 2], order[_BATCH // 2 :]
        pieces = of_utility.halves(boxes[chosen])
        boxes = np.concatenate([boxes[rest], pieces])
        inherited = np.tile(bounds[chosen], 2)
        bounds, fresh = np.concatenate([bounds[rest], inherited]), np.zeros(len(boxes), dtype=bool)
        fresh[len(rest) :] = True


def proved_bound(bound: float, reached: float, unpaid: float = 0.0) -> float:
    """Return the bound; a value that is reached exceeds it by no more than rounding, or what ``unpaid`` explains.

    Raises
    ------
    FairGamesError
        If it does.
    """
    excess = reached - bound
    if excess <= RELATIVE * max(abs(bound), abs(reached)):
        return max(bound, reached)
    if excess > unpaid:
        raise FairGamesError(
            f"upper_bound: {format_value(bound)} lies below {format_value(reached)}, which is reached: this is a "
            "fault of fairgames, not of the input; please report it with the specification"
        )
    return bound


def _least(game: ScaleGame, bounds: UtilityBounds, boxes: Boxes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Least bound over prices, where the slope changes sign; every price gives a bound."""
    low, high = np.zeros(len(boxes)), np.ones(len(boxes))
    choices = relaxed(game, bounds, boxes, low)
    least, states = choices.values.copy(), choices.states
    falling = choices.slopes < 0
    for _ in range(_DOUBLINGS):
        if not falling.any():
            break
        choices = relaxed(game, bounds, boxes, high)
        least, states = _lower(least, states, choices)
        falling &= choices.slopes < 0
        low, high = np.where(falling, high, low), np.where(falling, 2 * high, high)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        choices = relaxed(game, bounds, boxes, middle)
        least, states = _lower(least, states, choices)
        low, high = np.where(choices.slopes < 0, middle, low), np.where(choices.slopes < 0, high, middle)
    return least, states


def _lower(least: NDArray[np.float64], states: NDArray[Any], choices: Choices) -> tuple[NDArray[Any], NDArray[Any]]:
    lower = choices.values < least
    return np.where(lower, choices.values, least), np.where(lower[:, None, None], choices.states, states)


def _kept(game: ScaleGame, states: NDArray[np.int64]) -> NDArray[np.float64]:
    """``U − Σ c`` of states by group."""
    counts = np.zeros((len(states), len(game.utility.type_sizes), game.n_levels), dtype=np.int64)
    for group, kind in enumerate(game.kinds.tolist()):
        counts[:, kind] += states[:, group]
    borne = (states * np.where(np.isfinite(game.costs), game.costs, 0.0)).sum(axis=(1, 2))
    kept: NDArray[np.float64] = game.utility.evaluate_counts(counts) - borne
    return kept
