"""Numbers and lines as a person reads them, in tables and in sentences.

Columns of numbers have one number of decimals each, so that digits line up; what fits one screen has lines that do.
Commands, tables and figures write them by these functions.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from fairgames.exactness import Number
from fairgames.printable import printable

MOST_DECIMALS = 12
MOST_COLUMNS = 100
_LEAST_NAME, _MOST_LEVEL = 12, 24


def decimals(numbers: Sequence[Number | None], significant: int = 5) -> list[str]:
    """Write a column of numbers with as many decimals as its largest finite one needs for its significant digits.

    Examples
    --------
    >>> decimals([2.5, 0.01, None])
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


def shortened(text: str, most: int = MOST_COLUMNS) -> str:
    """Write text on one line of so many columns at most, start and end kept.

    Examples
    --------
    >>> shortened("North Hospital, ward 7", 12)
    'North …ard 7'
    """
    line, half = printable(text), most // 2
    return line if len(line) <= most else f"{line[:half]}…{line[len(line) - most + half + 1 :]}"


def wrapped(sentences: Sequence[str]) -> list[str]:
    """Break sentences into lines that fit a screen."""
    return [line for text in sentences for line in textwrap.wrap(printable(text), MOST_COLUMNS, break_on_hyphens=False)]


def fitted(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Shorten names, in the first column, and levels until the rows of a table fit a screen."""
    level = headers.index("level") if "level" in headers else None
    short = [[shortened(cell, _MOST_LEVEL) if at == level else cell for at, cell in enumerate(row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *short, strict=True)]
    room = max(MOST_COLUMNS - sum(widths[1:]) - 2 * (len(widths) - 1), _LEAST_NAME)
    return [(shortened(row[0], room), *row[1:]) for row in short]
