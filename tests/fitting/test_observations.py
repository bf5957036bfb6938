import math
from decimal import Decimal

import numpy as np
import pytest

from fairgames.errors import DataError
from fairgames.fitting.observations import as_observations, drawn_groups, largest_groups, with_similar_labels


def observations(labels, values, missing="raise", **covariates):
    return as_observations({"g": labels, "v": values, **covariates}, "g", "v", list(covariates), missing)


def test_groups_are_numbered_as_they_appear():
    data = observations([" b", "a", "b ", "a"], ["1", " 2.5", "3e1", "-4"], age=[1, 2, 3, 4])
    assert data.names == ("b", "a")
    assert data.groups.tolist() == [0, 1, 0, 1]
    assert data.values.tolist() == [1, 2.5, 30, -4]
    assert data.covariates.tolist() == [[1], [2], [3], [4]]
    assert data.samples.tolist() == [2, 2]
    assert data.rows_dropped == 0


def test_whole_number_labels_read_alike_whatever_their_type():
    assert observations([3.0, 12, "3", 2.5], [1, 2, 3, 4]).names == ("3", "12", "2.5")


def test_numbers_of_every_kind():
    values = [1, 2.5, "3", Decimal("0.5"), np.float32(4), np.int64(5)]
    assert observations(["a"] * 6, values).values.tolist() == [1, 2.5, 3, 0.5, 4, 5]


@pytest.mark.parametrize("nothing", [None, math.nan, np.float64("nan"), "", " ", "NA", "n/a", "NaN", "null", "None"])
def test_missing_entries_are_refused_or_dropped(nothing):
    labels, values, ages = ["a", nothing, "b", "b", "a"], [1, 2, nothing, 4, 5], [1, 2, 3, 4, nothing]
    with pytest.raises(DataError, match=r"3 of 5 rows miss something \(1 in 'g', 1 in 'v', 1 in 'age'\).*\"drop\""):
        observations(labels, values, age=ages)
    data = observations(labels, values, missing="drop", age=ages)
    assert (data.names, data.values.tolist(), data.rows_dropped) == (("a", "b"), [1, 4], 3)


@pytest.mark.parametrize("bad", ["n.d.", "1,5", "inf", math.inf, True, np.True_, [1], "0x10"])
def test_what_is_not_a_number_is_named(bad):
    with pytest.raises(DataError, match=r"column 'v' must hold finite numbers, got .* in row 2$"):
        observations(["a", "b"], [1, bad])


def test_many_bad_entries_are_counted():
    with pytest.raises(DataError, match=r"'x' in row 1, .*'x' in row 5 and 2 more"):
        observations(["a"] * 7, ["x"] * 7)


def test_bad_covariates_are_named():
    with pytest.raises(DataError, match="column 'sex' must hold finite numbers, got 'F' in row 1"):
        observations(["a"], [1], sex=["F"])


def test_row_numbers_count_dropped_rows():
    with pytest.raises(DataError, match="'x' in row 2"):
        observations(["a", "a"], [None, "x"], missing="drop")


def test_similar_labels():
    data = observations(["New York", "newyork", "MN", "NEW  YORK"], [1, 2, 3, 4])
    with pytest.raises(DataError, match="'New York', 'newyork', 'NEW  YORK'; correct them, or pass"):
        with_similar_labels(data, "raise")
    assert with_similar_labels(data, "keep") is data
    merged = with_similar_labels(data, "merge")
    assert merged.names == ("New York", "MN")
    assert merged.groups.tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("choice", ["raise", "merge", "keep"])
def test_different_labels_are_left_alone(choice):
    data = observations(["a", "b"], [1, 2])
    assert with_similar_labels(data, choice) is data


def test_largest_groups_come_largest_first_and_ties_in_order():
    data = largest_groups(observations(list("abbcccdd"), range(8), x=range(8)), 3)
    assert data.names == ("c", "b", "d")
    assert data.groups.tolist() == [1, 1, 0, 0, 0, 2, 2]
    assert data.values.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert data.covariates[:, 0].tolist() == data.values.tolist()


def test_explaining_columns_are_centred_and_of_unit_length():
    explaining = observations(["a"] * 4, range(4), x=[10, 20, 40, 10], constant=[5] * 4).explaining
    assert explaining[:, 0].tolist() == [1, 1, 1, 1]
    assert explaining[:, 1].sum() == pytest.approx(0, abs=1e-15)
    assert np.linalg.norm(explaining[:, 1]) == pytest.approx(1)
    assert explaining[:, 2].tolist() == [0, 0, 0, 0]


def test_groups_drawn_twice_are_two_groups():
    data = drawn_groups(observations(list("abbca"), [1, 2, 3, 4, 5], x=[5, 4, 3, 2, 1]), [1, 0, 1])
    assert data.names == ("b", "a", "b")
    assert data.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.values.tolist() == [2, 3, 1, 5, 2, 3]
    assert data.covariates[:, 0].tolist() == [4, 3, 5, 1, 4, 3]
