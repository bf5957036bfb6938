"""Values as a specification writes them, for messages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal


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
