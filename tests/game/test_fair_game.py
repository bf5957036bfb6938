import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames import CountUtility, FairGame, InputError, SizeError, TableUtility, Utility, fair_payments
from fairgames.payments.rules import (
    Banzhaf,
    EqualSplit,
    Fair,
    LeaveOneOut,
    NoNegative,
    Proportional,
)

MEAN = [[0, "2/3"], ["2/3", 1]]
THREE_LEVELS = TableUtility(np.arange(27).reshape(3, 3, 3))


def test_payoffs_of_the_papers_game():
    """Eq. 25 with the rows of eq. 10: A = alpha·Phi_1 − c_1[row 1], B = alpha·Phi_2 − c_2[column 1]."""
    game = FairGame(MEAN, costs=[[0, "3/10"], [0, "1/5"]], alpha="3/5")
    phi = np.array([[0, 0], [Fraction(2, 3), Fraction(1, 2)]], dtype=object)
    alpha = Fraction(3, 5)
    first, second = game.payoffs
    assert (first == alpha * phi - np.array([[0], [Fraction(3, 10)]])).all()
    assert (second == alpha * phi.T - np.array([[0, Fraction(1, 5)]])).all()
    assert game.exact


def test_payoffs_equal_payments_minus_costs_at_every_profile():
    costs = [[0, "1/2", 3], [0, 2, "inf"], [0, "inf", 5]]
    game = FairGame(THREE_LEVELS, costs, alpha="1/3", actions=[(0, 1, 2), (0, 1, 2), (1, 2)])
    assert game.actions == ((0, 1, 2), (0, 1), (2,))
    assert game.shape == (3, 2, 1)
    for index in product(*map(range, game.shape)):
        profile = game.profile_of(index)
        paid = fair_payments(THREE_LEVELS, profile, "1/3").values
        for user in range(3):
            assert game.payoffs[user][index] == paid[user] - game.costs[user, profile[user]]
        assert game.platform_keeps[index] == THREE_LEVELS(profile) - sum(paid)


def test_potential_differences_are_payoff_differences():
    game = FairGame(THREE_LEVELS, [0, "1/2", 3], alpha="1/3")
    for index in product(*map(range, game.shape)):
        for user, action in product(range(3), range(3)):
            other = (*index[:user], action, *index[user + 1 :])
            gain = game.payoffs[user][other] - game.payoffs[user][index]
            assert gain == game.potential[other] - game.potential[index]


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), alpha=st.floats(0, 1))
def test_the_potential_identity_in_floats(seed, alpha):
    rng = np.random.default_rng(seed)
    U = rng.normal(size=(3, 2, 3))
    U[0, 0, 0] = 0
    costs = np.abs(rng.normal(size=(3, 3)))
    costs[:, 0] = 0
    game = FairGame(U, [costs[0], costs[1, :2], costs[2]], alpha)
    for user in range(3):
        payoff = np.diff(game.payoffs[user], axis=user)
        np.testing.assert_allclose(payoff, np.diff(game.potential, axis=user), atol=1e-12)


def test_another_payment_rule():
    game = FairGame(MEAN, [0, "1/10"], payments=lambda utility, profile: [utility(profile) / 4, 0])
    assert game.payoffs[0].tolist() == [[0, Fraction(1, 6)], [Fraction(1, 15), Fraction(3, 20)]]
    assert game.platform_keeps.tolist() == [[0, Fraction(1, 2)], [Fraction(1, 2), Fraction(3, 4)]]
    assert not game.has_potential
    with pytest.raises(InputError, match="fair payments"):
        _ = game.potential


