"""Payments of every user at every profile of allowed actions, before the fraction is applied, and payoffs from them.

Fair ones (Theorem 2) are differences of the potential; another rule is asked everywhere. `fair_game`,
`mechanism.problem` and the comparison of rules read them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError, asked
from fairgames.exactness import Array, as_array, common, is_exact
from fairgames.payments import rules
from fairgames.payments.potential import potential_tensor, without_user
from fairgames.scenario.costs import on_actions
from fairgames.tolerance import ROUNDING, near
from fairgames.utility.base import Utility

PaymentRule: TypeAlias = Callable[[Utility, NDArray[np.intp]], ArrayLike]
"""Payments of all users, shape (N,), at one profile of levels."""


def shares_everywhere(rule: PaymentRule | None, utility: Utility, actions: Sequence[Sequence[int]]) -> list[Array]:
    """Payments by a rule, or the fair ones where there is none: one array a user, one axis a user."""
    return fair_shares(utility, actions) if rule is None else rule_shares(rule, utility, actions)


def fair_shares(utility: Utility, actions: Sequence[Sequence[int]]) -> list[Array]:
    """Fair payments at alpha = 1 (Theorem 2): one array a user, one axis a user.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> fair_shares(TableUtility([[0, "2/3"], ["2/3", 1]]), [(0, 1), (1,)])[0]
    array([[Fraction(0, 1)],
           [Fraction(1, 2)]], dtype=object)
    """
    P = potential_tensor(utility.tensor())
    chosen = on_actions(P, actions)
    shares = []
    for user in range(utility.n_users):
        others = [*actions[:user], (0,), *actions[user + 1 :]]
        shares.append(chosen - on_actions(without_user(P, user), others))
    return shares


def rule_shares(rule: PaymentRule, utility: Utility, actions: Sequence[Sequence[int]]) -> list[Array]:
    """Payments by another rule: one array a user, one axis a user.

    A rule of `fairgames.payments.rules` knows its payments everywhere at once; a function of the caller's own is
    asked profile by profile.

    Raises
    ------
    InputError
        If the rule does not return one finite number a user; the profile is named.
    """
    if isinstance(rule, rules.Rule):
        return [on_actions(payment, actions) for payment in rule.everywhere(utility)]
    shape = tuple(len(levels) for levels in actions)
    rows = []
    for index in np.ndindex(shape):
        profile = np.array([levels[action] for levels, action in zip(actions, index, strict=True)], dtype=np.intp)
        row = as_array(asked(rule, "payments", utility, profile), f"payments at profile {tuple(profile.tolist())}")
        if row.shape != (utility.n_users,):
            raise InputError("payments", f"must return one payment for each of {utility.n_users} users", row.shape)
        rows.append(row)
    table = np.stack(common(*rows))
    return [table[:, user].reshape(shape) for user in range(utility.n_users)]


def payoffs_of(payments: Sequence[Array], costs: Sequence[Array], magnitudes: Array | float = 0.0) -> tuple[Array, ...]:
    """Payments less each user's own costs: one read-only array a user, all exact or all floats.

    In floats, two actions of a user that earn the same up to rounding earn the same: rounding neither adds nor loses
    an equilibrium. ``magnitudes`` are those that payments were computed from, where these are larger than they are.

    Examples
    --------
    >>> paid = np.array([0.0, 1.0])
    >>> payoffs_of([paid], [np.array([0.0, 0.25])])
    (array([0.  , 0.75]),)
    """
    payoffs = []
    for user, (paid, cost) in enumerate(zip(payments, costs, strict=True)):
        payment, along = common(paid, _along(cost, user, len(costs)))
        payoff = payment - along
        if not is_exact(payoff):
            _restore_ties(payoff, near(payment, magnitudes) + near(along, part=ROUNDING), user)
        payoffs.append(payoff)
    payoffs = list(common(*payoffs))
    for payoff in payoffs:
        payoff.flags.writeable = False
    return tuple(payoffs)


def _restore_ties(payoff: Array, rounding: Array, user: int) -> None:
    """Make payoffs of a user's actions equal, in place, where they differ by no more than rounding."""
    payoff, rounding = np.moveaxis(payoff, user, 0), np.moveaxis(rounding, user, 0)
    for action in range(1, len(payoff)):
        for other in range(action):
            tied = np.abs(payoff[action] - payoff[other]) <= np.maximum(rounding[action], rounding[other])
            payoff[action] = np.where(tied, payoff[other], payoff[action])


def less_all_costs(value: Array, costs: Sequence[Array]) -> Array:
    """Subtract the costs of all users from one number a profile."""
    for user, cost in enumerate(costs):
        value, along = common(value, _along(cost, user, len(costs)))
        value = value - along
    return value


def _along(cost: Array, user: int, n_users: int) -> Array:
    return cost.reshape([-1 if axis == user else 1 for axis in range(n_users)])
