"""Games of identical users that several tests ask about."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from fairgames import DPMeanUtility, TableUtility


def dp_mean(n_users, epsilon=math.inf):
    return DPMeanUtility([0, epsilon], n_users=n_users)


def by_sum_of_levels(function, n_users, n_levels=3):
    """An exchangeable table: the utility is a function of the sum of the levels."""
    table = np.empty((n_levels,) * n_users, dtype=object)
    for profile in np.ndindex(table.shape):
        table[profile] = function(sum(profile))
    return TableUtility(table)


def one_minus_halves(n_users):
    return by_sum_of_levels(lambda total: 1 - Fraction(1, 2**total), n_users)
