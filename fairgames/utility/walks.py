"""Utilities along an order in which users join, all steps of the order at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.utility.base import Walk
from fairgames.utility.saturation import reduction, split

_CELLS_AT_ONCE = 1 << 15


@dataclass(frozen=True, eq=False)
class JumpsWalk:
    """Walk of a utility plus jumps, each at the user whose weight reaches its quota.

    Attributes
    ----------
    base : callable or None
        Walk of the rest; None when there is none.
    weights : ndarray, shape (J, N)
        What each user adds to the weight of each jump.
    quotas, heights : ndarray, shape (J,)
        Of the jumps.
    """

    base: Walk | None
    weights: NDArray[Any]
    quotas: NDArray[Any]
    heights: NDArray[np.float64]

    def __call__(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Utility after each user of ``order`` has joined."""
        values = np.zeros(len(order)) if self.base is None else self.base(order)
        reached = np.asarray(np.cumsum(self.weights[:, order], axis=1) >= self.quotas[:, None], dtype=float)
        total: NDArray[np.float64] = values + self.heights @ reached
        return total


@dataclass(frozen=True, eq=False)
class ReductionWalk:
    """Walk of the differentially private mean; see `fairgames.utility.saturation`.

    Attributes
    ----------
    cells : ndarray of int, shape (N,)
        Place of each user's eps among the distinct finite ones; their number when it is infinite, and one
        more when it is 0.
    eps : ndarray, shape (m,)
        The distinct finite eps, increasing.
    scale : float
        Utility of one unit of reduction.
    """

    cells: NDArray[np.intp]
    eps: NDArray[np.float64]
    scale: float

    def __call__(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Utility after each user of ``order`` has joined."""
        m = len(self.eps)
        parts = [
            self.scale * reduction(*split(counts[:, :m], counts[:, m], self.eps)[:3])
            for counts in running_counts(self.cells[order], m + 2)
        ]
        return np.concatenate([np.zeros(0), *parts])


@dataclass(frozen=True, eq=False)
class EstimatesWalk:
    """Walk of the federated mean; the formulas are those of `fairgames.utility.federated_mean.least_errors`.

    Attributes
    ----------
    levels : ndarray of int, shape (N,)
        Level of each user once it has joined: 1 federating, 2 direct.
    noise, importance, entering : ndarray, shape (N,)
        ``r2/n_i``, ``a_i``, and what a federating user's share of the aggregate is proportional to.
    between, within : float
        ``s2`` and ``r2``.
    cells : ndarray of int, shape (N,)
        Users of a cell are at one level and identical; from 0 on.
    """

    levels: NDArray[np.intp]
    noise: NDArray[np.float64]
    importance: NDArray[np.float64]
    entering: NDArray[np.float64]
    between: float
    within: float
    cells: NDArray[np.intp]

    def __call__(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Utility after each user of ``order`` has joined."""
        federating, direct = self.levels[order] == 1, self.levels[order] == 2
        noise, entering = self.noise[order], self.entering[order] * federating
        total = np.cumsum(entering)
        some = total > 0
        scale = np.where(some, total, 1.0)
        spread = np.cumsum(entering**2) / scale**2
        heard = np.where(some, np.cumsum(entering**2 * noise) / scale**2, 1.0)
        variance = heard + self.between * spread
        precision = np.cumsum(direct / (self.between + noise)) + some / variance
        present = np.cumsum(self.importance[order])
        left = np.maximum(self.importance.sum() - present, 0.0)
        steps = np.column_stack([scale, spread, heard, variance, 1 / precision])
        gains: NDArray[np.float64] = left * np.log(self.nobody / (self.between + 1 / precision))
        _, first, numbered = np.unique(self.cells[order], return_index=True, return_inverse=True)
        # Cells in the order in which somebody of them joins: the last columns of a step are then empty.
        arrival = np.argsort(first)
        one, numbered = order[first[arrival]], np.argsort(arrival)[numbered.reshape(-1)]
        done = 0
        for counts in running_counts(numbered, len(one)):
            block = slice(done, done + len(counts))
            done += len(counts)
            begun = np.count_nonzero(counts[-1])
            for level, errors in ((1, self._federating), (2, self._direct)):
                here = np.flatnonzero(self.levels[one[:begun]] == level)
                users, there = one[here], counts[:, here]
                worth = np.log(self.nobody / np.where(there > 0, errors(users, steps[block]), self.nobody))
                gains[block] += (there * worth) @ self.importance[users]
        return gains

    @property
    def nobody(self) -> float:
        """Error when everybody is absent."""
        return self.within + 2 * self.between

    def _direct(self, users: NDArray[np.intp], steps: NDArray[np.float64]) -> NDArray[np.float64]:
        noise = self.noise[users]
        part = noise / (self.between + noise)
        errors: NDArray[np.float64] = self.between * part + part**2 * steps[:, 4:]
        return errors

    def _federating(self, users: NDArray[np.intp], steps: NDArray[np.float64]) -> NDArray[np.float64]:
        scale, spread, heard, variance, uncertainty = steps.T[:, :, None]
        share = self.entering[users] / scale
        apart = heard + self.between * (spread - share)
        apart_squared = heard + self.between * (spread - share**2)
        errors: NDArray[np.float64] = self.between * apart_squared / variance + (apart / variance) ** 2 * uncertainty
        return errors


def running_counts(cells: NDArray[np.intp], n_cells: int) -> Iterator[NDArray[np.intp]]:
    """How many users of each cell have joined after each step, in blocks of steps, shape ``(steps, n_cells)``.

    Examples
    --------
    >>> [block.tolist() for block in running_counts(np.array([1, 0, 1]), 2)]
    [[[0, 1], [1, 1], [1, 2]]]
    """
    before = np.zeros(n_cells, dtype=np.intp)
    step = max(1, _CELLS_AT_ONCE // max(1, n_cells))
    for start in range(0, len(cells), step):
        block = cells[start : start + step]
        counts = np.zeros((len(block), n_cells), dtype=np.intp)
        counts[np.arange(len(block)), block] = 1
        counts = before + np.cumsum(counts, axis=0)
        before = counts[-1]
        yield counts
