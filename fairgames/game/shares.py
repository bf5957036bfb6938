"""Payments of every user at every profile of allowed actions, before the fraction is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.exactness import Array, as_array, common
from fairgames.game.actions import on_actions
from fairgames.payments.potential import potential_tensor, without_user
from fairgames.utility.base import Utility

PaymentRule: TypeAlias = Callable[[Utility, NDArray[np.intp]], ArrayLike]
"""Payments of all users, shape (N,), at one profile of levels."""


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
    """Payments by a rule of the caller's own: one array a user, one axis a user.

    Raises
    ------
    InputError
        If the rule does not return one finite number a user; the profile is named.
    """
    shape = tuple(len(levels) for levels in actions)
    rows = []
    for index in np.ndindex(shape):
        profile = np.array([levels[action] for levels, action in zip(actions, index, strict=True)], dtype=np.intp)
        row = as_array(rule(utility, profile), f"payments at profile {tuple(profile.tolist())}")
        if row.shape != (utility.n_users,):
            raise InputError("payments", f"must return one payment for each of {utility.n_users} users", row.shape)
        rows.append(row)
    table = np.stack(common(*rows))
    return [table[:, user].reshape(shape) for user in range(utility.n_users)]
