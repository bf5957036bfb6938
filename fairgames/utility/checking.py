"""Utility values of many states at once, checked: a bad one is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import EvaluationError, FairGamesError
from fairgames.exactness import Array


def evaluated(evaluate: Callable[[NDArray[Any]], Any], states: NDArray[Any]) -> Array:
    """Return ``evaluate(states)``, one finite number a state.

    Parameters
    ----------
    evaluate : callable
        ``(M, …)`` to ``(M,)``.
    states : ndarray, shape (M, …)
        Profiles, or counts, one an entry of the first axis.

    Returns
    -------
    ndarray, shape (M,)
        Floats; or objects, as they are.

    Raises
    ------
    EvaluationError
        If ``evaluate`` raises or returns anything but one finite number a state; the state is named.

    Examples
    --------
    >>> evaluated(lambda counts: counts.sum(axis=1), np.array([[1, 2], [0, 4]]))
    array([3., 4.])
    """
    try:
        values = np.asarray(evaluate(states))
        values = values if values.dtype == object else values.astype(float, copy=False)
    except (FairGamesError, MemoryError):
        raise
    except Exception as error:
        _raise_at_first_failure(evaluate, states, error)
    if values.shape != (len(states),):
        raise EvaluationError(
            f"the utility must return one number for each of the {len(states)} states, got shape {values.shape}",
            plain(states[0]),
        )
    require_finite(values, lambda first: plain(states[first]))
    return values


def require_finite(values: Array, name: Callable[[int], tuple[object, ...]]) -> None:
    """Refuse values that are not finite.

    Parameters
    ----------
    values : ndarray, shape (M,)
        Floats; objects are taken as they are.
    name : callable
        State of a value, by its place.

    Raises
    ------
    EvaluationError
        Naming the first such state.
    """
    if values.dtype == object or np.isfinite(values).all():
        return
    first = int(np.flatnonzero(~np.isfinite(values))[0])
    state = name(first)
    raise EvaluationError(f"the utility must be a finite number at {state}, got {values[first]}", state)


def plain(state: NDArray[Any]) -> tuple[object, ...]:
    """Write a state as tuples of Python numbers, or counts by type and level as a tuple of tuples."""
    entries = state.tolist()
    return tuple(tuple(entry) if isinstance(entry, list) else entry for entry in entries)


def _raise_at_first_failure(evaluate: Callable[[NDArray[Any]], Any], states: NDArray[Any], error: Exception) -> None:
    """Halve the batch until one state is to blame."""
    while len(states) > 1:
        half = states[: len(states) // 2]
        try:
            evaluate(half)
        except Exception as earlier:
            states, error = half, earlier
        else:
            states = states[len(half) :]
    profile = plain(states[0])
    raise EvaluationError(f"the utility raised {type(error).__name__} at {profile}: {error}", profile) from error
