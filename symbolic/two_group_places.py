"""Where a cost stands against the ends of gamma, and what a user answers there (appendix E)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TypeAlias

import sympy as sp

from symbolic import symbols

Span: TypeAlias = "tuple[int, int]"
"""A closed range between two of the marks 0, the indifference point, 1 (numbered 0, 1, 2)."""


class Place(Enum):
    """Where ``cost / alpha`` lies against ``[gamma_min, gamma_max]``."""

    BELOW = "below gamma_min"
    AT_MIN = "at gamma_min"
    INSIDE = "between"
    AT_MAX = "at gamma_max"
    ABOVE = "above gamma_max"


def ranges(
    products: Sequence[Sequence[sp.Set]], arguments: tuple[sp.Symbol, ...], modules: str
) -> Callable[..., object]:
    """A numeric function for the ends ``(low, high)`` of every set; symbols of the utilities come last.

    Parameters
    ----------
    products : sequence of sequence of sympy.Set
        Intervals or single points.
    arguments : tuple of sympy.Symbol
        Arguments of the function.
    modules : str
        As `sympy.lambdify` takes them.

    Returns
    -------
    callable
        Of the arguments.
    """
    ends = [[(side.inf, side.sup) for side in sides] for sides in products]
    others = {symbol for sides in ends for side in sides for end in side for symbol in end.free_symbols}
    names = (*arguments, *sorted(others - set(arguments), key=str))
    return sp.lambdify(names, ends, modules)  # type: ignore[no-any-return]


def graph(place: Place) -> tuple[tuple[Span, Span], ...]:
    """Best responses as (own span, the other's span); gamma increases with the other's probability.

    Parameters
    ----------
    place : Place
        Where ``c/alpha`` lies beside the ends of gamma.

    Returns
    -------
    tuple of (Span, Span)
        The pieces of the graph.
    """
    out, into, any_own = (2, 2), (0, 0), (0, 2)
    return {
        Place.BELOW: ((into, (0, 2)),),
        Place.AT_MIN: ((any_own, (0, 0)), (into, (0, 2))),
        Place.INSIDE: ((out, (0, 1)), (any_own, (1, 1)), (into, (1, 2))),
        Place.AT_MAX: ((out, (0, 2)), (any_own, (2, 2))),
        Place.ABOVE: ((out, (0, 2)),),
    }[place]


def place_condition(place: Place, cost: sp.Symbol, values: tuple[sp.Expr, sp.Expr]) -> sp.Basic:
    """What a place means for the cost, alpha and the ends of gamma.

    Parameters
    ----------
    place : Place
        Where ``c/alpha`` lies beside the ends of gamma.
    cost : sympy.Symbol
        Cost of the user.
    values : tuple of two sympy.Expr
        ``U_1`` and ``U_2``.

    Returns
    -------
    sympy.Basic
        A relation, or a conjunction of two.
    """
    lower, upper = (end * symbols.alpha for end in _ends(values))
    return {
        Place.BELOW: cost < lower,
        Place.AT_MIN: sp.Eq(cost, lower),
        Place.INSIDE: sp.And(lower < cost, cost < upper),
        Place.AT_MAX: sp.Eq(cost, upper),
        Place.ABOVE: cost > upper,
    }[place]


def _ends(values: tuple[sp.Expr, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    return values[1] / 2, values[0]


def as_set(span: Span, mark: sp.Expr) -> sp.Set:
    """The SymPy set of a span, with the indifference point at the mark.

    Parameters
    ----------
    span : Span
        Which probabilities.
    mark : sympy.Expr
        The indifference point.

    Returns
    -------
    sympy.Set
        Within [0, 1].
    """
    low, high = ((sp.S.Zero, mark, sp.S.One)[place] for place in span)
    return sp.FiniteSet(low) if span[0] == span[1] else sp.Interval(low, high)
