"""Cost robustness against perturbing the costs and looking again."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames import InputError, cost_robustness, stable_profiles

DP_MEAN = [[0, "2/3"], ["2/3", 1]]


def is_equilibrium(U, costs, profile, alpha):
    return any(
        stable.profile == profile and stable.alpha_from <= alpha <= stable.alpha_to
        for stable in stable_profiles(U, costs)
    )


@pytest.mark.parametrize("seed", range(4))
def test_ranges_are_tight(seed):
    rng = np.random.default_rng(seed)
    U = rng.normal(0.6, 0.8, (3, 3, 3))
    U[0, 0, 0] = 0
    costs = np.c_[np.zeros(3), rng.exponential(0.3, (3, 2))]
    for stable in stable_profiles(U, costs):
        alpha = (stable.alpha_from + stable.alpha_to) / 2
        report = cost_robustness(U, costs, stable.profile, alpha)
        for user in range(3):
            for level in (1, 2):
                for end, outside in ((report.lower[user, level], -1e-6), (report.upper[user, level], 1e-6)):
                    if not 1e-3 < end < math.inf:
                        continue
                    changed = costs.copy()
                    changed[user, level] = end - outside
                    assert is_equilibrium(U, changed, stable.profile, alpha)
                    changed[user, level] = end + outside
                    assert not is_equilibrium(U, changed, stable.profile, alpha)
            for end, outside in ((report.factor_from[user], -1e-6), (report.factor_to[user], 1e-6)):
                changed = costs.copy()
                if 1e-3 < end < math.inf:
                    changed[user] = costs[user] * (end + outside)
                    assert not is_equilibrium(U, changed, stable.profile, alpha)
                changed[user] = costs[user] * (min(end, 1e6) - outside)
                assert is_equilibrium(U, changed, stable.profile, alpha)


def test_radius_holds_in_every_direction_and_fails_in_the_worst_one():
    rng = np.random.default_rng(11)
    U = rng.normal(0.6, 0.8, (3, 3))
    U[0, 0] = 0
    costs = np.c_[np.zeros(2), 1 + rng.exponential(0.3, (2, 2))]
    for stable in stable_profiles(U, costs):
        alpha = (stable.alpha_from + stable.alpha_to) / 2
        radius = float(cost_robustness(U, costs, stable.profile, alpha).radius)
        corners = [np.array(signs).reshape(2, 2) for signs in np.ndindex((2,) * 4)]

        def survives(size, corners=corners, stable=stable, alpha=alpha):
            return all(
                is_equilibrium(U, np.c_[np.zeros(2), costs[:, 1:] + size * (2 * signs - 1)], stable.profile, alpha)
                for signs in corners
            )

        assert survives(radius * (1 - 1e-6))
        assert not survives(radius * (1 + 1e-6))


def test_optimum_without_a_margin_has_no_room():
    report = cost_robustness(DP_MEAN, [0, "3/10"], (1, 1), "3/5")
    assert report.radius == 0
    assert report.factor_to.tolist() == [1, 1]


def test_exact_numbers_stay_exact():
    report = cost_robustness(DP_MEAN, [0, "3/10"], (1, 1), "7/10")
    assert report.upper[0, 1] == Fraction(7, 20)
    assert report.weakest_user == 0


@pytest.mark.parametrize(
    ("profile", "alpha", "message"),
    [((1, 1), "1/2", "gains"), ((1, 1), 2, "alpha"), ((1, 5), "1/2", "level"), ((1,), "1/2", "users")],
)
def test_bad_input(profile, alpha, message):
    with pytest.raises(InputError, match=message):
        cost_robustness(DP_MEAN, [0, "3/10"], profile, alpha)


def test_forbidden_level_is_named():
    with pytest.raises(InputError, match=r"profile\[0\]"):
        cost_robustness(DP_MEAN, [[0, math.inf], [0, 0.1]], (1, 1), 1)
