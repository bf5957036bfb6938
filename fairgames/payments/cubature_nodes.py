"""Gauss rules for discrete distributions: uniform on whole numbers, and hypergeometric.

A Gauss rule of ``n`` nodes has the moments of its distribution up to degree ``2n − 1``, skewness
included, and its nodes lie inside the range of the distribution.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rule = tuple[NDArray[np.float64], NDArray[np.float64]]


def uniform_nodes(start: int, stop: int, n_nodes: int) -> Rule:
    """Nodes and weights of the sum over the whole numbers ``start … stop − 1``.

    Returns
    -------
    nodes, weights : ndarray
        Exact for polynomials of degree ``2 n_nodes − 1``; all the numbers themselves when they are few.

    References
    ----------
    R. Koekoek, P. A. Lesky, R. F. Swarttouw (2010), *Hypergeometric Orthogonal Polynomials*, 9.5: discrete
    Chebyshev polynomials. G. H. Golub, J. H. Welsch (1969), Calculation of Gauss quadrature rules.

    Examples
    --------
    >>> nodes, weights = uniform_nodes(10, 1000, 3)
    >>> bool(np.isclose(weights @ nodes**5, sum(n**5 for n in range(10, 1000)), rtol=1e-12))
    True
    """
    length = stop - start
    if length <= n_nodes:
        return np.arange(start, stop, dtype=float), np.ones(length)
    n = np.arange(1, n_nodes)
    off = np.sqrt(n**2 * (float(length) ** 2 - n**2) / (4 * (4 * n**2 - 1)))
    nodes, vectors = np.linalg.eigh(np.diag(off, 1) + np.diag(off, -1))
    return start + (length - 1) / 2 + nodes, length * vectors[0] ** 2


def hypergeometric_nodes(good: float, pool: float, drawn: NDArray[np.float64], n_nodes: int) -> Rule:
    """Nodes and weights of the number of good ones among ``drawn`` of ``pool``, ``good`` of them good.

    Parameters
    ----------
    good, pool : float
        Numbers of good ones and of all, ``0 ≤ good ≤ pool``.
    drawn : ndarray, shape (M,)
        Real numbers are allowed: the rule is the analytic continuation of the one for whole numbers.
    n_nodes : int
        1, 2 or 3, and at most ``good + 1``: then it is the distribution itself.

    Returns
    -------
    nodes, weights : ndarray, shape (M, n_nodes)
        Inside the range of the distribution. Where ``drawn`` leaves room for fewer nodes they coincide.

    References
    ----------
    Koekoek, Lesky, Swarttouw (2010), 9.5: Hahn polynomials with ``α = −good − 1``, ``β = good − pool − 1``.

    Examples
    --------
    >>> nodes, weights = hypergeometric_nodes(2, 5, np.array([3.0]), 3)
    >>> nodes.round(12), weights.round(12)
    (array([[0., 1., 2.]]), array([[0.1, 0.6, 0.3]]))
    """
    if n_nodes == 1 or pool <= 1:
        return (good / max(pool, 1) * drawn)[:, None] * np.ones(n_nodes), np.full((len(drawn), n_nodes), 1 / n_nodes)
    up = [_raising(n, good, pool, drawn) for n in range(n_nodes)]
    down = [_lowering(n, good, pool, drawn) for n in range(n_nodes)]
    middle = [a + c for a, c in zip(up, down, strict=True)]
    # Real numbers near the end of the range leave room for fewer nodes: the product turns negative.
    spread = [np.maximum(up[n - 1] * down[n], 0.0) for n in range(1, n_nodes)]
    nodes, weights = _two_nodes(middle, spread)
    if n_nodes == 3:
        room = spread[1] > np.finfo(float).eps * spread[0]
        nodes, weights = nodes[:, [0, 1, 1]], np.column_stack([weights, np.zeros(len(drawn))])
        nodes[room], weights[room] = _three_nodes([row[room] for row in middle], [row[room] for row in spread])
    highest = np.minimum(good, drawn)[:, None]
    lowest = np.maximum(0.0, drawn - (pool - good))[:, None]
    return np.clip(nodes, np.minimum(lowest, highest), highest), weights


def _raising(n: int, good: float, pool: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (pool + 1 - 2 * n) * (pool - 2 * n)
    if below == 0:
        return np.zeros_like(drawn)
    return (pool + 1 - n) * (good - n) * (drawn - n) / below


def _lowering(n: int, good: float, pool: float, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    below = (pool + 2 - 2 * n) * (pool + 1 - 2 * n)
    if n == 0 or below == 0:
        return np.zeros_like(drawn)
    return n * (pool + 1 - drawn - n) * (pool - good + 1 - n) / below


def _two_nodes(middle: list[NDArray[Any]], spread: list[NDArray[Any]]) -> Rule:
    """Eigenvalues of [[a, √b], [√b, c]], and squared first entries of its eigenvectors."""
    half = (middle[1] - middle[0]) / 2
    reach = np.sqrt(half**2 + spread[0])
    share = np.divide(half, reach, out=np.zeros_like(half), where=reach > 0)
    nodes = middle[0] + half + np.stack([-reach, reach], axis=1).T
    return nodes.T, np.stack([(1 + share) / 2, (1 - share) / 2], axis=1)


def _three_nodes(middle: list[NDArray[Any]], spread: list[NDArray[Any]]) -> Rule:
    """Roots of the third orthogonal polynomial, in standard units around the mean, and their weights."""
    unit = np.sqrt(spread[0])
    d1, d2 = (middle[1] - middle[0]) / unit, (middle[2] - middle[0]) / unit
    b2 = spread[1] / unit**2
    # p(z) = z (z − d1)(z − d2) − b2 z − (z − d2), with z = (x − mean)/σ
    quadratic, linear, constant = -(d1 + d2), d1 * d2 - b2 - 1, d2
    shift = -quadratic / 3
    p = linear - quadratic**2 / 3
    q = constant - quadratic * linear / 3 + 2 * quadratic**3 / 27
    radius = np.sqrt(-p / 3)
    angle = np.arccos(np.clip(-q / (2 * radius**3), -1.0, 1.0))[:, None] + 2 * np.pi * np.array([1, 2, 0])
    z = shift[:, None] + 2 * radius[:, None] * np.cos(angle / 3)
    third = (z - d1[:, None]) * z - 1
    # The monic polynomials 1, z and z² − d1·z − 1 have squared norms 1, 1 and b2.
    return middle[0][:, None] + unit[:, None] * z, 1 / (1 + z**2 + third**2 / b2[:, None])
