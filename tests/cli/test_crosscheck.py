from __future__ import annotations

import subprocess
import sys

import pytest

import fairgames as fg
from fairgames.assessment.crosscheck import game
from fairgames.assessment.crosscheck import run as front
from fairgames.assessment.crosscheck import utilities as priced
from symbolic.errors import SymbolicError


def test_a_specification_is_checked(run, two, tmp_path, saved):
    output = run("crosscheck", two, "--points", "2", "--json", tmp_path / "out.json").output
    assert "Closed forms against numerics: Two users" in output
    assert "not applicable  the utility is not a private mean" in output
    assert "7 quantities" in output
    assert "no mismatch." in output
    results = saved()
    assert results["agreed"] is True
    assert results["crosscheck"]["comparisons"][0]["largest_difference"] == "0"


def test_without_a_specification_all_closed_forms_are_checked(run, monkeypatch):
    monkeypatch.setattr(front, "all_questions", priced.payment_questions)
    plain = run("crosscheck", "--points", "2").output
    assert "payments among 3 users" in plain
    assert "payments among 4 users" not in plain
    assert "payments among 4 users" in run("crosscheck", "--points", "2", "--all").output


def test_a_mismatch_is_status_1(run, two, monkeypatch):
    def wrong(utility, profile):
        return front_payments(utility, [0] * len(profile))

    front_payments = game.fair_payments
    monkeypatch.setattr(game, "fair_payments", wrong)
    output = run("crosscheck", two, "--points", "2", status=1).output
    assert "MISMATCH" in output
    assert "1 mismatch." in output


def test_what_a_derivation_refuses_is_status_2(run, monkeypatch):
    def refuse(*_, **__):
        raise SymbolicError("no such form")

    monkeypatch.setattr(fg, "crosscheck", refuse)
    assert "fairgames: no such form" in run("crosscheck", status=2).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--points", "0"), "points: must be a whole number of at least 1"),
        (("--seed", "-1"), "seed: must be a whole number of at least 0"),
        (("--json", "no/such/folder/x.json"), "--json: must name a file in an existing folder"),
        (("missing.toml",), "missing.toml: cannot be read"),
    ],
)
def test_bad_input_is_status_2(run, arguments, message):
    assert message in run("crosscheck", *arguments, status=2).stderr


def test_a_foreign_package_is_one_clear_error(tmp_path):
    folder = tmp_path / "symbolic"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    call = "import sys; from fairgames.cli.main import run; sys.argv[1:] = ['crosscheck']; run()"
    done = subprocess.run(
        [sys.executable, "-c", call], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"fairgames: the package symbolic at {folder / '__init__.py'} is not the one")
    assert len(done.stderr.splitlines()) == 1
