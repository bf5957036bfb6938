"""Random scenarios of every kind."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

import fairgames as fg

KINDS = ("table", "floats", "by count", "federated", "dp-mean", "two")


def random_scenario(seed, most_users=6, **limits):
    """A scenario of one of `KINDS`, with names, costs, and sometimes forbidden levels and limits."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    n_levels = 2 if kind == "by count" else 3
    n = 2 if kind == "two" else int(rng.integers(2, most_users + 1))
    if kind == "by count":
        steps = sorted(rng.integers(1, 40, n).tolist(), reverse=True)
        utility = fg.CountUtility([0, *(Fraction(int(one), 7) for one in np.cumsum(steps))])
        size = sum(steps) / 7
    elif kind == "federated":
        utility = fg.FederatedMeanUtility(rng.integers(5, 90, n), 4.0, 48.0)
        size = 3.0
    elif kind == "dp-mean":
        utility = fg.DPMeanUtility([0, 1, 3] if n > 3 else [0, "1/2", 2], n)
        size = 0.2
    else:
        shape = (n_levels,) * min(n, 4)
        n = len(shape)
        rise = np.indices(shape).sum(axis=0)
        values = rise * 6 + rng.integers(0, 5, shape)
        values[(0,) * n] = 0
        rational = np.array([Fraction(int(one), 6) for one in values.ravel()], dtype=object).reshape(shape)
        utility = fg.TableUtility(values / 7 if kind == "floats" else rational)
        size = 3.0 * n
    prices = np.sort(rng.integers(1, 40, (n, n_levels - 1)), axis=1)
    costs = [[0, *(Fraction(int(one), 60) * Fraction(size / n).limit_denominator(9) for one in row)] for row in prices]
    if kind in {"floats", "federated"}:
        costs = [[float(one) for one in row] for row in costs]
    if rng.random() < 0.3 and n_levels > 2:
        costs[0][1] = math.inf
    names = [f"Clinic {chr(65 + user)}" for user in range(n)]
    levels = ["absent", "full"] if n_levels == 2 else ["absent", "shared", "full"]
    return fg.Scenario(utility, costs, names, levels, title=f"Random {seed}", **limits)


def with_limits(seed, most_users=6):
    """A random scenario, of each kind of selection and of limits in turn."""
    limits = {}
    if seed % 4 in {1, 2}:
        limits["selection"] = ("worst", "potential")[seed % 4 - 1]
    if seed % 5 == 3:
        limits["alpha_range"] = ("1/10", "1/2")
    if seed % 7 == 4:
        limits["budget"] = Fraction(1, 2)
    if seed % 9 == 5:
        limits["min_utility"] = 100
    if seed % 8 == 3 and "selection" not in limits:
        limits["margin"] = Fraction(1, 100)
    return random_scenario(seed, most_users, **limits)
