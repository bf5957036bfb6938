from __future__ import annotations

import csv
from fractions import Fraction

import pytest

from fairgames.game.fair_game import FairGame
from fairgames.payments.fair import payment_table
from fairgames.spec.load import load_specification


def test_derive_prints_the_regimes(run):
    output = run("derive", "--users", "2", "--epsilon", "inf").output
    assert "gamma(p) = p/6 + 1/2" in output
    assert "Piecewise((2*c, c <= 1/3), (6*c/(3*c + 2), c <= 2/3), (0, True))" in output
    assert run("derive", "--users", "2", "--utilities", "2/3,1").output == output


def test_derive_keeps_symbols_and_prints_latex(run):
    assert "U_2/2" in run("derive", "--users", "2").output
    assert "epsilon**2" in run("derive", "--users", "2", "--epsilon", "symbol").output
    assert run("derive", "--users", "2", "--latex").output.startswith(r"\begin{aligned}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--users", "1"), "must be an integer of at least 2, got 1"),
        (("--users", "2", "--epsilon", "0"), "epsilon: must be positive"),
        (("--users", "2", "--utilities", "1/2,2"), "diminishing returns (assumption 2) fails"),
        (("--users", "2", "--epsilon", "1", "--utilities", "1,2"), "--epsilon: cannot be combined with --utilities"),
    ],
)
def test_what_cannot_be_derived_is_said(run, arguments, message):
    assert message in run("derive", *arguments, status=2).stderr


def test_errata_are_checked_as_they_are_printed(run, tmp_path, saved):
    from symbolic.errata import ERRATA

    output = run("errata", "--json", tmp_path / "out.json").output
    assert output.count("  printed: ") == len(ERRATA)
    assert f"{len(ERRATA)} errata, {len(ERRATA)} confirmed." in output
    assert all(entry["correct_holds"] and not entry["printed_holds"] for entry in saved()["errata"])


def test_an_erratum_that_does_not_hold_fails(run, monkeypatch):
    from symbolic import errata
    from symbolic.erratum import Erratum, Verification

    wrong = Erratum("Eq. 0", "1", "2", lambda: Verification(True, False, "1 is 1"))
    monkeypatch.setattr(errata, "ERRATA", (wrong,))
    assert "NOT CONFIRMED: 1 is 1" in run("errata", status=1).output


def test_a_foreign_package_of_the_same_name_is_named(run, tmp_path, monkeypatch):
    import sys

    folder = tmp_path / "symbolic"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for name in [name for name in sys.modules if name.partition(".")[0] == "symbolic"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    try:
        message = run("derive", "--users", "2", status=2).stderr
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "symbolic"]:
            sys.modules.pop(name)
    assert f"the package symbolic at {folder / '__init__.py'} is not the one that fairgames brings" in message


# export


def test_the_game_is_exported_for_gambit(run, two, tmp_path):
    path = tmp_path / "two.nfg"
    run("export", two, path, "--alpha", "3/5")
    spec = load_specification(two)
    assert path.read_text() == FairGame(spec.utility, spec.costs, "3/5").to_nfg("Two users")


def test_every_payment_is_exported_exactly(run, two, tmp_path):
    path = tmp_path / "two.csv"
    run("export", two, path)
    table = payment_table(load_specification(two).utility)
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
    assert load_specification(again).utility.tensor().tolist() == [[0, Fraction(2, 3)], [Fraction(2, 3), 1]]


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
        (("no/such/folder/x.nfg",), "FILE: cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_said(run, two, arguments, message):
    assert message in run("export", two, *arguments, status=2).stderr
