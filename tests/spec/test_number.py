from __future__ import annotations

from decimal import Decimal

import pytest

from fairgames.spec.document import as_written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": Decimal("0.2"), "b": [1, True]}, "{ a = 0.2, b = [1, true] }"),
        ({}, "{}"),
        (Decimal("-inf"), "-inf"),
        ('say "x"', r'"say \"x\""'),
        ("x" * 100, '"' + "x" * 56 + "..."),
    ],
)
def test_values_are_shown_as_toml_writes_them(value, text):
    assert as_written(value) == text
