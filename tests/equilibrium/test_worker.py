"""What the worker process says, one pickle after another."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest

from fairgames.equilibrium import worker
from fairgames.equilibrium.solver import Notes, Solver
from fairgames.equilibrium.solvers import BUILT_IN


def fail(payoffs, found):
    raise RuntimeError("out of luck")


@pytest.fixture
def messages():
    """``messages(solver)``: all that the worker answers."""

    def answers(solver):
        channel = io.BytesIO()
        worker.serve(pickle.dumps((solver, (np.eye(2), np.eye(2)))), channel)
        channel.seek(0)
        told = []
        while channel.tell() < len(channel.getvalue()):
            told.append(pickle.load(channel))
        return told

    return answers


def test_a_solver_is_reported_step_by_step(messages):
    told = messages(BUILT_IN["two-action"])
    assert [message[0] for message in told] == ["ready", "found", "found", "found", "done"]
    assert told[-1] == ("done", Notes(False, ()))


def test_failures_are_told(messages):
    assert messages(Solver("failing", fail, "one")) == [("ready",), ("failed", "RuntimeError: out of luck")]
    lacking = Solver("lacking", fail, "one", needs=("no_such_module_at_all",))
    assert messages(lacking)[0][0] == "failed"


def test_what_is_no_job_is_told_too():
    channel = io.BytesIO()
    worker.serve(b"nothing", channel)
    channel.seek(0)
    assert pickle.load(channel)[0] == "failed"
