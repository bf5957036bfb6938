"""Cross-check of theorem 3: gamma, the equilibrium and the optimum of users who share or stay absent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any

from fairgames.assessment.crosscheck_exact import evaluator
from fairgames.assessment.crosscheck_points import NEAR, Draws, Point, Question, around, at, by_count
from fairgames.mechanism.symmetric_mechanism import SymmetricMechanism, symmetric_mechanism

_SOME_COST = Fraction(1, 7)
_EXPLICIT = 3
"""Up to so many users the forms have no root that is to be isolated, which takes most of the time."""


def questions(everything: bool) -> Iterator[Question]:
    """Every closed form for symbolic concave utilities of two, three and four users (six with ``everything``)."""
    for n_users in (2, 3, 4, 5, 6) if everything else (2, 3, 4):
        for name, source, points in (
            ("gamma(p)", "eqs. 23, 94", _gamma),
            ("U(p)", "eq. 93", _expected_utility),
            ("gamma_min, gamma_max", "theorem 3", _ends),
            ("c_th", "eq. 24, corrected", _threshold),
            ("c(p) and alpha(p)", "stationarity", _curve),
            ("p*(alpha)", "eqs. 88, 95", _equilibrium),
            ("U(p*(alpha))", "eq. 96", _utility_at_equilibrium),
            ("alpha*(c)", "theorem 3, eq. 97", _alpha_star),
            ("p at the optimum", "theorem 3", _p_at_optimum),
            ("value(c)", "eq. 21", _value),
        ):
            yield Question(f"{name}, {n_users} users", source, partial(points, n_users))


@cache
def _derived(n_users: int, derive: Any) -> Any:
    return derive(n_users)


def _regimes(n_users: int) -> Any:
    from symbolic import regimes

    # The derivation is part of the key, so that another one does not meet what this one left behind.
    return _derived(n_users, regimes.derive)


def _utilities(n_users: int, draws: Draws, share: int = 1) -> Iterator[list[Fraction]]:
    for _ in range(max(2, draws.points // share)):
        yield draws.concave(n_users)


def _share(n_users: int) -> int:
    return 3 if n_users <= _EXPLICIT else 6


def _mechanism(utilities: Sequence[Fraction], cost: Fraction) -> SymmetricMechanism:
    return symmetric_mechanism(by_count(utilities), cost)


def _where(utilities: Sequence[Fraction], **values: object) -> str:
    return ", ".join([f"U = ({', '.join(map(str, utilities))})", *(f"{name} = {v}" for name, v in values.items())])


def _gamma(n_users: int, draws: Draws) -> Iterator[Point]:
    form = evaluator(_regimes(n_users).gamma)
    for U in _utilities(n_users, draws):
        mechanism = _mechanism(U, _SOME_COST)
        for p in (Fraction(0), draws.rational(), Fraction(1)):
            yield at(_where(U, p=p), form(p, *U), mechanism.gamma(p))


def _expected_utility(n_users: int, draws: Draws) -> Iterator[Point]:
    form = evaluator(_regimes(n_users).expected_utility)
    for U in _utilities(n_users, draws):
        mechanism = _mechanism(U, _SOME_COST)
        for p in (Fraction(0), draws.rational(), Fraction(1)):
            yield at(_where(U, p=p), form(p, *U), mechanism.expected_utility(p))


def _ends(n_users: int, draws: Draws) -> Iterator[Point]:
    derived = _regimes(n_users)
    for U in _utilities(n_users, draws):
        mechanism = _mechanism(U, _SOME_COST)
        closed = [_among(form, U) for form in (derived.gamma_min, derived.gamma_max)]
        yield at(_where(U), closed, [mechanism.gamma_min, mechanism.gamma_max])


def _threshold(n_users: int, draws: Draws) -> Iterator[Point]:
    form = _regimes(n_users).cost_threshold
    for U in _utilities(n_users, draws):
        yield at(_where(U), _among(form, U), _mechanism(U, _SOME_COST).cost_threshold)


def _among(form: Any, utilities: Sequence[Fraction]) -> Any:
    """A form of utilities alone."""
    by_name = {f"U_{k}": value for k, value in enumerate(utilities, 1)}
    return form.at(*(by_name[symbol.name] for symbol in form.arguments))


def _curve(n_users: int, draws: Draws) -> Iterator[Point]:
    """The parametric pair: at the cost ``c(p)`` the optimum is p, at ``alpha(p)``."""
    derived = _regimes(n_users)
    for U in _utilities(n_users, draws):
        p = draws.rational()
        cost = _fraction(derived.stationarity.at(p, *U))
        mechanism = _mechanism(U, cost)
        assert mechanism.p is not None
        yield at(_where(U, c=cost), [p, derived.alpha_curve.at(p, *U)], [mechanism.p, mechanism.alpha])


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _alphas(utilities: Sequence[Fraction], cost: Fraction, draws: Draws) -> Iterator[Fraction]:
    """Random alphas, both ends of the mixed regime and their neighbours, and one whose equilibrium is rational."""
    mechanism = _mechanism(utilities, cost)
    ends = Fraction(cost / mechanism.gamma_max), Fraction(cost / mechanism.gamma_min)
    yield from around(*ends)
    yield from (draws.rational(), draws.rational(*ends), cost / Fraction(mechanism.gamma(draws.rational())))


def _equilibria(n_users: int, draws: Draws) -> Iterator[tuple[list[Fraction], Fraction, Fraction]]:
    for U in _utilities(n_users, draws, _share(n_users)):
        cost = U[-1] / n_users * draws.rational()
        for alpha in _alphas(U, cost, draws):
            yield U, cost, min(alpha, Fraction(1))


def _equilibrium(n_users: int, draws: Draws) -> Iterator[Point]:
    form = evaluator(_regimes(n_users).p_star)
    for U, cost, alpha in _equilibria(n_users, draws):
        numeric = _mechanism(U, cost).p_star(alpha)
        yield at(_where(U, alpha=alpha, c=cost), form(alpha, cost, *U), numeric)


def _utility_at_equilibrium(n_users: int, draws: Draws) -> Iterator[Point]:
    form = evaluator(_regimes(n_users).utility_at_p_star)
    for U, cost, alpha in _equilibria(n_users, draws):
        (only,) = _mechanism(U, cost).equilibria(alpha)
        yield at(_where(U, alpha=alpha, c=cost), form(alpha, cost, *U), only.utility)


def _costs(n_users: int, draws: Draws, at_top: bool) -> Iterator[tuple[list[Fraction], Fraction]]:
    """Costs in all three regimes, at the breakpoints and beside them, and one whose optimum is rational."""
    derived = _regimes(n_users)
    for U in _utilities(n_users, draws, _share(n_users)):
        mechanism = _mechanism(U, _SOME_COST)
        low, top = Fraction(mechanism.cost_threshold), Fraction(mechanism.gamma_max)
        yield from ((U, cost) for cost in around(low))
        # At gamma_max itself alpha = 0 and alpha = 1 leave the platform nothing alike.
        yield from ((U, cost) for cost in around(top) if at_top or cost != top)
        yield from ((U, cost) for cost in (low * draws.rational(), draws.rational(low, top), top * (1 + 30 * NEAR)))
        yield U, _fraction(derived.stationarity.at(draws.rational(), *U))


def _alpha_star(n_users: int, draws: Draws) -> Iterator[Point]:
    form = evaluator(_regimes(n_users).alpha_star)
    for U, cost in _costs(n_users, draws, at_top=False):
        yield at(_where(U, c=cost), form(cost, *U), _mechanism(U, cost).alpha)


def _p_at_optimum(n_users: int, draws: Draws) -> Iterator[Point]:
    form = evaluator(_regimes(n_users).p_at_optimum)
    for U, cost in _costs(n_users, draws, at_top=False):
        p = _mechanism(U, cost).p
        assert p is not None
        yield at(_where(U, c=cost), form(cost, *U), p)


def _value(n_users: int, draws: Draws) -> Iterator[Point]:
    form = evaluator(_regimes(n_users).value)
    for U, cost in _costs(n_users, draws, at_top=True):
        yield at(_where(U, c=cost), form(cost, *U), _mechanism(U, cost).value)
