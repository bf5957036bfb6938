"""The platform's exact optimum over many users of few types, whose costs may all differ.

`types_game` sets up the game on counts by type and level: utility and potential at every count state
(`payments.counts`), and the users of each type by their row of costs. A user is *stable* at a level, in a state, when
it would not gain by moving from there. The state is an equilibrium where its users can be spread over its level counts
with everybody at a stable level: Hall's condition (P. Hall 1935). `prune` drops, by necessary conditions, most of
millions of states at once; `stable_ranges` finds every alpha of the others; `assign` says which user takes which level.
Selecting among count states is as among profiles (`dense`); where those that may be equilibria are too many to list,
they are tested in descending order of what they could yield at most. `mechanism.optimal` calls `types_optimum`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import cast

import numpy as np
from numpy.typing import NDArray

from fairgames.equilibrium.intervals import narrow
from fairgames.errors import InputError, SizeError, SolverError
from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.mechanism.dense import Intervals, Search, best_pieces, highest_lines, worst_pieces
from fairgames.mechanism.landscape import Peak, Profile, constant, highest_peak
from fairgames.mechanism.optimum import AtPeak, Optimum, as_optimum
from fairgames.mechanism.problem import Problem
from fairgames.memory import require_memory
from fairgames.payments.counts import CountPotential, count_potential, lattice_of
from fairgames.payments.potential import CountLattice
from fairgames.tolerance import RELATIVE, ROUNDING, difference

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


_FLOAT_BYTES = 100
_EXACT_BYTES = 1500


@dataclass(frozen=True, eq=False)
class CostedType:
    """Users of one type, by their row of costs.

    Attributes
    ----------
    costs : ndarray, shape (G, L)
        Distinct rows of costs; ``inf`` where a level may not be chosen.
    sizes : ndarray of int, shape (G,)
        Number of users with each row.
    users : tuple of ndarray of int
        Indices of these users, in increasing order.
    """

    costs: Array
    sizes: NDArray[np.intp]
    users: tuple[NDArray[np.intp], ...]

    @property
    def n_users(self) -> int:
        """Number of users of the type."""
        return int(self.sizes.sum())


@dataclass(frozen=True, eq=False)
class TypesGame:
    """The users' game of a utility with types, on its count lattice.

    Attributes
    ----------
    table : CountPotential
        Utility and potential at every state; float64 unless costs, utility and margin are all exact.
    types : tuple of CostedType
        The users of each type.
    margin : Fraction or float
        How much better a chosen level must be than each alternative.
    slack : float
        Alphas that differ by no more than this part count as equal; 0 when exact.
    absent_allowed : bool
        Whether every user may stay absent.
    """

    table: CountPotential
    types: tuple[CostedType, ...]
    margin: Number
    slack: float
    absent_allowed: bool

    @property
    def exact(self) -> bool:
        """Whether the numbers are Fractions."""
        return is_exact(self.table.potential)

    @cached_property
    def needs(self) -> list[dict[tuple[int, int], Array]]:
        """What must be made up for by users of each type, alike in costs, at each level for each other (`dearer`)."""
        return [
            {move: dearer(one.costs, *move, self.margin) for move in permutations(range(one.costs.shape[1]), 2)}
            for one in self.types
        ]


def types_game(problem: Problem) -> TypesGame:
    """Set up the game of a problem on the counts of its users by type and level.

    Raises
    ------
    SizeError
        If the states would not fit in memory.
    """
    utility = problem.utility
    require_memory(
        lattice_of(utility).n_states * (_EXACT_BYTES if utility.exact else _FLOAT_BYTES),
        f"the game of {utility.n_users} users in {len(utility.type_sizes)} types",
        "fewer types, levels or users",
    )
    table = count_potential(utility)
    if not problem.exact:
        table = CountPotential(table.lattice, to_float(table.utility), to_float(table.potential))
    choosable = np.full((utility.n_users, max(utility.shape)), np.inf, dtype=table.potential.dtype)
    for row, levels, costs in zip(choosable, problem.allowed, problem.costs, strict=True):
        row[list(levels)] = costs
    types = tuple(
        _by_costs(choosable[:, :n_levels], np.flatnonzero(utility.types == k))
        for k, n_levels in enumerate(table.lattice.levels)
    )
    slack = 0 if problem.exact else RELATIVE
    return TypesGame(table, types, problem.limits.margin, slack, problem.absent_allowed)


def _by_costs(costs: Array, users: NDArray[np.intp]) -> CostedType:
    members: dict[tuple[Number, ...], list[int]] = {}
    for user in users.tolist():
        members.setdefault(tuple(costs[user].tolist()), []).append(user)
    rows = np.array(list(members), dtype=costs.dtype).reshape(len(members), costs.shape[1])
    indices = tuple(np.array(alike, dtype=np.intp) for alike in members.values())
    return CostedType(rows, np.array([len(alike) for alike in indices], dtype=np.intp), indices)


def dearer(costs: Array, level: int, other: int, margin: Number) -> Array:
    """What the payment must make up for a user at ``level`` not to move to ``other``: ``c(level) − c(other) + margin``.

    ``inf`` where the user may not choose ``level``; else ``−inf`` where it may not choose ``other``.
    """
    here, there = costs[:, level], costs[:, other]
    result = np.where((here < np.inf).astype(bool), -np.inf, np.inf).astype(costs.dtype)
    both = ((here < np.inf) & (there < np.inf)).astype(bool)
    more = difference(here[both], there[both], part=ROUNDING)
    result[both] = difference(more, -margin, part=ROUNDING) if margin else more
    return result


_CELLS = 1 << 22


def prune(game: TypesGame) -> Intervals:
    """Drop every state that no alpha makes an equilibrium, by one necessary condition a pair of levels.

    If ``n_l`` users are at level ``l``, at least so many must not gain by moving from ``l`` to ``l'``, so the
    ``n_l``-th smallest ``c_i(l) − c_i(l')`` must be at most ``alpha · (P(n) − P(n with one moved))``.
    With two levels the condition is also sufficient.

    Returns
    -------
    Intervals
        The states left, in increasing order; every alpha at which one is an equilibrium lies in its interval.
    """
    table = game.table
    lo, hi = _unbounded(table.potential.shape, table.potential)
    holds = np.ones(lo.shape, dtype=bool)
    for k, one_type in enumerate(game.types):
        # Views with the compositions of this type first.
        lows, highs, held = (np.moveaxis(array, k, 0) for array in (lo, hi, holds))
        for (level, other), needs in game.needs[k].items():
            rows, gain = table.differences(k, level, other)
            order = np.argsort(needs, kind="stable")
            need = np.repeat(needs[order], one_type.sizes[order])[table.lattice.compositions[k][rows, level] - 1]
            low, high = lows[rows], highs[rows]
            gain = np.moveaxis(gain, k, 0)
            held[rows] &= narrow(low, high, gain, need.reshape(-1, *[1] * (gain.ndim - 1)))
            lows[rows], highs[rows] = low, high
    states = np.flatnonzero(holds & (lo * (1 - game.slack) <= hi).astype(bool))
    lo, hi = lo.reshape(-1)[states], hi.reshape(-1)[states]
    return Intervals(states, np.minimum(lo, hi), hi, table.utility.reshape(-1)[states])


def _unbounded(shape: tuple[int, ...], like: Array) -> tuple[Array, Array]:
    """Bounds 0 and 1 on alpha, in numbers of one kind."""
    zero = 0 * like.item(0)
    return np.full(shape, zero, dtype=like.dtype), np.full(shape, zero + 1, dtype=like.dtype)


@dataclass(frozen=True, eq=False)
class _Stability:
    """Alphas at which users of each row of costs of one type are stable at each level, for a batch of states.

    ``lo``, ``hi``: shape (B, G, L), an empty range (inf, −inf) where never. ``counts``: shape (B, L).
    """

    lo: Array
    hi: Array
    counts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    def rows(self, index: NDArray[np.intp]) -> _Stability:
        return _Stability(self.lo[index], self.hi[index], self.counts[index], self.sizes)


def stable_ranges(game: TypesGame, survivors: Intervals) -> Intervals:
    """Every closed range of alpha at which each of the given states is an equilibrium; a state may have several.

    Parameters
    ----------
    game : TypesGame
        The game.
    survivors : Intervals
        States with bounds on their alphas.

    Returns
    -------
    Intervals
        In the order in which states were given; exact when the game is.
    """
    batch = max(1, _CELLS // (4 * sum(one_type.costs.size for one_type in game.types)))
    parts = [_ranges(game, survivors[start : start + batch]) for start in range(0, len(survivors), batch)]
    if not parts:
        return survivors
    columns = [[part.index, part.lo, part.hi, part.utility] for part in parts]
    return Intervals(*map(np.concatenate, zip(*columns, strict=True)))


def _ranges(game: TypesGame, found: Intervals) -> Intervals:
    types = [stability(game, k, found.index) for k in range(len(game.types))]
    for k in range(len(types)):
        lo, hi = _enough_users(types[k], found.lo, found.hi)
        kept = np.flatnonzero((lo * (1 - game.slack) <= hi).astype(bool))
        found = Intervals(found.index, np.minimum(lo, hi), hi, found.utility)[kept]
        types = [one.rows(kept) for one in types]
    return _sweep(found, types, game.slack)


def stability(game: TypesGame, k: int, states: NDArray[np.intp]) -> _Stability:
    """Alphas at which users of one type are stable at each level, for a batch of states."""
    lattice, P, one_type = game.table.lattice, game.table.potential.reshape(-1), game.types[k]
    index = np.unravel_index(states, lattice.shape)[k]
    counts = lattice.compositions[k][index]
    lo, hi = _unbounded((len(states), *one_type.costs.shape), P)
    never = np.broadcast_to((counts == 0)[:, None], lo.shape).copy()
    for (level, other), need in game.needs[k].items():
        moved = lattice.moved(k, level, other)[index]
        target = np.where(moved >= 0, states + (moved - index) * lattice.strides[k], states)
        gain = np.broadcast_to(difference(P[states], P[target])[:, None], lo.shape[:2])
        never[:, :, level] |= ~narrow(lo[:, :, level], hi[:, :, level], gain, need)
    never |= (lo * (1 - game.slack) > hi).astype(bool)
    lo[never], hi[never] = np.inf, -np.inf
    return _Stability(lo, hi, counts, one_type.sizes)


def _enough_users(one: _Stability, lo: Array, hi: Array) -> tuple[Array, Array]:
    """Narrow alphas: for every set of levels, the users it needs must all be stable somewhere in it.

    Necessary only: ``k`` users are stable in the set at alpha only if the k-th smallest of the users'
    first stable alphas is at most alpha, and the k-th largest of their last ones at least alpha.
    """
    n_levels = one.counts.shape[1]
    for levels in _sets_of_levels(n_levels):
        if 1 < len(levels) < n_levels:
            continue
        needed = one.counts[:, levels].sum(axis=1)
        first, last = one.lo[:, :, levels].min(axis=2), one.hi[:, :, levels].max(axis=2)
        lo = np.maximum(lo, np.where(needed > 0, _nth_smallest(first, one.sizes, needed), lo))
        hi = np.minimum(hi, np.where(needed > 0, -_nth_smallest(-last, one.sizes, needed), hi))
    return lo, hi


def _nth_smallest(values: Array, sizes: NDArray[np.intp], n: NDArray[np.intp]) -> Array:
    """``n``-th smallest of each row of ``values``, where column ``g`` counts ``sizes[g]`` times."""
    rows = np.arange(len(values))
    if (sizes == 1).all():
        in_order: Array = np.sort(values, axis=1)[rows, np.maximum(n, 1) - 1]
        return in_order
    order = np.argsort(values, axis=1)
    place = (np.cumsum(sizes[order], axis=1) >= n[:, None]).argmax(axis=1)
    nth: Array = values[rows, order[rows, place]]
    return nth


def _sweep(found: Intervals, types: list[_Stability], slack: float) -> Intervals:
    """Test every breakpoint within the bounds, and the middle between neighbours."""
    if not len(found):
        return found
    lo, hi = found.lo, found.hi
    ends = np.concatenate([end.reshape(len(lo), -1) for one in types for end in (one.lo, one.hi)], axis=1)
    inside = (ends > lo[:, None]).astype(bool) & (ends < hi[:, None]).astype(bool)
    n_inside = inside.sum(axis=1)
    ends = np.sort(np.where(inside, ends, hi[:, None]), axis=1)
    cells = sum(one.lo[0].size for one in types)
    ranges: list[tuple[NDArray[np.intp], Array, Array]] = []
    order = np.argsort(n_inside, kind="stable")
    start = 0
    while start < len(order):
        # States with about as many breakpoints share a batch: columns of the fullest are padded with hi.
        stop = start + 1
        while stop < len(order) and (stop - start + 1) * (2 * n_inside[order[stop]] + 3) * cells <= _CELLS:
            stop += 1
        rows = order[start:stop]
        points = np.column_stack([lo[rows], ends[rows, : n_inside[rows[-1]]], hi[rows]])
        tested = np.empty((len(rows), 2 * points.shape[1] - 1), dtype=points.dtype)
        tested[:, ::2] = points
        tested[:, 1::2] = (points[:, :-1] + points[:, 1:]) / 2
        holds = np.ones(tested.shape, dtype=bool)
        for one in types:
            holds &= _assignable(one.rows(rows), tested, slack)
        begins = holds & ~np.pad(holds, ((0, 0), (1, 0)))[:, :-1]
        finishes = holds & ~np.pad(holds, ((0, 0), (0, 1)))[:, 1:]
        ranges.append((rows[np.nonzero(begins)[0]], tested[begins], tested[finishes]))
        start = stop
    rows, first, last = map(np.concatenate, zip(*ranges, strict=True))
    by_state = np.argsort(rows, kind="stable")
    rows = rows[by_state]
    return Intervals(found.index[rows], first[by_state], last[by_state], found.utility[rows])


def _assignable(one: _Stability, alphas: Array, slack: float) -> NDArray[np.bool_]:
    """Whether the type's users can all be placed at stable levels, at each row's alphas."""
    n_levels = one.counts.shape[1]
    at = alphas[:, :, None]
    stable = np.zeros((*alphas.shape, one.lo.shape[1]), dtype=np.int64)
    for level in range(n_levels):
        lo, hi = one.lo[:, None, :, level], one.hi[:, None, :, level]
        stable |= ((at >= lo * (1 - slack)) & (at <= hi * (1 + slack))).astype(np.int64) << level
    holds = np.ones(alphas.shape, dtype=bool)
    for levels in _sets_of_levels(n_levels):
        mask = sum(1 << level for level in levels)
        placed = ((stable & mask) != 0) @ one.sizes
        holds &= placed >= one.counts[:, levels].sum(axis=1)[:, None]
    return holds


def _sets_of_levels(n_levels: int) -> list[list[int]]:
    return [[level for level in range(n_levels) if mask >> level & 1] for mask in range(1, 1 << n_levels)]


def cheapest_costs(one_type: CostedType, lattice: CountLattice, k: int) -> Array:
    """Least total cost at which the users of a type can fill each of its compositions.

    One user after another: ``C_i(n) = min_l C_{i−1}(n − e_l) + c_i(l)``.

    Returns
    -------
    ndarray
        One number a composition; ``inf`` where some user would have to take a forbidden level.
    """
    counts = lattice.compositions[k]
    if len(one_type.costs) == 1:
        used = np.where(counts > 0, one_type.costs[0], 0 * counts)
        return cast("Array", np.where(counts > 0, counts * used, 0).sum(axis=1))
    present = counts[:, 1:].sum(axis=1)
    if counts.shape[1] == 2 and not any(cost == np.inf for cost in one_type.costs[:, 0].tolist()):
        # With one level besides absent, those to whom it costs least are the first to take it.
        absent, taking = np.repeat(one_type.costs, one_type.sizes, axis=0).T
        return cast("Array", np.cumsum([absent.sum(), *np.sort(taking - absent)])[present])
    before = [lattice.moved(k, level, 0) for level in range(1, counts.shape[1])]
    total = np.full(len(counts), np.inf, dtype=one_type.costs.dtype)
    total[0] = 0 * one_type.costs.flat[np.argmin(one_type.costs)]
    placed = 0
    for row, size in zip(one_type.costs, one_type.sizes.tolist(), strict=True):
        for _ in range(size):
            # Users not yet placed count as absent, so a composition is reachable while present <= placed.
            options = [np.where(present <= placed, total, np.inf) + row[0]]
            options += [np.where(rows >= 0, total[rows], np.inf) + row[level] for level, rows in enumerate(before, 1)]
            total = np.minimum.reduce(options)
            placed += 1
    return total


def least_costs(game: TypesGame) -> Array:
    """Least total cost of every state, shape of the lattice; ``inf`` where a level is forbidden."""
    shape = game.table.lattice.shape
    total: Array = np.zeros([1] * len(shape), dtype=int)
    for k, one_type in enumerate(game.types):
        axes = [1] * len(shape)
        axes[k] = -1
        total = total + cheapest_costs(one_type, game.table.lattice, k).reshape(axes)
    return np.broadcast_to(total, shape)


def assign(game: TypesGame, state: int, alpha: Number) -> tuple[int, ...]:
    """Level of each user in an equilibrium state: the cheapest assignment to stable levels.

    Raises
    ------
    SolverError
        If the state is not an equilibrium at ``alpha``.
    """
    states = np.array([state])
    levels = np.zeros(sum(one_type.n_users for one_type in game.types), dtype=np.intp)
    for k, one_type in enumerate(game.types):
        one = stability(game, k, states)
        stable = ((one.lo[0] * (1 - game.slack) <= alpha) & (one.hi[0] * (1 + game.slack) >= alpha)).astype(bool)
        flow = _cheapest_flow(to_float(one_type.costs), stable, one_type.sizes, one.counts[0])
        for members, row in zip(one_type.users, flow.tolist(), strict=True):
            levels[members] = np.repeat(np.arange(len(row)), row)
    return tuple(levels.tolist())


def _cheapest_flow(
    costs: NDArray[np.float64], allowed: NDArray[np.bool_], sizes: NDArray[np.intp], counts: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Users of each row of costs at each level: the cheapest way to fill ``counts`` with allowed pairs only."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    row, level = np.nonzero(allowed)
    pairs = np.arange(len(row))
    rows = np.concatenate([row, len(sizes) + level])
    shape = (len(sizes) + len(counts), len(pairs))
    balance = csr_array((np.ones(rows.size), (rows, np.concatenate([pairs, pairs]))), shape=shape)
    # A transportation problem has whole-number vertices, so the simplex method needs no integrality.
    answer = None
    if allowed.any():
        needed = np.concatenate([sizes, counts])
        answer = linprog(costs[row, level], A_eq=balance, b_eq=needed, bounds=(0, None), method="highs-ds")
    if answer is None or not answer.success:
        raise SolverError(f"users cannot be spread over the counts {counts.tolist()} at stable levels")
    flow = np.zeros(allowed.shape, dtype=np.intp)
    flow[row, level] = np.rint(answer.x).astype(np.intp)
    return flow
