"""Run a user's own function at many profiles, on joblib's workers, and keep each value as it comes.

Measurements survive a crash in a `Store`, which several processes may share. `experiment` calls `measure`.
"""

from __future__ import annotations

import hashlib
import json
import math
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import PicklingError
from typing import Any, TypeAlias

import numpy as np

from fairgames.errors import EvaluationError, InputError
from fairgames.parallel import batch_seed, close_quietly, seed_facts
from fairgames.progress import progress
from fairgames.store import Store

Measurement: TypeAlias = tuple[tuple[int, ...], int]
"""What was measured: a profile, and the number of the repeat."""
_Outcome: TypeAlias = tuple[Measurement, float | None, str, str]
"""What was measured, its value; or what went wrong, and where in the function."""


class MeasurementCache:
    """The measurements of one function in a file, shared with other processes that measure it.

    Parameters
    ----------
    cache : Path
        A folder, in which the file is named after the function; or the file, which ends in ``.jsonl``.
    shape : tuple of int
        Number of levels of each user.
    seed : numpy.random.SeedSequence
        Of the random numbers.
    function : str
        Fingerprint of the function.
    adopt : bool
        Take over a file that another function made.

    Raises
    ------
    InputError
        If the file is not such a store, does not fit, is damaged, or cannot be written.
    """

    def __init__(
        self, cache: Path, shape: tuple[int, ...], seed: np.random.SeedSequence, function: str, adopt: bool
    ) -> None:
        facts = {"shape": list(shape), "seed": seed_facts(seed)}
        if cache.suffix == ".jsonl":
            path = cache
        elif adopt:
            raise InputError("adopt", "needs the file that is taken over: cache='FOLDER/NAME.jsonl'", adopt)
        else:
            name = hashlib.sha256(json.dumps([function, facts]).encode()).hexdigest()[:16]
            path = cache / f"measured-{name}.jsonl"
            try:
                cache.mkdir(parents=True, exist_ok=True)
            except (OSError, ValueError) as error:
                raise InputError("cache", f"must be a folder that can be written to ({error})", str(cache)) from error
        self.path = path
        self._store = Store(path, "cache", "measured utility", facts, function, adopt)

    def read(self) -> dict[Measurement, float]:
        """Value of each measurement that was written since the last look; at first of all."""
        with self._store.locked():
            return self._new()

    def append(self, measured: Measurement, value: float) -> dict[Measurement, float]:
        """Write one measurement at once, and return what is new; where another process was faster, its value counts."""
        with self._store.locked():
            new = self._new()
            if measured not in new:
                self._store.append({"profile": measured[0], "repeat": measured[1], "value": value})
                new[measured] = value
            return new

    def _new(self) -> dict[Measurement, float]:
        entries = self._store.new_entries()
        return {(tuple(entry["profile"]), entry["repeat"]): entry["value"] for entry in entries}


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
            return measured, None, f"raised {type(error).__name__} at {profile}: {error}", traceback.format_exc()
        try:
            value = math.nan if isinstance(answer, str) else float(answer)
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value):
            return measured, None, f"must return a finite number at {profile}, got {answer!r}", ""
        return measured, value, "", ""


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
        with progress("measuring", len(tasks), leave=True) as bar:
            for outcome in outcomes:
                measured, value, *_ = outcome
                if value is None:
                    failures.append(outcome)
                else:
                    keep(measured, value)
                    bar.update()
    except (BrokenProcessPool, PicklingError) as error:
        raise InputError(
            "evaluate",
            f"could not be sent to a worker process, or killed it ({error}); what was measured before is kept. "
            "Use n_jobs=1 or joblib's threading backend, or give the workers more memory",
        ) from error
    finally:
        close_quietly(outcomes)
    if failures:
        (profile, _), _, problem, details = failures[0]
        failed = EvaluationError(f"the measured function {problem}", profile)
        if details:
            failed.add_note(details)
        raise failed
