from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames.spec.number import NotANumberError, as_written, exact_number


@given(st.fractions(max_denominator=10**6))
def test_a_ratio_written_as_text_reads_back_exactly(number):
    assert exact_number(str(number)) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6))
def test_a_decimal_means_what_it_says(number):
    assert exact_number(number) == Fraction(str(number))
    assert exact_number(str(number)) == Fraction(str(number))


@pytest.mark.parametrize("text", ["inf", "+inf", "Infinity", Decimal("inf")])
def test_infinity_is_the_float(text):
    assert exact_number(text) == math.inf


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "must be a number such as"),
        ("abc", "must be a number such as"),
        ("1/0", "must be a number such as"),
        ("1/2/3", "must be a number such as"),
        ("", "must be a number such as"),
        ([], "must be a number such as"),
        (None, "must be a number such as"),
        (Decimal("nan"), "not NaN"),
        ("nan", "not NaN"),
        ("1e999999999999", "between 1e-300 and 1e300"),
        (Decimal("1e-999999999"), "between 1e-300 and 1e300"),
        (10**301, "between 1e-300 and 1e300"),
        (f"1/{10**301}", "between 1e-300 and 1e300"),
    ],
)
def test_what_is_not_a_number_is_refused(value, message):
    with pytest.raises(NotANumberError, match=message):
        exact_number(value)


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
