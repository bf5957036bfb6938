"""False names, priced by definition."""

from fractions import Fraction

import numpy as np
import pytest
from oracles import shapley

from fairgames import CountUtility, DPMeanUtility, FederatedMeanUtility, InputError, false_names

INF = float("inf")


@pytest.mark.parametrize("aggregation", ["uniform", "weighted"])
@pytest.mark.parametrize("level", [1, 2])
def test_a_split_is_priced_as_the_platform_would_price_its_names(aggregation, level):
    def made(samples, importance):
        return FederatedMeanUtility(samples, 0.5, 20, importance, aggregation=aggregation)

    honest = made([10, 20, 40], [1, 3, 2])
    found = false_names(honest, (1, level, 2), 1, [5, 15], alpha=0.5)
    before = np.array(shapley(honest, (1, level, 2))) / 2
    after = np.array(shapley(made([10, 5, 15, 40], [1, 3, 3, 2]), (1, level, level, 2))) / 2
    np.testing.assert_allclose(found.names, after[1:3], atol=1e-12)
    assert found.honest == pytest.approx(before[1], abs=1e-12)
    np.testing.assert_allclose(found.others_change, [after[0] - before[0], 0, after[3] - before[2]], atol=1e-12)
    assert found.gain == pytest.approx(after[1] + after[2] - before[1], abs=1e-12)
    assert found.pays == (found.gain > 0)


def test_importance_may_be_shared_among_the_names():
    honest = FederatedMeanUtility([10, 20], 1, 10, [1, 2])
    found = false_names(honest, (2, 2), 1, [10, 10], importance=[1, 1])
    after = shapley(FederatedMeanUtility([10, 10, 10], 1, 10, [1, 1, 1]), (2, 2, 2))
    np.testing.assert_allclose(found.names, after[1:], atol=1e-12)
    assert found.gain < false_names(honest, (2, 2), 1, [10, 10]).gain


def test_copies_of_a_private_user_are_paid_exactly_as_so_many_users():
    found = false_names(DPMeanUtility([[0, 2], [0, INF]]), (1, 1), 0, names=3)
    after = shapley(DPMeanUtility([[0, 2], [0, 2], [0, 2], [0, INF]]), (1, 1, 1, 1))
    assert found.names.tolist() == list(after[:3])
    assert found.others_change.tolist() == [0, after[3] - shapley(DPMeanUtility([[0, 2], [0, INF]]), (1, 1))[1]]
    assert isinstance(found.gain, Fraction)
    assert "under 3 names" in repr(found)


def test_copies_of_a_federated_user():
    honest = FederatedMeanUtility([10, 40], 1, 10)
    found = false_names(honest, (1, 2), 1)
    after = shapley(FederatedMeanUtility([10, 40, 40], 1, 10), (1, 2, 2))
    np.testing.assert_allclose(found.names, after[1:], atol=1e-12)
    assert found.utility_after == pytest.approx(sum(after))


def test_counts_are_read():
    utility = FederatedMeanUtility([10, 40], 1, 10, counts=[2, 1])
    assert false_names(utility, [[0, 1, 1], [0, 0, 1]], 1, [4, 6]) == false_names(utility, (1, 2, 2), 1, [4, 6])


PRIVATE = DPMeanUtility([0, 2], n_users=2)
GOOD = FederatedMeanUtility([10, 20], 1, 10)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: false_names(GOOD, (2, 2), 2, [1, 9]), "user: must be from 0 to 1"),
        (lambda: false_names(GOOD, (2, 2), True, [1, 9]), "user: must be a whole number"),
        (lambda: false_names(GOOD, (0, 2), 0, [1, 9]), "user: must be present"),
        (lambda: false_names(GOOD, (2, 2), 0, [1, 8]), "names: must add up to the 10 samples of user 0"),
        (lambda: false_names(GOOD, (2, 2), 0, [10]), "names: must be the sample sizes of at least two"),
        (lambda: false_names(GOOD, (2, 2), 0, [0, 10]), r"names\[0\]: must be at least 1"),
        (lambda: false_names(GOOD, (2, 2), 0, [5, 5], importance=[1]), "importance: must be one number for each"),
        (lambda: false_names(CountUtility([0, 1]), (1,), 0, [5, 5]), "utility: must say what another user would bring"),
        (lambda: false_names(CountUtility([0, 1]), (1,), 0), "utility: must say what another user would bring"),
        (lambda: false_names(PRIVATE, (1, 1), 0, [5, 5]), "names: must be left to the federated mean"),
        (lambda: false_names(PRIVATE, (1, 1), 0, importance=[5, 5]), "importance: must be left to the federated mean"),
        (lambda: false_names(GOOD, (2, 2), 0, True), "names: must be a whole number"),
        (lambda: false_names(GOOD, (2, 2), 0, names=1), "names: must be a whole number of at least 2"),
    ],
)
def test_bad_input_is_named(act, message):
    with pytest.raises(InputError, match=message):
        act()
