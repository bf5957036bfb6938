"""The cross-check: closed forms and numerics evaluated at the same points; called by ``fairgames crosscheck``.

What it is made of (questions, points, their comparison) comes first. The sections beside this file ask the questions,
`game` those about one given game; they read the package `symbolic`, whose name others use too, so they are imported
late.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.errors import FairGamesError, InputError
from fairgames.exactness import Array, Number, as_array
from fairgames.result import Result, answered, format_value
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import comparison_tolerance
from fairgames.utility.base import Utility
from fairgames.utility.table import CountUtility


def closed_form_error() -> type[Exception]:
    """Return the base class of the errors that the package `symbolic` raises on purpose.

    Raises
    ------
    FairGamesError
        If another package named ``symbolic`` is on the path.

    Examples
    --------
    >>> closed_form_error().__name__
    'SymbolicError'
    """
    import symbolic

    try:
        refusal: Any = import_module("symbolic.errors").SymbolicError
    except (ImportError, AttributeError):
        # A folder without __init__.py has no file of its own, only a path.
        place = symbolic.__file__ or next(iter(symbolic.__path__))
        raise FairGamesError(
            f"the package symbolic at {place} is not the one that fairgames brings; "
            "uninstall it, or move it off the path, and install fairgames again"
        ) from None
    return refusal  # type: ignore[no-any-return]


def evaluator(form: Any) -> Callable[..., Any]:
    """Return a function of a form's arguments that takes rationals and gives SymPy numbers.

    Substituting into a form with several regimes takes a hundred times as long as evaluating the one that holds.

    Parameters
    ----------
    form : symbolic.closed_form.ClosedForm
        One of which the root has to be isolated is evaluated by its own `at`.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from symbolic.two_group_regions import region_map
    >>> evaluator(region_map().value)(Fraction(3, 10), Fraction(31, 100))
    29/75
    """
    import sympy as sp

    from symbolic.closed_form import RootForm

    if isinstance(form, RootForm):
        return form.at
    # Generated code would divide the integers of 2/3 as floats.
    fractions = [number for number in form.expression.atoms(sp.Rational) if not number.is_Integer]
    names = [sp.Dummy(f"r{place}") for place in range(len(fractions))]
    expression = form.expression.xreplace(dict(zip(fractions, names, strict=True)))
    function = sp.lambdify([*form.arguments, *names], expression, "sympy")
    return lambda *values: function(*map(sp.sympify, values), *fractions)


AGREES, MISMATCH, NOT_APPLICABLE = "agrees", "MISMATCH", "not applicable"

NEAR = Fraction(1, 1000)
"""Relative distance of the points on both sides of a breakpoint."""


class Point(NamedTuple):
    """Numbers from both sources at one place."""

    where: str
    closed: tuple[Number, ...]
    numeric: tuple[Number, ...]


class Draws:
    """Random rationals for one quantity; the same seed and quantity give the same ones."""

    def __init__(self, points: int, seed: int, quantity: str) -> None:
        self.points = points
        self._random = np.random.default_rng([seed, zlib.crc32(quantity.encode())])

    def integer(self, low: int, high: int) -> int:
        """One of ``low, …, high``."""
        return int(self._random.integers(low, high + 1))

    def rational(self, low: Number | int = 0, high: Number | int = 1) -> Fraction:
        """A number strictly between two others."""
        parts = self.integer(7, 60)
        return Fraction(low) + (Fraction(high) - Fraction(low)) * Fraction(self.integer(1, parts - 1), parts)

    def gains(self, n_users: int) -> list[Fraction]:
        """Different positive numbers."""
        return [Fraction(int(gain), 60) for gain in self._random.choice(np.arange(1, 121), n_users, replace=False)]

    def rising(self, n_users: int) -> list[Fraction]:
        """Utilities ``U_1 < … < U_N``."""
        return _sums(self.gains(n_users))

    def concave(self, n_users: int) -> list[Fraction]:
        """Utilities ``U_1 < … < U_N`` whose increments fall."""
        return _sums(sorted(self.gains(n_users), reverse=True))

    def table(self, shape: Sequence[int]) -> Array:
        """A utility at every profile: any numbers, 0 where everybody is absent."""
        values = np.empty(tuple(shape), dtype=object)
        values.reshape(-1)[:] = [Fraction(int(value), 60) for value in self._random.integers(-30, 121, values.size)]
        values[(0,) * values.ndim] = Fraction(0)
        return values


def _sums(gains: Sequence[Fraction]) -> list[Fraction]:
    return [sum(gains[: k + 1], Fraction(0)) for k in range(len(gains))]


def by_count(utilities: Sequence[Fraction]) -> CountUtility:
    """The utility of ``1, …, N`` present users, given as ``U_1, …, U_N``."""
    return CountUtility(as_array([0, *utilities], "utilities"))


def around(*breakpoints: Fraction) -> Iterator[Fraction]:
    """Each breakpoint, and a point close to it on either side."""
    for place in breakpoints:
        yield from (place * (1 - NEAR), place, place * (1 + NEAR))


class Question(NamedTuple):
    """One quantity, and how to evaluate it in both ways."""

    quantity: str
    source: str
    points: Callable[[Draws], Iterable[Point]]
    exact: bool = True
    """Whether the numerics are rationals wherever the answer is."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Result):
    """One quantity of the cross-check.

    Attributes
    ----------
    quantity, source : str
        What is compared, and the equation or statement that it comes from.
    points, exact_points : int
        Places at which both were evaluated, and how many of them were compared in rationals.
    largest_difference : Fraction, float or None
        None when nothing was compared, or where the two did not even have the same number of answers.
    verdict : {"agrees", "MISMATCH", "not applicable"}
        Rationals must be equal; floats may differ by rounding.
    note : str
        The first point that differs, or why the check does not apply.
    """

    quantity: str
    source: str
    points: int
    exact_points: int
    largest_difference: Number | None
    verdict: str
    note: str = ""

    def cells(self) -> list[str]:
        """One row of the printed table."""
        counts = [str(self.points), str(self.exact_points)] if self.points else ["-", "-"]
        return [self.quantity, self.source, *counts, format_value(self.largest_difference, 3), self.verdict, self.note]


