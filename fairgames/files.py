"""Files that a user named: ordinary ones are read, within memory; others are written whole or not at all.

Specifications, data and results are read here, and all that is saved is written here, never over a file that is not
ours. Ours is what says so in its content: a ``fairgames`` key in JSON, metadata in PNG, SVG and PDF, a comment with a
checksum in LaTeX, pages and ``.nfg``: one that was edited is its user's own. Tables (CSV, ``.npy``, Markdown) have no
room for a mark, and a specification is there to be edited: they are overwritten on request only. What is read in the
same run is never overwritten.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn

from fairgames.errors import InputError
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


MARK = "fairgames"
"""What metadata call the program that wrote a file."""

_HEAD = 1 << 16
_SCALAR = rb'(?:"[^"\\]*"|-?[\d.]+|true|false|null)'
_JSON_KEY = re.compile(rb'\s*\{(?:\s*"[^"\\]*"\s*:\s*' + _SCALAR + rb'\s*,)*\s*"fairgames"\s*:\s*"')


def _pdf_is_ours(path: Path) -> bool:
    content = path.read_bytes()
    return content.startswith(b"%PDF-") and b"/Creator (fairgames)" in content


def signed(text: str, ending: str) -> str:
    r"""Put a comment into a text that makes it ours as long as nobody edits it.

    Parameters
    ----------
    text : str
        A table for LaTeX, a page, or a game as Gambit writes it, with an empty comment.
    ending : str
        ``".tex"``, ``".html"`` or ``".nfg"``.

    Examples
    --------
    >>> print(signed("x", ".tex"))
    % fairgames 4adf4367f96e584f
    x
    """
    mark = f"{MARK} {hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
    if ending == ".nfg":
        return text.replace('\n""\n', f'\n"{mark}"\n', 1)
    return f"% {mark}\n{text}" if ending == ".tex" else f"<!-- {mark} -->\n{text}"


def _is_signed(ending: str, mark: str, unmarked: str, path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    bare = re.sub(mark, unmarked, text, count=1)
    return bare != text == signed(bare, ending)


def _head_says(test: Callable[[bytes], object]) -> Callable[[Path], bool]:
    def is_ours(path: Path) -> bool:
        with path.open("rb") as stream:
            return bool(test(stream.read(_HEAD)))

    return is_ours


_OURS: dict[str, Callable[[Path], bool]] = {
    ".json": _head_says(_JSON_KEY.match),
    ".png": _head_says(lambda head: head.startswith(b"\x89PNG\r\n") and b"tEXtSoftware\0fairgames" in head),
    ".svg": _head_says(lambda head: head.startswith(b"<?xml") and b"<dc:title>fairgames</dc:title>" in head),
    ".pdf": _pdf_is_ours,
    ".tex": partial(_is_signed, ".tex", r"\A% fairgames \w+\n", ""),
    ".html": partial(_is_signed, ".html", r"\A<!-- fairgames \w+ -->\n", ""),
    ".nfg": partial(_is_signed, ".nfg", r'\n"fairgames \w+"\n', '\n""\n'),
}


@dataclass(frozen=True)
class Output:
    """A file that is to be written.

    Parameters
    ----------
    path : Path
        Where; a link is followed.
    argument : str
        What the user calls it, for messages: ``"--json"``.
    kind : str
        The ending whose mark makes an existing file ours; by default that of ``path``.
    force : bool
        Overwrite a file that is not ours, too.
    inputs : tuple of Path
        Files that are read in the same run: never overwritten, whatever ``force`` says.
    """

    path: Path
    argument: str = "path"
    kind: str = ""
    force: bool = False
    inputs: tuple[Path, ...] = ()

    def check(self) -> None:
        """Refuse what could not or must not be written, before any work is done.

        Raises
        ------
        InputError
            If there is no such folder, it cannot be written to, or a file is there that is not ours.
        """
        with self._writing() as target:
            exists = os.path.lexists(target)
            if not target.parent.is_dir():
                self._refuse("must name a file in an existing folder")
            if target.is_dir():
                self._refuse("cannot be written: it is a folder")
            if not os.access(target if exists else target.parent, os.W_OK):
                self._refuse("cannot be written: Permission denied")
            if not exists:
                return
            if not target.is_file():
                self._refuse("must be a file, not a device or a pipe (--json - is standard output)")
            if any(source.exists() and target.samefile(source) for source in self.inputs):
                self._refuse("must not be a file that is read, which is left as it is")
            is_ours = _OURS.get(self.kind or self.path.suffix.lower())
            if not self.force and not (is_ours and is_ours(target)):
                self._refuse(
                    "exists already, is not known to be of fairgames, and is left as it is: name another file, or "
                    "overwrite it with --force (force=True in Python)"
                )

    def _refuse(self, problem: str) -> NoReturn:
        raise InputError(self.argument, problem, str(self.path))

    def write(self, content: str | bytes) -> None:
        """Write the file: beside its place first, then renamed, so that it is never half a file.

        Raises
        ------
        InputError
            As `check` does, or if the disk is full.
        """
        self.check()
        with self._writing() as target:
            replace_file(target, content.encode() if isinstance(content, str) else content)

    def holds(self, content: str) -> bool:
        """Whether the file is there already with just this content, so that nothing is left to be written."""
        try:
            return self.path.read_bytes() == content.encode()
        except OSError:
            return False

    @contextmanager
    def _writing(self) -> Iterator[Path]:
        try:
            yield Path(os.path.realpath(self.path))
        except InputError:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(self.argument, f"cannot be written: {reason}", str(self.path)) from error


def csv_text(headers: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """Write rows as comma-separated text."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(headers)
    writer.writerows(rows)
    return stream.getvalue()


def replace_file(target: Path, content: bytes) -> None:
    """Put a file into its place in one step, with the access rights of the one that was there.

    Raises
    ------
    OSError
        If it cannot be written; what was there is as it was.
    """
    beside = target.with_name(f".fairgames-{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
