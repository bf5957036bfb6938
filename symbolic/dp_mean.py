"""The differentially private mean: risk from the prior, best weights from the Laplace constraint (appendix B.1).

Each user holds ``X_i`` in {-1/2, 1/2} with ``Pr(X_i = 1/2) = mu + 1/2`` and ``mu`` uniform on [-1/2, 1/2]; the
platform estimates ``mu`` by ``w . X + Z``, ``Z`` Laplace of scale ``1/eta``; privacy asks ``eta <= eps_i/w_i``.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from symbolic import symbols
from symbolic.claims import concave
from symbolic.closed_form import ClosedForm
from symbolic.dp_mean_risk import bayes_risk, minimal_risk
from symbolic.errors import InputError
from symbolic.exactness import exact, user_count


def utility(n_users: int, n_present: object, epsilon: object = symbols.epsilon) -> ClosedForm:
    """Utility of k present users who share one epsilon, scaled to [0, 1] (eq. 37 and its extension to N users).

    Parameters
    ----------
    n_users : int
    n_present : int or sympy.Symbol
    epsilon : number, "inf" or sympy.Expr, default the symbol ``epsilon``
        Positive; infinite for data that is shared as it is.

    Returns
    -------
    ClosedForm
        In [0, 1].

    Raises
    ------
    InputError
        When a number is not in range or not exact.

    Examples
    --------
    >>> utility(2, 1), utility(2, 2)
    (U_1(epsilon) = 2*epsilon**2/(3*(epsilon**2 + 8)), U_2(epsilon) = epsilon**2/(epsilon**2 + 3))
    >>> k = sp.Symbol("k", positive=True, integer=True)
    >>> utility(3, k).expression
    5*epsilon**2*k**2/(3*(epsilon**2*k**2 + 2*epsilon**2*k + 24))
    """
    user_count(n_users)
    present = exact("n_present", n_present)
    if present.is_number and not (present.is_Integer and 0 <= present <= n_users):
        raise InputError("n_present", f"must be an integer from 0 to {n_users}", n_present)
    level = exact("epsilon", epsilon)
    if not level.is_extended_positive:
        raise InputError("epsilon", "must be positive (declare symbols with positive=True)", level)
    prior, best = minimal_risk(sp.S.Zero), _noiseless(minimal_risk(sp.Integer(n_users)))
    shared = sp.factor((prior - minimal_risk(present)) / (prior - best))
    value = _noiseless(shared) if level == sp.oo else shared.subs(symbols.epsilon, level)
    arguments = tuple(sorted(value.free_symbols, key=str))
    return ClosedForm(f"U_{present}", sp.factor(value), arguments, "appendix B.1, eq. 37")


def utilities(n_users: int, epsilon: object = symbols.epsilon) -> tuple[sp.Expr, ...]:
    """The utilities ``U_1, ..., U_N`` of `utility`.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.
    epsilon : number, "inf" or sympy.Expr, default the symbol ``epsilon``
        Privacy parameter of all present users, positive.

    Returns
    -------
    tuple of sympy.Expr
        Each in [0, 1]; the last is 1 only for infinite epsilon.

    Raises
    ------
    InputError
        When a number is not in range or not exact.

    Examples
    --------
    >>> utilities(3, "inf")
    (5/9, 5/6, 1)
    """
    return tuple(utility(n_users, k, epsilon).expression for k in range(1, user_count(n_users) + 1))


def assumption_range(n_users: int = 2) -> sp.Set:
    """The epsilons at which the utility has diminishing returns (assumption 2), found by solving for them.

    For two users these are the epsilons at which ``gamma'(p) >= 0``; below the range gamma decreases and
    several symmetric equilibria coexist. More users do not change the range: the second user's gain
    against the first one's is what binds.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    sympy.Set
        Of positive epsilons.

    Raises
    ------
    InputError
        When the number of users is not an integer of at least 2.

    Examples
    --------
    >>> assumption_range()
    Interval(2*sqrt(3), oo)
    """
    allowed: sp.Set = sp.Interval.open(0, sp.oo)
    for claim in concave(utilities(n_users)):
        allowed &= sp.solve_univariate_inequality(claim.relation, symbols.epsilon, relational=False)
    return allowed


def pair_utility() -> ClosedForm:
    """Utility of two users with different epsilons, ``epsilon_1 <= epsilon_2`` (section 3, appendix B.1).

    Both weights sit at their bound ``eps_i * t`` until ``epsilon_2`` reaches ``epsilon_1 + 12/epsilon_1``; from
    there on the second user saturates and more of its data buys nothing.

    Returns
    -------
    ClosedForm
        Of ``epsilon_1`` and ``epsilon_2``, in [0, 1].

    Examples
    --------
    >>> form = pair_utility()
    >>> form.at(2, 8), form.at(2, 100), form.at(1, 1)
    (10/13, 10/13, 1/4)
    """
    first, second = sp.symbols("epsilon_1 epsilon_2", positive=True)
    t, w = sp.symbols("t w", positive=True)
    a, b = sp.symbols("a b", positive=True)
    data = bayes_risk((a, b), sp.oo)
    prior = minimal_risk(sp.S.Zero)
    scale = prior - _noiseless(minimal_risk(sp.Integer(2)))

    tight = data.subs({a: first * t, b: second * t}) + 2 * t**2
    (size,) = sp.solve(sp.diff(tight, t), t)
    gradient = sp.factor(sp.diff(data, b).subs({a: first * size, b: second * size}))
    (edge,) = sp.solve(sp.fraction(gradient)[0], second)

    loose = data.subs({a: first * t, b: w}) + 2 * t**2
    solution = sp.solve([sp.diff(loose, t), sp.diff(loose, w)], [t, w])
    values = ((prior - risk) / scale for risk in (tight.subs(t, size), loose.subs(solution)))
    both, saturated = (sp.factor(value) for value in values)
    expression = sp.Piecewise((both, second <= sp.expand(edge)), (saturated, True))
    return ClosedForm("U", expression, (first, second), "appendix B.1", (first <= second,))


@cache
def _noiseless(expression: sp.Expr) -> sp.Expr:
    return sp.limit(expression, symbols.epsilon, sp.oo)
