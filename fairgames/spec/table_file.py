"""A measured utility saved as a table: CSV for people, ``.npy`` for programs."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fairgames.errors import SizeError
from fairgames.exactness import Array
from fairgames.memory import require_memory
from fairgames.spec.files import FileProblemError
from fairgames.spec.number import NotANumberError, exact_number


def read_table(path: Path, levels: Sequence[str]) -> Array:
    """Read the utility of every profile from a file.

    Parameters
    ----------
    path : Path
        A ``.csv`` with a header, a column a user and the utility in the last column, each profile on
        one line (levels by name or by number, in any order); or a ``.npy`` array of numbers, axis
        ``i`` = user ``i``.
    levels : sequence of str
        The levels' names.

    Returns
    -------
    ndarray
        Shape ``(L,) * N``. A CSV is read exactly: ``0.2`` is 1/5, ``2/3`` is allowed.

    Raises
    ------
    FileProblemError
        If the file does not hold the utility of each profile exactly once.
    """
    readers = {".csv": _read_csv, ".npy": _read_npy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FileProblemError("must end in .csv or .npy")
    try:
        return reader(path, levels)
    except (OSError, UnicodeDecodeError, csv.Error, SizeError) as error:
        raise FileProblemError(f"cannot be read: {error}") from None


def _read_npy(path: Path, levels: Sequence[str]) -> Array:
    try:
        # Pickles are refused: loading one would run code.
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        raise FileProblemError("must be a .npy array of numbers") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise FileProblemError("must be a .npy array of numbers")
    if array.ndim == 0 or set(array.shape) != {len(levels)}:
        raise FileProblemError(
            f"must have {len(levels)} entries along each axis (one a level), not shape {array.shape}"
        )
    require_memory(array.size * 16, f"a table of {array.size:,} profiles", "fewer users")
    return np.array(array)


def _read_csv(path: Path, levels: Sequence[str]) -> Array:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        lines = csv.reader(stream)
        header = next(lines, [])
        n_users = len(header) - 1
        if n_users < 1:
            raise FileProblemError("must have a header: a column for each user, then the utility")
        size = len(levels) ** n_users
        require_memory(size * 200, f"a table of {size:,} profiles", "fewer users")
        values: Array = np.full((len(levels),) * n_users, None, dtype=object)
        for row in lines:
            if row:
                _place_row(values, row, levels, lines.line_num)
    missing = np.argwhere(values == None)  # noqa: E711 (entry by entry)
    if missing.size:
        profile = ", ".join(levels[level] for level in missing[0])
        raise FileProblemError(f"lacks {len(missing):,} of the {size:,} profiles, the first is ({profile})")
    return values


def _place_row(values: Array, row: Sequence[str], levels: Sequence[str], line: int) -> None:
    *profile, text = (cell.strip() for cell in row)
    if len(profile) != values.ndim:
        raise FileProblemError(f"line {line}: must have {values.ndim + 1} columns, got {len(row)}")
    index = tuple(_level(cell, levels, line) for cell in profile)
    if values[index] is not None:
        raise FileProblemError(f"line {line}: gives the profile ({', '.join(profile)}) a second time")
    try:
        number = exact_number(text)
    except NotANumberError as error:
        raise FileProblemError(f"line {line}: the utility {error}, got {text!r}") from None
    if math.isinf(number):
        raise FileProblemError(f"line {line}: the utility must be finite")
    values[index] = number


def _level(cell: str, levels: Sequence[str], line: int) -> int:
    if cell in levels:
        return levels.index(cell)
    if cell.isascii() and cell.isdigit() and int(cell) < len(levels):
        return int(cell)
    raise FileProblemError(f"line {line}: unknown level {cell!r}; the levels are {', '.join(levels)}")
