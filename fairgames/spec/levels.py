"""Level names: known, and turned into indices; tables with a number for each level turned into rows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from fairgames.exactness import Number
from fairgames.spec.number import as_written
from fairgames.spec.problems import Place, Problems


def check_levels(levels: Sequence[str] | None, problems: Problems) -> tuple[str, ...]:
    """Check the list of levels.

    Parameters
    ----------
    levels : sequence of str or None
        As written.
    problems : Problems
        Receives what is wrong.

    Returns
    -------
    tuple of str
        The levels; empty when they cannot be used.
    """
    if levels is None:
        problems.add(("levels",), 'is required, most private first: for instance ["absent", "federated", "direct"]')
        return ()
    if len(levels) < 2:
        problems.add(("levels",), 'must name at least two levels, "absent" and another', list(levels))
        return ()
    if len(set(levels)) < len(levels):
        problems.add(("levels",), "must name each level once", list(levels))
        return ()
    return tuple(levels)


def check_names(names: Iterable[str], levels: Sequence[str], place: Place, problems: Problems) -> None:
    """Note each name that is not a level; nothing can be said while the levels themselves are wrong."""
    unknown = [name for name in names if name not in levels] if levels else []
    if unknown:
        near = difflib.get_close_matches(unknown[0], levels, n=1)
        advice = f"did you mean {as_written(near[0])}?" if near else f"the levels are {', '.join(levels)}"
        problems.add(place, f"unknown level {as_written(unknown[0])}; {advice}")


def row_by_level(
    tables: Sequence[Mapping[str, Number]],
    levels: Sequence[str],
    spare: Mapping[int, Number],
    place: Place,
    problems: Problems,
) -> tuple[Number, ...]:
    """Read one number for each level.

    Parameters
    ----------
    tables : sequence of mapping
        Numbers by level name; an earlier table wins over a later one.
    levels : sequence of str
        The levels' names.
    spare : mapping
        Numbers for levels that no table need name.
    place : tuple
        Where a missing number would stand.
    problems : Problems
        Receives what is missing.

    Returns
    -------
    tuple of numbers
        One a level; 0 where one is missing.
    """
    row: list[Number] = []
    for index, name in enumerate(levels):
        found = next((table[name] for table in tables if name in table), spare.get(index))
        if found is None:
            problems.add((*place, name), "is required")
        row.append(0.0 if found is None else found)
    return tuple(row)
