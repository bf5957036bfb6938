"""The symmetric binary game in expectation: gamma(p), U(p), and the cost at which a mixture is stationary."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symbolic import symbols
from symbolic.claims import symmetric_utilities
from symbolic.errors import InputError
from symbolic.exactness import finite
from symbolic.payments import payment_gaps


def gamma(gaps: Sequence[sp.Expr]) -> sp.Expr:
    """Expected relative payoff (eq. 23): gap ``k`` occurs when k of the N - 1 others are more private.

    Parameters
    ----------
    gaps : sequence of sympy.Expr
        ``g_0, ..., g_{N-1}``: what the less private action is paid more.

    Returns
    -------
    sympy.Expr
        A polynomial in ``p``, the probability of the more private action.

    Examples
    --------
    >>> gamma((sp.Rational(1, 2), sp.Rational(2, 3)))
    p/6 + 1/2
    """
    others = len(gaps) - 1
    return sp.expand(sum(_binomial(others, k, symbols.p) * gap for k, gap in enumerate(gaps)))


def expected_utility(utilities: Sequence[sp.Expr], nobody: sp.Expr = sp.S.Zero) -> sp.Expr:
    """Expected utility when each user is more private with probability p (eq. 93 for N = 2).

    Parameters
    ----------
    utilities : sequence of sympy.Expr
        ``U_1, ..., U_N``.
    nobody : sympy.Expr, default 0
        ``U_0``, not 0 when the more private action is not "absent".

    Returns
    -------
    sympy.Expr
        A polynomial in ``p``.

    Examples
    --------
    >>> expected_utility((sp.Rational(2, 3), sp.S.One))
    -p**2/3 - 2*p/3 + 1
    """
    levels = (nobody, *utilities)
    n_users = len(utilities)
    return sp.expand(sum(_binomial(n_users, k, symbols.p) * levels[n_users - k] for k in range(n_users + 1)))


def stationary_cost(utilities: Sequence[sp.Expr]) -> sp.Expr:
    """The cost at which x is a stationary point of ``U(x) - c N x``: ``U'(x)/N = E[U_{K+1} - U_K]``.

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
    >>> stationary_cost((sp.Rational(2, 3), sp.S.One))
    2/3 - x/3
    """
    n_users = len(utilities)
    utility = expected_utility(utilities).subs(symbols.p, 1 - symbols.x)
    return sp.expand(sp.diff(sp.expand(utility), symbols.x) / n_users)


def absence_gamma(n_users: int, utilities: Sequence[object] | None = None) -> sp.Expr:
    """Gamma when the more private action is "absent", from the subset sums of theorem 2.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.
    utilities : sequence, optional
        ``U_1, ..., U_N``, or ``U_0 = 0, U_1, ..., U_N``; symbols by default.

    Returns
    -------
    sympy.Expr
        A polynomial in ``p``, the probability of absence.

    Raises
    ------
    InputError
        When the arguments are not usable.

    Examples
    --------
    >>> absence_gamma(2, ["2/3", 1])
    p/6 + 1/2
    """
    levels = (sp.S.Zero, *symmetric_utilities(n_users, utilities))
    return gamma(payment_gaps(n_users, lambda _, present: levels[present]))


def gamma_identity(n_users: int) -> sp.Eq:
    """The fact that ``gamma(p) = U(p) / (N (1 - p))`` when "absent" is an action, derived for symbolic utilities.

    The users who mix are indifferent to absence, so the platform pays them their expected cost. The left
    side is the expectation over the subset sums, the right side the one over profiles.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    sympy.Eq
        Both sides as they were derived.

    Raises
    ------
    ArithmeticError
        If the two sides ever differed.

    Examples
    --------
    >>> gamma_identity(2)
    Eq(U_1*p - U_2*p/2 + U_2/2, (-2*U_1*p**2 + 2*U_1*p + U_2*p**2 - 2*U_2*p + U_2)/(2 - 2*p))
    """
    payoff = absence_gamma(n_users)
    average = expected_utility(symmetric_utilities(n_users)) / (n_users * (1 - symbols.p))
    if sp.cancel(payoff - average) != 0:
        raise ArithmeticError(f"gamma differs from U(p)/(N(1 - p)) for {n_users} users")
    return sp.Eq(payoff, average, evaluate=False)


def symmetric_equilibria(n_users: int, utilities: Sequence[object], alpha: object, cost: object) -> sp.Set:
    """Every symmetric equilibrium p at one alpha and one cost, for any utilities, concave or not.

    Parameters
    ----------
    n_users : int
    utilities : sequence
        ``U_1, ..., U_N`` (or with ``U_0 = 0`` in front), exact rationals.
    alpha, cost : int, Fraction or str
        Exact and positive.

    Returns
    -------
    sympy.Set
        p = 1 if ``c >= alpha gamma(1)``, p = 0 if ``c <= alpha gamma(0)``, and each root of
        ``gamma(p) = c/alpha`` between; all of [0, 1] where gamma is flat at that level.

    Examples
    --------
    Below ``epsilon = 2 sqrt(3)`` gamma decreases and three equilibria coexist:

    >>> from symbolic.dp_mean import utilities
    >>> symmetric_equilibria(2, utilities(2, 3), 1, "9/25")
    {0, 17/25, 1}
    """
    fraction, price = finite("alpha", alpha), finite("cost", cost)
    if not (fraction.is_positive and price.is_positive):
        raise InputError("alpha, cost", "must be positive", (fraction, price))
    payoff = absence_gamma(n_users, utilities)
    gap = sp.Poly(payoff - price / fraction, symbols.p)
    if gap.is_zero:
        return sp.Interval(0, 1)
    found = {sp.S.One} if gap.eval(1) <= 0 else set()
    found |= {sp.S.Zero} if gap.eval(0) >= 0 else set()
    roots = gap.real_roots(radicals=False) if gap.degree() > 0 else []
    return sp.FiniteSet(*found, *(root for root in roots if root >= 0 and root <= 1))


def _binomial(n: int, k: int, probability: sp.Expr) -> sp.Expr:
    return sp.binomial(n, k) * probability**k * (1 - probability) ** (n - k)
