"""Binomial means of long tables in floats: windows of weights around the mode.

The same interface as the rational `Bernstein` polynomials, for so many users (a million and more) that
rationals are out of the question.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Number
from fairgames.mechanism.symmetric_bernstein import Root

_SIGMAS = 9.0
_LEAST_WINDOW = 40
_POINTS_PER_SIGMA = 4


def binomial_mean(values: NDArray[np.float64], x: float) -> float:
    """Mean of ``values[K]`` with ``K`` binomial ``(len(values) − 1, x)``.

    Weights follow from the one at the mode by the ratio of neighbours and are then normalised: the
    logarithms of factorials would lose seven digits at a million users.

    Parameters
    ----------
    values : ndarray, shape (n + 1,)
        The table.
    x : float
        Probability in [0, 1].

    Returns
    -------
    float
        The mean; what lies more than nine standard deviations (and forty places) from the mode is
        below rounding.

    Examples
    --------
    >>> round(binomial_mean(np.arange(11.0), 0.25), 12)
    2.5
    """
    n = len(values) - 1
    if x <= 0 or n == 0:
        return float(values[0])
    if x >= 1:
        return float(values[-1])
    mode = min(n, math.floor((n + 1) * x))
    width = math.ceil(_SIGMAS * math.sqrt(n * x * (1 - x))) + _LEAST_WINDOW
    first, last = max(0, mode - width), min(n, mode + width)
    up = np.arange(mode, last)
    down = np.arange(mode, first, -1)
    odds = x / (1 - x)
    above = np.cumprod((n - up) / (up + 1) * odds)
    below = np.cumprod(down / (n - down + 1) / odds)
    weights = np.concatenate([below[::-1], [1.0], above])
    return float(weights @ values[first : last + 1] / weights.sum())


class Smooth:
    """A function on [0, 1] that varies on the scale of a binomial's standard deviation.

    Parameters
    ----------
    function : callable
        From a float to a float.
    degree : int
        Number of binomial trials behind it.
    """

    def __init__(self, function: Callable[[float], float], degree: int) -> None:
        self._function = function
        self.degree = degree

    def __call__(self, x: float) -> float:
        """Value at ``x``."""
        return self._function(float(x))

    def __add__(self, other: Smooth | Number) -> Smooth:
        """Sum."""
        if not isinstance(other, Smooth):
            return Smooth(lambda x: self(x) + float(other), self.degree)
        return Smooth(lambda x: self(x) + other(x), max(self.degree, other.degree))

    def __sub__(self, other: Smooth | Number) -> Smooth:
        """Difference."""
        return self + other * -1.0

    def __mul__(self, other: Smooth | Number) -> Smooth:
        """Product."""
        if not isinstance(other, Smooth):
            return Smooth(lambda x: self(x) * float(other), self.degree)
        return Smooth(lambda x: self(x) * other(x), max(self.degree, other.degree))

    def roots(self) -> list[Root]:
        """Roots strictly between 0 and 1 at which the sign changes, in increasing order.

        Four points a standard deviation are tried; two roots closer than that are not told apart.
        """
        steps = _POINTS_PER_SIGMA * math.ceil(math.pi * math.sqrt(self.degree))
        points = np.sin(np.linspace(0, math.pi / 2, steps + 1)) ** 2
        return self._between(points)

    def _between(self, points: NDArray[np.float64]) -> list[Root]:
        from scipy.optimize import brentq

        heights = [self(point) for point in points.tolist()]
        found = []
        for left, right, low, high in zip(points[:-1], points[1:], heights[:-1], heights[1:], strict=True):
            if low * high < 0:
                found.append(brentq(self, left, right, xtol=1e-300, rtol=8.9e-16))
            elif high == 0 and right < 1:
                found.append(float(right))
        return [Root(x, False) for x in found if 0 < x < 1]


class Table(Smooth):
    """The binomial mean of a table.

    Parameters
    ----------
    coefficients : ndarray, shape (n + 1,)
        The table.
    slopes : ndarray, shape (n,), optional
        Its differences, when they are known better than by subtraction.
    """

    def __init__(self, coefficients: NDArray[np.float64], slopes: NDArray[np.float64] | None = None) -> None:
        super().__init__(lambda x: binomial_mean(self.coefficients, x), len(coefficients) - 1)
        self.coefficients = np.asarray(coefficients, dtype=float)
        self._slopes = np.diff(self.coefficients) if slopes is None else np.asarray(slopes, dtype=float)

    def __add__(self, other: Smooth | Number) -> Smooth:
        """Sum; a table plus a number is a table."""
        if isinstance(other, Smooth):
            return super().__add__(other)
        return Table(self.coefficients + float(other), self._slopes)

    def __mul__(self, other: Smooth | Number) -> Smooth:
        """Product; a table times a number is a table."""
        if isinstance(other, Smooth):
            return super().__mul__(other)
        return Table(self.coefficients * float(other), self._slopes * float(other))

    def derivative(self) -> Table:
        """Derivative, a binomial mean of one trial less."""
        return Table(self.degree * self._slopes) if self.degree else Table(np.zeros(1))

    def roots(self) -> list[Root]:
        """Roots; none or one without a search where the table has as few changes of sign (Descartes)."""
        signs = np.sign(self.coefficients)
        signs = signs[signs != 0]
        changes = int((signs[1:] != signs[:-1]).sum())
        if changes == 0:
            return []
        if changes == 1:
            return self._between(np.array([0.0, 1e-3, 1 - 1e-3, 1.0]))
        return super().roots()
