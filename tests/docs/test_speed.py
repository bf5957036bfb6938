"""The table of speed: every benchmark has rows, each beside a peer or with the reason why it stands alone."""

import csv
import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "benchmarks").glob("bench_*.py"))


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


ROWS = rows_of(ROOT / "docs" / "studies" / "speed.csv")


@pytest.mark.parametrize("script", [script.stem for script in SCRIPTS])
def test_every_benchmark_has_rows(script):
    assert any(row["script"] == script for row in ROWS)


def test_no_row_is_of_a_benchmark_that_is_gone():
    assert {row["script"] for row in ROWS} <= {script.stem for script in SCRIPTS}


def test_each_row_has_a_peer_or_says_why_there_is_none():
    for row in ROWS:
        assert len(row["peer"].split()) > 2 or row["theirs"], row
        assert bool(row["ratio"]) == bool(row["theirs"]), row
        assert bool(row["bar"]) == (row["kept"] in {"yes", "no"}), row


def test_ratios_are_those_of_the_two_columns():
    for row in ROWS:
        if row["ratio"] and float(row["ours"]):
            assert float(row["ratio"]) == pytest.approx(float(row["theirs"]) / float(row["ours"]), rel=2e-3), row


@pytest.fixture
def timing(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.delitem(sys.modules, "timing", raising=False)
    module = importlib.import_module("timing")
    monkeypatch.setattr(module, "TABLE", tmp_path / "speed.csv")
    yield module
    del sys.modules["timing"]


def measured(timing, monkeypatch, script, *claims):
    monkeypatch.setattr(sys, "argv", [f"/somewhere/{script}.py"])
    timing._claims.clear()
    timing.run(lambda: [timing.claim(*claim[:-1], **claim[-1]) for claim in claims])
    return rows_of(timing.TABLE)


def test_a_run_takes_the_place_of_its_own_rows_alone(timing, monkeypatch, capsys):
    measured(timing, monkeypatch, "bench_b", ("old", 1.0, "peer", 2.0, {}), ("older", 1.0, "peer", 2.0, {}))
    measured(timing, monkeypatch, "bench_a", ("other", 4.0, "peer", 1.0, {"most": 3, "wins": 0.2}))
    rows = measured(timing, monkeypatch, "bench_b", ("new", 2.0, "nobody does this", {"most": 3}))
    assert [row["work"] for row in rows] == ["other", "new"]
    assert [row["ratio"] for row in rows] == ["0.25", ""]
    assert [row["kept"] for row in rows] == ["no", "yes"]
    assert "MISSED" in capsys.readouterr().out


def test_a_run_that_fails_leaves_the_table(timing, monkeypatch):
    before = measured(timing, monkeypatch, "bench_a", ("some", 1.0, "peer", 2.0, {}))

    def fails():
        timing.claim("half", 1.0, "peer", 2.0)
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        timing.run(fails)
    assert rows_of(timing.TABLE) == before
