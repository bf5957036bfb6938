"""A specification as the command and reports use it; and one with a number changed, as ``--sweep`` asks."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairgames.arguments import public
from fairgames.errors import InputError, SpecificationError
from fairgames.exactness import Array, Number, as_whole
from fairgames.memory import require_memory
from fairgames.result import Shown, format_value
from fairgames.utility.base import Utility

if TYPE_CHECKING:
    from fairgames.fitting.fit import Fit


@dataclass(frozen=True)
class PlatformOptions:
    """What the platform asks for.

    Attributes
    ----------
    alpha : number or None
        Report the game at this alpha as well.
    selection : str
        Which equilibrium the platform counts on: ``"best"``, ``"worst"`` or ``"potential"``.
    margin : number
        By how much each chosen level must be better than the user's other choices.
    budget : number or None
        Most that may be paid out.
    min_utility : number or None
        Least utility that the platform needs.
    alpha_range : pair of numbers
        Range in which alpha must lie.
    """

    alpha: Number | None
    selection: Literal["best", "worst", "potential"]
    margin: Number
    budget: Number | None
    min_utility: Number | None
    alpha_range: tuple[Number, Number]

    @property
    def constraints(self) -> dict[str, Any]:
        """What an optimum must respect, as arguments of `optimal_alpha`."""
        return {name: getattr(self, name) for name in ("margin", "budget", "min_utility", "alpha_range")}


@dataclass(frozen=True)
class DataSource:
    """The grouped data behind a specification: a file, two of its columns, and how to fit them.

    Attributes
    ----------
    file : Path
        The data.
    group, value : str
        The columns with the groups' labels and with the numbers.
    options : mapping
        Further arguments of the fit, where the specification gives them.
    """

    file: Path
    group: str
    value: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def fit(self) -> Fit:
        """Fit the data."""
        from fairgames.fitting.federated_mean import fit_federated_mean

        return fit_federated_mean(str(self.file), self.group, self.value, **self.options)


@dataclass(frozen=True)
class Entry:
    """A user, or several identical ones.

    Attributes
    ----------
    name : str
        The user's name; of several, the name of their entry.
    count : int
        How many there are.
    costs : tuple of numbers or None
        Cost of each level, 0 for "absent", inf where the level is forbidden; None when the
        specification gives no costs at all.
    choices : tuple of int
        The levels that the user may choose.
    level : int or None
        The level at which the user is priced.
    samples : int or None
        Number of samples (federated mean).
    importance : Fraction
        Weight of the user's error (federated mean).
    """

    name: str
    count: int
    costs: tuple[Number, ...] | None
    choices: tuple[int, ...]
    level: int | None
    samples: int | None
    importance: Number


@dataclass(frozen=True, eq=False, repr=False)
class Specification(Shown):
    """A specification, checked.

    Attributes
    ----------
    source : str
        The file it was read from.
    title : str
        Its title.
    levels : tuple of str
        The levels' names, "absent" first.
    amounts : tuple of numbers or None
        A number for each level, for payment rules that need one.
    utility : Utility
        The platform's utility.
    entries : tuple of Entry
        The users; identical ones are one entry with a count.
    platform : PlatformOptions
        What the platform asks for.
    data : DataSource or None
        The data behind the numbers.
    notes : tuple of str
        What a reader should know about how the file was read.

    Examples
    --------
    >>> from fairgames.spec.load import load
    >>> from importlib.resources import as_file, files
    >>> with as_file(files("fairgames.spec") / "example.toml") as path:
    ...     spec = load(path)
    >>> spec.n_users == len(spec.costs), spec.levels[0]
    (True, 'absent')
    """

    source: str
    title: str
    levels: tuple[str, ...]
    amounts: tuple[Number, ...] | None
    utility: Utility
    entries: tuple[Entry, ...]
    platform: PlatformOptions
    data: DataSource | None
    notes: tuple[str, ...] = ()

    @property
    def n_users(self) -> int:
        """Number of users ``N``."""
        return sum(entry.count for entry in self.entries)

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of users of each entry."""
        return tuple(entry.count for entry in self.entries)

    @property
    def user_names(self) -> tuple[str, ...]:
        """Name of each user; the members of an entry are numbered."""
        self._require_room(120)
        return tuple(
            entry.name if entry.count == 1 else f"{entry.name} {member + 1}"
            for entry in self.entries
            for member in range(entry.count)
        )

    @property
    def entry_costs(self) -> Array:
        """Cost of each level for a user of each entry, shape ``(len(entries), L)``."""
        rows = [entry.costs for entry in self.entries if entry.costs is not None]
        if not rows:
            example = ", ".join(f"{name} = {index}" for index, name in enumerate(self.levels) if index)
            problem = f"every_user.costs: is required for this: what each level costs a user, such as {{ {example} }}"
            raise SpecificationError(self.source, [problem])
        return np.array(rows, dtype=object)

    @property
    def costs(self) -> Array:
        """Cost of each level for each user, shape ``(N, L)``: Fractions, and inf where a level is forbidden."""
        self._require_room(8 * len(self.levels))
        return np.repeat(self.entry_costs, self.counts, axis=0)

    @property
    def actions(self) -> tuple[tuple[int, ...], ...]:
        """Levels that each user may choose."""
        self._require_room(8)
        return tuple(entry.choices for entry in self.entries for _ in range(entry.count))

    @property
    def profile(self) -> tuple[int, ...] | None:
        """Level of each user, where the specification gives it."""
        self._require_room(8)
        chosen = [entry.level for entry in self.entries for _ in range(entry.count)]
        return tuple(level for level in chosen if level is not None) if None not in chosen else None

    @property
    def entry_of_user(self) -> NDArray[np.intp]:
        """Entry of each user, shape ``(N,)``."""
        self._require_room(8)
        return np.repeat(np.arange(len(self.entries)), self.counts)

    @public
    def level_names(self, profile: Sequence[int]) -> tuple[str, ...]:
        """Name of each level of a profile."""
        requirement = f"must be whole numbers from 0 to {len(self.levels) - 1}"
        chosen = as_whole(profile, "profile", requirement)
        if chosen.ndim != 1 or not ((chosen >= 0) & (chosen < len(self.levels))).all():
            raise InputError("profile", requirement, profile)
        return tuple(self.levels[level] for level in chosen.tolist())

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        rows = [
            [
                entry.name,
                f"{entry.count:,}",
                "-" if entry.samples is None else f"{entry.samples:,}",
                ", ".join(self.level_names(entry.choices)),
                "-" if entry.costs is None else format_value(entry.costs),
            ]
            for entry in self.entries
        ]
        title = f"{self.title}: {self.n_users:,} users, {type(self.utility).__name__}"
        return title, ("user", "count", "samples", "choices", "costs"), rows

    def _require_room(self, bytes_each: int) -> None:
        require_memory(self.n_users * bytes_each, f"a row for each of {self.n_users:,} users", "the entries")


