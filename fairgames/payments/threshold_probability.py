"""Distribution of the weight of many users that are present independently with one probability."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import SizeError

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
