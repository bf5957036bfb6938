"""Among identical users fairness costs the platform nothing: the pure optimum, derived for symbolic utilities."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from symbolic import symbols
from symbolic.closed_form import ClosedForm, Derivation
from symbolic.errors import InputError
from symbolic.exactness import user_count
from symbolic.payments import users_payment


@dataclass(frozen=True, repr=False)
class PureEquilibrium(Derivation):
    """k of N identical users take part at the least alpha that keeps them in.

    Parameters
    ----------
    payment, alpha, value : ClosedForm
        What each of the k is paid per unit of alpha, the alpha that covers the cost, and what the
        platform keeps: ``U_k/k``, ``c k/U_k``, ``U_k - c k``.
    paid_at_cost : ClosedForm
        What a platform without a fairness constraint keeps if it pays k users exactly their cost.
    price_of_fairness : ClosedForm
        Ratio of the two, 1: and the best k of both problems is the same.
    stays_out : sympy.Boolean
        What keeps the others out at this alpha; it holds at the k that maximises ``U_k - c k``.
    """

    payment: ClosedForm
    alpha: ClosedForm
    value: ClosedForm
    paid_at_cost: ClosedForm
    price_of_fairness: ClosedForm
    stays_out: sp.Basic


def pure_equilibrium(n_users: int, n_present: int) -> PureEquilibrium:
    """Derive the equilibrium with ``n_present`` of ``n_users`` identical users from theorem 2's subset sums.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.
    n_present : int
        Users who take part, from 1 to ``n_users``.

    Returns
    -------
    PureEquilibrium
        Payment, alpha, value and who stays out, as closed forms.

    Raises
    ------
    InputError
        When a number is out of range.

    Examples
    --------
    >>> pure = pure_equilibrium(3, 2)
    >>> pure.payment, pure.alpha, pure.value
    (phi(U_2) = U_2/2, alpha(c, U_2) = 2*c/U_2, value(c, U_2) = U_2 - 2*c)
    >>> pure.price_of_fairness.expression
    1
    >>> pure.stays_out
    2*U_3*c/(3*U_2) <= c
    """
    values = (sp.S.Zero, *symbols.count_utilities(user_count(n_users)))
    if isinstance(n_present, bool) or n_present not in range(1, n_users + 1):
        raise InputError("n_present", f"must be from 1 to {n_users}", n_present)
    utility, cost = values[n_present], symbols.c
    payment = _payment(values, n_users, n_present)
    alpha = cost / payment
    value = sp.expand((1 - alpha) * utility)
    at_cost = utility - n_present * cost
    joining = alpha * _payment(values, n_users, n_present + 1) <= cost if n_present < n_users else sp.true
    source = "theorem 2 at k present users"
    return PureEquilibrium(
        ClosedForm("phi", payment, (utility,), source),
        ClosedForm("alpha", alpha, (cost, utility), source),
        ClosedForm("value", value, (cost, utility), source),
        ClosedForm("unconstrained", at_cost, (cost, utility), "paying exactly the cost"),
        ClosedForm("price_of_fairness", sp.cancel(at_cost / value), (cost, utility), source),
        joining,
    )


def others_stay_out(n_users: int, n_present: int) -> bool:
    """Prove that nobody joins at the k that maximises ``U_k - c k``, for every utility.

    With ``U_k - c k = v >= 0`` and ``U_{k+1} - c (k + 1) = v - w``, ``w >= 0``, joining would earn at
    most the cost: the difference is a sum of products of non-negative terms.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.
    n_present : int
        Users who take part, fewer than ``n_users``.

    Returns
    -------
    bool
        Whether the proof succeeds.

    Raises
    ------
    InputError
        When a number is out of range.

    Examples
    --------
    >>> others_stay_out(4, 2)
    True
    """
    value, drop = sp.symbols("v w", nonnegative=True)
    relation = pure_equilibrium(n_users, n_present).stays_out
    if relation == sp.true:
        return True
    names = symbols.count_utilities(n_users)
    k, cost = n_present, symbols.c
    optimal = {names[k - 1]: value + k * cost, names[k]: value - drop + (k + 1) * cost}
    gap = sp.factor((relation.rhs - relation.lhs).subs(optimal))
    return bool(gap.is_nonnegative)


def _payment(values: tuple[sp.Expr, ...], n_users: int, n_present: int) -> sp.Expr:
    present = frozenset(range(1, n_present + 1))
    return users_payment(lambda users: values[len(users & present)], n_users, 1)
