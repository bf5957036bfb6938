"""Other payment rules against their definitions, one profile at a time and everywhere."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import banzhaf, shapley

from fairgames import CountUtility, DPMeanUtility, InputError, MeasuredUtility, TableUtility, check_axioms
from fairgames.payments.rules import (
    Banzhaf,
    EqualSplit,
    ExactCost,
    Fair,
    LeaveOneOut,
    NoNegative,
    Proportional,
    proportional_equilibrium,
)

SHAPE = (3, 2, 3)
COSTS = [[0, "1/2", 2], [0, "1/3", 0], [0, 1, 3]]
AMOUNTS = [[0, 1, 4], [0, "1/2", 0], [0, 0, 2]]


def without(profile, user):
    return (*profile[:user], 0, *profile[user + 1 :])


def proportional_by_definition(U, profile):
    amounts = [Fraction(AMOUNTS[user][level]) for user, level in enumerate(profile)]
    total = sum(amounts)
    return [U[profile] * amount / total if total else Fraction(0) for amount in amounts]


ORACLES = {
    "equal split": (
        EqualSplit(),
        lambda U, p: [U[p] / Fraction(np.count_nonzero(p)) if level else Fraction(0) for level in p],
    ),
    "leave one out": (LeaveOneOut(), lambda U, p: [U[p] - U[without(p, user)] for user in range(len(p))]),
    "banzhaf": (Banzhaf(), banzhaf),
    "exact cost": (ExactCost(COSTS), lambda _, p: [Fraction(COSTS[user][level]) for user, level in enumerate(p)]),
    "proportional": (Proportional(AMOUNTS), proportional_by_definition),
}


def random_table(seed):
    rng = np.random.default_rng(seed)
    values = np.array([Fraction(int(rng.integers(-12, 40)), int(rng.integers(1, 7))) for _ in range(18)], dtype=object)
    values[0] = Fraction(0)
    return values.reshape(SHAPE)


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_each_rule_is_its_definition_exactly_here_and_everywhere(name, seed):
    U = random_table(seed)
    rule, oracle = ORACLES[name]
    utility = TableUtility(U)
    everywhere = rule.everywhere(utility)
    for profile in product(*map(range, SHAPE)):
        expected = oracle(U, profile)
        assert rule(utility, profile).tolist() == expected
        assert [payment[profile] for payment in everywhere] == expected


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_fair_and_not_negative_payments(seed):
    U = random_table(seed)
    utility = TableUtility(U)
    fair, raised = Fair().everywhere(utility), NoNegative().everywhere(utility)
    for profile in [(2, 1, 2), (1, 0, 2), (0, 0, 0)]:
        expected = shapley(U, profile)
        assert Fair()(utility, profile).tolist() == [payment[profile] for payment in fair] == expected
        assert NoNegative()(utility, profile).tolist() == [max(value, 0) for value in expected]
        assert [payment[profile] for payment in raised] == [max(value, 0) for value in expected]


@pytest.mark.parametrize("name", ORACLES)
def test_floats_give_the_same_numbers(name):
    rule, _ = ORACLES[name]
    U = np.array([Fraction(number, 7) for number in range(18)], dtype=object).reshape(SHAPE)
    exact, floats = TableUtility(U), TableUtility(U.astype(float))
    for left, right in zip(rule.everywhere(exact), rule.everywhere(floats), strict=True):
        np.testing.assert_allclose(right.astype(float), left.astype(float), atol=1e-14)
    np.testing.assert_allclose(rule(floats, (2, 1, 1)).astype(float), rule(exact, (2, 1, 1)).astype(float), atol=1e-14)


def test_banzhaf_and_shapley_differ_for_three_users_of_the_private_mean():
    utility = DPMeanUtility([0, float("inf")], n_users=3)
    assert Banzhaf()(utility, (1, 1, 1)).tolist() == [Fraction(23, 72)] * 3
    assert Fair()(utility, (1, 1, 1)).tolist() == [Fraction(1, 3)] * 3


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (Fair(), ()),
        (Banzhaf(), ("efficiency",)),
        (LeaveOneOut(), ("efficiency",)),
        (EqualSplit(), ("null user", "symmetry")),
        (Proportional(), ("null user", "symmetry")),
        (NoNegative(), ("efficiency", "additivity")),
        (ExactCost([[0, 1], [0, 2], [0, 1]]), ("null user", "symmetry", "efficiency", "additivity")),
    ],
)
def test_the_axioms_that_a_rule_breaks_are_found(rule, broken):
    U = np.array([0, 1, 2, "5/2", 3, "1/2", 4, 3], dtype=object).reshape(2, 2, 2)
    assert set(check_axioms(rule, U).broken) == set(broken)


def test_rules_measure_only_what_they_need():
    def experiment(profile):
        return float(sum(profile) ** 2)

    for rule, evaluations in [
        (EqualSplit(), 2),
        (LeaveOneOut(), 5),
        (Proportional(), 2),
        (Banzhaf(), 8),
    ]:
        utility = MeasuredUtility(experiment, (2,) * 4)
        rule(utility, (1, 0, 1, 1))
        assert utility.evaluations == evaluations


def test_amounts_are_the_finite_eps_of_a_private_mean_and_level_indices_otherwise():
    finite = DPMeanUtility([[0, 1, 3], [0, 2, 5]])
    assert Proportional().amounts_for(finite).tolist() == [[0, 1, 3], [0, 2, 5]]
    infinite = DPMeanUtility([0, 1, float("inf")], n_users=2)
    assert Proportional().amounts_for(infinite).tolist() == [[0, 1, 2]] * 2
    assert Proportional().amounts_for(CountUtility([0, 1, 2])).tolist() == [[0, 1]] * 2


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Proportional([0, -1]), r"amounts\[1\]: must be at least 0"),
        (lambda: Proportional([[0, 1], [0, -1]]), r"amounts\[1, 1\]: must be at least 0"),
        (lambda: Proportional([1, 2]), "amounts: must be 0 at level 0"),
        (lambda: Proportional(3), "amounts: must be one number a level"),
        (lambda: Proportional([0, np.inf]), r"amounts\[1\]: must be finite"),
        (lambda: Proportional([0, 1, 2])(CountUtility([0, 1, 2]), (1, 1)), "amounts: must have shape"),
        (lambda: ExactCost([0, 1]), "costs: must be one row of costs a user"),
        (
            lambda: ExactCost([[0, np.inf]] * 2)(CountUtility([0, 1, 2]), (0, 1)),
            "must be a level of finite",
        ),
        (lambda: EqualSplit()(CountUtility([0, 1, 2]), [[1, 1]]), "profile: must have one level a user"),
        (lambda: Banzhaf()(CountUtility([0, 1, 2]), (1, 2)), r"profile\[1\]: must be a level from 0 to 1"),
        (lambda: proportional_equilibrium([1], 60), "costs: must be one number a user, for at least two"),
        (lambda: proportional_equilibrium([1, 0], 60), r"costs\[1\]: must be above 0"),
        (lambda: proportional_equilibrium([1, 2], 0), "budget: must be above 0"),
        (lambda: proportional_equilibrium([1, float("nan")], 1), r"costs\[1\]: must be a number, not NaN"),
    ],
)
def test_bad_input_is_named(act, message):
    with pytest.raises(InputError, match=message):
        act()


def test_the_published_example_of_a_shared_budget():
    found = proportional_equilibrium([1, 2, 3, 4, 10], 60)
    assert found.levels.tolist() == [Fraction(40, 3), Fraction(20, 3), 0, 0, 0]
    assert found.payments.tolist() == [40, 20, 0, 0, 0]
    assert found.participants == (0, 1)
    assert "shared in proportion" in repr(found)


@given(
    costs=st.lists(st.fractions(min_value="1/10", max_value=10, max_denominator=20), min_size=2, max_size=6),
    budget=st.fractions(min_value=1, max_value=100, max_denominator=3),
)
def test_nobody_gains_by_disclosing_another_amount(costs, budget):
    found = proportional_equilibrium(costs, budget)
    assert found.payments.sum() == budget
    for user, cost in enumerate(costs):
        others = found.levels.sum() - found.levels[user]
        assert others > 0
        here = found.levels[user]
        assert found.payoffs[user] == budget * here / (here + others) - cost * here
        # The payoff is concave in the own amount: no gain on either side nearby is no gain anywhere.
        slope = budget * others / (here + others) ** 2 - cost
        assert slope == 0 if here > 0 else slope <= 0


def test_floats_agree_with_rationals_on_the_equilibrium():
    exact = proportional_equilibrium([3, 1, 2, "5/2"], 7)
    floats = proportional_equilibrium([3.0, 1.0, 2.0, 2.5], 7.0)
    np.testing.assert_allclose(floats.levels, exact.levels.astype(float), rtol=1e-14)
    assert floats.participants == exact.participants


def test_banzhaf_breaks_efficiency_by_paying_another_fraction_under_another_utility():
    values = [[[0, 1], [1, 2]], [[1, 2], [2, 3]]]
    report = check_axioms(Banzhaf(), values)
    assert report.broken == ("efficiency",)
    (found,) = report.breaks
    assert (found.found, found.required) == (Fraction(3, 4), 1)
