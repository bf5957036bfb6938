"""Two users (or groups) with different costs and two actions: best responses, cells, continua (appendix E).

User 1 is more private with probability p, user 2 with probability q. Each is indifferent where the other's
probability gives ``gamma = cost / alpha``, so everything depends on where ``cost / alpha`` lies against the
ends of gamma: below both, at the lower end, between, at the upper end, above.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import product

import sympy as sp

from symbolic import symbols
from symbolic.claims import concave, monotone, require, symmetric_utilities
from symbolic.closed_form import ClosedForm, Derivation
from symbolic.errors import InputError
from symbolic.symmetric import absence_gamma

Span = tuple[int, int]
"""A closed range between two of the marks 0, the indifference point, 1 (numbered 0, 1, 2)."""


class Place(Enum):
    """Where ``cost / alpha`` lies against ``[gamma_min, gamma_max]``."""

    BELOW = "below gamma_min"
    AT_MIN = "at gamma_min"
    INSIDE = "between"
    AT_MAX = "at gamma_max"
    ABOVE = "above gamma_max"


@dataclass(frozen=True)
class BestResponse:
    """All best responses of one user at one place of its ``cost / alpha``.

    Parameters
    ----------
    place : Place
    condition : sympy.Boolean
        What the place means for the cost, alpha and the ends of gamma.
    cases : tuple of (sympy.Set, sympy.Set)
        Pairs: the other's probability lies in the first set, then every own probability in the second
        is a best response.
    """

    place: Place
    condition: sp.Basic
    cases: tuple[tuple[sp.Set, sp.Set], ...]


@dataclass(frozen=True)
class Cell:
    """All equilibria (p, q) for one place of each user.

    Parameters
    ----------
    places : tuple of two Place
    condition : sympy.Boolean
    equilibria : tuple of sympy.Set
        Products of a set for p and a set for q; a product with an interval is a continuum.
    """

    places: tuple[Place, Place]
    condition: sp.Basic
    equilibria: tuple[sp.Set, ...]

    @property
    def is_boundary(self) -> bool:
        """Whether a cost lies exactly at an end of gamma, so that there may be continua."""
        return bool({Place.AT_MIN, Place.AT_MAX} & set(self.places))

    @property
    def has_continuum(self) -> bool:
        """Whether there are infinitely many equilibria."""
        return any(not equilibrium.is_finite_set for equilibrium in self.equilibria)


@dataclass(frozen=True)
class MixedEquilibrium(Derivation):
    """The equilibrium in which both users mix: each makes the other indifferent."""

    first: ClosedForm
    second: ClosedForm
    conditions: tuple[sp.Basic, ...]


PAPER = ("2/3", 1)
"""Utilities of one and of two users in the paper's example."""


def pair_utilities(utilities: tuple[object, ...]) -> tuple[sp.Expr, sp.Expr]:
    """Check the utilities of one and of two users.

    Raises
    ------
    ClaimError
        When they are not monotone or not concave.
    InputError
        When they are additive: gamma is then flat, and the users do not affect each other.

    Examples
    --------
    >>> pair_utilities(("2/3", 1))
    (2/3, 1)
    """
    one, two = symmetric_utilities(2, utilities)
    require(monotone((one, two)), "then gamma can be negative")
    require(concave((one, two)), "then gamma decreases and the cells differ")
    if sp.simplify(two - 2 * one) == 0:
        raise InputError("utilities", "must not be additive: gamma would be flat and no user affects the other", two)
    return one, two


def gamma_inverse(level: sp.Expr, utilities: tuple[object, ...] = PAPER) -> sp.Expr:
    """The other's probability at which ``gamma`` equals a level.

    Examples
    --------
    >>> gamma_inverse(symbols.c / symbols.alpha)
    -3 + 6*c/alpha
    """
    payoff = absence_gamma(2, utilities)
    (root,) = sp.solve(payoff - level, symbols.p)
    return sp.expand(root) if not root.free_symbols - level.free_symbols else sp.factor(root)


def mixed_equilibrium(utilities: tuple[object, ...] = PAPER) -> MixedEquilibrium:
    """``p = gamma^{-1}(c_2/alpha)`` and ``q = gamma^{-1}(c_1/alpha)`` (appendix E, corrected).

    Examples
    --------
    >>> mixed = mixed_equilibrium()
    >>> mixed.first.at("0.8", "0.5"), mixed.second.at("0.8", "0.45")
    (3/4, 3/8)
    """
    values = pair_utilities(utilities)
    bottom, top = _ends(values)
    conditions = tuple(
        relation
        for cost in (symbols.c1, symbols.c2)
        for relation in (bottom * symbols.alpha <= cost, cost <= top * symbols.alpha)
    )
    free = tuple(dict.fromkeys(symbol for value in values for symbol in value.free_symbols))
    first, second = (
        ClosedForm(name, gamma_inverse(cost / symbols.alpha, values), (symbols.alpha, cost, *free), source, conditions)
        for name, cost, source in (
            ("p", symbols.c2, "makes user 2 indifferent"),
            ("q", symbols.c1, "makes user 1 indifferent"),
        )
    )
    return MixedEquilibrium(first, second, conditions)


