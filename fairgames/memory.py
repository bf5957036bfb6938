"""Refuse, before any work starts, what would not fit in memory."""

from __future__ import annotations

import psutil

from fairgames.errors import SizeError


def require_memory(n_bytes: int, what: str, instead: str) -> None:
    """Raise unless ``n_bytes`` fit in the memory that is available now.

    Parameters
    ----------
    n_bytes : int
        Bytes that the computation needs at its peak.
    what : str
        What needs them, for the message.
    instead : str
        What the caller can use instead.

    Raises
    ------
    SizeError
        Naming the bytes needed, the bytes available and the alternative.
    """
    available = psutil.virtual_memory().available
    if n_bytes > available:
        raise SizeError(
            f"{what} would need {n_bytes:,} bytes ({_readable(n_bytes)}), but {_readable(available)} "
            f"are available; use {instead} instead"
        )


def _readable(n_bytes: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if n_bytes < 1024:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1024
    return f"{n_bytes:.3g} PiB"
