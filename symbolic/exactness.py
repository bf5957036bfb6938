"""Exact input: integers, fractions and decimal strings become SymPy rationals; floats are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from numbers import Integral, Rational

import sympy as sp

from symbolic.errors import InputError

LARGEST_POWER = 300
"""Of ten: nobody waits for a huge one to be multiplied out."""


def exact(argument: str, value: object) -> sp.Expr:
    """Turn one number or expression into an exact SymPy expression.

    Parameters
    ----------
    argument : str
        The argument's name, for the error message.
    value : int, Fraction, str or sympy.Expr
        ``"2/3"`` and ``"0.2"`` are rationals, ``"inf"`` is infinity. An expression must be real:
        declare its symbols with ``positive=True`` or ``real=True``.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InputError
        For a float, a text that is no number, or an expression that is not known to be real.

    Examples
    --------
    >>> exact("cost", "0.3"), exact("cost", Fraction(2, 3)), exact("epsilon", "inf")
    (3/10, 2/3, oo)
    """
    if isinstance(value, bool):
        raise InputError(argument, "must be a number or an expression", value)
    if isinstance(value, (float, sp.Float)) and value not in (float("inf"),):
        raise InputError(argument, 'must be exact: write "1/5" or Fraction(1, 5) instead of a float', value)
    if (isinstance(value, str) and value.strip() in {"inf", "oo"}) or value == float("inf"):
        return sp.oo
    if isinstance(value, (Rational, str)) and not isinstance(value, sp.Expr):
        power = re.search(r"e[+-]?0*(\d+)\s*$", value, re.IGNORECASE) if isinstance(value, str) else None
        if power is not None and (len(power[1]) > 3 or int(power[1]) > LARGEST_POWER):
            raise InputError(argument, f"must have a power of ten of at most {LARGEST_POWER}", value)
        try:
            fraction = Fraction(value)
        except (ValueError, ZeroDivisionError):
            raise InputError(argument, "must be a number", value) from None
        return sp.Rational(int(fraction.numerator), int(fraction.denominator))
    if not isinstance(value, sp.Expr):
        raise InputError(argument, "must be a number or an expression", value)
    if value.has(sp.Float):
        raise InputError(argument, "must be exact: no floats inside an expression", value)
    if not value.is_extended_real:
        names = ", ".join(sorted(symbol.name for symbol in value.free_symbols))
        raise InputError(argument, f"must be real: declare {names or 'it'} with positive=True or real=True", value)
    return value


def exact_sequence(argument: str, values: Sequence[object]) -> tuple[sp.Expr, ...]:
    """Apply `exact` to every entry; the error names the entry.

    Parameters
    ----------
    argument : str
        Name for the error message.
    values : sequence
        Numbers or expressions.

    Returns
    -------
    tuple of sympy.Expr
        As `exact` returns them.

    Raises
    ------
    InputError
        When an entry is not exact and real.
    """
    return tuple(exact(f"{argument}[{index}]", value) for index, value in enumerate(values))


def finite(argument: str, value: object) -> sp.Expr:
    """Apply `exact` and refuse infinity.

    Parameters
    ----------
    argument : str
        Name for the error message.
    value : object
        Number or expression.

    Returns
    -------
    sympy.Expr
        As `exact` returns it.

    Raises
    ------
    InputError
        When it is infinite, or not exact and real.

    Examples
    --------
    >>> finite("U", "inf")
    Traceback (most recent call last):
    ...
    symbolic.errors.InputError: U: must be finite, got oo
    """
    number = exact(argument, value)
    if number.is_infinite:
        raise InputError(argument, "must be finite", number)
    return number


def user_count(n_users: object, least: int = 2) -> int:
    """Check a number of users.

    Parameters
    ----------
    n_users : int
        Number of users.
    least : int
        Smallest number that makes sense.

    Returns
    -------
    int
        The number.

    Raises
    ------
    InputError
        When it is not an integer of at least ``least``.
    """
    if isinstance(n_users, bool) or not isinstance(n_users, Integral) or n_users < least:
        raise InputError("n_users", f"must be an integer of at least {least}", n_users)
    return int(n_users)
