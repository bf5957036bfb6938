"""What a person reads on the screen, or in a pipe: nothing is cut off, numbers are flush right."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from fairgames.report.latex import are_numbers

if TYPE_CHECKING:
    from rich.console import Console

_UNLIMITED = 100_000
_LONGEST_UNBROKEN = 20


def console_for(stream: TextIO | None = None) -> Console:
    """Return a console that fits the terminal, and in a pipe or file leaves lines whole.

    Parameters
    ----------
    stream : file, optional
        Where to print; standard output by default.

    Returns
    -------
    Console
        Outside a terminal the width is that of ``COLUMNS`` if set, else unlimited.
    """
    from rich.console import Console

    file = stream or sys.stdout
    free = not file.isatty() and "COLUMNS" not in os.environ
    return Console(file=file, width=_UNLIMITED if free else None, highlight=False, markup=False, emoji=False)


def print_table(console: Console, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; long cells are folded onto further lines rather than cut.

    Parameters
    ----------
    console : Console
        Where to print.
    title : str
        Printed above; nothing when empty.
    headers : sequence of str
        One a column.
    rows : sequence of sequence of str
        The cells.
    """
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
