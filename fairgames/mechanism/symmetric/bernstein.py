"""Polynomials in Bernstein form on [0, 1], in rationals: their roots, isolated and certified.

``B(x) = Σ_k C(n, k) x^k (1 − x)^(n − k) b_k`` is the mean of ``b_K`` with ``K`` binomial ``(n, x)``.

Gains and utilities of exchangeable users who mix are such means: all of `symmetric` reads them, up to 32 users.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Number
from fairgames.result import Result

_ROOT_BITS = 80
_RATIONAL = 1 << 32


@dataclass(frozen=True)
class Root(Result):
    """A point of [0, 1], exact when ``rational``, otherwise within 2^-80 of an irrational root."""

    x: Fraction
    rational: bool


@dataclass(frozen=True)
class Bernstein(Result):
    """A polynomial by its Bernstein coefficients.

    Parameters
    ----------
    coefficients : tuple of Fraction
        ``n + 1`` of them for degree at most ``n``.

    Examples
    --------
    >>> curve = Bernstein((Fraction(-1), Fraction(0), Fraction(2)))  # 2x² − (1 − x)²
    >>> curve(Fraction(1, 2))
    Fraction(1, 4)
    >>> [round(float(root.x), 6) for root in curve.roots()]
    [0.414214]
    """

    coefficients: tuple[Fraction, ...]

    @classmethod
    def of(cls, coefficients: Iterable[Number | int]) -> Bernstein:
        """Read coefficients; a float becomes the rational that it is, bit for bit."""
        return cls(tuple(Fraction(value) for value in coefficients))

    @property
    def degree(self) -> int:
        """Formal degree ``n``."""
        return len(self.coefficients) - 1

    @cached_property
    def _whole(self) -> tuple[list[int], int]:
        """Coefficients of ``x^k (1 − x)^(n − k)`` in whole numbers, and their common denominator."""
        return _integers([math.comb(self.degree, k) * value for k, value in enumerate(self.coefficients)])

    @cached_property
    def _floats(self) -> NDArray[np.float64]:
        return np.array(self.coefficients, dtype=float)

    def __call__(self, x: Fraction) -> Fraction:
        """Value at ``x``."""
        x = Fraction(x)
        n, top, bottom = self.degree, x.numerator, x.denominator
        terms, scale = self._whole
        return Fraction(_homogeneous(terms, top, bottom - top), scale * bottom**n)

    def __add__(self, other: Bernstein | Number) -> Bernstein:
        """Sum; a float is taken as the rational that it is."""
        if not isinstance(other, Bernstein):
            return Bernstein(tuple(value + Fraction(other) for value in self.coefficients))
        n = max(self.degree, other.degree)
        pairs = zip(self.elevated(n).coefficients, other.elevated(n).coefficients, strict=True)
        return Bernstein(tuple(left + right for left, right in pairs))

    def __sub__(self, other: Bernstein | Number) -> Bernstein:
        """Difference."""
        return self + (other * Fraction(-1) if isinstance(other, Bernstein) else -other)

    def __mul__(self, other: Bernstein | Number) -> Bernstein:
        """Product."""
        if not isinstance(other, Bernstein):
            return Bernstein(tuple(value * Fraction(other) for value in self.coefficients))
        m, n = self.degree, other.degree
        sums = [Fraction(0)] * (m + n + 1)
        right = [math.comb(n, k) * value for k, value in enumerate(other.coefficients)]
        for j, value in enumerate(self.coefficients):
            left = math.comb(m, j) * value
            for k, factor in enumerate(right):
                sums[j + k] += left * factor
        return Bernstein(tuple(value / math.comb(m + n, k) for k, value in enumerate(sums)))

    def elevated(self, degree: int) -> Bernstein:
        """Write the same polynomial with a higher formal degree."""
        if degree == self.degree:
            return self
        return self * Bernstein((Fraction(1),) * (degree - self.degree + 1))

    def derivative(self) -> Bernstein:
        """Derivative."""
        if self.degree == 0:
            return Bernstein((Fraction(0),))
        pairs = zip(self.coefficients[1:], self.coefficients[:-1], strict=True)
        return Bernstein(tuple(self.degree * (right - left) for right, left in pairs))

    def roots(self) -> list[Root]:
        """Roots strictly between 0 and 1, each once, in increasing order; none of the zero polynomial.

        Intervals are halved until Descartes' rule shows at most one root in each (Vincent, Collins and
        Akritas); a multiple root is found as an interval of length 2^-80 that stays undecided.

        References
        ----------
        F. Rouillier and P. Zimmermann (2004), Efficient isolation of polynomial's real roots, Journal of
        Computational and Applied Mathematics 162.
        """
        start, _ = _integers(self.coefficients)
        found: list[Root] = []
        pending: list[tuple[list[int], int, int]] = [(start, 0, 0)]
        while pending:
            terms, place, depth = pending.pop()
            changes = _sign_changes(terms)
            if changes == 0:
                continue
            left, right = Fraction(place, 1 << depth), Fraction(place + 1, 1 << depth)
            if depth >= _ROOT_BITS:
                found.append(self._named(left, right))
            elif changes == 1 and terms[0] * terms[-1] < 0:
                found.append(self.bracketed(left, right, rising=terms[-1] > 0))
            else:
                lower, upper = _halved(terms)
                if upper[0] == 0:
                    found.append(Root((left + right) / 2, True))
                pending += [(lower, 2 * place, depth + 1), (upper, 2 * place + 1, depth + 1)]
        return sorted({root.x: root for root in found}.values(), key=lambda root: root.x)

    def bracketed(self, left: Fraction, right: Fraction, *, rising: bool) -> Root:
        """Root between two points of opposite sign, by halving; ``rising`` if the sign is positive at ``right``."""
        terms, _ = self._whole
        scale = math.lcm(left.denominator, right.denominator)
        low, high = int(left * scale), int(right * scale)
        while (high - low) << _ROOT_BITS > scale:
            if high - low == 1:
                scale, low, high = 2 * scale, 2 * low, 2 * high
            middle = (low + high) // 2
            height = _homogeneous(terms, middle, scale - middle)
            if height == 0:
                return Root(Fraction(middle, scale), True)
            low, high = (low, middle) if (height > 0) == rising else (middle, high)
        return self._named(Fraction(low, scale), Fraction(high, scale))

    def floats(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at many points, in floats."""
        row: NDArray[np.float64] = self._floats[:, None] * np.ones_like(x)
        for _ in range(self.degree):
            row = row[:-1] + x * (row[1:] - row[:-1])
        values: NDArray[np.float64] = row[0]
        return values

    def _named(self, left: Fraction, right: Fraction) -> Root:
        middle = (left + right) / 2
        guess = middle.limit_denominator(_RATIONAL)
        if left <= guess <= right and self(guess) == 0:
            return Root(guess, True)
        return Root(middle, False)


