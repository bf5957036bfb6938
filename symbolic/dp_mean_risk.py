"""The risk of the differentially private mean, from the prior, and the weights that minimise it (appendix B.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product

import sympy as sp

from symbolic import symbols

MU = sp.Symbol("mu", real=True)
"""The mean to be estimated."""


def risk_function(weights: Sequence[sp.Expr], eta: sp.Expr) -> sp.Expr:
    """Expected squared error given the mean, from the outcomes one by one (eqs. 27, 29, 33).

    Parameters
    ----------
    weights : sequence of sympy.Expr
        One for each present user.
    eta : sympy.Expr
        Inverse scale of the noise, infinite for none.

    Returns
    -------
    sympy.Expr
        A polynomial in the mean ``mu``.

    Examples
    --------
    >>> risk_function((), sp.oo)
    mu**2
    """
    error = sp.S.Zero
    for outcome in product((sp.Rational(-1, 2), sp.Rational(1, 2)), repeat=len(weights)):
        probability = sp.prod(MU + sp.Rational(1, 2) if value > 0 else sp.Rational(1, 2) - MU for value in outcome)
        estimate = sum((w * value for w, value in zip(weights, outcome, strict=True)), sp.S.Zero)
        error += probability * (estimate - MU) ** 2
    return sp.expand(error) + 2 / eta**2


def bayes_risk(weights: Sequence[sp.Expr], eta: sp.Expr) -> sp.Expr:
    """Expectation of the risk function under the uniform prior (eqs. 28, 30, 34).

    Parameters
    ----------
    weights : sequence of sympy.Expr
        One for each present user.
    eta : sympy.Expr
        Inverse scale of the noise, infinite for none.

    Returns
    -------
    sympy.Expr
        Expected squared error; 1/12 with nobody present.

    Examples
    --------
    >>> w, eta = sp.symbols("w eta", positive=True)
    >>> bayes_risk((), sp.oo)
    1/12
    >>> bayes_risk((w,), eta) - 2 / eta**2
    w**2/4 - w/6 + 1/12
    """
    half = sp.Rational(1, 2)
    noiseless = sp.integrate(risk_function(weights, sp.oo), (MU, -half, half))
    return sp.expand(noiseless) + 2 / eta**2


@cache
def common_risk(n_present: sp.Expr, weight: sp.Expr, eta: sp.Expr) -> sp.Expr:
    """Bayes risk of k users with one common weight, ``k`` a number or a symbol.

    The second moments come from `bayes_risk` with two users: all pairs of users are alike.

    Parameters
    ----------
    n_present : int or sympy.Symbol
        Present users.
    weight : sympy.Expr
        Weight of each of them.
    eta : sympy.Expr
        Inverse scale of the noise, infinite for none.

    Returns
    -------
    sympy.Expr
        Expected squared error.

    Examples
    --------
    >>> w = sp.Symbol("w", positive=True)
    >>> sp.factor(common_risk(2, w, sp.oo))
    (8*w**2 - 4*w + 1)/12
    """
    square, cross, linear, constant = _pair_moments()
    quadratic = n_present * square + n_present * (n_present - 1) * cross / 2
    return quadratic * weight**2 + n_present * linear * weight + constant + 2 / eta**2


@cache
def best_weight(n_present: sp.Expr, epsilon: sp.Expr = symbols.epsilon) -> sp.Expr:
    """The common weight that minimises the risk when k users share one epsilon (eqs. 31, 35).

    The risk falls with eta, so the constraint ``eta <= epsilon/w`` is tight.

    Parameters
    ----------
    n_present : int or sympy.Symbol
        Present users.
    epsilon : sympy.Expr, default the symbol ``epsilon``
        Their privacy parameter, positive.

    Returns
    -------
    sympy.Expr
        Weight of each present user.

    Examples
    --------
    >>> best_weight(1), best_weight(2)
    (epsilon**2/(3*(epsilon**2 + 8)), epsilon**2/(4*(epsilon**2 + 3)))
    """
    w = sp.Symbol("w", positive=True)
    risk = common_risk(n_present, w, epsilon / w)
    curvature, slope, _ = sp.Poly(risk, w).all_coeffs()
    return sp.factor(-slope / (2 * curvature))


@cache
def minimal_risk(n_present: sp.Expr, epsilon: sp.Expr = symbols.epsilon) -> sp.Expr:
    """Bayes risk at the best weight (eqs. 28, 32, 36).

    Parameters
    ----------
    n_present : int or sympy.Symbol
        Present users.
    epsilon : sympy.Expr, default the symbol ``epsilon``
        Their privacy parameter, positive.

    Returns
    -------
    sympy.Expr
        Expected squared error, at most 1/12.

    Examples
    --------
    >>> minimal_risk(0), minimal_risk(1)
    (1/12, (epsilon**2 + 12)/(18*(epsilon**2 + 8)))
    """
    weight = best_weight(n_present, epsilon) if n_present != 0 else sp.S.Zero
    noise = epsilon / weight if weight != 0 else sp.oo
    return sp.factor(common_risk(sp.sympify(n_present), weight, noise))


@cache
def _pair_moments() -> tuple[sp.Expr, ...]:
    a, b = sp.symbols("a b", positive=True)
    pair = sp.Poly(bayes_risk((a, b), sp.oo), a, b)
    return tuple(pair.coeff_monomial(term) for term in (a**2, a * b, a, sp.S.One))
