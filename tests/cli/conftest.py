from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from fairgames.cli.main import app

TWO = """
title = "Two users"
levels = ["absent", "present"]
utility = { kind = "table", by_count = [0, "2/3", 1] }
[[users]]
name = "Ann"
costs = { present = 0.3 }
[[users]]
name = "Bob"
costs = { present = "31/100" }
"""


@pytest.fixture(autouse=True)
def wide_output(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def run():
    """Run the command in this process and return its result; the exit status is checked."""

    def run_command(*arguments, status=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result

    return run_command


@pytest.fixture
def two(tmp_path):
    """A specification of two users whose optimum is in mixed strategies."""
    path = tmp_path / "two.toml"
    path.write_text(TWO, encoding="utf-8")
    return path


@pytest.fixture
def example(tmp_path, run):
    """The specification that ``init`` writes."""
    path = tmp_path / "spec.toml"
    run("init", path)
    return path


@pytest.fixture
def saved(tmp_path):
    """Read a JSON file that a command wrote."""

    def read(name="out.json"):
        return json.loads((tmp_path / name).read_text(encoding="utf-8"))

    return read
