"""Comparative statics: the optimum over any number of the specification; called by ``fairgames design --sweep``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fairgames.arguments import public
from fairgames.errors import InputError, asked
from fairgames.exactness import Array
from fairgames.mechanism.optimum import Optimum
from fairgames.parallel import run_in_order
from fairgames.result import Result, format_value

_COLUMNS = ("alpha", "value", "utility", "users_surplus", "welfare", "price_of_fairness", "profile")


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Result):
    """The optimum at each of several values of one number.

    Attributes
    ----------
    name : str
        What is varied.
    values : tuple
        Its values, as given.
    optima : tuple of Optimum
        The optimum at each.
    """

    name: str
    values: tuple[Any, ...]
    optima: tuple[Optimum, ...]

    @public
    def column(self, quantity: str) -> Array:
        """One field of every optimum, as an array; NaN where nothing meets the constraints.

        Parameters
        ----------
        quantity : str
            A numeric field of `Optimum`, for instance ``"alpha"``.

        Returns
        -------
        ndarray
            Of float; or of object, holding Fractions, when every entry is exact.

        Raises
        ------
        InputError
            If `Optimum` has no such field.
        """
        if quantity not in Optimum.__dataclass_fields__:
            raise InputError("quantity", "must be a field of Optimum", quantity)
        entries = [getattr(optimum, quantity) for optimum in self.optima]
        exact = all(optimum.exact for optimum in self.optima) and None not in entries
        if exact:
            column = np.empty(len(entries), dtype=object)
            column[:] = entries
            return column
        return np.array([np.nan if entry is None else float(entry) for entry in entries])

    def table(self) -> dict[str, list[Any]]:
        """Columns by name, ready for any data frame: the value, then what became of each optimum."""
        columns: dict[str, list[Any]] = {self.name: list(self.values)}
        for column in _COLUMNS:
            columns[column] = [getattr(optimum, column) for optimum in self.optima]
        return columns

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        rows = [
            [format_value(value), *(format_value(getattr(optimum, column)) for column in _COLUMNS)]
            for value, optimum in zip(self.values, self.optima, strict=True)
        ]
        return f"Sweep over {self.name}", (self.name, *(column.replace("_", " ") for column in _COLUMNS)), rows


@public
def sweep(
    solve: Callable[..., Optimum],
    values: Iterable[Any],
    *,
    name: str = "value",
    argument: str | None = None,
    n_jobs: int | None = None,
    **fixed: Any,
) -> Sweep:
    """Solve the platform's problem at each of several values.

    Parameters
    ----------
    solve : callable
        Returns an `Optimum`: ``solve(value, **fixed)``, or with ``argument`` given
        ``solve(**{argument: value}, **fixed)``, for instance `optimal_alpha` itself.
    values : iterable
        The values. Each point is solved exactly where its numbers are rational.
    name : str
        What is varied; by default the argument's name.
    argument : str, optional
        Keyword argument of ``solve`` that takes the value.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.
    **fixed
        Passed on to every call.

    Returns
    -------
    Sweep
        One optimum a value, in the order given.

    Raises
    ------
    InputError
        If there are no values, or ``solve`` returns something else than an optimum.

    Examples
    --------
    >>> from fairgames.mechanism.optimal import optimal_alpha
    >>> result = sweep(lambda c: optimal_alpha([[0, "2/3"], ["2/3", 1]], [0, c]), ["1/10", "2/10"], name="cost")
    >>> [str(alpha) for alpha in result.column("alpha")]
    ['1/5', '2/5']
    """
    points = tuple(values)
    if not points:
        raise InputError("values", "must hold at least one value")
    optima = []
    once = partial(solve, **fixed) if argument is None else partial(_with_argument, solve, argument, fixed)
    at = partial(asked, once, "solve")
    for place, optimum in enumerate(run_in_order(at, points, n_jobs=n_jobs, description="sweep")):
        if not isinstance(optimum, Optimum):
            raise InputError("solve", f"must return an Optimum; at values[{place}] it returned", optimum)
        optima.append(optimum)
    label = argument if argument is not None and name == "value" else name
    return Sweep(label, points, tuple(optima))


def _with_argument(solve: Callable[..., Optimum], argument: str, fixed: dict[str, Any], value: Any) -> Optimum:
    return solve(**{argument: value}, **fixed)
