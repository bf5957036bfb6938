"""Errata of sections 4.2 and 5 about what is assumed: monotone, diminishing, symmetric, and best responses."""

from __future__ import annotations

from itertools import product

import sympy as sp

from symbolic.erratum import Erratum, Verification
from symbolic.two_user_payments import payment_matrices

HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)


def _strict_monotone() -> Verification:
    profiles = list(product((0, 1), repeat=2))
    U = sp.Matrix([[0, 2 * THIRD], [2 * THIRD, 1]])
    ordered = [(a, b) for a in profiles for b in profiles if all(y >= x for x, y in zip(a, b, strict=True))]
    printed = all(U[b] > U[a] for a, b in ordered)
    correct = all(U[b] >= U[a] for a, b in ordered) and all(U[b] > U[a] for a, b in ordered if a != b)
    return Verification(bool(printed), bool(correct), "equal profiles satisfy the premise, and U > U never holds")


def _strict_returns() -> Verification:
    gains = {0: THIRD, 1: 2 * THIRD}
    printed = all(gains[m] > gains[n] for m in gains for n in gains if m >= n)
    correct = all(gains[m] >= gains[n] for m in gains for n in gains if m >= n)
    return Verification(
        bool(printed), bool(correct), f"gains {gains} by the number of private others: m = n needs gain > gain"
    )


def _identical_users() -> Verification:
    """Profile (1, 0) of two users alike: one shares, one is absent."""
    U = sp.Matrix([[0, 2 * THIRD], [2 * THIRD, 1]])
    printed = U[1, 0] == U[0, 0]  # user 1's coalition against user 2's, which shares nothing
    correct = all(U[k, m] == U[m, k] for k, m in product((0, 1), repeat=2))
    return Verification(
        bool(printed),
        bool(correct),
        "at profile (1, 0) user 1 alone is worth 2/3 and user 2 alone 0; exchanging the users changes nothing",
    )


def _best_response_sets() -> Verification:
    """At alpha = 1 and c = 1/2 the second user is indifferent once the first shares."""
    payoffs = payment_matrices([[0, 2 * THIRD], [2 * THIRD, 1]]).first.expression
    replies = {level: payoffs[level, 1] - HALF * level for level in (0, 1)}
    best = {level for level, value in replies.items() if value == max(replies.values())}
    return Verification(
        best == {1}, 1 in best and len(best) == 2, f"BR to a sharing user is the set {best}: no profile equals it"
    )


ERRATA: tuple[Erratum, ...] = (
    Erratum("Eqs. 17, 18", "rho = BR(rho, alpha)", "rho in BR(rho, alpha), a set", _best_response_sets),
    Erratum(
        "Section 5",
        "identical marginal contribution of all i, j",
        "U is the same for all permutations of the users",
        _identical_users,
    ),
    Erratum("Assumption 1", "U(rho2) > U(rho1) from rho2 >= rho1", ">= (or a strict premise)", _strict_monotone),
    Erratum("Assumption 2", "a strict gain from n_private >= n_private", ">= (or a strict premise)", _strict_returns),
)
