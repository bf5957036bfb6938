"""The shape of a specification: which keys there are, what each may hold, and all that is wrong with it.

Each problem has its place and its user. `fairgames.spec.load` reads this, and the files for its parts.
"""

from __future__ import annotations

import copy
import difflib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError

from fairgames.errors import InputError, SpecificationError
from fairgames.exactness import Number, as_number
from fairgames.printable import shortened


def as_written(value: object) -> str:
    """Write a value as TOML would, for a message; long ones are cut.

    Examples
    --------
    >>> as_written(Decimal("-0.4")), as_written("abc"), as_written(True)
    ('-0.4', '"abc"', 'true')
    """
    text = _toml(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_toml(entry)}" for key, entry in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(entry) for entry in value)}]"
    if isinstance(value, Decimal) and value.is_infinite():
        return "inf" if value > 0 else "-inf"
    return str(value)


def _refuse(requirement: str, value: object) -> PydanticCustomError:
    parts = {"requirement": requirement, "got": as_written(value)}
    return PydanticCustomError("fairgames", "{requirement}, got {got}", parts)


def _read_number(value: object, allow_inf: bool = False) -> Number:
    try:
        return as_number(value, "", allow_inf=allow_inf)
    except InputError as error:
        raise _refuse(error.requirement.replace("a Fraction", "inf"), value) from None


def _number(accepts: Callable[[Number], bool], requirement: str) -> PlainValidator:
    def read(value: object) -> Number:
        number = _read_number(value, allow_inf=True)
        if not accepts(number):
            raise _refuse(requirement, value)
        return number

    return PlainValidator(read)


