from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames import load


def _raises_when_loaded(*_):
    raise AssertionError("code was run")


class Hostile:
    def __reduce__(self):
        return _raises_when_loaded, ()


def test_a_table_is_read_from_csv_exactly(write):
    write("north, south, utility\nabsent,absent,0\n1,absent,0.2\nabsent,present,2/3\n\npresent,1,1\n", "data/u.csv")
    spec = load(write('levels = ["absent", "present"]\nutility = { kind = "table", file = "data/u.csv" }\n'))
    assert spec.utility.tensor().tolist() == [[0, Fraction(2, 3)], [Fraction(1, 5), 1]]


def test_a_table_is_read_from_npy(write, tmp_path):
    np.save(tmp_path / "u.npy", np.array([[0.0, 0.5], [0.25, 1.0]]))
    spec = load(write('levels = ["absent", "present"]\nutility = { kind = "table", file = "u.npy" }\n'))
    assert spec.utility((1, 0)) == 0.25
    assert not spec.utility.exact


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must have a header"),
        ("utility\n", "must have a header"),
        ("a,utility\nabsent,0\n", "lacks 1 of the 2 profiles, the first is (present)"),
        ("a,utility\nabsent,0\nabsent,0\n", "line 3: gives the profile (absent) a second time"),
        ("a,utility\nabsent,0\nhere,1\n", "line 3: unknown level 'here'; the levels are absent, present"),
        ("a,utility\nabsent,0\n2,1\n", "line 3: unknown level '2'"),
        ("a,utility\nabsent,0\npresent\n", "line 3: must have 2 columns, got 1"),
        ("a,utility\nabsent,0\npresent,inf\n", "line 3: the utility must be finite"),
        ("a,utility\nabsent,0\npresent,x\n", "line 3: the utility must be a number such as"),
        ("a,utility\nabsent,1\npresent,2\n", "U(0, …, 0) must be 0"),
        (",".join("abcdefghijklmnopqrstuvwxyz" * 4) + ",utility\n", "104 users, and a table serves up to 32"),
        (",".join("abcdefghijklmnopqrstuvwxy") + ",utility\n", "2 ** 25 = 33,554,432 does not fit in a file of"),
    ],
)
def test_a_broken_csv_table_is_refused(write, content, message, problems):
    write(content, "u.csv")
    (line,) = problems(write('levels = ["absent", "present"]\nutility = { kind = "table", file = "u.csv" }\n'))
    assert line.startswith("utility.file: ")
    assert message in line


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([Hostile()], dtype=object), "must be a .npy array of numbers"),
        (np.array(["a", "b"]), "must be a .npy array of numbers"),
        (np.array([True, False]), "must be a .npy array of numbers"),
        (np.zeros((2, 3)), "must have 2 entries along each axis (one a level), not shape (2, 3)"),
        (np.array(0.0), "must have 2 entries along each axis"),
        (np.array([0.0, math.nan]), "NaN"),
        (np.array([1.0, 2.0]), "U(0, …, 0) must be 0"),
    ],
)
def test_a_broken_npy_table_is_refused_and_never_unpickled(write, tmp_path, array, message, problems):
    np.save(tmp_path / "u.npy", array, allow_pickle=True)
    (line,) = problems(write('levels = ["absent", "present"]\nutility = { kind = "table", file = "u.npy" }\n'))
    assert message in line


def test_other_file_types_are_refused(write, problems):
    write("x", "u.pkl")
    (line,) = problems(write('levels = ["absent", "present"]\nutility = { kind = "table", file = "u.pkl" }\n'))
    assert line == 'utility.file: must end in .csv or .npy, got "u.pkl"'
