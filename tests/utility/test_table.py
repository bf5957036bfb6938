import itertools
from fractions import Fraction

import numpy as np
import pytest

from fairgames import CountUtility, InputError, SizeError, TableUtility


def test_table_reads_every_profile_back():
    values = np.arange(24, dtype=float).reshape(2, 3, 4)
    utility = TableUtility(values)
    assert (utility.n_users, utility.shape, utility.exact) == (3, (2, 3, 4), False)
    for profile in itertools.product(range(2), range(3), range(4)):
        assert utility(profile) == values[profile]
    assert np.array_equal(utility.tensor(), values)


def test_table_is_read_only_and_independent_of_the_array_that_it_was_made_from():
    values = np.array([0.0, 1.0])
    utility = TableUtility(values)
    values[1] = 9
    assert utility((1,)) == 1
    with pytest.raises(ValueError, match="read-only"):
        utility.tensor()[0] = 1


def test_exact_table_and_its_float_form():
    utility = TableUtility([[0, "2/3"], ["2/3", 1]])
    assert utility.exact
    assert utility((0, 1)) == Fraction(2, 3)
    floats = utility.in_floats()
    assert not floats.exact
    assert floats((0, 1)) == 2 / 3
    assert floats.in_floats() is floats


def test_types_are_the_users_who_can_be_swapped():
    rng = np.random.default_rng(0)
    values = rng.random((2, 2, 2, 3, 3))
    values += values.swapaxes(0, 2)
    values += values.swapaxes(3, 4)
    values[(0,) * 5] = 0
    assert TableUtility(values).types.tolist() == [0, 1, 0, 2, 2]
    assert TableUtility(values).type_sizes == (2, 1, 2)
    assert TableUtility(values).type_levels == (2, 2, 3)


def test_types_of_a_large_table_are_not_searched():
    assert TableUtility(np.zeros((2,) * 19)).types.tolist() == list(range(19))


def test_table_by_counts_agrees_with_every_expansion():
    rng = np.random.default_rng(1)
    values = rng.random((3, 3, 2))
    values += values.swapaxes(0, 1)
    values[0, 0, 0] = 0
    utility = TableUtility(values)
    for profile in itertools.product(range(3), range(3), range(2)):
        counts = np.zeros((2, 3), dtype=int)
        for kind, level in zip((0, 0, 1), profile, strict=True):
            counts[kind, level] += 1
        assert utility(counts) == utility(profile)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (3, "one axis for each user"),
        ([0], r"axis 0: must have at least 2 levels"),
        ([[0, 1]], r"axis 0: must have at least 2 levels"),
        ([[0, 1], [1]], "rectangular"),
        ([0, float("nan")], r"values\[1\]: must be a number, not NaN"),
        ([[0, 1], [float("inf"), 2]], r"values\[1, 0\]: must be finite"),
        ([0, "two"], r"values\[1\]: must be a number"),
        ([1, 2], r"values\[0\]: U\(0, …, 0\) must be 0"),
        ([[0.5, 1], [1, 2]], r"values\[0, 0\]: U\(0, …, 0\) must be 0"),
    ],
)
def test_bad_tables(values, message):
    with pytest.raises(InputError, match=message):
        TableUtility(values)


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ((0,), "one level for each of the 2 users"),
        ((0, 3), r"profile\[1\]: must be a level from 0 to 2"),
        ((0, -1), r"profile\[1\]"),
        ((0, 0.5), "whole level indices"),
        ([[1, 0, 0], [0, 0, 2]], "must count all 1 users"),
        ([[0, 0, 1], [0, 0, 1]], r"profile\[0\]: must count nobody above level 1"),
        ([[1, 0], [0, 1]], r"must have shape \(2, 3\)"),
        ([[2, -1, 0], [0, 0, 1]], "must not be negative"),
        ([[0.5, 0.5, 0], [0, 0, 1]], "whole numbers of users"),
    ],
)
def test_bad_profiles(profile, message):
    with pytest.raises(InputError, match=message):
        TableUtility([[0, 1, 2], [1, 3, 5]])(profile)


def test_count_utility_counts_present_users():
    utility = CountUtility([0, "1/2", "2/3", 1])
    for profile in itertools.product(range(2), repeat=3):
        k = sum(profile)
        assert utility(profile) == utility.tensor()[profile] == utility([[3 - k, k]]) == utility.values[k]
    assert utility.types.tolist() == [0, 0, 0]
    assert utility.type_sizes == (3,)
    assert utility.in_floats().in_floats()((1, 1, 1)) == 1.0


def test_a_tensor_that_would_not_fit_is_refused_with_its_bytes():
    with pytest.raises(SizeError, match=r"\(about 10\^30 profiles\) would need about 10\^32 bytes"):
        CountUtility([0] * 101).tensor()


@pytest.mark.parametrize("values", [[0], [], [[0, 1]], [1, 2], [0, float("nan")], 0])
def test_bad_count_utilities(values):
    with pytest.raises(InputError, match=r"^values"):
        CountUtility(values)
