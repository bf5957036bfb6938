"""Names that would steer a terminal, forge a line or be a formula; output that is closed, full or left early."""

import csv
import io
import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fairgames import InputError
from fairgames.cli.main import app
from fairgames.errors import DataError, SpecificationError
from fairgames.printable import printable
from fairgames.report.tables import escape, latex_table
from fairgames.result import html_table, plain_table

EVIL = "A\x1b[31m\x07\x9b2J\u202eevil\u2066\u200f\u2028\x00\r\nforged: line $x$"
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
FAIRGAMES = [sys.executable, "-c", "from fairgames.cli.main import run; run()"]

SPEC = """
title = "{evil}"
levels = ["absent", "{evil}"]
utility = {{ kind = "table", by_count = [0, "2/3", 1] }}
[[users]]
name = "={evil}"
costs = {{ "{evil}" = 0.3 }}
[[users]]
name = "Bob"
costs = {{ "{evil}" = 0.31 }}
"""


@pytest.fixture
def evil(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(SPEC.format(evil=json.dumps(EVIL)[1:-1]), encoding="utf-8")
    return path


def run(*arguments, **options):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def harmless(text):
    return not UNSAFE.search(text) and "forged" not in {line[:6] for line in text.splitlines()}


@pytest.mark.parametrize("command", ["solve", "design", "compare", "equilibria", "payments"])
def test_no_command_prints_what_steers_the_terminal_or_forges_a_line(command, evil):
    options = {"equilibria": ["--alpha", "0.5"], "payments": ["--profile", "1"]}.get(command, [])
    result = run(command, evil, *options)
    assert result.exit_code == 0, result.output
    assert harmless(result.output)
    assert r"\x1b[31m" in result.output


def test_json_holds_the_names_exactly_but_shows_none_of_their_controls(evil, tmp_path):
    for name in ("-", tmp_path / "out.json"):
        result = run("solve", evil, "--json", name)
        assert result.exit_code == 0, result.output
        text = result.stdout if name == "-" else name.read_text(encoding="utf-8")
        assert not UNSAFE.search(text)
        assert json.loads(text)["title"] == EVIL


def test_figures_tables_and_notebooks_show_names_escaped(evil, tmp_path):
    figure = tmp_path / "out.svg"
    assert run("solve", evil, "--figure", figure).exit_code == 0
    assert r"\x1b" in figure.read_text(encoding="utf-8")
    assert harmless(latex_table(EVIL, ("user",), [(EVIL,)]))
    assert harmless(escape(EVIL))
    assert harmless(html_table(EVIL, ("user",), [(EVIL,)]))
    assert harmless(plain_table(EVIL, ("user",), [(EVIL,)]))


def test_text_cells_of_csv_are_no_formulas_and_numbers_stay_numbers(evil, tmp_path):
    out = tmp_path / "out.csv"
    assert run("export", evil, out).exit_code == 0
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8"), newline="")))
    assert all(not cell.startswith(("=", "+", "@", "\t", "\r")) for row in rows for cell in row)
    assert rows[0][0].startswith("'=A")
    assert harmless(out.read_text(encoding="utf-8"))
    assert rows[-1][-1] == "1/2"


@pytest.mark.parametrize(
    "error",
    [
        InputError(EVIL, f"must not be {EVIL}", EVIL),
        DataError(f"{EVIL}: cannot be read"),
        SpecificationError(EVIL, [f"users[1] ({EVIL}): {EVIL}"]),
    ],
)
def test_every_error_is_one_harmless_line(error):
    assert harmless(str(error))
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "form", ["{} = 1", "[every_user.costs]\n{} = 1", "[{}]\na = 1", 'levels = ["a", {}, 3]', "a = {}"]
)
def test_a_key_of_200_kilobytes_makes_a_short_message(form, tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(form.format('"' + "k" * 200_000 + '"'), encoding="utf-8")
    result = run("solve", path)
    assert result.exit_code == 2
    assert len(result.output) < 4_000


def test_names_in_other_scripts_stay_as_they_are():
    names = ["Zürich", "東京", "بیمارستان", "बैंक\u200d", "Kraków 1", "a\u00a0b"]
    assert [printable(name) for name in names] == names


def test_a_specification_is_read_from_standard_input(evil):
    assert run("solve", "-", input=evil.read_bytes()).output == run("solve", evil).output
    assert "standard input: " in run("solve", "-", input="x = 1").output
    assert run("design", "-", "--sweep", "users[Bob].samples=1,2", input="").exit_code == 2


def test_a_result_and_data_are_read_from_standard_input(evil):
    saved = run("equilibria", evil, "--alpha", "0.5", "--json", "-").stdout
    assert run("verify", "-", input=saved).exit_code == 0
    data = run("fit", "-", "--group", "g", "--value", "v", input="g,v\na,1\na,2\nb,5\nb,7\n")
    assert data.exit_code == 0, data.output


ERRATA, HELP, DERIVE = ["errata"], ["--help"], ["derive", "--users", "3"]
ENDS = ("| head -1 > /dev/null", 0), ("> /dev/full", 3), (">&-", 2)


@pytest.mark.parametrize(
    ("arguments", "redirection", "status"),
    [
        *[(HELP, *end) for end in ENDS],
        *[pytest.param(words, *end, marks=pytest.mark.slow) for words in (ERRATA, DERIVE) for end in ENDS],
    ],
)
def test_output_that_is_left_early_full_or_closed_ends_cleanly(arguments, redirection, status):
    command = f'set -o pipefail; "$@" {redirection}'
    ended = subprocess.run(
        ["bash", "-c", command, "bash", *FAIRGAMES, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == status, ended.stderr
    said = [line for line in ended.stderr.splitlines() if not line.endswith(" s")]
    assert len(said) == (status > 0)
    assert "Traceback" not in ended.stderr


def test_a_reader_that_leaves_costs_no_file(evil, tmp_path):
    out = tmp_path / "out.json"
    command = [*FAIRGAMES, "solve", str(evil), "--json", str(out)]
    subprocess.run(["bash", "-c", '"$@" | true', "bash", *command], check=True, timeout=60)
    assert json.loads(out.read_text(encoding="utf-8"))["command"] == "solve"
