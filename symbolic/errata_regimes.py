"""Errata of section 5 and appendix B.4 about the platform's optimum: theorem 3 and its proof."""

from __future__ import annotations

from functools import cache
from itertools import product

import sympy as sp

from symbolic import symbols
from symbolic.dp_mean import utilities
from symbolic.erratum import Erratum, Verification
from symbolic.payments import payment_gaps
from symbolic.regimes import Regimes, derive
from symbolic.symmetric import gamma
from symbolic.symmetric_optimum import optimum_between_levels

HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)


@cache
def paper_regimes() -> Regimes:
    """The example of section 5.1: two users, epsilon infinite."""
    return derive(2, utilities(2, "inf"))


def _middle_objective(cost: sp.Expr) -> sp.Expr:
    """The objective at alpha, between ``c/gamma_max`` and ``c/gamma_min``."""
    utility = paper_regimes().utility_at_p_star.expression.args[1][0]
    return (1 - symbols.alpha) * utility.subs(symbols.c, cost)


def _u_at_zero() -> Verification:
    regimes = paper_regimes()
    nobody, everybody = regimes.expected_utility.at(1), regimes.expected_utility.at(0)

    def everybody_is_best(cost: sp.Rational) -> bool:
        objective = _middle_objective(cost)
        rivals = (objective.subs(symbols.alpha, cost * sp.Rational(k, 60)) for k in range(90, 121))
        return all((1 - 2 * cost) * everybody >= rival for rival in rivals)

    return Verification(
        nobody != 0,
        everybody_is_best(THIRD) and not everybody_is_best(sp.Rational(2, 5)),
        f"U(rho = 0) = {nobody} would divide by zero; with U(p = 0) = {everybody} the condition ends at c = 1/3",
    )


def _maximising_alpha() -> Verification:
    cost = HALF
    objective = _middle_objective(cost)
    smallest, best = cost / (2 * THIRD), paper_regimes().alpha_star.at(cost)
    peak = max(objective.subs(symbols.alpha, smallest + sp.Rational(k, 400)) for k in range(101))
    values = [objective.subs(symbols.alpha, at) for at in (smallest, best)]
    return Verification(
        bool(values[0] >= peak),
        bool(values[1] >= peak),
        f"c = 1/2: alpha = {smallest} earns {values[0]}, alpha = {best} earns {values[1]}",
    )


def _private_action_present() -> Verification:
    """N = 2, U = 1 - 2^-(sum of levels), actions (1, 2): utility is earned at alpha = 0 already."""
    cost = sp.Rational(1, 20)

    def utility(private: int, less_private: int) -> sp.Expr:
        return 1 - sp.Rational(1, 2 ** (private + 2 * less_private))

    payoff = gamma(payment_gaps(2, utility))
    lower, upper = payoff.subs(symbols.p, 0), payoff.subs(symbols.p, 1)
    best = optimum_between_levels(2, utility, cost)
    all_in = (1 - cost / lower) * utility(0, 2)
    return Verification(
        bool(cost > upper) == bool(best.alpha == 0),
        bool(best.alpha == 0 and best.value == utility(2, 0) > all_in),
        f"gamma runs from {lower} to {upper}; at c = {cost} alpha = 0 earns {best.value}, everybody in {all_in}",
    )


def _platform_objective() -> Verification:
    total = sp.Symbol("X", positive=True)
    printed = total - (1 - symbols.alpha) * total
    kept = (1 - symbols.alpha) * total
    paid = symbols.alpha * total
    return Verification(
        sp.expand(printed - (total - paid)) == 0,
        sp.expand(kept - (total - paid)) == 0,
        f"utility less payments is {kept}, the print gives {sp.factor(sp.expand(printed))}",
    )


def _above_a_third() -> Verification:
    regimes = paper_regimes()
    peak = regimes.alpha_star.expression.args[1][0]

    def exceeds(cost: sp.Rational) -> bool:
        inside = peak.subs(symbols.c, cost)
        if not 3 * cost / 2 <= inside <= 2 * cost:
            return False
        return bool(_middle_objective(cost).subs(symbols.alpha, inside) > 1 - 2 * cost)

    below, above = exceeds(sp.Rational(1, 4)), exceeds(HALF)
    return Verification(
        below, above and not below, "alpha = 6c/(3c+2) lies beyond 2c at c = 1/4, and beats 1 - 2c at c = 1/2"
    )


