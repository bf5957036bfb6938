"""Isolated equilibria with given supports, by subdivision of the strategy simplices; for `supports`.

On a product of sub-simplices an expected payoff is multilinear, so its range is attained at the
corners: a cell on which a payoff difference has one sign holds no equilibrium, and is dropped. A
cell on which the equations are provably one-to-one holds at most one, which Newton's method finds and
`enclosures` certifies. All other cells are halved. Bounds allow for rounding, so nothing is lost.

References
----------
Neumaier (1990), *Interval Methods for Systems of Equations*, chapter 5.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairgames.equilibrium.enclosures import Gains, enclosed, float_gains, middle_and_reach, settled
from fairgames.equilibrium.solver import Strategies, Supports
from fairgames.exactness import to_float
from fairgames.tolerance import MATCHING, RELATIVE

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_MOST_CELLS = 3000
"""Cells of one support."""
_SMALLEST_CELL = 1e-4
_NEWTON_STEPS = 12
_ROUNDING = 2.0**-47
"""More than sums of at most a hundred payoffs of size 1 lose."""
_ONE_TO_ONE = 0.99
_NEAR = 0.5


class Isolated(NamedTuple):
    """What is known about one support."""

    found: list[Strategies]
    decided: bool
    """Whether these are all of its equilibria."""


class _Root(NamedTuple):
    """A solution of the equations, in probabilities over the supports."""

    middle: list[Floats]
    reach: float
    """How far around the middle there is no other."""
    error: float
    """How far from the middle it may lie."""


def isolated(families: Sequence[tuple[Supports, Gains]], shape: Sequence[int]) -> list[Isolated]:
    """Find the equilibria of several supports of the same sizes, where all are regular.

    Parameters
    ----------
    families : sequence of (supports, gains)
        Supports of which some players mix, and their gains (`enclosures.gains_on`).
    shape : sequence of int
        Numbers of actions.
    """
    search = _Search(families, shape)
    owner = np.arange(len(families))
    cells = [np.repeat(np.eye(size)[None], len(owner), axis=0) for size in search.sizes]
    while owner.size:
        owner, cells = search.undecided(owner, cells)
        owner, cells = search.within_limits(owner, cells)
        owner, cells = _halved(owner, cells)
    return search.results


class _Search:
    """What is known about each support; all of them are halved side by side.

    A cell is one array of corners a player: entry ``[cell, corner, action]``, over the actions of the support.
    """

    def __init__(self, families: Sequence[tuple[Supports, Gains]], shape: Sequence[int]) -> None:
        self.families, self.shape = families, shape
        self.sizes = tuple(map(len, families[0][0]))
        self.mixers = [player for player, size in enumerate(self.sizes) if size > 1]
        self.owners = np.repeat(self.mixers, [self.sizes[player] - 1 for player in self.mixers])
        floats = [float_gains(gains) for _, gains in families]
        self.gains: list[Floats] = []
        for player, n_actions in enumerate(shape):
            rows = []
            for (supports, _), own in zip(families, floats, strict=True):
                # The actions of the support first: their gains must vanish.
                others = [action for action in range(n_actions) if action not in supports[player]]
                rows.append(own[player][[*supports[player][1:], *others]])
            self.gains.append(np.array(rows))
        self.results = [Isolated([], True) for _ in families]
        self.roots: list[list[_Root]] = [[] for _ in families]
        self.work = np.zeros(len(families), dtype=np.intp)

    def undecided(self, owner: Places, cells: list[Floats]) -> tuple[Places, list[Floats]]:
        """Drop the cells that hold nothing, or no root but one that is known."""
        values: list[Floats] = []
        for player, size in enumerate(self.sizes):
            rows = at_corners(self.gains[player][owner], cells, player)
            values.append(rows[:, : size - 1])
            if not rows.shape[1]:
                continue
            flat = rows.reshape(*rows.shape[:2], -1)
            # Some action would be better than those played, everywhere in the cell; or worse, and played.
            kept = (flat.min(axis=2) <= _ROUNDING).all(axis=1)
            kept &= (flat[:, : size - 1].max(axis=2) >= -_ROUNDING).all(axis=1)
            if not kept.all():
                owner, cells, values = owner[kept], [own[kept] for own in cells], [own[kept] for own in values]
            if not owner.size:
                return owner, cells
        low, high = _slopes_in(values, self.owners, self.mixers)
        middle = (low + high) / 2
        inverse = _inverses(middle)
        every = [np.broadcast_to(own, (*own.shape[:2], *self.sizes)) for own in values if own.shape[1]]
        combined = inverse @ np.concatenate([own.reshape(*own.shape[:2], -1) for own in every], axis=1)
        # Sums over a player tell where the weight of its first corner would be negative.
        blocks = np.array([self.owners == player for player in self.mixers], dtype=float)
        combined = np.concatenate([combined, blocks @ combined], axis=1)
        rounding = np.abs(inverse).sum(axis=2) * (2 * _ROUNDING)
        rounding = np.concatenate([rounding, rounding @ blocks.T], axis=1)
        left = ((combined.min(axis=2) <= rounding) & (combined.max(axis=2) >= -rounding)).all(axis=1)
        off = np.abs(np.eye(len(self.owners)) - inverse @ middle)
        off += np.abs(inverse) @ ((high - low) / 2 + 2 * _ROUNDING)
        # Where the equations are almost linear, the root is near these weights of the corners.
        weights = 1 / np.array(self.sizes)[self.owners] - combined[:, : len(self.owners)].mean(axis=2)
        rest = 1 - weights @ blocks.T
        near = np.minimum(weights.min(axis=1), rest.min(axis=1)) > -_NEAR
        single = left & near & (off.sum(axis=2).max(axis=1) < _ONE_TO_ONE)
        for place in np.flatnonzero(left).tolist():
            number, cell = int(owner[place]), [own[place] for own in cells]
            left[place] = not any(_surrounds(root, cell) for root in self.roots[number])
            if left[place] and single[place]:
                root = self._root_near(number, [own.mean(axis=0) for own in cell])
                left[place] = root is None or not _lies_in(root, cell)
        return owner[left], [own[left] for own in cells]

    def within_limits(self, owner: Places, cells: list[Floats]) -> tuple[Places, list[Floats]]:
        """Give up supports with too many cells, or too small ones."""
        self.work += np.bincount(owner, minlength=len(self.work))
        small = np.max([np.ptp(own, axis=1).max(axis=1) for own in cells], axis=0) < _SMALLEST_CELL
        for number in {*owner[small].tolist(), *np.flatnonzero(self.work > _MOST_CELLS).tolist()}:
            self.results[number] = self.results[number]._replace(decided=False)
        kept = np.array([self.results[number].decided for number in owner.tolist()], dtype=bool)
        return owner[kept], [own[kept] for own in cells]

    def _root_near(self, number: int, start: list[Floats]) -> _Root | None:
        """Root that Newton's method finds and Krawczyk's proves; noted if it is new."""
        equations = [own[number, None, : size - 1] for own, size in zip(self.gains, self.sizes, strict=True)]
        middle = self._newton(equations, start)
        if middle is None:
            return None
        for root in self.roots[number]:
            if all(np.abs(own - other).max() < root.reach for own, other in zip(middle, root.middle, strict=True)):
                return root
        supports, gains = self.families[number]
        strategies = tuple(np.zeros(size) for size in self.shape)
        for strategy, support, own in zip(strategies, supports, middle, strict=True):
            strategy[list(support)] = own
        box = enclosed(gains, supports, strategies)
        if box is None:
            return None
        sharp, error = middle_and_reach(box, supports)
        root = _Root(sharp, self._reach(equations, sharp), error)
        if root.reach <= error:
            return None
        self.roots[number].append(root)
        known = settled(gains, supports, strategies, box)
        found, decided = self.results[number]
        self.results[number] = Isolated([*found, *(known or [])], decided and known is not None)
        return root

    def _newton(self, equations: list[Floats], start: list[Floats]) -> list[Floats] | None:
        """Root in probabilities over the supports; None when the steps lead away."""
        middle = [own.copy() for own in start]
        for _ in range(_NEWTON_STEPS):
            here = [own[None, None] for own in middle]
            residual = [at_corners(own, here, player).ravel() for player, own in enumerate(equations)]
            slopes, _ = self._slopes_on(equations, here)
            step = _inverses(slopes)[0] @ np.concatenate(residual)
            size = np.abs(step).max()
            if not size < 2:
                return None
            for player in self.mixers:
                own = step[_block(self.owners, player)]
                middle[player] -= [-own.sum(), *own]
            if size < RELATIVE:
                return middle
        return None

    def _reach(self, equations: list[Floats], middle: list[Floats]) -> float:
        """Half the side of a box around a root on which the equations are seen to be one-to-one."""
        slopes, _ = self._slopes_on(equations, [own[None, None] for own in middle])
        inverse, reach = _inverses(slopes), 0.5
        while reach > RELATIVE:
            box = []
            for own in middle:
                moves = np.array(list(itertools.product((-reach, reach), repeat=len(own) - 1)))
                box.append((own + np.column_stack([-moves.sum(axis=1), moves]))[None])
            low, high = self._slopes_on(equations, box)
            off = np.abs(np.eye(len(self.owners)) - inverse @ ((low + high) / 2))
            off += np.abs(inverse) @ ((high - low) / 2 + 4 * _ROUNDING)
            if off.sum(axis=2).max() < _ONE_TO_ONE:
                return reach
            reach /= 2
        return 0.0

    def _slopes_on(self, equations: list[Floats], cell: list[Floats]) -> tuple[Floats, Floats]:
        """Least and largest slopes in probabilities, on a product of polytopes with these corners."""
        low, high = np.zeros((2, 1, len(self.owners), len(self.owners)))
        for player in self.mixers:
            unit = [*cell[:player], np.eye(self.sizes[player])[None], *cell[player + 1 :]]
            there = [at_corners(own, unit, other) for other, own in enumerate(equations)]
            one_low, one_high = _slopes_in(there, self.owners, [player])
            low, high = low + one_low, high + one_high
        return low, high


def at_corners(gains: Floats, cells: Sequence[Floats], player: int) -> Floats:
    """Gains of a player at the corners of the others' polytopes: entry ``[cell, action, corner of player 1, …]``.

    The player's own axis has length 1.
    """
    n_cells, n_rows = gains.shape[:2]
    values, lengths = gains, [n_rows]
    for other, corners in enumerate(cells):
        if other == player or corners.shape[1:] == (1, 1):
            lengths.append(1)
        else:
            after = math.prod(gains.shape[other + 3 :])
            values = corners[:, None] @ values.reshape(n_cells, math.prod(lengths), corners.shape[2], after)
            lengths.append(corners.shape[1])
    return values.reshape(n_cells, *lengths)


def _slopes_in(values: Sequence[Floats], owners: Places, moving: Sequence[int]) -> tuple[Floats, Floats]:
    """Least and largest derivative of every equation along the weights of all corners but the first of some players."""
    n_cells, n_free = len(values[0]), len(owners)
    low, high = np.zeros((2, n_cells, n_free, n_free))
    for other in moving:
        columns = _block(owners, other)
        for player in set(owners.tolist()) - {other}:
            along = np.moveaxis(values[player], other + 2, 2)
            slopes = (along[:, :, 1:] - along[:, :, :1]).reshape(*along.shape[:2], along.shape[2] - 1, -1)
            rows = _block(owners, player)
            low[:, rows, columns], high[:, rows, columns] = slopes.min(axis=3), slopes.max(axis=3)
    return low, high


def _block(owners: Places, player: int) -> slice:
    return slice(*np.searchsorted(owners, [player, player + 1]).tolist())


def _inverses(matrices: Floats) -> Floats:
    """Inverses, or where there is none those of a matrix nearby: any will do to combine equations."""
    try:
        found = to_float(np.linalg.inv(matrices))
    except np.linalg.LinAlgError:
        found = np.full(matrices.shape, np.nan)
    broken = ~np.isfinite(found).all(axis=(1, 2))
    if broken.any():
        left, scales, right = np.linalg.svd(matrices[broken])
        scales = np.maximum(scales, RELATIVE * np.maximum(scales[:, :1], RELATIVE))
        found[broken] = (right.swapaxes(1, 2) / scales[:, None]) @ left.swapaxes(1, 2)
    return found


def _surrounds(root: _Root, cell: Sequence[Floats]) -> bool:
    """Whether a cell lies where a root is the only one."""
    reach = root.reach * (1 - RELATIVE)
    pairs = zip(cell, root.middle, strict=True)
    return all(np.abs(own[:, 1:] - middle[1:]).max(initial=0) < reach for own, middle in pairs)


def _lies_in(root: _Root, cell: Sequence[Floats]) -> bool:
    """Whether a root lies in a cell, and not within rounding of its border."""
    inverses = [np.linalg.inv(own) for own in cell]
    pairs = zip(root.middle, inverses, strict=True)
    return all((own @ inverse).min() > root.error * np.abs(inverse).sum() + MATCHING for own, inverse in pairs)


def _halved(owner: Places, cells: list[Floats]) -> tuple[Places, list[Floats]]:
    """Halve each cell at its longest edge."""
    edges = [
        (player, *ends) for player, own in enumerate(cells) for ends in itertools.combinations(range(own.shape[1]), 2)
    ]
    lengths = [np.abs(cells[player][:, a] - cells[player][:, b]).max(axis=1) for player, a, b in edges]
    longest = np.argmax(lengths, axis=0)
    halves = [[own.copy() for own in cells] for _ in range(2)]
    for number, (player, a, b) in enumerate(edges):
        here = longest == number
        middle = (cells[player][here, a] + cells[player][here, b]) / 2
        halves[0][player][here, a] = middle
        halves[1][player][here, b] = middle
    return np.concatenate([owner, owner]), [np.concatenate(pair) for pair in zip(*halves, strict=True)]
