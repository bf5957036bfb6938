"""Write a table of utilities to a file that a specification can name."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array, to_float


def write_table(path: Path, tensor: Callable[[], Array]) -> None:
    """Write the utility of every profile as ``.csv`` or ``.npy``.

    Parameters
    ----------
    path : Path
        Where to.
    tensor : callable
        Gives the utilities, axis ``i`` = user ``i``; called once it is clear that ``path`` can be written.

    Raises
    ------
    InputError
        If the name ends otherwise, or the file cannot be written.
    """
    writers = {".csv": _write_csv, ".npy": _write_npy}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise InputError("path", "must end in .csv or .npy", str(path))
    existed = path.exists()
    with _writing(path):
        path.open("ab").close()
    try:
        values = tensor()
    except BaseException:
        if not existed:
            path.unlink()
        raise
    with _writing(path):
        writer(path, values)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError("path", f"must be a file that can be written to ({error.strerror})", str(path)) from error


def _write_npy(path: Path, values: Array) -> None:
    np.save(path, to_float(values), allow_pickle=False)


def _write_csv(path: Path, values: Array) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow([*(f"user {user}" for user in range(values.ndim)), "utility"])
        # The shortest decimal that reads back as the same float.
        lines.writerows([*profile, repr(float(values[profile]))] for profile in np.ndindex(values.shape))
