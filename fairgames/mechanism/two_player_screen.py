"""Screen bases in floats, many at a time, so that only promising ones are solved in rationals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, to_float
from fairgames.tolerance import SCREENING

_CHUNK = 4096


def promising_bases(Phi: Array, costs: Array, size: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Bases of one size that may be a vertex for some ``beta ≥ 1``.

    Parameters
    ----------
    Phi : ndarray, shape (m, n)
        Payments of the other player.
    costs : ndarray, shape (m,)
        Costs of its strategies.
    size : int
        Number of strategies in use, and of binding constraints.

    Yields
    ------
    used, binding : tuple of int
        Columns and rows. A basis that is not yielded fails by far more than rounding can explain; one
        that is nearly singular is always yielded.
    """
    payment, price = to_float(Phi), to_float(costs)
    scale = max(1e-300, float(np.abs(payment).max()))
    payment, price = payment / scale, price / scale
    rows, columns = (np.array(list(combinations(range(n), size)), dtype=np.intp) for n in payment.shape)
    n_pairs = len(rows) * len(columns)
    for start in range(0, n_pairs, _CHUNK):
        pairs = np.arange(start, min(start + _CHUNK, n_pairs))
        used, binding = columns[pairs // len(rows)], rows[pairs % len(rows)]
        for place in np.flatnonzero(_may_be_feasible(payment, price, used, binding)).tolist():
            yield tuple(used[place].tolist()), tuple(binding[place].tolist())


def _may_be_feasible(
    payment: NDArray[np.float64], price: NDArray[np.float64], used: NDArray[np.intp], binding: NDArray[np.intp]
) -> NDArray[np.bool_]:
    count, size = used.shape
    system = np.zeros((count, size + 1, size + 1))
    system[:, :size, :size] = payment[binding[:, :, None], used[:, None, :]]
    system[:, :size, size] = -1
    system[:, size, :size] = 1
    right = np.zeros((count, size + 1, 2))
    right[:, :size, 1] = price[binding]
    right[:, size, 0] = 1
    doubtful = np.linalg.cond(system) > SCREENING / np.finfo(float).eps
    system[doubtful] = np.eye(size + 1)
    solution = np.linalg.solve(system, right)
    error = SCREENING * np.maximum(1.0, np.abs(solution).max(axis=(1, 2)))[:, None]
    weights = np.zeros((count, payment.shape[1], 2))
    np.put_along_axis(weights, used[:, :, None], solution[:, :size], axis=1)
    slack = solution[:, size, None, :] - payment @ weights
    slack[:, :, 1] += price
    lines = np.concatenate([solution[:, :size], slack], axis=1)
    height, slope = lines[:, :, 0] + error, lines[:, :, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -height / slope
    low = np.where(slope > 0, crossing, 1.0).max(axis=1, initial=1.0)
    high = np.where(slope < 0, crossing, np.inf).min(axis=1)
    flat = ((slope == 0) & (height < 0)).any(axis=1)
    screened: NDArray[np.bool_] = doubtful | (~flat & (low <= high * (1 + SCREENING)))
    return screened
