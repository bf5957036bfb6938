"""The symmetric binary game: gamma, the equilibrium, the regimes of theorem 3 and the optimal alpha(c).

N users alike choose between "absent" (probability p) and one less private action of cost c. With ``x = 1 - p``
and K ~ Bin(N - 1, x) the platform's objective at an equilibrium is ``U(x) - c N x``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symbolic import symbols
from symbolic.claims import concave, monotone, require, symmetric_utilities
from symbolic.closed_form import ClosedForm, Derivation, RootForm
from symbolic.exactness import user_count
from symbolic.symmetric import absence_gamma, expected_utility, stationary_cost
from symbolic.unit_root import UnitRoot, shortest


@dataclass(frozen=True, repr=False)
class Regimes(Derivation):
    """Every closed form of the symmetric game whose more private action is "absent".

    Parameters
    ----------
    n_users : int
    utilities : tuple of sympy.Expr
        ``U_1, ..., U_N``.
    gamma, expected_utility : ClosedForm
        Relative payoff (eq. 23, 94) and expected utility (eq. 93), functions of p.
    gamma_min, gamma_max, cost_threshold : ClosedForm
        The ends of gamma, and ``c_th`` of theorem 3.
    p_star, utility_at_p_star : ClosedForm
        The symmetric equilibrium at alpha (eqs. 88, 95) and the utility there (eq. 96), functions of (alpha, c).
    stationarity : ClosedForm
        The cost ``c(p)`` at which p is optimal.
    alpha_curve : ClosedForm
        The optimal alpha at the cost ``c(p)``: with `stationarity` the parametric form of alpha*(c).
    alpha_star, p_at_optimum, value : ClosedForm
        The optimal alpha (eq. 97), the equilibrium there, and the platform's best value, functions of c.
    conditions : tuple of sympy.Boolean
        What monotonicity and diminishing returns still ask of the symbols.
    """

    n_users: int
    utilities: tuple[sp.Expr, ...]
    gamma: ClosedForm
    gamma_min: ClosedForm
    gamma_max: ClosedForm
    expected_utility: ClosedForm
    p_star: ClosedForm
    utility_at_p_star: ClosedForm
    stationarity: ClosedForm
    cost_threshold: ClosedForm
    alpha_curve: ClosedForm
    alpha_star: ClosedForm
    p_at_optimum: ClosedForm
    value: ClosedForm
    conditions: tuple[sp.Basic, ...] = ()


def derive(n_users: int, utilities: Sequence[object] | None = None) -> Regimes:
    """Derive the regimes of theorem 3 from the subset sums of theorem 2.

    Parameters
    ----------
    n_users : int
        At least 2.
    utilities : sequence, optional
        ``U_1, ..., U_N`` as exact numbers or expressions; symbols by default.

    Returns
    -------
    Regimes

    Raises
    ------
    InputError
        When the arguments are not usable.
    ClaimError
        When the utilities are numbers that are not monotone or not concave: the message says which
        regime claim fails and where.

    Notes
    -----
    For N <= 3 all forms are explicit. From N = 4 on the forms with a root of gamma or of c(x) are
    `RootForm`: evaluated at numbers they hold a ``CRootOf``.

    References
    ----------
    J. Kang, R. Pedarsani and K. Ramchandran, "The fair value of data under heterogeneous privacy
    constraints in federated learning", TMLR 2024: theorem 3, eqs. 88-97.

    Examples
    --------
    >>> regimes = derive(2, ["2/3", 1])
    >>> regimes.gamma, regimes.cost_threshold
    (gamma(p) = p/6 + 1/2, c_th = 1/3)
    >>> regimes.alpha_star
    alpha_star(c) = Piecewise((2*c, c <= 1/3), (6*c/(3*c + 2), c <= 2/3), (0, True))
    >>> regimes.alpha_star.at("1/2")
    6/7
    """
    values = symmetric_utilities(user_count(n_users), utilities)
    conditions = (
        *require(monotone(values), "then more participation can lower the utility and gamma can be negative"),
        *require(
            concave(values),
            "then c(x) is not decreasing, c_th is not U_N - U_{N-1} and theorem 3's three regimes are not the answer",
        ),
    )
    free = symbols.appearing_in(*values)
    payoff, utility, curve = absence_gamma(n_users, values), expected_utility(values), stationary_cost(values)
    # Rising Bernstein coefficients make gamma rise, so its ends are its extremes.
    top, bottom, threshold = (
        sp.factor(end) for end in (payoff.subs(symbols.p, 1), payoff.subs(symbols.p, 0), curve.subs(symbols.x, 1))
    )
    payoff_x = sp.collect(sp.expand(payoff.subs(symbols.p, 1 - symbols.x)), symbols.x)
    equilibrium, optimum = UnitRoot(payoff_x, symbols.c / symbols.alpha), UnitRoot(curve, symbols.c)

    def form(name: str, expression: sp.Expr, arguments: tuple[sp.Symbol, ...], source: str) -> ClosedForm:
        return ClosedForm(name, expression, (*arguments, *free), source, conditions)

    def rooted(form: ClosedForm, root: UnitRoot) -> ClosedForm:
        if not form.expression.has(symbols.x):
            return form
        return RootForm(form.name, form.expression, form.arguments, form.source, conditions, symbols.x, root.relation)

    def at_alpha(name: str, first: sp.Expr, inside: sp.Expr, last: sp.Expr, source: str) -> ClosedForm:
        bounds = (symbols.alpha <= symbols.c / top, symbols.alpha <= symbols.c / bottom)
        expression = equilibrium.piecewise(bounds, (first, inside, last))
        return rooted(form(name, expression, (symbols.alpha, symbols.c), source), equilibrium)

    def at_cost(name: str, first: sp.Expr, inside: sp.Expr, last: sp.Expr, source: str) -> ClosedForm:
        expression = optimum.piecewise((symbols.c <= threshold, symbols.c <= top), (first, inside, last))
        return rooted(form(name, expression, (symbols.c,), source), optimum)

    payoff, utility, curve_p = (
        sp.collect(sp.expand(value), symbols.p, sp.factor)
        for value in (payoff, utility, curve.subs(symbols.x, 1 - symbols.p))
    )
    alpha_p = shortest([sp.factor(curve_p / payoff), curve_p / payoff])
    return Regimes(
        n_users=n_users,
        utilities=values,
        gamma=form("gamma", payoff, (symbols.p,), "eqs. 23, 94"),
        gamma_min=form("gamma_min", bottom, (), "theorem 3"),
        gamma_max=form("gamma_max", top, (), "theorem 3"),
        expected_utility=form("U", utility, (symbols.p,), "eq. 93"),
        p_star=at_alpha("p_star", sp.S.One, 1 - symbols.x, sp.S.Zero, "eqs. 88, 95"),
        utility_at_p_star=at_alpha("U_star", sp.S.Zero, n_users * symbols.x * payoff_x, values[-1], "eq. 96"),
        stationarity=form("c", curve_p, (symbols.p,), "stationary points of U(p) - c N (1 - p)"),
        cost_threshold=form("c_th", threshold, (), "eq. 24, corrected"),
        alpha_curve=form("alpha", alpha_p, (symbols.p,), "c(p) / gamma(p)"),
        alpha_star=at_cost("alpha_star", symbols.c / bottom, symbols.c / payoff_x, sp.S.Zero, "theorem 3, eq. 97"),
        p_at_optimum=at_cost("p_optimal", sp.S.Zero, 1 - symbols.x, sp.S.One, "theorem 3"),
        value=at_cost(
            "value",
            values[-1] - n_users * symbols.c,
            n_users * symbols.x * (payoff_x - symbols.c),
            sp.S.Zero,
            "eq. 21 at its maximum",
        ),
        conditions=conditions,
    )
