import random
from fractions import Fraction
from itertools import product

import pytest
import sympy as sp
from oracles import shapley

from symbolic import dp_mean, errors, regimes
from symbolic.symmetric_optimum import optimum_between_levels, symmetric_optimum


def halving(a, b):
    return 1 - Fraction(1, 2 ** (a + 2 * b))


def search(n_users, utility, cost):
    """The best value over a grid of p, with payments by their definition."""

    def of_profile(profile):
        return utility(profile.count(1), profile.count(2))

    best = utility(n_users, 0)
    gaps, means = {}, {}
    for others in product((1, 2), repeat=n_users - 1):
        gaps[others] = shapley(of_profile, (2, *others))[0] - shapley(of_profile, (1, *others))[0]
    for profile in product((1, 2), repeat=n_users):
        means[profile] = of_profile(profile)
    for p in (Fraction(k, 60) for k in range(61)):

        def average(table, p=p):
            return sum(value * p ** key.count(1) * (1 - p) ** key.count(2) for key, value in table.items())

        payoff = average(gaps)
        if payoff >= cost:
            best = max(best, (1 - cost / payoff) * average(means))
    return best


@pytest.mark.parametrize("n_users", [2, 3])
@pytest.mark.parametrize("cost", [Fraction(1, 100), Fraction(1, 40), Fraction(1, 20), Fraction(1, 2)])
def test_between_two_levels(n_users, cost):
    found = optimum_between_levels(n_users, halving, cost)
    best = search(n_users, halving, cost)
    assert float(found.value) >= float(best) - 1e-12
    assert float(found.value) == pytest.approx(float(best), abs=1e-4)


def test_threshold_when_the_private_action_is_present():
    assert optimum_between_levels(2, halving, "1/32").value == sp.Rational(3, 4)
    assert optimum_between_levels(2, halving, "9/320").alpha > 0
    assert optimum_between_levels(2, halving, "1/30").alpha == 0


@pytest.mark.parametrize("seed", range(4))
def test_without_diminishing_returns(seed):
    generator = random.Random(seed)
    gains = [Fraction(generator.randint(1, 12), 12) for _ in range(3)]
    values = [sum(gains[:k], Fraction(0)) for k in range(4)]
    for cost in (values[1] / 4, values[1] / 2, max(values) / 5):
        found = symmetric_optimum(3, values, cost)
        best = search(3, lambda _, present: values[present], cost)
        assert float(found.value) >= float(best) - 1e-12
        assert float(found.value) == pytest.approx(float(best), abs=2e-3)


@pytest.mark.parametrize("n_users", [2, 3, 4])
def test_agrees_with_the_regimes(n_users):
    values = dp_mean.utilities(n_users, "inf")
    result = regimes.derive(n_users, values)
    for cost in ("1/20", "1/4", "2/5", "9/10"):
        found = symmetric_optimum(n_users, values, cost)
        assert abs((found.value - result.value.at(cost)).evalf(40)) < 1e-30
        assert abs((found.alpha - result.alpha_star.at(cost)).evalf(40)) < 1e-30
        assert abs((found.p - result.p_at_optimum.at(cost)).evalf(40)) < 1e-30


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: symmetric_optimum(2, [1, 1], 0), "cost"),
        (lambda: symmetric_optimum(2, [1, 1], 0.5), "cost"),
        (lambda: symmetric_optimum(2, [sp.Symbol("u", positive=True), 1], 1), "utilities"),
        (lambda: optimum_between_levels(2, lambda a, b: a + 0.5 * b, 1), "utility(0, 1)"),
    ],
)
def test_bad_input(call, argument):
    with pytest.raises(errors.InputError) as caught:
        call()
    assert caught.value.argument == argument
