"""Batches in order, on every backend, whatever dies."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from cloudpickle import register_pickle_by_value

from fairgames import InputError
from fairgames.parallel import as_n_jobs, as_seed, batch_seed, run_in_order
from fairgames.progress import heartbeat, progress, stage

# Worker processes cannot import test modules.
register_pickle_by_value(sys.modules[__name__])


def _draw(batch):
    return float(np.random.default_rng(batch_seed(np.random.SeedSequence(5), batch)).random())


EXPECTED = [float(np.random.default_rng(child).random()) for child in np.random.SeedSequence(5).spawn(12)]


def _draw_unless_first(task):
    """The first process to reach batch 4 dies there."""
    batch, marker = task
    if batch == 4 and not Path(marker).exists():
        Path(marker).touch()
        os._exit(9)
    return _draw(batch)


def _die(task):
    os._exit(task)


@pytest.mark.parametrize("n_jobs", [1, 2, -1, None])
def test_same_answers_for_any_number_of_jobs(n_jobs):
    assert list(run_in_order(_draw, range(12), n_jobs=n_jobs)) == EXPECTED


@pytest.mark.parametrize("backend", ["threading", "loky", "sequential"])
def test_same_answers_for_any_backend(backend):
    with joblib.parallel_config(backend=backend, n_jobs=2):
        assert list(run_in_order(_draw, range(12))) == EXPECTED


def test_a_process_that_dies_loses_nothing(tmp_path):
    tasks = [(batch, str(tmp_path / "died")) for batch in range(12)]
    assert list(run_in_order(_draw_unless_first, tasks, n_jobs=2)) == EXPECTED
    assert (tmp_path / "died").exists()


def test_a_task_that_always_dies_is_given_up():
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with pytest.raises(TerminatedWorkerError):
        list(run_in_order(_die, [9, 9], n_jobs=2))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_stopping_early_is_quiet(n_jobs):
    answers = run_in_order(_draw, range(12), n_jobs=n_jobs)
    assert [next(answers) for _ in range(3)] == EXPECTED[:3]
    answers.close()


def test_errors_come_through():
    with pytest.raises(ZeroDivisionError):
        list(run_in_order(divmod_by_zero, [1, 2], n_jobs=2))


def divmod_by_zero(number):
    return number // 0


def test_no_tasks():
    assert list(run_in_order(_draw, [], n_jobs=2)) == []


def test_bars_share_one_thread():
    for _ in range(3):
        progress("steps").close()
        alive = threading.active_count()
    progress("steps").close()
    assert threading.active_count() == alive


def test_no_progress_bar_when_not_a_terminal(capsys):
    list(run_in_order(_draw, range(12), description="drawing"))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("n_jobs", [0, 1.0, "2", True])
def test_bad_number_of_jobs(n_jobs):
    with pytest.raises(InputError, match="n_jobs"):
        as_n_jobs(n_jobs)


@pytest.mark.parametrize("seed", [None, -1, 1.0, "1", True, np.random.default_rng(0)])
def test_bad_seed(seed):
    with pytest.raises(InputError, match="seed"):
        as_seed(seed)


def test_seeds():
    assert as_seed(np.int64(3)).entropy == 3
    root = np.random.SeedSequence(1).spawn(2)[1]
    assert as_seed(root) is root
    spawned = np.random.SeedSequence(1).spawn(2)[1].spawn(7)[6]
    assert (batch_seed(root, 6).generate_state(4) == spawned.generate_state(4)).all()


@pytest.mark.slow
def test_a_killed_dask_worker_loses_nothing(tmp_path):
    pytest.importorskip("distributed")
    script = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        import joblib, numpy as np
        from distributed import Client, LocalCluster
        from fairgames.payments.engines.permutations import permutation_payments

        marker = Path(sys.argv[1])

        def evaluate(profiles):
            in_worker = os.getpid() != int(os.environ["FAIRGAMES_TEST_PARENT"])
            if in_worker and not marker.exists():
                marker.touch()
                os._exit(9)
            return np.sqrt(profiles @ np.arange(1.0, 13.0))

        if __name__ == "__main__":
            os.environ["FAIRGAMES_TEST_PARENT"] = str(os.getpid())
            everyone = np.ones(12, dtype=int)
            with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
                with joblib.parallel_config(backend="dask"):
                    spread = permutation_payments(evaluate, everyone, 6, n_jobs=None)
            assert marker.exists()
            assert spread == permutation_payments(evaluate, everyone, 6)
            print("equal")
        """
    )
    program = tmp_path / "program.py"
    program.write_text(script)
    command = [sys.executable, str(program), str(tmp_path / "died")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert run.stdout.strip() == "equal", run.stderr


_ON_A_TERMINAL = """
import fcntl, struct, sys, termios, time
import fairgames.parallel as parallel
import fairgames.progress as progress

fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
progress.SILENT_SECONDS = float(sys.argv[1])
for _ in parallel.run_in_order(time.sleep, [0.02] * 40, description="naps"):
    pass
count = progress.progress("steps")
for _ in range(40):
    time.sleep(0.02)
    count.update()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("silent", [0.2, 60])
def test_progress_is_shown_on_a_terminal_once_it_takes_long(silent):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _ON_A_TERMINAL, str(silent)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                read = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not read:
                break
            shown += read
    os.close(ours)
    assert process.returncode == 0
    assert (b"naps:" in shown) == (b"/40 [" in shown) == (silent < 1)
    assert (b"steps:" in shown) == (silent < 1)


def test_progress_in_a_pipe_is_whole_lines_and_only_of_long_work(capsys, monkeypatch):
    count = progress("quick steps")
    count.update()
    count.close()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("fairgames.progress.SILENT_SECONDS", 0.0)
    monkeypatch.setattr("fairgames.progress.SECONDS_A_LINE", 0.0)
    count = progress("steps", 2)
    count.update()
    count.update()
    count.close()
    out, err = capsys.readouterr()
    assert out == ""
    assert "\r" not in err
    assert [line.split(":")[0] for line in err.splitlines()] == ["steps"] * 3
    assert "2/2" in err


def test_the_heartbeat_names_the_stage_where_no_bar_counts(capsys, monkeypatch):
    monkeypatch.setattr("fairgames.progress.SILENT_SECONDS", 0.05)
    monkeypatch.setattr("fairgames.progress._shown_at", -1e9)
    with heartbeat("fairgames solve"), stage("finding the optimum"):
        time.sleep(0.3)
    err = capsys.readouterr().err
    assert err.startswith("fairgames solve: finding the optimum, 0 s\n")
    monkeypatch.setattr("fairgames.progress._shown_at", time.monotonic())
    with heartbeat("fairgames solve"):
        time.sleep(0.3)
    assert capsys.readouterr().err == ""
