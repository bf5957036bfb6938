"""Section 3 and appendix B.1: the two-user private mean, number by number as printed."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import fairgames as fg
from symbolic import dp_mean_risk

EPS = [Fraction(1, 2), Fraction(1), Fraction(3), Fraction(10)]
THIRD, HALF = Fraction(1, 3), Fraction(1, 2)


def fractions(*entries):
    return np.array([Fraction(entry) for entry in entries], dtype=object).reshape(2, 2)


@pytest.fixture
def utility():
    return fg.DPMeanUtility([0, math.inf], n_users=2)


def test_equation_10_and_91(utility):
    assert (utility.tensor() == fractions(0, "2/3", "2/3", 1)).all()


def test_equation_11_with_the_users_in_the_order_of_equation_10(utility):
    found = [[fg.coalition_payments(utility, (i, j)) for j in (0, 1)] for i in (0, 1)]
    platform = np.array([[one.platform for one in row] for row in found], dtype=object)
    assert (platform == fractions(0, "1/3", "1/3", "5/9")).all()
    printed = fractions(0, "1/3", 0, "2/9"), fractions(0, 0, "1/3", "2/9")
    for user in (0, 1):
        paid = np.array([[one.values[user] for one in row] for row in found], dtype=object)
        assert (paid == printed[1 - user]).all()
        assert (paid != printed[user]).any()


@pytest.mark.parametrize("alpha", [Fraction(1), Fraction(2, 7)])
def test_equations_12_and_92_with_the_users_in_the_order_of_equation_10(utility, alpha):
    table = fg.payment_table(utility, alpha)
    printed = fractions(0, "2/3", 0, "1/2"), fractions(0, 0, "2/3", "1/2")
    for user in (0, 1):
        assert (table.user(user) == alpha * printed[1 - user]).all()


def test_a_symmetric_matrix_of_fractions_may_scale_equation_12(utility):
    # Axiom B.ii lets alpha depend on the level of the utility: A is symmetric, with equal entries where U is equal.
    table = fg.payment_table(
        utility, lambda level: {Fraction(0): HALF, Fraction(2, 3): THIRD, Fraction(1): HALF}[level]
    )
    scale = fractions("1/2", "1/3", "1/3", "1/2")
    assert (table.user(0) == scale * fractions(0, 0, "2/3", "1/2")).all()


def test_equations_27_to_30_and_33_to_34_by_enumeration():
    w, w1, eta = sp.symbols("w w1 eta", positive=True)
    mu, half = dp_mean_risk.MU, sp.Rational(1, 2)
    up, down = mu + half, half - mu
    assert dp_mean_risk.risk_function((), sp.oo) == mu**2
    assert dp_mean_risk.bayes_risk((), sp.oo) == sp.Rational(1, 12)
    one = up * (mu - w1 / 2) ** 2 + down * (mu + w1 / 2) ** 2 + 2 / eta**2
    assert sp.expand(dp_mean_risk.risk_function((w1,), eta) - one) == 0
    assert sp.expand(dp_mean_risk.bayes_risk((w1,), eta) - ((3 * w1**2 - 2 * w1 + 1) / 12 + 2 / eta**2)) == 0
    two = 2 * up * down * mu**2 + up**2 * (w - mu) ** 2 + down**2 * (mu + w) ** 2 + 2 / eta**2
    assert sp.expand(dp_mean_risk.risk_function((w, w), eta) - two) == 0
    assert sp.expand(dp_mean_risk.bayes_risk((w, w), eta) - ((8 * w**2 - 4 * w + 1) / 12 + 2 / eta**2)) == 0


@pytest.mark.parametrize("eps", EPS, ids=str)
def test_equations_28_to_37(eps):
    utility = fg.DPMeanUtility([0, eps], n_users=2)
    one, two = 1 / (3 + 24 / eps**2), 1 / (4 + 12 / eps**2)
    assert utility.bayes_risk((0, 0)) == pytest.approx(1 / 12, abs=1e-15)
    for profile in ((1, 0), (0, 1)):
        assert sum(utility.weights(profile)) == pytest.approx(float(one))
        assert utility.noise_scale(profile) == pytest.approx(float(eps / (3 * eps**2 + 24)))
        assert utility.bayes_risk(profile) == pytest.approx(float((1 - one) / 12))
        assert utility(profile) == 2 * one
    assert utility.weights((1, 1)) == pytest.approx([float(two)] * 2)
    assert utility.noise_scale((1, 1)) == pytest.approx(float(eps / (4 * eps**2 + 12)))
    assert utility.bayes_risk((1, 1)) == pytest.approx(float((1 - 1 / (2 + 6 / eps**2)) / 12))
    assert utility((1, 1)) == 1 / (1 + 3 / eps**2)
    assert utility((0, 0)) == 0


@pytest.mark.parametrize("profile", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_utility_is_the_printed_affine_function_of_the_risk(profile):
    # U(0) = 0 makes c_1 = -12 c_2, and sup U = 1 makes c_1 = 24 (1 - c_2): so c_1 = -24, c_2 = 2.
    utility = fg.DPMeanUtility([0, 2], n_users=2)
    assert float(utility(profile)) == pytest.approx(2 - 24 * utility.bayes_risk(profile))
