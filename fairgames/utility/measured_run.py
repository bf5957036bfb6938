"""Run a user's own function at many profiles, on joblib's workers, and hand over each value as it comes."""

from __future__ import annotations

import math
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any

import numpy as np

from fairgames.errors import EvaluationError, InputError
from fairgames.parallel import batch_seed
from fairgames.utility.measured_cache import Measurement

_SILENT_SECONDS = 2.0


@dataclass(frozen=True)
class Experiment:
    """A function of the profile, with the random numbers of each repeat.

    Parameters
    ----------
    function : callable
        ``function(profile)``, or ``function(profile, rng=...)``.
    takes_rng : bool
        Which of the two.
    seed : numpy.random.SeedSequence
        Repeat ``r`` uses child ``r``, at every profile the same.
    """

    function: Callable[..., Any]
    takes_rng: bool
    seed: np.random.SeedSequence

    def __call__(self, measured: Measurement) -> _Outcome:
        """Value at one profile in one repeat, or what went wrong."""
        profile, repeat = measured
        given = {"rng": np.random.default_rng(batch_seed(self.seed, repeat))} if self.takes_rng else {}
        try:
            answer = self.function(profile, **given)
        except Exception as error:
            return _Outcome(
                measured, None, f"raised {type(error).__name__} at {profile}: {error}", traceback.format_exc()
            )
        try:
            value = math.nan if isinstance(answer, str) else float(answer)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            return _Outcome(measured, None, f"must return a finite number at {profile}, got {answer!r}")
        return _Outcome(measured, value)


@dataclass(frozen=True)
class _Outcome:
    measured: Measurement
    value: float | None
    problem: str = ""
    details: str = ""


def measure(
    experiment: Experiment,
    tasks: Sequence[Measurement],
    keep: Callable[[Measurement, float], None],
    n_jobs: int | None,
) -> None:
    """Measure every task and hand each value to ``keep`` as soon as it is known.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    tasks : sequence of (profile, repeat)
        Where to run it.
    keep : callable
        ``keep(task, value)``, called in this process in the order in which values arrive.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.

    Raises
    ------
    EvaluationError
        At the first profile at which the function raised or returned anything but a finite number. No
        other is begun then, but those that other workers have begun are finished and kept.
    InputError
        If the function cannot be sent to worker processes, or one of them dies.
    """
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool
    from tqdm import tqdm

    # Single tasks, taken as they finish: a crash loses only what was still running.
    workers = joblib.Parallel(n_jobs=n_jobs, batch_size=1, pre_dispatch="n_jobs", return_as="generator_unordered")
    failures: list[_Outcome] = []

    def until_one_fails() -> Iterator[Any]:
        for task in tasks:
            if failures:
                return
            yield joblib.delayed(experiment)(task)

    outcomes = workers(until_one_fails())
    try:
        with tqdm(desc="measuring", total=len(tasks), delay=_SILENT_SECONDS, disable=None) as bar:
            for outcome in outcomes:
                if outcome.value is None:
                    failures.append(outcome)
                else:
                    keep(outcome.measured, outcome.value)
                    bar.update()
    except (BrokenProcessPool, PicklingError) as error:
        raise InputError(
            "evaluate",
            f"could not be sent to a worker process, or killed it ({error}); what was measured before is kept. "
            "Use n_jobs=1 or joblib's threading backend, or give the workers more memory",
        ) from error
    finally:
        with warnings.catch_warnings():
            # joblib warns about work that was begun in vain, which is what stopping early means.
            warnings.filterwarnings("ignore", category=UserWarning, module="joblib")
            outcomes.close()
    if failures:
        raise _evaluation_error(failures[0])


def _evaluation_error(failed: _Outcome) -> EvaluationError:
    error = EvaluationError(f"the measured function {failed.problem}", failed.measured[0])
    if failed.details:
        error.add_note(failed.details)
    return error
