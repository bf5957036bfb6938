"""At which alphas a count state is an equilibrium: Hall's condition on stable levels.

A user is *stable* at a level, in a state, when it would not gain by moving from there. The state is
an equilibrium where its users can be spread over its level counts with everybody at a stable level.

States that may be equilibria, and bounds on their alphas, for millions of states at once.

Which user takes which level, when only the counts matter to everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import SolverError
from fairgames.exactness import Array, Number, to_float
from fairgames.mechanism.types.game import CostGroups, TypesGame, dearer
from fairgames.payments.potential import CountLattice
from fairgames.tolerance import difference


@dataclass(frozen=True, eq=False)
class Survivors:
    """States left by the pruning.

    Attributes
    ----------
    states : ndarray of int, shape (M,)
        Flat indices into the count lattice, increasing.
    lo, hi : ndarray, shape (M,)
        Every alpha at which the state is an equilibrium lies in ``[lo, hi]``.
    """

    states: NDArray[np.intp]
    lo: Array
    hi: Array


def prune(game: TypesGame) -> Survivors:
    """Drop every state that no alpha makes an equilibrium, by one necessary condition a pair of levels.

    If ``n_l`` users are at level ``l``, at least so many must not gain by moving from ``l`` to ``l'``, so the
    ``n_l``-th smallest ``c_i(l) − c_i(l')`` must be at most ``alpha · (P(n) − P(n with one moved))``.
    With two levels the condition is also sufficient.
    """
    table = game.table
    bounds = _Bounds.over(game)
    for kind, group in enumerate(game.groups):
        along = bounds.along(kind)
        for level in range(group.costs.shape[1]):
            for other in range(group.costs.shape[1]):
                if other == level:
                    continue
                rows, gain = table.differences(kind, level, other)
                need = _sorted_needs(group, level, other, game)[table.lattice.compositions[kind][rows, level] - 1]
                along.narrow(rows, np.moveaxis(gain, kind, 0), need)
    return bounds.survivors(game.slack)


def _sorted_needs(group: CostGroups, level: int, other: int, game: TypesGame) -> Array:
    needs = dearer(group.costs, level, other, game.margin)
    order = np.argsort(needs, kind="stable")
    return np.repeat(needs[order], group.sizes[order])


@dataclass(frozen=True, eq=False)
class _Bounds:
    """Bounds on alpha at every state, narrowed in place."""

    lo: Array
    hi: Array
    holds: NDArray[np.bool_]

    @classmethod
    def over(cls, game: TypesGame) -> _Bounds:
        P = game.table.potential
        zero, one = (Fraction(0), Fraction(1)) if game.exact else (0.0, 1.0)
        return cls(np.full(P.shape, zero, dtype=P.dtype), np.full(P.shape, one, dtype=P.dtype), np.ones(P.shape, bool))

    def along(self, kind: int) -> _Bounds:
        """Views of the same bounds, with the compositions of one type first."""
        return _Bounds(*(np.moveaxis(array, kind, 0) for array in (self.lo, self.hi, self.holds)))

    def narrow(self, rows: NDArray[np.intp], gain: Array, need: Array) -> None:
        """Keep the alphas with ``alpha · gain >= need`` on ``rows`` of the first axis."""
        self.holds[rows[need == np.inf]] = False
        bounded = np.flatnonzero(np.abs(need) < np.inf)
        rows, gain = rows[bounded], gain[bounded]
        need = need[bounded].reshape(-1, *[1] * (gain.ndim - 1))
        up, down = (gain > 0).astype(bool), (gain < 0).astype(bool)
        self.holds[rows] &= up | (need <= 0).astype(bool)
        bound = need / np.where(up | down, gain, _one(gain))
        self.lo[rows] = np.where(up, np.maximum(self.lo[rows], bound), self.lo[rows])
        self.hi[rows] = np.where(down, np.minimum(self.hi[rows], bound), self.hi[rows])

    def survivors(self, slack: float) -> Survivors:
        states = np.flatnonzero((self.holds & (self.lo * (1 - slack) <= self.hi).astype(bool)).reshape(-1))
        lo, hi = self.lo.reshape(-1)[states], self.hi.reshape(-1)[states]
        return Survivors(states, np.minimum(lo, hi), hi)


def _one(array: Array) -> Array:
    return np.array(Fraction(1) if array.dtype == object else 1.0, dtype=array.dtype)


_CELLS = 1 << 22


@dataclass(frozen=True, eq=False)
class StableRanges:
    """Closed ranges of alpha at which states are equilibria; a state may have several.

    Attributes
    ----------
    states : ndarray of int, shape (R,)
        Flat index of the state of each range, in the order in which states were given.
    lo, hi : ndarray, shape (R,)
        Ends of each range.
    """

    states: NDArray[np.intp]
    lo: Array
    hi: Array


@dataclass(frozen=True, eq=False)
class _Stability:
    """Alphas at which each cost group of one type is stable at each level, for a batch of states.

    ``lo``, ``hi``: shape (B, G, L), an empty range (inf, −inf) where never. ``counts``: shape (B, L).
    """

    lo: Array
    hi: Array
    counts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    def rows(self, index: NDArray[np.intp]) -> _Stability:
        return _Stability(self.lo[index], self.hi[index], self.counts[index], self.sizes)


def stable_ranges(game: TypesGame, survivors: Survivors) -> StableRanges:
    """Every range of alpha at which each of the given states is an equilibrium.

    Parameters
    ----------
    game : TypesGame
        The game.
    survivors : Survivors
        States with bounds on their alphas.

    Returns
    -------
    StableRanges
        Exact when the game is.

    References
    ----------
    P. Hall (1935), On representatives of subsets, Journal of the London Mathematical Society 10.
    """
    cells = sum(group.costs.size for group in game.groups)
    batch = max(1, _CELLS // (4 * cells))
    parts = []
    for start in range(0, len(survivors.states), batch):
        part = slice(start, start + batch)
        parts.append(_ranges(game, Survivors(survivors.states[part], survivors.lo[part], survivors.hi[part])))
    if not parts:
        return StableRanges(survivors.states, survivors.lo, survivors.hi)
    return StableRanges(
        np.concatenate([part.states for part in parts]),
        np.concatenate([part.lo for part in parts]),
        np.concatenate([part.hi for part in parts]),
    )


def _ranges(game: TypesGame, survivors: Survivors) -> StableRanges:
    states, lo, hi = survivors.states, survivors.lo, survivors.hi
    types = [stability(game, kind, states) for kind in range(len(game.groups))]
    for kind in range(len(types)):
        lo, hi = _enough_users(types[kind], lo, hi)
        kept = np.flatnonzero((lo * (1 - game.slack) <= hi).astype(bool))
        states, lo, hi = states[kept], lo[kept], hi[kept]
        types = [one.rows(kept) for one in types]
    return _sweep(states, np.minimum(lo, hi), hi, types, game.slack)


def stability(game: TypesGame, kind: int, states: NDArray[np.intp]) -> _Stability:
    """Alphas at which users of one type are stable at each level, for a batch of states."""
    lattice, P, group = game.table.lattice, game.table.potential.reshape(-1), game.groups[kind]
    index = np.unravel_index(states, lattice.shape)[kind]
    counts = lattice.compositions[kind][index]
    one = Fraction(1) if game.exact else 1.0
    lo = np.full((len(states), *group.costs.shape), 0 * one, dtype=P.dtype)
    hi = np.full((len(states), *group.costs.shape), one, dtype=P.dtype)
    for level in range(group.costs.shape[1]):
        empty = np.broadcast_to((counts[:, level] == 0)[:, None], lo.shape[:2]).copy()
        for other in range(group.costs.shape[1]):
            if other == level:
                continue
            moved = lattice.moved(kind, level, other)[index]
            target = np.where(moved >= 0, states + (moved - index) * lattice.strides[kind], states)
            gain = difference(P[states], P[target])[:, None]
            need = dearer(group.costs, level, other, game.margin)
            empty |= (need == np.inf)[None, :]
            bounded = np.flatnonzero(np.abs(need) < np.inf)
            need = need[bounded][None, :]
            up, down = (gain > 0).astype(bool), (gain < 0).astype(bool)
            empty[:, bounded] |= ~up & (need > 0).astype(bool)
            bound = need / np.where(up | down, gain, np.array(one, dtype=P.dtype))
            lo[:, bounded, level] = np.where(up, np.maximum(lo[:, bounded, level], bound), lo[:, bounded, level])
            hi[:, bounded, level] = np.where(down, np.minimum(hi[:, bounded, level], bound), hi[:, bounded, level])
        lo[:, :, level][empty] = np.inf
        hi[:, :, level][empty] = -np.inf
    never = (lo * (1 - game.slack) > hi).astype(bool)
    lo[never] = np.inf
    hi[never] = -np.inf
    return _Stability(lo, hi, counts, group.sizes)


def _enough_users(one: _Stability, lo: Array, hi: Array) -> tuple[Array, Array]:
    """Narrow alphas: for every set of levels, the users it needs must all be stable somewhere in it.

    Necessary only: ``k`` users are stable in the set at alpha only if the k-th smallest of the users'
    first stable alphas is at most alpha, and the k-th largest of their last ones at least alpha.
    """
    n_levels = one.counts.shape[1]
    everybody = (1 << n_levels) - 1
    for levels in _sets_of_levels(n_levels):
        if len(levels) > 1 and sum(1 << level for level in levels) != everybody:
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


def _sweep(states: NDArray[np.intp], lo: Array, hi: Array, types: list[_Stability], slack: float) -> StableRanges:
    """Test every breakpoint within the bounds, and the middle between neighbours."""
    if not len(states):
        return StableRanges(states, lo, hi)
    ends = np.concatenate([end.reshape(len(states), -1) for one in types for end in (one.lo, one.hi)], axis=1)
    inside = (ends > lo[:, None]).astype(bool) & (ends < hi[:, None]).astype(bool)
    n_inside = inside.sum(axis=1)
    ends = np.sort(np.where(inside, ends, hi[:, None]), axis=1)
    cells = sum(one.lo[0].size for one in types)
    found: list[tuple[NDArray[np.intp], Array, Array]] = []
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
        found.append((rows[np.nonzero(begins)[0]], tested[begins], tested[finishes]))
        start = stop
    rows, first, last = (np.concatenate(parts) for parts in zip(*found, strict=True))
    by_state = np.argsort(rows, kind="stable")
    return StableRanges(states[rows[by_state]], first[by_state], last[by_state])


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


def cheapest_costs(group: CostGroups, lattice: CountLattice, kind: int) -> Array:
    """Least total cost at which the users of a type can fill each of its compositions.

    One user after another: ``C_i(n) = min_l C_{i−1}(n − e_l) + c_i(l)``.

    Returns
    -------
    ndarray
        One number a composition; ``inf`` where some user would have to take a forbidden level.
    """
    counts = lattice.compositions[kind]
    if len(group.costs) == 1:
        used = np.where(counts > 0, group.costs[0], 0 * counts)
        return cast("Array", np.where(counts > 0, counts * used, 0).sum(axis=1))
    present = counts[:, 1:].sum(axis=1)
    if counts.shape[1] == 2 and not any(cost == np.inf for cost in group.costs[:, 0].tolist()):
        # With one level besides absent, those to whom it costs least are the first to take it.
        absent, taking = np.repeat(group.costs, group.sizes, axis=0).T
        return cast("Array", np.cumsum([absent.sum(), *np.sort(taking - absent)])[present])
    before = [lattice.moved(kind, level, 0) for level in range(1, counts.shape[1])]
    total = np.full(len(counts), np.inf, dtype=group.costs.dtype)
    total[0] = 0 * group.costs.flat[np.argmin(group.costs)]
    placed = 0
    for row, size in zip(group.costs, group.sizes.tolist(), strict=True):
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
    total: Array | None = None
    for kind, group in enumerate(game.groups):
        axes = [1] * len(shape)
        axes[kind] = -1
        part = cheapest_costs(group, game.table.lattice, kind).reshape(axes)
        total = part if total is None else total + part
    return np.broadcast_to(cast("Array", total), shape)


def assign(game: TypesGame, state: int, alpha: Number) -> tuple[int, ...]:
    """Level of each user in an equilibrium state: the cheapest assignment to stable levels.

    Raises
    ------
    SolverError
        If the state is not an equilibrium at ``alpha``.
    """
    states = np.array([state])
    levels = np.zeros(sum(group.n_users for group in game.groups), dtype=np.intp)
    for kind, group in enumerate(game.groups):
        one = stability(game, kind, states)
        stable = ((one.lo[0] * (1 - game.slack) <= alpha) & (one.hi[0] * (1 + game.slack) >= alpha)).astype(bool)
        flow = _cheapest_flow(to_float(group.costs), stable, group.sizes, one.counts[0])
        for members, row in zip(group.users, flow.tolist(), strict=True):
            levels[members] = np.repeat(np.arange(len(row)), row)
    return tuple(levels.tolist())


def _cheapest_flow(
    costs: NDArray[np.float64], allowed: NDArray[np.bool_], sizes: NDArray[np.intp], counts: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Users of each group at each level: the cheapest way to fill ``counts`` with allowed pairs only."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    group, level = np.nonzero(allowed)
    pairs = np.arange(len(group))
    rows = np.concatenate([group, len(sizes) + level])
    shape = (len(sizes) + len(counts), len(pairs))
    balance = csr_array((np.ones(rows.size), (rows, np.concatenate([pairs, pairs]))), shape=shape)
    # A transportation problem has whole-number vertices, so the simplex method needs no integrality.
    answer = None
    if allowed.any():
        needed = np.concatenate([sizes, counts])
        answer = linprog(costs[group, level], A_eq=balance, b_eq=needed, bounds=(0, None), method="highs-ds")
    if answer is None or not answer.success:
        raise SolverError(f"users cannot be spread over the counts {counts.tolist()} at stable levels")
    flow = np.zeros(allowed.shape, dtype=np.intp)
    flow[group, level] = np.rint(answer.x).astype(np.intp)
    return flow