RULES = [Fair(), NoNegative(), EqualSplit(), LeaveOneOut(), Banzhaf(), Proportional()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_rules_that_know_their_payments_everywhere_are_not_asked_profile_by_profile(rule, monkeypatch):
    costs, actions = [[0, "1/2", 3], [0, 2, "inf"], [0, "inf", 5]], [(0, 1, 2), (0, 1), (1, 2)]
    asked = FairGame(THREE_LEVELS, costs, "1/3", actions, payments=rule.__call__)

    def refuse(self, utility, profile):
        raise AssertionError(profile)

    expected = [payment.tolist() for payment in asked.payments]
    monkeypatch.setattr(type(rule), "__call__", refuse)
    game = FairGame(THREE_LEVELS, costs, "1/3", actions, payments=rule)
    assert [payment.tolist() for payment in game.payments] == expected


def test_alpha_that_varies_is_a_general_game():
    game = FairGame(MEAN, [0, "1/10"], alpha=lambda level: level / 2)
    assert game.payoffs[0][1].tolist() == [Fraction(1, 3) * Fraction(2, 3) - Fraction(1, 10), Fraction(3, 20)]
    assert not game.has_potential


def test_best_responses_are_sets():
    game = FairGame(MEAN, [0, "3/10"], alpha="3/5")
    assert game.best_responses([0, 0]) == ((1,), (1,))
    assert game.best_responses([1, 1]) == ((0, 1), (0, 1))
    assert game.best_responses([["1/2", "1/2"], 0]) == ((1,), (1,))


def test_hand_over_to_nashpy_and_gambit():
    game = FairGame(MEAN, [0, "3/10"], alpha="3/5")
    guest = game.to_nashpy()
    np.testing.assert_array_equal(guest.payoff_matrices[0], game.payoffs[0].astype(float))
    np.testing.assert_array_equal(guest.payoff_matrices[1], game.payoffs[1].astype(float))
    gambit_game = game.to_gambit()
    first = gambit_game.to_arrays()[0]
    assert [[Fraction(str(entry)) for entry in row] for row in first] == game.payoffs[0].tolist()


def test_nfg_text_is_read_back_identically():
    from fairgames.game.gambit import from_gambit, from_nfg

    game = FairGame(THREE_LEVELS, [[0, "1/2", 3], [0, 2, "inf"], [0, "1/7", 5]], alpha="1/3")
    read = from_gambit(from_nfg(game.to_nfg()))
    for ours, theirs in zip(game.payoffs, read, strict=True):
        assert (ours == theirs).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"costs": [0, 1, 2]}, r"costs\[0\]: must have one cost for each of 2 levels"),
        ({"costs": [[0, 1]]}, "one row for each of the 2 users"),
        ({"costs": 3}, "a row of costs"),
        ({"costs": [0, -0.4]}, r"costs\[0, 1\]: must be at least 0, got -0.4"),
        ({"costs": [0.1, 1]}, r"costs\[0, 0\]: must be 0"),
        ({"costs": [0, math.nan]}, r"costs\[1\]: must be a number, not NaN"),
        ({"costs": [0, "cheap"]}, r"costs\[1\]: must be a number"),
        ({"alpha": 1.2}, r"alpha: must lie in \[0, 1\]"),
        ({"alpha": math.inf}, "alpha: must be finite"),
        ({"actions": (0, 2)}, "levels from 0 to 1"),
        ({"actions": (1, 1)}, "list a level twice"),
        ({"actions": [(0,), ()]}, "non-empty"),
        ({"actions": [(0, 1)]}, "one tuple for each of the 2 users"),
        ({"actions": 1}, "tuple of levels"),
        ({"actions": (0.5, 1)}, "whole levels"),
        ({"actions": (1,), "costs": [0, math.inf]}, "no level of finite cost"),
        ({"payments": "fair"}, "payments: must be None"),
        ({"utility": [[0, math.nan], [1, 2]]}, "not NaN"),
        ({"utility": [[1, 1], [1, 2]]}, "must be 0"),
        ({"utility": [[0, 1], [1]]}, "rectangular"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(InputError, match=message):
        FairGame(**{"utility": MEAN, "costs": [0, 1]} | arguments)


def test_bad_calls():
    game = FairGame(THREE_LEVELS, [0, 1, math.inf])
    with pytest.raises(InputError, match="two users"):
        game.to_nashpy()
    with pytest.raises(InputError, match="one entry for each of the 3 users"):
        game.best_responses([0, 1])
    with pytest.raises(InputError, match=r"allowed levels \(0, 1\)"):
        game.best_responses([0, 1, 2])
    bad_rule = FairGame(MEAN, [0, 1], payments=lambda _utility, _profile: [1])
    with pytest.raises(InputError, match="one payment for each of 2 users"):
        _ = bad_rule.payoffs


def test_a_game_that_would_not_fit_is_refused_with_the_bytes():
    class Huge(Utility):
        n_users = 50
        shape = (3,) * 50

        def evaluate(self, profiles):
            return profiles.sum(axis=1).astype(float)

    with pytest.raises(SizeError, match="bytes"):
        _ = FairGame(Huge(), [0, 1, 2]).payoffs


@pytest.mark.parametrize("n_users", [70, 5_000])
@pytest.mark.parametrize("actions", [None, (1,)])
def test_more_users_than_an_array_has_axes_are_refused_too(n_users, actions):
    crowd = CountUtility(np.sqrt(np.arange(n_users + 1)))
    with pytest.raises(SizeError, match="bytes"):
        _ = FairGame(crowd, [0, 1], actions=actions).payoffs


def test_forbidden_levels_are_never_played():
    game = FairGame(THREE_LEVELS, [0, math.inf, 0])
    assert game.actions == ((0, 2),) * 3
    assert all(level != 1 for best in game.best_responses([0, 0, 0]) for level in best)


def test_repr_names_users_levels_and_costs():
    text = repr(FairGame(MEAN, [0, "3/10"], alpha="3/5"))
    assert "alpha = 3/5" in text
    assert "0, 3/10" in text
    assert "<table>" in FairGame(MEAN, [0, 1])._repr_html_()