def _integers(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Whole numbers in the same proportions, and their common denominator."""
    scale = math.lcm(*(value.denominator for value in values))
    return [int(value * scale) for value in values], scale


def _homogeneous(terms: Sequence[int], top: int, rest: int) -> int:
    """``Σ terms[k] · top^k · rest^(n − k)``."""
    total, power = 0, 1
    for term in terms:
        total = total * rest + term * power
        power *= top
    return total


def _sign_changes(terms: Sequence[int]) -> int:
    signs = [term > 0 for term in terms if term]
    return sum(left != right for left, right in pairwise(signs))


def _halved(terms: list[int]) -> tuple[list[int], list[int]]:
    """Coefficients on the two halves of the interval (de Casteljau), scaled to stay whole."""
    n = len(terms) - 1
    row = list(terms)
    lower, upper = [row[0] << n], [row[-1] << n]
    for step in range(1, n + 1):
        row = [left + right for left, right in pairwise(row)]
        lower.append(row[0] << (n - step))
        upper.append(row[-1] << (n - step))
    upper.reverse()
    return _reduced(lower), _reduced(upper)


def _reduced(terms: list[int]) -> list[int]:
    """Drop the factor 2^k that all terms share."""
    shared = min(((term & -term).bit_length() - 1 for term in terms if term), default=0)
    return [term >> shared for term in terms]
