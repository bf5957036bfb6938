import pickle
import random
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from symbolic import dp_mean, errors, regimes, symmetric
from symbolic.symbols import alpha, c, count_utilities, epsilon, p, x

THIRD = sp.Rational(1, 3)


@pytest.fixture(scope="module")
def paper():
    """The two-user example of section 5.1."""
    return regimes.derive(2, dp_mean.utilities(2, "inf"))


def same(left, right):
    return sp.simplify(left - right) == 0


def pieces(form):
    return [(piece, condition) for piece, condition in form.expression.args]


def test_eq_93(paper):
    assert same(paper.expected_utility.expression, -(p**2) / 3 - 2 * p / 3 + 1)


def test_eq_94(paper):
    assert same(paper.gamma.expression, sp.Rational(1, 2) + p / 6)
    assert (paper.gamma_max.expression, paper.gamma_min.expression) == (sp.Rational(2, 3), sp.Rational(1, 2))


def test_eq_95(paper):
    (one, low), (middle, high), (zero, rest) = pieces(paper.p_star)
    assert (one, zero, rest) == (1, 0, True)
    assert same(middle, 6 * c / alpha - 3)
    assert (low, high) == (alpha <= 3 * c / 2, alpha <= 2 * c)


def test_eq_96(paper):
    (zero, low), (middle, high), (one, _) = pieces(paper.utility_at_p_star)
    assert (zero, one) == (0, 1)
    assert same(middle, 8 * c / alpha - 12 * c**2 / alpha**2)
    assert (low, high) == (alpha <= 3 * c / 2, alpha <= 2 * c)


def test_eq_97(paper):
    (first, low), (middle, high), (last, _) = pieces(paper.alpha_star)
    assert same(first, 2 * c)
    assert same(middle, 6 * c / (3 * c + 2))
    assert last == 0
    assert (low, high) == (c <= THIRD, c <= 2 * THIRD)


def test_objective_of_two_users(paper):
    (first, _), (middle, _), (last, _) = pieces(paper.value)
    assert same(first, 1 - 2 * c)
    assert same(middle, (2 - 3 * c) ** 2 / 3)
    assert last == 0
    assert paper.cost_threshold.expression == THIRD


def test_eq_96_is_93_at_95(paper):
    middle = pieces(paper.p_star)[1][0]
    assert same(paper.expected_utility.expression.subs(p, middle), pieces(paper.utility_at_p_star)[1][0])


def test_finite_epsilon_of_two_users():
    result = regimes.derive(2, dp_mean.utilities(2))
    slope = sp.diff(result.gamma.expression, p)
    e2 = epsilon**2
    assert same(slope, e2 * (e2 - 12) / (6 * (e2 + 3) * (e2 + 8)))
    (condition,) = result.conditions
    assert sp.solve_univariate_inequality(condition, epsilon, relational=False).intersect(
        sp.Interval.open(0, sp.oo)
    ) == sp.Interval(2 * sp.sqrt(3), sp.oo)
    limit = [sp.limit(piece, epsilon, sp.oo) for piece, _ in pieces(result.alpha_star)]
    assert all(same(left, right) for left, right in zip(limit, (2 * c, 6 * c / (3 * c + 2), 0), strict=True))


@pytest.mark.parametrize("n_users", [2, 3, 4])
def test_symbolic_facts(n_users):
    result = regimes.derive(n_users)
    values = count_utilities(n_users)
    assert result.gamma_max.expression == values[0]
    assert same(result.gamma_min.expression, values[-1] / n_users)
    assert same(result.cost_threshold.expression, values[-1] - values[-2])
    assert same(result.gamma.expression, result.expected_utility.expression / (n_users * (1 - p)))
    objective = result.expected_utility.expression - n_users * c * (1 - p)
    assert same(sp.diff(objective, p).subs(c, result.stationarity.expression), 0)
    assert same(result.alpha_curve.expression, result.stationarity.expression / result.gamma.expression)
    assert isinstance(symmetric.gamma_identity(n_users), sp.Eq)


@pytest.mark.parametrize("n_users", [2, 3])
def test_explicit_forms_solve_their_relations(n_users):
    result = regimes.derive(n_users)
    optimum = pieces(result.p_at_optimum)[1][0]
    equilibrium = pieces(result.p_star)[1][0]
    assert same(result.stationarity.expression.subs(p, optimum), c)
    assert same(result.gamma.expression.subs(p, equilibrium), c / alpha)
    assert same(pieces(result.alpha_star)[1][0] * result.gamma.expression.subs(p, optimum), c)
    share = 1 - optimum
    objective = result.expected_utility.expression.subs(p, optimum) - n_users * c * share
    assert same(pieces(result.value)[1][0], objective)


def test_explicit_form_of_three_users_survives_a_vanishing_leading_coefficient():
    values = [3, 5, 6]  # U_3 - 3 U_2 + 3 U_1 = 0
    symbolic = regimes.derive(3)
    numeric = regimes.derive(3, values)
    for cost in ("5/4", "2", "11/4"):
        for name in ("alpha_star", "p_at_optimum", "value"):
            assert same(getattr(symbolic, name).at(cost, *values), getattr(numeric, name).at(cost))


