"""Real roots of polynomials of degree up to 3 with rational coefficients, rational wherever they are.

Along a family of two players' equilibria the utility is a quadratic in ``1/alpha``, and the platform's value is
stationary at roots of a cubic: `landscape.piece_peaks` asks for these, `two_player.optimum` for where families cross.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from fairgames.exactness import Number

_BITS = 160


def polynomial_roots(coefficients: Sequence[Fraction], low: Fraction, high: Fraction | None) -> list[Number]:
    """Real roots strictly between ``low`` and ``high`` of a polynomial of degree at most 3.

    Parameters
    ----------
    coefficients : sequence of Fraction
        From the constant term up.
    low : Fraction
        Lower end.
    high : Fraction or None
        Upper end; None for infinity.

    Returns
    -------
    list of Fraction or float
        In increasing order, each once: a Fraction where the root is rational (and its denominator is not
        astronomical), otherwise the nearest float. The zero polynomial has none.

    Examples
    --------
    >>> polynomial_roots([Fraction(-2), Fraction(0), Fraction(1)], Fraction(0), None)
    [1.4142135623730951]
    >>> polynomial_roots([Fraction(6), Fraction(-5), Fraction(1)], Fraction(0), None)
    [Fraction(2, 1), Fraction(3, 1)]
    """
    terms = list(coefficients)
    while terms and terms[-1] == 0:
        terms.pop()
    if len(terms) <= 1:
        return []
    found: set[Number] = set()
    while terms[0] == 0:
        found.add(Fraction(0))
        terms = terms[1:]
    if len(terms) == 2:
        found.add(-terms[0] / terms[1])
    elif len(terms) == 3:
        found.update(_quadratic(*terms))
    elif len(terms) == 4:
        found.update(_cubic(terms))
    return sorted(root for root in found if root > low and (high is None or root < high))


def _quadratic(constant: Fraction, linear: Fraction, square: Fraction) -> list[Number]:
    discriminant = linear * linear - 4 * square * constant
    if discriminant < 0:
        return []
    root, rational = _square_root(discriminant)
    pair = [(-linear - root) / (2 * square), (-linear + root) / (2 * square)]
    return pair if rational else [float(value) for value in pair]  # type: ignore[return-value]


def _square_root(value: Fraction) -> tuple[Fraction, bool]:
    """Square root to relative 2^-160, and whether it is the root itself."""
    top, bottom = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return Fraction(top, bottom), True
    shift = 2 * _BITS + 2 * max(0, value.denominator.bit_length() - value.numerator.bit_length())
    return Fraction(math.isqrt((value.numerator << shift) // value.denominator), 1 << (shift // 2)), False


def _cubic(terms: Sequence[Fraction]) -> list[Number]:
    """Roots between the stationary points, which separate them."""
    bound = 1 + max(abs(term / terms[-1]) for term in terms[:-1])
    turning = sorted(_quadratic(terms[1], 2 * terms[2], 3 * terms[3]))
    marks = [-bound, *(Fraction(point) for point in turning), bound]
    found: list[Number] = [mark for mark in marks if _at(terms, mark) == 0]
    for left, right in pairwise(marks):
        if _at(terms, left) * _at(terms, right) < 0:
            found.append(_between(terms, left, right))
    return found


def _at(terms: Sequence[Fraction], point: Fraction) -> Fraction:
    total = Fraction(0)
    for term in reversed(terms):
        total = total * point + term
    return total


def _between(terms: Sequence[Fraction], left: Fraction, right: Fraction) -> Number:
    """Find the one root between two points of opposite sign by Newton's steps within a shrinking bracket."""
    slope = [power * term for power, term in enumerate(terms)][1:]
    rising = _at(terms, right) > 0
    point = (left + right) / 2
    while right - left > Fraction(1, 1 << _BITS) * max(Fraction(1), abs(left)):
        height = _at(terms, point)
        if height == 0:
            return point
        if (height > 0) == rising:
            right = point
        else:
            left = point
        steepness = _at(slope, point)
        step = point - height / steepness if steepness else left
        # Newton's step converges from one side; aim just past the root to close the bracket from the other.
        nudge = (right - left) / (1 << 20)
        step = step - nudge if step - point < 0 else step + nudge
        point = _dyadic(step if left < step < right else (left + right) / 2)
        if not left < point < right:
            point = (left + right) / 2
    return _rational_within(terms, left, right)


def _dyadic(value: Fraction) -> Fraction:
    shift = 2 * _BITS
    return Fraction((value.numerator << shift) // value.denominator, 1 << shift)


def _rational_within(terms: Sequence[Fraction], left: Fraction, right: Fraction) -> Number:
    """Return the rational root in a tiny bracket if there is one, otherwise the nearest float.

    The denominator of a rational root divides the leading coefficient of the polynomial in integers.
    """
    scale = math.lcm(*(term.denominator for term in terms))
    largest = abs(int(terms[-1] * scale))
    middle = (left + right) / 2
    guess = middle.limit_denominator(largest)
    return guess if left <= guess <= right and _at(terms, guess) == 0 else float(middle)
