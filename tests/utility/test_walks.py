"""Utilities as users join, against evaluating every profile on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import DPMeanUtility, FederatedMeanUtility, TableUtility, ThresholdUtility
from fairgames.utility.grouped import GroupedUtility
from fairgames.utility.threshold import NothingUtility, as_jump


def _by_evaluation(utility, levels, order):
    profiles = np.zeros((len(order), utility.n_users), dtype=int)
    for step, user in enumerate(order):
        profiles[step:, user] = levels[user]
    return utility.evaluate(profiles).astype(float)


def _federated(rng, n_users, aggregation="uniform"):
    samples = rng.integers(1, 300, size=n_users)
    return FederatedMeanUtility(samples, 1.3, 9.0, rng.uniform(0, 2, size=n_users), aggregation=aggregation)


def _in_two_types(_, n_users):
    return FederatedMeanUtility([5, 50], 1, 10, counts=[n_users, n_users])


def _private_rationals(_, n_users):
    return DPMeanUtility([0, 1, "7/2"], n_users)


def _private(rng, n_users):
    middle, high = rng.choice([0.01, 0.5, 1, 2], size=n_users), rng.choice([3.0, 40.0, np.inf], size=n_users)
    return DPMeanUtility(np.column_stack([np.zeros(n_users), middle, high]))


def _jumps(rng, base):
    n_types = len(base.type_sizes)
    weights = np.column_stack([np.zeros(n_types), rng.integers(0, 4, size=(n_types, 2))])
    return ThresholdUtility([as_jump(weights, 4, 2), as_jump(weights, 7.5, -1)], base)


UTILITIES = {
    "federated, uniform": _federated,
    "federated, weighted": lambda rng, n: _federated(rng, n, "weighted"),
    "federated, identical users": _in_two_types,
    "private mean": _private,
    "private mean in rationals": _private_rationals,
    "jumps": lambda rng, n: _jumps(rng, _private(rng, n)),
    "jumps alone": lambda rng, n: _jumps(rng, NothingUtility([1] * n, 3)),
}


@pytest.mark.parametrize("kind", [float, object])
@pytest.mark.parametrize("order_in_memory", ["C", "F"])
def test_tables_are_walked_by_steps(kind, order_in_memory):
    rng = np.random.default_rng(3)
    values = rng.integers(-9, 9, size=(2, 3, 4, 3))
    values[0, 0, 0, 0] = 0
    utility = TableUtility(values.astype(kind, order=order_in_memory))
    levels = np.array([1, 2, 3, 1])
    order = rng.permutation(4)
    assert utility.walk(levels)(order).tolist() == _by_evaluation(utility, levels, order).tolist()


@settings(max_examples=40)
@given(n_users=st.integers(1, 25), seed=st.integers(0, 2**32))
@pytest.mark.parametrize("kind", UTILITIES)
def test_walks_are_the_evaluations_on_the_way(kind, n_users, seed):
    rng = np.random.default_rng(seed)
    utility = UTILITIES[kind](rng, n_users)
    levels = rng.integers(0, 3, size=utility.n_users)
    order = rng.permutation(np.flatnonzero(levels))
    walked = utility.walk(levels)(order)
    np.testing.assert_allclose(walked, _by_evaluation(utility, levels, order), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("make", [_federated, _private])
def test_long_walks_are_made_in_blocks(make, monkeypatch):
    rng = np.random.default_rng(1)
    utility, levels = make(rng, 40), rng.integers(1, 3, size=40)
    order = rng.permutation(40)
    whole = utility.walk(levels)(order)
    monkeypatch.setattr("fairgames.utility.profile._CELLS_AT_ONCE", 100)
    np.testing.assert_allclose(utility.walk(levels)(order), whole, rtol=1e-13)


class Root(GroupedUtility):
    """A utility of somebody's own, without a walk."""

    def __init__(self):
        super().__init__(["a", "b"], [2, 3], 3)

    def evaluate_counts(self, counts):
        return np.sqrt(counts[:, :, 1:].sum(axis=(1, 2)))


def test_utilities_without_a_walk_say_so():
    assert Root().walk(np.ones(5, dtype=int)) is None
    jumps = ThresholdUtility([as_jump([[0, 1, 1], [0, 1, 2]], 2)], Root())
    assert jumps.walk(np.ones(5, dtype=int)) is None
