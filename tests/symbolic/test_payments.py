from fractions import Fraction

import pytest
import sympy as sp
from oracles import shapley

from symbolic import errors, payments, two_user_payments

HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)
EQ_10 = [[0, "2/3"], ["2/3", 1]]


def test_eq_11_corrected():
    shares = two_user_payments.coalition_matrices(EQ_10)
    assert shares.platform.expression == sp.Matrix([[0, THIRD], [THIRD, sp.Rational(5, 9)]])
    assert shares.first.expression == sp.Matrix([[0, 0], [THIRD, sp.Rational(2, 9)]])
    assert shares.second.expression == sp.Matrix([[0, THIRD], [0, sp.Rational(2, 9)]])


def test_eq_12_corrected():
    paid = two_user_payments.payment_matrices(EQ_10)
    assert paid.first.expression == sp.Matrix([[0, 0], [2 * THIRD, HALF]])
    assert paid.second.expression == paid.first.expression.T


@pytest.mark.parametrize("n_users", [1, 2, 3, 4])
def test_theorem_2_is_the_shapley_value(n_users):
    utility = payments.coalition_utility(n_users)

    def of_profile(profile):
        return utility(frozenset(user + 1 for user, level in enumerate(profile) if level))

    expected = shapley(of_profile, (1,) * n_users)
    for user in range(1, n_users + 1):
        assert sp.expand(payments.users_payment(utility, n_users, user) - expected[user - 1]) == 0


@pytest.mark.parametrize("n_users", [1, 2, 3])
def test_theorem_1_is_the_shapley_value_with_the_platform_as_a_member(n_users):
    utility = payments.coalition_utility(n_users)

    def of_profile(profile):
        platform, *users = profile
        return platform * utility(frozenset(user + 1 for user, level in enumerate(users) if level))

    platform, *users = shapley(of_profile, (1,) * (n_users + 1))
    assert sp.expand(payments.platform_payment(utility, n_users) - platform) == 0
    for user in range(1, n_users + 1):
        assert sp.expand(payments.coalition_payment(utility, n_users, user) - users[user - 1]) == 0


@pytest.mark.parametrize("n_users", [2, 3, 4])
def test_gaps_when_the_private_action_is_not_absence(n_users):
    def utility(a, b):
        return 1 - sp.Rational(1, 2 ** (a + 2 * b))

    def of_profile(profile):
        return utility(profile.count(1), profile.count(2))

    for private, gap in enumerate(payments.payment_gaps(n_users, utility)):
        others = (1,) * private + (2,) * (n_users - 1 - private)
        assert gap == shapley(of_profile, (2, *others))[0] - shapley(of_profile, (1, *others))[0]


def test_matrices_of_symbols_become_functions():
    u, v = sp.symbols("u v", positive=True)
    first = two_user_payments.payment_matrices([[0, u], [u, v]]).first
    assert first.arguments == (u, v)
    assert first.at("2/3", 1) == two_user_payments.payment_matrices(EQ_10).first.expression
    assert first.lambdify()(0.5, 0.75) == [[0, 0], [0.5, 0.375]]


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: two_user_payments.payment_matrices([[0, 0.5], [0, 1]]), "U[0, 1]"),
        (lambda: two_user_payments.payment_matrices([[1, 1], [1, 1]]), "U[0, 0]"),
        (lambda: two_user_payments.payment_matrices([[0, 1], [1]]), "U"),
        (lambda: two_user_payments.payment_matrices([[0, sp.Symbol("u")], [0, 1]]), "U[0, 1]"),
        (lambda: payments.users_payment(payments.coalition_utility(2), 2, 3), "user"),
        (lambda: payments.payment_gaps(1, lambda a, b: a + b), "n_users"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(errors.InputError) as caught:
        call()
    assert caught.value.argument == argument


def test_fractions_are_accepted():
    assert two_user_payments.payment_matrices([[0, Fraction(2, 3)], ["2/3", 1]]) == two_user_payments.payment_matrices(
        EQ_10
    )