def concave_values(draw_integers):
    gains = sorted(draw_integers, reverse=True)
    values, total = [Fraction(0)], Fraction(0)
    for gain in gains:
        total += Fraction(gain, 12)
        values.append(total)
    return values


@settings(max_examples=8)
@given(st.lists(st.integers(1, 30), min_size=2, max_size=4), st.fractions(0, 1, max_denominator=20))
def test_gamma_and_utility_against_the_definitions(gains, probability):
    from itertools import product

    values = concave_values(gains)
    n_users = len(gains)
    result = regimes.derive(n_users, values)
    mean = Fraction(0)
    for profile in product((0, 1), repeat=n_users):
        present = sum(profile)
        mean += (1 - probability) ** present * probability ** (n_users - present) * values[present]
    assert result.expected_utility.at(probability) == sp.Rational(mean.numerator, mean.denominator)


@pytest.mark.parametrize("n_users", [2, 3, 4])
def test_gamma_against_orders_of_arrival(n_users, symmetric_gamma):
    values = [Fraction(0), *(Fraction(v) for v in ("1", "8/5", "2", "21/10")[:n_users])]
    result = regimes.derive(n_users, values)
    for probability in (Fraction(0), Fraction(1, 7), Fraction(1, 2), Fraction(1)):
        expected = symmetric_gamma(values, probability)
        assert result.gamma.at(probability) == sp.Rational(expected.numerator, expected.denominator)


@pytest.mark.parametrize("n_users", [2, 3, 4, 5])
def test_optimum_against_a_search(n_users, binomial_mean):
    generator = random.Random(n_users)
    values = concave_values([generator.randint(1, 30) for _ in range(n_users)])
    result = regimes.derive(n_users, values)
    top = values[1]
    for cost in (top / 9, top / 2, top * Fraction(4, 5), top * 2):
        best = max(float(binomial_mean(values, Fraction(k, 500))) - float(cost) * n_users * k / 500 for k in range(501))
        value, fraction = float(result.value.at(cost)), float(result.alpha_star.at(cost))
        assert value >= best - 1e-12
        assert value == pytest.approx(best, abs=1e-4)
        utility = float(result.expected_utility.at(sp.Rational(0)) if fraction == 0 else 0)
        if fraction > 0:
            private = result.p_at_optimum.lambdify()(float(cost))
            utility = float(binomial_mean(values, 1 - private))
            assert (1 - fraction) * utility == pytest.approx(value, abs=1e-9)


def test_roots_are_exact_and_agree_with_the_numeric_function():
    result = regimes.derive(4, dp_mean.utilities(4, "inf"))
    exact = result.p_star.at("3/5", "1/4")
    assert exact.has(sp.CRootOf)
    assert float(exact) == pytest.approx(result.p_star.lambdify()(0.6, 0.25), abs=1e-12)
    residual = result.gamma.expression.subs(p, exact) - sp.Rational(5, 12)
    assert abs(residual.evalf(40)) < 1e-35


def test_three_users_of_the_paper():
    result = regimes.derive(3, dp_mean.utilities(3, "inf"))
    assert float(result.p_at_optimum.at("0.3")) == pytest.approx(0.4489, abs=5e-5)
    assert float(result.alpha_star.at("0.3")) == pytest.approx(0.715409, abs=5e-7)
    assert float(result.value.at("0.3")) == pytest.approx(0.197313, abs=5e-7)


@pytest.mark.parametrize("n_users", [2, 3, 5])
def test_dp_mean_at_infinite_epsilon(n_users):
    result = regimes.derive(n_users, dp_mean.utilities(n_users, "inf"))
    assert result.gamma_max.expression == sp.Rational(n_users + 2, 3 * n_users)
    assert result.gamma_min.expression == sp.Rational(1, n_users)
    assert result.cost_threshold.expression == sp.Rational(2, n_users * (n_users + 1))


def test_additive_utilities_have_a_flat_gamma():
    result = regimes.derive(3, [1, 2, 3])
    assert result.p_star.at("1/2", "1/3") == 0
    assert result.p_star.at("1/4", "1/3") == 1
    assert result.alpha_star.at("1/3") == THIRD


@pytest.mark.parametrize("n_users", [2, 4])
def test_every_form_writes_latex_and_pickles(n_users):
    result = regimes.derive(n_users, dp_mean.utilities(n_users, "inf"))
    assert result.latex().startswith("\\begin{aligned}")
    assert repr(result).count("\n") == len(list(result.forms())) - 1
    assert pickle.loads(pickle.dumps(result)) == result
    assert set(result.lambdify()) == {form.name for form in result.forms()}


