"""Most that the platform could keep among very many users, proved by splitting what is possible into boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import to_float
from fairgames.mechanism.crowds.game import ScaleGame, State
from fairgames.mechanism.crowds.relaxation import proved_bound, relaxed_bound
from fairgames.tolerance import BOUND_GAP
from fairgames.utility.base import Utility

_MOST_BOXES = 60_000
_BATCH = 512
_FEW_GROUPS = 8


@dataclass(frozen=True, eq=False)
class CostBound:
    """A bound on ``max U − Σ c``, and a state that comes close.

    Attributes
    ----------
    bound : float or None
        None when the utility says nothing that a proof could use.
    largest : float
        The utility is never larger; ``inf`` when nothing is known.
    tight : bool
        Whether it is that maximum itself, up to `BOUND_GAP`.
    how : str
        What the bound is.
    state : ndarray of int, shape (G, L)
        A good state for a platform that pays each user exactly its cost.
    """

    bound: float | None
    largest: float
    tight: bool
    how: str
    state: State


def cost_bound(game: ScaleGame) -> CostBound:
    """Bound what the platform can keep.

    Where everybody may stay absent, each user is paid at least its cost at an equilibrium, so the platform keeps at
    most ``max over states of U − Σ c``. Let ``y`` count, group by group, the users at each level or above.

    - If the utility is `monotone`, it rises with ``y``. In a box ``a ≤ y ≤ b`` the utility is at most that of
      ``b``, and the cost, linear in ``y``, at least the sum over coordinates of its least term. Splitting the box of
      the largest bound until none is much above a value that is reached proves a bound on all states.
    - If only raising everybody present to the top level never lowers the utility (`monotone_at_top`), the utility
      of a state is at most that of the same users at the top; the same search, over the numbers of present users
      alone, at the cost of their cheapest level, bounds it.
    - A utility with `bounds` of its own has a relaxation that falls apart into users; with many different users there
      is no other way.
    - Where somebody may not stay absent the largest utility, or 0, is all that is known.

    Parameters
    ----------
    game : ScaleGame
        The users.

    Returns
    -------
    CostBound
        Valid however early the search stops.
    """
    utility = game.utility
    known = utility.monotone or utility.monotone_at_top
    top = game.counts(game.all_at(np.full(len(game.sizes), game.n_levels - 1)))
    largest = to_float(utility.evaluate_counts(top[None])).item() if known else math.inf
    if not game.absent_allowed:
        how = "the largest utility, or 0: somebody may not stay absent" if known else _UNKNOWN
        return CostBound(max(largest, 0.0) if known else None, largest, False, how, game.highest())
    bounds = utility.bounds()
    if bounds is None:
        return _by_branches(game, largest)
    bound, state, closed = relaxed_bound(game, bounds)
    found = CostBound(bound, largest, closed, f"paying only costs, user by user{'' if closed else ' (loose)'}", state)
    if len(game.sizes) > _FEW_GROUPS:
        return found
    # Few groups are searched both ways: each is the tighter one somewhere.
    other = _by_branches(game, largest)
    closer = other if other.bound is not None and other.bound < bound else found
    return replace(closer, state=max((found.state, other.state), key=lambda one: _kept(game, one)))


def _by_branches(game: ScaleGame, largest: float) -> CostBound:
    """Bound by branch and bound over counts."""
    utility = game.utility
    bound, state, closed = _branch_and_bound(game, _at_top(game) if _only_at_top(utility) else _by_level(game))
    if not (utility.monotone or utility.monotone_at_top):
        return CostBound(None, largest, False, _UNKNOWN, state)
    what = "paying only costs, for data at the top level" if _only_at_top(utility) else "paying only costs"
    how = f"{what}, by branch and bound{'' if closed else ' stopped early'}"
    tight = closed and not _only_at_top(utility)
    return CostBound(bound, largest, tight, how, _at_cheapest(game, state) if _only_at_top(utility) else state)


def _kept(game: ScaleGame, state: State) -> float:
    return to_float(game.utility.evaluate_counts(game.counts(state)[None])).item() - game.cost_of(state)


def _only_at_top(utility: Utility) -> bool:
    return utility.monotone_at_top and not utility.monotone


_UNKNOWN = "no bound is known, since the utility does not say that it is monotone"


@dataclass(frozen=True, eq=False)
class _Ladder:
    """Coordinates ``y``: users of ``groups[d]`` at ``levels[d]`` or above, each adding ``rises[d]`` to the cost."""

    groups: NDArray[np.intp]
    levels: NDArray[np.intp]
    rises: NDArray[np.float64]


def _by_level(game: ScaleGame) -> _Ladder:
    rungs = []
    for group, costs in enumerate(game.costs):
        allowed = np.flatnonzero(np.isfinite(costs))
        rungs += [(group, level, rise) for level, rise in zip(allowed[1:], np.diff(costs[allowed]), strict=True)]
    return _ladder(rungs)


def _at_top(game: ScaleGame) -> _Ladder:
    top = game.n_levels - 1
    cheapest = np.where(np.isfinite(game.costs), game.costs, np.inf)[:, 1:].min(axis=1)
    return _ladder([(group, top, cost) for group, cost in enumerate(cheapest.tolist()) if np.isfinite(cost)])


def _at_cheapest(game: ScaleGame, state: State) -> State:
    """Put present users at the level other than "absent" that costs them least."""
    moved = np.zeros_like(state)
    moved[:, 0] = state[:, 0]
    present = np.where(np.isfinite(game.costs), game.costs, np.inf)[:, 1:]
    moved[np.arange(len(state)), 1 + present.argmin(axis=1)] += game.sizes - state[:, 0]
    return moved


def _ladder(rungs: list[tuple[int, int, float]]) -> _Ladder:
    groups, levels, rises = (np.array([rung[place] for rung in rungs]) for place in range(3))
    return _Ladder(groups.astype(np.intp), levels.astype(np.intp), rises.astype(float))


def _branch_and_bound(game: ScaleGame, ladder: _Ladder) -> tuple[float, State, bool]:
    """Largest bound left, the best state met, and whether they are close."""
    sizes = game.sizes[ladder.groups]
    low = np.where(ladder.rises > 0, 0, sizes)[None]
    high = sizes[None]
    bounds, values = _bounds(game, ladder, low, high)
    best, best_row = float(values[0]), high[0]
    if values.size and best < 0.0:
        best, best_row = 0.0, np.where(ladder.rises > 0, 0, sizes)
    done, left_out = 0, -math.inf
    while len(bounds) and bounds.max() > best + BOUND_GAP * abs(bounds.max()) and done < _MOST_BOXES:
        order = np.argsort(-bounds)
        chosen, rest = order[:_BATCH], order[_BATCH:]
        new_low, new_high = _halves(ladder, low[chosen], high[chosen])
        if not len(new_low):
            break
        new_bounds, values = _bounds(game, ladder, new_low, new_high)
        done += len(new_bounds)
        top = int(np.argmax(values))
        if values[top] > best:
            best, best_row = float(values[top]), new_high[top]
        low, high = np.concatenate([low[rest], new_low]), np.concatenate([high[rest], new_high])
        bounds = np.concatenate([bounds[rest], new_bounds])
        kept = bounds > best
        left_out = max(left_out, float(bounds[~kept].max(initial=left_out)))
        low, high, bounds = low[kept], high[kept], bounds[kept]
    bound = proved_bound(max(left_out, float(bounds.max(initial=left_out))), best)
    return bound, _state(game, ladder, best_row[None])[0], bound <= best + BOUND_GAP * abs(bound)


def _bounds(
    game: ScaleGame, ladder: _Ladder, low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound of each box, and what is reached at its upper end."""
    states = _state(game, ladder, high)
    counts = np.zeros((len(high), len(game.utility.type_sizes), game.n_levels), dtype=np.int64)
    for group, kind in enumerate(game.kinds.tolist()):
        counts[:, kind] += states[:, group]
    U = to_float(game.utility.evaluate_counts(counts))
    least = np.where(ladder.rises > 0, low, high) @ ladder.rises
    reached = _ordered(ladder, high) @ ladder.rises
    bounds: NDArray[np.float64] = U - least
    return bounds, U - reached


