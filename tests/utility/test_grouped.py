import itertools
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest

from fairgames import DPMeanUtility, FederatedMeanUtility, SizeError

FOUR_EACH = {"counts": [4, 1, 3]}
UTILITIES = {
    "one type": DPMeanUtility([0, 1.5, 9], n_users=6),
    "one type, exact": DPMeanUtility([0, "3/2", math.inf], n_users=5),
    "three types": FederatedMeanUtility([10, 90, 35], 1, 10, [1, 2, 1], **FOUR_EACH),
    "three types, weighted": FederatedMeanUtility([10, 90, 35], 1, 10, aggregation="weighted", **FOUR_EACH),
    "interleaved": FederatedMeanUtility([10, 90, 10, 90, 10, 90, 10], 1, 10),
    "two alike of six": DPMeanUtility([[0.0, 1, 2], [0, 3, 7], [0, 1, 2], [0, 5, 40], [0, 0.2, 9], [0, 4, 8]]),
    "all different": FederatedMeanUtility([10, 90, 35, 7, 1000, 20], 0.3, 10, range(6)),
    "all different, weighted": FederatedMeanUtility([10, 90, 35, 7, 1000, 20], 0.3, 10, aggregation="weighted"),
    "all different, privacy": DPMeanUtility([[0, 0.1, 2], [0, 3, 7], [0, 1, 1e30], [0, 0, math.inf], [0, 1.5, 1e60]]),
    "four levels": DPMeanUtility([[0, 0.1, 2, 9.5], [0, 3, 7, 7], [0, 1, 100, math.inf], [0, 0.1, 2, 9.5]]),
}


@pytest.mark.parametrize("name", list(UTILITIES))
def test_tensor_holds_the_utility_of_each_profile(name):
    utility = UTILITIES[name]
    profiles = np.array(list(itertools.product(*(range(n) for n in utility.shape))))
    values = utility.evaluate(profiles).reshape(utility.shape)
    tensor = utility.tensor()
    assert tensor.dtype == values.dtype
    assert tensor[(0,) * utility.n_users] == 0
    if utility.exact:
        assert np.array_equal(tensor, values)
        assert all(isinstance(value, Fraction) for value in tensor.flat)
    else:
        assert tensor == pytest.approx(values, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("name", ["one type", "three types", "interleaved"])
def test_identical_users_are_interchangeable_to_the_last_bit(name):
    tensor, types = UTILITIES[name].tensor(), UTILITIES[name].types
    for one, other in itertools.combinations(range(len(types)), 2):
        assert np.array_equal(tensor, tensor.swapaxes(one, other)) == (types[one] == types[other])


@pytest.mark.parametrize("name", ["three types", "interleaved", "all different", "all different, weighted"])
def test_federating_alone_is_being_direct_in_the_tensor_too(name):
    tensor = UTILITIES[name].tensor()
    for user in range(tensor.ndim):
        alone, direct = ([slice(None, None, 2)] * tensor.ndim for _ in range(2))
        alone[user], direct[user] = 1, 2
        assert np.array_equal(tensor[tuple(alone)], tensor[tuple(direct)])


@pytest.mark.parametrize("name", list(UTILITIES))
def test_utilities_can_be_sent_to_other_processes(name):
    utility = UTILITIES[name]
    copy = pickle.loads(pickle.dumps(utility))
    assert np.array_equal(copy.tensor(), utility.tensor())
    assert repr(copy) == f"<{type(utility).__name__} of {utility.n_users} users>"


def test_descriptions_are_read_only():
    federated = UTILITIES["three types"]
    for values in (federated.samples, federated.importance, UTILITIES["one type"].epsilons):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 3


def test_a_tensor_of_ten_million_users_is_refused_at_once():
    utility = FederatedMeanUtility([10, 20], 1, 10, counts=[10**7, 5])
    with pytest.raises(SizeError, match=r"10,000,005 users \(.* profiles or more\) would need .* bytes"):
        utility.tensor()
