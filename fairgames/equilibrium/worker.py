"""The worker process in which a solver can be killed: ``python -m fairgames.equilibrium.worker``.

It reads a job from standard input, and writes what happens to standard output as pickles:
``("ready",)``, ``("found", strategies)`` for each equilibrium, then ``("done", notes)`` or
``("failed", text)``. However its parent dies, a guard ends it, and all that it started, within a second or two.
"""

from __future__ import annotations

import importlib
import os
import pickle
import select
import signal
import sys
import threading
from typing import Any, BinaryIO

_POLL_SECONDS = 1.0


def main() -> None:
    """Serve one job."""
    # What a solver prints must not get between the pickles.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    search_path, job = pickle.load(sys.stdin.buffer)
    sys.path[:] = search_path
    end_with_parent(channel)
    serve(job, channel)


def end_with_parent(channel: BinaryIO) -> None:
    """Start the guard: the parent holds standard input open as long as it lives, and says nothing more on it.

    The guard is a process, since a solver's C code may keep every thread of this one from running.
    """
    if not hasattr(os, "fork"):
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(1)), daemon=True).start()
        return
    worker = os.getpid()
    if os.fork():
        return
    # The guard must not keep the parent waiting for more to read.
    os.close(channel.fileno())
    while os.getppid() == worker:
        readable, _, _ = select.select([sys.stdin], [], [], _POLL_SECONDS)
        if readable:
            os.killpg(0, signal.SIGKILL)
    os.killpg(0, signal.SIGKILL)


def serve(job: bytes, channel: BinaryIO) -> None:
    """Run the pickled job ``(solver, payoffs)`` and report on ``channel``."""

    def tell(*message: Any) -> None:
        channel.write(pickle.dumps(message))
        channel.flush()

    try:
        solver, payoffs = pickle.loads(job)
        for module in solver.needs:
            importlib.import_module(module)
        tell("ready")
        tell("done", solver.solve(payoffs, lambda strategies: tell("found", strategies)))
    except Exception as error:
        tell("failed", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