def best_responses(user: int = 1, utilities: tuple[object, ...] = PAPER) -> tuple[BestResponse, ...]:
    """The best responses of a user at each of the five places (eqs. 100-102 and their boundaries).

    Examples
    --------
    >>> for response in best_responses():
    ...     print(response.place.value, response.cases)
    below gamma_min ((Interval(0, 1), {0}),)
    at gamma_min (({0}, Interval(0, 1)), (Interval(0, 1), {0}))
    between ((Interval(0, -3 + 6*c_1/alpha), {1}), ({-3 + 6*c_1/alpha}, Interval(0, 1)), ... {0}))
    at gamma_max ((Interval(0, 1), {1}), ({1}, Interval(0, 1)))
    above gamma_max ((Interval(0, 1), {1}),)
    """
    cost = symbols.c1 if user == 1 else symbols.c2
    values = pair_utilities(utilities)
    mark = gamma_inverse(cost / symbols.alpha, values)
    return tuple(
        BestResponse(
            place,
            _condition(place, cost, values),
            tuple((_as_set(other, mark), _as_set(own, mark)) for own, other in _graph(place)),
        )
        for place in Place
    )


def cells(utilities: tuple[object, ...] = PAPER) -> tuple[Cell, ...]:
    """All equilibria: nine open cells and the sixteen boundary cells between them (appendix E).

    Examples
    --------
    >>> table = cells()
    >>> len([cell for cell in table if not cell.is_boundary])
    9
    >>> half_mixed = next(cell for cell in table if cell.places == (Place.AT_MIN, Place.INSIDE))
    >>> half_mixed.equilibria
    (ProductSet({0}, {1}), ProductSet(Interval(-3 + 6*c_2/alpha, 1), {0}))
    """
    values = pair_utilities(utilities)
    first_mark = gamma_inverse(symbols.c2 / symbols.alpha, values)
    second_mark = gamma_inverse(symbols.c1 / symbols.alpha, values)
    table = []
    for first, second in product(Place, repeat=2):
        meetings = [(_meet(p_1, p_2), _meet(q_1, q_2)) for p_1, q_1 in _graph(first) for q_2, p_2 in _graph(second)]
        found = {(p, q) for p, q in meetings if p is not None and q is not None}
        maximal = [pair for pair in found if not any(pair != other and _inside(pair, other) for other in found)]
        table.append(
            Cell(
                (first, second),
                sp.And(_condition(first, symbols.c1, values), _condition(second, symbols.c2, values)),
                tuple(sp.ProductSet(_as_set(p, first_mark), _as_set(q, second_mark)) for p, q in sorted(maximal)),
            )
        )
    return tuple(table)


def _graph(place: Place) -> tuple[tuple[Span, Span], ...]:
    """Best responses as (own span, the other's span); gamma increases with the other's probability."""
    out, into, any_own = (2, 2), (0, 0), (0, 2)
    return {
        Place.BELOW: ((into, (0, 2)),),
        Place.AT_MIN: ((any_own, (0, 0)), (into, (0, 2))),
        Place.INSIDE: ((out, (0, 1)), (any_own, (1, 1)), (into, (1, 2))),
        Place.AT_MAX: ((out, (0, 2)), (any_own, (2, 2))),
        Place.ABOVE: ((out, (0, 2)),),
    }[place]


def _condition(place: Place, cost: sp.Symbol, values: tuple[sp.Expr, sp.Expr]) -> sp.Basic:
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


def _meet(left: Span, right: Span) -> Span | None:
    low, high = max(left[0], right[0]), min(left[1], right[1])
    return (low, high) if low <= high else None


def _inside(pair: tuple[Span, Span], other: tuple[Span, Span]) -> bool:
    return all(large[0] <= small[0] and small[1] <= large[1] for small, large in zip(pair, other, strict=True))


def _as_set(span: Span, mark: sp.Expr) -> sp.Set:
    low, high = ((sp.S.Zero, mark, sp.S.One)[place] for place in span)
    return sp.FiniteSet(low) if span[0] == span[1] else sp.Interval(low, high)
