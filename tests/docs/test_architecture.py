"""The map of the house agrees with the house: folders, ways from a name to its algorithm, files with one reader."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

import fairgames as fg

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "fairgames"
MODULES = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PACKAGE.rglob("*.py")}
READ_ALL = {"cli"}
"""Folders in which one file reads all the others by design."""


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fairgames"):
            module = node.module.removeprefix("fairgames").strip(".").replace(".", "/")
            inside = {f"{module}/{name.name}".strip("/") for name in node.names}
            found |= (inside & set(MODULES)) or {module}
    return found & set(MODULES)


IMPORTS = {name: imported(path) for name, path in MODULES.items()}
WAYS = re.findall(r"^\| [^|]+ \| `(\w+)` \| (`.+`) \|$", PAGE, re.MULTILINE)


def rows_of(heading: str) -> list[str]:
    section = PAGE.split(heading, 1)[1].split("\n## ", 1)[0]
    return [row.strip("`") for row in re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)]


def test_every_folder_is_on_the_map_with_its_idea():
    folders = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")} - {"."}
    assert set(rows_of("# Architecture")) >= folders


def test_there_are_four_ways():
    assert len(WAYS) == 4


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_a_way_leads_from_the_name_to_the_algorithm_in_three_files(name, way):
    files = re.findall(r"`([^`]+)`", way)
    assert len(files) <= 3
    assert getattr(fg, name).__module__ == "fairgames." + files[0].replace("/", ".")
    for here, there in pairwise(files):
        assert there in IMPORTS[here]


def test_a_file_with_one_reader_next_door_has_its_reason_on_the_map():
    readers = defaultdict(set)
    for name, others in IMPORTS.items():
        for other in others:
            readers[other].add(name)
    alone = {
        name
        for name, by in readers.items()
        if len(by) == 1 and (reader := next(iter(by))).rpartition("/")[0] == name.rpartition("/")[0] and "/" in reader
    }
    listed = {row for row in rows_of("## Files with one reader next door") if not row.endswith("…")}
    assert listed == {name for name in alone if name.split("/")[0] not in READ_ALL}
