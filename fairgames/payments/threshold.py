"""Payments of an additive threshold: worth something once enough weight is present. Any number of users."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, as_array, as_number, to_fractions
from fairgames.payments.estimate import as_group_sizes
from fairgames.payments.threshold_probability import BulkWeight
from fairgames.tolerance import THRESHOLD_ERROR

_NODES = 12
_PANELS = (3.0, 1.0, 0.3)
_NEGLIGIBLE_CHANCE = 1e-18
_LARGEST_HEAVY_GROUP = 64
_MOST_HEAVY_STATES = 4096
_LARGEST_WEIGHT = 10**9


def threshold_payments(
    weights: ArrayLike, group_sizes: ArrayLike, quota: Number | str, height: float = 1.0
) -> NDArray[np.float64]:
    """Fair payments when the utility is ``height`` as soon as present weights reach the quota, else 0.

    A user is paid for being pivotal: ``phi_k = height · ∫_0^1 Pr(quota − w_k ≤ X_t < quota) dt``, where ``X_t``
    is the weight of the other users when each is present with probability ``t``. The probability is a
    Fourier sum over whole weights, cut off where the characteristic function vanishes; single heavy
    users are enumerated. No sampling: payments are correct to about ten digits at any number of users.

    Parameters
    ----------
    weights : array_like, shape (K,)
        Weight of one user of each group, at least 0: whole, rational (``"2/3"``), or floats taken as the
        rationals that they are.
    group_sizes : array_like of int, shape (K,)
        Present users of each group.
    quota : number
        Above 0.
    height : float
        What reaching the quota is worth; negative for a loss.

    Returns
    -------
    ndarray, shape (K,)
        Payment of one user of each group; ``group_sizes @ payments`` is ``height``, or 0 when all present users
        together stay below the quota.

    Raises
    ------
    InputError
        If an argument is out of range.
    SizeError
        If the weights have no common unit in which they stay below 10^9, or are too uneven.

    References
    ----------
    G. Owen (1972), Multilinear extensions of games, for the integral. Bernstein's inequality bounds what
    is cut off.

    Examples
    --------
    >>> threshold_payments([1, 1], [600_000, 400_000], 500_000).round(18)
    array([1.e-06, 1.e-06])
    >>> threshold_payments([3, 1], [1, 3], 4)  # the heavy user and any light one
    array([0.75      , 0.08333333])
    """
    sizes = as_group_sizes(group_sizes)
    units, needed = _in_units(as_array(weights, "weights"), sizes, as_number(quota, "quota"))
    if not math.isfinite(height):
        raise InputError("height", "must be finite", height)
    if needed > int(units @ sizes):
        return np.zeros(len(sizes))
    for panel in _PANELS:
        shares = np.array([_pivotal(units, sizes, needed, group, panel) for group in range(len(sizes))])
        if abs(shares @ sizes - 1) <= THRESHOLD_ERROR:
            return height * shares
    raise SizeError(
        f"payments miss the height by {shares @ sizes - 1:.1g} of it: the weights are too uneven; round them to a "
        "coarser unit"
    )


def _in_units(weights: NDArray[np.object_], sizes: NDArray[np.int64], quota: Number) -> tuple[NDArray[np.int64], int]:
    """Weights and quota as whole multiples of the largest common unit of the weights."""
    if weights.shape != sizes.shape:
        raise InputError("weights", f"must be one number for each of the {len(sizes)} groups", weights.shape)
    exact: list[Fraction] = to_fractions(weights).tolist()
    for group, weight in enumerate(exact):
        if weight < 0:
            raise InputError(f"weights[{group}]", "must be at least 0", weight)
    if not quota > 0:
        raise InputError("quota", "must be above 0: the utility is 0 when nobody is present", quota)
    denominator = math.lcm(*(weight.denominator for weight in exact))
    whole = [int(weight * denominator) for weight in exact]
    unit = math.gcd(*whole) or 1
    if max(whole) // unit > _LARGEST_WEIGHT:
        raise SizeError(
            f"weights have no common unit in which they stay below {_LARGEST_WEIGHT:,}; round them to a few digits"
        )
    needed = math.ceil(Fraction(quota) * denominator / unit)
    return np.array([value // unit for value in whole], dtype=np.int64), needed


@dataclass(frozen=True)
class _Others:
    """The other users: heavy ones, whose number present is enumerated, and the bulk."""

    heavy: tuple[tuple[int, int], ...]
    bulk: BulkWeight


def _pivotal(units: NDArray[np.int64], sizes: NDArray[np.int64], needed: int, group: int, panel: float) -> float:
    """Probability that one user of the group is pivotal, averaged over t."""
    weight = int(units[group])
    if weight == 0:
        return 0.0
    left = sizes.copy()
    left[group] -= 1
    others = _split(units, left)
    total = 0.0
    for present in product(*(range(size + 1) for _, size in others.heavy)):
        carried = sum(unit * count for (unit, _), count in zip(others.heavy, present, strict=True))
        low, high = needed - weight - carried, needed - 1 - carried
        if high < 0 or low > others.bulk.largest:
            continue
        for nodes, lengths in _panels(others, present, low, high, panel):
            inside = others.bulk.probability(nodes, low, high)
            total += float(lengths @ (inside * _chance(others.heavy, present, nodes)))
    return total


def _split(units: NDArray[np.int64], sizes: NDArray[np.int64]) -> _Others:
    """Set apart small groups whose single users outweigh the spread of all lighter ones."""
    heavy: list[tuple[int, int]] = []
    order = [int(group) for group in np.argsort(-units, kind="stable") if sizes[group] > 0 and units[group] > 0]
    states = 1
    for position, group in enumerate(order):
        lighter = order[position + 1 :]
        spread = math.sqrt(float((units[lighter].astype(float) ** 2) @ sizes[lighter]) / 4)
        states *= int(sizes[group]) + 1
        if sizes[group] > _LARGEST_HEAVY_GROUP or units[group] < 0.7 * spread or states > _MOST_HEAVY_STATES:
            break
        heavy.append((int(units[group]), int(sizes[group])))
    bulk = order[len(heavy) :]
    return _Others(tuple(heavy), BulkWeight(units[bulk], sizes[bulk]))


def _chance(
    heavy: tuple[tuple[int, int], ...], present: tuple[int, ...], t: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability that just these numbers of heavy users are present."""
    chance = np.ones_like(t)
    for (_, size), count in zip(heavy, present, strict=True):
        chance *= math.comb(size, count) * t**count * (1 - t) ** (size - count)
    return chance


