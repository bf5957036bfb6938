import random
from fractions import Fraction

import pytest
import sympy as sp

from symbolic import claims, errors, identical_users, threshold

COUNTEREXAMPLE = [0, "0.822", "1.614", "1.769", "2.353"]


@pytest.mark.parametrize("n_users", [2, 3, 4, 6])
def test_concave_threshold_is_the_last_increment(n_users):
    proof = threshold.concave_threshold(n_users)
    before, last = proof.threshold.arguments
    assert sp.simplify(proof.threshold.expression - (last - before)) == 0
    assert sp.simplify(proof.chord.subs(sp.Symbol("x", nonnegative=True), 1) - proof.last_gain) == 0
    assert all(coefficient.is_nonnegative for coefficient in proof.bernstein)


@pytest.mark.parametrize("n_users", [2, 5, 12, 30])
def test_last_increment_separates_everybody_from_fewer(n_users, binomial_mean):
    generator = random.Random(n_users)
    gains = sorted((Fraction(generator.randint(1, 1000), 100) for _ in range(n_users)), reverse=True)
    values = [sum(gains[:k], Fraction(0)) for k in range(n_users + 1)]
    last = gains[-1]
    shares = [Fraction(k, 25) for k in range(25)] + [1 - Fraction(1, 10**9)]
    kept = {share: binomial_mean(values, share) for share in shares}

    def everybody_is_best(cost):
        return all(values[-1] - cost * n_users >= kept[share] - cost * n_users * share for share in shares)

    assert everybody_is_best(last * Fraction(999, 1000))
    assert not everybody_is_best(last * Fraction(1001, 1000))


def test_an_increasing_gamma_is_not_enough(binomial_mean):
    values = claims.symmetric_utilities(4, COUNTEREXAMPLE)
    assert not any(claim.fails for claim in claims.gamma_increases(values))
    exact = threshold.exact_threshold(4, COUNTEREXAMPLE)
    last = values[-1] - values[-2]
    numbers = [Fraction(v) for v in COUNTEREXAMPLE]
    searched = min(
        float((numbers[-1] - binomial_mean(numbers, Fraction(k, 1000))) / (4 * (1 - Fraction(k, 1000))))
        for k in range(1000)
    )
    assert float(exact) == pytest.approx(searched, abs=1e-6)
    assert exact < last


def test_exact_threshold_of_concave_numbers():
    assert threshold.exact_threshold(3, [3, 5, 6]) == 1
    assert threshold.exact_threshold(2, [1, 2]) == 1
    assert threshold.exact_threshold(2, [1, 3]) == sp.Rational(3, 2)


def test_exact_threshold_wants_numbers():
    with pytest.raises(errors.InputError, match="rational"):
        threshold.exact_threshold(2, [sp.Symbol("u", positive=True), 1])


@pytest.mark.parametrize("n_users", [2, 3, 4])
def test_fairness_costs_nothing_among_identical_users(n_users):
    for present in range(1, n_users + 1):
        pure = identical_users.pure_equilibrium(n_users, present)
        assert pure.price_of_fairness.expression == 1
        assert sp.simplify(pure.value.expression - pure.paid_at_cost.expression) == 0
        assert identical_users.others_stay_out(n_users, present)


@pytest.mark.parametrize("present", [0, 3, True])
def test_bad_number_of_present_users(present):
    with pytest.raises(errors.InputError, match="n_present"):
        identical_users.pure_equilibrium(2, present)
