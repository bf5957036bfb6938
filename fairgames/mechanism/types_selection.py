"""The platform's best and worst value over ranges of alpha of many equilibria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairgames.exactness import Array, Number
from fairgames.mechanism.slots import cut, highest_cover
from fairgames.mechanism.types_game import TypesGame
from fairgames.mechanism.types_hall import StableRanges, stable_ranges
from fairgames.mechanism.types_pruning import Survivors

_FIRST_BATCH = 256


@dataclass(frozen=True, eq=False)
class Choice:
    """A state, the alpha at which it serves the platform, and what the platform keeps.

    ``approached_from`` is None where the value is attained.
    """

    state: int
    alpha: Number
    value: Number
    approached_from: str | None = None


def kept(utility: Array, lo: Array, hi: Array) -> tuple[Array, Array]:
    """Best alpha of each range, and the value there: the low end, unless the utility is negative."""
    alpha = np.where((utility >= 0).astype(bool), lo, hi)
    return alpha, (1 - alpha) * utility


def best_choice(game: TypesGame, survivors: Survivors) -> Choice | None:
    """Best equilibrium for the platform: states in descending order of their bound, until none can win."""
    U = game.table.utility.reshape(-1)
    bounds = kept(U[survivors.states], survivors.lo, survivors.hi)[1]
    order = np.argsort(-bounds, kind="stable")
    best: Choice | None = None
    start, batch = 0, _FIRST_BATCH
    while start < len(order) and (best is None or bounds[order[start]] > best.value):
        rows = order[start : start + batch]
        ranges = stable_ranges(game, Survivors(survivors.states[rows], survivors.lo[rows], survivors.hi[rows]))
        alphas, values = kept(U[ranges.states], ranges.lo, ranges.hi)
        if len(values):
            first = int(np.argmax(values))
            if best is None or values[first] > best.value:
                best = Choice(int(ranges.states[first]), alphas.item(first), values.item(first))
        start += batch
        batch *= 2
    return best


def worst_choice(game: TypesGame, ranges: StableRanges) -> Choice | None:
    """Supremum over alpha of the lowest equilibrium value.

    Between neighbouring ends of ranges the equilibria are the same, and the value of the one with the
    least utility is linear in alpha, so only the ends and their sides matter.
    """
    if not len(ranges.states):
        return None
    U = game.table.utility.reshape(-1)[ranges.states]
    ends, first, last = cut(ranges.lo, ranges.hi)
    order = np.argsort(-U, kind="stable")
    lowest = highest_cover(first[order], last[order], 2 * len(ends) - 1)
    slots = np.flatnonzero(lowest >= 0)
    rows = order[lowest[slots]]
    left = (slots % 2 == 0) | (U[rows] >= 0).astype(bool)
    alphas = ends[np.where(left, slots // 2, slots // 2 + 1)]
    values = (1 - alphas) * U[rows]
    # Where the supremum is reached at a single alpha as well as beside it, it is attained.
    top = np.flatnonzero(values >= values.max())
    chosen = int(top[np.argmax(slots[top] % 2 == 0)])
    side = None if slots[chosen] % 2 == 0 else "above" if left[chosen] else "below"
    return Choice(int(ranges.states[rows[chosen]]), alphas.item(chosen), values.item(chosen), side)
