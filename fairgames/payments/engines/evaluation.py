"""Utility values of many states at once, checked, in batches that workers share; for all engines that estimate."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import to_float
from fairgames.parallel import run_in_order
from fairgames.progress import progress
from fairgames.utility.base import evaluated

StateUtility: TypeAlias = Callable[[NDArray[Any]], Any]
"""Utilities of the rows of an array: present users by group, ``(M, K)`` to ``(M,)``, or profiles ``(M, N)``."""

CheckedUtility: TypeAlias = Callable[[NDArray[Any]], NDArray[np.float64]]
"""A `StateUtility` whose values are known to be finite floats: see `checked`."""

_CELLS_AT_ONCE = 1 << 19
_FIRST_BATCH = 1 << 10
_QUICK = 0.1


def checked(evaluate: StateUtility, n_jobs: int | None = 1) -> CheckedUtility:
    """Return ``evaluate`` behind the checks of `evaluate_states`."""
    return partial(evaluate_states, evaluate, n_jobs=n_jobs)


def evaluate_states(evaluate: StateUtility, states: NDArray[Any], n_jobs: int | None = 1) -> NDArray[np.float64]:
    """Utility of each row of ``states``, evaluated in batches.

    Parameters
    ----------
    evaluate : callable
        ``(M, K)`` to ``(M,)``.
    states : ndarray, shape (M, K)
        States, one a row.
    n_jobs : int or None
        Workers for the batches; the values do not depend on it.

    Returns
    -------
    ndarray, shape (M,)
        Finite floats.

    Raises
    ------
    EvaluationError
        If ``evaluate`` raises or returns anything but one finite number a state; the state is named.

    Examples
    --------
    >>> evaluate_states(lambda counts: counts.sum(axis=1), np.array([[1, 2], [0, 4]]))
    array([3., 4.])
    """
    step = max(1, _CELLS_AT_ONCE // max(1, states.shape[1]))
    if n_jobs != 1 and len(states) > step:
        batches = [states[start : start + step] for start in range(0, len(states), step)]
        run = partial(_checked_values, evaluate)
        return np.concatenate([*run_in_order(run, batches, n_jobs=n_jobs, description="utility evaluations")])
    if len(states) <= min(step, _FIRST_BATCH):
        return _checked_values(evaluate, states)
    # A slow utility gets small batches, so that progress shows.
    parts, done, size = [np.zeros(0)], 0, min(step, _FIRST_BATCH)
    with contextlib.ExitStack() as shown:
        bar = None
        while done < len(states):
            began = time.perf_counter()
            parts.append(_checked_values(evaluate, states[done : done + size]))
            done += len(parts[-1])
            if time.perf_counter() - began < _QUICK:
                size = min(2 * size, step)
            elif done < len(states):
                bar = bar or shown.enter_context(progress("utility evaluations", len(states)))
            if bar is not None:
                bar.update(done - bar.n)
    return np.concatenate(parts)


def _checked_values(evaluate: StateUtility, states: NDArray[Any]) -> NDArray[np.float64]:
    return to_float(evaluated(evaluate, states))
