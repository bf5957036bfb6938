"""The screen, or a pipe, that every command prints on: tables, headings and prose, of which nothing is cut off.

The frame of the commands makes one as a `Run` begins; numbers are written by `terminal`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fairgames.printable import printable
from fairgames.progress import clear_line
from fairgames.result import are_numbers, format_value

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

    def table(self, title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table; long cells are folded onto further lines rather than cut."""
        look: Any = {"show_edge": False, "header_style": "bold", "padding": (0, 1), "collapse_padding": True}
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, **look)
        cells = [[cell if isinstance(cell, str) else format_value(cell) for cell in row] for row in rows]
        columns = list(zip(*cells, strict=True)) or [()] * len(headers)
        for header, column in zip(headers, columns, strict=True):
            words = [len(word) for cell in (header, *column) for word in cell.split()]
            width = min(max(words, default=1), _LONGEST_UNBROKEN)
            table.add_column(
                header, justify="right" if are_numbers(column) else "left", overflow="fold", min_width=width
            )
        for texts in cells:
            table.add_row(*texts)
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
