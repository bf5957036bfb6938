"""What all results share: the scenario that they answer, comparison by value, a JSON-ready form, tables."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fairgames.exactness import json_array, json_number
from fairgames.printable import printable

if TYPE_CHECKING:
    from fairgames.scenario.scenario import Scenario


class Shown:
    """Mixin of what shows itself as a table: a title, column headers and rows, which a subclass gives."""

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        raise NotImplementedError

    def __repr__(self) -> str:
        """Plain table."""
        return plain_table(*self._lines())

    def _repr_html_(self) -> str:
        return html_table(*self._lines())


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Record(Shown):
    """Base of frozen dataclasses (declare them ``@dataclass(frozen=True, eq=False, repr=False)``).

    Two are equal when they are of one class and all their fields are, arrays entry by
    entry. A subclass gives `_lines`, from which its text and notebook forms are made.
    """

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        """Return a title, column headers and rows; by default one row a field."""
        names = [field.name for field in dataclasses.fields(self) if field.name not in _QUESTION]
        rows = [(name, format_value(getattr(self, name))) for name in names]
        return type(self).__name__, ("field", "value"), rows

    def __eq__(self, other: object) -> bool:
        """Compare field by field."""
        if type(self) is not type(other):
            return NotImplemented
        names = [field.name for field in dataclasses.fields(self) if field.compare]
        return all(_equal(getattr(self, name), getattr(other, name)) for name in names)

    def __hash__(self) -> int:
        """Agree with ``==``: equal results have equal plain forms."""
        return hash(repr(self.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form: rationals as text (``"2/3"``), infinity as ``"inf"``, arrays as lists.

        Returns
        -------
        dict
            ``"kind"`` holds the class name; the other keys are the fields, but for those that are not
            compared: the input that a result was made from.
        """
        plain: dict[str, Any] = {"kind": type(self).__name__}
        for field in dataclasses.fields(self):
            if field.compare:
                plain[field.name] = json_ready(getattr(self, field.name))
        return plain


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Result(Record):
    """A record that answers a question.

    Attributes
    ----------
    scenario : Scenario or None
        The question, as `answered` notes it: not compared, nor in the plain form. None for what a public function has
        not returned, and where the question is a game that was given as arrays.
    asked : mapping
        What else the function was asked, beside the scenario: what it takes to ask again. Not compared either.
    """

    scenario: Scenario | None = dataclasses.field(default=None, compare=False, kw_only=True)
    asked: Mapping[str, Any] = dataclasses.field(default_factory=dict, compare=False, kw_only=True)


_QUESTION = ("scenario", "asked")

Answer = TypeVar("Answer")


def answered(answer: Answer, scenario: Scenario, **asked: Any) -> Answer:
    """Note in a result, or in each of several, what it answers: public functions end with this."""
    for one in answer if isinstance(answer, tuple) else (answer,):
        object.__setattr__(one, "scenario", scenario)
        object.__setattr__(one, "asked", asked)
    return answer


def json_ready(value: object) -> Any:
    """Turn results, arrays, numbers, mappings and sequences into what ``json.dump`` accepts."""
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype.kind in "iubUS" else json_array(value)
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (Fraction, float, np.number)):
        return json_number(value)  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return {str(key): json_ready(entry) for key, entry in value.items()}
    if isinstance(value, (Sequence, set, frozenset)):
        return [json_ready(entry) for entry in value]
    raise TypeError(f"a result field of type {type(value).__name__} has no JSON form")


def _equal(left: object, right: object) -> bool:
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return isinstance(left, np.ndarray) and isinstance(right, np.ndarray) and np.array_equal(left, right)
    if isinstance(left, (tuple, list)) and isinstance(right, (tuple, list)):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


def format_value(value: object, digits: int = 6) -> str:
    """Write one value for a table: rationals as they are, floats to ``digits`` significant digits."""
    if value is None:
        return "-"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, Fraction):
        return _rational_text(value, digits)
    if isinstance(value, (float, np.floating)):
        return f"{value + 0.0:.{digits}g}"  # the sum turns -0.0 into 0.0: nothing has no sign
    if isinstance(value, np.ndarray):
        return format_value(value.tolist(), digits)
    if isinstance(value, (tuple, list)):
        return f"({', '.join(format_value(entry, digits) for entry in value)})"
    return str(value)


def _rational_text(value: Fraction, digits: int) -> str:
    top, bottom = value.as_integer_ratio()
    if top.bit_length() + bottom.bit_length() <= 8 * digits and len(text := str(value)) <= 2 * digits:
        return text
    if abs(top.bit_length() - bottom.bit_length()) < 1_000:
        return f"{float(value):.{digits}g}"
    # Beyond what a float can hold, and so near to nothing that a float would be 0.
    with localcontext(prec=digits + 3):
        return f"{(Decimal(top) / Decimal(bottom)).normalize():.{digits}g}"


def counted(number: int, one: str, more: str) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> counted(1, "equilibrium", "equilibria"), counted(3, "equilibrium", "equilibria")
    ('1 equilibrium', '3 equilibria')
    """
    return f"{number} {one if number == 1 else more}"


def plain_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table in plain text, columns padded to their widest cell."""
    cells = [[printable(cell) for cell in row] for row in [headers, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join(line.rstrip() for line in [printable(title), lines[0], rule, *lines[1:]])


def html_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table for notebooks: words to the left, numbers to the right; without rows, the title says it all."""
    if not rows:
        return f"<p>{html.escape(printable(title))}</p>"
    sides = ["right" if are_numbers(column) else "left" for column in zip(*rows, strict=True)]

    def line(tag: str, cells: Sequence[str]) -> str:
        drawn = (
            f'<{tag} style="text-align: {side}">{html.escape(printable(cell))}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(drawn)}</tr>"

    head, body = line("th", headers), "".join(line("td", row) for row in rows)
    return (
        f"<table><caption>{html.escape(printable(title))}</caption><thead>{head}</thead><tbody>{body}</tbody></table>"
    )


def are_numbers(cells: Sequence[str]) -> bool:
    """Whether every cell reads as a number, ratio or percentage, or stands for none, and some are numbers."""
    texts = [str(cell) for cell in cells if cell not in {"-", ""}]
    try:
        for text in texts:
            # As a float: a name such as 1e999999999 is no number to compute exactly.
            float(text.replace(",", "").replace("/", "").rstrip("%"))
    except ValueError:
        return False
    return bool(texts)
