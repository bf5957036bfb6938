"""The shape of a specification: which keys there are, and what each may hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PlainValidator
from pydantic_core import PydanticCustomError

from fairgames.exactness import Number
from fairgames.spec.number import NotANumberError, as_written, exact_number


def _refuse(requirement: str, value: object) -> PydanticCustomError:
    parts = {"requirement": requirement, "got": as_written(value)}
    return PydanticCustomError("fairgames", "{requirement}, got {got}", parts)


def _number(accepts: Callable[[Number], bool], requirement: str) -> PlainValidator:
    def read(value: object) -> Number:
        try:
            number = exact_number(value)
        except NotANumberError as error:
            raise _refuse(str(error), value) from None
        if not accepts(number):
            raise _refuse(requirement, value)
        return number

    return PlainValidator(read)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _refuse("must be a whole number of at least 1", value)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _refuse("must be text", value)
    return value


def _nested_numbers(value: object) -> Any:
    if isinstance(value, list):
        return [_nested_numbers(entry) for entry in value]
    try:
        number = exact_number(value)
    except NotANumberError as error:
        raise _refuse(str(error), value) from None
    if math.isinf(number):
        raise _refuse("must be finite", value)
    return number


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
    aggregation: Annotated[str, _one_of("uniform", "weighted")] = "uniform"


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
    selection: Annotated[str, _one_of("best", "worst", "potential")] = "best"
    margin: NonNegative = Fraction(0)
    budget: NonNegative | None = None
    min_utility: Finite | None = None
    alpha_from: Share = Fraction(0)
    alpha_to: Share = Fraction(1)


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
