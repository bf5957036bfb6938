from __future__ import annotations

import csv
from fractions import Fraction

import pytest

from fairgames import FairGame, load, payment_table
from fairgames.files import signed
from fairgames.game.gambit import from_nfg


def test_the_game_is_exported_for_gambit(run, two, tmp_path):
    path = tmp_path / "two.nfg"
    run("export", two, path, "--alpha", "3/5")
    spec = load(two)
    assert path.read_text() == signed(FairGame(spec.utility, spec.costs, "3/5").to_nfg("Two users"), ".nfg")
    assert from_nfg(path.read_text()).title == "Two users"


def test_every_payment_is_exported_exactly(run, two, tmp_path):
    path = tmp_path / "two.csv"
    run("export", two, path)
    table = payment_table(load(two).utility)
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4
    for row in rows:
        profile = tuple(["absent", "present"].index(row[name]) for name in ("Ann", "Bob"))
        assert Fraction(row["utility"]) == table.utility[profile]
        assert [Fraction(row[f"payment to {name}"]) for name in ("Ann", "Bob")] == table[profile].values.tolist()


def test_the_exported_table_is_a_specification_table(run, two, tmp_path):
    path = tmp_path / "two.csv"
    run("export", two, path)
    with path.open(newline="") as stream:
        rows = [row[:3] for row in csv.reader(stream)]
    with (tmp_path / "utility.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    again = tmp_path / "again.toml"
    again.write_text('levels = ["absent", "present"]\nutility = { kind = "table", file = "utility.csv" }\n')
    assert load(again).utility.tensor().tolist() == [[0, Fraction(2, 3)], [Fraction(2, 3), 1]]


def test_the_optimum_is_exported_for_latex(run, example, tmp_path):
    path = tmp_path / "optimum.tex"
    run("export", example, path)
    assert r"North Hospital & 120 & direct" in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x.doc",), "FILE: must end in .nfg, .csv, .tex"),
        (("x.tex", "--alpha", "1"), "--alpha: means nothing for .tex"),
        (("x.tex",), "the optimum is not in pure levels"),
        (("no/such/folder/x.nfg",), "FILE: must name a file in an existing folder"),
    ],
)
def test_what_cannot_be_exported_is_said(run, two, arguments, message):
    assert message in run("export", two, *arguments, status=2).stderr
