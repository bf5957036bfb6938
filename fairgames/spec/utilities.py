"""The utility of a specification, of each kind; a table may lie in a file: CSV for people, ``.npy`` for programs.

A specification names files below its own folder, and nowhere else. `fairgames.spec.load` reads this.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from fairgames.errors import InputError, SizeError
from fairgames.exactness import MOST_AXES, Array, Number, as_array, as_number, to_float
from fairgames.memory import readable_count, require_memory
from fairgames.spec.document import (
    DPMeanSection,
    EveryUserSection,
    FederatedMeanSection,
    Place,
    Problems,
    TableSection,
    UserSection,
)
from fairgames.spec.entries import Entry, check_names, level_named, row_by_level
from fairgames.utility.base import Utility


class FileProblemError(ValueError):
    """A named file may not or cannot be read; the message says why."""


def named_file(folder: Path, name: str) -> Path:
    """Find a file named by a specification."""
    if Path(name).is_absolute():
        raise FileProblemError("must be relative to the specification's folder")
    root = folder.resolve()
    try:
        found = (root / name).resolve()
        exists = found.is_file()
    except (OSError, RuntimeError, ValueError):
        raise FileProblemError("must name a file") from None
    if not found.is_relative_to(root):
        raise FileProblemError("must lie below the specification's folder (no .. or link that leads outside)")
    if not exists:
        raise FileProblemError("must name an existing file")
    return found


def read_table(path: Path, levels: Sequence[str]) -> Array:
    """Read the utility of every profile from a file."""
    readers = {".csv": _read_csv, ".npy": _read_npy}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FileProblemError("must end in .csv or .npy")
    try:
        return reader(path, levels)
    except (OSError, UnicodeDecodeError, csv.Error, SizeError) as error:
        raise FileProblemError(f"cannot be read: {error}") from None


def _read_npy(path: Path, levels: Sequence[str]) -> Array:
    try:
        # Pickles are refused: loading one would run code.
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, TypeError, EOFError, ArithmeticError, SyntaxError, RecursionError, MemoryError):
        # An empty file, a header that is none, a shape that no memory holds: numpy says each in its own way.
        raise FileProblemError("must be a .npy array of numbers") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise FileProblemError("must be a .npy array of numbers")
    if array.ndim == 0 or set(array.shape) != {len(levels)}:
        raise FileProblemError(
            f"must have {len(levels)} entries along each axis (one a level), not shape {array.shape}"
        )
    require_memory(array.size * 16, f"a table of {array.size:,} profiles", "fewer users")
    return np.array(array)


def _read_csv(path: Path, levels: Sequence[str]) -> Array:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        lines = csv.reader(stream)
        header = next(lines, [])
        n_users = len(header) - 1
        if n_users < 1:
            raise FileProblemError("must have a header: a column for each user, then the utility")
        if n_users > MOST_AXES:
            raise FileProblemError(f"has columns for {n_users:,} users, and a table serves up to {MOST_AXES}")
        size = len(levels) ** n_users
        # A line has a sign and a comma or line end for each cell: a table that cannot be whole is not begun.
        if size * 2 * len(header) > path.stat().st_size + 2:
            raise FileProblemError(
                f"lacks profiles: a line for each of {len(levels)} ** {n_users} = {readable_count(size)} "
                f"does not fit in a file of {path.stat().st_size:,} bytes"
            )
        require_memory(size * 200, f"a table of {size:,} profiles", "fewer users")
        values: Array = np.full((len(levels),) * n_users, None, dtype=object)
        for row in lines:
            if row:
                _place_row(values, row, levels, lines.line_num)
    missing = np.argwhere(values == None)  # noqa: E711 (entry by entry)
    if missing.size:
        profile = ", ".join(levels[level] for level in missing[0])
        raise FileProblemError(f"lacks {len(missing):,} of the {size:,} profiles, the first is ({profile})")
    return values


def _place_row(values: Array, row: Sequence[str], levels: Sequence[str], line: int) -> None:
    *profile, text = (cell.strip() for cell in row)
    if len(profile) != values.ndim:
        raise FileProblemError(f"line {line}: must have {values.ndim + 1} columns, got {len(row)}")
    found = [level_named(cell, levels) for cell in profile]
    if None in found:
        unknown = profile[found.index(None)]
        raise FileProblemError(f"line {line}: unknown level {unknown!r}; the levels are {', '.join(levels)}")
    index = tuple(level for level in found if level is not None)
    if values[index] is not None:
        raise FileProblemError(f"line {line}: gives the profile ({', '.join(profile)}) a second time")
    try:
        values[index] = as_number(text, "the utility")
    except InputError as error:
        raise FileProblemError(f"line {line}: the utility {error.requirement}, got {text!r}") from None


def table_utility(
    section: TableSection, folder: Path, levels: Sequence[str], problems: Problems, *, floats: bool
) -> Utility | None:
    """Read the utility from the numbers, or from the file, that ``[utility]`` names."""
    from fairgames.utility.table import CountUtility, TableUtility

    given = [key for key in ("values", "by_count", "file") if getattr(section, key) is not None]
    if len(given) != 1:
        if not problems.known(("utility",)):
            problems.add(("utility",), "needs one of values, by_count and file, exactly one", given)
        return None
    if not levels:
        return None
    place: Place = ("utility", given[0])
    try:
        if section.by_count is not None:
            if len(levels) != 2:
                problems.add(place, "needs two levels, absent and present", list(levels))
                return None
            return CountUtility(_numbers(section.by_count, floats))
        values = section.values
        utility = TableUtility(
            _numbers(read_table(named_file(folder, str(section.file)), levels) if values is None else values, floats)
        )
    except (FileProblemError, InputError) as error:
        problems.add(place, str(error), *([section.file] if given == ["file"] else []))
        return None
    if set(utility.shape) != {len(levels)}:
        problems.add(place, f"must have {len(levels)} entries along each axis (one a level), not shape {utility.shape}")
        return None
    return utility


def _numbers(values: object, floats: bool) -> Array:
    numbers = as_array(values, "values")
    return to_float(numbers) if floats else numbers


def federated_mean_utility(
    section: FederatedMeanSection, entries: Sequence[Entry], levels: Sequence[str], problems: Problems
) -> Utility | None:
    """Build the federated mean's utility from its variances and the users' samples."""
    from fairgames.utility.federated_mean import FederatedMeanUtility

    if levels and len(levels) != 3:
        problems.add(("levels",), "must be three for the federated mean: absent, federated, direct", list(levels))
    for key in ("between_variance", "within_variance"):
        if getattr(section, key) is None and not problems.known(("data",)):
            problems.add(("utility", key), "is required (or name the data in [data], and it is fitted)")
    for index, entry in enumerate(entries):
        if entry.samples is None:
            problems.add(("users", index, "samples"), "is required: the number of samples of the user")
    if problems or section.between_variance is None or section.within_variance is None:
        return None
    samples = [float(entry.samples or 0) for entry in entries]
    importance = [float(entry.importance) for entry in entries]
    counts = [entry.count for entry in entries]
    between, within = float(section.between_variance), float(section.within_variance)
    return _built(
        lambda: FederatedMeanUtility(
            samples, between, within, importance=importance, aggregation=section.aggregation, counts=counts
        ),
        problems,
    )


def dp_mean_utility(
    section: DPMeanSection,
    sections: Sequence[UserSection],
    every_user: EveryUserSection,
    levels: Sequence[str],
    problems: Problems,
    *,
    floats: bool,
) -> Utility | None:
    """Build the private mean's utility from the users' privacy parameters."""
    from fairgames.utility.dp_mean import DPMeanUtility

    shared = (every_user.epsilons, section.epsilons or {})
    for place, table in ((("every_user", "epsilons"), shared[0]), (("utility", "epsilons"), shared[1])):
        check_names(table, levels[1:], place, problems)
    spare: dict[int, Number] = {0: Fraction(0)}
    rows = []
    apart = any(one.epsilons for one in sections)
    for index, one in enumerate(sections or [UserSection()]):
        where: Place = ("users", index, "epsilons") if apart else ("utility", "epsilons")
        check_names(one.epsilons, levels[1:], where, problems)
        rows.append(row_by_level((one.epsilons, *shared), levels, spare, where, problems))
        _check_rising(rows[-1], levels, where, problems)
    if problems:
        return None
    epsilons = np.array(rows, dtype=float if floats else object)
    return _built(lambda: DPMeanUtility(epsilons, counts=[one.count for one in sections]), problems)


def _built(build: Callable[[], Utility], problems: Problems) -> Utility | None:
    try:
        return build()
    except InputError as error:
        problems.add(("utility",), str(error))
        return None


def _check_rising(epsilons: Sequence[Number], levels: Sequence[str], place: Place, problems: Problems) -> None:
    for level in range(2, len(epsilons)):
        if epsilons[level] < epsilons[level - 1]:
            requirement = f"must not be smaller than that of the more private level {levels[level - 1]}"
            problems.add((*place, levels[level]), requirement)
