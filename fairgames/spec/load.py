"""Read a specification from a TOML file, and report all that is wrong with it at once.

What it leaves out, users and variances, is fitted from ``[data]``. Every command but ``fit`` begins here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from fairgames.arguments import public
from fairgames.errors import DataError, InputError, SizeError, SpecificationError
from fairgames.exactness import LARGEST_POWER, Number
from fairgames.files import STANDARD_INPUT, UnreadableError, name_of, read_input
from fairgames.fitting.federated_mean import fit_of_source
from fairgames.fitting.fit import user_name
from fairgames.progress import stage
from fairgames.scenario.scenario import DataSource, Scenario
from fairgames.spec.document import (
    Document,
    DPMeanSection,
    FederatedMeanSection,
    PlatformSection,
    Problems,
    TableSection,
    UserSection,
    validated,
)
from fairgames.spec.entries import Entry, check_levels, read_entries
from fairgames.spec.utilities import (
    FileProblemError,
    dp_mean_utility,
    federated_mean_utility,
    named_file,
    table_utility,
)
from fairgames.utility.base import Utility

_VARIANCES = ("between_variance", "within_variance")


def filled_in(document: Document, data: DataSource | None, problems: Problems) -> tuple[Document, tuple[str, ...]]:
    """Fit what is missing; what is written wins, and that is said."""
    section = document.utility
    if document.data is not None and section is not None and not isinstance(section, FederatedMeanSection):
        problems.add(("data",), 'belongs to kind = "federated-mean" only')
    if data is None or not isinstance(section, FederatedMeanSection):
        return document, ()
    absent = [key for key in _VARIANCES if getattr(section, key) is None and not problems.known(("utility", key))]
    no_users = not document.users and not problems.known(("users",))
    written = [f"the {key.replace('_', ' ')}" for key in _VARIANCES if getattr(section, key) is not None]
    written += ["the users"] if document.users else []
    name = data.file.name
    notes = [f"{_listed(written)} as written in this file, not fitted anew to {name}."] if written else []
    if not absent and not no_users:
        return document, tuple(notes)

    try:
        fit = fit_of_source(data)
    except (DataError, InputError) as error:
        problems.add(("data",), str(error))
        return document, ()
    if "between_variance" in absent and not fit.between_variance > 0:
        reason = "the groups' means differ no more than chance would make them; write a value here"
        problems.add(("utility", "between_variance"), f"is fitted as {fit.between_variance:.4g}, not above 0: {reason}")
        absent.remove("between_variance")
    found = {key: getattr(fit, key) for key in absent}
    notes += [f"Fitted to {name}: {key.replace('_', ' ')} {value:.5g}." for key, value in found.items()]
    notes += [f"Warning: {warning}." for warning in fit.warnings]
    users = document.users
    if no_users:
        users = [
            UserSection(name=user_name(data.group, label), samples=samples)
            for label, samples in zip(fit.group_names, fit.samples.tolist(), strict=True)
        ]
    return document.model_copy(update={"utility": section.model_copy(update=found), "users": users}), tuple(notes)


def _listed(parts: list[str]) -> str:
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{text[0].upper()}{text[1:]} {'is' if parts == parts[:1] and parts[0] != 'the users' else 'are'}"


_MEMORY_EACH = 100
_MOST_BITS = 10_000
_MOST_APART = 1_000
_DEEPEST = 60
"""A table of values has an axis for each user, and more than 64 axes no array has."""


@stage("reading the specification")
@public
def load(path: str | PathLike[str]) -> Scenario:
    """Read a specification.

    Numbers mean what they say: ``0.2`` is exactly 1/5, ``"2/3"`` and ``inf`` are allowed. No code is
    run, and no file is read but those that the specification names below its own folder.

    Parameters
    ----------
    path : str or path
        The TOML file.

    Returns
    -------
    Scenario
        What the file asks: pass it to `optimal_alpha` and the other public functions.

    Raises
    ------
    SpecificationError
        Listing every problem with its place and its user.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "two.toml").write_text('''
    ... levels = ["absent", "present"]
    ... utility = { kind = "table", by_count = [0, "2/3", 1] }
    ... every_user = { costs = { present = 0.3 } }
    ... ''')
    >>> load(folder / "two.toml").costs[0, 1]
    Fraction(3, 10)
    """
    file = Path(path)
    return build_specification(read_toml(file), file.parent, name_of(path))


def files_named(file: Path) -> tuple[Path, ...]:
    """Files that a specification names, as far as it can be read; none of other files."""
    try:
        raw = {} if file == STANDARD_INPUT else read_toml(file)
    except (SpecificationError, SizeError):
        return ()
    sections = [raw.get(key) for key in ("utility", "data")]
    names = [section.get("file") for section in sections if isinstance(section, dict)]
    return tuple(file.parent / name for name in names if isinstance(name, str))


def read_toml(file: Path) -> dict[str, Any]:
    """Parse a TOML file, decimals as ``Decimal``."""
    return _parsed(partial(read_input, file, _MEMORY_EACH), name_of(file))


def read_scenario(text: str, source: str) -> Scenario:
    """Read the text of a specification that names no files, as a saved result holds it."""
    raw = _parsed(text.encode, source)
    section = raw.get("utility")
    if "data" in raw or (isinstance(section, dict) and "file" in section):
        raise SpecificationError(source, ["must hold all its numbers, and name no files"])
    return build_specification(raw, Path(), source)


def _parsed(content: Callable[[], bytes], source: str) -> dict[str, Any]:
    try:
        raw = tomllib.loads(content().decode("utf-8"), parse_float=Decimal)
    except UnreadableError as error:
        reason = str(error)
    except UnicodeError:
        reason = "is not TOML: it must be text in UTF-8"
    except (ValueError, ArithmeticError, RecursionError) as error:
        reason = f"is not TOML: {error}"
    else:
        reason = _beyond_limits(raw)
        if not reason:
            return raw
    raise SpecificationError(source, [reason])


def _beyond_limits(raw: object) -> str:
    """Say which limit is passed, if any: without recursion, which would end first, and before numbers are shown."""
    inside = [raw]
    for _ in range(_DEEPEST + 1):
        if any(isinstance(entry, int) and entry.bit_length() > _MOST_BITS for entry in inside):
            return f"has a whole number beyond 1e{LARGEST_POWER}"
        holders = [entry for entry in inside if isinstance(entry, (dict, list))]
        if not holders:
            return ""
        inside = [one for entry in holders for one in (entry.values() if isinstance(entry, dict) else entry)]
    return f"has tables or lists that lie in each other more than {_DEEPEST} deep"


def build_specification(raw: Mapping[str, Any], folder: Path, source: str) -> Scenario:
    """Check a parsed specification and build its objects."""
    problems = Problems(source, raw)
    document = validated(raw, problems)
    levels = check_levels(document.levels, problems) if not problems.known(("levels",)) else ()
    if document.amounts is not None and levels and len(document.amounts) != len(levels):
        problems.add(("amounts",), f"must have a number for each of the {len(levels)} levels", list(document.amounts))
    data = _data_source(document, folder, problems)
    document, notes = filled_in(document, data, problems)
    utility, entries = _utility_and_entries(document, levels, folder, problems)
    _check_platform(document.platform, problems)
    problems.raise_if_any()
    assert utility is not None
    return _scenario(document, levels, utility, entries, data=data, source=source, notes=notes)


def _scenario(
    document: Document, levels: tuple[str, ...], utility: Utility, entries: Sequence[Entry], **about: Any
) -> Scenario:
    def number(value: Number | None, name: str) -> Number | None:
        return float(value) if value is not None and name in document.floats else value

    asked = document.platform
    costs = None
    if entries[0].costs is not None:
        costs = [[number(cost, "costs") for cost in entry.costs or ()] for entry in entries]
    priced = entries[0].level is not None
    numbers = {name: number(getattr(asked, name), name) for name in _NUMBERS}
    return Scenario(
        utility,
        costs,
        [entry.name for entry in entries],
        levels,
        [entry.choices for entry in entries],
        [entry.count for entry in entries],
        asked.selection,
        alpha_range=[number(end, "alpha_range") for end in (asked.alpha_from, asked.alpha_to)],  # type: ignore[misc]
        unit=asked.unit,
        title=document.title,
        profile=[entry.level for entry in entries] if priced else None,
        amounts=None if document.amounts is None else [number(one, "amounts") for one in document.amounts],  # type: ignore[arg-type]
        **numbers,  # type: ignore[arg-type]
        **about,
    )


_NUMBERS = ("margin", "budget", "min_utility", "alpha", "unit_value")


def _utility_and_entries(
    document: Document, levels: tuple[str, ...], folder: Path, problems: Problems
) -> tuple[Utility | None, tuple[Entry, ...]]:
    section, floats = document.utility, "utility" in document.floats
    utility: Utility | None = None
    sections = document.users or []
    if section is None and not problems.known(("utility",)):
        problems.add(("utility",), 'is required: a table with kind = "federated-mean", "dp-mean" or "table"')
    if isinstance(section, TableSection):
        utility = table_utility(section, folder, levels, problems, floats=floats)
        if document.users is None and utility is not None:
            n_users = utility.n_users
            # Many users of whom nothing is said are one entry; their names stay those of single ones.
            sections = [UserSection(name="user", count=n_users)] if n_users > _MOST_APART else [UserSection()] * n_users
    elif section is not None and not sections and not problems.known(("users",)) and not problems.known(("data",)):
        problems.add(("users",), "needs at least one [[users]] entry")
    _check_keys_suit(document, sections, problems)
    entries = read_entries(sections, document.every_user, levels, problems)
    if isinstance(section, FederatedMeanSection):
        return federated_mean_utility(section, entries, levels, problems), entries
    if isinstance(section, DPMeanSection):
        return dp_mean_utility(section, sections, document.every_user, levels, problems, floats=floats), entries
    described = sum(entry.count for entry in entries)
    if utility is not None and described != utility.n_users and not problems.known(("users",)):
        problems.add(("users",), f"describe {described:,} users, but the table has {utility.n_users:,}")
    return utility, entries


_SUITS = {"samples": "federated-mean", "importance": "federated-mean", "epsilons": "dp-mean"}
_NOT_GIVEN: tuple[object, ...] = (None, {})


def _check_keys_suit(document: Document, sections: Sequence[UserSection], problems: Problems) -> None:
    """Refuse the keys of one kind of utility beside another kind, where they would mean nothing."""
    if document.utility is None:
        return
    for key, kind in _SUITS.items():
        if document.utility.kind == kind:
            continue
        if getattr(document.every_user, key) not in _NOT_GIVEN:
            problems.add(("every_user", key), f'belongs to kind = "{kind}" only')
        for index, section in enumerate(sections):
            if getattr(section, key) not in _NOT_GIVEN:
                problems.add(("users", index, key), f'belongs to kind = "{kind}" only')


def _data_source(document: Document, folder: Path, problems: Problems) -> DataSource | None:
    section = document.data
    if section is None:
        return None
    for key in ("file", "group", "value"):
        if getattr(section, key) is None:
            problems.add(("data", key), "is required")
    if section.file is None or section.group is None or section.value is None:
        return None
    options = section.model_dump(exclude={"file", "group", "value"}, exclude_none=True)
    try:
        return DataSource(named_file(folder, section.file), section.group, section.value, options)
    except FileProblemError as error:
        problems.add(("data", "file"), str(error), section.file)
        return None


def _check_platform(section: PlatformSection, problems: Problems) -> None:
    if section.alpha_from > section.alpha_to:
        problems.add(("platform", "alpha_from"), "must not be above alpha_to")
    if section.margin > 0 and section.selection != "best":
        problems.add(("platform", "margin"), 'must be 0 unless selection = "best"')
