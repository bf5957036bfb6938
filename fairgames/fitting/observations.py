"""Grouped data as numbers by group: named columns of a file or frame, read and refused where they cannot be numbers.

`fit_federated_mean` reads data so, and the bootstrap draws groups of them; frames of any library come in by narwhals.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import DataError, shown
from fairgames.files import UnreadableError, name_of, read_input, require_ordinary
from fairgames.memory import require_memory

_MEMORY_EACH = 20
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
        if not (name := str(data)) or "\0" in name or len(name) > _LONGEST_PATH:
            raise DataError(f"data must be a path, got {shown(name)}")
        path = Path(data)
        if path.suffix.lower() == ".parquet":
            return _from_parquet(path, names)
        return _from_csv(path, names)
    if isinstance(data, Mapping):
        return _from_mapping(data, names)
    return _from_frame(data, names)


def _from_csv(path: Path, names: Sequence[str]) -> dict[str, list[Any]]:
    source = name_of(path)
    try:
        rows = csv.reader(io.StringIO(read_input(path, _MEMORY_EACH).decode("utf-8-sig"), newline=""), strict=True)
    except UnreadableError as error:
        raise DataError(f"{source}: {error}") from None
    except UnicodeDecodeError:
        raise DataError(f"{source}: is not UTF-8 text; save it as CSV in UTF-8") from None
    try:
        header = [name.strip() for name in next(rows, [])]
        _require(names, header, source)
        places = [header.index(name) for name in names]
        columns: list[list[Any]] = [[] for _ in names]
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise DataError(f"{source}, line {rows.line_num}: has {len(row)} cells, the header has {len(header)}")
            for column, place in zip(columns, places, strict=True):
                column.append(row[place])
    except csv.Error as error:
        raise DataError(f"{source}, line {rows.line_num}: is not CSV: {error}") from None
    return dict(zip(names, columns, strict=True))


def _from_parquet(path: Path, names: Sequence[str]) -> dict[str, list[Any]]:
    import narwhals as nw

    try:
        require_memory(require_ordinary(path) * _MEMORY_EACH, f"reading {path}", "a smaller file")
    except UnreadableError as error:
        raise DataError(f"{path}: {error}") from None
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
            raise DataError(f"{source}: has no column {shown(name)}; its columns are {', '.join(map(repr, columns))}")
        if found > 1:
            raise DataError(f"{source}: has {found} columns named {name!r}")


_MISSING_TEXT = frozenset({"", "na", "n/a", "nan", "null", "none"})
_LISTED = 5
_LONGEST_PATH = 4095


@dataclass(frozen=True, eq=False)
class Observations:
    """Numbers in groups.

    Attributes
    ----------
    names : tuple of str
        Label of each group, in the order in which the data mention them.
    groups : ndarray of int, shape (n,)
        Group of each observation.
    values : ndarray, shape (n,)
        The observed numbers.
    covariates : ndarray, shape (n, q)
        The covariates' numbers.
    rows_dropped : int
        Rows left out because something was missing in them.
    """

    names: tuple[str, ...]
    groups: NDArray[np.intp]
    values: NDArray[np.float64]
    covariates: NDArray[np.float64]
    rows_dropped: int

    @property
    def samples(self) -> NDArray[np.intp]:
        """Number of observations in each group."""
        return np.bincount(self.groups, minlength=len(self.names))

    @property
    def explaining(self) -> NDArray[np.float64]:
        """Intercept and centred covariates of unit length, shape (n, 1 + q)."""
        centred = self.covariates - self.covariates.mean(axis=0)
        lengths = np.linalg.norm(centred, axis=0)
        return np.column_stack([np.ones(len(centred)), centred / np.where(lengths > 0, lengths, 1.0)])


def as_observations(
    columns: dict[str, list[Any]], group: str, value: str, covariates: Sequence[str], missing: str
) -> Observations:
    """Read labels and numbers.

    Parameters
    ----------
    columns : dict of str to list
        As `read_columns` returns them.
    group, value : str
        The columns that hold the labels and the numbers.
    covariates : sequence of str
        Columns with further numbers.
    missing : {"raise", "drop"}
        What to do with rows in which something is missing.

    Raises
    ------
    DataError
        If something is missing (unless rows may be dropped), or is not a finite number.
    """
    used = [group, value, *covariates]
    absent = {name: [_is_missing(entry) for entry in columns[name]] for name in used}
    incomplete = [any(row) for row in zip(*absent.values(), strict=True)]
    if missing == "raise" and any(incomplete):
        counts = ", ".join(f"{sum(absent[name])} in {name!r}" for name in used if any(absent[name]))
        raise DataError(
            f"{sum(incomplete)} of {len(incomplete)} rows miss something ({counts}); "
            'complete them, or pass missing="drop" to leave these rows out'
        )
    rows = [row for row, leave_out in enumerate(incomplete) if not leave_out]
    labels = [_as_label(columns[group][row]) for row in rows]
    names = tuple(dict.fromkeys(labels))
    number = {name: place for place, name in enumerate(names)}
    return Observations(
        names=names,
        groups=np.array([number[label] for label in labels], dtype=np.intp),
        values=_as_numbers(columns[value], rows, value),
        covariates=np.column_stack(
            [np.empty((len(rows), 0)), *(_as_numbers(columns[name], rows, name) for name in covariates)]
        ),
        rows_dropped=sum(incomplete),
    )


def with_similar_labels(data: Observations, similar_labels: str) -> Observations:
    """Deal with labels that differ only in case or spaces.

    Parameters
    ----------
    data : Observations
    similar_labels : {"raise", "merge", "keep"}
        Whether such labels are an error, one group (under the first of its labels), or different ones.

    Raises
    ------
    DataError
        Naming the labels.
    """
    if similar_labels == "keep":
        return data
    alike: dict[str, list[int]] = {}
    for place, name in enumerate(data.names):
        alike.setdefault("".join(name.casefold().split()), []).append(place)
    if len(alike) == len(data.names):
        return data
    if similar_labels == "raise":
        pairs = "; ".join(", ".join(repr(data.names[place]) for place in same) for same in alike.values() if same[1:])
        raise DataError(
            f"group labels differ only in case or spaces: {pairs}; correct them, or pass "
            'similar_labels="merge" (they are one group) or similar_labels="keep" (they are different ones)'
        )
    number = np.empty(len(data.names), dtype=np.intp)
    for merged, same in enumerate(alike.values()):
        number[same] = merged
    names = tuple(data.names[same[0]] for same in alike.values())
    return Observations(names, number[data.groups], data.values, data.covariates, data.rows_dropped)


def largest_groups(data: Observations, n_groups: int) -> Observations:
    """Keep the groups with the most observations; of equally large ones, those that come first."""
    kept = np.argsort(-data.samples, kind="stable")[:n_groups]
    number = np.full(len(data.names), -1, dtype=np.intp)
    number[kept] = np.arange(len(kept))
    rows = number[data.groups] >= 0
    names = tuple(data.names[place] for place in kept.tolist())
    return Observations(names, number[data.groups[rows]], data.values[rows], data.covariates[rows], data.rows_dropped)


def drawn_groups(data: Observations, drawn: Sequence[int]) -> Observations:
    """Observations of the groups drawn, each time as a group of its own."""
    rows = [np.flatnonzero(data.groups == place) for place in drawn]
    every = np.concatenate(rows)
    numbers = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    names = tuple(data.names[place] for place in drawn)
    return Observations(names, numbers, data.values[every], data.covariates[every], 0)


def _is_missing(entry: object) -> bool:
    if isinstance(entry, str):
        return entry.strip().lower() in _MISSING_TEXT
    return entry is None or (isinstance(entry, float) and math.isnan(entry))


def _as_label(entry: object) -> str:
    # Frame libraries turn whole-number labels into floats as soon as one label is missing.
    if isinstance(entry, float) and entry.is_integer():
        return str(int(entry))
    return str(entry).strip()


def _as_numbers(column: list[Any], rows: Sequence[int], name: str) -> NDArray[np.float64]:
    numbers_read = np.empty(len(rows))
    bad = []
    for place, row in enumerate(rows):
        number = _as_number(column[row])
        if number is None:
            bad.append(f"{column[row]!r} in row {row + 1}")
        else:
            numbers_read[place] = number
    if bad:
        more = f" and {len(bad) - _LISTED} more" if len(bad) > _LISTED else ""
        raise DataError(f"column {name!r} must hold finite numbers, got {', '.join(bad[:_LISTED])}{more}")
    return numbers_read


def _as_number(entry: object) -> float | None:
    if isinstance(entry, (bool, np.bool_)) or not isinstance(entry, (str, Decimal, numbers.Real)):
        return None
    try:
        number = float(entry)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
