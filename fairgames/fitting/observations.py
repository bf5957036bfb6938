"""Turn raw columns into numbers by group, and refuse what cannot be one."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import DataError

_MISSING_TEXT = frozenset({"", "na", "n/a", "nan", "null", "none"})
_LISTED = 5


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
    except ValueError:
        return None
    return number if math.isfinite(number) else None
