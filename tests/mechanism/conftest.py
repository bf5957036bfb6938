"""Random games, and equilibria of two by support enumeration."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest


@pytest.fixture(scope="session")
def equilibria_of_two():
    """All equilibria of a generic bimatrix game, by solving the indifference conditions of equal supports."""

    def solve(A, B):
        found = []
        m, n = A.shape
        for size in range(1, min(m, n) + 1):
            for rows in itertools.combinations(range(m), size):
                for columns in itertools.combinations(range(n), size):
                    y = _indifferent(A[np.ix_(rows, columns)])
                    x = _indifferent(B[np.ix_(rows, columns)].T)
                    if x is None or y is None:
                        continue
                    full_x, full_y = np.zeros(m), np.zeros(n)
                    full_x[list(rows)], full_y[list(columns)] = x, y
                    payoff_rows, payoff_columns = A @ full_y, full_x @ B
                    if (
                        payoff_rows.max() <= payoff_rows[list(rows)].min() + 1e-9
                        and payoff_columns.max() <= payoff_columns[list(columns)].min() + 1e-9
                    ):
                        found.append((full_x, full_y))
        return found

    return solve


def _indifferent(block):
    size = len(block)
    system = np.block([[block, -np.ones((size, 1))], [np.ones((1, size)), np.zeros((1, 1))]])
    if abs(np.linalg.det(system)) < 1e-12:
        return None
    weights = np.linalg.solve(system, np.append(np.zeros(size), 1.0))[:-1]
    return weights if weights.min() >= -1e-12 else None


@pytest.fixture(scope="session")
def random_game():
    """A random utility with U(0) = 0, costs (some of them infinite), and the actions of finite cost."""

    def draw(rng, n_users, n_levels, *, whole=False, absent=True):
        shape = (n_levels,) * n_users
        if whole:
            U = np.array([Fraction(int(k), 4) for k in rng.integers(-4, 9, n_levels**n_users)], dtype=object)
        else:
            U = rng.normal(0.5, 1, n_levels**n_users)
        U = U.reshape(shape)
        U[(0,) * n_users] = U[(0,) * n_users] * 0
        costs = []
        for _ in range(n_users):
            if whole:
                row = [Fraction(0), *(Fraction(int(k), 8) for k in rng.integers(0, 6, n_levels - 1))]
            else:
                row = [0.0, *rng.exponential(0.3, n_levels - 1).tolist()]
            if n_levels > 2 and rng.random() < 0.2:
                row[int(rng.integers(1, n_levels))] = math.inf
            costs.append(row)
        first = 0 if absent else 1
        actions = [[level for level in range(first, n_levels) if math.isfinite(row[level])] or [0] for row in costs]
        return U, costs, actions

    return draw
