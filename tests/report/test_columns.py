from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames.printable import printable
from fairgames.report.terminal import decimals, fitted, wrapped


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_the_largest_number_keeps_its_significant_digits(numbers):
    shown = decimals(numbers, 5)
    largest = max(map(abs, numbers))
    for text, number in zip(shown, numbers, strict=True):
        assert abs(float(text.replace(",", "")) - number) <= max(largest * 1e-4, 1e-12)
    assert len({len(text.partition(".")[2]) for text in shown}) == 1


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([Fraction(1, 3), 12], ["0.333", "12.000"]),
        ([0.0], ["0.0000"]),
        ([], []),
        ([None, math.inf, 1], ["-", "inf", "1.0000"]),
        ([-1e-9, 1.0], ["0.0000", "1.0000"]),
        ([123456.7], ["123,457"]),
        ([2e-7], ["0.00000020000"]),
        ([1e-30], ["0.000000000000"]),
    ],
)
def test_a_column_has_one_number_of_decimals(numbers, texts):
    assert decimals(numbers) == texts


@given(names=st.lists(st.text(max_size=120), min_size=1, max_size=5), digits=st.integers(1, 55))
def test_rows_fit_a_screen_and_only_names_and_levels_are_shortened(names, digits):
    headers = ("user", "level", "payment")
    rows = [(name, name, "9" * digits) for name in names]
    for before, after in zip(rows, fitted(headers, rows), strict=True):
        assert after[2] == before[2]
        assert len("  ".join(after)) <= 100
        assert all(cell == printable(name) or "…" in cell for cell, name in zip(after, before, strict=False))


@given(st.text(max_size=900))
def test_sentences_are_broken_into_lines_that_fit_and_lose_no_word(text):
    lines = wrapped([text])
    assert max(map(len, lines), default=0) <= 100
    assert "".join("".join(lines).split()) == "".join(printable(text).split())