def at(where: str, closed: object, numeric: object) -> Point:
    """Make a point of numbers, SymPy expressions, matrices, arrays, truth values or sequences of them."""
    return Point(where, tuple(_numbers(closed)), tuple(_numbers(numeric)))


def compare(question: Question, points: int, seed: int) -> Comparison:
    """Evaluate a quantity in both ways at all its points."""
    try:
        found = list(question.points(Draws(points, seed, question.quantity)))
    except NotApplicableError as reason:
        return Comparison(question.quantity, question.source, 0, 0, None, NOT_APPLICABLE, str(reason))
    except closed_form_error() as refusal:
        why = f"the closed form has no value: {refusal}"
        return Comparison(question.quantity, question.source, 0, 0, None, MISMATCH, why)
    values = np.array([float(value) for point in found for value in point.closed])
    tolerance = comparison_tolerance(values)
    wrong = [point for point in found if not _agrees(point, question.exact, tolerance)]
    comparable = [point for point in found if len(point.closed) == len(point.numeric)]
    differences = [_distance(*pair) for point in comparable for pair in zip(*point[1:], strict=True)]
    return Comparison(
        quantity=question.quantity,
        source=question.source,
        points=len(found),
        exact_points=sum(all(isinstance(value, Fraction) for value in (*a, *b)) for _, a, b in found),
        largest_difference=max(differences) if differences and len(comparable) == len(found) else None,
        verdict=MISMATCH if wrong or not found else AGREES,
        note=_text(wrong[0]) if wrong else "",
    )


def _agrees(point: Point, exact: bool, tolerance: float) -> bool:
    if len(point.closed) != len(point.numeric):
        return False
    for closed, numeric in zip(point.closed, point.numeric, strict=True):
        rational = isinstance(closed, Fraction)
        if exact and rational and not isinstance(numeric, Fraction):
            return False
        # Not "distance > …": a NaN must not pass.
        if not _distance(closed, numeric) <= (0 if rational and isinstance(numeric, Fraction) else tolerance):
            return False
    return True


def _distance(a: Number, b: Number) -> Number:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return abs(a - b)
    return abs(float(a) - float(b))


def _text(point: Point) -> str:
    return f"{point.where}: closed form {format_value(point.closed)}, numerics {format_value(point.numeric)}"


def _numbers(value: object) -> Iterator[Number]:
    if isinstance(value, (Fraction, float)):
        yield value
    elif isinstance(value, (bool, int, np.bool_, np.integer)):
        yield Fraction(int(value))
    elif isinstance(value, np.ndarray):
        yield from (number for entry in value.ravel().tolist() for number in _numbers(entry))
    elif isinstance(value, (tuple, list)):
        yield from (number for entry in value for number in _numbers(entry))
    else:
        yield from _symbolic_numbers(value)


def _symbolic_numbers(value: Any) -> Iterator[Number]:
    import sympy as sp

    if isinstance(value, sp.MatrixBase):
        yield from (number for entry in value for number in _numbers(entry))
    elif value in (sp.true, sp.false):
        yield Fraction(int(value == sp.true))
    elif value.is_Rational:
        yield Fraction(value)
    else:
        number = value.evalf(30)
        yield float(number) if number.is_extended_real else math.nan


