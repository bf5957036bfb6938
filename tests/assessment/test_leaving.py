"""Somebody leaves or joins: the difference between two answers."""

from fractions import Fraction

import numpy as np
import pytest

from fairgames import FederatedMeanUtility, InputError, Scenario, compare_optima, leaving, optimal_alpha

UTILITY = FederatedMeanUtility([10, 20, 80], 1, 10)
COSTS = [[0, 0.1, 0.3], [0, 0.2, 0.5], [0, 0.1, 0.9]]


def test_leaving_is_the_optimum_of_the_game_without_the_user():
    change = leaving(UTILITY, COSTS, 2)
    assert change.before == optimal_alpha(UTILITY, COSTS)
    two = UTILITY.tensor()[:, :, 0]
    alone = optimal_alpha(two, COSTS[:2])
    # With two players left, mixed equilibria count too in the smaller game, so it is never worse.
    assert alone.value >= change.after.value - 1e-12
    assert change.after.profile[2] == 0
    assert change.after.payments[2] == 0
    assert [user.name for user in change.users] == ["user 1", "user 2", "user 3"]
    gone = change.users[2]
    assert (gone.level_after, gone.payment_after) == (0, 0)
    assert gone.change == -change.before.payments[2]
    assert "user 3: payment" in repr(change)
    named = Scenario(UTILITY, COSTS, ["a", "b", "c"])
    assert leaving(named, user="c") == leaving(named, user=2)


def test_without_anybody_else_nothing_is_left():
    change = leaving([0, "1/2"], [0, "1/10"], 0)
    assert (change.before.value, change.after.value) == (Fraction(2, 5), 0)


def test_two_specifications_are_matched_by_name():
    before = optimal_alpha(UTILITY, COSTS)
    other = FederatedMeanUtility([20, 80, 50], 1, 10)
    after = optimal_alpha(other, COSTS)
    change = compare_optima(before, after, ["a", "b", "c"], ["b", "c", "new"])
    assert [user.name for user in change.users] == ["a", "b", "c", "new"]
    left, stayed, _, joined = change.users
    assert left.change == -before.payments[0]
    assert stayed.change == after.payments[0] - before.payments[1]
    assert (joined.level_before, joined.payment_before) == (None, None)
    assert joined.change == after.payments[2]
    np.testing.assert_allclose(
        sum(user.change for user in change.users), after.payments.sum() - before.payments.sum(), atol=1e-12
    )


def test_users_without_names_are_numbered_and_counts_are_refused():
    optimum = optimal_alpha(UTILITY, COSTS)
    assert [user.name for user in compare_optima(optimum, optimum).users] == ["user 1", "user 2", "user 3"]
    assert compare_optima(optimum, optimum, "abc").users[0].level_after is None
    many = optimal_alpha(FederatedMeanUtility([10, 20], 1, 10, counts=[3000, 3000]), [0, 0.1, 0.2])
    with pytest.raises(InputError, match="names_after: must have one name for each user: the optimum is in counts"):
        compare_optima(optimum, many)


def test_an_infeasible_answer_has_no_changes():
    nothing = optimal_alpha(UTILITY, COSTS, min_utility=1000)
    change = compare_optima(nothing, nothing, "abc", "abc")
    assert {user.change for user in change.users} == {None}
    assert "-" in repr(change)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: leaving(UTILITY, COSTS, 3), "user: must be from 0 to 2"),
        (lambda: leaving(UTILITY, COSTS, True), "user: must be a whole number"),
        (lambda: leaving(UTILITY, [0, -1, 0], 1), r"costs\[0, 1\]"),
        (lambda: compare_optima(*[optimal_alpha(UTILITY, COSTS)] * 2, "ab", "abc"), "names_before: must have one name"),
        (lambda: compare_optima(*[optimal_alpha(UTILITY, COSTS)] * 2, "abc", "aba"), "names_after: must not name two"),
    ],
)
def test_bad_input_is_named(act, message):
    with pytest.raises(InputError, match=message):
        act()
