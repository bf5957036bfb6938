"""What is asked, in one object: `Scenario`; and `as_scenario`, by which public functions read what they are asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError, SpecificationError
from fairgames.exactness import Array, Number, as_whole, is_exact
from fairgames.memory import require_memory
from fairgames.result import Shown
from fairgames.scenario.costs import Actions, CostTable
from fairgames.scenario.given import read_above_zero, read_amounts, read_entries, read_profile, read_within
from fairgames.scenario.limits import ANY_ALPHA, Limits, Selection, as_limits
from fairgames.scenario.named import place_of
from fairgames.utility.base import Jump, Utility
from fairgames.utility.table import as_utility

if TYPE_CHECKING:
    from fairgames.fitting.fit import Fit

_OF_ENTRIES = {"costs", "users", "levels", "choices", "counts"}


@dataclass(frozen=True)
class DataSource:
    """The grouped data behind a scenario: a file, two of its columns, and how to fit them.

    Attributes
    ----------
    file : Path
        The data.
    group, value : str
        The columns with the groups' labels and with the numbers.
    options : mapping
        Further arguments of the fit.
    """

    file: Path
    group: str
    value: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name the file in full."""
        object.__setattr__(self, "file", Path(self.file).resolve())


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Scenario(Shown):
    """What is asked: who shares data, at which levels, at what cost, for whom, and under which limits.

    A specification file is a scenario: `fairgames.load` reads one, `save` writes one. Every public function takes
    a scenario as its first argument in place of a utility, costs and the rest. ``dataclasses.replace`` gives the same
    scenario with another number.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    costs : array_like, frame or mapping, optional
        What each level costs a user of each entry, at least 0; ``inf`` forbids a level, and "absent" costs 0. Rows,
        shape ``(E, L)``, or one row for all; a frame, whose columns are matched with the levels by name, and its rows
        with the users where it has an index, or a column ``"user"``, of names; or a mapping from a level's name to
        one number for all, one a user, or a mapping by user.
    users : sequence of str, optional
        Name of each entry, no two alike; "user 1", … by default.
    levels : sequence of str, optional
        Name of each level, the most private first; by default those of a frame, or "absent", "level 1", ….
    choices : optional
        Levels that may be chosen, by name or number: one list for all, one for each entry (None for all levels), or a
        mapping by user. A level that may not be chosen is forbidden everywhere: its cost is ``inf``.
    counts : array_like of int, optional, shape (E,)
        Users of each entry, who follow one another in the utility; by default the entries of the utility, or one.
    selection : {"best", "worst", "potential"}
        Which equilibrium counts when there are several.
    margin, budget, min_utility, alpha_range
        What an optimum must respect, as for `optimal_alpha`.
    alpha : number, optional
        Report the game at this payment fraction as well, in [0, 1].
    unit : str, optional
        What a unit of utility is called in money, for instance ``"EUR"``.
    unit_value : number, optional
        What a unit of utility is worth, above 0.
    title : str
        What the scenario is called.
    profile : sequence, optional
        Level, by name or number, at which the users of each entry are priced.
    amounts : sequence of numbers, optional
        A number for each level, for payment rules that need one.
    data : DataSource, optional
        The data behind the numbers.
    source : str
        The file that it was read from; neither compared nor saved.
    notes : sequence of str
        What a reader should know about how it was made; neither compared nor saved.
    fit : Fit, optional
        The fit that it was made from, for bootstraps; neither compared nor saved.

    Attributes
    ----------
    costs : ndarray or None, shape (E, L)
        As checked: ``inf`` where an entry may not choose a level.
    users, levels : tuple of str
        Names of the entries and of the levels.
    choices : tuple of tuple of int
        Levels of finite cost that each entry may choose.
    counts : tuple of int
        Users of each entry.
    profile : tuple of int or None
        Level of each entry.

    Raises
    ------
    InputError
        If names do not fit or occur twice, a level is unknown, or a number is malformed or out of range.

    Examples
    --------
    >>> scenario = Scenario([[0, "2/3"], ["2/3", 1]], {"present": "3/10"}, ["Ann", "Bob"], ["absent", "present"])
    >>> scenario.costs[1], scenario.choices
    (array([Fraction(0, 1), Fraction(3, 10)], dtype=object), ((0, 1), (0, 1)))
    """

    utility: Utility
    costs: Array | None
    users: tuple[str, ...]
    levels: tuple[str, ...]
    choices: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    selection: Selection
    margin: Number
    budget: Number | None
    min_utility: Number | None
    alpha_range: tuple[Number, Number]
    alpha: Number | None
    unit: str | None
    unit_value: Number | None
    title: str
    profile: tuple[int, ...] | None
    amounts: tuple[Number, ...] | None
    data: DataSource | None
    source: str = field(compare=False)
    notes: tuple[str, ...] = field(compare=False)
    fit: Fit | None = field(compare=False)

    @public
    def __init__(
        self,
        utility: Utility | ArrayLike,
        costs: CostTable = None,
        users: Sequence[str] | None = None,
        levels: Sequence[str] | None = None,
        choices: object = None,
        counts: ArrayLike | None = None,
        selection: Selection = "best",
        margin: Number | int | str = 0,
        budget: Number | int | str | None = None,
        min_utility: Number | int | str | None = None,
        alpha_range: Sequence[Number | int | str] = ANY_ALPHA,
        *,
        alpha: Number | int | str | None = None,
        unit: str | None = None,
        unit_value: Number | int | str | None = None,
        title: str = "Untitled",
        profile: object = None,
        amounts: ArrayLike | None = None,
        data: DataSource | None = None,
        source: str = "",
        notes: Sequence[str] = (),
        fit: object = None,
    ) -> None:
        limits = as_limits(margin, budget, min_utility, alpha_range)
        described = costs, users, levels, choices, counts
        vars(self)["utility"] = worth = as_utility(utility)
        if any(one is not None for one in described):
            vars(self).update(read_entries(worth, *described))
        vars(self).update(
            selection=selection,
            margin=limits.margin,
            budget=limits.budget,
            min_utility=limits.min_utility,
            alpha_range=(limits.alpha_from, limits.alpha_to),
            alpha=None if alpha is None else read_within(alpha, "alpha", 0, 1),
            unit=unit,
            unit_value=None if unit_value is None else read_above_zero(unit_value),
            title=title,
            profile=None if profile is None else read_profile(profile, self.users, self.levels, self.choices),
            amounts=None if amounts is None else read_amounts(amounts, len(self.levels)),
            data=data,
            source=source,
            notes=tuple(notes),
            fit=fit,
        )

    def __getattr__(self, name: str) -> Any:
        """Tell of entries that nobody described: when they are first asked for, since prices need none of it."""
        if name not in _OF_ENTRIES or "utility" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        vars(self).update(read_entries(self.utility))
        return vars(self)[name]

    def __eq__(self, other: object) -> bool:
        """Compare field by field, utilities by their numbers."""
        if type(self) is not type(other):
            return NotImplemented
        return all(
            _same(getattr(self, one.name), getattr(other, one.name)) for one in dataclasses.fields(self) if one.compare
        )

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash((self.title, self.users, self.levels, self.choices, self.counts))

    @property
    def n_users(self) -> int:
        """Number of users ``N``."""
        return self.utility.n_users

    @property
    def limits(self) -> Limits:
        """What an optimum must respect."""
        return Limits(self.margin, self.budget, self.min_utility, *self.alpha_range)

    @property
    def entry_costs(self) -> Array:
        """Cost of each level for a user of each entry, shape ``(E, L)``.

        Raises
        ------
        InputError, SpecificationError
            If the scenario has no costs.
        """
        if self.costs is not None:
            return self.costs
        example = ", ".join(f"{name} = {index}" for index, name in enumerate(self.levels) if index)
        problem = f"is required for this: what each level costs a user, such as {{ {example} }}"
        if self.source:
            raise SpecificationError(self.source, [f"every_user.costs: {problem}"])
        raise InputError("costs", problem)

    @property
    def user_costs(self) -> Array:
        """Cost of each level for each user, shape ``(N, L)``."""
        if self.is_by_user:
            return self.entry_costs
        self._require_room(8 * len(self.levels))
        return np.repeat(self.entry_costs, self.counts, axis=0)

    @property
    def actions(self) -> tuple[tuple[int, ...], ...]:
        """Levels that each user may choose."""
        if self.is_by_user:
            return self.choices
        self._require_room(8)
        return tuple(levels for levels, count in zip(self.choices, self.counts, strict=True) for _ in range(count))

    @property
    def user_profile(self) -> tuple[int, ...] | None:
        """Level of each user, where the scenario gives it."""
        self._require_room(8)
        return None if self.profile is None else tuple(np.repeat(self.profile, self.counts).tolist())

    @property
    def is_by_user(self) -> bool:
        """Whether each entry is one user."""
        return len(self.counts) == self.n_users

    @property
    def user_names(self) -> tuple[str, ...]:
        """Name of each user; the members of an entry are numbered."""
        self._require_room(120)
        return tuple(
            name if count == 1 else f"{name} {member + 1}"
            for name, count in zip(self.users, self.counts, strict=True)
            for member in range(count)
        )

    @property
    def entry_of_user(self) -> NDArray[np.intp]:
        """Entry of each user, shape ``(N,)``."""
        self._require_room(8)
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def entry_types(self) -> NDArray[np.intp]:
        """Type, in the utility, of the first user of each entry, shape ``(E,)``."""
        own, counts = self.utility.entry_types, self.utility.entry_counts
        starts = np.cumsum(self.counts) - self.counts
        types: NDArray[np.intp] = own[np.searchsorted(np.cumsum(counts), starts, side="right")]
        return types

    @cached_property
    def samples(self) -> tuple[Number, ...] | None:
        """Number of samples of a user of each entry, where the utility knows it."""
        found = getattr(self.utility, "samples", None)
        if not isinstance(found, np.ndarray):
            return None
        return tuple(int(one) if one == int(one) else one for one in found[self.entry_types].tolist())

    @public
    def user_number(self, user: int | str) -> int:
        """Number of a user that is given by number or name.

        Raises
        ------
        InputError
            If there is no such user.
        """
        if isinstance(user, str):
            return place_of(user, self.user_names, "user", "user")
        if not 0 <= user < self.n_users:
            raise InputError("user", f"must be from 0 to {self.n_users - 1}, or a name", user)
        return int(user)

    @public
    def priced_profile(self, profile: ArrayLike | None) -> ArrayLike:
        """Return a profile, or where none is given the scenario's own, a level a user."""
        if profile is not None:
            return profile
        if self.profile is None:
            raise InputError("profile", "is required, since the scenario gives its users no level")
        return cast("ArrayLike", self.user_profile)

    @public
    def user_name(self, number: int) -> str:
        """Name of a user that is given by number: the members of an entry are numbered."""
        if not 0 <= number < self.n_users:
            raise InputError("number", f"must be from 0 to {self.n_users - 1}", number)
        ends = np.cumsum(self.counts)
        entry = int(np.searchsorted(ends, number, side="right"))
        name, count = self.users[entry], self.counts[entry]
        return name if count == 1 else f"{name} {number - int(ends[entry]) + count + 1}"

    @public
    def level_names(self, profile: Sequence[int]) -> tuple[str, ...]:
        """Name of each level of a profile."""
        requirement = f"must be whole numbers from 0 to {len(self.levels) - 1}"
        chosen = as_whole(profile, "profile", requirement)
        if chosen.ndim != 1 or not ((chosen >= 0) & (chosen < len(self.levels))).all():
            raise InputError("profile", requirement, profile)
        return tuple(self.levels[level] for level in chosen.tolist())

    @public
    def save(self, path: str | PathLike[str], force: bool = False) -> None:
        """Write a specification (TOML) that `fairgames.load` reads back as an equal scenario.

        Parameters
        ----------
        path : str or path
            Where. The file of `data` must lie below its folder.
        force : bool
            Overwrite a file that is there.

        Raises
        ------
        InputError
            If a file is there, or what the scenario holds cannot be written.
        SizeError
            If the utility is no formula and has too many profiles to be written as a table.
        """
        from fairgames.spec.save import save_specification

        save_specification(self, Path(path), force=force)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        columns = {"user": list(self.users), "count": [f"{count:,}" for count in self.counts]}
        if self.samples is not None:
            columns["samples"] = [f"{one:,}" for one in self.samples]
        columns["choices"] = [", ".join(self.level_names(one)) for one in self.choices]
        if self.costs is not None:
            columns["costs"] = list(self.costs)
        title = f"{self.title}: {self.n_users:,} users, {type(self.utility).__name__}"
        return title, list(columns), list(zip(*columns.values(), strict=True))

    def _require_room(self, bytes_each: int) -> None:
        require_memory(self.n_users * bytes_each, f"a row for each of {self.n_users:,} users", "the entries")


