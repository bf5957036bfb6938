"""Frames, series and arrays mean what they show, or are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

import fairgames as fg
from fairgames.exactness import as_array, plain

TABLE = [[0, 2], [2, 3]]
FEDERATED = fg.FederatedMeanUtility([10, 40, 90], 1.0, 8.0)


@st.composite
def tables(draw):
    """A table of costs of three users, the same in a random order of rows and columns, and these orders."""
    numbers = st.one_of(st.integers(0, 9), st.floats(0, 9, allow_subnormal=False))
    table = [[0, draw(numbers), draw(numbers)] for _ in range(3)]
    return table, draw(st.permutations(range(3))), draw(st.permutations(range(3)))


@given(tables())
def test_a_pandas_frame_is_read_by_its_whole_numbered_labels(drawn):
    table, rows, columns = drawn
    frame = pd.DataFrame([[table[i][j] for j in columns] for i in rows], index=rows, columns=columns)
    assert np.array_equal(fg.FairGame(FEDERATED, frame).costs, fg.FairGame(FEDERATED, table).costs)


@given(tables())
def test_frames_without_an_index_are_read_by_their_columns(drawn):
    table, _, columns = drawn
    by_column = {str(j): [float(row[j]) for row in table] for j in columns}
    expected = fg.FairGame(FEDERATED, table).costs.astype(float)
    for frame in (pl.DataFrame(by_column), pl.LazyFrame(by_column), pa.table(by_column)):
        assert np.array_equal(fg.FairGame(FEDERATED, frame).costs, expected)


@given(st.permutations(range(4)))
def test_a_series_is_read_by_its_labels_and_other_names_in_the_order_shown(order):
    numbers = [0, 2, 3, 5]
    shuffled = pd.Series([numbers[place] for place in order], index=order)
    assert as_array(shuffled, "values").tolist() == numbers
    for series in (pd.Series(numbers, index=[*"dbca"]), pl.Series(numbers), pa.chunked_array([numbers])):
        assert fg.CountUtility(series).values.tolist() == numbers


def test_a_frame_of_costs_is_not_its_labels():
    frame = pd.DataFrame([[0, 0.05], [0, 0.07]])
    assert fg.FairGame(TABLE, frame).costs.tolist() == [[0, 0.05], [0, 0.07]]
    named = pd.DataFrame([[0, 0.05], [0, 0.07]], index=["North", "South"], columns=["absent", "federated"])
    assert fg.FairGame(TABLE, named).costs.tolist() == [[0, 0.05], [0, 0.07]]
    assert fg.fair_payments(TABLE, pd.Series([1, 0], index=[1, 0])).values.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        (pd.DataFrame([[0, 0.1], [0, 0.2]], index=[1, 2]), "labelled 1, 2.*must be 0 to 1, each once, or names"),
        (pd.DataFrame([[0, 0.1], [0, 0.2]], index=[0, 0]), "labelled 0, 0"),
        (pd.DataFrame([[0, 0.1], [0, 0.2]], columns=["0", "dear"]), "labelled 0, dear"),
        (pd.DataFrame([[0, None], [0, 0.2]]), r"costs\[0\]\[1\]|costs\[0, 1\]|NaN"),
        (pl.DataFrame({"0": [0, 0], "1": [0.1, None]}), "must be a number"),
        (pd.DataFrame([["absent", 0.1], ["absent", 0.2]]), "must be a number"),
        (np.ma.masked_array([[0, 0.1], [0, 0.2]], mask=[[0, 1], [0, 0]]), "must not be masked, but 1 entries"),
        ([np.ma.masked_array([0, 1], mask=[0, 1]), [0, 1]], "must not be masked"),
        ([[0, np.ma.masked], [0, 1]], "must not be masked|must be a number"),
        (scipy.sparse.csr_matrix([[0, 1], [0, 1]]), r"sparse or labelled array; give its \.toarray\(\)"),
        ({0: [0, 1]}, "must not name an unknown level; the levels are absent, level 1, got 0"),
        ({0, 1}, "must be numbers: an array"),
        (iter([0, 1]), "must be numbers: an array"),
        (b"\0\1", "must be numbers: an array"),
    ],
)
def test_what_cannot_mean_costs_is_refused(costs, message):
    with pytest.raises(fg.InputError, match=message):
        fg.FairGame(TABLE, costs)


def test_a_mask_that_hides_nothing_is_no_mask():
    assert as_array(np.ma.masked_array([0, 1]), "values").tolist() == [0, 1]


def test_labelled_arrays_are_refused():
    class Labelled:
        dims = ("user", "level")

        def __array__(self, *_args, **_kwargs):
            return np.zeros((2, 2))

    with pytest.raises(fg.InputError, match="must not be a sparse or labelled array"):
        plain(Labelled(), "costs")


@given(st.integers(5, 31))
def test_lists_that_hold_one_another_are_counted_before_they_are_read(depth):
    nest = [0, 1]
    for _ in range(depth):
        nest = [nest, nest]
    if depth < 16:
        assert np.shape(as_array([nest] if depth == 0 else [0], "values")) == (1,)
    if depth >= 25:
        with pytest.raises(fg.SizeError, match="lists of more than 16,777,216 numbers"):
            plain(nest, "values")
