import pytest
import sympy as sp

from symbolic import dp_mean, dp_mean_risk, errors, symbols, symmetric
from symbolic.symbols import epsilon

MU = dp_mean_risk.MU
w, eta, w1, w2 = sp.symbols("w eta w1 w2", positive=True)
HALF = sp.Rational(1, 2)


def equal(left, right):
    return sp.simplify(left - right) == 0


def test_eqs_27_and_28_nobody():
    assert equal(dp_mean_risk.risk_function((), sp.oo), MU**2)
    assert equal(dp_mean_risk.bayes_risk((), sp.oo), sp.Rational(1, 12))
    assert equal(dp_mean_risk.minimal_risk(0), sp.Rational(1, 12))


def test_eq_29():
    printed = (MU + HALF) * (MU - w / 2) ** 2 + (HALF - MU) * (MU + w / 2) ** 2 + 2 / eta**2
    assert equal(dp_mean_risk.risk_function((w,), eta), printed)


def test_eq_30():
    assert equal(dp_mean_risk.bayes_risk((w,), eta), (3 * w**2 - 2 * w + 1) / 12 + 2 / eta**2)


def test_eq_31_weight_and_noise():
    weight = dp_mean_risk.best_weight(1)
    assert equal(weight, 1 / (3 + 24 / epsilon**2))
    assert equal(weight / epsilon, epsilon / (3 * epsilon**2 + 24))


def test_eq_32():
    assert equal(dp_mean_risk.minimal_risk(1), (1 - 1 / (3 + 24 / epsilon**2)) / 12)


def test_eq_33():
    printed = (
        2 * (MU + HALF) * (HALF - MU) * MU**2
        + (MU + HALF) ** 2 * (w - MU) ** 2
        + (HALF - MU) ** 2 * (MU + w) ** 2
        + 2 / eta**2
    )
    assert equal(dp_mean_risk.risk_function((w, w), eta), printed)


def test_eq_34():
    assert equal(dp_mean_risk.bayes_risk((w, w), eta), (8 * w**2 - 4 * w + 1) / 12 + 2 / eta**2)


def test_eq_35_weight_and_noise():
    weight = dp_mean_risk.best_weight(2)
    assert equal(weight, 1 / (4 + 12 / epsilon**2))
    assert equal(weight / epsilon, epsilon / (4 * epsilon**2 + 12))


def test_eq_36():
    assert equal(dp_mean_risk.minimal_risk(2), (1 - 1 / (2 + 6 / epsilon**2)) / 12)


def test_eq_37():
    assert equal(dp_mean.utility(2, 0).expression, 0)
    assert equal(dp_mean.utility(2, 1).expression, 2 / (3 + 24 / epsilon**2))
    assert equal(dp_mean.utility(2, 2).expression, 1 / (1 + 3 / epsilon**2))


def test_eq_10():
    assert [dp_mean.utility(2, k, "inf").expression for k in range(3)] == [0, sp.Rational(2, 3), 1]


@pytest.mark.parametrize("n_users", [2, 3, 5])
def test_k_users_who_share_an_epsilon(n_users):
    k = sp.Symbol("k", positive=True, integer=True)
    expected = sp.Rational(n_users + 2, n_users) * k**2 / (k * (k + 2) + 24 / epsilon**2)
    assert equal(dp_mean.utility(n_users, k).expression, expected)


def test_moments_of_a_pair_serve_three_users():
    by_outcomes = dp_mean_risk.bayes_risk((w, w, w), eta)
    assert equal(by_outcomes, dp_mean_risk.common_risk(3, w, eta))


def test_pair_with_different_epsilons():
    form = dp_mean.pair_utility()
    assert form.at(2, 8) == form.at(2, 100) == sp.Rational(10, 13)
    assert equal(form.expression.args[0][0].subs(dict.fromkeys(form.arguments, epsilon)), 1 / (1 + 3 / epsilon**2))
    first, second = form.arguments
    assert form.expression.args[0][1] == (second <= first + 12 / first)


@pytest.mark.parametrize(("first", "second"), [(1, 2), (3, 4), (3, 7), (3, 8), (5, 20)])
def test_pair_against_a_search_over_weights(first, second):
    risk = sp.lambdify((w1, w2), dp_mean_risk.bayes_risk((w1, w2), sp.oo))
    grid = [k / 400 for k in range(200)]
    least = min(risk(a, b) + 2 * max(a / first, b / second) ** 2 for a in grid for b in grid)
    value = float(dp_mean.pair_utility().at(first, second))
    assert value >= (1 / 12 - least) * 24 - 1e-12
    assert value == pytest.approx((1 / 12 - least) * 24, abs=2e-3)


@pytest.mark.parametrize("n_users", [2, 3, pytest.param(5, marks=pytest.mark.slow)])
def test_assumption_2_begins_at_two_root_three(n_users):
    assert dp_mean.assumption_range(n_users) == sp.Interval(2 * sp.sqrt(3), sp.oo)


def test_assumption_2_of_two_users_is_an_increasing_gamma():
    slope = sp.diff(symmetric.absence_gamma(2, dp_mean.utilities(2)), symbols.p)
    rising = sp.solve_univariate_inequality(sp.factor(slope) >= 0, epsilon, relational=False)
    assert rising & sp.Interval.open(0, sp.oo) == dp_mean.assumption_range()


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: dp_mean.utilities(1), "n_users"),
        (lambda: dp_mean.utilities(2, 0), "epsilon"),
        (lambda: dp_mean.utilities(2, -1), "epsilon"),
        (lambda: dp_mean.utilities(2, 0.5), "epsilon"),
        (lambda: dp_mean.utilities(2, sp.Symbol("e")), "epsilon"),
        (lambda: dp_mean.utilities(2, sp.Symbol("e", real=True)), "epsilon"),
        (lambda: dp_mean.utility(2, 3), "n_present"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(errors.InputError) as caught:
        call()
    assert caught.value.argument == argument
