"""Bounds on ``max U − Σ c`` among very many different users, proved by relaxations that fall apart into users."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.at_scale_game import ScaleGame, State
from fairgames.tolerance import BOUND_GAP

Boxes = NDArray[np.float64]
"""One box a row: what is known of a state, from where to where."""

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


class Relaxation(ABC):
    """A family of boxes that together cover all states, each with a bound that is a sum over users.

    For any price ``λ ≥ 0`` the value of `relaxed` is at least ``U − Σ c`` at every state inside the box: a constraint
    or a concave function has been replaced by a linear one. It is convex in ``λ``, and its least value is taken.
    """

    @abstractmethod
    def boxes(self) -> Boxes:
        """Boxes that cover all states in which somebody is present, shape (M, D)."""

    @abstractmethod
    def halves(self, boxes: Boxes) -> Boxes:
        """Cover each box by two smaller ones, shape (M, D) to (2 M, D)."""

    @abstractmethod
    def relaxed(self, boxes: Boxes, prices: NDArray[np.float64]) -> Choices:
        """Bound of each box at its price."""


def relaxed_bound(game: ScaleGame, relaxation: Relaxation) -> tuple[float, State, bool]:
    """Split the boxes of the largest bounds until none is much above a value that is reached.

    Parameters
    ----------
    game : ScaleGame
        Users who may all stay absent.
    relaxation : Relaxation
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
    boxes = relaxation.boxes()
    nobody = np.zeros(game.costs.shape, dtype=np.int64)
    nobody[:, 0] = game.sizes
    best, best_state = 0.0, nobody
    bounds, done = np.full(len(boxes), np.inf), 0
    fresh = np.ones(len(boxes), dtype=bool)
    while True:
        while fresh.any():
            part = np.flatnonzero(fresh)[:_BATCH]
            bounds[part], states = _least(relaxation, boxes[part])
            fresh[part] = False
            done += len(part)
            reached = _kept(game, states)
            top = int(np.argmax(reached))
            if reached[top] > best:
                best, best_state = float(reached[top]), states[top]
        alive = bounds > best
        boxes, bounds = boxes[alive], bounds[alive]
        bound = max(best, float(bounds.max(initial=best)))
        if bound <= best + BOUND_GAP * abs(bound) or done >= _MOST_BOXES:
            return bound, best_state, bound <= best + BOUND_GAP * abs(bound)
        order = np.argsort(-bounds, kind="stable")
        chosen, rest = order[: _BATCH // 2], order[_BATCH // 2 :]
        pieces = relaxation.halves(boxes[chosen])
        boxes = np.concatenate([boxes[rest], pieces])
        inherited = np.tile(bounds[chosen], 2)
        bounds, fresh = np.concatenate([bounds[rest], inherited]), np.zeros(len(boxes), dtype=bool)
        fresh[len(rest) :] = True


def _least(relaxation: Relaxation, boxes: Boxes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Least bound over prices, where the slope changes sign; every price gives a bound."""
    low, high = np.zeros(len(boxes)), np.ones(len(boxes))
    choices = relaxation.relaxed(boxes, low)
    least, states = choices.values.copy(), choices.states
    falling = choices.slopes < 0
    for _ in range(_DOUBLINGS):
        if not falling.any():
            break
        choices = relaxation.relaxed(boxes, high)
        least, states = _lower(least, states, choices)
        falling &= choices.slopes < 0
        low, high = np.where(falling, high, low), np.where(falling, 2 * high, high)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        choices = relaxation.relaxed(boxes, middle)
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