LARGEST_WHOLE = 10**12
"""Sums of so many are still exact in floats and in machine integers."""


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _refuse("must be a whole number of at least 1", value)
    if value > LARGEST_WHOLE:
        raise _refuse(f"must be at most {LARGEST_WHOLE:,}", value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _refuse("must be text", value)
    return value


def _nested_numbers(value: object) -> Any:
    if isinstance(value, list):
        return [_nested_numbers(entry) for entry in value]
    return _read_number(value)


def _one_of(*known: str) -> PlainValidator:
    def read(value: object) -> str:
        if value not in known:
            raise _refuse(f"must be {' or '.join(as_written(name) for name in known)}", value)
        return str(value)

    return PlainValidator(read)


Cost = Annotated[Number, _number(lambda x: x >= 0, "must be at least 0")]
Epsilon = Annotated[Number, _number(lambda x: x > 0, "must be more than 0 (inf: no noise)")]
Positive = Annotated[Number, _number(lambda x: 0 < x < math.inf, "must be more than 0 and finite")]
NonNegative = Annotated[Number, _number(lambda x: 0 <= x < math.inf, "must be at least 0 and finite")]
Finite = Annotated[Number, _number(lambda x: abs(x) < math.inf, "must be finite")]
Share = Annotated[Number, _number(lambda x: 0 <= x <= 1, "must be from 0 to 1")]
Whole = Annotated[int, PlainValidator(_whole)]
Text = Annotated[str, PlainValidator(_text)]
Numbers = Annotated[list[Any], PlainValidator(_nested_numbers)]


class Section(BaseModel):
    """A table of the file; keys that it does not declare are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FederatedMeanSection(Section):
    """``[utility]`` with ``kind = "federated-mean"``."""

    kind: Literal["federated-mean"]
    between_variance: Positive | None = None
    within_variance: Positive | None = None
    aggregation: Annotated[Literal["uniform", "weighted"], _one_of("uniform", "weighted")] = "uniform"


class DPMeanSection(Section):
    """``[utility]`` with ``kind = "dp-mean"``."""

    kind: Literal["dp-mean"]
    epsilons: dict[str, Epsilon] | None = None


class TableSection(Section):
    """``[utility]`` with ``kind = "table"``: one of the three ways to give it."""

    kind: Literal["table"]
    values: Numbers | None = None
    by_count: Numbers | None = None
    file: Text | None = None


class EveryUserSection(Section):
    """``[every_user]``: what holds for all users unless their own entry says otherwise."""

    choices: list[Text] | None = None
    level: Text | None = None
    costs: dict[str, Cost] = Field(default_factory=dict)
    epsilons: dict[str, Epsilon] = Field(default_factory=dict)
    samples: Whole | None = None
    importance: NonNegative | None = None


class UserSection(EveryUserSection):
    """One ``[[users]]`` entry: a user, or ``count`` identical ones."""

    name: Text | None = None
    count: Whole = 1


class PlatformSection(Section):
    """``[platform]``: what the platform asks for."""

    alpha: Share | None = None
    selection: Annotated[Literal["best", "worst", "potential"], _one_of("best", "worst", "potential")] = "best"
    margin: NonNegative = Fraction(0)
    budget: NonNegative | None = None
    min_utility: Finite | None = None
    alpha_from: Share = Fraction(0)
    alpha_to: Share = Fraction(1)
    unit: Text | None = None
    unit_value: Positive | None = None


class DataSection(Section):
    """``[data]``: the grouped data behind the numbers."""

    file: Text | None = None
    group: Text | None = None
    value: Text | None = None
    covariates: list[Text] | None = None
    estimator: Annotated[str, _one_of("anova", "reml")] | None = None
    missing: Annotated[str, _one_of("raise", "drop")] | None = None
    similar_labels: Annotated[str, _one_of("raise", "merge", "keep")] | None = None
    largest: Whole | None = None


FLOATS = ("utility", "costs", "amounts", "alpha", "margin", "budget", "min_utility", "alpha_range", "unit_value")
"""What may hold floats: a file's numbers are exact, so those that were not are listed."""


class Document(Section):
    """A whole specification."""

    title: Text = "Untitled"
    levels: list[Text] | None = None
    amounts: list[Finite] | None = None
    utility: Annotated[FederatedMeanSection | DPMeanSection | TableSection, Discriminator("kind")] | None = None
    platform: PlatformSection = PlatformSection()
    every_user: EveryUserSection = EveryUserSection()
    users: list[UserSection] | None = None
    data: DataSection | None = None
    floats: list[Annotated[str, _one_of(*FLOATS)]] = Field(default_factory=list)


Place: TypeAlias = tuple[str | int, ...]

MOST_LISTED = 200
_LONGEST_KEY = 60

_SECTIONS: Mapping[str, type[Section]] = {
    "platform": PlatformSection,
    "every_user": EveryUserSection,
    "users": UserSection,
    "data": DataSection,
    "federated-mean": FederatedMeanSection,
    "dp-mean": DPMeanSection,
    "table": TableSection,
}


class Problems:
    """The problems found so far."""

    def __init__(self, source: str, raw: Mapping[str, Any]) -> None:
        self.source = source
        self._raw = raw
        self._lines: list[str] = []
        self._places: set[Place] = set()
        self._holders: set[Place] = set()

    def add(self, place: Place, requirement: str, *got: object) -> None:
        """Note that what stands at ``place`` is wrong, once: not again for something inside it."""
        if self._inside_a_known_one(place):
            return
        self._places.add(place)
        self._holders.update(place[:length] for length in range(len(place) + 1))
        if self.are_many:
            return
        value = f", got {as_written(got[0])}" if got else ""
        self._lines.append(f"{self._where(place)}: {requirement}{value}")

    def known(self, place: Place) -> bool:
        """Whether a problem was noted at ``place``, at something that holds it, or inside it."""
        return place in self._holders or self._inside_a_known_one(place)

    @property
    def are_many(self) -> bool:
        """Whether so many are noted that further ones are only counted."""
        return len(self._lines) >= MOST_LISTED

    def _inside_a_known_one(self, place: Place) -> bool:
        return any(place[:length] in self._places for length in range(len(place) + 1))

    def __bool__(self) -> bool:
        """Whether there is any problem."""
        return bool(self._lines)

    def raise_if_any(self) -> None:
        """Raise with all problems, in the order in which they were found."""
        if self._lines:
            left = len(self._places) - len(self._lines)
            raise SpecificationError(self.source, [*self._lines, *[f"and {left:,} further problems"] * (left > 0)])

    def _where(self, place: Place) -> str:
        text = ""
        for part in place:
            # Entries are counted from 1, as the people who wrote them do.
            key = shortened(str(part), _LONGEST_KEY)
            text += f"[{part + 1}]" if isinstance(part, int) else f".{key}" if text else key
        if place[:1] == ("users",) and len(place) > 1 and isinstance(place[1], int):
            name = self._name(place[1])
            text += f" ({as_written(name)})" if name is not None else ""
        return text

    def _name(self, user: int) -> object:
        entries = self._raw.get("users")
        entry = entries[user] if isinstance(entries, list) else None
        return entry.get("name") if isinstance(entry, Mapping) else None


def validated(raw: Mapping[str, Any], problems: Problems) -> Document:
    """Read the sections of a specification; what is wrong is noted and left out.

    Leaving it out lets the later checks find the other problems in the same run.
    """
    remaining: dict[str, Any] = copy.deepcopy(dict(raw))
    while True:
        try:
            return Document.model_validate(remaining)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                place, kind = _place(problem["loc"])
                # An entry of a list of texts is reported as such; the list is left out as a whole.
                problems.add(place, *([""] if problems.are_many else _words(problem["type"], problem, place, kind)))
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
    section = _SECTIONS.get(kind or str(place[0]), Document) if len(place) > 1 else Document
    known = list(section.model_fields)
    near = difflib.get_close_matches(str(place[-1])[:_LONGEST_KEY], known, n=1)
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
