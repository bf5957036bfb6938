from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from oracles import coalition_shapley, shapley

from fairgames import (
    CountUtility,
    InputError,
    SizeError,
    TableUtility,
    Utility,
    coalition_payments,
    fair_payments,
    payment_table,
    potential,
)

MEAN = [[0, "2/3"], ["2/3", 1]]


class ManyUsers(Utility):
    n_users = 60
    shape = (2,) * 60

    def evaluate(self, profiles):
        return np.sqrt(profiles.sum(axis=1))


@pytest.mark.parametrize("shape", [(2, 2), (3, 2, 4), (3, 3, 3, 2)])
def test_one_profile_equals_the_definition_and_the_table(shape, random_table):
    utility = TableUtility(random_table(np.random.default_rng(1), shape))
    table = payment_table(utility, alpha="1/3")
    for profile in product(*map(range, shape)):
        expected = [value / 3 for value in shapley(utility.tensor(), profile)]
        assert fair_payments(utility, profile, alpha="1/3").values.tolist() == expected
        assert table[profile].values.tolist() == expected
        assert [table.user(user)[profile] for user in range(len(shape))] == expected


@pytest.mark.parametrize("shape", [(2, 2), (3, 2, 4)])
def test_coalition_payments_equal_the_definition(shape, random_table):
    utility = TableUtility(random_table(np.random.default_rng(4), shape))
    for profile in product(*map(range, shape)):
        platform, users = coalition_shapley(utility.tensor(), profile)
        found = coalition_payments(utility, profile)
        assert found.platform == platform
        assert found.values.tolist() == users
        assert found.platform + found.values.sum() == found.utility


def test_paper_example_both_theorems():
    """Eqs. 11 and 12, with the two payment matrices in the order of eq. 10's rows."""
    assert fair_payments(MEAN, [1, 0]).values.tolist() == [Fraction(2, 3), 0]
    assert fair_payments(MEAN, [1, 1]).values.tolist() == [Fraction(1, 2)] * 2
    assert coalition_payments(MEAN, [1, 0]).platform == Fraction(1, 3)
    assert coalition_payments(MEAN, [1, 1]).platform == Fraction(5, 9)
    assert coalition_payments(MEAN, [1, 1]).values.tolist() == [Fraction(2, 9)] * 2


def test_alpha_as_a_function_of_the_utility_level():
    table = payment_table(MEAN, alpha=lambda level: Fraction(1, 2) if level == 1 else Fraction(1, 4))
    assert table[1, 0].values.tolist() == [Fraction(1, 6), 0]
    assert table[1, 1].values.tolist() == [Fraction(1, 4)] * 2
    assert table.user(0)[1].tolist() == [Fraction(1, 6), Fraction(1, 4)]


def test_levels_that_differ_by_rounding_get_one_alpha():
    utility = TableUtility([[0.0, 0.1 + 0.2], [0.3, 1.0]])
    paid = payment_table(utility, alpha=lambda level: 0.5 if level <= 0.3 else 0.9)
    assert paid.user(1)[0, 1] == pytest.approx(0.15)
    assert paid.user(0)[1, 0] == pytest.approx(0.15)


def test_alpha_that_changes_its_mind_is_refused():
    answers = iter(np.linspace(0, 1, 50))
    with pytest.raises(InputError, match="function of the utility level alone"):
        fair_payments(MEAN, [1, 1], alpha=lambda _level: next(answers))


@pytest.mark.parametrize("alpha", [-0.1, 1.01, float("nan"), "much", True, lambda _level: 2])
def test_alpha_outside_the_unit_interval_is_refused(alpha):
    with pytest.raises(InputError, match="alpha"):
        fair_payments(MEAN, [1, 1], alpha=alpha)


def test_profile_in_counts():
    utility = CountUtility([0, "2/3", 1])
    assert fair_payments(utility, [[1, 1]]).values[0].tolist() == fair_payments(utility, [0, 1]).values.tolist()
    assert payment_table(utility)[[[0, 2]]].values.tolist() == [Fraction(1, 2)] * 2


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ([1], "one level for each of the 2 users"),
        ([1, 2], "level from 0 to 1"),
        ([1, -1], "level from 0 to 1"),
        ([0.5, 1], "whole level indices"),
        ([[1, 1, 0]], "shape"),
        ([[1, 2]], "count all 2 users"),
    ],
)
def test_bad_profiles(profile, message):
    with pytest.raises(InputError, match=message):
        fair_payments(MEAN, profile)


def test_a_single_profile_of_many_users_needs_no_tensor():
    profile = np.zeros(60, dtype=int)
    profile[[3, 30, 59]] = 1
    paid = fair_payments(ManyUsers(), profile)
    np.testing.assert_allclose(paid.values[[3, 30, 59]], np.sqrt(3) / 3)
    assert paid.values.sum() == pytest.approx(np.sqrt(3))
    assert paid.evaluations == 8


def test_too_many_present_users_are_refused_with_the_bytes():
    with pytest.raises(SizeError, match="bytes"):
        fair_payments(ManyUsers(), np.ones(60, dtype=int), engine="subsets")
    with pytest.raises(SizeError, match="bytes"):
        potential(ManyUsers())


def test_result_is_plain():
    paid = fair_payments(MEAN, [1, 1])
    assert np.asarray(paid, dtype=float).tolist() == [0.5, 0.5]
    assert paid.interval(0.9)[0].tolist() == paid.values.tolist()
    assert paid == fair_payments(MEAN, [1, 1])
    assert paid != fair_payments(MEAN, [1, 0])
    assert paid.to_dict()["values"] == ["1/2", "1/2"]
    assert "1/2" in repr(paid)
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        paid.interval(1.5)
