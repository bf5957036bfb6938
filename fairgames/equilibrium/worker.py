"""The worker process in which a solver can be killed: ``python -m fairgames.equilibrium.worker``.

It reads a job from standard input, and writes what happens to standard output as pickles:
``("ready",)``, ``("found", strategies)`` for each equilibrium, then ``("done", notes)`` or
``("failed", text)``.
"""

from __future__ import annotations

import importlib
import io
import os
import pickle
import signal
import sys
from typing import Any, BinaryIO

_SPARE_SECONDS = 60
_LONGEST_ALARM = 2**31 - 1


def main() -> None:
    """Serve one job."""
    # What a solver prints must not get between the pickles.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    search_path, job = pickle.load(sys.stdin.buffer)
    sys.path[:] = search_path
    serve(job, channel)


def serve(job: bytes, channel: BinaryIO) -> None:
    """Run the pickled job ``(solver, payoffs, timeout)`` and report on ``channel``."""

    def tell(*message: Any) -> None:
        text = io.BytesIO()
        pickle.dump(message, text)
        channel.write(text.getvalue())
        channel.flush()

    try:
        solver, payoffs, timeout = pickle.loads(job)
        for module in solver.needs:
            importlib.import_module(module)
        # Should the parent be killed, the kernel ends this process even inside a solver's C code.
        if hasattr(signal, "alarm"):
            signal.alarm(min(int(timeout) + _SPARE_SECONDS, _LONGEST_ALARM))
        tell("ready")
        tell("done", solver.solve(payoffs, lambda strategies: tell("found", strategies)))
    except Exception as error:
        tell("failed", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
