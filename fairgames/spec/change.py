"""A specification with a number changed, as ``--sweep`` asks."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fairgames.errors import InputError

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
