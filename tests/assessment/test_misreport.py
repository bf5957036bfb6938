"""Overstated costs: the exact piecewise outcome against re-optimising at many reports."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames import misreport
from fairgames.mechanism.dense import best_pure
from fairgames.mechanism.problem import as_problem

DP_MEAN = [[0, "2/3"], ["2/3", 1]]


def random_game(rng, n_users, n_levels):
    U = rng.normal(0.6, 0.8, (n_levels,) * n_users)
    U[(0,) * n_users] = 0
    return U, np.c_[np.zeros(n_users), rng.exponential(0.3, (n_users, n_levels - 1))]


def reported(costs, user, factor):
    claim = np.array(costs, dtype=object)
    claim[user] = claim[user] * factor
    return claim.tolist()


@pytest.mark.parametrize(("n_users", "n_levels"), [(2, 2), (2, 3), (3, 2), (3, 3), (4, 2)])
def test_every_report_gives_the_outcome_of_solving_again(n_users, n_levels):
    rng = np.random.default_rng(10 * n_users + n_levels)
    for trial in range(6):
        U, costs = random_game(rng, n_users, n_levels)
        actions = None if trial % 3 else tuple(range(1, n_levels))
        report = misreport(U, costs, actions)
        for user in range(n_users):
            for factor in 1 + rng.exponential(2, 12):
                peak = best_pure(as_problem(U, reported(costs, user, factor), actions)).peak
                part = next(r for r in report.ranges[user] if r.factor_from <= factor <= r.factor_to)
                share = (
                    0
                    if math.isinf(part.factor_to)
                    else (factor - part.factor_from) / (part.factor_to - part.factor_from)
                )
                alpha = part.alpha_from + share * (part.alpha_to - part.alpha_from)
                assert (1 - alpha) * U[part.profile] == pytest.approx(peak.value, abs=1e-9)
                truth = as_problem(U, costs, actions)
                payoff = alpha * truth.payments_at(part.profile)[user] - costs[user][part.profile[user]]
                assert payoff == pytest.approx(part.payoff_from + share * (part.payoff_to - part.payoff_from), abs=1e-9)
                assert payoff - report.honest[user] <= report.gains[user] + 1e-9


def test_rational_reports_are_exact():
    rng = np.random.default_rng(8)
    # In the first game some profiles are equilibria only if a user claims enough to give up a dearer level.
    worth = np.array([[Fraction(k, 4) for k in row] for row in ((0, 6, 2), (5, 6, 3), (6, 0, 2))])
    games = [(worth, [[Fraction(k, 16) for k in row] for row in ((0, 1, 5), (0, 3, 6))])]
    for _ in range(6):
        U = np.array([Fraction(int(k), 8) for k in rng.integers(0, 9, 9)], dtype=object).reshape(3, 3)
        U[0, 0] = Fraction(0)
        games.append((U, [[Fraction(0), *(Fraction(int(k), 24) for k in rng.integers(1, 9, 2))] for _ in range(2)]))
    for U, costs in games:
        report = misreport(U, costs)
        for user, ranges in enumerate(report.ranges):
            for part in ranges:
                top = part.factor_from + 1 if math.isinf(part.factor_to) else part.factor_to
                for share in (Fraction(1, 1000), Fraction(1, 2), Fraction(999, 1000)):
                    factor = part.factor_from + share * (top - part.factor_from)
                    peak = best_pure(as_problem(U, reported(costs, user, factor))).peak
                    alpha = part.alpha_from + share * (part.alpha_to - part.alpha_from)
                    assert (1 - alpha) * U[part.profile] == peak.value


def test_ranges_start_at_honesty_and_leave_no_hole():
    rng = np.random.default_rng(3)
    for _ in range(10):
        U, costs = random_game(rng, 3, 2)
        for ranges in misreport(U, costs).ranges:
            assert ranges[0].factor_from == 1
            assert ranges[-1].factor_to == math.inf
            assert all(a.factor_to == b.factor_from for a, b in itertools.pairwise(ranges))


def test_two_users_of_the_dp_mean_by_hand():
    # User 1 stays in until 1 − 2 · (1/10) t falls to 2/3 − 2/10 at t = 8/3, where alpha = 8/15 pays it 4/15.
    report = misreport(DP_MEAN, [[0, "1/10"], [0, "2/10"]])
    assert report.platform_honest == Fraction(3, 5)
    assert report.factors[0] == Fraction(8, 3)
    assert report.gains[0] == Fraction(4, 15) - Fraction(1, 10) - Fraction(1, 10)
    assert report.platform[0] == Fraction(7, 15)


def test_nobody_gains_without_costs():
    report = misreport(DP_MEAN, [0, 0])
    assert report.gains.tolist() == [0, 0]
    assert report.factors.tolist() == [1, 1]
