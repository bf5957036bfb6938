"""Read files whose names a user typed or a specification holds: ordinary ones, no larger than memory allows."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from fairgames.memory import available_memory, require_memory
from fairgames.printable import shortened

STANDARD_INPUT = Path("-")

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe (- reads standard input)",
    stat.S_IFCHR: "a device (- reads standard input)",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class UnreadableError(ValueError):
    """A file is not read; the message says why."""


def require_ordinary(path: Path) -> int:
    """Refuse what is no ordinary file before it is opened: opening a pipe waits, and a device may never end.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    int
        Its size in bytes.

    Raises
    ------
    UnreadableError
        If there is no such file, or it is of another kind.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot be read: {getattr(error, 'strerror', error)}") from None
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableError(f"cannot be read: it is {_KINDS.get(stat.S_IFMT(found.st_mode), 'no ordinary file')}")
    return found.st_size


def read_input(path: Path, memory_each: int) -> bytes:
    """Read a whole file, or standard input where the name is ``-``.

    Parameters
    ----------
    path : Path
        The file.
    memory_each : int
        Bytes of memory that a byte of the file takes once it is understood.

    Returns
    -------
    bytes
        What it holds.

    Raises
    ------
    UnreadableError
        If it is not an ordinary file, or cannot be read.
    SizeError
        If it would not fit in memory.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnreadableError("cannot be read: standard input is closed")
        return _within_memory(sys.stdin.buffer, "standard input", memory_each)
    require_memory(require_ordinary(path) * memory_each, f"reading {name_of(path)}", "a smaller file")
    try:
        with path.open("rb") as stream:
            return _within_memory(stream, name_of(path), memory_each)
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None


def _within_memory(stream: BinaryIO, name: str, memory_each: int) -> bytes:
    # Neither standard input nor the files of a system say beforehand how long they are.
    most = available_memory() // memory_each
    content = stream.read(most + 1)
    require_memory(len(content) * memory_each, f"reading {name}", "a smaller file")
    return content


def name_of(path: Path | str | os.PathLike[str]) -> str:
    """Name an input for messages."""
    return "standard input" if Path(path) == STANDARD_INPUT else shortened(str(path), 200)