def by_user(scenario: Scenario) -> Scenario:
    """Give each user of a scenario an entry of its own."""
    if scenario.is_by_user:
        return scenario
    changes = {"users": scenario.user_names, "choices": scenario.actions, "counts": (1,) * scenario.n_users}
    costs = None if scenario.costs is None else scenario.user_costs
    return dataclasses.replace(scenario, **changes, costs=costs, profile=scenario.user_profile)  # type: ignore[arg-type]


def as_scenario(
    asked: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    actions: Actions = None,
    *,
    selection: Selection | None = None,
    **others: Any,
) -> Scenario:
    """Read what a public function is asked: a scenario, or a utility, costs and the rest, which make an anonymous one.

    Parameters
    ----------
    asked : Scenario, Utility or array_like
        The first argument.
    costs, actions
        As the function was given them; beside a scenario they are refused, but for costs that it lacks.
    selection : str, optional
        Beside a scenario, in place of its own.
    others
        ``counts``, ``margin``, ``budget``, ``min_utility`` and ``alpha_range``; None where not given.

    Raises
    ------
    InputError
        If an argument is malformed, or says again what the scenario says.
    """
    given = {name: value for name, value in others.items() if value is not None}
    if not isinstance(asked, Scenario):
        if actions is not None and np.shape(actions[:0] if isinstance(actions, (list, tuple)) else actions) == ():
            raise InputError("actions", "must be a tuple of levels, or one tuple a user", actions)
        try:
            return Scenario(asked, costs, choices=actions, selection=selection or "best", **given)
        except InputError as error:
            if error.argument.startswith("choices"):
                error.args = (str(error).replace("choices", "actions", 1),)
                error.argument = error.argument.replace("choices", "actions", 1)
            raise
    if actions is not None:
        given["actions"] = actions
    if costs is not None and asked.costs is not None:
        given["costs"] = costs
    for name, value in given.items():
        raise InputError(
            name, "must be left out beside a scenario, which says it (dataclasses.replace changes it)", value
        )
    changes: dict[str, Any] = {} if selection in {None, asked.selection} else {"selection": selection}
    changes |= {} if costs is None else {"costs": costs}
    return dataclasses.replace(asked, **changes) if changes else asked


