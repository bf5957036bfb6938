"""The reference says what is there: an example for each name, and only symbols that the code has."""

from __future__ import annotations

import re
import typing
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from types import FunctionType

import pytest

import fairgames as fg
from fairgames.result import Result

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
TALKED_OF, RETURNED = (
    re.findall(r"^   ([A-Za-z_.]+)$", part, re.MULTILINE) for part in PAGE.split("\nResults\n-------\n")
)
SYMBOLS = (ROOT / "docs" / "reference" / "symbols.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted({*TALKED_OF} - {"rules.Rule"}))
def test_each_name_has_an_example(name):
    assert ">>>" in attrgetter(name)(fg).__doc__


@pytest.mark.parametrize("name", RETURNED)
def test_each_result_is_described_where_the_page_says(name):
    module, _, result = name.rpartition(".")
    found = getattr(import_module(f"fairgames.{module}"), result)
    assert found.__module__ == f"fairgames.{module}"
    assert {"Attributes", "Parameters"} & set(re.findall(r"\w+", found.__doc__))


def results_in(hint, found):
    """Collect the public and result classes that a type hint names, and those that these hold or return."""
    for part in typing.get_args(hint):
        results_in(part, found)
    if not isinstance(hint, type) or hint in found or not hint.__module__.startswith("fairgames."):
        return
    if not issubclass(hint, Result) and hint.__name__ not in fg.__all__:
        return
    found.add(hint)
    for name, member in vars(hint).items():
        function = getattr(member, "fget", None) or getattr(member, "func", None) or member
        if isinstance(function, FunctionType) and not name.startswith("_"):
            results_in(returned(function), found)
    for field in getattr(hint, "__dataclass_fields__", {}).values():
        results_in(evaluated(field.type, hint), found)


def returned(function):
    return evaluated(function.__annotations__.get("return"), function)


def evaluated(annotation, owner):
    try:
        return eval(annotation, vars(import_module(owner.__module__)))
    except (NameError, TypeError):  # a class imported for type checkers only, or no annotation
        return None


def test_every_class_that_a_public_function_returns_is_on_the_page():
    found = set()
    for name in fg.__all__:
        public = getattr(fg, name)
        results_in(public if isinstance(public, type) else returned(public) if callable(public) else None, found)
    assert len(found) > 30
    assert {one.__name__ for one in found} <= {name.rpartition(".")[2] for name in TALKED_OF + RETURNED}


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
