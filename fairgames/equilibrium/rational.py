"""Rationals for exact work: integers for `vertices` and `certify`, and simple rationals near floats for `solve`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_number, is_exact, to_fractions


class Scaled(NamedTuple):
    """Integers, and the positive number by which the rationals were multiplied to get them."""

    integers: Array
    scale: int


def to_integers(array: Array) -> Scaled:
    """Multiply an array by the smallest number that makes all entries integers.

    Parameters
    ----------
    array : ndarray
        Of Fractions, or of floats: these are the binary fractions that they are.

    Returns
    -------
    Scaled
        ``array == integers / scale``, with Python integers of any size.

    Examples
    --------
    >>> to_integers(np.array([0.5, 0.75]))
    Scaled(integers=array([2, 3], dtype=object), scale=4)
    """
    ratios = [value.as_integer_ratio() for value in array.ravel().tolist()]
    scale = math.lcm(*[below for _, below in ratios])
    integers = np.array([above * (scale // below) for above, below in ratios], dtype=object)
    return Scaled(integers.reshape(array.shape), scale)


def from_weights(weights: Sequence[int]) -> Array:
    """Probability vector in Fractions, proportional to non-negative integers.

    Examples
    --------
    >>> from_weights([1, 2])
    array([Fraction(1, 3), Fraction(2, 3)], dtype=object)
    """
    total = sum(weights)
    return np.array([Fraction(weight, total) for weight in weights], dtype=object)


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """Rational with the smallest denominator in ``[low, high]`` (Stern-Brocot; continued fractions).

    Examples
    --------
    >>> simplest_between(Fraction("0.6666"), Fraction("0.6667"))
    Fraction(2, 3)
    """
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest_between(-high, -low)
    whole = math.floor(low)
    if whole == low:
        return Fraction(whole)
    if whole + 1 <= high:
        return Fraction(whole + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))


def rationalize(payoffs: Sequence[Array], bound: object) -> tuple[tuple[Array, ...], Number]:
    """Replace float payoffs by the simplest rationals within ``bound`` of them.

    An equilibrium of the new game has, in the game as it was given, a regret of at most twice the
    largest change.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a player; exact tensors are left as they are.
    bound : number
        Largest change allowed in a payoff, positive.

    Returns
    -------
    payoffs : tuple of ndarray
        In Fractions.
    change : Fraction
        The largest change made, at most ``bound``: computed afterwards, in rationals.

    Raises
    ------
    InputError
        If ``bound`` is not positive.

    Examples
    --------
    >>> game, change = rationalize([np.array([2 / 3, 1 / 3 + 1 / 3 - 2 / 3 + 1e-16])], 1e-12)
    >>> game[0], change < 1e-15
    (array([Fraction(2, 3), Fraction(0, 1)], dtype=object), True)
    """
    limit = Fraction(as_number(bound, "rationalize"))
    if limit <= 0:
        raise InputError("rationalize", "must be positive: the largest change allowed in a payoff", bound)
    changed, change = [], Fraction(0)
    for payoff in payoffs:
        given = to_fractions(payoff)
        simplest = np.frompyfunc(lambda value: simplest_between(value - limit, value + limit), 1, 1)
        changed.append(payoff if is_exact(payoff) else simplest(given))
        change = max(change, abs(changed[-1] - given).max())
    return tuple(changed), change
