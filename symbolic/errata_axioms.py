"""Errata of sections 2, 3 and 6 and of appendix B.2: privacy, axioms and fair payments."""

from __future__ import annotations

import sympy as sp

from symbolic import symbols
from symbolic.erratum import Erratum, Verification
from symbolic.payments import coalition_payment, coalition_utility, platform_payment, subsets, users_payment
from symbolic.two_user_payments import coalition_matrices, payment_matrices
from symbolic.uniqueness import axioms_a, axioms_a_with_platform_symmetry, axioms_b

THIRD = sp.Rational(1, 3)
EXAMPLE = sp.ImmutableMatrix([[0, 2 * THIRD], [2 * THIRD, 1]])


def _orientation() -> Verification:
    shares, paid = coalition_matrices(EXAMPLE), payment_matrices(EXAMPLE)
    printed_shares = sp.Matrix([[0, THIRD], [0, sp.Rational(2, 9)]])
    printed_paid = sp.Matrix([[0, 2 * THIRD], [0, sp.Rational(1, 2)]])
    derived = (shares.first.expression, paid.first.expression)
    return Verification(
        (printed_shares, printed_paid) == derived,
        derived == (printed_shares.T, printed_paid.T),
        f"theorem 2 pays user 1 {derived[1][1, 0]} when it alone shares and {derived[1][0, 1]} when it does not",
    )


def _platform_symmetry() -> Verification:
    loose, repaired = axioms_a(2), axioms_a_with_platform_symmetry(2)
    return Verification(
        loose.is_unique,
        repaired.is_unique and sp.expand(repaired.payments["p"] - platform_payment(coalition_utility(2), 2)) == 0,
        f"A.i-iii leave {len(loose.free)} parameters for two users ({', '.join(map(str, loose.free))}); "
        "platform symmetry leaves none",
    )


def _fixed_alpha() -> Verification:
    u, v = sp.symbols("u v", positive=True)

    def paid(total: sp.Expr, fraction: sp.Expr) -> sp.Expr:
        return fraction * total / 2  # two users alike share equally

    def gap(fraction_of: sp.Lambda) -> sp.Expr:
        return sp.simplify(paid(u + v, fraction_of(u + v)) - paid(u, fraction_of(u)) - paid(v, fraction_of(v)))

    total = sp.Symbol("t", positive=True)
    varying, fixed = gap(sp.Lambda(total, total / (1 + total))), gap(sp.Lambda(total, symbols.alpha))
    at_one = varying.subs({u: 1, v: 1})
    return Verification(
        varying == 0, fixed == 0, f"with alpha(U) = U/(1 + U) the payment for U + V is off by {at_one} at U = V = 1"
    )


def _references() -> Verification:
    utility, paid = EXAMPLE, payment_matrices(EXAMPLE).first.expression
    shares = coalition_matrices(EXAMPLE)
    eq_11 = {shares.platform.expression, shares.first.expression, shares.second.expression}
    return Verification(
        utility in eq_11 and paid == EXAMPLE,
        utility == EXAMPLE and paid == sp.Matrix([[0, 0], [2 * THIRD, sp.Rational(1, 2)]]),
        "eq. 10 is the utility, eq. 11 holds theorem 1's shares, theorem 2's payments are eq. 12",
    )


def _divisible() -> Verification:
    utility = coalition_utility(3)
    total = utility(frozenset({1, 2, 3}))
    shares = [users_payment(utility, 3, user) for user in (1, 2, 3)]
    divided = sp.expand(sum(shares) - total) == 0
    whole = all(share in (0, total) for share in shares)
    return Verification(whole, divided, f"user 1 of 3 receives {shares[0]}, and the shares add up to {total}")


def _neighbours() -> Verification:
    """Randomised response, one bit a user, with its own epsilon each."""
    e1, e2 = sp.symbols("epsilon_1 epsilon_2", positive=True)
    keep = {1: sp.exp(e1) / (1 + sp.exp(e1)), 2: sp.exp(e2) / (1 + sp.exp(e2))}

    def ratio(changed: tuple[int, ...]) -> sp.Expr:
        return sp.simplify(sp.prod(keep[user] / (1 - keep[user]) for user in changed))

    both, alone = ratio((1, 2)), [ratio((user,)) for user in (1, 2)]
    return Verification(
        bool(sp.simplify(sp.log(both) - e1).is_nonpositive),
        all(sp.simplify(value - sp.exp(e)) == 0 for value, e in zip(alone, (e1, e2), strict=True)),
        f"randomised response changes probabilities by {both} when both data differ, by {alone[0]} when user 1's do",
    )


