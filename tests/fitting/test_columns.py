import importlib.util

import numpy as np
import pytest

from fairgames.errors import DataError
from fairgames.fitting.observations import read_columns


@pytest.fixture
def csv_file(tmp_path):
    def write(content, encoding="utf-8"):
        path = tmp_path / "data.csv"
        path.write_bytes(content.encode(encoding))
        return path

    return write


def test_csv_gives_text_and_keeps_the_order_of_rows(csv_file):
    path = csv_file('\ufeffclinic, bmi ,"a, b"\r\nNY,21.5,x\r\n\r\n"M, N",,y\r\n')
    assert read_columns(path, ["bmi", "clinic"]) == {"bmi": ["21.5", ""], "clinic": ["NY", "M, N"]}
    assert read_columns(str(path), ["a, b"]) == {"a, b": ["x", "y"]}


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        ("clinic,bmi\nNY,1\n", "utf-8", "has no column 'weight'; its columns are 'clinic', 'bmi'"),
        ("", "utf-8", "has no column 'weight'"),
        ("weight,weight\n1,2\n", "utf-8", "has 2 columns named 'weight'"),
        ("weight\n1\n2,3\n", "utf-8", "line 3: has 2 cells, the header has 1"),
        ('weight\n"1\n', "utf-8", "line 2: is not CSV"),
        ("weight\n1 µg\n", "latin-1", "is not UTF-8 text"),
    ],
)
def test_bad_csv(csv_file, content, encoding, message):
    with pytest.raises(DataError, match=message):
        read_columns(csv_file(content, encoding), ["weight"])


@pytest.mark.parametrize("name", ["no.csv", "no.parquet", "."])
def test_unreadable_files(tmp_path, name):
    with pytest.raises(DataError, match="cannot be read"):
        read_columns(tmp_path / name, ["weight"])


def test_parquet_needs_a_reader(tmp_path, monkeypatch):
    path = tmp_path / "data.parquet"
    path.write_bytes(b"")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DataError, match="needs polars or pyarrow; install one"):
        read_columns(path, ["weight"])


def test_parquet(tmp_path):
    polars = pytest.importorskip("polars")
    path = tmp_path / "data.parquet"
    polars.DataFrame({"clinic": ["NY", "MN"], "bmi": [21.5, None]}).write_parquet(path)
    assert read_columns(path, ["bmi", "clinic"]) == {"bmi": [21.5, None], "clinic": ["NY", "MN"]}
    path.write_bytes(b"no parquet")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_columns(path, ["bmi"])


@pytest.mark.parametrize("lazy", [False, True])
def test_polars_frames(lazy):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"clinic": ["NY", None], "bmi": [21.5, float("nan")]})
    columns = read_columns(frame.lazy() if lazy else frame, ["clinic", "bmi"])
    assert columns["clinic"] == ["NY", None]
    assert columns["bmi"][0] == 21.5
    assert np.isnan(columns["bmi"][1])


def test_pandas_frames_and_their_kinds_of_missing():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "text": ["NY", None, "MN"],
            "float": [1.5, np.nan, 2],
            "nullable": pandas.array([1, pandas.NA, 2], dtype="Int64"),
            "category": pandas.Categorical(["a", None, "b"]),
        },
        index=[7, 7, 7],
    )
    assert read_columns(frame, list(frame.columns)) == {
        "text": ["NY", None, "MN"],
        "float": [1.5, None, 2.0],
        "nullable": [1, None, 2],
        "category": ["a", None, "b"],
    }


def test_mappings():
    assert read_columns({"bmi": np.array([1, 2]), "x": ()}, ["bmi"]) == {"bmi": [1, 2]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"bmi": [1]}, "has no column 'weight'"),
        ({"bmi": [1], "weight": [1, 2]}, "differ in length"),
        (7, "must be a path, a mapping of columns or a data frame, got int"),
        ([1, 2], "got list"),
        (None, "got NoneType"),
    ],
)
def test_bad_tables(data, message):
    with pytest.raises(DataError, match=message):
        read_columns(data, ["bmi", "weight"])
