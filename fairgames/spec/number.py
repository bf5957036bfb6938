"""Numbers as a specification writes them: ``0.2`` is 1/5, ``"2/3"`` and ``inf`` are allowed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from fairgames.exactness import Number

LARGEST_POWER = 300
"""Numbers stay between 10**-300 and 10**300, so that floats can hold them and nobody waits for a huge power."""


class NotANumberError(ValueError):
    """The text or value is not a number of a specification; the message says what would be."""


def exact_number(value: object) -> Number:
    """Read one number exactly.

    Parameters
    ----------
    value : int, Decimal or str
        As ``tomllib`` hands it over when decimals are parsed as ``Decimal``; text is a ratio
        (``"2/3"``), a decimal (``"0.2"``) or ``"inf"``.

    Returns
    -------
    Fraction or float
        The float is plus or minus infinity, never anything else.

    Raises
    ------
    NotANumberError
        For NaN, booleans, other text, and numbers outside ±10**300 or closer to 0 than 10**-300.

    Examples
    --------
    >>> exact_number(Decimal("0.2")), exact_number("2/3"), exact_number("inf")
    (Fraction(1, 5), Fraction(2, 3), inf)
    """
    if isinstance(value, bool):
        raise NotANumberError(_EXPECTED)
    if isinstance(value, str) and "/" in value:
        return _within_range(_ratio(value))
    if isinstance(value, (int, Fraction)):
        return _within_range(Fraction(value))
    if isinstance(value, (str, Decimal)):
        return _decimal(value)
    raise NotANumberError(_EXPECTED)


_EXPECTED = 'must be a number such as 0.2, 3, "2/3" or inf'
_RANGE = f"must be 0 or of a size between 1e-{LARGEST_POWER} and 1e{LARGEST_POWER}"


def _decimal(value: str | Decimal) -> Number:
    try:
        decimal = Decimal(value)
    except InvalidOperation:
        raise NotANumberError(_EXPECTED) from None
    if decimal.is_nan():
        raise NotANumberError("must be a number, not NaN")
    if decimal.is_infinite():
        return math.inf if decimal > 0 else -math.inf
    # The power is looked at before it is multiplied out: 1e999999999 would fill the memory.
    if decimal and abs(decimal.adjusted()) > LARGEST_POWER:
        raise NotANumberError(_RANGE)
    return _within_range(Fraction(decimal)) if decimal else Fraction(0)


def _ratio(text: str) -> Fraction:
    above, _, below = text.partition("/")
    try:
        return Fraction(int(above), int(below))
    except (ValueError, ZeroDivisionError):
        raise NotANumberError(_EXPECTED) from None


def _within_range(number: Fraction) -> Fraction:
    if number and not Fraction(1, 10**LARGEST_POWER) <= abs(number) <= 10**LARGEST_POWER:
        raise NotANumberError(_RANGE)
    return number


def as_written(value: object) -> str:
    """Write a value as TOML would, for a message; long ones are cut.

    Examples
    --------
    >>> as_written(Decimal("-0.4")), as_written("abc"), as_written(True)
    ('-0.4', '"abc"', 'true')
    """
    text = _toml(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(entry) for entry in value)}]"
    if isinstance(value, Decimal) and value.is_infinite():
        return "inf" if value > 0 else "-inf"
    return str(value)
