"""Cross-check of identical users: theorem 3 regime by regime, and what holds for any utilities, levels and thresholds.

A section of the cross-check (`run`): each question draws utilities and costs, and evaluates a form of `symbolic`
beside `symmetric_mechanism`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np

from fairgames.assessment.crosscheck.run import NEAR, Draws, Point, Question, around, at, by_count, evaluator
from fairgames.equilibrium.intervals import stable_profiles
from fairgames.exactness import Array
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.symmetric.mechanism import SymmetricMechanism, symmetric_mechanism
from fairgames.payments.pricing import fair_payments
from symbolic import identical_users, regimes, symbols, symmetric, symmetric_optimum, threshold

Cases: TypeAlias = Callable[[int, Draws], Iterator[tuple[list[Fraction], dict[str, Fraction]]]]
"""Utilities, and the other arguments of a form, by the names of its symbols."""

_SOME_COST = Fraction(1, 7)
_EXPLICIT = 3
"""Up to so many users the forms have no root that is to be isolated, which takes most of the time."""


@cache
def _derived(n_users: int, derive: Any) -> Any:
    return derive(n_users)


def _regimes(n_users: int) -> Any:
    # The derivation is part of the key, so that another one does not meet what this one left behind.
    return _derived(n_users, regimes.derive)


def _mechanism(utilities: Sequence[Fraction], cost: Fraction | int = _SOME_COST) -> SymmetricMechanism:
    return symmetric_mechanism(by_count(utilities), cost)


def _where(utilities: Sequence[Fraction], **values: object) -> str:
    return ", ".join([f"U = ({', '.join(map(str, utilities))})", *(f"{name} = {v}" for name, v in values.items())])


def _regime(forms: Sequence[str], cases: Cases, numeric: Callable[..., object], n_users: int, draws: Draws) -> Any:
    """Evaluate some forms of the regimes, and what is to be equal to them, at each case."""
    asked = [getattr(_regimes(n_users), form) for form in forms]
    functions = [(evaluator(form), [symbol.name for symbol in form.arguments]) for form in asked]
    for U, values in cases(n_users, draws):
        known = values | {f"U_{k}": value for k, value in enumerate(U, 1)}
        closed = [function(*(known[name] for name in names)) for function, names in functions]
        yield at(_where(U, **values), closed, numeric(_mechanism(U, values.get("c", _SOME_COST)), **values))


def _alone(n_users: int, draws: Draws, share: int = 1) -> Iterator[tuple[list[Fraction], dict[str, Fraction]]]:
    for _ in range(max(2, draws.points // share)):
        yield draws.concave(n_users), {}


def _with_p(n_users: int, draws: Draws) -> Iterator[tuple[list[Fraction], dict[str, Fraction]]]:
    for U, _ in _alone(n_users, draws):
        yield from ((U, {"p": p}) for p in (Fraction(0), draws.rational(), Fraction(1)))


def _with_alpha(n_users: int, draws: Draws) -> Iterator[tuple[list[Fraction], dict[str, Fraction]]]:
    """Random alphas, both ends of the mixed regime and their neighbours, and one whose equilibrium is rational."""
    for U, _ in _alone(n_users, draws, _share(n_users)):
        cost = U[-1] / n_users * draws.rational()
        mechanism = _mechanism(U, cost)
        ends = Fraction(cost / mechanism.gamma_max), Fraction(cost / mechanism.gamma_min)
        rational = cost / Fraction(mechanism.gamma(draws.rational()))
        for alpha in (*around(*ends), draws.rational(), draws.rational(*ends), rational):
            yield U, {"alpha": min(alpha, Fraction(1)), "c": cost}


def _with_cost(
    n_users: int, draws: Draws, at_top: bool = False
) -> Iterator[tuple[list[Fraction], dict[str, Fraction]]]:
    """Costs in all three regimes, at the breakpoints and beside them, and one whose optimum is rational."""
    for U, _ in _alone(n_users, draws, _share(n_users)):
        mechanism = _mechanism(U)
        low, top = Fraction(mechanism.cost_threshold), Fraction(mechanism.gamma_max)
        # At gamma_max itself alpha = 0 and alpha = 1 leave the platform nothing alike.
        costs = [*around(low), *(cost for cost in around(top) if at_top or cost != top)]
        costs += [low * draws.rational(), draws.rational(low, top), top * (1 + 30 * NEAR)]
        costs.append(Fraction(_regimes(n_users).stationarity.at(draws.rational(), *U)))
        yield from ((U, {"c": cost}) for cost in costs)


def _share(n_users: int) -> int:
    return 3 if n_users <= _EXPLICIT else 6


def _curve(n_users: int, draws: Draws) -> Iterator[Point]:
    """The parametric pair: at the cost ``c(p)`` the optimum is p, at ``alpha(p)``."""
    derived = _regimes(n_users)
    for U, _ in _alone(n_users, draws):
        p = draws.rational()
        cost = Fraction(derived.stationarity.at(p, *U))
        mechanism = _mechanism(U, cost)
        yield at(_where(U, c=cost), [p, derived.alpha_curve.at(p, *U)], [mechanism.p, mechanism.alpha])


def _only_utility(mechanism: SymmetricMechanism, alpha: Fraction, **_: object) -> object:
    (only,) = mechanism.equilibria(alpha)
    return only.utility


_REGIMES: tuple[tuple[str, str, Callable[[int, Draws], Iterator[Point]]], ...] = tuple(
    (name, source, partial(_regime, forms.split(), cases, numeric))
    for name, source, forms, cases, numeric in (
        ("gamma(p)", "eqs. 23, 94", "gamma", _with_p, SymmetricMechanism.gamma),
        ("U(p)", "eq. 93", "expected_utility", _with_p, SymmetricMechanism.expected_utility),
        ("gamma_min, gamma_max", "theorem 3", "gamma_min gamma_max", _alone, lambda m: [m.gamma_min, m.gamma_max]),
        ("c_th", "eq. 24, corrected", "cost_threshold", _alone, lambda m: m.cost_threshold),
        ("p*(alpha)", "eqs. 88, 95", "p_star", _with_alpha, lambda m, alpha, **_: m.p_star(alpha)),
        ("U(p*(alpha))", "eq. 96", "utility_at_p_star", _with_alpha, _only_utility),
        ("alpha*(c)", "theorem 3, eq. 97", "alpha_star", _with_cost, lambda m, **_: m.alpha),
        ("p at the optimum", "theorem 3", "p_at_optimum", _with_cost, lambda m, **_: m.p),
        ("value(c)", "eq. 21", "value", partial(_with_cost, at_top=True), lambda m, **_: m.value),
    )
)


_RISING_GAMMA = [Fraction(value) for value in ("0.822", "1.614", "1.769", "2.353")]
"""Not concave, although gamma increases: the threshold is not the last increment."""


def questions(everything: bool) -> Iterator[Question]:
    """Theorem 3 for symbolic concave utilities of two to four (six) users; any utilities; thresholds up to thirty."""
    for n_users in (2, 3, 4, 5, 6) if everything else (2, 3, 4):
        for name, source, points in (*_REGIMES, ("c(p) and alpha(p)", "stationarity", _curve)):
            yield Question(f"{name}, {n_users} users", source, partial(points, n_users))
    for n_users in (2, 3, 4, 6) if everything else (2, 3, 4):
        for name, source, points in (
            ("gamma = U(p)/(N(1 - p))", "absence as an action", _identity),
            ("all symmetric equilibria", "eq. 23 at c/alpha", _equilibria),
            ("optimum, any utilities", "eq. 21", _optimum),
            ("c_th, any utilities", "least chord of U(x)", _any_threshold),
            ("k of N share: payment, alpha, value", "theorem 2", _pure),
            ("price of fairness", "identical users", _fairness),
        ):
            yield Question(f"{name}, {n_users} users", source, partial(points, n_users))
    for n_users in (2, 3, 4) if everything else (2, 3):
        yield Question(f"optimum between two levels, {n_users} users", "eq. 21", partial(_levels, n_users))
    sizes = range(2, 31) if everything else (2, 3, 4, 8, 15, 30)
    yield Question("c_th = U_N - U_(N-1), up to 30 users", "eq. 24, corrected", partial(_last_increment, sizes))


def _few(draws: Draws) -> range:
    return range(max(2, draws.points // 4))


def _identity(n_users: int, draws: Draws) -> Iterator[Point]:
    form = symmetric.gamma_identity(n_users).rhs
    for _ in range(draws.points):
        U, p = draws.rising(n_users), draws.rational()
        closed = form.subs({symbols.p: p, **dict(zip(symbols.count_utilities(n_users), U, strict=True))})
        yield at(_where(U, p=p), closed, _mechanism(U, 1).gamma(p))


def _equilibria(n_users: int, draws: Draws) -> Iterator[Point]:
    for _ in _few(draws):
        U = draws.rising(n_users)
        cost = min(U[0], U[-1] / n_users) * draws.rational()
        mechanism = _mechanism(U, cost)
        ends = cost / U[0], cost * n_users / U[-1], cost / Fraction(mechanism.gamma(draws.rational()))
        for alpha in (*around(*ends), draws.rational(), Fraction(1)):
            share = min(alpha, Fraction(1))
            closed = symmetric.symmetric_equilibria(n_users, U, share, cost)
            yield at(_where(U, alpha=share, c=cost), sorted(closed), [one.p for one in mechanism.equilibria(share)])


def _optimum(n_users: int, draws: Draws) -> Iterator[Point]:
    for _ in _few(draws):
        U = draws.rising(n_users)
        ends = _mechanism(U, 1)
        low, top = Fraction(U[-1] - U[-2]), U[0]
        for cost in (*around(low, top), draws.rational(0, top), Fraction(ends.gamma(draws.rational()))):
            closed = symmetric_optimum.symmetric_optimum(n_users, U, cost)
            yield at(_where(U, c=cost), closed.value, _mechanism(U, cost).value)


def _levels(n_users: int, draws: Draws) -> Iterator[Point]:
    """Level 1 against level 2; where neither is absence, everybody at level 1 comes free."""
    for _ in _few(draws):
        utility, table = _two_levels(n_users, draws)
        one, two = utility(n_users, 0), utility(0, n_users)
        for share in (Fraction(1, 20), draws.rational(), Fraction(3, 2)):
            cost = (two - one) / n_users * share
            closed = symmetric_optimum.optimum_between_levels(n_users, utility, cost)
            found = symmetric_mechanism(table, cost, actions=(1, 2))
            yield at(f"levels 1 and 2, U = {table.tolist()}, c = {cost}", closed.value, found.value)


def _two_levels(n_users: int, draws: Draws) -> tuple[Callable[[int, int], Fraction], Array]:
    """A rising utility of the numbers of users at level 1 and at level 2."""
    weight, half = 1 + draws.rational(0, 2), draws.rational(0, 3)

    def utility(private: int, open_: int) -> Fraction:
        shared = private + weight * open_
        return shared / (shared + half)

    table = np.empty((3,) * n_users, dtype=object)
    for profile in np.ndindex(table.shape):
        table[profile] = utility(profile.count(1), profile.count(2))
    return utility, table


def _any_threshold(n_users: int, draws: Draws) -> Iterator[Point]:
    cases = [draws.rising(n_users) for _ in _few(draws)]
    if n_users == len(_RISING_GAMMA):
        cases.append(_RISING_GAMMA)
    for U in cases:
        found = _mechanism(U, 1).cost_threshold
        yield at(_where(U), threshold.exact_threshold(n_users, U), found)


def _last_increment(sizes: Sequence[int], draws: Draws) -> Iterator[Point]:
    """The threshold, and the optimum on both sides of it."""
    form = threshold.concave_threshold(4).threshold
    for n_users in sizes:
        U = draws.concave(n_users)
        closed = form.at(U[-2], U[-1])
        # A wrong form may be negative, which no cost is: then the first number differs.
        cost = max(Fraction(closed), Fraction(0))
        below, above = (_mechanism(U, cost * (1 + side)) for side in (-NEAR, NEAR))
        numeric = [below.cost_threshold, below.p == 0, above.p == 0]
        yield at(_where(U), [closed, True, False], numeric)


def _pure(n_users: int, draws: Draws) -> Iterator[Point]:
    for present in range(1, n_users + 1):
        forms = identical_users.pure_equilibrium(n_users, present)
        for _ in _few(draws):
            U = draws.concave(n_users)
            cost = U[present - 1] / present * draws.rational()
            profile = (0,) * (n_users - present) + (1,) * present
            worth = by_count(U)
            (stable,) = (one for one in stable_profiles(worth, [0, cost]) if one.profile == profile)
            value = U[present - 1]
            closed = [forms.payment.at(value), forms.alpha.at(cost, value), forms.value.at(cost, value)]
            paid = fair_payments(worth, profile).values[-1]
            numeric = [paid, stable.alpha_from, (1 - stable.alpha_from) * stable.utility]
            yield at(_where(U, c=cost, k=present), closed, numeric)


def _fairness(n_users: int, draws: Draws) -> Iterator[Point]:
    for _ in range(draws.points):
        U = draws.rising(n_users)
        cost = max(u / k for k, u in enumerate(U, 1)) * draws.rational()
        kept = [u - k * cost for k, u in enumerate(U, 1)]
        best = kept.index(max(kept)) + 1
        if not identical_users.others_stay_out(n_users, best):
            raise ArithmeticError(f"a user joins at the best of {n_users} users' counts, {best}")
        forms = identical_users.pure_equilibrium(n_users, best)
        at_cost = forms.paid_at_cost.at(cost, U[best - 1])
        closed = [forms.price_of_fairness.at(cost, U[best - 1])] * 2 + [at_cost] * 2
        found = optimal_alpha(by_count(U), [0, cost])
        numeric = [found.price_of_fairness, _mechanism(U, cost).price_of_fairness, found.value, found.upper_bound]
        yield at(_where(U, c=cost), closed, numeric)
