from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from fairgames import CountUtility, Scenario, optimal_alpha
from fairgames.report.tables import chances, optimum_facts, optimum_sentences
from fairgames.result import named

DP = [[0, "2/3"], ["2/3", 1]]


def test_the_optimum_is_said_in_words():
    first, status = optimum_sentences(optimal_alpha(DP, [0, "1/10"]))
    assert first == (
        "The platform does best to pay out 20 % of the utility (alpha = 0.2): it keeps 0.8000 of a utility of 1.0000, "
        "counting on the equilibrium that it likes best."
    )
    assert status == (
        "Proven optimal over all equilibria of the two-player game, mixed ones included, in exact rationals."
    )


def test_a_rounded_alpha_says_what_it_costs_and_what_is_exact():
    first = optimum_sentences(optimal_alpha(DP, [0, "0.25003"]))[0]
    assert "pay out 50.01 % of the utility (alpha = 0.5001): it keeps 0.4999 of a utility of 1.0000" in first
    assert "0.0000" not in first
    first = optimum_sentences(optimal_alpha(DP, [0, "0.450003"]))[0]
    assert "(alpha = 0.90001): it keeps 0.09999 of a utility of 1.00000, 0.00000" not in first


def test_a_single_alpha_that_no_decimal_reaches_is_told_with_one_that_is_safe():
    optimum = optimal_alpha(CountUtility([0, 10, 11, 11]), [0, "2"])
    alone = replace(optimum.piece, alpha_from=Fraction(1, 7), alpha_to=Fraction(1, 7))
    told = replace(optimum, piece=alone, alpha=0.1234567890123)
    first, second, _ = optimum_sentences(told)
    assert "(alpha = 0.1234567890123)" in first
    assert second.startswith(
        f"No shorter number reaches it: the best that a decimal does reach is alpha = {told.announced.text}"
    )


def test_what_is_proven_and_what_is_not_is_told_apart():
    proven = optimal_alpha(DP, [0, "1/10"])
    found = replace(proven, regret=0.0, regret_error=0.0, upper_bound=proven.value * 2, gap=proven.value)
    first, status = optimum_sentences(found)
    assert first.startswith("Of all that was found, the platform does best")
    assert status.startswith("Verified equilibrium, not proven the best; none leaves more than 1.6000 (1e+02 % more)")
    doubtful = replace(found, verified=False, regret=0.25, regret_error=0.01)
    first, status = optimum_sentences(doubtful)
    assert first.startswith("NOT VERIFIED as an equilibrium")
    assert status.startswith("NOT VERIFIED as an equilibrium: the user most tempted gains 0.25")
    closed = replace(found, upper_bound=proven.value, gap=0)
    assert optimum_sentences(closed)[1].startswith("Proven optimal: no equilibrium leaves the platform more")


def test_paying_nothing_is_said_plainly():
    first = optimum_sentences(optimal_alpha(DP, [0, 1]))[0]
    assert first.startswith("The platform does best to pay nothing (alpha = 0)")


def test_an_optimum_that_is_only_approached_says_from_where():
    optimum = optimal_alpha(DP, [[0, 0], [0, "1/3"]], selection="worst")
    assert not optimum.attained
    second = optimum_sentences(optimum)[1]
    assert second.startswith(
        f"The optimum is only approached, from {optimum.approached_from}, as alpha comes close to "
    )


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


def test_warnings_name_the_users():
    asked = Scenario(CountUtility([0, 1, 2, 3]), users=["A", "B", "C"])
    assert named("costs fall for users 0, 2: user 1 pays 12", asked) == "costs fall for A, C: B pays 12"
