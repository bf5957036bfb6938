"""What the errors of the federated mean depend on: the users' variances and the aggregate's weights."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symbolic import symbols
from symbolic.exactness import exact, exact_sequence


def variance_symbols(n_users: int) -> tuple[sp.Symbol, ...]:
    """Symbols ``V_1, ..., V_N`` of the users' variances.

    Parameters
    ----------
    n_users : int
        Number of users, at least 2.

    Returns
    -------
    tuple of sympy.Symbol
        Positive symbols.

    Raises
    ------
    InputError
        When the number of users is not an integer of at least 2.

    Examples
    --------
    >>> variance_symbols(2)
    (V_1, V_2)
    """
    return tuple(sp.Symbol(f"V_{user}", positive=True) for user in range(1, n_users + 1))


def total_variances(samples: Sequence[object], s2: object = symbols.s2, r2: object = symbols.r2) -> tuple[sp.Expr, ...]:
    """``V_j = r2/n_j + s2`` for each user.

    Parameters
    ----------
    samples : sequence
        Number of samples of each user, above 0.
    s2 : number or sympy.Expr, default the symbol ``s2``
        Variance between users' means.
    r2 : number or sympy.Expr, default the symbol ``r2``
        Variance of a sample around its user's mean.

    Returns
    -------
    tuple of sympy.Expr
        One for each user.

    Raises
    ------
    InputError
        When a number is not exact.

    Examples
    --------
    >>> total_variances((10, 20), 1, 10)
    (2, 3/2)
    """
    between, within = exact("s2", s2), exact("r2", r2)
    return tuple(within / count + between for count in exact_sequence("samples", samples))


def uniform_aggregate(profile: Sequence[int]) -> tuple[sp.Expr, ...]:
    """The paper's aggregate: the plain mean of the federating users' local means.

    Parameters
    ----------
    profile : sequence of int
        Level of each user: 0 absent, 1 federating, 2 direct.

    Returns
    -------
    tuple of sympy.Expr
        Weight of each user; they add up to 1 when somebody federates.

    Examples
    --------
    >>> uniform_aggregate((1, 2, 1))
    (1/2, 0, 1/2)
    """
    joined = sum(level == 1 for level in profile)
    return tuple(sp.Rational(1, joined) if level == 1 else sp.S.Zero for level in profile)


def weighted_aggregate(profile: Sequence[int], samples: Sequence[object]) -> tuple[sp.Expr, ...]:
    """The aggregate of federated averaging: local means weighted by their numbers of samples.

    Parameters
    ----------
    profile : sequence of int
        Level of each user: 0 absent, 1 federating, 2 direct.
    samples : sequence
        Number of samples of each user, above 0.

    Returns
    -------
    tuple of sympy.Expr
        Weight of each user; they add up to 1 when somebody federates.

    Examples
    --------
    >>> weighted_aggregate((1, 2, 1), (10, 20, 30))
    (1/4, 0, 3/4)
    """
    counts = exact_sequence("samples", samples)
    total = sum((n for n, level in zip(counts, profile, strict=True) if level == 1), sp.S.Zero)
    return tuple(n / total if level == 1 else sp.S.Zero for n, level in zip(counts, profile, strict=True))
