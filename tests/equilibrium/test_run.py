"""A solver that hangs is killed, with all that it started, and what it had found is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest

from fairgames import InputError, equilibria
from fairgames.equilibrium.run import run_solver
from fairgames.errors import SolverError

SOLVERS = """
import os, subprocess, sys, time
import numpy as np
from fairgames.equilibrium.solver import Notes, Solver

FIRST = (np.array([1.0, 0.0]), np.array([1.0, 0.0]))

def hang(payoffs, found):
    found(FIRST)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(os.environ["FAIRGAMES_TEST_PIDS"], "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    while True:
        time.sleep(1)

def gnm(payoffs, found):
    import pygambit
    from fairgames.game.gambit import to_gambit
    pygambit.nash.gnm_solve(to_gambit(payoffs))

def flood(payoffs, found):
    while True:
        found(FIRST)

def talk(payoffs, found):
    print("noise on standard output", flush=True)
    found(FIRST)
    return Notes(None, ("a note",))

def fail(payoffs, found):
    raise RuntimeError("out of luck")

def die(payoffs, found):
    os._exit(3)

hanging = Solver("hanging", hang, "complete", exact=True)
newton = Solver("gambit-gnm", gnm, "some", needs=("pygambit",))
flooding = Solver("flooding", flood, "some")
talking = Solver("talking", talk, "one")
failing = Solver("failing", fail, "one")
dying = Solver("dying", die, "one")
lacking = Solver("lacking", talk, "one", needs=("no_such_module_at_all",))
"""
GAME = [np.eye(2), np.eye(2)]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """A third party's module, importable here and in worker processes."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "third_party_solvers.py").write_text(SOLVERS)
    sys.path.insert(0, str(folder))
    import third_party_solvers

    yield third_party_solvers
    sys.path.remove(str(folder))
    del sys.modules["third_party_solvers"]


def test_a_hanging_solver_is_stopped_and_leaves_no_process(plugin, tmp_path, monkeypatch):
    pids = tmp_path / "pids"
    monkeypatch.setenv("FAIRGAMES_TEST_PIDS", str(pids))
    before = set(psutil.Process().children(recursive=True))
    result = equilibria(GAME, method=plugin.hanging, timeout=2)
    assert [entry.profile for entry in result] == [(0, 0)]
    assert result[0].regret == 0
    assert not result.complete
    assert result.components == ()
    assert "hanging was stopped after 2" in result.warnings[0]
    solver, child = map(int, pids.read_text().split())
    assert not psutil.pid_exists(solver)
    # An orphan killed with its group is reaped by init, not by us: it may be a zombie for a moment.
    for _ in range(100):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the process that the solver had started is still running")
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.mark.slow
def test_gambits_gnm_that_hangs_on_the_papers_game_is_stopped(plugin, paper_game):
    before = set(psutil.Process().children(recursive=True))
    result = equilibria(paper_game("2/3", "2/3"), method=plugin.newton, timeout=2)
    assert "gambit-gnm was stopped after 2" in result.warnings[0]
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_solver_that_never_stops_reporting_is_stopped_too(plugin):
    run = run_solver(plugin.flooding, tuple(GAME), 0.2)
    assert not run.finished
    assert len(run.profiles) > 1


def test_an_answer_in_time_is_complete(plugin):
    result = equilibria([[[3, 0, 1], [5, 1, 0]], [[3, 5, 0], [0, 1, 2]]], timeout=60)
    assert result.complete
    assert result == equilibria([[[3, 0, 1], [5, 1, 0]], [[3, 5, 0], [0, 1, 2]]])
    talking = equilibria(GAME, method=plugin.talking, timeout=60)
    assert talking.warnings == ("a note",)
    assert len(talking) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("failing", "'failing' failed: RuntimeError: out of luck"),
        ("dying", "'dying': its process ended with status 3"),
        ("lacking", "'lacking' failed: ModuleNotFoundError"),
    ],
)
def test_failures_in_the_worker_come_back_as_one_error(plugin, name, message):
    with pytest.raises(SolverError, match=message):
        run_solver(getattr(plugin, name), tuple(GAME), 60)


def test_a_solver_that_cannot_be_sent_is_refused(plugin):
    from fairgames.equilibrium.solver import Solver

    with pytest.raises(SolverError, match="importable"):
        equilibria(GAME, method=Solver("local", lambda *_: None, "one"), timeout=1)


@pytest.mark.skipif(
    not hasattr(os, "fork"), reason="scripts without a guard matter everywhere, but one system is enough"
)
def test_a_script_without_a_main_guard_may_use_a_timeout(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            print("once")
            from fairgames.equilibrium.solve import equilibria
            print(len(equilibria([[[1, 0], [0, 1]]] * 2, timeout=60)))
            from fairgames.equilibrium.solver import Solver
            try:
                equilibria([[[1, 0], [0, 1]]] * 2, method=Solver("mine", lambda *_: None, "one"), timeout=60)
            except ValueError as error:
                print("importable" in str(error))
            """
        )
    )
    answer = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["once", "3", "True"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals as POSIX knows them")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_the_worker_and_its_children_end_with_the_parent(plugin, tmp_path, name):
    pids = tmp_path / "pids"
    script = (
        f"import sys; sys.path.insert(0, {str(plugin.__file__)!r}.rpartition('/')[0])\n"
        "from third_party_solvers import hanging\n"
        "from fairgames.equilibrium.solve import equilibria\n"
        "equilibria([[[1, 0], [0, 1]]] * 2, method=hanging, timeout=300)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "FAIRGAMES_TEST_PIDS": str(pids)})
    try:
        while not (pids.exists() and len(pids.read_text().split()) == 2):
            assert parent.poll() is None
            time.sleep(0.05)
    finally:
        parent.send_signal(getattr(signal, name))
        parent.wait()
    started = [psutil.Process(pid) for pid in map(int, pids.read_text().split()) if psutil.pid_exists(pid)]
    _, left = psutil.wait_procs(started, timeout=10)
    assert [process for process in left if process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_timeout_that_no_system_can_wait_for_is_refused():
    for seconds in (1e250, "1e250", 1e12):
        with pytest.raises(InputError, match="must be a positive number of seconds, at most"):
            equilibria(GAME, timeout=seconds)
