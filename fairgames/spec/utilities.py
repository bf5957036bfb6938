"""The utility of a specification, of each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Number
from fairgames.spec.document import DPMeanSection, EveryUserSection, FederatedMeanSection, TableSection, UserSection
from fairgames.spec.files import FileProblemError, named_file
from fairgames.spec.groups import UserGroup
from fairgames.spec.levels import check_names, row_by_level
from fairgames.spec.problems import Place, Problems
from fairgames.spec.table_file import read_table
from fairgames.utility.base import Utility


def table_utility(section: TableSection, folder: Path, levels: Sequence[str], problems: Problems) -> Utility | None:
    """Read the utility from the numbers, or from the file, that ``[utility]`` names.

    Parameters
    ----------
    section : TableSection
        ``[utility]``.
    folder : Path
        The specification's folder.
    levels : sequence of str
        The levels' names.
    problems : Problems
        Receives what is wrong.

    Returns
    -------
    Utility or None
        None when something is wrong.
    """
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
            return CountUtility(section.by_count)
        values = section.values
        utility = TableUtility(read_table(named_file(folder, str(section.file)), levels) if values is None else values)
    except (FileProblemError, InputError) as error:
        problems.add(place, str(error), *([section.file] if given == ["file"] else []))
        return None
    if set(utility.shape) != {len(levels)}:
        problems.add(place, f"must have {len(levels)} entries along each axis (one a level), not shape {utility.shape}")
        return None
    return utility


def federated_mean_utility(
    section: FederatedMeanSection, groups: Sequence[UserGroup], levels: Sequence[str], problems: Problems
) -> Utility | None:
    """Build the federated mean's utility from its variances and the users' samples.

    Parameters
    ----------
    section : FederatedMeanSection
        ``[utility]``, variances filled in.
    groups : sequence of UserGroup
        The users.
    levels : sequence of str
        The levels' names.
    problems : Problems
        Receives what is wrong.

    Returns
    -------
    Utility or None
        None when something is wrong.
    """
    from fairgames.utility.federated_mean import FederatedMeanUtility

    if levels and len(levels) != 3:
        problems.add(("levels",), "must be three for the federated mean: absent, federated, direct", list(levels))
    for key in ("between_variance", "within_variance"):
        if getattr(section, key) is None and not problems.known(("data",)):
            problems.add(("utility", key), "is required (or name the data in [data], and it is fitted)")
    for index, group in enumerate(groups):
        if group.samples is None:
            problems.add(("users", index, "samples"), "is required: the number of samples of the user")
    if problems or section.between_variance is None or section.within_variance is None:
        return None
    samples = [float(group.samples or 0) for group in groups]
    importance = [float(group.importance) for group in groups]
    counts = [group.count for group in groups]
    between, within = float(section.between_variance), float(section.within_variance)
    return _built(
        lambda: FederatedMeanUtility(
            samples, between, within, importance=importance, aggregation=section.aggregation, counts=counts
        ),
        problems,
    )


def dp_mean_utility(
    section: DPMeanSection,
    entries: Sequence[UserSection],
    every_user: EveryUserSection,
    levels: Sequence[str],
    problems: Problems,
) -> Utility | None:
    """Build the private mean's utility from the users' privacy parameters.

    Parameters
    ----------
    section : DPMeanSection
        ``[utility]``.
    entries : sequence of UserSection
        The ``[[users]]`` entries.
    every_user : EveryUserSection
        ``[every_user]``.
    levels : sequence of str
        The levels' names.
    problems : Problems
        Receives what is wrong.

    Returns
    -------
    Utility or None
        None when something is wrong.
    """
    from fairgames.utility.dp_mean import DPMeanUtility

    shared = (every_user.epsilons, section.epsilons or {})
    for place, table in ((("every_user", "epsilons"), shared[0]), (("utility", "epsilons"), shared[1])):
        check_names(table, levels[1:], place, problems)
    spare: dict[int, Number] = {0: Fraction(0)}
    if all(not entry.epsilons for entry in entries):
        row = row_by_level(shared, levels, spare, ("utility", "epsilons"), problems)
        _check_rising(row, levels, ("utility", "epsilons"), problems)
        rows = [row] * len(entries)
    else:
        rows = []
        for index, entry in enumerate(entries):
            where: Place = ("users", index, "epsilons")
            check_names(entry.epsilons, levels[1:], where, problems)
            rows.append(row_by_level((entry.epsilons, *shared), levels, spare, where, problems))
            _check_rising(rows[-1], levels, where, problems)
    if problems or not rows:
        return None
    return _built(
        lambda: DPMeanUtility(np.array(rows, dtype=object), counts=[entry.count for entry in entries]), problems
    )


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