def _empty_coalition() -> Verification:
    nobody = sp.Symbol("U_0", real=True)
    utility = coalition_utility(3, empty=nobody)
    paid = sp.expand(symbols.alpha * sum(users_payment(utility, 3, user) for user in (1, 2, 3)))
    total = utility(frozenset({1, 2, 3}))
    gap = sp.factor(paid - symbols.alpha * total)
    return Verification(gap == 0, gap.subs(nobody, 0) == 0, f"sum phi - alpha U = {gap}")


def _sum_limit() -> Verification:
    """Re-index the sum over S without i of U(S + i) by T = S + i, both ways, for three users."""
    n_users = 3
    utility = coalition_utility(n_users)
    source = sum(
        utility(S | {i}) / sp.binomial(n_users - 1, len(S))
        for i in range(1, n_users + 1)
        for S in subsets(range(1, n_users + 1))
        if i not in S and len(S) < n_users - 1
    )

    def reindexed(largest: int) -> sp.Expr:
        return sum(
            utility(T) / sp.binomial(n_users - 1, len(T) - 1)
            for i in range(1, n_users + 1)
            for T in subsets(range(1, n_users + 1))
            if i in T and len(T) <= largest
        )

    printed, correct = sp.expand(source - reindexed(n_users - 2)), sp.expand(source - reindexed(n_users - 1))
    return Verification(printed == 0, correct == 0, f"|S| < N - 1 drops {printed} for three users")


def _unanimity() -> Verification:
    T = frozenset({1, 2})
    paid = dict(axioms_b(3).on_unanimity)[T]
    printed_total = sum(symbols.alpha for user in paid if user in T)  # alpha, not alpha/|T|, to each member
    correct = {user: symbols.alpha / len(T) if user in T else sp.S.Zero for user in paid}
    return Verification(
        printed_total == symbols.alpha,
        paid == correct,
        f"in the game of users 1 and 2 the axioms pay each {paid[1]}; T itself is a set, not a number",
    )


def _table_2() -> Verification:
    utility = coalition_utility(2)
    total = utility(frozenset({1, 2}))
    platform = platform_payment(utility, 2)
    with_1 = sp.expand(platform + sum(coalition_payment(utility, 2, user) for user in (1, 2)) - total)
    with_2 = sp.expand(platform + sum(users_payment(utility, 2, user) for user in (1, 2)) - total)
    return Verification(with_2 == 0, with_1 == 0, f"beside theorem 2's payments phi_p overspends by {with_2}")


ERRATA: tuple[Erratum, ...] = (
    Erratum(
        "Definition 2",
        "the bound exp(epsilon_i), with no quantifier over x and x'",
        "for all x, x' that differ in coordinate i only, for each i",
        _neighbours,
    ),
    Erratum("Theorem 1", "unique from axioms A.i-iii", "unique once the platform is symmetric too", _platform_symmetry),
    Erratum("Axiom B.ii", "alpha may depend on the utility", "alpha is the same for all utilities", _fixed_alpha),
    Erratum("Eqs. 11, 12, 92", "Phi_1 = [[0, .], [0, .]]", "Phi_1 and Phi_2 exchanged", _orientation),
    Erratum(
        "Section 5.1", "utility from eq. 11, payments from eq. 10", "utility from 10, payments from 12", _references
    ),
    Erratum("Section 6", "a non-divisible utility", "a divisible utility: it is what is divided", _divisible),
    Erratum("Eqs. 42-47", "sum of phi = alpha U", "needs U(0) = 0: sum of phi = alpha (U - U(0))", _empty_coalition),
    Erratum("Eq. 45", "|S| < N - 1", "|S| <= N - 1", _sum_limit),
    Erratum("Eqs. 48, 49", "alpha / T", "alpha / |T| for i in T, when T is within supp(rho)", _unanimity),
    Erratum("Table 2", "phi_p under theorem 2", "phi_p under theorem 1", _table_2),
)
