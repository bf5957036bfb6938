"""Read named columns from a file or a data frame, without depending on a frame library."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fairgames.errors import DataError

_PARQUET_READERS: tuple[Literal["polars", "pyarrow"], ...] = ("polars", "pyarrow")


def read_columns(data: object, names: Sequence[str]) -> dict[str, list[Any]]:
    """Read columns from whatever form of table was handed in.

    Parameters
    ----------
    data : str, Path, mapping or data frame
        A ``.csv`` or ``.parquet`` file (Parquet needs polars or pyarrow); a mapping of column names to
        sequences; or any frame that narwhals knows, such as pandas, polars and pyarrow ones.
    names : sequence of str
        The columns wanted.

    Returns
    -------
    dict of str to list
        One list for each name, all of one length. In a CSV file every entry is text.

    Raises
    ------
    DataError
        If the file cannot be read, a column is missing, or ``data`` is no table.

    Examples
    --------
    >>> read_columns({"clinic": ["A", "B"], "bmi": [21, 30]}, ["bmi"])
    {'bmi': [21, 30]}
    """
    if isinstance(data, (str, Path)):
        path = Path(data)
        if path.suffix.lower() == ".parquet":
            return _from_parquet(path, names)
        return _from_csv(path, names)
    if isinstance(data, Mapping):
        return _from_mapping(data, names)
    return _from_frame(data, names)


def _from_csv(path: Path, names: Sequence[str]) -> dict[str, list[Any]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.reader(stream, strict=True)
            header = [name.strip() for name in next(rows, [])]
            _require(names, header, str(path))
            places = [header.index(name) for name in names]
            columns: list[list[Any]] = [[] for _ in names]
            for row in rows:
                if not row:
                    continue
                if len(row) != len(header):
                    raise DataError(f"{path}, line {rows.line_num}: has {len(row)} cells, the header has {len(header)}")
                for column, place in zip(columns, places, strict=True):
                    column.append(row[place])
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num}: is not CSV: {error}") from None
    return dict(zip(names, columns, strict=True))


def _from_parquet(path: Path, names: Sequence[str]) -> dict[str, list[Any]]:
    import narwhals as nw

    if not path.is_file():
        raise DataError(f"{path}: cannot be read: no such file")
    reader = next((name for name in _PARQUET_READERS if importlib.util.find_spec(name)), None)
    if reader is None:
        raise DataError(
            f"{path}: reading Parquet needs polars or pyarrow; install one of them, or save the file as CSV"
        )
    try:
        frame = nw.read_parquet(str(path), backend=reader)
    except Exception as error:
        # Each reader has exceptions of its own, and none of them is a dependency to import them from.
        raise DataError(f"{path}: cannot be read as Parquet: {error}") from error
    return _columns_of(frame, names, str(path))


def _from_mapping(data: Mapping[Any, Any], names: Sequence[str]) -> dict[str, list[Any]]:
    _require(names, list(data), "the data")
    columns = {name: list(data[name]) for name in names}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"the columns differ in length: {lengths}")
    return columns


def _from_frame(data: object, names: Sequence[str]) -> dict[str, list[Any]]:
    import narwhals as nw

    try:
        frame: Any = nw.from_native(data)
    except TypeError:
        kind = type(data).__name__
        raise DataError(f"data must be a path, a mapping of columns or a data frame, got {kind}") from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return _columns_of(frame, names, "the data")


def _columns_of(frame: Any, names: Sequence[str], source: str) -> dict[str, list[Any]]:
    _require(names, list(frame.columns), source)
    columns = {}
    for name in names:
        column = frame[name]
        nulls = column.is_null().to_list()
        columns[name] = [None if null else value for null, value in zip(nulls, column.to_list(), strict=True)]
    return columns


def _require(names: Sequence[str], columns: Sequence[str], source: str) -> None:
    for name in names:
        found = list(columns).count(name)
        if found == 0:
            raise DataError(f"{source}: has no column {name!r}; its columns are {', '.join(map(repr, columns))}")
        if found > 1:
            raise DataError(f"{source}: has {found} columns named {name!r}")
