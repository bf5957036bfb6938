"""What a person reads on the screen, or in a pipe: nothing is cut off, numbers are flush right.

Columns of numbers have one number of decimals each, so that digits line up. Every command prints on a `Screen`.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fairgames.exactness import Number
from fairgames.printable import printable
from fairgames.progress import clear_line
from fairgames.result import are_numbers

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


_UNLIMITED = 100_000
_LONGEST_UNBROKEN = 20


class Screen(Console):
    """A console that fits the terminal, and in a pipe or file leaves lines whole.

    Names are printed as they are, escaped where they would steer the terminal or forge a line.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        file = stream or sys.stdout
        free = not file.isatty() and "COLUMNS" not in os.environ
        super().__init__(file=file, width=_UNLIMITED if free else None, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: D102 (as rich has it)
        return super().render_str(printable(text), **options)

    def print(self, *objects: Any, **options: Any) -> None:  # noqa: D102 (as rich has it)
        clear_line()
        super().print(*objects, **options)

    def say(self, *lines: str) -> None:
        """Print lines of prose, wrapped at words where the terminal ends."""
        for line in lines:
            self.print(line)

    def heading(self, text: str) -> None:
        """Print a heading, a blank line before it."""
        self.print()
        self.print(text, style="bold")

    def table(self, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; long cells are folded onto further lines rather than cut."""
        look: Any = {"show_edge": False, "header_style": "bold", "padding": (0, 1), "collapse_padding": True}
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, **look)
        columns = list(zip(*rows, strict=True)) or [()] * len(headers)
        for header, column in zip(headers, columns, strict=True):
            words = [len(word) for cell in (header, *column) for word in cell.split()]
            width = min(max(words, default=1), _LONGEST_UNBROKEN)
            table.add_column(
                header, justify="right" if are_numbers(column) else "left", overflow="fold", min_width=width
            )
        for row in rows:
            table.add_row(*row)
        if title:
            self.heading(title)
        else:
            self.print()
        self.print(table, crop=False)

    def columns(self, title: str, columns: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Print a table that is given as columns, each with its header."""
        headers, cells = zip(*columns, strict=True)
        self.table(title, headers, list(zip(*cells, strict=True)))

    def left(self, total: int, shown: int, what: str) -> None:
        """Say how many are not shown, if any, and where they are."""
        if total > shown:
            self.say(f"{total - shown:,} {what} are not shown; --json FILE lists them all.")
