"""The best weights of a differentially private mean, in closed form (the paper, section 3); for `dp_mean`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.utility.profile import running_counts

SATURATION = 12
"""``Σ eps_j (e − eps_j)`` over the users with more privacy than ``e``, from which on ``e`` is saturated."""


def split(
    finite: NDArray[Any], infinite: NDArray[Any], eps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Divide the present users into those bound by their privacy level and the saturated ones.

    Parameters
    ----------
    finite : ndarray, shape (M, m)
        Present users at each finite eps; real numbers are allowed.
    infinite : ndarray, shape (M,)
        Present users without privacy.
    eps : ndarray, shape (m,)
        The distinct finite eps, increasing, above 0.

    Returns
    -------
    A, G, r : ndarray, shape (M,)
        ``Σ eps`` and ``12 + Σ eps²`` over the bound users, and the number of saturated users: those with an eps
        above ``G/A``.
    """
    # Σ_{j<k} eps_j (eps_k − eps_j) as a sum of non-negative steps: no cancellation between huge squares.
    excess = np.cumsum(np.cumsum(finite * eps, axis=1)[:, :-1] * (eps[1:] - eps[:-1]), axis=1)
    bound = np.array(finite, dtype=float)
    bound[:, 1:][excess > SATURATION] = 0
    A, G = bound @ eps, SATURATION + bound @ eps**2
    return A, G, infinite + (finite - bound).sum(axis=1)


def split_exact(finite: Sequence[int], infinite: int, eps: Sequence[Fraction]) -> tuple[Fraction, Fraction, Fraction]:
    """Do as `split` for one state, in rationals, and return ``A, G, r``."""
    A, B, bound = Fraction(0), Fraction(0), 0
    for count, value in zip(finite, eps, strict=True):
        if not count:
            continue
        if value * A - B > SATURATION:
            break
        A += count * value
        B += count * value**2
        bound += count
    return A, SATURATION + B, Fraction(infinite + sum(finite) - bound)


def reduction(A: Any, G: Any, r: Any) -> Any:
    """Sum of the best weights; the Bayes risk is ``(1 − that)/12``."""
    return (A * A + r * G) / (A * A + (r + 2) * G)


def best_weights(A: float, G: float, r: float) -> tuple[float, float]:
    """Noise scale ``t`` and the saturated users' common weight ``u``."""
    total = A * A + (r + 2) * G
    return A / total, G / total


def utilities_along(
    cells: NDArray[np.intp], eps: NDArray[np.float64], scale: float, order: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Utility after each user of ``order`` has joined, all steps at once.

    Parameters
    ----------
    cells : ndarray of int, shape (N,)
        Place of each user's eps among the distinct finite ones; their number when it is infinite, and one
        more when it is 0.
    eps : ndarray, shape (m,)
        The distinct finite eps, increasing.
    scale : float
        Utility of one unit of reduction.
    order : ndarray of int, shape (n,)
        Users in the order in which they join.
    """
    m = len(eps)
    steps = running_counts(cells[order], m + 2)
    parts = [scale * reduction(*split(counts[:, :m], counts[:, m], eps)) for counts in steps]
    return np.concatenate([np.zeros(0), *parts])