@pytest.mark.parametrize(
    ("n_users", "values", "words"),
    [
        (2, [1, "1/2"], ["monotone", "U_2 = 1/2 < U_1 = 1"]),
        (3, [1, 2, 4], ["diminishing", "U_3 - U_2 = 2 > U_2 - U_1 = 1", "c_th"]),
        (4, ["0.822", "1.614", "1.769", "2.353"], ["diminishing", "U_4 - U_3 = 73/125 > U_3 - U_2 = 31/200"]),
        (2, dp_mean.utilities(2, 3), ["diminishing", "theorem 3"]),
    ],
)
def test_failing_claims_say_which_and_where(n_users, values, words):
    with pytest.raises(errors.ClaimError) as caught:
        regimes.derive(n_users, values)
    assert all(word in str(caught.value) for word in words)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: regimes.derive(1), "n_users"),
        (lambda: regimes.derive(True), "n_users"),
        (lambda: regimes.derive(2.0), "n_users"),
        (lambda: regimes.derive(3, [1, 2]), "utilities"),
        (lambda: regimes.derive(2, [1, 1, 2]), "utilities[0]"),
        (lambda: regimes.derive(2, [0.5, 1]), "utilities[0]"),
        (lambda: regimes.derive(2, [sp.Symbol("u"), 1]), "utilities[0]"),
        (lambda: regimes.derive(2, [1, "inf"]), "utilities[1]"),
        (lambda: regimes.derive(2).alpha_star.at("1/2"), "values"),
        (lambda: regimes.derive(4, [4, 7, 9, "19/2"]).alpha_star.at(c + 1), "values"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(errors.InputError) as caught:
        call()
    assert caught.value.argument == argument


@pytest.mark.parametrize("n_users", [2, 3, 4])
def test_regimes_meet_at_the_breakpoints(n_users):
    values = [sp.Rational(v) for v in ("1", "9/5", "2", "21/10")[:n_users]]
    result = regimes.derive(n_users, values)
    top, bottom, threshold = (form.expression for form in (result.gamma_max, result.gamma_min, result.cost_threshold))
    cost = sp.Rational(1, 3)
    assert (result.p_star.at(cost / top, cost), result.p_star.at(cost / bottom, cost)) == (1, 0)
    assert result.utility_at_p_star.at(cost / bottom, cost) == values[-1]
    assert (result.p_at_optimum.at(threshold), result.p_at_optimum.at(top)) == (0, 1)
    assert (result.alpha_star.at(threshold), result.alpha_star.at(top)) == (threshold / bottom, 1)
    assert (result.value.at(threshold), result.value.at(top)) == (values[-1] - n_users * threshold, 0)
    for form, place in ((result.alpha_star, threshold), (result.value, threshold), (result.value, top)):
        assert abs(form.lambdify()(float(place) + 1e-9) - float(form.at(place))) < 1e-7


def test_a_form_that_is_zero_by_zero_says_so():
    with pytest.raises(errors.InputError, match="derive it for these numbers"):
        regimes.derive(3).alpha_star.at(1, 1, 2, "5/2")
    assert regimes.derive(3, [1, 2, "5/2"]).alpha_star.at(1) == 1


@pytest.mark.parametrize("n_users", [2, 3])
def test_utility_at_the_equilibrium(n_users):
    result = regimes.derive(n_users)
    equilibrium, utility = (pieces(form)[1][0] for form in (result.p_star, result.utility_at_p_star))
    assert same(result.expected_utility.expression.subs(p, equilibrium), utility)


@pytest.mark.parametrize("probability", ["1/3", "1/2", "6/7"])
def test_parametric_pair_traces_the_optimal_alpha(probability):
    result = regimes.derive(4, dp_mean.utilities(4, "inf"))
    cost = result.stationarity.at(probability)
    assert result.p_at_optimum.at(cost) == sp.Rational(probability)
    assert result.alpha_star.at(cost) == result.alpha_curve.at(probability)


@pytest.mark.parametrize("values", [["2/3", 1], ["6/17", "3/4"], ["1", "3/2", "3"], ["3", "5", "6"], [1, 2, 3]])
def test_all_symmetric_equilibria_by_definition(values, symmetric_gamma):
    n_users = len(values)
    numbers = [Fraction(0), *map(Fraction, values)]
    for cost in (Fraction(1, 5), Fraction(9, 25), Fraction(3, 4), Fraction(1), Fraction(5)):
        found = symmetric.symmetric_equilibria(n_users, values, 1, cost)
        for probability in (Fraction(k, 25) for k in range(26)):
            payoff = symmetric_gamma(numbers, probability)
            stable = (
                (probability == 1 and cost >= payoff)
                or (probability == 0 and cost <= payoff)
                or (0 < probability < 1 and cost == payoff)
            )
            assert stable == (sp.Rational(probability.numerator, probability.denominator) in found)


def test_symmetric_equilibria_want_positive_numbers():
    with pytest.raises(errors.InputError, match="positive"):
        symmetric.symmetric_equilibria(2, [1, 1], 0, 1)


def test_curve_in_x_is_the_curve_in_p():
    values = count_utilities(3)
    result = regimes.derive(3)
    assert same(symmetric.stationary_cost(values).subs(x, 1 - p), result.stationarity.expression)
