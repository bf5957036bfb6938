"""The users of a specification: entries merged with what holds for every user, level names turned into indices.

Tables with a number for each level become rows. `fairgames.spec.load` reads this.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fairgames.exactness import Number
from fairgames.spec.document import EveryUserSection, Place, Problems, UserSection, as_written


@dataclass(frozen=True)
class Entry:
    """A ``[[users]]`` entry with what holds for every user; ``costs`` is None when the file gives none at all."""

    name: str
    count: int
    costs: tuple[Number, ...] | None
    choices: tuple[int, ...]
    level: int | None
    samples: int | None
    importance: Number


def check_levels(levels: Sequence[str] | None, problems: Problems) -> tuple[str, ...]:
    """Check the list of levels."""
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
    """Read one number for each level."""
    row: list[Number] = []
    for index, name in enumerate(levels):
        found = next((table[name] for table in tables if name in table), spare.get(index))
        if found is None:
            problems.add((*place, name), "is required")
        row.append(0.0 if found is None else found)
    return tuple(row)


def read_entries(
    sections: Sequence[UserSection], every_user: EveryUserSection, levels: Sequence[str], problems: Problems
) -> tuple[Entry, ...]:
    """Merge each section with ``[every_user]`` and check it against the levels."""
    reader = _Reader(every_user, levels, problems)
    reader.check_costs(every_user.costs, ("every_user", "costs"))
    priced = bool(every_user.costs) or any(section.costs for section in sections)
    entries = tuple(reader.entry(index, section, priced) for index, section in enumerate(sections))
    _check_unique_names(entries, problems)
    _check_all_or_no_levels(entries, problems)
    return entries


@dataclass(frozen=True)
class _Reader:
    every_user: EveryUserSection
    levels: Sequence[str]
    problems: Problems

    def entry(self, index: int, section: UserSection, priced: bool) -> Entry:
        choices = self.choices(index, section)
        costs = self.costs(index, section, choices) if priced else None
        level = self.level(index, section, choices)
        if costs is not None and level is not None and level in choices and costs[level] == math.inf:
            self.problems.add(("users", index, "level"), "is forbidden: its cost is inf", self.levels[level])
        return Entry(
            name=section.name or f"user {index + 1}",
            count=section.count,
            costs=costs,
            choices=choices,
            level=level,
            samples=section.samples or self.every_user.samples,
            importance=next(
                (given for given in (section.importance, self.every_user.importance) if given is not None), Fraction(1)
            ),
        )

    def choices(self, index: int, section: UserSection) -> tuple[int, ...]:
        own = section.choices is not None
        chosen = section.choices if own else self.every_user.choices
        if chosen is None:
            return tuple(range(len(self.levels)))
        place: Place = ("users", index, "choices") if own else ("every_user", "choices")
        if not chosen:
            self.problems.add(place, "must name at least one level")
        check_names(chosen, self.levels, place, self.problems)
        if len(set(chosen)) < len(chosen):
            self.problems.add(place, "must name each level once", list(chosen))
        return tuple(level for level, name in enumerate(self.levels) if name in chosen)

    def level(self, index: int, section: UserSection, choices: Sequence[int]) -> int | None:
        name = section.level or self.every_user.level
        if name is None:
            return None
        place: Place = ("users", index, "level")
        check_names([name], self.levels, place if section.level else ("every_user", "level"), self.problems)
        if name not in self.levels:
            return None
        level = self.levels.index(name)
        if choices and level not in choices:
            self.problems.add(place, "must be one of the user's choices", name)
        return level

    def costs(self, index: int, section: UserSection, choices: Sequence[int]) -> tuple[Number, ...]:
        place: Place = ("users", index, "costs")
        self.check_costs(section.costs, place)
        # A level that is not a choice needs no cost.
        spare = {level: math.inf for level in range(len(self.levels)) if level not in choices} | {0: Fraction(0)}
        if self.problems.known(("every_user", "costs")):
            spare |= dict.fromkeys(range(1, len(self.levels)), Fraction(0))
        row = row_by_level((section.costs, self.every_user.costs), self.levels, spare, place, self.problems)
        if choices and all(row[level] == math.inf for level in choices):
            self.problems.add(place, "forbids every choice of this user; at least one must cost less than inf")
        return row

    def check_costs(self, costs: Mapping[str, Number], place: Place) -> None:
        check_names(costs, self.levels, place, self.problems)
        if self.levels and costs.get(self.levels[0], 0) != 0:
            first = self.levels[0]
            self.problems.add((*place, first), f'is the cost of "{first}", the first level: it must be 0, or left out')


def _check_unique_names(entries: Sequence[Entry], problems: Problems) -> None:
    times = Counter(entry.name for entry in entries)
    for index, entry in enumerate(entries):
        if times[entry.name] > 1:
            problems.add(("users", index, "name"), "must differ from every other user's name", entry.name)


def _check_all_or_no_levels(entries: Sequence[Entry], problems: Problems) -> None:
    if any(entry.level is not None for entry in entries):
        for index, entry in enumerate(entries):
            if entry.level is None:
                problems.add(("users", index, "level"), "is required, since other users have one")


def level_named(text: str, levels: Sequence[str]) -> int | None:
    """Find a level by its name, or by its number; None where there is none."""
    if text in levels:
        return levels.index(text)
    return int(text) if text.isascii() and text.isdigit() and int(text) < len(levels) else None
