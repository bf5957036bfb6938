from __future__ import annotations

import csv
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from fairgames import InputError
from fairgames.cli.main import app
from fairgames.report.paper.plate import MODULES, Plate, as_csv, as_markdown, names_of, write_plate


def run(*arguments, status=0):
    result = CliRunner().invoke(app, ["reproduce", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result


def test_tables_are_written_and_checked(tmp_path):
    output = run("tables", "--out", tmp_path / "new" / "folder").output
    with (tmp_path / "new" / "folder" / "printed-numbers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert f"{len(rows)} printed numbers, {len(rows)} confirmed." in output
    assert {row["agrees"] for row in rows} == {"yes"}
    names = [f"{name}.{ending}" for name in ("printed-numbers", "table1", "table2") for ending in ("csv", "md")]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == names
    assert "| 2     | hands the local" in (tmp_path / "new" / "folder" / "table1.md").read_text(encoding="utf-8")


def test_a_number_that_is_not_confirmed_fails(tmp_path, monkeypatch):
    from fairgames.report.paper import printed

    wrong = [printed.Printed("eq. 0", "x", Fraction(1), Fraction(2))]
    monkeypatch.setattr(printed, "printed_numbers", lambda: wrong)
    output = run("tables", "--out", tmp_path, status=1).output
    assert "NOT CONFIRMED: eq. 0, x: printed 1, computed 2" in output
    assert "1 printed numbers, 0 confirmed." in output


def test_a_figure_is_written_with_its_numbers_twice_alike(tmp_path):
    for folder in ("a", "b"):
        run("fig4", "--out", tmp_path / folder)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["fig4.csv", "fig4.png", "fig4.svg"]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert b"<dc:date>" not in (tmp_path / "a" / "fig4.svg").read_bytes()


def test_all_are_the_paper_s_nine_figures_and_the_tables():
    assert names_of("all") == (*(f"fig{number}" for number in range(1, 10)), "tables")
    assert names_of("fig7") == ("fig7",)
    assert set(MODULES) == set(names_of("all"))


def test_an_unknown_figure_is_refused_before_any_work(tmp_path):
    result = run("fig10", "--out", tmp_path / "x", status=2)
    assert "WHAT: must be one of fig1" in result.stderr
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "--out: must be a folder" in run("fig1", "--out", tmp_path / "file", status=2).stderr


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "name.csv").mkdir()
    with pytest.raises(InputError, match="--out: cannot be written"):
        write_plate(Plate("name", None, ("a",), [(1,)]), tmp_path)


def test_numbers_are_written_so_that_they_read_back():
    assert as_csv(("a", "b"), [(1 / 3, Fraction(1, 3)), ("x, y", True)]) == 'a,b\n0.333333333333,1/3\n"x, y",True\n'


def test_tables_line_up_and_a_bar_does_not_end_a_cell():
    assert as_markdown(("a", "b"), [(1 / 3, "|S|"), (Fraction(1, 3), "x")]) == (
        "| a        | b     |\n| -------- | ----- |\n| 0.333333 | \\|S\\| |\n| 1/3      | x     |\n"
    )


@pytest.mark.slow
def test_everything_is_written(tmp_path):
    run("all", "--out", tmp_path)
    pictures = [*(f"fig{number}" for number in (1, 2, 3, 4, "5a", "5b", 6, "7a", "7b", 8, 9)), "fig9-regions"]
    drawn = {f"{name}.{ending}" for name in pictures for ending in ("png", "svg")}
    tables = ["printed-numbers", "table1", "table2"]
    numbers = {f"{name}.csv" for name in [*pictures[3:], *tables]} | {f"{name}.md" for name in tables}
    assert {path.name for path in tmp_path.iterdir()} == drawn | numbers
