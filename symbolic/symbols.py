"""The symbols of the model, each with its assumptions."""

from __future__ import annotations

import sympy as sp

alpha = sp.Symbol("alpha", positive=True)
"""Fraction of the utility that is paid out (at most 1)."""

c = sp.Symbol("c", positive=True)
"""Cost of the less private action, the same for all users."""

c1, c2 = sp.symbols("c_1 c_2", positive=True)
"""Costs of two users."""

p, q = sp.symbols("p q", nonnegative=True)
"""Probabilities of the more private action (at most 1)."""

x = sp.Symbol("x", nonnegative=True)
"""Probability of the less private action, ``1 - p``."""

epsilon = sp.Symbol("epsilon", positive=True)
"""Differential privacy level shared by all present users."""

beta = sp.Symbol("beta", positive=True)
"""``1 / alpha``, at least 1."""

s2, r2 = sp.symbols("s2 r2", positive=True)
"""Variance between the users' means, and within one user's data."""


def count_utilities(n_users: int) -> tuple[sp.Symbol, ...]:
    """Symbols ``U_1, ..., U_N``: the utility of k users at the less private action.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    tuple of sympy.Symbol
        Real symbols.

    Examples
    --------
    >>> count_utilities(3)
    (U_1, U_2, U_3)
    """
    return tuple(sp.Symbol(f"U_{k}", positive=True) for k in range(1, n_users + 1))


def appearing_in(*expressions: sp.Expr) -> tuple[sp.Symbol, ...]:
    """The symbols of some expressions, in the order in which they first appear.

    Parameters
    ----------
    *expressions : sympy.Expr
        Any number of them.

    Returns
    -------
    tuple of sympy.Symbol
        Each once.

    Examples
    --------
    >>> first, second = count_utilities(2)
    >>> appearing_in(second, alpha * first)
    (U_2, U_1, alpha)
    """
    return tuple(dict.fromkeys(symbol for value in expressions for symbol in sorted(value.free_symbols, key=str)))
