"""Payments of an additive threshold, worth something once enough weight is present, at any number of users.

A user is paid for being pivotal: an integral over the chance of being present (Owen 1972), whose integrand is a Fourier
sum for the weight of many users, or a mean over coalitions of each size (Mann and Shapley 1962). `pricing` calls
`threshold_payments` for every declared jump, after `is_affordable`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, as_array, as_number, to_fractions
from fairgames.tolerance import THRESHOLD_ERROR

_NEGLIGIBLE = 34.0
"""Probabilities and amplitudes below exp(−34) are cut off."""

_MOST_FREQUENCIES = 4_000_000
_LARGEST_RANGE = 1 << 30


class BulkWeight:
    """Sum of whole weights of users, each present with probability ``t``.

    Parameters
    ----------
    weights, sizes : ndarray of int, shape (K,)
        Weight of one user of each group, at least 1, and number of users.
    """

    def __init__(self, weights: NDArray[np.int64], sizes: NDArray[np.int64]) -> None:
        self._weights, self._sizes = weights, sizes
        self._heaviest = int(weights.max(initial=0))
        self._variance = float((weights.astype(float) ** 2) @ sizes)
        self.largest = int(weights @ sizes)

    def _reach(self, t: float) -> float:
        """Distance from the mean beyond which probabilities are negligible (Bernstein's inequality)."""
        third = self._heaviest * _NEGLIGIBLE / 3
        return third + math.sqrt(third**2 + 2 * _NEGLIGIBLE * self._variance * t * (1 - t))

    def step(self, t: float) -> float:
        """Change of ``t`` that moves the mean by about one standard deviation and one user."""
        return (math.sqrt(self._variance * t * (1 - t)) + self._heaviest) / max(self.largest, 1)

    def crossing(self, end: int) -> tuple[float, float]:
        """Range of ``t`` outside which the weight is surely below ``end``, or surely not below it."""
        if end <= 0:
            return 0.0, 0.0
        if end > self.largest:
            return 1.0, 1.0
        first = _bisect(lambda t: t * self.largest + self._reach(t) >= end)
        last = _bisect(lambda t: t * self.largest - self._reach(t) >= end)
        return first, last

    def probability(self, t: NDArray[np.float64], low: int, high: int) -> NDArray[np.float64]:
        """Probability that the weight lies in ``low … high``, for each ``t``."""
        return np.array([self._probability(value, low, high) for value in t.tolist()])

    def _probability(self, t: float, low: int, high: int) -> float:
        mean, reach = t * self.largest, self._reach(t)
        bottom, top = max(0, math.floor(mean - reach)), min(self.largest, math.ceil(mean + reach))
        low, high = max(low, bottom), min(high, top)
        if low > high:
            return 0.0
        if (low, high) == (bottom, top):
            return 1.0
        # With more frequencies than possible weights the Fourier sum has no aliases.
        n = top - bottom + 2
        if n > _LARGEST_RANGE:
            raise SizeError(f"the weights spread over {n:,} whole numbers; round them to a coarser unit")
        frequencies = self._frequencies(t, n)
        amplitude = np.zeros(len(frequencies), dtype=complex)
        for weight, size in zip(self._weights.tolist(), self._sizes.tolist(), strict=True):
            angle = _angle(frequencies, weight, n)
            # log(1 + t (e^{iα} − 1)), its real and imaginary part each to full precision
            shrink = np.sin(angle / 2) ** 2
            amplitude.real += size / 2 * np.log1p(-4 * t * (1 - t) * shrink)
            amplitude.imag += size * np.arctan2(t * np.sin(angle), 1 - 2 * t * shrink)
        amplitude.imag -= _angle(frequencies, low + high, 2 * n)
        half = np.pi * frequencies / n
        length = high - low + 1
        whole = np.full(len(frequencies), float(length))
        window = np.divide(np.sin(_angle(frequencies, length, 2 * n)), np.sin(half), out=whole, where=frequencies > 0)
        terms = np.exp(amplitude.real) * np.cos(amplitude.imag) * window
        # Frequencies i and n − i are conjugate; 0 and, for even n, n/2 stand alone.
        alone = (frequencies == 0) | (2 * frequencies == n)
        return float((np.where(alone, 1.0, 2.0) * terms).sum() / n)

    def n_frequencies(self) -> int:
        """Terms of the Fourier sum where most are needed."""
        return len(self._frequencies(0.5, min(2 * math.ceil(self._reach(0.5)), self.largest) + 2))

    def _frequencies(self, t: float, n: int) -> NDArray[np.int64]:
        """Whole frequencies ``0 … n/2`` at which the largest group's amplitude is not negligible."""
        group = int(np.argmax(self._sizes))
        weight, size = int(self._weights[group]), int(self._sizes[group])
        bound = -math.expm1(-2 * _NEGLIGIBLE / size) / (4 * t * (1 - t)) if 0 < t < 1 else 1.0
        if bound >= 1:
            _require_few(n // 2 + 1)
            return np.arange(n // 2 + 1)
        width = math.ceil(math.asin(math.sqrt(bound)) / math.pi * n / weight) + 1
        _require_few((weight // 2 + 2) * (2 * width + 1))
        centres = (np.arange(weight // 2 + 2) * n) // weight
        found = np.unique(centres[:, None] + np.arange(-width, width + 2))
        return found[(found >= 0) & (found <= n // 2)]


def _require_few(n_frequencies: int) -> None:
    if n_frequencies > _MOST_FREQUENCIES:
        raise SizeError(
            f"the weights are too uneven for this threshold ({n_frequencies:,} frequencies); round them to a "
            "coarser unit"
        )


def _angle(frequencies: NDArray[np.int64], multiple: int, n: int) -> NDArray[np.float64]:
    """``2π · frequency · multiple / n`` reduced in whole numbers to (−π, π]."""
    whole = (frequencies * (multiple % n)) % n
    return 2 * np.pi / n * np.where(2 * whole > n, whole - n, whole)


def _bisect(reached: Callable[[float], bool]) -> float:
    """``t`` in [0, 1] at which a condition begins to hold; 0 if it holds from the start, 1 if it never does."""
    if reached(0.0):
        return 0.0
    below, above = 0.0, 1.0
    for _ in range(50):
        middle = (below + above) / 2
        below, above = (below, middle) if reached(middle) else (middle, above)
    return above


_NODES = 12
_legendre = cache(np.polynomial.legendre.leggauss)
_PANELS = (3.0, 1.0, 0.3)
_NEGLIGIBLE_CHANCE = 1e-18
_LARGEST_HEAVY_GROUP = 64
_MOST_HEAVY_STATES = 4096
_NODES_IN_ALL = 400
_MOST_CELLS = 1 << 22
_MOST_WORK = 2 * 10**9
_LARGEST_WEIGHT = 10**9


def threshold_payments(
    weights: ArrayLike, group_sizes: ArrayLike, quota: Number | str, height: float = 1.0
) -> NDArray[np.float64]:
    """Fair payments when the utility is ``height`` as soon as present weights reach the quota, else 0.

    A user is paid for being pivotal: ``phi_k = height · ∫_0^1 Pr(quota − w_k ≤ X_t < quota) dt``, where ``X_t``
    is the weight of the other users when each is present with probability ``t``. The probability is a
    Fourier sum over whole weights, cut off where the characteristic function vanishes; single heavy
    users are enumerated. Where they are many and all users few, the distribution of the weight of a coalition
    of each size takes its place. No sampling: payments are correct to about ten digits at any number of users.

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
    G. Owen (1972), Multilinear extensions of games, for the integral. Mann, Shapley (1962), The a priori voting
    strength of the electoral college, for the distributions by size. Bernstein's inequality bounds what
    is cut off.

    Examples
    --------
    >>> threshold_payments([1, 1], [600_000, 400_000], 500_000).round(18)
    array([1.e-06, 1.e-06])
    >>> threshold_payments([3, 1], [1, 3], 4)  # the heavy user and any light one
    array([0.75      , 0.08333333])
    """
    sizes = np.asarray(group_sizes, dtype=np.int64)
    units, needed = _in_units(as_array(weights, "weights"), sizes, as_number(quota, "quota"))
    if not math.isfinite(height):
        raise InputError("height", "must be finite", height)
    if needed > int(units @ sizes):
        return np.zeros(len(sizes))
    by_fourier, by_size = _work(units, sizes, needed)
    shares = (pivotal_by_size if by_size <= by_fourier else pivotal_by_fourier)(units, sizes, needed)
    return height * shares


def pivotal_by_fourier(units: NDArray[np.int64], sizes: NDArray[np.int64], needed: int) -> NDArray[np.float64]:
    """Probability that one user of each group is pivotal, by integration over the chance of being present."""
    for panel in _PANELS:
        shares = np.array([_pivotal(units, sizes, needed, group, panel) for group in range(len(sizes))])
        if abs(shares @ sizes - 1) <= THRESHOLD_ERROR:
            return shares
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


_Heavy: TypeAlias = list[tuple[int, int]]
"""Weight and size of each group of heavy users, whose number present is enumerated."""


def _pivotal(units: NDArray[np.int64], sizes: NDArray[np.int64], needed: int, group: int, panel: float) -> float:
    """Probability that one user of the group is pivotal, averaged over t."""
    weight = int(units[group])
    if weight == 0:
        return 0.0
    left = sizes.copy()
    left[group] -= 1
    heavy, bulk = _split(units, left)
    total = 0.0
    for present in product(*(range(size + 1) for _, size in heavy)):
        carried = sum(unit * count for (unit, _), count in zip(heavy, present, strict=True))
        low, high = needed - weight - carried, needed - 1 - carried
        if high < 0 or low > bulk.largest:
            continue
        for nodes, lengths in _panels(heavy, bulk, present, low, high, panel):
            inside = bulk.probability(nodes, low, high)
            total += float(lengths @ (inside * _chance(heavy, present, nodes)))
    return total


def is_affordable(weights: ArrayLike, group_sizes: ArrayLike, quota: Number | str) -> bool:
    """Whether `threshold_payments` takes seconds at most: hundreds of users who are all different may take hours."""
    sizes = np.asarray(group_sizes, dtype=np.int64)
    try:
        units, needed = _in_units(as_array(weights, "weights"), sizes, as_number(quota, "quota"))
    except SizeError:
        return False
    return min(_work(units, sizes, needed)) <= _MOST_WORK


def _work(units: NDArray[np.int64], sizes: NDArray[np.int64], needed: int) -> tuple[float, float]:
    """Elementary steps of the Fourier sums, and of the distributions by size; a few hundred million a second."""
    n_users, n_groups = int(sizes.sum()), len(sizes)
    bulk = BulkWeight(units[units > 0], sizes[units > 0])
    n_heavy = math.prod(size + 1 for _, size in _split(units, sizes)[0])
    try:
        by_fourier: float = n_groups**2 * n_heavy * _NODES_IN_ALL * bulk.n_frequencies()
    except SizeError:
        by_fourier = math.inf
    by_size = n_users**2 * needed * n_groups.bit_length() if n_users * needed <= _MOST_CELLS else math.inf
    return by_fourier, by_size


def pivotal_by_size(units: NDArray[np.int64], sizes: NDArray[np.int64], needed: int) -> NDArray[np.float64]:
    """Probability that one user of each group is pivotal, averaged over sizes of the coalition that it joins.

    Each group's others are added half by half, so that what halves have in common is added once.
    """
    n_users = int(sizes.sum())
    shares = np.zeros(len(sizes))

    def add(chances: NDArray[np.float64], n_added: int, group: int, count: int) -> int:
        weight = int(units[group])
        for n in range(n_added + 1, n_added + count + 1):
            joined = (np.arange(1, n + 1) / n)[:, None] * chances[:n]
            chances[:n] *= 1 - np.arange(n)[:, None] / n
            chances[1 : n + 1, weight:] += joined[:, : max(needed - weight, 0)]
        return n_added + count

    def leave_out(first: int, stop: int, chances: NDArray[np.float64], n_added: int) -> None:
        if stop - first == 1:
            add(chances, n_added, first, int(sizes[first]) - 1)
            shares[first] = chances[:, max(needed - int(units[first]), 0) :].sum() / n_users
            return
        middle = (first + stop) // 2
        for kept, added in (((first, middle), (middle, stop)), ((middle, stop), (first, middle))):
            more, n = chances.copy(), n_added
            for group in range(*added):
                n = add(more, n, group, int(sizes[group]))
            leave_out(*kept, more, n)

    # Row s: the weight, below the quota, of a random coalition of s of the users added so far.
    nobody = np.zeros((n_users, needed))
    nobody[0, 0] = 1.0
    leave_out(0, len(sizes), nobody, 0)
    return shares


def _split(units: NDArray[np.int64], sizes: NDArray[np.int64]) -> tuple[_Heavy, BulkWeight]:
    """Set apart small groups whose single users outweigh the spread of all lighter ones."""
    heavy: _Heavy = []
    order = [int(group) for group in np.argsort(-units, kind="stable") if sizes[group] > 0 and units[group] > 0]
    states = 1
    for position, group in enumerate(order):
        lighter = order[position + 1 :]
        spread = math.sqrt(float((units[lighter].astype(float) ** 2) @ sizes[lighter]) / 4)
        states *= int(sizes[group]) + 1
        if sizes[group] > _LARGEST_HEAVY_GROUP or units[group] < 0.7 * spread or states > _MOST_HEAVY_STATES:
            break
        heavy.append((int(units[group]), int(sizes[group])))
    lighter = order[len(heavy) :]
    return heavy, BulkWeight(units[lighter], sizes[lighter])


def _chance(heavy: _Heavy, present: tuple[int, ...], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that just these numbers of heavy users are present."""
    chance = np.ones_like(t)
    for (_, size), count in zip(heavy, present, strict=True):
        chance *= math.comb(size, count) * t**count * (1 - t) ** (size - count)
    return chance


def _panels(
    heavy: _Heavy, bulk: BulkWeight, present: tuple[int, ...], low: int, high: int, panel: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Nodes and weights in t: fine where the bulk's weight crosses an end of ``[low, high]``, coarse between."""
    rising, falling = bulk.crossing(low), bulk.crossing(high + 1)
    if falling[0] <= rising[1]:
        edges = _steps(bulk, rising[0], falling[1], panel)
        sums = [_NODES] * (len(edges) - 1)
    else:
        first, last = _steps(bulk, *rising, panel), _steps(bulk, *falling, panel)
        edges = [*first, *last]
        between = _NODES + sum(size for _, size in heavy)
        sums = [_NODES] * (len(first) - 1) + [between] + [_NODES] * (len(last) - 1)
    panels = []
    for start, stop, n_nodes in zip(edges[:-1], edges[1:], sums, strict=True):
        nodes, weights = _legendre(n_nodes)
        t = (start + stop) / 2 + (stop - start) / 2 * nodes
        if _chance(heavy, present, t).max() > _NEGLIGIBLE_CHANCE:
            panels.append((t, (stop - start) / 2 * weights))
    return panels


def _steps(bulk: BulkWeight, start: float, stop: float, panel: float) -> list[float]:
    edges = [start]
    while edges[-1] < stop:
        edges.append(min(stop, edges[-1] + panel * bulk.step(edges[-1])))
    return edges
