"""Payment rules played out: equilibria, alphas and what the platform keeps, against brute force."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import (
    CountUtility,
    FederatedMeanUtility,
    InputError,
    SizeError,
    TableUtility,
    check_axioms,
    compare_rules,
    optimal_alpha,
)
from fairgames.assessment.rules import standard_rules
from fairgames.payments.rules import LeaveOneOut, NoNegative

INF = float("inf")


def random_table(seed, shape):
    rng = np.random.default_rng(seed)
    values = np.empty(shape, dtype=object)
    for profile in np.ndindex(*shape):
        values[profile] = Fraction(int(rng.integers(-2, 25)), int(rng.integers(1, 5)))
    values[(0,) * len(shape)] = Fraction(0)
    return values


def pure_equilibria(rule, utility, costs, alpha):
    """Profiles at which nobody gains by moving alone, by definition."""
    shape = utility.shape
    paid = {profile: rule(utility, profile) for profile in product(*map(range, shape))}

    def payoff(user, profile):
        return alpha * paid[profile][user] - costs[user][profile[user]]

    return [
        profile
        for profile in product(*map(range, shape))
        if all(
            payoff(user, profile) >= payoff(user, (*profile[:user], level, *profile[user + 1 :]))
            for user in range(len(shape))
            for level in range(shape[user])
        )
    ]


@pytest.mark.parametrize("alpha", ["1/3", 1, 0])
def test_at_a_given_alpha_the_equilibria_are_those_of_the_definition(alpha):
    utility = TableUtility(random_table(1, (3, 2, 2)))
    costs = [[0, Fraction(1, 2), 1], [0, Fraction(1, 3), INF], [0, 2, INF]]
    compared = compare_rules(utility, [row[:n] for row, n in zip(costs, (3, 2, 2), strict=True)], alpha=alpha)
    rules = standard_rules(utility, [row[:n] for row, n in zip(costs, (3, 2, 2), strict=True)])
    for outcome in compared.outcomes:
        scale = Fraction(alpha) if outcome.rule != "pay exactly the cost" else Fraction(1)
        expected = pure_equilibria(rules[outcome.rule], utility, costs, scale)
        assert list(outcome.equilibria) == expected
        kept = {p: utility(p) - scale * sum(rules[outcome.rule](utility, p)) for p in expected}
        if expected:
            assert outcome.platform_keeps == max(kept.values())
            assert outcome.worst_keeps == min(kept.values())
            assert kept[outcome.profile] == outcome.platform_keeps
            assert outcome.payments.sum() == outcome.utility - outcome.platform_keeps
        else:
            assert outcome.profile is None


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_the_best_alpha_of_a_rule_beats_every_alpha_of_a_grid(seed):
    utility = TableUtility(random_table(seed, (2, 3)))
    costs = [[0, Fraction(1, 2), INF], [0, Fraction(1, 3), 1]]
    rows = [costs[0][:2], costs[1]]
    compared = compare_rules(utility, rows)
    for name, rule in standard_rules(utility, rows).items():
        outcome = compared[name]
        for step in [Fraction(number, 12) for number in range(13)] if rule.scaled else [Fraction(1)]:
            for profile in pure_equilibria(rule, utility, costs, step):
                assert outcome.platform_keeps >= utility(profile) - step * sum(rule(utility, profile))
        assert outcome.profile in pure_equilibria(rule, utility, costs, outcome.alpha)


def test_fair_payments_give_the_known_optimum_and_exact_costs_its_upper_bound():
    utility = FederatedMeanUtility([10, 20, 40], 1, 10)
    costs = [[0, 0.2, 0.7], [0, 0.1, 0.9], [0, 0.3, INF]]
    compared = compare_rules(utility, costs)
    optimum = optimal_alpha(utility, costs)
    assert compared["fair"].platform_keeps == pytest.approx(optimum.value, rel=1e-12)
    assert compared["fair"].alpha == pytest.approx(optimum.alpha, rel=1e-12)
    assert compared["fair"].profile == optimum.profile
    assert compared["pay exactly the cost"].platform_keeps == pytest.approx(optimum.upper_bound, rel=1e-12)
    assert compared["pay exactly the cost"].users_surplus == pytest.approx(0, abs=1e-12)
    assert len(compared["pay exactly the cost"].equilibria) == 3 * 3 * 2
    assert "at worst" in repr(compared)


def test_every_broken_axiom_has_a_true_witness():
    U = np.array([0, 1, 2, "5/2", 3, "1/2", 4, 3], dtype=object).reshape(2, 2, 2)
    compared = compare_rules(U, [0, "1/5"])
    for name, rule in standard_rules(U, [0, "1/5"]).items():
        assert compared[name].axioms == check_axioms(rule, U)
    assert compared["fair"].axioms.fair
    assert compared["leave one out"].axioms.broken == ("efficiency",)


def test_many_users_are_tried_a_few_at_a_time_with_true_witnesses():
    values = np.zeros((2,) * 8)
    for profile in np.ndindex(*values.shape):
        values[profile] = np.sqrt(sum(profile))
    utility = TableUtility(values)
    compared = compare_rules(utility, [0, 0.1])
    assert compared["fair"].axioms.fair
    for found in compared["leave one out"].axioms.breaks:
        assert len(found.profile) == 8
        if found.utility == "the given utility":
            assert LeaveOneOut()(utility, found.profile).sum() == pytest.approx(found.found)


def test_forbidden_levels_are_left_out_of_the_axioms():
    utility = FederatedMeanUtility([10, 1], 0.1, 100)
    costs = [[0, INF, 0.5], [0, 0.1, INF]]
    compared = compare_rules(utility, costs, actions=[(0, 2), (1,)])
    for outcome in compared.outcomes:
        for found in outcome.axioms.breaks:
            assert found.profile[0] in {0, 2}
            assert found.profile[1] in {0, 1}
        assert outcome.profile[1] == 1


def test_negative_fair_payments_are_what_no_negative_payments_repairs():
    utility = FederatedMeanUtility([100, 1], 0.1, 100)
    compared = compare_rules(utility, [0, 0, 0], actions=(1,), alpha=1)
    assert compared["fair"].payments[1] < 0
    assert compared["no negative payments"].payments.tolist() == NoNegative()(utility, (1, 1)).tolist()
    assert compared["no negative payments"].platform_keeps < 0


def test_a_rule_of_the_users_own():
    def by_data(utility, profile):
        present = np.array([10, 30]) * (np.asarray(profile) > 0)
        return utility(profile) * present / max(1, present.sum())

    def matching_pennies(utility, profile):
        return [1, 0] if profile[0] == profile[1] else [0, 1]

    U = [[0, 0.6], [0.7, 1.0]]
    compared = compare_rules(U, [0, 0.1], {"by data": by_data, "pennies": matching_pennies}, alpha=1)
    assert compared["by data"].payments.tolist() == [0.25, 0.75]
    assert compared["pennies"].equilibria == ()
    assert compared["pennies"].profile is None
    assert "pennies" in repr(compared)
    assert repr(compared["pennies"]).startswith("One payment rule")


def test_paying_the_absent_breaks_the_null_user_axiom():
    def everybody_alike(utility, profile):
        return np.full(8, utility(profile) / 8)

    values = np.fromfunction(lambda *levels: sum(levels), (2,) * 8)
    (found,) = compare_rules(values, [0, 0.1], {"all": everybody_alike})["all"].axioms.breaks
    assert found.axiom == "null user"
    (user,) = found.users
    assert found.profile[user] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rules": {}}, "rules: must map the name of at least one rule"),
        ({"rules": [LeaveOneOut()]}, "rules: must be a mapping"),
        ({"rules": {"mine": 3}}, r"rules\['mine'\]: must be a function"),
        ({"rules": {"mine": lambda *_: [1]}}, "rule"),
        ({"alpha": 1.5}, "alpha: must lie in"),
        ({"costs": [0, -1]}, r"costs\[0, 1\]: must be at least 0"),
        ({"actions": (2,)}, r"actions\[0\]: must hold levels from 0 to 1"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"utility": [[0, 1], [1, 2]], "costs": [0, "1/3"]}
    with pytest.raises(InputError, match=message):
        compare_rules(**{**good, **arguments})


def test_an_unknown_rule_is_named():
    with pytest.raises(InputError, match="rule: must be one of fair"):
        compare_rules([[0, 1], [1, 2]], [0, "1/3"])["unfair"]


@pytest.mark.parametrize("users", [60, 100_000])
def test_too_many_users_are_refused_before_any_rule_is_tried(users):
    crowd = FederatedMeanUtility([10], 1, 10, counts=[users])
    for ask in (compare_rules, standard_rules):
        with pytest.raises(SizeError, match=rf"the payments of {users:,} users at .* profiles.* would need"):
            ask(crowd, [0, 0.1, 0.2])


def test_one_user_is_compared_too():
    compared = compare_rules([0, 1], [0, Fraction(1, 10)])
    fair = compared.outcomes[0]
    assert (fair.alpha, fair.profile, fair.platform_keeps) == (Fraction(1, 10), (1,), Fraction(9, 10))
    assert fair.axioms.fair


@pytest.mark.parametrize("absent", range(3))
def test_users_who_can_only_be_absent_do_not_matter(absent):
    """The others play as without them, and witnesses name users by their places among all."""
    U = CountUtility([0, "2/3", 1]).tensor()
    costs = [[0, Fraction(3, 10)], [0, Fraction(1, 5)]]
    wide = np.stack([U, U + 1], axis=absent)
    wide[(0, 0, 0)] = 0
    full = [*costs[:absent], [0, INF], *costs[absent:]]
    for before, after in zip(compare_rules(U, costs).outcomes, compare_rules(wide, full).outcomes, strict=True):
        assert (after.alpha, after.platform_keeps) == (before.alpha, before.platform_keeps)
        assert np.delete(after.profile, absent).tolist() == list(before.profile)
        assert after.axioms.broken == before.axioms.broken
        assert all(absent not in found.users for found in after.axioms.breaks)
    nobody = compare_rules(U, [[0, INF]] * 2)
    assert {outcome.profile for outcome in nobody.outcomes} == {(0, 0)}