def _halves(
    ladder: _Ladder, low: NDArray[np.int64], high: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    slack = (high - low) * np.abs(ladder.rises)
    widest = slack.argmax(axis=1)
    rows = np.arange(len(low))
    open_ = high[rows, widest] > low[rows, widest]
    low, high, widest, rows = low[open_], high[open_], widest[open_], np.arange(int(open_.sum()))
    middle = (low[rows, widest] + high[rows, widest]) // 2
    below, above = high.copy(), low.copy()
    below[rows, widest] = middle
    above[rows, widest] = middle + 1
    return np.concatenate([low, above]), np.concatenate([below, high])


def _ordered(ladder: _Ladder, y: NDArray[np.int64]) -> NDArray[np.int64]:
    """No more users at a level or above than at the level before it or above."""
    y = y.copy()
    for rung in range(1, y.shape[1]):
        if ladder.groups[rung] == ladder.groups[rung - 1]:
            y[:, rung] = np.minimum(y[:, rung], y[:, rung - 1])
    return y


def _state(game: ScaleGame, ladder: _Ladder, y: NDArray[np.int64]) -> NDArray[np.int64]:
    y = _ordered(ladder, y)
    states = np.zeros((len(y), *game.costs.shape), dtype=np.int64)
    states[:, :, 0] = game.sizes
    previous = np.zeros(len(game.sizes), dtype=np.intp)
    for rung, (group, level) in enumerate(zip(ladder.groups.tolist(), ladder.levels.tolist(), strict=True)):
        states[:, group, previous[group]] -= y[:, rung]
        states[:, group, level] += y[:, rung]
        previous[group] = level
    return states
