"""Errata of section 4 and of appendices B.3 and D: the federated mean and its game."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symbolic import symbols
from symbolic.erratum import Erratum, Verification
from symbolic.federated import best_estimate, squared_error, utility
from symbolic.federated_inputs import total_variances, variance_symbols
from symbolic.payments import users_payment
from symbolic.two_user_payments import payment_matrices

SAMPLES = (10, 20, 30)


def _user_payment(profile: Sequence[int], samples: Sequence[int], s2: object, r2: object, user: int) -> sp.Expr:
    """A user's fair payment at a profile, per unit of alpha."""

    def of_coalition(members: frozenset[int]) -> sp.Expr:
        masked = [level if place in members else 0 for place, level in enumerate(profile, 1)]
        return utility(masked, samples, s2, r2)

    return users_payment(of_coalition, len(samples), user)


def _payment_index() -> Verification:
    paid = [_user_payment((2, 2, 2), SAMPLES, 1, 10, user).evalf(8) for user in (1, 2, 3)]
    return Verification(
        len(set(paid)) == 1,
        len(set(paid)) == 3,
        f"n = {SAMPLES}, all direct: phi = ({', '.join(f'{value:.4f}' for value in paid)}), one a user",
    )


def _sum_to_users() -> Verification:
    """Read literally the sum runs over as many users as user 1 has samples."""
    n_users = len(SAMPLES)
    return Verification(
        SAMPLES[0] == n_users,
        len(variance_symbols(n_users)) == n_users,
        f"n is a number of samples: n_1 = {SAMPLES[0]} while there are {n_users} users",
    )


def _log_increments() -> Verification:
    values = [utility((2,) * k + (0,) * (3 - k), (10, 10, 10), 100, 1).evalf(8) for k in range(4)]
    gains = [values[k + 1] - values[k] for k in range(3)]
    monotone = min(gains) > 0
    return Verification(
        bool(gains[0] >= gains[1] >= gains[2]),
        bool(monotone and gains[1] > gains[0]),
        f"three users, levels (0, 2), n = 10, s2 = 100, r2 = 1: gains {', '.join(f'{gain:.3f}' for gain in gains)}",
    )


def _star() -> Verification:
    """Fig. 6 refers to the configuration of Fig. 5b, which has a star; section 4.2 sets every a_i to 1."""
    profile, samples = (2, 1, 1), (100, 10, 10)
    star = utility(profile, samples, 100, 1, importance=(100, 1, 1)).evalf(8)
    plain = utility(profile, samples, 100, 1).evalf(8)
    by_errors = sum(
        sp.log(201 / best_estimate(profile, user, total_variances(samples, 100, 1), s2=100).error.expression)
        for user in (1, 2, 3)
    ).evalf(8)
    return Verification(
        bool(abs(star - by_errors) < 1e-4),
        bool(abs(plain - by_errors) < 1e-4),
        f"a_i = 1 gives utility {plain:.3f} where a star of weight 100 gives {star:.3f}: both cannot be Fig. 6",
    )


def _sum_over_others() -> Verification:
    """Weights of one estimate add up to 1 over j; over i, the estimates, they do not."""
    variances = total_variances(SAMPLES, 1, 10)
    weights = [
        [weight.expression for _, weight in best_estimate((2, 2, 2), i, variances, s2=1).direct] for i in (1, 2, 3)
    ]
    over_i = [sum(row[j] for row in weights) for j in range(3)]
    over_j = [sum(row) for row in weights]
    return Verification(
        over_i == [1, 1, 1], over_j == [1, 1, 1], f"n = {SAMPLES}: sums over i {over_i}, sums over j {over_j}"
    )


def _gradient_at_self() -> Verification:
    """Eq. 72 at the solved weights: users 1 and 2 direct, user 3 federating, the estimate of user 1."""
    V = variance_symbols(3)
    found = best_estimate((2, 2, 1), 1)
    own, together = dict(found.direct)[1].expression, found.aggregate.expression if found.aggregate else sp.S.Zero
    spread = together * (1 / V[0] + 1 / V[1]) * V[2]  # w_i0 N2 V0 / (N1 Vbar) with N1 = 1
    printed = sp.cancel(own * V[0] + spread + symbols.s2 / V[0] - 1)
    correct = sp.cancel(together + spread + symbols.s2 / V[0] - 1)
    return Verification(printed == 0, correct == 0, f"the printed left side exceeds 1 by {sp.factor(printed)}")


