"""Two users (or groups) with different costs and two actions: best responses and the mixed equilibrium (appendix E).

User 1 is more private with probability p, user 2 with probability q. Each is indifferent where the other's
probability gives ``gamma = cost / alpha``, so everything depends on where ``cost / alpha`` lies against the
ends of gamma: below both, at the lower end, between, at the upper end, above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from symbolic import symbols
from symbolic.claims import concave, monotone, require, symmetric_utilities
from symbolic.closed_form import ClosedForm, Derivation
from symbolic.errors import InputError
from symbolic.symmetric import absence_gamma
from symbolic.two_group_places import Place, _ends, as_set, graph, place_condition, ranges


@dataclass(frozen=True)
class BestResponse:
    """All best responses of one user at one place of its ``cost / alpha``.

    Parameters
    ----------
    place : Place
    condition : sympy.Boolean
        What the place means for the cost, alpha and the ends of gamma.
    cases : tuple of (sympy.Set, sympy.Set)
        Pairs: the other's probability lies in the first set, then every own probability in the second
        is a best response.
    """

    place: Place
    condition: sp.Basic
    cases: tuple[tuple[sp.Set, sp.Set], ...]

    def latex(self) -> str:
        """One line a case: the other's range, and the best responses to it."""
        rows = " \\\\\n".join(rf"{sp.latex(other)} &\mapsto {sp.latex(own)}" for other, own in self.cases)
        return f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"

    def lambdify(self, modules: str = "math") -> Callable[..., object]:
        """The cases as a function of (alpha, own cost): pairs of ranges ``((low, high), (low, high))``."""
        cost = next(iter(self.condition.free_symbols & {symbols.c1, symbols.c2}))
        return ranges(self.cases, (symbols.alpha, cost), modules)


@dataclass(frozen=True, repr=False)
class MixedEquilibrium(Derivation):
    """The equilibrium in which both users mix: each makes the other indifferent."""

    first: ClosedForm
    second: ClosedForm
    conditions: tuple[sp.Basic, ...]


PAPER = ("2/3", 1)
"""Utilities of one and of two users in the paper's example."""


def pair_utilities(utilities: tuple[object, ...]) -> tuple[sp.Expr, sp.Expr]:
    """Check the utilities of one and of two users.

    Parameters
    ----------
    utilities : tuple of two numbers
        ``U_1`` and ``U_2`` of one and of two users, exact.

    Returns
    -------
    tuple of two sympy.Expr
        The same, exact.

    Raises
    ------
    ClaimError
        When they are not monotone or not concave.
    InputError
        When they are additive: gamma is then flat, and the users do not affect each other.

    Examples
    --------
    >>> pair_utilities(("2/3", 1))
    (2/3, 1)
    """
    one, two = symmetric_utilities(2, utilities)
    require(monotone((one, two)), "then gamma can be negative")
    require(concave((one, two)), "then gamma decreases and the cells differ")
    if sp.simplify(two - 2 * one) == 0:
        raise InputError("utilities", "must not be additive: gamma would be flat and no user affects the other", two)
    return one, two


def gamma_inverse(level: sp.Expr, utilities: tuple[object, ...] = PAPER) -> sp.Expr:
    """The other's probability at which ``gamma`` equals a level.

    Parameters
    ----------
    level : sympy.Expr
        Value of gamma, a cost divided by alpha.
    utilities : tuple of two numbers
        ``U_1`` and ``U_2`` of one and of two users; the paper's (2/3, 1) by default.

    Returns
    -------
    sympy.Expr
        A probability where the level lies between the ends of gamma.

    Raises
    ------
    ClaimError
        When the utilities are not monotone or not concave.

    Examples
    --------
    >>> gamma_inverse(symbols.c / symbols.alpha)
    -3 + 6*c/alpha
    """
    payoff = absence_gamma(2, utilities)
    (root,) = sp.solve(payoff - level, symbols.p)
    return sp.expand(root) if not root.free_symbols - level.free_symbols else sp.factor(root)


def mixed_equilibrium(utilities: tuple[object, ...] = PAPER) -> MixedEquilibrium:
    """``p = gamma^{-1}(c_2/alpha)`` and ``q = gamma^{-1}(c_1/alpha)`` (appendix E, corrected).

    Parameters
    ----------
    utilities : tuple of two numbers
        ``U_1`` and ``U_2`` of one and of two users; the paper's (2/3, 1) by default.

    Returns
    -------
    MixedEquilibrium
        Probabilities of absence, in terms of both costs and alpha.

    Raises
    ------
    ClaimError
        When the utilities are not monotone or not concave.

    Examples
    --------
    >>> mixed = mixed_equilibrium()
    >>> mixed.first.at("0.8", "0.5"), mixed.second.at("0.8", "0.45")
    (3/4, 3/8)
    """
    values = pair_utilities(utilities)
    bottom, top = _ends(values)
    conditions = tuple(
        relation
        for cost in (symbols.c1, symbols.c2)
        for relation in (bottom * symbols.alpha <= cost, cost <= top * symbols.alpha)
    )
    free = symbols.appearing_in(*values)
    first, second = (
        ClosedForm(name, gamma_inverse(cost / symbols.alpha, values), (symbols.alpha, cost, *free), source, conditions)
        for name, cost, source in (
            ("p", symbols.c2, "makes user 2 indifferent"),
            ("q", symbols.c1, "makes user 1 indifferent"),
        )
    )
    return MixedEquilibrium(first, second, conditions)


def best_responses(user: int = 1, utilities: tuple[object, ...] = PAPER) -> tuple[BestResponse, ...]:
    """The best responses of a user at each of the five places (eqs. 100-102 and their boundaries).

    Parameters
    ----------
    user : int
        1 or 2.
    utilities : tuple of two numbers
        ``U_1`` and ``U_2`` of one and of two users; the paper's (2/3, 1) by default.

    Returns
    -------
    tuple of BestResponse
        One for each place of ``c/alpha`` beside the ends of gamma.

    Raises
    ------
    ClaimError
        When the utilities are not monotone or not concave.

    Examples
    --------
    >>> for response in best_responses():
    ...     print(response.place.value, response.cases)
    below gamma_min ((Interval(0, 1), {0}),)
    at gamma_min (({0}, Interval(0, 1)), (Interval(0, 1), {0}))
    between ((Interval(0, -3 + 6*c_1/alpha), {1}), ({-3 + 6*c_1/alpha}, Interval(0, 1)), ... {0}))
    at gamma_max ((Interval(0, 1), {1}), ({1}, Interval(0, 1)))
    above gamma_max ((Interval(0, 1), {1}),)
    """
    cost = symbols.c1 if user == 1 else symbols.c2
    values = pair_utilities(utilities)
    mark = gamma_inverse(cost / symbols.alpha, values)
    return tuple(
        BestResponse(
            place,
            place_condition(place, cost, values),
            tuple((as_set(other, mark), as_set(own, mark)) for own, other in graph(place)),
        )
        for place in Place
    )