def _panels(
    others: _Others, present: tuple[int, ...], low: int, high: int, panel: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Nodes and weights in t: fine where the bulk's weight crosses an end of ``[low, high]``, coarse between."""
    rising, falling = others.bulk.crossing(low), others.bulk.crossing(high + 1)
    if falling[0] <= rising[1]:
        edges = _steps(others.bulk, rising[0], falling[1], panel)
        sums = [_NODES] * (len(edges) - 1)
    else:
        first, last = _steps(others.bulk, *rising, panel), _steps(others.bulk, *falling, panel)
        edges = [*first, *last]
        between = _NODES + sum(size for _, size in others.heavy)
        sums = [_NODES] * (len(first) - 1) + [between] + [_NODES] * (len(last) - 1)
    panels = []
    for start, stop, n_nodes in zip(edges[:-1], edges[1:], sums, strict=True):
        nodes, weights = _legendre(n_nodes)
        t = (start + stop) / 2 + (stop - start) / 2 * nodes
        if _chance(others.heavy, present, t).max() > _NEGLIGIBLE_CHANCE:
            panels.append((t, (stop - start) / 2 * weights))
    return panels


def _steps(bulk: BulkWeight, start: float, stop: float, panel: float) -> list[float]:
    edges = [start]
    while edges[-1] < stop:
        edges.append(min(stop, edges[-1] + panel * bulk.step(edges[-1])))
    return edges


@cache
def _legendre(n_nodes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return nodes, weights
