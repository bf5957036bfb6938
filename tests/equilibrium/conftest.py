"""An exact enumerator straight from the definitions, and the paper's 2x2 games."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest


def solve_linear(matrix, right):
    """Unique solution of a square system in Fractions, or None."""
    rows = [[*map(Fraction, row), Fraction(value)] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = next((row for row in range(column, size) if rows[row][column] != 0), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(size):
            if row != column and rows[row][column] != 0:
                factor = rows[row][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[-1] for row in rows]


def brute_vertices(opponent):
    """Vertices of {x in the simplex, every opponent payoff <= v}: opponent[k][a], exact.

    Each chooses a support S and as many of the opponent's actions K to be indifferent among.
    """
    n_answers, n_actions = len(opponent), len(opponent[0])
    found = {}
    for size in range(1, min(n_answers, n_actions) + 1):
        for support in itertools.combinations(range(n_actions), size):
            for answers in itertools.combinations(range(n_answers), size):
                equations = [[opponent[k][a] for a in support] + [-1] for k in answers]
                equations.append([1] * size + [0])
                solution = solve_linear(equations, [0] * size + [1])
                if solution is None or min(solution[:-1]) < 0:
                    continue
                x = [Fraction(0)] * n_actions
                for action, weight in zip(support, solution[:-1], strict=True):
                    x[action] = weight
                values = [sum(row[a] * x[a] for a in range(n_actions)) for row in opponent]
                if max(values) <= solution[-1]:
                    found[tuple(x)] = values
    return found


def brute_extreme_equilibria(A, B):
    """Every extreme equilibrium of a bimatrix game in Fractions, as a set of pairs of tuples."""
    rows = brute_vertices([list(column) for column in zip(*B, strict=True)])
    columns = brute_vertices(A)
    return {
        (x, y)
        for x, column_values in rows.items()
        for y, row_values in columns.items()
        if all(weight == 0 or value == max(row_values) for weight, value in zip(x, row_values, strict=True))
        and all(weight == 0 or value == max(column_values) for weight, value in zip(y, column_values, strict=True))
    }


@pytest.fixture(scope="session")
def brute():
    """``brute(A, B)``: extreme equilibria of matrices of floats, ints or Fractions."""

    def enumerate_matrices(A, B):
        exact = [[[Fraction(value) for value in row] for row in np.asarray(M).tolist()] for M in (A, B)]
        return brute_extreme_equilibria(*exact)

    return enumerate_matrices


@pytest.fixture(scope="session")
def pairs():
    """``pairs(result)``: an EquilibriumSet as a set of pairs of tuples."""
    return lambda result: {tuple(tuple(strategy.tolist()) for strategy in entry.strategies) for entry in result}


@pytest.fixture(scope="session")
def paper_game():
    """``paper_game(c1, c2)``: two users, eps = infinity, alpha = 1 (the paper's section 5.1)."""

    def build(c1, c2):
        c1, c2 = Fraction(c1), Fraction(c2)
        two, half = Fraction(2, 3), Fraction(1, 2)
        return [[0, 0], [two - c1, half - c1]], [[0, two - c2], [0, half - c2]]

    return build


def random_bimatrix(rng, kind, shape):
    """One random game of a kind that solvers find hard."""
    match kind:
        case "floats":
            return rng.normal(size=shape), rng.normal(size=shape)
        case "small integers":
            return rng.integers(0, 3, shape), rng.integers(0, 3, shape)
        case "duplicated strategies":
            A, B = rng.integers(-5, 6, shape), rng.integers(-5, 6, shape)
            A[-1], B[-1] = A[0], B[0]
            A[:, -1], B[:, -1] = A[:, 0], B[:, 0]
            return A, B
        case "rank one":
            A, x, y = rng.integers(-4, 5, shape), rng.integers(-2, 3, shape[0]), rng.integers(-2, 3, shape[1])
            return A, np.outer(x, y) - A
        case "constant sum":
            A = rng.integers(-3, 4, shape)
            return A, 5 - A
        case "symmetric":
            A = rng.integers(-4, 5, (shape[0], shape[0]))
            return A, A.T
        case _:
            raise ValueError(kind)


@pytest.fixture(scope="session")
def random_games():
    """``random_games(count, seed, largest)`` yields (kind, A, B), all kinds and sizes in turn."""
    kinds = ("floats", "small integers", "duplicated strategies", "rank one", "constant sum", "symmetric")

    def games(count, seed, largest):
        rng = np.random.default_rng(seed)
        for number in range(count):
            shape = tuple(rng.integers(2, largest + 1, 2).tolist())
            kind = kinds[number % len(kinds)]
            yield kind, *random_bimatrix(rng, kind, shape)

    return games
