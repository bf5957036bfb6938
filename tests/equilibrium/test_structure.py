"""Components, indices and extreme points against brute force."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairgames import equilibria
from fairgames.equilibrium.components import maximal_bicliques
from fairgames.equilibrium.solver import Solver


def subsets(items):
    return itertools.chain.from_iterable(itertools.combinations(items, size) for size in range(1, len(items) + 1))


@given(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_bicliques_are_maximal_and_all_there(edges):
    lefts, rights = sorted({left for left, _ in edges}), sorted({right for _, right in edges})
    complete = [
        (frozenset(left), frozenset(right))
        for left in subsets(lefts)
        for right in subsets(rights)
        if all(pair in edges for pair in itertools.product(left, right))
    ]
    maximal = {
        pair
        for pair in complete
        if not any(pair != other and pair[0] <= other[0] and pair[1] <= other[1] for other in complete)
    }
    found = maximal_bicliques(edges)
    assert set(found) == maximal
    assert len(found) == len(maximal)


def test_indices_add_up_to_one_in_nondegenerate_games():
    rng = np.random.default_rng(2)
    for size in (2, 3, 4, 5):
        for _ in range(10):
            result = equilibria(rng.normal(size=(2, size, size)))
            assert sum(entry.index for entry in result) == 1
            assert len(result) % 2 == 1
            assert all(entry.index == 1 for entry in result if entry.is_pure)


def test_the_index_is_the_sign_that_replicator_stability_needs():
    """In a 2x2 coordination game the pure equilibria attract (+1) and the mixed one is a saddle (-1)."""
    result = equilibria([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])
    assert [(entry.is_pure, entry.index) for entry in result] == [(True, 1), (False, -1), (True, 1)]


def two_points(payoffs, found):
    found((np.array([1.0, 0.0]), np.array([1.0, 0.0])))
    found((np.array([0.5, 0.5]), np.array([0.25, 0.75])))
    found((np.array([1.0, 0.0]), np.array([0.5, 0.5])))


def test_extreme_points_are_told_from_mixtures():
    result = equilibria([np.zeros((2, 2))] * 2, method=Solver("two", two_points, "some"))
    assert [entry.is_extreme for entry in result] == [True, False, False]
    assert [entry.is_isolated for entry in result] == [None, None, None]
    assert result.degenerate


def test_floats_from_other_solvers_are_told_apart_too(brute):
    rng = np.random.default_rng(9)
    for _ in range(10):
        A, B = rng.integers(0, 3, (2, 3, 3))
        extreme = [np.concatenate([np.array(x, dtype=float) for x in pair]) for pair in brute(A, B)]
        for entry in equilibria([A, B], method="nashpy-support"):
            here = np.concatenate([np.asarray(x, dtype=float) for x in entry.strategies])
            assert entry.is_extreme == any(np.abs(here - point).max() < 1e-7 for point in extreme)
