"""Work that survives a crash: a file of JSON lines, of which none is lost, doubled, swapped or altered unnoticed.

The first line says what the file holds; each further line is one entry with its index and a checksum that runs on
from the line before. A line is written as soon as its entry is known, by one process at a time. Reading runs no code.
A last line that was cut off when the process died is written anew; anything else that is wrong is refused, and the
file left as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from fairgames.errors import InputError
from fairgames.files import Output, replace_file

VERSION = 2

_LONGEST_HEADER = 1 << 16
_CHANGED = "must not be changed by other programs while it is in use"


class Store:
    """One file of entries, made by one function.

    Parameters
    ----------
    path : Path
        The file; made when it does not exist.
    argument : str
        What the user calls it, for messages.
    kind : str
        What it holds.
    facts : mapping
        JSON-ready: what else the entries depend on.
    function : str
        Fingerprint of the function that made them.
    adopt : bool
        Take over a file that another function made: the caller knows that its entries hold.
    patience : float
        Seconds to wait for another process that uses the file.

    Raises
    ------
    InputError
        If the file is not such a store, does not fit, is damaged, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        argument: str,
        kind: str,
        facts: Mapping[str, Any],
        function: str,
        adopt: bool = False,
        patience: float = 60.0,
    ) -> None:
        self.path = path
        self._argument = argument
        self._patience = patience
        with self._reading():
            self._target = Path(os.path.realpath(path))
        self._facts = {"format": f"fairgames {kind}", "version": VERSION, **facts}
        self._header, self._first_check = _line({**self._facts, "function": function}, "")
        self._holder: int | None = None
        self._rewind()
        if os.path.lexists(self._target) and not self._target.is_file():
            self._refuse("must be a file")
        if not self._target.parent.is_dir():
            self._refuse("must name a file in an existing folder")
        self._require_fit(adopt)
        with self.locked():
            found = self._require_fit(adopt)
            if found is None:
                Output(self._target, argument).write(self._header)
            elif found != self._header:
                self._adopt(found)

    def new_entries(self) -> list[dict[str, Any]]:
        """Entries that were written since the last call, by this or another process; at first all of them.

        Raises
        ------
        InputError
            If one was altered, or lines are missing, doubled or swapped.
        """
        with self._reading(), self._target.open("rb") as stream:
            if stream.readline(_LONGEST_HEADER) != self._header or stream.seek(0, 2) < self._end:
                self._refuse(_CHANGED)
            stream.seek(self._end)
            return list(self._entries(stream.read()))

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one entry, at once; call it inside `locked`, after `new_entries`.

        Raises
        ------
        InputError
            If the file cannot be written, for instance because the disk is full, or is no longer the same.
        """
        if self.new_entries():
            self._refuse(_CHANGED)
        line, check = _line({"index": self._count, **entry}, self._check)
        with self._reading(), self._target.open("r+b") as stream:
            stream.truncate(self._end)
            stream.seek(self._end)
            stream.write(line)
        self._advance(line, check)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out.

        Raises
        ------
        InputError
            If another one is in, and does not leave in time.
        """
        from filelock import FileLock, Timeout

        if self._holder == threading.get_ident():
            yield
            return
        guard = self._target.with_name(f".{self._target.name}.lock")
        with self._reading():
            with contextlib.suppress(FileNotFoundError):
                there = guard.lstat()
                if there.st_size or not stat.S_ISREG(there.st_mode):
                    self._refuse(
                        f"needs {guard} as its lock, where there is a file of yours: move it, or name another file"
                    )
            lock = FileLock(guard)
            try:
                lock.acquire(timeout=self._patience)
            except Timeout:
                self._refuse("is in use by another run: wait until it has ended, or name another file")
        self._holder = threading.get_ident()
        try:
            yield
        finally:
            self._holder = None
            # Whoever waits for the lock looks whether its file is still there.
            with contextlib.suppress(OSError):
                guard.unlink()
            lock.release()

    def _rewind(self) -> None:
        self._end, self._count, self._check = len(self._header), 1, self._first_check

    def _advance(self, line: bytes, check: str) -> None:
        self._end, self._count, self._check = self._end + len(line), self._count + 1, check

    def _entries(self, content: bytes) -> Iterator[dict[str, Any]]:
        *lines, rest = content.split(b"\n")
        for text in lines:
            line = text + b"\n"
            entry = _parsed(line)
            index, check = entry.pop("index", None), entry.pop("check", None)
            try:
                expected, next_check = _line({"index": self._count, **entry}, self._check)
            except ValueError:
                expected, next_check = b"", ""
            if line != expected:
                moved = isinstance(index, int) and index != self._count and isinstance(check, str)
                out_of_place = f"is entry {index} where {self._count} is due (lines were lost, doubled or swapped)"
                self._refuse_line(out_of_place if moved else "was altered")
            self._advance(line, next_check)
            yield entry
        start = f'{{"index": {self._count}, '.encode()
        if rest[: len(start)] != start[: len(rest)]:
            self._refuse_line("was not written by fairgames")

    def _refuse_line(self, what: str) -> NoReturn:
        self._refuse(
            f"must be as it was written, but its line {self._count + 1} {what}; nothing of it was used, and it is "
            f"left as it is. Name another file, or go on from a copy of its first {self._count} lines, which are whole"
        )

    def _require_fit(self, adopt: bool) -> bytes | None:
        """First line of the file, which is that of a store that can be used or adopted; None without a file."""
        with self._reading():
            try:
                with self._target.open("rb") as stream:
                    line = stream.readline(_LONGEST_HEADER)
            except FileNotFoundError:
                return None
        if line == self._header:
            return line
        found = _parsed(line)
        if not str(found.get("format", "")).startswith("fairgames ") or not line.endswith(b"\n"):
            self._refuse("exists already, is not of fairgames, and is left as it is: name another file")
        if found.get("version") != VERSION:
            self._refuse(f"was written by another version ({found.get('version')!r}, not {VERSION}): name another file")
        check = found.pop("check", None)
        if _line(found, "")[0] != line or check is None:
            self._refuse("must be as it was written, but its first line was altered: name another file")
        found.pop("function", None)
        others = sorted(name for name in {*found, *self._facts} if found.get(name) != self._facts.get(name))
        if others:
            self._refuse(f"belongs to another run ({', '.join(others)} differ) and is left as it is: name another file")
        if not adopt:
            self._refuse(
                "was made by another function, or by this one with other data, and is left as it is: name another "
                "file. If you know that its values are those of this function too, take it over with adopt=True"
            )
        return line

    def _adopt(self, found: bytes) -> None:
        """Take over the entries that another function made."""
        mine = self._header, self._first_check
        self._header, self._first_check = found, _parsed(found)["check"]
        self._rewind()
        entries = self.new_entries()
        self._header, self._first_check = mine
        self._rewind()
        lines = [self._header]
        for entry in entries:
            line, check = _line({"index": self._count, **entry}, self._check)
            lines.append(line)
            self._advance(line, check)
        with self._reading():
            replace_file(self._target, b"".join(lines))
        self._rewind()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except InputError:
            raise
        except (OSError, ValueError) as error:
            raise InputError(
                self._argument,
                f"must be in a folder that can be written to ({getattr(error, 'strerror', None) or error})",
                str(self.path),
            ) from error

    def _refuse(self, problem: str) -> NoReturn:
        raise InputError(self._argument, problem, str(self.path))


def _line(entry: Mapping[str, Any], before: str) -> tuple[bytes, str]:
    """Text of an entry, and its checksum, which runs on from that of the line before."""
    text = json.dumps(entry, allow_nan=False)
    check = hashlib.blake2b((before + text).encode(), digest_size=8).hexdigest()
    return f'{text[:-1]}, "check": "{check}"}}\n'.encode(), check


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}