def level_named(text: str, levels: Sequence[str]) -> int | None:
    """Find a level by its name, or by its number; None where there is none."""
    if text in levels:
        return levels.index(text)
    return int(text) if text.isascii() and text.isdigit() and int(text) < len(levels) else None


_STEP = re.compile(r"([^.\[\]]+)(?:\[([^\]]+)\])?(?:\.|$)")


def changed(raw: Mapping[str, Any], place: str, value: str) -> dict[str, Any]:
    """Put a number into a parsed specification.

    Examples
    --------
    >>> changed({"users": [{"name": "A", "samples": 3}]}, "users[A].samples", "5")
    {'users': [{'name': 'A', 'samples': 5}]}
    """
    result = copy.deepcopy(dict(raw))
    steps = list(_steps(place))
    holder: Any = result
    for step in steps[:-1]:
        holder = _inside(holder, step, place)
    if not isinstance(holder, dict) or isinstance(holder.get(steps[-1]), (dict, list)):
        raise InputError("place", "must name a number of the specification", place)
    holder[steps[-1]] = _as_toml(value)
    return result


def _steps(place: str) -> list[str]:
    steps: list[str] = []
    end = 0
    for match in _STEP.finditer(place):
        if match.start() != end:
            break
        end = match.end()
        steps += [part for part in match.groups() if part is not None]
    if end != len(place) or not steps or place.endswith("."):
        raise InputError("place", "must be written like users[1].costs.direct or utility.between_variance", place)
    return steps


def _inside(holder: Any, step: str, place: str) -> Any:
    if isinstance(holder, dict):
        # Costs that an entry leaves to [every_user] are given to it.
        return holder.setdefault(step, {})
    if isinstance(holder, list):
        entries = [entry for entry in holder if isinstance(entry, dict)]
        by_number = {str(number): entry for number, entry in enumerate(holder, start=1)}
        by_name = {entry.get("name"): entry for entry in reversed(entries)}
        found = by_number.get(step, by_name.get(step))
        if isinstance(found, dict):
            return found
        if step.isdigit():
            raise InputError("place", f"must name one of {len(holder)} entries, which count from 1", place)
    raise InputError("place", "must lead to an entry of the specification", place)


def _as_toml(value: str) -> int | Decimal | str:
    for read in (int, Decimal):
        try:
            return read(value)
        except (ValueError, InvalidOperation):
            continue
    return value
