"""Refuse, before any work starts, what would not fit in memory.

Whoever is about to make a large array, or to read a file, calls `require_memory`.
"""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None  # type: ignore[assignment]

from fairgames.errors import SizeError

_CONTAINER = (Path("/sys/fs/cgroup"),)
_ASTRONOMICAL = 10**30
# Asking the system takes longer than most small games do; so little is there, or nothing works at all.
_LITTLE = 1 << 24


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
    if n_bytes > _LITTLE and n_bytes > (available := available_memory()):
        needed = f"{readable_count(n_bytes)} bytes{_in_units(n_bytes)}"
        there = _in_units(available).strip(" ()")
        raise SizeError(f"{what} would need {needed}, but {there} are available; use {instead} instead")


def available_memory() -> int:
    """Bytes that this process may still take: of the machine, under its own limits and those of its container."""
    import psutil

    free = [int(psutil.virtual_memory().available)]
    if resource is not None and (most := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
        free.append(most - psutil.Process().memory_info().vms)
    for place in _CONTAINER:
        with suppress(OSError, ValueError):
            most, used = (int((place / name).read_text()) for name in ("memory.max", "memory.current"))
            free.append(most - used)
    return max(min(free), 0)


def readable_count(n: int) -> str:
    """Write a count with separators, or as a power of ten when it is astronomical.

    Examples
    --------
    >>> readable_count(59049), readable_count(3**5000)
    ('59,049', 'about 10^2385')
    """
    return f"{n:,}" if n < _ASTRONOMICAL else f"about 10^{math.floor(n.bit_length() * math.log10(2))}"


def _in_units(n_bytes: int) -> str:
    amount = float(min(n_bytes, _ASTRONOMICAL))
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            return f" ({amount:.3g} {unit})"
        amount /= 1024
    return f" ({amount:.3g} PiB)" if n_bytes < _ASTRONOMICAL else ""
