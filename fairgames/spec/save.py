"""Write a scenario as a specification (TOML) that reads back as an equal one.

Its utility is written as the formula that it is, or as a table of all profiles where it is none that a specification
knows. `Scenario.save` calls this.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, Number, is_exact
from fairgames.files import Output
from fairgames.memory import readable_count
from fairgames.scenario.scenario import Scenario
from fairgames.utility.base import Utility
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.table import CountUtility

MOST_PROFILES = 100_000
"""Larger tables are no text that anybody reads."""


def save_specification(scenario: Scenario, path: Path, *, force: bool) -> None:
    """Write a scenario to a file; see `Scenario.save`."""
    inputs = () if scenario.data is None else (scenario.data.file,)
    written = Output(path, "path", force=force, inputs=inputs)
    written.check()
    written.write(specification_of(scenario, path.parent))


def specification_of(scenario: Scenario, folder: Path) -> str:
    """Write the text of a specification that stands in a folder."""
    utility, each = _utility(scenario)
    platform = {
        "alpha": scenario.alpha,
        "selection": scenario.selection if scenario.selection != "best" else None,
        "margin": scenario.margin or None,
        "budget": scenario.budget,
        "min_utility": scenario.min_utility,
        "alpha_from": scenario.alpha_range[0] or None,
        "alpha_to": scenario.alpha_range[1] if scenario.alpha_range[1] < 1 else None,
        "unit": scenario.unit,
        "unit_value": scenario.unit_value,
    }
    head = {
        "title": scenario.title,
        "levels": scenario.levels,
        "amounts": scenario.amounts,
        "floats": _floats(scenario),
    }
    sections = [
        _keys(head),
        ["[utility]", *_keys(utility)],
        *(["[platform]", *_keys(platform)] for _ in range(any(value is not None for value in platform.values()))),
        *(["[[users]]", *_keys(_entry(scenario, entry) | own)] for entry, own in enumerate(each)),
        *_data(scenario, folder),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _keys(table: Mapping[str, Any]) -> Iterator[str]:
    return (f"{key} = {_toml(value)}" for key, value in table.items() if value is not None)


def _floats(scenario: Scenario) -> tuple[str, ...] | None:
    """Name what holds floats, which would be read as the rationals that they are written as."""
    numbers = {
        "costs": scenario.costs,
        "amounts": scenario.amounts,
        "alpha": scenario.alpha,
        "margin": scenario.margin,
        "budget": scenario.budget,
        "min_utility": scenario.min_utility,
        "alpha_range": scenario.alpha_range,
        "unit_value": scenario.unit_value,
    }
    utility = scenario.utility
    kept = utility.epsilons if isinstance(utility, DPMeanUtility) else np.empty(0)
    exact = is_exact(kept) if isinstance(utility, DPMeanUtility) else utility.exact
    known = isinstance(utility, FederatedMeanUtility)
    found = [] if exact or known else ["utility"]
    found += [name for name, value in numbers.items() if value is not None and _holds_floats(value)]
    return tuple(found) or None


def _holds_floats(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return not is_exact(value)
    return any(isinstance(one, float) for one in (value if isinstance(value, tuple) else (value,)))


def _entry(scenario: Scenario, entry: int) -> dict[str, Any]:
    levels, choices = scenario.levels, scenario.choices[entry]
    count = scenario.counts[entry]
    keys: dict[str, Any] = {"name": scenario.users[entry], "count": count if count > 1 else None}
    if scenario.costs is not None:
        keys["costs"] = dict(zip(levels[1:], scenario.costs[entry, 1:].tolist(), strict=True))
    if scenario.costs is None or 0 not in choices:
        everything = len(choices) == len(levels)
        keys["choices"] = None if everything else [levels[level] for level in choices]
    if scenario.profile is not None:
        keys["level"] = levels[scenario.profile[entry]]
    return keys


def _utility(scenario: Scenario) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Keys of ``[utility]``, and those of each entry that belong to it."""
    utility, plain = scenario.utility, [dict[str, Any]() for _ in scenario.users]
    if isinstance(utility, (FederatedMeanUtility, DPMeanUtility)) and _entries_are_alike(scenario):
        kinds = scenario.entry_types
        if isinstance(utility, DPMeanUtility):
            rows = (utility.epsilons[kind, 1:].tolist() for kind in kinds)
            return {"kind": "dp-mean"}, [{"epsilons": dict(zip(scenario.levels[1:], row, strict=True))} for row in rows]
        samples = utility.samples[kinds]
        if (samples == np.floor(samples)).all():
            section = {
                "kind": "federated-mean",
                "between_variance": utility.between_variance,
                "within_variance": utility.within_variance,
                "aggregation": utility.aggregation,
            }
            pairs = zip(samples.astype(int).tolist(), utility.importance[kinds].tolist(), strict=True)
            return section, [{"samples": size, "importance": weight} for size, weight in pairs]
    if isinstance(utility, CountUtility):
        return {"kind": "table", "by_count": utility.values.tolist()}, plain
    return {"kind": "table", "values": _table(utility).tolist()}, plain


def _entries_are_alike(scenario: Scenario) -> bool:
    """Whether each entry has users of one type, as entries of a formula have."""
    ends = np.cumsum(scenario.counts)
    breaks = np.cumsum(scenario.utility.entry_counts)
    kinds = scenario.utility.entry_types
    inside = np.flatnonzero(~np.isin(breaks[:-1], ends))
    return bool((kinds[inside] == kinds[inside + 1]).all())


def _table(utility: Utility) -> Array:
    kind = type(utility).__name__
    if utility.n_users > 64 or np.prod(np.array(utility.shape, dtype=float)) > MOST_PROFILES:
        size = readable_count(max(utility.type_levels) ** min(utility.n_users, 10_000))
        raise SizeError(
            f"a specification knows no formula of a {kind}, and a table of {size} profiles is too large to be written "
            f"(at most {MOST_PROFILES:,})"
        )
    if len(set(utility.shape)) > 1:
        raise InputError(
            "utility", "must give all users as many levels to be written as a specification", utility.shape
        )
    return utility.tensor()


def _data(scenario: Scenario, folder: Path) -> Iterator[list[str]]:
    data = scenario.data
    if data is None:
        return
    if not isinstance(scenario.utility, FederatedMeanUtility):
        raise InputError("data", "must be None to be saved, unless the utility is a federated mean", str(data.file))
    name = PurePath(os.path.relpath(data.file, folder.resolve()))
    if name.parts[:1] == ("..",):
        raise InputError("data.file", f"must lie below the folder of the specification, {folder}", str(data.file))
    yield ["[data]", *_keys({"file": name.as_posix(), "group": data.group, "value": data.value, **data.options})]


def _toml(value: Any) -> str:
    if isinstance(value, str):
        # JSON strings are TOML strings, but for the one control character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_toml, value))}]"
    return _number(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _number(number: Number) -> str:
    if not isinstance(number, Fraction):
        return repr(number)
    if number.denominator == 1:
        return str(number)
    decimal = format(Decimal(number.numerator) / number.denominator, "f")
    return decimal if Fraction(decimal) == number else f'"{number}"'
