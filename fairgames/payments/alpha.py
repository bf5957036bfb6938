"""The fraction of the utility that is paid out: a number, or a function of the utility level (axiom B.ii).

`pricing`, `PaymentTable` and `FairGame` scale payments by it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from fairgames.errors import InputError, asked
from fairgames.exactness import Array, Number, as_number, common, is_exact, to_float
from fairgames.tolerance import comparison_tolerance

Alpha: TypeAlias = Number | int | str | Callable[[Any], Number]


def as_alpha(alpha: Alpha) -> Number | Callable[[Any], Number]:
    """Check a payment fraction: a number in [0, 1], or a callable that `alpha_levels` will check.

    Raises
    ------
    InputError
        If a number lies outside [0, 1] or is not a number.

    Examples
    --------
    >>> as_alpha("1/3")
    Fraction(1, 3)
    """
    return alpha if callable(alpha) else as_share(alpha, "alpha")


def as_share(value: object, name: str) -> Number:
    """Check a number in [0, 1].

    Raises
    ------
    InputError
        If it is not one.
    """
    number = as_number(value, name)
    if not 0 <= number <= 1:
        raise InputError(name, "must lie in [0, 1]", value)
    return number


def alpha_levels(alpha: Number | Callable[[Any], Number], U: Array) -> Array:
    """Payment fraction at each entry of ``U`` (axiom B.ii: equal utilities get equal fractions).

    Parameters
    ----------
    alpha : number or callable
        A constant, or a function of the utility level.
    U : ndarray
        Utilities.

    Returns
    -------
    ndarray
        Shape of ``U``. Utilities that differ by rounding alone count as one level, so that they
        get one fraction.

    Raises
    ------
    InputError
        If the function leaves [0, 1], or answers differently when asked for one level twice.
    """
    if not callable(alpha):
        return np.full(U.shape, alpha, dtype=object if isinstance(alpha, Fraction) else float)
    flat = U.reshape(-1)
    order = np.argsort(to_float(flat), kind="stable")
    steps = flat[order][1:] - flat[order][:-1] > comparison_tolerance(U)
    level_of = np.empty(flat.size, dtype=np.intp)
    level_of[order] = np.concatenate([[0], np.cumsum(steps.astype(bool))])
    firsts = order[np.concatenate([[True], steps.astype(bool)])]
    fractions = [_at_level(alpha, level) for level in flat[firsts].tolist()]
    exact = is_exact(U) and all(isinstance(fraction, Fraction) for fraction in fractions)
    return np.array(fractions, dtype=object if exact else float)[level_of].reshape(U.shape)


def paid_out(alpha: Number | Callable[[Any], Number], U: Array, shares: Array) -> Array:
    """Multiply payments at alpha = 1 by the fraction at their utility; exact when both are.

    Parameters
    ----------
    alpha : number or callable
        A constant, or a function of the utility level.
    U, shares : ndarray
        Utilities, and the payments to scale; ``U`` broadcasts against ``shares``.
    """
    if not callable(alpha):
        exact = isinstance(alpha, Fraction) and is_exact(shares)
        return alpha * shares if exact else float(alpha) * to_float(shares)
    fractions, shares = common(alpha_levels(alpha, U), shares)
    paid: Array = fractions * shares
    return paid


def _at_level(alpha: Callable[[Any], Number], level: Number) -> Number:
    name = f"alpha({level})"
    fraction = as_share(asked(alpha, name, level), name)
    again = as_number(asked(alpha, name, level), name)
    if again != fraction:
        raise InputError(name, f"must be a function of the utility level alone; it gave {fraction}, then", again)
    return fraction
