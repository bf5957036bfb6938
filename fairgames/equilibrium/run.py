"""Run a solver on payoffs: in this process, or in a worker process (`worker`) that a timeout kills.

`solve` and `assessment.agreement` run all solvers here, since those of Gambit cannot be interrupted otherwise.
"""

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
from typing import IO, Any, NamedTuple, cast

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


def run_solver(solver: Solver, payoffs: Strategies, timeout: float | None = None) -> Run:
    """Run a solver: in this process to the end, or with a timeout in a fresh one, killed with all that it started.

    The clock starts when the imports are made.

    Parameters
    ----------
    solver : Solver
        With a timeout, its function must be importable from a module.
    payoffs : tuple of ndarray
    timeout : float, optional
        Seconds (`checked_timeout`).

    Returns
    -------
    Run
        With what was found until then; ``finished`` is False when it was stopped.

    Raises
    ------
    SolverError
        If the solver fails, cannot be sent to another process, or its process dies.
    """
    profiles: list[Strategies] = []
    if timeout is not None:
        return _run_killable(solver, _pickled(solver, payoffs), timeout, profiles)
    try:
        for module in solver.needs:
            importlib.import_module(module)
        start = time.perf_counter()
        notes = solver.solve(payoffs, profiles.append)
    except Exception as error:
        raise SolverError(f"solver {solver.name!r} failed: {type(error).__name__}: {error}") from error
    return Run(profiles, notes or Notes(), True, time.perf_counter() - start)


def _run_killable(solver: Solver, job: bytes, timeout: float, profiles: list[Strategies]) -> Run:
    with _worker_process(job) as (process, messages):

        def receive(seconds: float) -> tuple[str, Any]:
            if seconds <= 0:
                # A solver that never stops reporting must be stopped as well.
                raise queue.Empty
            message = messages.get(timeout=seconds)
            if message is None:
                process.wait()
                raise SolverError(f"solver {solver.name!r}: its process ended with status {process.returncode}")
            kind, content = (*message, None)[:2]
            if kind == "failed":
                raise SolverError(f"solver {solver.name!r} failed: {content}")
            return kind, content

        try:
            receive(_START_SECONDS)
        except queue.Empty:
            raise SolverError(f"solver {solver.name!r}: its process did not start in {_START_SECONDS} s") from None
        start = time.perf_counter()
        while True:
            try:
                kind, content = receive(start + timeout - time.perf_counter())
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
def _worker_process(job: bytes) -> Iterator[tuple[subprocess.Popen[bytes], queue.Queue[Any]]]:
    """Start the worker on a job; kill it and whatever it started on the way out.

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
    stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    messages: queue.Queue[Any] = queue.Queue()
    reader = threading.Thread(target=_read, args=(stdout, messages), daemon=True)
    reader.start()
    try:
        # A process that is already dead is reported by what it does not answer.
        with contextlib.suppress(BrokenPipeError):
            stdin.write(job)
            stdin.flush()
        yield process, messages
    finally:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        reader.join()
        for stream in (stdin, stdout):
            # Closing flushes what a dead process can no longer take.
            with contextlib.suppress(OSError):
                stream.close()


def _read(stream: IO[bytes], messages: queue.Queue[Any]) -> None:
    try:
        while True:
            messages.put(pickle.load(stream))
    except (EOFError, pickle.UnpicklingError, OSError):
        messages.put(None)
