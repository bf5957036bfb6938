"""The platform's best symmetric value, exactly, for any two actions and utilities: assumptions 1 and 2 not needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sympy as sp

from symbolic import symbols
from symbolic.claims import symmetric_utilities
from symbolic.errors import InputError
from symbolic.exactness import finite, user_count
from symbolic.payments import payment_gaps
from symbolic.symmetric import expected_utility, gamma


@dataclass(frozen=True)
class SymmetricOptimum:
    """Where the platform's best symmetric value is reached.

    Parameters
    ----------
    p : sympy.Expr
        Probability of the more private action, a rational or an expression of a ``CRootOf``.
    alpha, value : sympy.Expr
        The fraction paid out there, ``c/gamma(p)`` (0 when nobody is induced), and ``(1 - alpha) U(p)``.
    """

    p: sp.Expr
    alpha: sp.Expr
    value: sp.Expr


def symmetric_optimum(n_users: int, utilities: Sequence[object], cost: object) -> SymmetricOptimum:
    """Best symmetric value when the more private action is "absent".

    Parameters
    ----------
    n_users : int
    utilities : sequence
        ``U_1, ..., U_N`` (or with ``U_0 = 0`` in front), exact rationals, concave or not.
    cost : int, Fraction or str
        Positive.

    Returns
    -------
    SymmetricOptimum
        Probability of absence, alpha and value.

    Raises
    ------
    InputError
        When the arguments are not usable.

    Examples
    --------
    >>> symmetric_optimum(2, ["2/3", 1], "1/2")
    SymmetricOptimum(p=1/2, alpha=6/7, value=1/12)
    """
    levels = (sp.S.Zero, *symmetric_utilities(n_users, utilities))
    return _optimum(n_users, lambda _, present: levels[present], cost)


def optimum_between_levels(n_users: int, utility: Callable[[int, int], object], cost: object) -> SymmetricOptimum:
    """Best symmetric value between any two actions.

    Parameters
    ----------
    n_users : int
    utility : callable
        ``utility(a, b)`` with ``a`` users at the more private action, ``b`` at the less private one and all
        others absent; exact rationals, 0 at (0, 0).
    cost : int, Fraction or str
        Cost of the less private action beyond that of the more private one; positive.

    Returns
    -------
    SymmetricOptimum
        Probability of the more private action, alpha and value.

    Raises
    ------
    InputError
        When the arguments are not usable.

    Notes
    -----
    The value at p is ``(1 - c/gamma(p)) U(p)`` wherever ``gamma(p) >= c``; the utility of everybody at the
    more private action comes free, at alpha = 0. That makes the threshold of theorem 3, case 1, lower than
    ``gamma_max`` whenever that utility is positive.

    Examples
    --------
    >>> from fractions import Fraction
    >>> def utility(a, b):
    ...     return 1 - Fraction(1, 2 ** (a + 2 * b))
    >>> optimum_between_levels(2, utility, "1/33")
    SymmetricOptimum(p=0, alpha=32/165, value=133/176)
    >>> optimum_between_levels(2, utility, "1/31")
    SymmetricOptimum(p=1, alpha=0, value=3/4)
    """
    return _optimum(user_count(n_users), lambda a, b: finite(f"utility({a}, {b})", utility(a, b)), cost)


def _optimum(n_users: int, utility: Callable[[int, int], sp.Expr], cost: object) -> SymmetricOptimum:
    price = finite("cost", cost)
    if not price.is_positive:
        raise InputError("cost", "must be positive", price)
    payoff = gamma(payment_gaps(n_users, utility))
    mean = expected_utility([utility(n_users - k, k) for k in range(1, n_users + 1)], utility(n_users, 0))
    # The derivative of (1 - c/gamma) U, times gamma squared.
    slope = sp.Poly(
        price * sp.diff(payoff, symbols.p) * mean + (payoff**2 - price * payoff) * sp.diff(mean, symbols.p), symbols.p
    )
    if not all(coefficient.is_Rational for coefficient in (*slope.coeffs(), price)):
        raise InputError("utilities", "must be rational numbers", slope.as_expr())
    roots = slope.real_roots(radicals=False) if slope.degree() > 0 else []
    places = [sp.S.Zero, sp.S.One, *(root for root in roots if root > 0 and root < 1)]
    candidates = [SymmetricOptimum(sp.S.One, sp.S.Zero, utility(n_users, 0))]
    for place in places:
        level = payoff.subs(symbols.p, place)
        if level >= price:
            candidates.append(SymmetricOptimum(place, price / level, (1 - price / level) * mean.subs(symbols.p, place)))
    return max(candidates, key=lambda candidate: candidate.value.evalf(30))
