"""Fair payments straight from their definitions: subset sums over symbolic utilities (theorems 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import sympy as sp

from symbolic.errors import InputError
from symbolic.exactness import user_count

CoalitionUtility = Callable[[frozenset[int]], sp.Expr]
"""The utility of a set of users at a fixed profile, everybody else set to "absent"."""


def coalition_utility(n_users: int, empty: sp.Expr = sp.S.Zero) -> CoalitionUtility:
    """A utility with one real symbol for each set of users.

    Parameters
    ----------
    n_users : int
        Users are numbered from 1.
    empty : sympy.Expr, default 0
        The utility of nobody.

    Returns
    -------
    callable
        From a frozenset of user numbers to its symbol.

    Raises
    ------
    InputError
        When the number of users is not an integer of at least 2.

    Examples
    --------
    >>> utility = coalition_utility(3)
    >>> utility(frozenset()), utility(frozenset({1, 3}))
    (0, U_13)
    """
    separator = "" if user_count(n_users, least=1) < 10 else ","
    values = {
        users: sp.Symbol(f"U_{separator.join(map(str, sorted(users)))}", real=True) if users else empty
        for users in subsets(range(1, n_users + 1))
    }
    return values.__getitem__


def users_payment(utility: CoalitionUtility, n_users: int, user: int) -> sp.Expr:
    """Fair payment of one user among the users, per unit of alpha (theorem 2, eq. 7).

    Parameters
    ----------
    utility : callable
        From a frozenset of user numbers to an expression.
    n_users : int
    user : int
        From 1 to ``n_users``.

    Returns
    -------
    sympy.Expr
        Linear in the utilities.

    Raises
    ------
    InputError
        When the number of users is not an integer of at least 1.

    Examples
    --------
    >>> users_payment(coalition_utility(2), 2, 1)
    U_1/2 + U_12/2 - U_2/2
    """
    others = _others(n_users, user)
    gains = sum((utility(S | {user}) - utility(S)) / sp.binomial(n_users - 1, len(S)) for S in subsets(others))
    return sp.expand(gains / n_users)


def platform_payment(utility: CoalitionUtility, n_users: int) -> sp.Expr:
    """The platform's fair share in a coalition with the users (theorem 1, eq. 5).

    Parameters
    ----------
    utility : callable
        From a frozenset of user numbers to an expression.
    n_users : int
        Number of users, from 1 on.

    Returns
    -------
    sympy.Expr
        Linear in the utilities.

    Examples
    --------
    >>> platform_payment(coalition_utility(2), 2)
    U_1/6 + U_12/3 + U_2/6
    """
    everybody = range(1, user_count(n_users, least=1) + 1)
    return sp.expand(sum(utility(S) / sp.binomial(n_users, len(S)) for S in subsets(everybody)) / (n_users + 1))


def coalition_payment(utility: CoalitionUtility, n_users: int, user: int) -> sp.Expr:
    """A user's fair share in a coalition with the platform (theorem 1, eq. 6).

    Parameters
    ----------
    utility : callable
        From a frozenset of user numbers to an expression.
    n_users : int
        Number of users, from 1 on.
    user : int
        From 1 to ``n_users``.

    Returns
    -------
    sympy.Expr
        Linear in the utilities.

    Examples
    --------
    >>> coalition_payment(coalition_utility(2), 2, 1)
    U_1/6 + U_12/3 - U_2/3
    """
    others = _others(n_users, user)
    gains = sum((utility(S | {user}) - utility(S)) / sp.binomial(n_users, len(S) + 1) for S in subsets(others))
    return sp.expand(gains / (n_users + 1))


def payment_gaps(n_users: int, utility: Callable[[int, int], sp.Expr]) -> tuple[sp.Expr, ...]:
    """How much more a user earns at the less private action, per unit of alpha (eq. 79 before the expectation).

    Parameters
    ----------
    n_users : int
    utility : callable
        ``utility(a, b)`` with ``a`` users at the more private action, ``b`` at the less private one and
        all others absent.

    Returns
    -------
    tuple of sympy.Expr
        Entry ``k``: the gap when ``k`` of the other users play the more private action.

    Examples
    --------
    When the more private action is "absent", ``k`` users are out:

    >>> from symbolic.symbols import count_utilities
    >>> values = (0, *count_utilities(3))
    >>> payment_gaps(3, lambda a, b: values[b])
    (U_3/3, U_2/2, U_1)
    """
    gaps = []
    for private in range(user_count(n_users)):
        other = n_users - 1 - private
        terms = (
            sp.Rational(sp.binomial(private, a) * sp.binomial(other, b), sp.binomial(n_users - 1, a + b))
            * (utility(a, b + 1) - utility(a + 1, b))
            for a in range(private + 1)
            for b in range(other + 1)
        )
        gaps.append(sp.expand(sum(terms) / n_users))
    return tuple(gaps)


def subsets(users: range | tuple[int, ...]) -> Iterator[frozenset[int]]:
    """All subsets, smallest first.

    Parameters
    ----------
    users : range or tuple of int
        Their numbers.

    Returns
    -------
    iterator of frozenset of int
        The empty set first.

    Examples
    --------
    >>> [sorted(S) for S in subsets((1, 2))]
    [[], [1], [2], [1, 2]]
    """
    users = tuple(users)
    for size in range(len(users) + 1):
        yield from map(frozenset, combinations(users, size))


def _others(n_users: int, user: int) -> tuple[int, ...]:
    if user not in range(1, user_count(n_users, least=1) + 1):
        raise InputError("user", f"must be from 1 to {n_users}", user)
    return tuple(other for other in range(1, n_users + 1) if other != user)
