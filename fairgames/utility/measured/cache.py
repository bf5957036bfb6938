"""Run a user's own function at many profiles, on joblib's workers, and hand over each value as it comes.

The file in which measurements survive a crash: JSON lines, data only.

The first line says what was measured, each further line is one measurement, written as soon as it
is known. Reading runs no code and trusts nothing.
"""

from __future__ import annotations

import json
import math
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import PicklingError
from typing import Any, BinaryIO, NoReturn, TypeAlias

import numpy as np

from fairgames.errors import DataError, EvaluationError, InputError
from fairgames.parallel import batch_seed
from fairgames.progress import progress

Measurement: TypeAlias = tuple[tuple[int, ...], int]
"""What was measured: a profile, and the number of the repeat."""

FORMAT = "fairgames measured utility"
VERSION = 1

_LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class MeasurementCache:
    """One cache file.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of int
        Number of levels of each user.
    key : str
        Fingerprint of everything on which a measurement depends.
    """

    path: Path
    shape: tuple[int, ...]
    key: str

    def read(self) -> dict[Measurement, float]:
        """Every measurement in the file; none if there is no file yet.

        Returns
        -------
        dict
            Value of each (profile, repeat); the first counts where one is written twice.

        Raises
        ------
        DataError
            If the file is not such a cache, was written by another version or for another function,
            or is damaged. A last line that was cut off in a crash is not damage.
        """
        if not self.path.exists():
            return {}
        try:
            with self.path.open("rb") as stream:
                return self._read(stream)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read ({error.strerror})") from error

    def prepare(self) -> None:
        """Make the file ready for appending: the header written, a line cut off in a crash removed.

        Raises
        ------
        InputError
            If the folder or the file cannot be written.
        """
        with self._writing():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as stream:
                stream.truncate(self._end_of_last_line(stream))
                if stream.seek(0, 2) == 0:
                    stream.write(_line(self._header()))

    def append(self, measured: Measurement, value: float) -> None:
        """Write one measurement, at once.

        Raises
        ------
        InputError
            If the file cannot be written, for instance because the disk is full.
        """
        profile, repeat = measured
        with self._writing(), self.path.open("ab") as stream:
            stream.write(_line({"profile": list(profile), "repeat": repeat, "value": value}))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(
                "cache", f"must be a folder that can be written to ({error.strerror or error})", str(self.path.parent)
            ) from error

    def _read(self, stream: BinaryIO) -> dict[Measurement, float]:
        known: dict[Measurement, float] = {}
        for number, line in enumerate(iter(lambda: stream.readline(_LONGEST_LINE), b""), start=1):
            if not line.endswith(b"\n"):
                if len(line) == _LONGEST_LINE:
                    self._refuse(number, "is too long")
                break
            entry = self._parsed(line, number)
            if number == 1:
                self._check_header(entry)
            else:
                measured, value = self._measurement(entry, number)
                known.setdefault(measured, value)
        return known

    def _header(self) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION, "shape": list(self.shape), "key": self.key}

    def _end_of_last_line(self, stream: BinaryIO) -> int:
        position = stream.seek(0, 2)
        while position > 0:
            start = max(0, position - _LONGEST_LINE)
            stream.seek(start)
            found = stream.read(position - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            position = start
        return 0

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            entry = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            self._refuse(number, "is not a line of JSON")
        if not isinstance(entry, dict):
            self._refuse(number, "is not a JSON object")
        return entry

    def _check_header(self, entry: dict[str, Any]) -> None:
        if entry.get("format") != FORMAT:
            self._refuse(1, f'does not say "format": "{FORMAT}"')
        if entry.get("version") != VERSION:
            self._refuse(1, f"was written by another version ({entry.get('version')!r}; this one reads {VERSION})")
        if entry != self._header():
            self._refuse(1, "belongs to another function, seed or shape")

    def _measurement(self, entry: dict[str, Any], number: int) -> tuple[Measurement, float]:
        if set(entry) != {"profile", "repeat", "value"}:
            self._refuse(number, 'must hold "profile", "repeat" and "value"')
        profile, repeat, value = entry["profile"], entry["repeat"], entry["value"]
        if not (isinstance(profile, list) and len(profile) == len(self.shape) and self._levels(profile)):
            self._refuse(number, f"has a profile that does not fit {len(self.shape)} users")
        if not _is_whole(repeat) or repeat < 0:
            self._refuse(number, "has a repeat that is not a whole number")
        if not isinstance(value, float) or not math.isfinite(value):
            self._refuse(number, "has a value that is not a finite number")
        return (tuple(profile), repeat), value

    def _levels(self, profile: Sequence[Any]) -> bool:
        return all(
            _is_whole(level) and 0 <= level < n_levels for level, n_levels in zip(profile, self.shape, strict=True)
        )

    def _refuse(self, number: int, problem: str) -> NoReturn:
        raise DataError(
            f"{self.path}, line {number}: {problem}; nothing of this cache was used: "
            "delete the file to measure again, or name another cache folder"
        )


def _line(entry: dict[str, Any]) -> bytes:
    return (json.dumps(entry, allow_nan=False) + "\n").encode()


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


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
