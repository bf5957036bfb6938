"""The platform's exact optimum over many users of few types, whose costs may all differ.

All pure equilibria are count states with ranges of alpha (`types.hall`); selecting among them is as among profiles
(`dense`). Where the states that may be equilibria are too many to list, they are tested in descending order of what
they could yield at most. `mechanism.optimal` calls `types_optimum`.
"""

from __future__ import annotations

import numpy as np

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array
from fairgames.mechanism.dense import Intervals, Search, best_pieces, highest_lines, worst_pieces
from fairgames.mechanism.landscape import Peak, Profile, constant, highest_peak
from fairgames.mechanism.optimum import AtPeak, Optimum, as_optimum
from fairgames.mechanism.problem import Problem
from fairgames.mechanism.types.hall import TypesGame, assign, least_costs, prune, stable_ranges, types_game

_FIRST_BATCH = 256
_MOST_LISTED = 100_000
_MOST_STATES = 2_000_000


def types_optimum(problem: Problem, selection: str) -> Optimum:
    """Exact optimum over alpha and all pure equilibria, for interchangeable users with different costs.

    Works on the counts of users by type and level: a hundred users of two types with three levels
    and a hundred different costs take about a second.

    Parameters
    ----------
    problem : Problem
        Its utility's `types` say which users are interchangeable.
    selection : {"best", "worst", "potential"}
        Which equilibrium counts when there are several at one alpha. A margin goes with ``"best"`` only.

    Returns
    -------
    Optimum
        ``profile`` gives the level of each user: the cheapest way to fill the optimal counts with
        everybody at a level from which it does not gain by moving. Profiles of the ``landscape`` are
        ``counts[type][level]``. Where costs are so alike, for instance many of them 0, that more than
        100,000 states may be equilibria, ``"best"`` gives the optimum without a landscape.

    Raises
    ------
    InputError
        For a margin with another selection than ``"best"``.
    SizeError
        If the states would not fit in memory, or (``"worst"`` only) more than two million states may be equilibria.
    """
    if selection != "best" and problem.limits.margin > 0:
        raise InputError("margin", f'must be 0 with selection="{selection}"', problem.limits.margin)
    game = types_game(problem)
    least = least_costs(game)
    found = _potential(game, problem, least) if selection == "potential" else _among_stable(game, problem, selection)
    if found.peak is None:
        return as_optimum(problem, selection, found)
    state = int(game.table.lattice.state(np.array(found.peak.piece.profile)[None])[0])
    levels = assign(game, state, found.peak.alpha)
    worth, costs = game.table.utility.reshape(-1), least.reshape(-1)
    if game.absent_allowed:
        bound = (worth - costs).max()
    else:
        bound = max(worth[(costs < np.inf).astype(bool)].max(), 0 * worth[0])
    return as_optimum(problem, selection, found, AtPeak(levels, _shares(game, state, levels), bound))


def _name(game: TypesGame, state: int) -> Profile:
    """``counts[type][level]`` of a state."""
    counts = game.table.lattice.counts(np.array([state]))[0].tolist()
    return tuple(map(tuple, counts))  # type: ignore[arg-type]


def _among_stable(game: TypesGame, problem: Problem, selection: str) -> Search:
    limits, survivors = problem.limits, prune(game)
    if selection == "best" and len(survivors) > _MOST_LISTED:
        left_out = f"{len(survivors):,} states may be equilibria: the landscape is left out"
        return Search(_best_by_bound(game, survivors.within(limits)), None, warnings=(left_out,))
    if len(survivors) > max(_MOST_LISTED, _MOST_STATES):
        raise SizeError(
            f"pruning leaves {len(survivors):,} states that may be equilibria, more than {_MOST_STATES:,}; "
            f'ask for selection="best", which needs no list of them'
        )
    ranges = stable_ranges(game, survivors)

    def name(state: int) -> Profile:
        return _name(game, state)

    pieces = best_pieces(ranges.within(limits), name) if selection == "best" else worst_pieces(ranges, limits, name)
    return Search(highest_peak(pieces), pieces)


def _potential(game: TypesGame, problem: Problem, least: Array) -> Search:
    """Platform's best among the maximisers of the users' potential, at every alpha."""
    cost, P, U = (array.reshape(-1) for array in (least, game.table.potential, game.table.utility))
    possible = np.flatnonzero(cost < np.inf)
    index, lo, hi = highest_lines(P[possible], cost[possible].astype(P.dtype))
    states = possible[index]
    highest = Intervals(states, lo, hi, U[states]).within(problem.limits)
    pieces = best_pieces(highest, lambda state: _name(game, state))
    return Search(highest_peak(pieces), pieces, searched="all maximisers of the users' potential")


def _best_by_bound(game: TypesGame, bounded: Intervals) -> Peak | None:
    """Test states in descending order of what they could yield at most, until none can win."""
    bounds = bounded.best()[1]
    order = np.argsort(-bounds, kind="stable")
    best: Peak | None = None
    start, batch = 0, _FIRST_BATCH
    while start < len(order) and (best is None or bounds[order[start]] > best.value):
        found = stable_ranges(game, bounded[order[start : start + batch]])
        alphas, values = found.best()
        row = int(np.argmax(values)) if len(found) else -1
        if row >= 0 and (best is None or values[row] > best.value):
            piece = constant(found.lo[row], found.hi[row], found.utility[row], _name(game, int(found.index[row])))
            best = Peak(alphas[row], values[row], piece, None)
        start += batch
        batch *= 2
    return best


def _shares(game: TypesGame, state: int, levels: tuple[int, ...]) -> Array:
    """Payment of each user at alpha = 1."""
    lattice, P = game.table.lattice, game.table.potential.reshape(-1)
    index = np.unravel_index(state, lattice.shape)
    shares: Array = np.full(len(levels), 0 * P[0], dtype=P.dtype)
    chosen = np.array(levels)
    for k, one_type in enumerate(game.types):
        users = np.concatenate(one_type.users)
        for level in range(1, lattice.levels[k]):
            moved = lattice.moved(k, level, 0)[index[k]]
            if moved >= 0:
                below = state + (moved - index[k]) * lattice.strides[k]
                shares[users[chosen[users] == level]] = P[state] - P[below]
    return shares
