"""Collect everything that is wrong with a specification, each with its place and its user."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import ValidationError

from fairgames.errors import SpecificationError
from fairgames.spec import document
from fairgames.spec.number import as_written

Place: TypeAlias = tuple[str | int, ...]

_SECTIONS: Mapping[str, type[document.Section]] = {
    "platform": document.PlatformSection,
    "every_user": document.EveryUserSection,
    "users": document.UserSection,
    "data": document.DataSection,
    "federated-mean": document.FederatedMeanSection,
    "dp-mean": document.DPMeanSection,
    "table": document.TableSection,
}


class Problems:
    """The problems found so far.

    Parameters
    ----------
    source : str
        The specification's name, shown before each problem.
    raw : mapping
        The specification as parsed, from which the users' names are read.
    """

    def __init__(self, source: str, raw: Mapping[str, Any]) -> None:
        self.source = source
        self._raw = raw
        self._lines: list[str] = []
        self._places: list[Place] = []

    def add(self, place: Place, requirement: str, *got: object) -> None:
        """Note that what stands at ``place`` is wrong, once: not again for something inside it."""
        if any(place[: len(reported)] == reported for reported in self._places):
            return
        value = f", got {as_written(got[0])}" if got else ""
        self._lines.append(f"{self._where(place)}: {requirement}{value}")
        self._places.append(place)

    def known(self, place: Place) -> bool:
        """Whether a problem was noted at ``place``, at something that holds it, or inside it."""
        return any(reported[: len(place)] == place[: len(reported)] for reported in self._places)

    def __bool__(self) -> bool:
        """Whether there is any problem."""
        return bool(self._lines)

    def raise_if_any(self) -> None:
        """Raise with all problems, in the order in which they were found.

        Raises
        ------
        SpecificationError
            If there is any.
        """
        if self._lines:
            raise SpecificationError(self.source, self._lines)

    def _where(self, place: Place) -> str:
        text = ""
        for part in place:
            # Entries are counted from 1, as the people who wrote them do.
            text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
        if place[:1] == ("users",) and len(place) > 1 and isinstance(place[1], int):
            name = self._name(place[1])
            text += f" ({as_written(name)})" if name is not None else ""
        return text

    def _name(self, user: int) -> object:
        entries = self._raw.get("users")
        entry = entries[user] if isinstance(entries, list) else None
        return entry.get("name") if isinstance(entry, Mapping) else None


def validated(raw: Mapping[str, Any], problems: Problems) -> document.Document:
    """Read the sections of a specification; what is wrong is noted and left out.

    Leaving it out lets the later checks find the other problems in the same run.

    Parameters
    ----------
    raw : mapping
        The specification as parsed.
    problems : Problems
        Receives what is wrong.

    Returns
    -------
    Document
        Of the parts that are right.
    """
    remaining: dict[str, Any] = copy.deepcopy(dict(raw))
    while True:
        try:
            return document.Document.model_validate(remaining)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                place, kind = _place(problem["loc"])
                # An entry of a list of texts is reported as such; the list is left out as a whole.
                problems.add(place, *_words(problem["type"], problem, place, kind))
                _remove(remaining, place)


def _place(loc: Sequence[str | int]) -> tuple[Place, str | None]:
    """Drop the name of the utility's kind, which pydantic puts into the path."""
    if loc[:1] == ("utility",) and len(loc) > 1 and loc[1] in _SECTIONS:
        return ("utility", *loc[2:]), str(loc[1])
    return tuple(loc), None


def _words(code: str, problem: Mapping[str, Any], place: Place, kind: str | None) -> tuple[Any, ...]:
    got = problem["input"]
    if code == "fairgames":
        return (problem["msg"],)
    if code == "extra_forbidden":
        return (_unknown_key(place, kind),)
    if code == "union_tag_not_found":
        return ('needs kind = "federated-mean", "dp-mean" or "table"',)
    if code == "union_tag_invalid":
        return 'kind must be "federated-mean", "dp-mean" or "table"', got.get("kind")
    if code in {"model_type", "model_attributes_type", "dict_type"}:
        form = "[[users]] entry" if place[:1] == ("users",) and len(place) == 2 else "table of keys"
        return f"must be a {form}", got
    if code == "list_type":
        return ("must be [[users]] entries" if place == ("users",) else "must be a list"), got
    return problem["msg"], got


def _unknown_key(place: Place, kind: str | None) -> str:
    section = _SECTIONS.get(kind or str(place[0]), document.Document) if len(place) > 1 else document.Document
    known = list(section.model_fields)
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known here: {', '.join(known)}"


def _remove(raw: dict[str, Any], place: Place) -> None:
    """Delete what stands at ``place``: the innermost named entry that holds it."""
    last_name = max(index for index, part in enumerate(place) if isinstance(part, str))
    holder: Any = raw
    for part in place[:last_name]:
        holder = holder[part]
    if place[0] == "users" and len(place) == 2 and isinstance(place[1], int):
        holder["users"][place[1]] = {}
    else:
        # Two bad entries of one list name the same key.
        holder.pop(place[last_name], None)
