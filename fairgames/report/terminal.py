"""What a person reads on the screen, or in a pipe: nothing is cut off, numbers are flush right.

Columns of numbers have one number of decimals each, so that digits line up. Every command prints by these functions.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TextIO

from fairgames.exactness import Number
from fairgames.printable import printable
from fairgames.progress import clear_line
from fairgames.result import are_numbers

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

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


def console_for(stream: TextIO | None = None) -> Console:
    """Return a console that fits the terminal, and in a pipe or file leaves lines whole."""
    from rich.console import Console

    class PlainConsole(Console):
        """Prints names as they are, escaped where they would steer the terminal or forge a line."""

        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(printable(text), **options)

        def print(self, *objects: Any, **options: Any) -> None:
            clear_line()
            super().print(*objects, **options)

    file = stream or sys.stdout
    free = not file.isatty() and "COLUMNS" not in os.environ
    return PlainConsole(file=file, width=_UNLIMITED if free else None, highlight=False, markup=False, emoji=False)


def print_table(console: Console, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; long cells are folded onto further lines rather than cut."""
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 1), collapse_padding=True
    )
    columns = list(zip(*rows, strict=True)) or [()] * len(headers)
    for header, column in zip(headers, columns, strict=True):
        side = "right" if are_numbers(column) else "left"
        table.add_column(header, justify=side, overflow="fold", min_width=_longest_word([header, *column]))  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row)
    if title:
        print_heading(console, title)
    else:
        console.print()
    console.print(table, crop=False)


def print_columns(console: Console, title: str, columns: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Print a table that is given as columns, each with its header."""
    rows = list(zip(*(cells for _, cells in columns), strict=True))
    print_table(console, title, [header for header, _ in columns], rows)


def print_left(console: Console, total: int, shown: int, what: str) -> None:
    """Say how many are not shown, if any, and where they are."""
    if total > shown:
        print_lines(console, [f"{total - shown:,} {what} are not shown; --json FILE lists them all."])


def _longest_word(cells: Sequence[str]) -> int:
    words = [word for cell in cells for word in cell.split()]
    return min(max(map(len, words), default=1), _LONGEST_UNBROKEN)


def print_heading(console: Console, text: str) -> None:
    """Print a heading, a blank line before it."""
    console.print()
    console.print(text, style="bold")


def print_lines(console: Console, lines: Sequence[str]) -> None:
    """Print lines of prose, wrapped at words where the terminal ends."""
    for line in lines:
        console.print(line)
