from __future__ import annotations

import os
import subprocess
import sys

import pytest

import fairgames


def in_a_process(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", "from fairgames.cli.main import run; run()", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_whole_run_in_a_process_of_its_own(tmp_path):
    spec = tmp_path / "spec.toml"
    assert in_a_process("init", spec).returncode == 0
    solved = in_a_process("solve", spec)
    assert solved.returncode == 0
    assert solved.stderr == ""
    assert "The platform does best to pay out" in solved.stdout
    narrow = in_a_process("solve", spec, COLUMNS="60")
    assert max(map(len, narrow.stdout.splitlines())) <= 60
    assert "…" not in narrow.stdout


def test_a_terminal_without_the_letters_still_shows_the_answer(tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text(
        'levels = ["absent", "present"]\nutility = { kind = "table", by_count = [0, 1, 2] }\n'
        'every_user = { costs = { present = 0.5 } }\nusers = [{ name = "Zürich" }, { name = "Łódź" }]\n',
        encoding="utf-8",
    )
    solved = in_a_process("solve", spec, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert solved.returncode == 0
    assert "Z?rich" in solved.stdout


def test_bad_input_is_one_message_on_standard_error_without_traceback(tmp_path):
    failed = in_a_process("solve", tmp_path / "none.toml")
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert failed.stderr == f"fairgames: {tmp_path / 'none.toml'}: cannot be read: No such file or directory\n"


def test_help_loads_no_heavy_library():
    code = (
        "import sys, fairgames.cli.main; "
        "print([name for name in ('matplotlib', 'scipy.optimize', 'nashpy', 'pygambit', 'sympy', 'pandas', 'pydantic') "
        "if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_help_names_every_command_and_the_version_is_known(run):
    text = run("--help").output
    for command in ("init", "solve", "payments", "equilibria", "design", "fit", "verify"):
        assert command in text
    assert run("--version").output == f"fairgames {fairgames.__version__}\n"


def test_no_command_shows_the_help(run):
    assert "Usage" in run(status=2).output


@pytest.mark.parametrize("arguments", [("unsolve",), ("solve",), ("solve", "a", "--colour")])
def test_a_mistyped_command_line_is_bad_input(run, arguments):
    run(*arguments, status=2)


def test_an_unforeseen_lack_of_memory_is_said_plainly(run, two, monkeypatch):
    from fairgames.cli import solve

    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(solve, "optimum_of", fail)
    assert "not enough memory" in run("solve", two, status=2).stderr
