import pytest
import sympy as sp

from symbolic import payments, uniqueness
from symbolic.symbols import alpha

USERS = [2, 3]


@pytest.mark.parametrize("n_users", USERS)
def test_axioms_b_leave_theorem_2_alone(n_users):
    solution = uniqueness.axioms_b(n_users)
    utility = payments.coalition_utility(n_users)
    assert solution.is_unique
    for user in range(1, n_users + 1):
        expected = alpha * payments.users_payment(utility, n_users, user)
        assert sp.simplify(solution.payments[user] - expected) == 0


@pytest.mark.parametrize("n_users", USERS)
def test_axioms_a_as_printed_leave_one_parameter_a_game(n_users):
    solution = uniqueness.axioms_a(n_users)
    assert len(solution.free) == 2**n_users - 1
    lam = sp.Symbol("lam", real=True)
    utility = payments.coalition_utility(n_users)
    same = dict.fromkeys(solution.free, lam)
    everybody = frozenset(range(1, n_users + 1))
    assert sp.expand(solution.payments["p"].subs(same) - (1 - lam) * utility(everybody)) == 0
    for user in everybody:
        expected = lam * payments.users_payment(utility, n_users, user)
        assert sp.expand(solution.payments[user].subs(same) - expected) == 0


@pytest.mark.parametrize("n_users", USERS)
def test_platform_symmetry_gives_theorem_1(n_users):
    solution = uniqueness.axioms_a_with_platform_symmetry(n_users)
    utility = payments.coalition_utility(n_users)
    assert solution.is_unique
    assert sp.expand(solution.payments["p"] - payments.platform_payment(utility, n_users)) == 0
    for user in range(1, n_users + 1):
        assert sp.expand(solution.payments[user] - payments.coalition_payment(utility, n_users, user)) == 0


def test_eq_49_corrected():
    for T, paid in uniqueness.axioms_b(3).on_unanimity:
        assert paid == {user: alpha / len(T) if user in T else 0 for user in (1, 2, 3)}


def test_unanimity_games_are_a_basis():
    utility = payments.coalition_utility(3)
    weights = uniqueness.dividends(utility, 3)
    for S in payments.subsets(range(1, 4)):
        assert sp.expand(sum(weight for T, weight in weights.items() if T <= S) - utility(S)) == 0


def test_solution_as_latex_and_function():
    solution = uniqueness.axioms_b(2)
    assert r"\phi_{1} &= " in solution.latex()
    assert solution.lambdify()(0.4, 0.8, 0.3, 0.5) == pytest.approx([0.225, 0.175])  # U_1, U_12, U_2, alpha
