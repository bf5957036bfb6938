"""The commented example that ``fairgames init`` writes."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from fairgames.errors import InputError


def example_text() -> str:
    """Return the example specification, which can be solved as it is."""
    return resources.files("fairgames.spec").joinpath("example.toml").read_text(encoding="utf-8")


def check_new(path: Path) -> None:
    """Refuse the name of a file that exists already.

    Raises
    ------
    InputError
        If it does.
    """
    if path.exists():
        raise InputError(str(path), "exists already and is left as it is; name another file")


def write_new(path: Path, text: str) -> None:
    """Write a text file that does not exist yet.

    Parameters
    ----------
    path : Path
        Where to write.
    text : str
        What to write.

    Raises
    ------
    InputError
        If the file exists (it is left as it is) or cannot be written.
    """
    check_new(path)
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror}") from None
