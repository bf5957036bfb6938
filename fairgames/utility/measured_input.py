"""Check what a measured utility is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import InputError


def as_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Check the number of levels of each user: whole numbers of at least 2."""
    array = np.asarray(shape)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iu":
        raise InputError("shape", "must list the number of levels of each user", shape)
    for user, n_levels in enumerate(array.tolist()):
        if n_levels < 2:
            raise InputError(f"shape[{user}]", 'must be at least 2 levels, "absent" and another', n_levels)
    levels: tuple[int, ...] = tuple(array.tolist())
    return levels


def as_types(types: Sequence[Any] | None, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Number the types in the order in which their labels first appear; None makes every user its own."""
    if types is None:
        return np.arange(len(shape))
    labels = list(types)
    if len(labels) != len(shape):
        raise InputError("types", f"must have one label for each of the {len(shape)} users", types)
    numbers: dict[Any, int] = {}
    levels: dict[Any, int] = {}
    for user, (label, n_levels) in enumerate(zip(labels, shape, strict=True)):
        numbers.setdefault(label, len(numbers))
        if levels.setdefault(label, n_levels) != n_levels:
            raise InputError(f"types[{user}]", "must group only users with the same number of levels", label)
    return np.array([numbers[label] for label in labels], dtype=np.intp)


def as_repeats(repeats: int) -> int:
    """Check the number of repeats: a whole number of at least 1."""
    if isinstance(repeats, bool) or not isinstance(repeats, (int, np.integer)) or repeats < 1:
        raise InputError("repeats", "must be a whole number of at least 1", repeats)
    return int(repeats)


def takes_rng(evaluate: Callable[..., Any]) -> bool:
    """Whether the function has a parameter named ``rng``."""
    try:
        return "rng" in inspect.signature(evaluate).parameters
    except (TypeError, ValueError):
        return False
