"""The files that a specification names: below its own folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path


class FileProblemError(ValueError):
    """A named file may not or cannot be read; the message says why."""


def named_file(folder: Path, name: str) -> Path:
    """Find a file named by a specification.

    Parameters
    ----------
    folder : Path
        The specification's folder.
    name : str
        The file's name, relative to that folder.

    Returns
    -------
    Path
        Of an existing regular file below the folder, links resolved.

    Raises
    ------
    FileProblemError
        For absolute names, names that lead outside the folder (by ``..`` or by a link), and files
        that do not exist.
    """
    if Path(name).is_absolute():
        raise FileProblemError("must be relative to the specification's folder")
    root = folder.resolve()
    try:
        found = (root / name).resolve()
    except (OSError, RuntimeError, ValueError):
        raise FileProblemError("must name a file") from None
    if not found.is_relative_to(root):
        raise FileProblemError("must lie below the specification's folder (no .. or link that leads outside)")
    if not found.is_file():
        raise FileProblemError("must name an existing file")
    return found
