"""Batches over any joblib backend: results in order, the same numbers for every number of jobs.

A batch carries its own seed and its results are received in the order of the batches, so neither
the number of jobs nor the backend changes an answer. A cluster is the caller's choice::

    with joblib.parallel_config(backend="dask", wait_for_workers_timeout=30):
        estimate = ...  # any function of fairgames that takes n_jobs, with n_jobs=None
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

import numpy as np

from fairgames.errors import InputError
from fairgames.progress import progress

Task = TypeVar("Task")
Answer = TypeVar("Answer")

_MOST_WORKER_DEATHS = 3
_MOST_JOBS = 1000
_MOST_SEED = 1 << 256


def as_seed(seed: object) -> np.random.SeedSequence:
    """Check a seed.

    Parameters
    ----------
    seed : int or numpy.random.SeedSequence
        A whole number of at least 0, or a seed sequence.

    Returns
    -------
    numpy.random.SeedSequence
        From which `batch_seed` derives independent streams.

    Raises
    ------
    InputError
        For anything else. None is refused, because an answer that cannot be repeated cannot be checked.

    Examples
    --------
    >>> as_seed(7).entropy
    7
    """
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)) or not 0 <= int(seed) < _MOST_SEED:
        requirement = "must be a whole number of at least 0, below 2^256, or a numpy SeedSequence"
        raise InputError("seed", requirement, seed)
    return np.random.SeedSequence(int(seed))


def batch_seed(seed: np.random.SeedSequence, batch: int) -> np.random.SeedSequence:
    """Seed of one batch: what ``seed.spawn`` would give as child number ``batch``, without counting.

    Examples
    --------
    >>> child = np.random.SeedSequence(7).spawn(3)[2]
    >>> bool((batch_seed(np.random.SeedSequence(7), 2).generate_state(2) == child.generate_state(2)).all())
    True
    """
    return np.random.SeedSequence(entropy=seed.entropy, spawn_key=(*seed.spawn_key, batch), pool_size=seed.pool_size)


def seed_facts(seed: np.random.SeedSequence) -> list[str]:
    """All that decides the numbers of a seed, JSON-ready."""
    entropy = np.atleast_1d(np.array(seed.entropy, dtype=object)).tolist()
    return [f"{entropy}", f"{tuple(seed.spawn_key)}", f"{seed.pool_size}"]


def as_n_jobs(n_jobs: object) -> int | None:
    """Check a number of jobs: a whole number other than 0 (negative counts from the cores), or None.

    Raises
    ------
    InputError
        For anything else.
    """
    if n_jobs is None:
        return None
    if (
        isinstance(n_jobs, (bool, np.bool_))
        or not isinstance(n_jobs, (int, np.integer))
        or not 0 < abs(int(n_jobs)) <= _MOST_JOBS
    ):
        requirement = f"must be a whole number other than 0, at most {_MOST_JOBS:,}, or None for joblib's own setting"
        raise InputError("n_jobs", requirement, n_jobs)
    return int(n_jobs)


def run_in_order(
    function: Callable[[Task], Answer], tasks: Sequence[Task], *, n_jobs: int | None = None, description: str = ""
) -> Generator[Answer, None, None]:
    """Apply a function to every task, on joblib's workers, and yield the answers in order.

    Stop taking answers to cancel the tasks that have not begun. A process that dies inside a task
    costs no answer: unfinished tasks are handed out again (by us on a local pool, by the scheduler
    on dask), up to three times.

    Parameters
    ----------
    function : callable
        Of one task; must be picklable for backends that use processes.
    tasks : sequence
        The tasks.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.
    description : str
        Shown with the progress, after two seconds.

    Yields
    ------
    object
        ``function(task)``, in the order of ``tasks``.

    Raises
    ------
    InputError
        If ``n_jobs`` is not a whole number other than 0, or None.

    Examples
    --------
    >>> list(run_in_order(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    jobs = as_n_jobs(n_jobs)
    received = deaths = 0
    with progress(description, len(tasks), leave=True) as bar:
        while received < len(tasks):
            workers = joblib.Parallel(n_jobs=jobs, return_as="generator")
            answers = workers(joblib.delayed(function)(task) for task in tasks[received:])
            try:
                for answer in answers:
                    received += 1
                    bar.update()
                    yield answer
            except TerminatedWorkerError:
                deaths += 1
                if deaths > _MOST_WORKER_DEATHS:
                    raise
            finally:
                close_quietly(answers)


def close_quietly(answers: Generator[Any, None, None]) -> None:
    """End parallel work before all of it is done."""
    with warnings.catch_warnings():
        # joblib warns about work that was begun in vain; stopping early is what the caller asked for.
        warnings.filterwarnings("ignore", message=".*tasks", category=UserWarning, module="joblib")
        answers.close()
