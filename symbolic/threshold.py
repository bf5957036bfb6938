"""The cost threshold below which everybody takes part: ``c_th = min over x of (U(1) - U(x)) / (N (1 - x))``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symbolic import symbols
from symbolic.claims import symmetric_utilities
from symbolic.closed_form import ClosedForm, Derivation
from symbolic.errors import InputError
from symbolic.exactness import user_count
from symbolic.symmetric import expected_utility


@dataclass(frozen=True, repr=False)
class ConcaveThreshold(Derivation):
    """A derivation of ``c_th = U_N - U_{N-1}`` for every concave utility of N users.

    Parameters
    ----------
    threshold : ClosedForm
        ``U_N - U_{N-1}``.
    last_gain : sympy.Symbol
        The last increment d, which is the threshold in the variables of the proof.
    drops : tuple of sympy.Symbol
        ``s_k >= 0``, by how much increment k + 1 is below increment k: any concave utility has them.
    chord : sympy.Expr
        ``(U(1) - U(x)) / (N (1 - x))`` in those variables, a polynomial in x.
    bernstein : tuple of sympy.Expr
        The coefficients of ``chord - d`` on the Bernstein basis of x; each is known to be non-negative
        and the last is 0, so the chord is nowhere below d and reaches it at x = 1.
    """

    threshold: ClosedForm
    last_gain: sp.Symbol
    drops: tuple[sp.Symbol, ...]
    chord: sp.Expr
    bernstein: tuple[sp.Expr, ...]


def chord(utilities: Sequence[sp.Expr]) -> sp.Expr:
    """The slope ``(U(1) - U(x)) / (N (1 - x))``, a polynomial in x.

    Everybody taking part is optimal exactly at the costs that lie below it for all x.

    Parameters
    ----------
    utilities : sequence
        ``U_1, ..., U_N``, exact numbers or expressions.

    Returns
    -------
    sympy.Expr
        A polynomial in ``x``, the probability of taking part.

    Examples
    --------
    >>> chord((sp.Rational(2, 3), sp.S.One))
    1/2 - x/6
    """
    n_users = len(utilities)
    utility = expected_utility(utilities).subs(symbols.p, 1 - symbols.x)
    return sp.expand(sp.cancel((utilities[-1] - utility) / (n_users * (1 - symbols.x))))


def concave_threshold(n_users: int) -> ConcaveThreshold:
    """Prove ``c_th = U_N - U_{N-1}`` for all concave utilities of N users.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    ConcaveThreshold
        The threshold with its proof.

    Raises
    ------
    ArithmeticError
        If a coefficient were not known to be non-negative.

    Examples
    --------
    >>> proof = concave_threshold(3)
    >>> proof.threshold
    c_th(U_2, U_3) = -U_2 + U_3
    >>> proof.bernstein
    (s_1/3 + 2*s_2/3, s_2/2, 0)
    """
    last_gain = sp.Symbol("d", nonnegative=True)
    drops = tuple(sp.Symbol(f"s_{k}", nonnegative=True) for k in range(1, user_count(n_users)))
    gains = [last_gain + sum(drops[k:], sp.S.Zero) for k in range(n_users)]
    utilities = [sum(gains[:k], sp.S.Zero) for k in range(1, n_users + 1)]
    slope = chord(utilities)
    coefficients = _bernstein(slope - last_gain, n_users - 1)
    if not all(coefficient.is_nonnegative for coefficient in coefficients) or coefficients[-1] != 0:
        raise ArithmeticError(f"the threshold of {n_users} users does not follow: {coefficients}")
    before, last = symbols.count_utilities(n_users)[-2:]
    form = ClosedForm("c_th", last - before, (before, last), "eq. 24, corrected, for concave utilities")
    return ConcaveThreshold(form, last_gain, drops, slope, coefficients)


def exact_threshold(n_users: int, utilities: Sequence[object]) -> sp.Expr:
    """The cost threshold of any utility given in numbers, concave or not.

    Parameters
    ----------
    n_users : int
    utilities : sequence
        ``U_1, ..., U_N``, with or without ``U_0 = 0``; exact numbers.

    Returns
    -------
    sympy.Expr
        The minimum of `chord` on [0, 1], at an end or at a root of its derivative.

    Raises
    ------
    InputError
        When a utility is not a rational number.

    Examples
    --------
    An increasing gamma does not make the threshold the last increment:

    >>> values = [0, "0.822", "1.614", "1.769", "2.353"]
    >>> exact_threshold(4, values).evalf(6), sp.Rational("2.353") - sp.Rational("1.769")
    (0.470360, 73/125)
    """
    values = symmetric_utilities(n_users, utilities)
    if not all(value.is_Rational for value in values):
        raise InputError("utilities", "must be rational numbers", values)
    slope = chord(values)
    derivative = sp.Poly(sp.diff(slope, symbols.x), symbols.x)
    roots = derivative.real_roots(radicals=False) if derivative.degree() > 0 else []
    places = [sp.S.Zero, sp.S.One, *(root for root in roots if root > 0 and root < 1)]
    return min((slope.subs(symbols.x, place) for place in places), key=lambda value: value.evalf(30))


def _bernstein(polynomial: sp.Expr, degree: int) -> tuple[sp.Expr, ...]:
    poly = sp.Poly(polynomial, symbols.x)
    powers = [poly.coeff_monomial(symbols.x**power) for power in range(degree + 1)]
    return tuple(
        sp.expand(sum(sp.binomial(k, j) / sp.binomial(degree, j) * powers[j] for j in range(k + 1)))
        for k in range(degree + 1)
    )
