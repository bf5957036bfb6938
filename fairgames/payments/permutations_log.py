"""Finished batches on disk, one line of JSON each: what was written survives the process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairgames.errors import InputError


class BatchLog:
    """An append-only file of batch results that belongs to one run.

    The first line describes the run; each further line is one finished batch. A last line that was
    cut short when the process died is dropped.

    Parameters
    ----------
    path : path or None
        The file; made when it does not exist. None keeps nothing.
    run : mapping
        JSON-ready description of everything that decides the numbers.

    Raises
    ------
    InputError
        If the file exists and belongs to another run, or is not such a file.
    """

    def __init__(self, path: str | Path | None, run: Mapping[str, Any]) -> None:
        self._path = None if path is None else Path(path)
        self.finished: list[Any] = []
        if self._path is None:
            return
        header = json.dumps(dict(run), sort_keys=True) + "\n"
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        lines = text.splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        if whole and whole[0] != header:
            raise InputError(
                "checkpoint", "must be a new file or one of the same utility, profile, seed and shifts", str(path)
            )
        try:
            self.finished = [json.loads(line) for line in whole[1:]]
        except ValueError:
            raise InputError("checkpoint", "must hold one line of JSON a batch", str(path)) from None
        if not whole or len(whole) < len(lines):
            self._path.write_text("".join(whole) or header, encoding="utf-8")

    def append(self, batch: Any) -> None:
        """Write one finished batch to the file at once."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(batch) + "\n")
