from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames.report.terminal import decimals, exactly


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


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Fraction(1, 3), "0.33333 (exactly 1/3)"),
        (Fraction(1, 8), "0.125"),
        (Fraction(123456789, 987654321), "0.125"),
        (0.1 + 0.2, "0.3"),
        (0, "0"),
    ],
)
def test_a_rational_is_shown_exactly_where_its_decimal_is_not(number, text):
    assert exactly(number) == text
