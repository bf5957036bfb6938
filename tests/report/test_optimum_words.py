from __future__ import annotations

import pytest

from fairgames import CountUtility, Scenario, optimal_alpha
from fairgames.report.tables import chances, expected_payments, optimum_facts, optimum_sentences
from fairgames.result import named

DP = [[0, "2/3"], ["2/3", 1]]


def test_the_optimum_is_said_in_words():
    first, searched = optimum_sentences(optimal_alpha(DP, [0, "1/10"]))
    assert first == (
        "The platform does best to pay out 20 % of the utility (alpha = 0.2): it keeps 0.8000 of a utility of 1.0000, "
        "counting on the equilibrium that is best for the platform."
    )
    assert searched.startswith("Searched: ")


def test_paying_nothing_is_said_plainly():
    first = optimum_sentences(optimal_alpha(DP, [0, 1]))[0]
    assert first.startswith("The platform does best to pay nothing (alpha = 0)")


def test_an_optimum_that_is_only_approached_says_from_where():
    optimum = optimal_alpha(DP, [[0, 0], [0, "1/3"]], selection="worst")
    assert not optimum.attained
    second = optimum_sentences(optimum)[1]
    assert f"from {optimum.approached_from}, but not reached" in second


def test_the_worst_of_pure_equilibria_promises_no_more_than_was_searched():
    costs = [[0, "1/10"], [0, "1/5"], [0, "3/10"], [0, "3/10"]]
    worst = optimal_alpha(CountUtility([0, "1/2", "3/4", 1, 1]), costs, "worst")
    assert "whichever pure equilibrium" in optimum_sentences(worst)[0]
    assert "whichever equilibrium" in optimum_sentences(optimal_alpha([[0, "2/3"], ["2/3", 1]], [0, 0], "worst"))[0]


def test_no_answer_gives_the_reason():
    (line,) = optimum_sentences(optimal_alpha(DP, [0, "1/10"], min_utility=5))
    assert line.startswith("There is no answer: ")


def test_facts_add_up():
    facts = dict(optimum_facts(optimal_alpha(DP, [0, "1/10"])))
    assert float(facts["utility"]) == pytest.approx(
        float(facts["paid to the users"]) + float(facts["the platform keeps"])
    )
    assert float(facts["platform and users together"]) == pytest.approx(
        float(facts["the platform keeps"]) + float(facts["the users gain, payments less costs"])
    )
    assert facts["price of fairness (that, divided by what it keeps)"] == "1"


def test_mixed_strategies_are_listed_by_player(two_users):
    optimum = optimal_alpha(two_users.utility, two_users.costs)
    assert chances(optimum, two_users.user_names)[1] == [("Ann", "0.1 / 0.9"), ("Bob", "0 / 1")]
    pure = optimal_alpha(DP, [0, "1/10"])
    assert chances(pure, ["a", "b"])[1] == []


def test_expected_payments_are_listed_by_user(two_users):
    headers, rows = expected_payments(optimal_alpha(two_users.utility, two_users.costs), two_users.user_names)
    assert headers == ("user", "expected payment", "expected cost", "expected gain")
    for name, payment, cost, gain in rows:
        assert name in two_users.user_names
        assert float(payment) - float(cost) == pytest.approx(float(gain), abs=2e-5)


def test_warnings_name_the_users():
    asked = Scenario(CountUtility([0, 1, 2, 3]), users=["A", "B", "C"])
    assert named("costs fall for users 0, 2: user 1 pays 12", asked) == "costs fall for A, C: B pays 12"
