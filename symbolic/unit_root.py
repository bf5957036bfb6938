"""The root in [0, 1] of a polynomial that decreases there, and piecewise forms made from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from symbolic import symbols


@dataclass(frozen=True)
class UnitRoot:
    """The root in x of ``curve(x) = level`` where the curve falls from x = 0 to x = 1.

    Parameters
    ----------
    curve : sympy.Expr
        Polynomial in x.
    level : sympy.Expr
        Free of x.
    """

    curve: sp.Expr
    level: sp.Expr

    @property
    def is_constant(self) -> bool:
        """Whether the curve is flat, so that there is no root to speak of."""
        return bool(sp.degree(self.curve, symbols.x) < 1)

    @property
    def is_explicit(self) -> bool:
        """Whether the root needs no more than a square root."""
        return bool(sp.degree(self.curve, symbols.x) <= 2)

    def explicit(self) -> sp.Expr:
        """The root of a polynomial of degree 1 or 2.

        Examples
        --------
        >>> c = sp.Symbol("c", positive=True)
        >>> UnitRoot(sp.Rational(2, 3) - symbols.x / 3, c).explicit()
        2 - 3*c
        """
        quadratic, linear, constant = (sp.factor(self.curve.coeff(symbols.x, power)) for power in (2, 1, 0))
        gap = constant - self.level
        if quadratic == 0:
            return sp.expand(gap / -linear) if linear.is_number else gap / -linear
        half = -linear / 2
        if quadratic.is_number:
            root = sp.sqrt(_shortest((half**2 - quadratic * gap) / quadratic**2))
            return half / quadratic - root * sp.sign(quadratic)
        # With the square root in the denominator the form survives a vanishing leading coefficient.
        return gap / (half + sp.sqrt(_shortest(half**2 - quadratic * gap)))

    def reduce(self, expression: sp.Expr) -> sp.Expr:
        """Write an expression in x at the root: modulo the relation each of its factors is linear in x."""
        level = sp.Dummy("level", positive=True)
        parts = sp.fraction(sp.together(expression.subs(self.level, level)))
        numerator, denominator = (
            sp.prod(self._linear(factor, level) for factor in sp.Mul.make_args(part)) for part in parts
        )
        value = (numerator / denominator).subs(symbols.x, self.explicit().subs(self.level, level))
        return _shortest(value.subs(level, self.level))

    def _linear(self, factor: sp.Expr, level: sp.Symbol) -> sp.Expr:
        if sp.degree(factor, symbols.x) < sp.degree(self.curve, symbols.x):
            return factor
        return sp.collect(sp.factor_terms(sp.rem(factor, self.curve - level, symbols.x)), symbols.x)

    @property
    def relation(self) -> sp.Expr:
        """What vanishes at the root."""
        return sp.collect(sp.expand(self.curve), symbols.x) - self.level

    def piecewise(self, bounds: tuple[sp.Basic, sp.Basic], pieces: tuple[sp.Expr, sp.Expr, sp.Expr]) -> sp.Piecewise:
        """Put three regimes together, the middle one at the root.

        Parameters
        ----------
        bounds : tuple of two sympy.Boolean
            Where the first regime holds, and, failing that, the second.
        pieces : tuple of three sympy.Expr
            The middle one is an expression in x. It is written without x where the root is explicit, and
            left out where the curve is flat.
        """
        first, middle, last = pieces
        if self.is_constant:
            return sp.Piecewise((first, bounds[0]), (last, True))
        inside = self.reduce(middle) if self.is_explicit else middle
        return sp.Piecewise((first, bounds[0]), (inside, bounds[1]), (last, True))


def shortest(candidates: Iterable[sp.Expr]) -> sp.Expr:
    """The candidate with the fewest operations, the first of equals.

    Parameters
    ----------
    candidates : iterable of sympy.Expr
        At least one.

    Returns
    -------
    sympy.Expr
        One of them.

    Examples
    --------
    >>> y = sp.Symbol("y")
    >>> shortest([y**2 + 2 * y + 1, (y + 1) ** 2])
    (y + 1)**2
    """
    return min(candidates, key=sp.count_ops)


def _shortest(expression: sp.Expr) -> sp.Expr:
    return shortest([expression, sp.factor(expression), sp.expand(expression)])
