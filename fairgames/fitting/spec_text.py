"""A fit as the text of a specification."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

from fairgames.errors import InputError
from fairgames.exactness import Number, as_number
from fairgames.utility.federated_mean import AGGREGATIONS

if TYPE_CHECKING:
    from fairgames.fitting.fit import Fit

Costs: TypeAlias = Mapping[str, object]

_LEVELS = ("federated", "direct")
_FILL_IN = "  # what sharing costs a group, in the unit of the utility: fill in"


def specification_text(fit: Fit, costs: Costs | Sequence[Costs] | None, aggregation: str, folder: str) -> str:
    """Write the TOML text of a specification; see `Fit.to_spec`.

    Parameters
    ----------
    fit : Fit
        Whose variance between groups is above 0.
    costs, aggregation, folder
        As there.
    """
    if aggregation not in AGGREGATIONS:
        raise InputError("aggregation", f"must be one of {', '.join(AGGREGATIONS)}", aggregation)
    lines = [
        f"title  = {_text(f'{fit.value} by {fit.group}')}",
        'levels = ["absent", "federated", "direct"]',
        "",
        "[utility]",
        'kind = "federated-mean"',
        f"between_variance = {fit.between_variance!r}  # {fit.estimator} estimate",
        f"within_variance  = {fit.within_variance!r}",
        f"aggregation = {_text(aggregation)}",
    ]
    if costs is None:
        lines += ["", "[every_user]", f"costs = {_cost_table(dict.fromkeys(_LEVELS, 0), 'costs')}{_FILL_IN}"]
    elif isinstance(costs, Mapping):
        lines += ["", "[every_user]", f"costs = {_cost_table(costs, 'costs')}"]
    elif len(costs) != len(fit.samples):
        raise InputError("costs", f"must be one mapping for all, or one for each of {len(fit.samples)} groups", costs)
    for place, (name, samples) in enumerate(zip(fit.group_names, fit.samples.tolist(), strict=True)):
        lines += ["", "[[users]]", f"name = {_text(user_name(fit.group, name))}", f"samples = {samples}"]
        if costs is not None and not isinstance(costs, Mapping):
            lines.append(f"costs = {_cost_table(costs[place], f'costs[{place}]')}")
    return "\n".join([*lines, *_data_section(fit, folder), ""])


def user_name(group: str, label: str) -> str:
    """Name of a group as a user: a bare number says nothing, so the column's name goes before it.

    Examples
    --------
    >>> user_name("clinic", "12"), user_name("clinic", "North")
    ('clinic 12', 'North')
    """
    return f"{group} {label}" if label.replace(".", "", 1).isdigit() else label


def _data_section(fit: Fit, folder: str) -> list[str]:
    if fit.file is None:
        return []
    path = PurePath(os.path.relpath(fit.file, folder))
    if path.parts[:1] == ("..",):
        return ["", f"# Fitted from {json.dumps(str(fit.file))}, which is outside this folder."]
    lines = ["", "[data]", f"file = {_text(path.as_posix())}", f"group = {_text(fit.group)}"]
    lines.append(f"value = {_text(fit.value)}")
    if fit.covariates:
        lines.append(f"covariates = [{', '.join(map(_text, fit.covariates))}]")
    choices = {"estimator": fit.estimator, "missing": fit.missing, "similar_labels": fit.similar_labels}
    lines += [f"{key} = {_text(choice)}" for key, choice in choices.items() if choice not in {"anova", "raise"}]
    return lines if fit.largest is None else [*lines, f"largest = {fit.largest}"]


def _cost_table(costs: Costs, name: str) -> str:
    if set(costs) != set(_LEVELS):
        raise InputError(name, f"must give a cost for each of {', '.join(_LEVELS)}", dict(costs))
    entries = []
    for level in _LEVELS:
        cost = as_number(costs[level], f"{name}[{level!r}]", allow_inf=True)
        if cost < 0:
            raise InputError(f"{name}[{level!r}]", "must be at least 0", costs[level])
        entries.append(f"{level} = {_number(cost)}")
    return f"{{ {', '.join(entries)} }}"


def _number(cost: Number) -> str:
    if not isinstance(cost, Fraction):
        return repr(cost)
    if cost.denominator == 1:
        return str(cost)
    decimal = format(Decimal(cost.numerator) / cost.denominator, "f")
    return decimal if Fraction(decimal) == cost else f'"{cost}"'


def _text(value: str) -> str:
    # JSON strings are TOML strings, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
