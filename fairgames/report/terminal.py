"""Numbers as a person reads them, in tables and in sentences.

Columns of numbers have one number of decimals each, so that digits line up. Commands, tables and figures write them by
these functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from fairgames.exactness import Number

MOST_DECIMALS = 12


def decimals(numbers: Sequence[Number | None], significant: int = 5) -> list[str]:
    """Write a column of numbers with as many decimals as its largest finite one needs for its significant digits.

    Examples
    --------
    >>> decimals([Fraction(5, 2), 0.01, None])
    ['2.5000', '0.0100', '-']
    >>> decimals([2875330.2])
    ['2,875,330']
    """
    finite = [abs(float(number)) for number in numbers if number is not None and math.isfinite(number)]
    largest = max(finite, default=0.0)
    before_point = math.floor(math.log10(largest)) + 1 if largest > 0 else 1
    places = min(max(significant - max(before_point, -MOST_DECIMALS), 0), MOST_DECIMALS)
    return ["-" if number is None else _fixed(float(number), places) for number in numbers]


def _fixed(number: float, places: int) -> str:
    # Rounding may leave a negative zero, which would read as a debt.
    return f"{number:,.{places}f}" if round(number, places) or not math.isfinite(number) else f"{0:.{places}f}"


def exactly(number: Number, significant: int = 5) -> str:
    """Write one number as a decimal, and a rational that the decimal only approaches as a ratio as well.

    Examples
    --------
    >>> exactly(Fraction(2, 3)), exactly(Fraction(3, 5)), exactly(0.25)
    ('0.66667 (exactly 2/3)', '0.6', '0.25')
    """
    text = f"{float(number):.{significant}g}"
    if isinstance(number, Fraction) and Fraction(text) != number and len(str(number)) <= 15:
        return f"{text} (exactly {number})"
    return text
