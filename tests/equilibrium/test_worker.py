"""What the worker process says, one pickle after another."""

from __future__ import annotations

import io
import pickle
import signal

import numpy as np
import pytest

from fairgames.equilibrium import worker
from fairgames.equilibrium.solver import Notes, Solver
from fairgames.equilibrium.solvers import BUILT_IN


def fail(payoffs, found):
    raise RuntimeError("out of luck")


@pytest.fixture
def messages(monkeypatch):
    """``messages(solver)``: all that the worker answers, with its alarm disarmed."""
    alarms = []
    monkeypatch.setattr(signal, "alarm", alarms.append)

    def answers(solver, timeout=5.0):
        channel = io.BytesIO()
        worker.serve(pickle.dumps((solver, (np.eye(2), np.eye(2)), timeout)), channel)
        channel.seek(0)
        told = []
        while channel.tell() < len(channel.getvalue()):
            told.append(pickle.load(channel))
        return told, alarms

    return answers


def test_a_solver_is_reported_step_by_step(messages):
    told, alarms = messages(BUILT_IN["two-action"])
    assert [message[0] for message in told] == ["ready", "found", "found", "found", "done"]
    assert told[-1] == ("done", Notes(False, ()))
    assert alarms == [65]


def test_a_very_long_timeout_fits_the_alarm(messages):
    _, alarms = messages(BUILT_IN["two-action"], timeout=1e12)
    assert alarms == [2**31 - 1]


def test_failures_are_told(messages):
    assert messages(Solver("failing", fail, "one"))[0] == [("ready",), ("failed", "RuntimeError: out of luck")]
    lacking = Solver("lacking", fail, "one", needs=("no_such_module_at_all",))
    assert messages(lacking)[0][0][0] == "failed"


def test_what_is_no_job_is_told_too():
    channel = io.BytesIO()
    worker.serve(b"nothing", channel)
    channel.seek(0)
    assert pickle.load(channel)[0] == "failed"
