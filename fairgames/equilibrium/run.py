"""Run a solver on payoffs: in this process, or in a worker process that a timeout kills."""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from fairgames.equilibrium.solver import Notes, Solver, Strategies
from fairgames.errors import InputError, SolverError
from fairgames.exactness import as_number

_START_SECONDS = 120


class Run(NamedTuple):
    """What a solver reported, unchecked."""

    profiles: list[Strategies]
    notes: Notes
    finished: bool
    seconds: float
    """Solving time, without imports and the start of a worker process."""


def run_here(solver: Solver, payoffs: Strategies) -> Run:
    """Run in this process, to the end.

    Raises
    ------
    SolverError
        If the solver fails.
    """
    profiles: list[Strategies] = []
    try:
        for module in solver.needs:
            importlib.import_module(module)
        start = time.perf_counter()
        notes = solver.solve(payoffs, profiles.append)
    except Exception as error:
        raise SolverError(f"solver {solver.name!r} failed: {type(error).__name__}: {error}") from error
    return Run(profiles, notes or Notes(), True, time.perf_counter() - start)


def run_killable(solver: Solver, payoffs: Strategies, timeout: float) -> Run:
    """Run in a fresh process, and kill it with all that it started when the time is up.

    The clock starts when the process has made its imports.

    Parameters
    ----------
    solver : Solver
        Its function must be importable from a module.
    payoffs : tuple of ndarray
    timeout : float
        Seconds.

    Returns
    -------
    Run
        With what was found until then; ``finished`` is False when it was stopped.

    Raises
    ------
    SolverError
        If the solver fails, cannot be sent to another process, or its process dies.
    """
    job = _pickled(solver, payoffs)
    with _worker_process() as (process, messages):
        _send(process, job)
        try:
            _receive(solver, process, messages, _START_SECONDS, "ready")
        except queue.Empty:
            raise SolverError(f"solver {solver.name!r}: its process did not start in {_START_SECONDS} s") from None
        start = time.perf_counter()
        profiles: list[Strategies] = []
        while True:
            remaining = start + timeout - time.perf_counter()
            try:
                kind, content = _receive(solver, process, messages, remaining, "found", "done")
            except queue.Empty:
                return Run(profiles, Notes(), False, time.perf_counter() - start)
            if kind == "done":
                return Run(profiles, content or Notes(), True, time.perf_counter() - start)
            profiles.append(content)


def checked_timeout(timeout: object) -> float:
    """Read a timeout in seconds.

    Raises
    ------
    InputError
        If it is not a positive number, or longer than the system can wait.

    Examples
    --------
    >>> checked_timeout("1/2")
    0.5
    """
    seconds = as_number(timeout, "timeout")
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise InputError(
            "timeout", f"must be a positive number of seconds, at most {threading.TIMEOUT_MAX:.0f}", timeout
        )
    return float(seconds)


def _pickled(solver: Solver, payoffs: Strategies) -> bytes:
    advice = "with a timeout, its function must be importable from a module other than __main__"
    if getattr(solver.solve, "__module__", None) == "__main__":
        raise SolverError(f"solver {solver.name!r}: {advice}")
    try:
        return pickle.dumps((sys.path, pickle.dumps((solver, payoffs))))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SolverError(f"solver {solver.name!r}: {advice} ({error})") from error


@contextlib.contextmanager
def _worker_process() -> Iterator[tuple[subprocess.Popen[bytes], queue.Queue[Any]]]:
    """Start the worker; kill it and whatever it started on the way out.

    A process of our own rather than one of `multiprocessing`, which would run the caller's script
    a second time when it has no ``__main__`` guard.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "fairgames.equilibrium.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    messages: queue.Queue[Any] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, messages), daemon=True)
    reader.start()
    try:
        yield process, messages
    finally:
        _kill(process)
        reader.join()
        for stream in (process.stdin, process.stdout):
            # Closing flushes what a dead process can no longer take.
            with contextlib.suppress(OSError):
                stream.close()


def _read(stream: IO[bytes], messages: queue.Queue[Any]) -> None:
    try:
        while True:
            messages.put(pickle.load(stream))
    except (EOFError, pickle.UnpicklingError, OSError):
        messages.put(None)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _send(process: subprocess.Popen[bytes], job: bytes) -> None:
    assert process.stdin is not None
    # A process that is already dead is reported by what it does not answer.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(job)
        process.stdin.flush()


def _receive(
    solver: Solver, process: subprocess.Popen[bytes], messages: queue.Queue[Any], seconds: float, *expected: str
) -> tuple[str, Any]:
    if seconds <= 0:
        # A solver that never stops reporting must be stopped as well.
        raise queue.Empty
    message = messages.get(timeout=seconds)
    if message is None:
        process.wait()
        raise SolverError(f"solver {solver.name!r}: its process ended with status {process.returncode}")
    kind, content = (*message, None)[:2]
    if kind not in expected:
        raise SolverError(f"solver {solver.name!r} failed: {content}")
    return kind, content
