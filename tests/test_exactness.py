import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairgames import InputError
from fairgames.exactness import (
    as_array,
    as_number,
    common,
    is_exact,
    json_array,
    json_number,
    to_float,
    to_fractions,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, Fraction(3)),
        (np.int64(3), Fraction(3)),
        ("2/3", Fraction(2, 3)),
        (" 0.2 ", Fraction(1, 5)),
        ("1e-3", Fraction(1, 1000)),
        (Fraction(1, 7), Fraction(1, 7)),
        (0.2, 0.2),
        (np.float32(0.5), 0.5),
        (np.array(4), Fraction(4)),
        (Decimal("0.2"), Fraction(1, 5)),
        (10**300, Fraction(10**300)),
        ("1e-300", Fraction(1, 10**300)),
        ("0e999999999", Fraction(0)),
    ],
)
def test_numbers_are_read_for_what_they_are(value, expected):
    number = as_number(value, "x")
    assert number == expected
    assert type(number) is type(expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "x: must be a number, not NaN"),
        (math.inf, "x: must be finite, got inf"),
        ("inf", "x: must be finite, got inf"),
        (True, "x: must be a number, not a boolean, got True"),
        (np.True_, "not a boolean"),
        ("2/0", "x: must be a number such as"),
        ("two", "x: must be a number such as"),
        (None, "x: must be a number such as"),
        (1j, "x: must be a number such as"),
        ([1], "x: must be a number such as"),
        ("1/2/3", "x: must be a number such as"),
        ("", "x: must be a number such as"),
        ("nan", "x: must be a number, not NaN"),
        (Decimal("nan"), "x: must be a number, not NaN"),
        ("1e999999999999", "x: .*between 1e-300 and 1e300"),
        (Decimal("1e-999999999"), "x: .*between 1e-300 and 1e300"),
        (10**301, "x: .*between 1e-300 and 1e300"),
        (Fraction(10**4000, 3), "x: .*between 1e-300 and 1e300"),
        (1.7e308, "x: .*between 1e-300 and 1e300"),
        (f"1/{10**301}", "x: .*between 1e-300 and 1e300"),
        ("9" * 1001, "x: must have at most 1,000 digits"),
        (np.ma.masked, "x: must be a number such as"),
    ],
)
def test_what_is_not_a_number_is_refused(value, message):
    with pytest.raises(InputError, match=message):
        as_number(value, "x")


@given(st.fractions(max_denominator=10**6))
def test_a_ratio_written_as_text_reads_back_exactly(number):
    assert as_number(str(number), "x") == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6))
def test_a_decimal_means_what_it_says(number):
    assert as_number(number, "x") == as_number(str(number), "x") == Fraction(str(number))


def test_infinity_where_it_is_allowed():
    assert as_number("inf", "x", allow_inf=True) == math.inf
    assert is_exact(as_array([0, "inf", "1/3"], "x", allow_inf=True))
    with pytest.raises(InputError, match="must be finite"):
        as_number(-math.inf, "x", allow_inf=True)


def test_one_float_makes_an_array_a_float_array():
    assert is_exact(as_array([[0, 1], ["2/3", Fraction(1, 2)]], "x"))
    assert not is_exact(as_array([[0, 1], ["2/3", 0.5]], "x"))
    assert not is_exact(as_array(np.array([0.0, 1.0]), "x"))
    assert is_exact(as_array(np.array([0, 1]), "x"))


def test_arrays_are_read_only_copies():
    source = np.array([1.0, 2.0])
    array = as_array(source, "x")
    source[0] = 9
    assert array.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[0, 1], [1]], "x: must be rectangular"),
        ([[0, 1], [1, math.nan]], r"x\[1, 1\]: must be a number, not NaN"),
        (np.array([0.0, math.nan]), r"x\[1\]: must be a number, not NaN"),
        (np.array([0.0, -math.inf]), r"x\[1\]: must be finite"),
        (["0", "much"], r"x\[1\]: must be a number such as"),
        (np.array([True, False]), r"x\[0\]: must be a number, not a boolean"),
        ([0, True], r"x\[1\]: must be a number, not a boolean"),
        ([[0, 1], [1, np.True_]], r"x\[1, 1\]: must be a number, not a boolean"),
    ],
)
def test_bad_entries_are_named(values, message):
    with pytest.raises(InputError, match=message):
        as_array(values, "x")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_become_the_rationals_that_they_are(values):
    exact = to_fractions(np.array(values))
    assert is_exact(exact)
    assert to_float(exact).tolist() == values


def test_common_precision():
    exact, real = as_array([1], "x"), as_array([0.5], "y")
    assert all(map(is_exact, common(exact, exact)))
    assert not any(map(is_exact, common(exact, real)))


def test_json_forms():
    assert json_number(Fraction(2, 3)) == "2/3"
    assert json_number(math.inf) == "inf"
    assert json_number(-math.inf) == "-inf"
    assert json_number(math.nan) == "nan"
    assert json_number(np.int64(3)) == 3
    assert json_array(as_array([[0, "1/2"]], "x")) == [["0", "1/2"]]
    assert json_array(np.array(1.5)) == 1.5
