"""Which user takes which level, when only the counts matter to everybody else."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import SolverError
from fairgames.exactness import Array, Number, to_float
from fairgames.mechanism.types_game import CostGroups, TypesGame
from fairgames.mechanism.types_hall import stability
from fairgames.payments.lattice import CountLattice


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
        stable = ((one.lo[0] <= alpha + game.slack) & (one.hi[0] >= alpha - game.slack)).astype(bool)
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
