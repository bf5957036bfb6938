"""Cross-check of exchangeable users beyond theorem 3: any utilities, any two levels, thresholds, fairness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from fairgames.assessment.crosscheck_points import NEAR, Draws, Point, Question, around, at, by_count
from fairgames.equilibrium.intervals import stable_profiles
from fairgames.exactness import Array
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.symmetric_mechanism import symmetric_mechanism
from fairgames.payments.front_door import fair_payments

_RISING_GAMMA = [Fraction(value) for value in ("0.822", "1.614", "1.769", "2.353")]
"""Not concave, although gamma increases: the threshold is not the last increment."""


def questions(everything: bool) -> Iterator[Question]:
    """Populations of two to four (six) users; the threshold up to thirty."""
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


def _where(utilities: Sequence[Fraction], **values: object) -> str:
    return ", ".join([f"U = ({', '.join(map(str, utilities))})", *(f"{name} = {v}" for name, v in values.items())])


def _identity(n_users: int, draws: Draws) -> Iterator[Point]:
    import sympy as sp

    from symbolic import symbols, symmetric

    form = symmetric.gamma_identity(n_users).rhs
    for _ in range(draws.points):
        U, p = draws.rising(n_users), draws.rational()
        values = dict(zip(symbols.count_utilities(n_users), [sp.Rational(str(u)) for u in U], strict=True))
        closed = form.subs({symbols.p: sp.Rational(str(p)), **values})
        yield at(_where(U, p=p), closed, symmetric_mechanism(by_count(U), 1).gamma(p))


def _equilibria(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import symmetric

    for _ in _few(draws):
        U = draws.rising(n_users)
        cost = min(U[0], U[-1] / n_users) * draws.rational()
        mechanism = symmetric_mechanism(by_count(U), cost)
        ends = cost / U[0], cost * n_users / U[-1], cost / Fraction(mechanism.gamma(draws.rational()))
        for alpha in (*around(*ends), draws.rational(), Fraction(1)):
            share = min(alpha, Fraction(1))
            closed = symmetric.symmetric_equilibria(n_users, U, share, cost)
            yield at(_where(U, alpha=share, c=cost), sorted(closed), [one.p for one in mechanism.equilibria(share)])


def _optimum(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import symmetric_optimum

    for _ in _few(draws):
        U = draws.rising(n_users)
        ends = symmetric_mechanism(by_count(U), 1)
        low, top = Fraction(U[-1] - U[-2]), U[0]
        for cost in (*around(low, top), draws.rational(0, top), Fraction(ends.gamma(draws.rational()))):
            closed = symmetric_optimum.symmetric_optimum(n_users, U, cost)
            yield at(_where(U, c=cost), closed.value, symmetric_mechanism(by_count(U), cost).value)


def _levels(n_users: int, draws: Draws) -> Iterator[Point]:
    """Level 1 against level 2; where neither is absence, everybody at level 1 comes free."""
    from symbolic import symmetric_optimum

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
    from symbolic import threshold

    cases = [draws.rising(n_users) for _ in _few(draws)]
    if n_users == len(_RISING_GAMMA):
        cases.append(_RISING_GAMMA)
    for U in cases:
        found = symmetric_mechanism(by_count(U), 1).cost_threshold
        yield at(_where(U), threshold.exact_threshold(n_users, U), found)


def _last_increment(sizes: Sequence[int], draws: Draws) -> Iterator[Point]:
    """The threshold, and the optimum on both sides of it."""
    from symbolic import threshold

    form = threshold.concave_threshold(4).threshold
    for n_users in sizes:
        U = draws.concave(n_users)
        closed = form.at(U[-2], U[-1])
        cost = Fraction(int(closed.p), int(closed.q))
        below, above = (symmetric_mechanism(by_count(U), cost * (1 + side)) for side in (-NEAR, NEAR))
        numeric = [below.cost_threshold, below.p == 0, above.p == 0]
        yield at(_where(U), [closed, True, False], numeric)


def _pure(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import identical_users

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
    from symbolic import identical_users

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
        numeric = [
            found.price_of_fairness,
            symmetric_mechanism(by_count(U), cost).price_of_fairness,
            found.value,
            found.upper_bound,
        ]
        yield at(_where(U, c=cost), closed, numeric)
