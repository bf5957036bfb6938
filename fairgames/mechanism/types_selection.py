"""Selecting among the equilibria of a game on counts: pieces of the value function, and its highest point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from fairgames.exactness import Array
from fairgames.mechanism.constraints import Limits
from fairgames.mechanism.dense import PureEquilibria, best_pieces, within_limits, worst_pieces
from fairgames.mechanism.landscape import Piece, Profile
from fairgames.mechanism.lines import highest_lines
from fairgames.mechanism.peaks import Peak, highest_peak
from fairgames.mechanism.types_game import TypesGame
from fairgames.mechanism.types_hall import stable_ranges
from fairgames.mechanism.types_pruning import Survivors, prune
from fairgames.tolerance import comparison_tolerance

_FIRST_BATCH = 256


@dataclass(frozen=True, eq=False)
class TypesSearch:
    """What a search found.

    Attributes
    ----------
    peak : Peak or None
        The optimum; None when nothing meets the constraints.
    pieces : list of Piece or None
        The selected equilibrium at every alpha; None when there are too many states to list them all.
    n_states : int
        Number of states that pruning left.
    """

    peak: Peak | None
    pieces: list[Piece] | None
    n_states: int


def name_of(game: TypesGame) -> Callable[[int], Profile]:
    """Name states by their ``counts[type][level]``."""

    def name(state: int) -> Profile:
        counts = game.table.lattice.counts(np.array([state]))[0]
        return cast("Profile", tuple(map(tuple, counts.tolist())))

    return name


def search_best(game: TypesGame, limits: Limits, most_states: int) -> TypesSearch:
    """Best equilibrium at every alpha; where pruning leaves more than ``most_states`` states, the optimum alone."""
    survivors = prune(game)
    if len(survivors.states) > most_states:
        return TypesSearch(_best_by_bound(game, survivors, limits), None, len(survivors.states))
    pieces = best_pieces(within_limits(_equilibria(game, survivors), limits), name_of(game))
    return _highest(game, pieces, len(survivors.states))


def search_worst(game: TypesGame, limits: Limits, most_states: int) -> TypesSearch:
    """Lowest equilibrium at every alpha; nothing but a count where pruning leaves more than ``most_states``."""
    survivors = prune(game)
    if len(survivors.states) > most_states:
        return TypesSearch(None, None, len(survivors.states))
    pieces = worst_pieces(_equilibria(game, survivors), limits, name_of(game))
    return _highest(game, pieces, len(survivors.states))


def search_potential(game: TypesGame, limits: Limits, least: Array) -> TypesSearch:
    """Platform's best among the maximisers of the users' potential, at every alpha."""
    cost, P = least.reshape(-1), game.table.potential.reshape(-1)
    possible = np.flatnonzero(cost < np.inf)
    index, lo, hi = highest_lines(P[possible], cost[possible].astype(P.dtype))
    states = possible[index]
    U = game.table.utility.reshape(-1)
    pieces = best_pieces(within_limits(PureEquilibria(states, lo, hi, U[states]), limits), name_of(game))
    return _highest(game, pieces, len(states))


def _equilibria(game: TypesGame, survivors: Survivors) -> PureEquilibria:
    ranges = stable_ranges(game, survivors)
    return PureEquilibria(ranges.states, ranges.lo, ranges.hi, game.table.utility.reshape(-1)[ranges.states])


def _highest(game: TypesGame, pieces: list[Piece], n_states: int) -> TypesSearch:
    return TypesSearch(highest_peak(pieces, comparison_tolerance(game.table.utility)), pieces, n_states)


def _best_by_bound(game: TypesGame, survivors: Survivors, limits: Limits) -> Peak | None:
    """Test states in descending order of what they could yield at most, until none can win."""
    U = game.table.utility.reshape(-1)
    bounded = within_limits(PureEquilibria(survivors.states, survivors.lo, survivors.hi, U[survivors.states]), limits)
    bounds = _kept(bounded)[1]
    order = np.argsort(-bounds, kind="stable")
    best: Peak | None = None
    start, batch = 0, _FIRST_BATCH
    while start < len(order) and (best is None or bounds[order[start]] > best.value):
        rows = order[start : start + batch]
        found = _equilibria(game, Survivors(bounded.index[rows], bounded.lo[rows], bounded.hi[rows]))
        best = _better(game, best, found)
        start += batch
        batch *= 2
    return best


def _kept(equilibria: PureEquilibria) -> tuple[Array, Array]:
    """Best alpha of each range, and the value there: the low end, unless the utility is negative."""
    alpha = np.where((equilibria.utility >= 0).astype(bool), equilibria.lo, equilibria.hi)
    return alpha, (1 - alpha) * equilibria.utility


def _better(game: TypesGame, best: Peak | None, found: PureEquilibria) -> Peak | None:
    if not len(found.index):
        return best
    alphas, values = _kept(found)
    row = int(np.argmax(values))
    if best is not None and values[row] <= best.value:
        return best
    worth: Any = found.utility[row]
    piece = Piece(
        found.lo[row], found.hi[row], True, True, (worth, 0 * worth, 0 * worth), name_of(game)(int(found.index[row]))
    )
    return Peak(alphas[row], values[row], piece, None)
