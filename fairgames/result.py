"""What all results share: the scenario that they answer, comparison by value, a JSON-ready form, tables."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import chain, zip_longest
from os import PathLike
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Number, ends_within, json_array, json_number
from fairgames.printable import printable

if TYPE_CHECKING:
    from fairgames.assessment.reason import Reason
    from fairgames.scenario.scenario import Scenario
    from fairgames.scenario.users import UserTable

_WIDTH = 100
_NARROWEST = 8
_MOST_ROWS = 60
_MOST_LISTED = 12
_MOST_LINES = 6
_LEFT_OUT = "…"
_FRAMES = ("pandas", "polars", "pyarrow")


class Shown:
    """Mixin of what shows itself as a table: a title, column headers and rows of values, which a subclass gives."""

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        raise NotImplementedError

    def __repr__(self) -> str:
        """Plain table."""
        return plain_table(*self._lines(), notes=self._notes())

    def _repr_html_(self) -> str:
        return html_table(*self._lines(), notes=self._notes())

    def _notes(self) -> Sequence[str]:
        """Lines under the title."""
        return ()

    @public
    def to_frame(self, backend: str | None = None) -> Any:
        """Rows as a data frame: numbers as floats in full, all else as text.

        Parameters
        ----------
        backend : str, optional
            ``"pandas"``, ``"polars"`` or ``"pyarrow"``; by default the first of these that is installed.

        Returns
        -------
        DataFrame
            Of a result that pays users, its `users`; of any other the rows that it prints.

        Raises
        ------
        InputError
            If the library is not installed.
        """
        _, headers, rows = self._lines()
        return frame_of(headers, rows, backend)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Record(Shown):
    """Base of frozen dataclasses (declare them ``@dataclass(frozen=True, eq=False, repr=False)``).

    Two are equal when they are of one class and all their fields are, arrays entry by
    entry. A subclass gives `_lines`, from which its text and notebook forms are made.
    """

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        """Return a title, column headers and rows; by default one row a field."""
        names = [field.name for field in dataclasses.fields(self) if field.name not in _QUESTION]
        rows = [(name, getattr(self, name)) for name in names]
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

    @public
    def who(self, user: int) -> str:
        """Name of a user that is given by number; the number where no scenario names it."""
        return str(user) if self.scenario is None else self.scenario.user_name(user)

    @public
    def plot(self, ax: Any = None) -> Any:
        """Draw the result.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where; by default on a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        InputError
            If there is no picture of such a result, or ``ax`` is none.
        """
        from fairgames.report.figures import draw

        return draw(self, ax)

    @public
    def save(self, path: str | PathLike[str], force: bool = False) -> None:
        """Write a file with the scenario, the question and the whole result, which `fairgames.verify` checks.

        Parameters
        ----------
        path : str or path
            Where; it ends in ``.json``.
        force : bool
            Overwrite a file that is no result, too.

        Raises
        ------
        InputError
            If another file is there, or it cannot be written.
        """
        from fairgames.report.json_file import save_result

        save_result(self, Path(path), force=force)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Paying(Result):
    """A result in which users are paid: it has a row for each, by name."""

    def _paid(self) -> Mapping[str, Any]:
        """Arguments of `user_table`, by default the fields of that name."""
        names = ("profile", "payments", "standard_errors", "costs", "strategies")
        return {name: getattr(self, name, None) for name in names}

    @property
    def users(self) -> UserTable:
        """Users by name, in the scenario's order: level, payment, standard error, cost and gain.

        An entry has a row for each level at which it has users, with their count. Of users who mix, payments and costs
        are expected, and the level says with what chance each is played.
        """
        from fairgames.scenario.users import user_table

        if self.scenario is None:
            raise InputError("users", "are those of a scenario, and this result was made without one")
        return user_table(self.scenario, **self._paid())

    @public
    def explain(self, user: int | str) -> Reason:
        """Say why a user is paid what it is paid.

        Parameters
        ----------
        user : int or str
            Its name, or its number from 0.

        Returns
        -------
        Reason
            What it adds alone and beside the others, what it is paid for, and what moving would bring.

        Raises
        ------
        InputError
            If there is no such user.
        """
        from fairgames.assessment.reason import reason_of

        return reason_of(self, user)

    @public
    def to_frame(self, backend: str | None = None) -> Any:
        """`users` as a data frame; see `Shown.to_frame`."""
        return self.users.to_frame(backend)

    def _repr_html_(self) -> str:
        own = super()._repr_html_()
        return own if self.scenario is None else own + self.users._repr_html_()


_QUESTION = ("scenario", "asked")

Answer = TypeVar("Answer")


def answered(answer: Answer, scenario: Scenario, **asked: Any) -> Answer:
    """Note in a result, or in each of several, what it answers: public functions end with this."""
    each: tuple[Any, ...] = answer if isinstance(answer, tuple) else (answer,)
    for one in each:
        known = one.scenario is not None
        object.__setattr__(one, "scenario", scenario)
        object.__setattr__(one, "asked", asked)
        if getattr(one, "warnings", ()) and not known:
            object.__setattr__(one, "warnings", tuple(named(text, scenario) for text in one.warnings))
    return answer


def named(text: str, scenario: Scenario) -> str:
    """Write names for the numbers of users, by which engines know them.

    Examples
    --------
    >>> from fairgames.scenario.scenario import Scenario
    >>> asked = Scenario([[0, "2/3"], ["2/3", 1]], users=["North", "South"])
    >>> named("user 1 pays; costs fall for users 0, 1", asked)
    'South pays; costs fall for North, South'
    """

    def names(match: re.Match[str]) -> str:
        return ", ".join(scenario.user_name(int(number)) for number in match[1].split(", "))

    return re.sub(r"\busers? (\d+(?:, \d+)*)", names, text)


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


def format_value(value: object, digits: int = 6, most: int | None = None) -> str:
    """Write one value for a table: rationals as they are, floats to ``digits`` digits, at most so many of a list."""
    if value is None:
        return "-"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, Fraction):
        return _rational_text(value, digits)
    if isinstance(value, (float, np.floating)):
        return f"{value + 0.0:.{digits}g}"  # the sum turns -0.0 into 0.0: nothing has no sign
    if isinstance(value, np.ndarray):
        return format_value(value.tolist(), digits, most)
    if isinstance(value, (tuple, list)):
        return listed([format_value(entry, digits, most) for entry in value[:most]], len(value))
    return str(value)


def listed(shown: Sequence[str], total: int) -> str:
    """Write a list in parentheses, and how many of it are left out."""
    left = [] if len(shown) == total else [f"{_LEFT_OUT} {total - len(shown):,} more"]
    return f"({', '.join([*shown, *left])})"


def ends_text(low: Number, high: Number) -> tuple[str, str]:
    """Write the ends of a range: exactly where they are short ratios, otherwise as decimals inside it."""
    texts = [format_value(end) for end in (low, high)]
    inside = [end.rstrip("0").rstrip(".") if "." in end else end for end in ends_within(low, high)]
    ends = zip((low, high), texts, inside, strict=True)
    first, last = (text if isinstance(end, Fraction) and text == str(end) else decimal for end, text, decimal in ends)
    return first, last


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


def plain_table(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[object]], *, notes: Sequence[str] = ()
) -> str:
    """Draw a table in plain text, at most 100 columns wide: what does not fit is marked, and where it is said."""
    shown, footer = _shown_rows(rows)
    cells = [[printable(text_of(cell)) for cell in row] for row in [headers, *shown]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > _WIDTH and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    folded = [[_folded(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    if any(_LEFT_OUT in line for row in folded for cell in row for line in cell):
        footer = [*footer, f"{_LEFT_OUT} stands for what does not fit here: the fields hold all of it"]
    head, *body = ([_joined(parts, widths) for parts in zip_longest(*row, fillvalue="")] for row in folded)
    rule = "  ".join("-" * width for width in widths)
    titles = [line for part in (title, *notes) for line in wrap(printable(part), _WIDTH) or [""]]
    return "\n".join([*titles, *head, rule, *chain.from_iterable(body), *footer])


def html_table(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[object]], *, notes: Sequence[str] = ()
) -> str:
    """Draw a table for notebooks: words to the left, numbers to the right; without rows, the title says it all."""
    title = "; ".join([title, *notes])
    if not rows:
        return f"<p>{html.escape(printable(title))}</p>"
    shown, footer = _shown_rows(rows)
    cells = [[text_of(cell) for cell in row] for row in shown]
    sides = ["right" if are_numbers(column) else "left" for column in zip(*cells, strict=True)]

    def line(tag: str, cells: Sequence[str]) -> str:
        drawn = (
            f'<{tag} style="text-align: {side}">{html.escape(printable(cell))}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(drawn)}</tr>"

    head, body = line("th", headers), "".join(line("td", row) for row in cells)
    caption = f"<caption>{html.escape(printable(title))}</caption>"
    below = "".join(f"<p>{html.escape(text)}</p>" for text in footer)
    return f"<table>{caption}<thead>{head}</thead><tbody>{body}</tbody></table>{below}"


def text_of(cell: object) -> str:
    """Text of a cell: long lists shortened."""
    return cell if isinstance(cell, str) else format_value(cell, most=_MOST_LISTED)


def _shown_rows(rows: Sequence[Sequence[object]]) -> tuple[Sequence[Sequence[object]], list[str]]:
    if len(rows) <= _MOST_ROWS:
        return rows, []
    left = f"{_LEFT_OUT} {len(rows) - _MOST_ROWS:,} more rows: .to_frame() has them all"
    return rows[:_MOST_ROWS], [left]


def _folded(text: str, width: int) -> list[str]:
    """Lines of a cell."""
    if len(text) <= width:
        return [text]
    *lines, last = wrap(text, width)[:_MOST_LINES]
    whole = len("".join([*lines, last]).replace(" ", "")) == len(text.replace(" ", ""))
    return [*lines, last if whole else last[: width - 1] + _LEFT_OUT]


def _joined(parts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def frame_of(headers: Sequence[str], rows: Sequence[Sequence[object]], backend: str | None) -> Any:
    """Put rows into a data frame of an installed library."""
    from importlib.util import find_spec

    installed = [name for name in _FRAMES if find_spec(name) is not None]
    if backend is not None and backend not in _FRAMES:
        raise InputError("backend", f"must be one of {', '.join(_FRAMES)}", backend)
    if backend not in {None, *installed} or not installed:
        wanted = backend or " or ".join(_FRAMES)
        raise InputError("backend", f"needs {wanted}, which is not installed: pip install {backend or _FRAMES[0]}")
    import narwhals as nw

    columns = {name: _column([row[place] for row in rows]) for place, name in enumerate(headers)}
    return nw.from_dict(columns, backend=backend or installed[0]).to_native()  # type: ignore[arg-type]


def _column(values: Sequence[Any]) -> list[Any]:
    """One kind of entry a column: numbers, truth values, or text."""
    known = [value for value in values if value is not None]
    if all(isinstance(value, (bool, np.bool_)) for value in known):
        return [None if value is None else bool(value) for value in values]
    if all(isinstance(value, (int, np.integer)) for value in known):
        return [None if value is None else int(value) for value in values]
    if all(isinstance(value, (int, float, Fraction, np.number)) for value in known):
        return [None if value is None else float(value) for value in values]
    return [None if value is None else value if isinstance(value, str) else format_value(value, 15) for value in values]


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
