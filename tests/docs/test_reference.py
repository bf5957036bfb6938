"""The reference says what is there: an example for each name, and only symbols that the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fairgames as fg

ROOT = Path(__file__).resolve().parents[2]
LISTED = re.findall(
    r"^   ([A-Za-z_]+)$", (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8"), re.MULTILINE
)
SYMBOLS = (ROOT / "docs" / "reference" / "symbols.md").read_text(encoding="utf-8")
BASES = {"PaymentRule", "SymmetricMechanism"}
"""Shown by the example of a rule, and of the function that returns it."""


@pytest.mark.parametrize("name", sorted({*LISTED} - BASES))
def test_each_name_has_an_example(name):
    assert ">>>" in getattr(fg, name).__doc__


def test_each_code_name_of_the_glossary_is_in_the_code():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "fairgames").rglob("*.py"))
    cells = [row.split("|")[2] for row in SYMBOLS.splitlines() if row.startswith("| ")]
    names = {
        name
        for cell in cells
        for quoted in re.findall(r"`([^`]+)`", cell)
        for name in re.findall(r"[A-Za-z_]\w+", quoted)
    }
    assert len(names) > 20
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", code)] == []