def _own_payoff_term() -> Verification:
    p = symbols.p
    first, second = sp.symbols("phi_1 phi_2", real=True)
    average = p * symbols.alpha * first + (1 - p) * (symbols.alpha * second - symbols.c)
    gain = sp.expand(symbols.alpha * second - symbols.c - average)
    mean = p * first + (1 - p) * second

    def stated(term: sp.Expr) -> sp.Expr:
        return sp.expand(term - symbols.alpha * (mean - second) - gain)

    printed, correct = stated(symbols.c * (1 - p)), stated(-symbols.c * p)
    return Verification(printed == 0, correct == 0, f"the printed bracket is off by {printed}")


def _binomial_weights() -> Verification:
    """Expected gain from user i's switch when the two others of N = 3 mix: by listing them, and by the formulas."""
    n_users, p = 3, symbols.p
    U = (sp.S.Zero, *symbols.count_utilities(n_users))
    gains = [U[n + 1] - U[n] for n in range(n_users)]
    listed = sum(
        sp.prod((1 - p) if level else p for level in others) * gains[sum(others)]
        for others in product((0, 1), repeat=n_users - 1)
    )

    def stated(up: sp.Expr, down: sp.Expr, others: int) -> sp.Expr:
        terms = (sp.binomial(others, n) * up**n * down ** (others - n) * gains[n] for n in range(min(others, 2) + 1))
        return sp.expand(sum(terms) - listed)

    printed, flipped = stated(p, 1 - p, n_users), stated(p, 1 - p, n_users - 1)
    correct = stated(1 - p, p, n_users - 1)
    numbers = {p: HALF, **dict(zip(U[1:], (3, 5, 6), strict=True))}
    slopes = [sp.diff(listed + gap, p).subs(numbers) for gap in (0, flipped)]
    return Verification(
        printed == 0 or flipped == 0,
        correct == 0,
        f"U = (3, 5, 6): the gain's slope at p = 1/2 is {slopes[0]}; with N - 1 alone for N it would be {slopes[1]}",
    )


def _sum_not_gain() -> Verification:
    """Eq. 82 sets Delta_i U equal to the weighted sum of gains; the sum is a difference of expectations."""
    first, second = symbols.count_utilities(2)
    gains = (first, second - first)
    p1, p2 = sp.Rational(1, 4), sp.Rational(3, 4)

    def weights(p: sp.Rational) -> tuple[sp.Rational, sp.Rational]:
        return p, 1 - p

    total = sum((b - a) * gain for a, b, gain in zip(weights(p1), weights(p2), gains, strict=True))
    difference = sum(b * gain for b, gain in zip(weights(p2), gains, strict=True)) - sum(
        a * gain for a, gain in zip(weights(p1), gains, strict=True)
    )
    return Verification(
        any(sp.expand(total - gain) == 0 for gain in gains),
        sp.expand(total - difference) == 0,
        f"from p = 1/4 to 3/4 the sum is {sp.factor(total)}, no single gain",
    )


def _maximum() -> Verification:
    cost = HALF
    objective = _middle_objective(cost)
    values = [objective.subs(symbols.alpha, sp.Rational(k, 100)) for k in range(75, 101)]
    best = paper_regimes().value.at(cost)
    return Verification(
        bool(min(values) >= max(values)),
        bool(best >= max(values) and max(values) > best - sp.Rational(1, 1000)),
        f"c = 1/2: the objective runs from {min(values)} up to {best}",
    )


ERRATA: tuple[Erratum, ...] = (
    Erratum(
        "Eqs. 24, 90",
        "U(0), ambiguous: it may be read as the utility at rho = 0",
        "U at p = 0, its maximum",
        _u_at_zero,
    ),
    Erratum(
        "Theorem 3, case 2",
        "the minimizing alpha",
        "the maximiser of (1 - alpha) U(p*(alpha))",
        _maximising_alpha,
    ),
    Erratum(
        "Theorem 3, rho1' not absent",
        "alpha* = 0 only for c > gamma_max",
        "U(p = 1) > 0 is earned at alpha = 0: the threshold lies lower",
        _private_action_present,
    ),
    Erratum("Eq. 26", "x1'U x2 - (1 - alpha) x1'U x2", "(1 - alpha) x1'U x2", _platform_objective),
    Erratum("Appendix B.4.1", "for c < 1/3 it exceeds 1 - 2c", "for c > 1/3", _above_a_third),
    Erratum("Eq. 75, second bracket", "c (1 - p)", "-c p", _own_payoff_term),
    Erratum(
        "Eq. 81",
        "C(N, n) p^i (1-p)^(N-i), n_private = N - n",
        "C(N-1, n) (1-p)^n p^(N-1-n), n_private = N - 1 - n",
        _binomial_weights,
    ),
    Erratum("Eq. 82, left side", "Delta_i U(rho^(n))", "the sum over n of eq. 81", _sum_not_gain),
    Erratum("Eq. 89", "min over alpha", "max over alpha", _maximum),
)
