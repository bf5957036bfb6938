"""The claims about a symmetric utility on which the regimes rest: which hold, which fail, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symbolic.errors import ClaimError, InputError
from symbolic.exactness import finite, user_count
from symbolic.symbols import count_utilities


@dataclass(frozen=True)
class Claim:
    """One claim at one place.

    Parameters
    ----------
    statement : str
        What is claimed.
    where : str
        The users at which it is claimed, with the numbers compared.
    relation : sympy.Boolean
        ``true``, ``false``, or what has to hold for the symbols.
    """

    statement: str
    where: str
    relation: sp.Basic

    @property
    def fails(self) -> bool:
        """Whether it is known to be false."""
        return bool(self.relation == sp.false)


def symmetric_utilities(n_users: int, utilities: Sequence[object] | None = None) -> tuple[sp.Expr, ...]:
    """The utilities of 1, ..., N users at the less private action, checked and exact.

    Parameters
    ----------
    n_users : int
    utilities : sequence, optional
        ``U_1, ..., U_N``, or ``U_0 = 0, U_1, ..., U_N``; symbols by default.

    Returns
    -------
    tuple of sympy.Expr
        ``U_1, ..., U_N``.

    Raises
    ------
    InputError
        When their number is wrong or an entry is not exact and real.

    Examples
    --------
    >>> symmetric_utilities(2, [0, "2/3", 1])
    (2/3, 1)
    """
    if utilities is None:
        return count_utilities(user_count(n_users))
    values = tuple(finite(f"utilities[{index}]", value) for index, value in enumerate(utilities))
    if len(values) == user_count(n_users) + 1:
        if values[0] != 0:
            raise InputError("utilities[0]", "must be 0 when the more private action is absence", values[0])
        values = values[1:]
    if len(values) != n_users:
        raise InputError("utilities", f"must hold U_1, ..., U_{n_users}, with or without U_0 = 0", len(values))
    return values


def monotone(values: Sequence[sp.Expr]) -> tuple[Claim, ...]:
    """Assumption 1: one more user at the less private action never lowers the utility.

    Parameters
    ----------
    values : sequence of sympy.Expr
        ``U_1, ..., U_N``.

    Returns
    -------
    tuple of Claim
        One for each number of users; a claim in numbers is true or false, one in symbols a condition.

    Examples
    --------
    >>> [claim.where for claim in monotone((1, sp.Rational(1, 2))) if claim.fails]
    ['U_2 = 1/2 < U_1 = 1']
    """
    levels = (sp.S.Zero, *values)
    return tuple(
        Claim(
            "U is monotone (assumption 1)",
            f"U_{k} = {levels[k]} < U_{k - 1} = {levels[k - 1]}",
            _at_least(levels[k], levels[k - 1]),
        )
        for k in range(1, len(levels))
    )


def concave(values: Sequence[sp.Expr]) -> tuple[Claim, ...]:
    """Assumption 2: each further user adds no more than the one before.

    With it gamma increases, ``c(x) = E[U_{K+1} - U_K]`` decreases in x, and ``c_th = U_N - U_{N-1}``.

    Parameters
    ----------
    values : sequence of sympy.Expr
        ``U_1, ..., U_N``.

    Returns
    -------
    tuple of Claim
        One for each number of users; a claim in numbers is true or false, one in symbols a condition.

    Examples
    --------
    >>> [claim.where for claim in concave((1, 3)) if claim.fails]
    ['U_2 - U_1 = 2 > U_1 - U_0 = 1']
    """
    levels = (sp.S.Zero, *values)
    gains = [sp.expand(levels[k] - levels[k - 1]) for k in range(1, len(levels))]
    return tuple(
        Claim(
            "U has diminishing returns (assumption 2)",
            f"U_{k + 1} - U_{k} = {gains[k]} > U_{k} - U_{k - 1} = {gains[k - 1]}",
            _at_least(gains[k - 1], gains[k]),
        )
        for k in range(1, len(gains))
    )


def gamma_increases(values: Sequence[sp.Expr]) -> tuple[Claim, ...]:
    """The average ``U_k / k`` never rises: enough for an increasing gamma, not for the regimes.

    Parameters
    ----------
    values : sequence of sympy.Expr
        ``U_1, ..., U_N``.

    Returns
    -------
    tuple of Claim
        One for each number of users; a claim in numbers is true or false, one in symbols a condition.

    Examples
    --------
    >>> counterexample = [sp.Rational(v) for v in ("0.822", "1.614", "1.769", "2.353")]
    >>> any(claim.fails for claim in gamma_increases(counterexample))
    False
    >>> any(claim.fails for claim in concave(counterexample))
    True
    """
    return tuple(
        Claim(
            "U_k / k does not rise (gamma increases)",
            f"U_{k + 1}/{k + 1} = {values[k] / (k + 1)} > U_{k}/{k} = {values[k - 1] / k}",
            _at_least(values[k - 1] / k, values[k] / (k + 1)),
        )
        for k in range(1, len(values))
    )


def require(claims: Sequence[Claim], consequence: str) -> tuple[sp.Basic, ...]:
    """Raise for the claims that are false; return what the others still ask of the symbols.

    Parameters
    ----------
    claims : sequence of Claim
        What must hold.
    consequence : str
        What follows when a claim fails, for the message.

    Returns
    -------
    tuple of sympy.Basic
        Conditions on the symbols.

    Raises
    ------
    ClaimError
        Naming every place where a claim fails, and what follows from the failure.

    Examples
    --------
    >>> require(concave((1, 3)), "gamma falls")
    Traceback (most recent call last):
    ...
    symbolic.errors.ClaimError: U has diminishing returns (assumption 2) fails:
    U_2 - U_1 = 2 > U_1 - U_0 = 1; gamma falls
    """
    broken = [claim for claim in claims if claim.fails]
    if broken:
        raise ClaimError(broken[0].statement, "; ".join([*(claim.where for claim in broken), consequence]))
    return tuple(dict.fromkeys(claim.relation for claim in claims if claim.relation != sp.true))


def _at_least(left: sp.Expr, right: sp.Expr) -> sp.Basic:
    difference = sp.factor(left - right)
    return sp.Ge(difference, 0)