MOST_USERS = 8
"""More users are not worth their 2^N subsets in symbols."""


class Game(NamedTuple):
    """A utility, and what the levels cost; None where that is not known."""

    utility: Utility
    costs: Array | None


class NotApplicableError(Exception):
    """The closed form does not cover this game; the message says why."""


def require(holds: bool, why: str) -> None:
    """Raise unless the closed form covers the game."""
    if not holds:
        raise NotApplicableError(why)


def derived(derive: Callable[..., Any], *arguments: object) -> Any:
    """A closed form of the game at hand; it covers no other, and says why."""
    try:
        return derive(*arguments)
    except closed_form_error() as reason:
        raise NotApplicableError(str(reason)) from None


def exchangeable_values(utility: Utility, level: int) -> list[Fraction]:
    """Utilities ``U_1, …, U_N`` by number of users at a level, all others absent."""
    n_users = utility.n_users
    counts = [[0] * utility.shape[0] for _ in range(n_users)]
    for k, row in enumerate(counts, 1):
        row[0], row[level] = n_users - k, k
    return [Fraction(utility([row])) for row in counts]


HEADERS = ("quantity", "source", "points", "exact", "largest difference", "verdict", "note")


@dataclass(frozen=True, eq=False, repr=False)
class CrossCheck(Result):
    """Closed forms against numerics, quantity by quantity.

    Attributes
    ----------
    comparisons : tuple of Comparison
        One a quantity.
    points, seed : int
        What the random points were drawn from.
    """

    comparisons: tuple[Comparison, ...]
    points: int
    seed: int

    @property
    def agreed(self) -> bool:
        """Whether no quantity differs (and at least one could be compared)."""
        return not self.mismatches and any(one.points for one in self.comparisons)

    @property
    def mismatches(self) -> tuple[Comparison, ...]:
        """The quantities that differ."""
        return tuple(one for one in self.comparisons if one.verdict == MISMATCH)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        compared = [one for one in self.comparisons if one.points]
        places, exact = (sum(getattr(one, name) for one in compared) for name in ("points", "exact_points"))
        summary = (
            f"{len(compared)} quantities at {places:,} points, {exact:,} of them in rationals: "
            f"{len(self.mismatches) or 'no'} mismatch{'es' if len(self.mismatches) > 1 else ''}"
        )
        return summary, HEADERS, [one.cells() for one in self.comparisons]


@public
def crosscheck(
    utility: Scenario | Utility | ArrayLike | None = None,
    *,
    everything: bool = False,
    points: int = 12,
    seed: int = 0,
) -> CrossCheck:
    """Evaluate the closed forms of the package `symbolic` and the numerics at the same points.

    The points are random rationals and the breakpoints themselves: thresholds, ends of regimes and the boundary
    curves between regions. Where the answer is rational the two must be equal; floats may differ by rounding.

    Parameters
    ----------
    utility : Scenario, Utility or array_like, optional
        Check what the closed forms say about this game; costs that it lacks are drawn. By default all closed
        forms are checked, on games of their own.
    everything : bool
        More users, larger tables and finer grids; takes minutes.
    points : int
        About how many random places a quantity is evaluated at.
    seed : int
        The same seed gives the same points.

    Returns
    -------
    CrossCheck
        ``agreed`` is the verdict.

    Raises
    ------
    InputError
        If an argument is malformed.
    FairGamesError
        If another package named ``symbolic`` is on the path.

    Examples
    --------
    >>> check = crosscheck([[0, "2/3"], ["2/3", 1]], points=2)
    >>> check.agreed, [(one.quantity, one.largest_difference) for one in check.comparisons][0]
    (True, ('fair payments', Fraction(0, 1)))
    """
    for name, value, least in (("points", points, 1), ("seed", seed, 0)):
        if value < least:
            raise InputError(name, f"must be a whole number of at least {least}", value)
    closed_form_error()
    if utility is None:
        return CrossCheck(tuple(compare(one, points, seed) for one in all_questions(everything)), points, seed)
    from fairgames.assessment.crosscheck.game import compare_game

    asked = as_scenario(utility)
    few = asked.costs is not None and asked.n_users <= MOST_USERS
    game = Game(asked.utility, asked.user_costs if few else None)
    return answered(CrossCheck(compare_game(game, points, seed), points, seed), asked)


def all_questions(everything: bool) -> Iterator[Question]:
    """Every quantity of every section."""
    from fairgames.assessment.crosscheck import symmetric, two_player, utilities

    for section in (utilities.payment_questions, utilities.mean_questions, symmetric.questions, two_player.questions):
        yield from section(everything)