def _same(left: Any, right: Any) -> bool:
    """Whether two fields are alike: arrays by their entries and kind of number, utilities by what they are made of."""
    if isinstance(left, np.ndarray):
        alike = isinstance(right, np.ndarray) and is_exact(left) == is_exact(right)
        return alike and np.array_equal(left, right)
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, (Utility, Jump)):
        one, other = _made_of(left), _made_of(right)
        return (
            one is not None
            and other is not None
            and one.keys() == other.keys()
            and all(map(_same, one.values(), other.values()))
        )
    if isinstance(left, (tuple, list)):
        return len(left) == len(right) and all(map(_same, left, right))
    return bool(left == right)


def _made_of(thing: Utility | Jump) -> dict[str, Any]:
    """Find what a utility was made of: not what it has computed since, nor into which entries its users were put."""
    made = {
        name: value
        for name, value in vars(thing).items()
        if not isinstance(getattr(type(thing), name, None), cached_property) and name not in _ENTRIES
    }
    if isinstance(thing, Utility):
        pairs = zip(thing.entry_types.tolist(), thing.entry_counts.tolist(), strict=True)
        made["types"] = [(kind, sum(count for _, count in run)) for kind, run in groupby(pairs, lambda pair: pair[0])]
    return made


_ENTRIES = {"_entry_types", "_entry_counts", "_first_entries"}
