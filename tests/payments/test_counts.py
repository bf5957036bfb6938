import math
from fractions import Fraction

import numpy as np
import pytest
from oracles import shapley

from fairgames import InputError, SizeError, Utility
from fairgames.payments.counts import count_potential, lattice_of, potential_on_lattice
from fairgames.payments.potential import CountLattice


class TypedUtility(Utility):
    """Random values at the counts of a profile, so that users of one type are interchangeable."""

    def __init__(self, types, levels, seed, exact=False):
        self._types, self._levels, self._exact = np.asarray(types), levels, exact
        self._values = {}
        self._rng = np.random.default_rng(seed)

    n_users = property(lambda self: len(self._types))
    shape = property(lambda self: tuple(self._levels[kind] for kind in self._types))
    exact = property(lambda self: self._exact)
    types = property(lambda self: self._types)
    type_sizes = property(lambda self: tuple(np.bincount(self._types).tolist()))

    def evaluate(self, profiles):
        return np.array([self._value(tuple(profile)) for profile in profiles.tolist()])

    def _value(self, profile):
        if not any(profile):
            return Fraction(0) if self._exact else 0.0
        key = tuple(sorted(zip(self._types.tolist(), profile, strict=True)))
        if key not in self._values:
            draw = int(self._rng.integers(-5, 20))
            self._values[key] = Fraction(draw, 3) if self._exact else draw / 3
        return self._values[key]


@pytest.mark.parametrize(
    ("sizes", "levels"), [((3,), (2,)), ((3, 2), (3, 4)), ((1, 1, 2), (2, 3, 2)), ((5,), (1,)), ((4,), (5,))]
)
def test_compositions_are_all_different_numbered_and_ordered_by_presence(sizes, levels):
    lattice = CountLattice(sizes, levels)
    for kind, (size, n_levels) in enumerate(zip(sizes, levels, strict=True)):
        counts = lattice.compositions[kind]
        assert counts.shape == (math.comb(size + n_levels - 1, n_levels - 1), n_levels)
        assert (counts >= 0).all()
        assert (counts.sum(axis=1) == size).all()
        assert len({tuple(row) for row in counts.tolist()}) == len(counts)
        assert (lattice.rank(kind, counts) == np.arange(len(counts))).all()
        assert (np.diff(counts[:, 1:].sum(axis=1)) >= 0).all()
    states = np.arange(lattice.n_states)
    assert (lattice.state(lattice.counts(states)) == states).all()
    assert (lattice.present().ravel() == lattice.counts(states)[:, :, 1:].sum(axis=(1, 2))).all()


def test_moving_a_user_changes_two_counts():
    lattice = CountLattice((4,), (3,))
    counts = lattice.compositions[0]
    for source in range(3):
        for target in range(3):
            moved = lattice.moved(0, source, target)
            assert ((moved < 0) == (counts[:, source] == 0)).all()
            step = np.eye(3, dtype=int)[target] - np.eye(3, dtype=int)[source]
            assert (counts[moved[moved >= 0]] == counts[moved >= 0] + step).all()


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("types", "levels"), [([0, 1, 0, 0], [3, 2]), ([0, 0, 0, 0], [2]), ([0, 1, 2], [2, 3, 2])])
def test_differences_of_the_potential_are_the_payments_by_definition(types, levels, exact):
    utility = TypedUtility(types, levels, seed=1, exact=exact)
    table = count_potential(utility)
    P = table.potential.reshape(-1)
    lattice = table.lattice
    for profile in np.ndindex(utility.shape):
        counts = np.zeros((1, len(levels), max(levels)), dtype=int)
        for kind, level in zip(types, profile, strict=True):
            counts[0, kind, level] += 1
        assert table.utility.reshape(-1)[lattice.state(counts)[0]] == utility(profile)
        shares = shapley(utility, profile)
        for user, level in enumerate(profile):
            without = counts.copy()
            without[0, types[user], level] -= 1
            without[0, types[user], 0] += 1
            paid = P[lattice.state(counts)[0]] - P[lattice.state(without)[0]]
            expected = shares[user]
            assert paid == expected if exact else math.isclose(paid, expected, abs_tol=1e-12)


def test_differences_pick_the_compositions_with_a_user_to_move():
    table = count_potential(TypedUtility([0, 0, 1], [3, 2], seed=2, exact=True))
    rows, differences = table.differences(0, 2, 1)
    for row, values in zip(rows, differences, strict=True):
        counts = table.lattice.compositions[0][row].copy()
        counts[[2, 1]] += [-1, 1]
        target = table.lattice.rank(0, counts[None])[0]
        assert (values == table.potential[row] - table.potential[target]).all()
    assert sorted(rows) == [row for row, counts in enumerate(table.lattice.compositions[0]) if counts[2] > 0]


def test_the_platform_as_a_member_is_paid_the_potential_of_theorem_1():
    utility = TypedUtility([0, 0, 0], [2], seed=3, exact=True)
    table = count_potential(utility)
    Q = potential_on_lattice(table.utility, table.lattice, platform=1)
    # Every order in which the platform joins three present users is equally likely.
    assert Q[3] == sum(table.utility, Fraction(0)) / 4


def test_a_hundred_users_of_two_types_are_a_few_million_states():
    assert CountLattice((50, 50), (3, 3)).n_states == 1326**2


def test_too_many_states_are_refused_before_any_work():
    class Huge(TypedUtility):
        def evaluate_counts(self, _counts):
            raise AssertionError("no work before the memory check")

    with pytest.raises(SizeError, match="states"):
        count_potential(Huge([0] * 60 + [1] * 60, [5, 5], seed=0))


def test_users_of_one_type_need_the_same_levels():
    class Uneven(TypedUtility):
        shape = (2, 3)

    with pytest.raises(InputError, match="same levels"):
        lattice_of(Uneven([0, 0], [3], seed=0))