def _error_symbols() -> Verification:
    """With n samples for everybody eq. 56 loses the differences between the users."""
    v = (sp.Rational(1, 2), sp.Rational(1, 2))
    n, m = sp.symbols("n_1 n_2", positive=True)
    derived = squared_error(1, v, total_variances((n, m)))

    def stated(counts: tuple[sp.Symbol, sp.Symbol]) -> sp.Expr:
        noise = sum(w**2 / count for w, count in zip(v, counts, strict=True))
        return symbols.r2 * noise + symbols.s2 * (v[1] ** 2 + v[1] ** 2)

    printed, correct = sp.simplify(derived - stated((n, n))), sp.simplify(derived - stated((n, m)))
    return Verification(printed == 0, correct == 0, f"with one n the error is off by {sp.factor(printed)}")


def _always_one() -> Verification:
    """Two users, n = 10 and 20, s2 = 1, r2 = 10, alpha = 1; costs decide who sits at level 1."""
    samples = (10, 20)

    def stable(profile: tuple[int, int], costs: tuple[sp.Rational, sp.Rational]) -> bool:
        levels = (sp.S.Zero, *costs)
        for user in (1, 2):
            here = _user_payment(profile, samples, 1, 10, user) - levels[profile[user - 1]]
            for level in range(3):
                moved = tuple(level if place == user else other for place, other in enumerate(profile, 1))
                there = _user_payment(moved, samples, 1, 10, user) - levels[level]
                if (there - here).evalf(20) > 1e-15:
                    return False
        return True

    equal, cheaper = (sp.Rational(1, 10),) * 2, (sp.Rational(1, 20), sp.Rational(1, 10))
    dear = (sp.Rational(1, 10), sp.Integer(9))
    nobody, two = stable((2, 2), equal), stable((1, 1), dear)
    at_least_one = not stable((2, 2), cheaper) and not stable((2, 0), cheaper) and not stable((0, 2), cheaper)
    return Verification(
        not (nobody or two),
        nobody and two and at_least_one,
        f"(2,2) is an equilibrium when c(1) = c(2): {nobody}; (1,1) is one when c(2) is high: {two}; "
        f"with c(1) < c(2) nobody at level 1 is never stable: {at_least_one}",
    )


def _deviations() -> Verification:
    """Two users, actions (1, 2), U = 1 - 2^-(sum of levels): stability needs the payment after moving."""
    table = payment_matrices([[1 - sp.Rational(1, 2 ** (k + m)) for m in range(3)] for k in range(3)]).first.expression
    cost = sp.Rational(3, 10)
    by_own_payment, by_deviation = table[2, 2] >= cost, table[2, 2] - table[1, 2] >= cost
    stays = sp.Max(table[2, 2] - cost, table[1, 2]) == table[2, 2] - cost
    return Verification(
        bool(by_own_payment) == bool(stays),
        bool(by_deviation) == bool(stays),
        f"at (2,2) phi = {table[2, 2]} covers c = {cost}, yet moving to level 1 still earns {table[1, 2]}",
    )


ERRATA: tuple[Erratum, ...] = (
    Erratum("Eq. 15", "sum over i up to n", "sum over i up to N, the users", _sum_to_users),
    Erratum("Eq. 16", "u_i = alpha phi - c_i", "u_i = alpha phi_i - c_i: one payment a user", _payment_index),
    Erratum(
        "Section 4, before 4.1",
        "the logarithmic utility satisfies assumption 2",
        "not always: gains can rise",
        _log_increments,
    ),
    Erratum(
        "Fig. 6, caption",
        "the configuration of Fig. 5b: its star (a = 100) too, unless levels only are meant",
        "a_i = 1, the users of Fig. 5a",
        _star,
    ),
    Erratum("Before eq. 56, the sum", "theta_i = sum over i of v_ij theta_j", "sum over j", _sum_over_others),
    Erratum("Before eq. 56, the samples", "user j has n samples", "user j has n_j samples", _error_symbols),
    Erratum(
        "Eq. 72",
        "w_ii V_i + w_i0 N2 V0/(N1 Vbar) + s2/V_i = 1",
        "w_i0 + w_i0 N2 V0/(N1 Vbar) + s2/V_i = 1",
        _gradient_at_self,
    ),
    Erratum(
        "Appendix D, comment",
        "always one user at level 1",
        "at least one, and only if c_i(1) < c_i(2)",
        _always_one,
    ),
    Erratum(
        "Algorithm 1",
        "phi at one representative of a partition",
        "phi at every unilateral deviation, in neighbouring partitions too",
        _deviations,
    ),
)
