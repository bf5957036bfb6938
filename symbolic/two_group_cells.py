"""All equilibria of two users with different costs: nine open cells, and continua on their boundaries (appendix E)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import sympy as sp

from symbolic import symbols
from symbolic.two_group_places import Place, Span, as_set, graph, place_condition, ranges
from symbolic.two_groups import PAPER, gamma_inverse, pair_utilities


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

    def latex(self) -> str:
        """The condition and the set of equilibria (p, q)."""
        union = r" \cup ".join(sp.latex(equilibrium) for equilibrium in self.equilibria)
        return rf"{sp.latex(self.condition)}: \; {union}"

    def lambdify(self, modules: str = "math") -> Callable[..., object]:
        """The equilibria as a function of (alpha, c_1, c_2): ranges ``((low, high), (low, high))`` of p and q."""
        products = [equilibrium.args for equilibrium in self.equilibria]
        return ranges(products, (symbols.alpha, symbols.c1, symbols.c2), modules)


def cells(utilities: tuple[object, ...] = PAPER) -> tuple[Cell, ...]:
    """All equilibria: nine open cells and the sixteen boundary cells between them (appendix E).

    Parameters
    ----------
    utilities : tuple of two numbers
        ``U_1`` and ``U_2`` of one and of two users; the paper's (2/3, 1) by default.

    Returns
    -------
    tuple of Cell
        The open cells and those on their boundaries.

    Raises
    ------
    ClaimError
        When the utilities are not monotone or not concave.

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
        meetings = [(_meet(p_1, p_2), _meet(q_1, q_2)) for p_1, q_1 in graph(first) for q_2, p_2 in graph(second)]
        found = {(p, q) for p, q in meetings if p is not None and q is not None}
        maximal = [pair for pair in found if not any(pair != other and _inside(pair, other) for other in found)]
        table.append(
            Cell(
                (first, second),
                sp.And(place_condition(first, symbols.c1, values), place_condition(second, symbols.c2, values)),
                tuple(sp.ProductSet(as_set(p, first_mark), as_set(q, second_mark)) for p, q in sorted(maximal)),
            )
        )
    return tuple(table)


def _meet(left: Span, right: Span) -> Span | None:
    low, high = max(left[0], right[0]), min(left[1], right[1])
    return (low, high) if low <= high else None


def _inside(pair: tuple[Span, Span], other: tuple[Span, Span]) -> bool:
    return all(large[0] <= small[0] and small[1] <= large[1] for small, large in zip(pair, other, strict=True))
