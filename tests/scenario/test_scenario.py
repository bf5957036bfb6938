"""A scenario: names, entries and forbidden levels, however it is given; and the results that know it."""

import dataclasses
import math
import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest

import fairgames as fg
from fairgames import InputError, Scenario

TABLE = [[0, "2/3"], ["2/3", 1]]
NAMES = ["North", "South", "Village"]
LEVELS = ["absent", "federated", "direct"]
ROWS = [[0, 0.1, 0.4], [0, 0.2, 0.3], [0, 0.1, math.inf]]
UTILITY = fg.FederatedMeanUtility([120, 80, 15], 4, 48)


def scenario(**changes):
    return dataclasses.replace(Scenario(UTILITY, ROWS, NAMES, LEVELS), **changes)


def test_names_have_defaults():
    anonymous = Scenario(TABLE, [0, "3/10"])
    assert anonymous.users == ("user 1", "user 2")
    assert anonymous.levels == ("absent", "level 1")
    assert anonymous.title == "Untitled"


@pytest.mark.parametrize(
    "costs",
    [
        np.array(ROWS),
        pd.DataFrame(ROWS, index=NAMES, columns=LEVELS),
        pd.DataFrame(ROWS, index=NAMES, columns=LEVELS).loc[::-1, ["direct", "federated"]],
        pl.DataFrame(
            {"direct": [0.3, 0.4, math.inf], "federated": [0.2, 0.1, 0.1], "user": ["South", "North", "Village"]}
        ),
        {"federated": [0.1, 0.2, 0.1], "direct": {"South": 0.3, "North": 0.4, "Village": math.inf}},
    ],
)
def test_costs_are_matched_by_name_however_they_are_given(costs):
    assert Scenario(UTILITY, costs, NAMES, LEVELS) == scenario()


def test_a_frame_alone_names_users_and_levels():
    frame = pd.DataFrame(np.array(ROWS)[:, 1:], index=NAMES, columns=LEVELS[1:])
    assert Scenario(UTILITY, frame) == scenario()
    assert fg.optimal_alpha(UTILITY, frame).scenario.users == tuple(NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"users": ["North", "South"]}, "users: must have one name for each of the 3 users"),
        ({"users": ["North", "South", "North"]}, "users: must differ, each from every other, got 'North'"),
        ({"users": ["North", "South", " "]}, r"users\[2\]: must be a name"),
        ({"levels": ["absent", "direct"]}, "levels: must name each of 3 levels"),
        ({"levels": ["absent", "direct", "direct"]}, "levels: must differ"),
        ({"costs": {"direkt": 1, "federated": 0}}, "costs: must not name an unknown level; did you mean 'direct'"),
        ({"costs": {"direct": 1}}, "costs: must give a cost for each level but the first"),
        ({"costs": {"direct": [1, 2], "federated": 0}}, r"costs\['direct'\]: must be one number, or one for each of 3"),
        ({"costs": pd.DataFrame(ROWS, index=["North", "South", "Vilage"], columns=LEVELS)}, "did you mean 'Village'"),
        ({"costs": pd.DataFrame(ROWS, index=NAMES, columns=["absent", "federated", "d"])}, "unknown level"),
        ({"costs": pd.DataFrame(ROWS[:2], index=NAMES[:2], columns=LEVELS)}, "costs: must have a row for each user"),
        ({"costs": pd.DataFrame(ROWS, index=["North"] * 3, columns=LEVELS)}, "costs: must not have a user twice"),
        ({"choices": {"Nord": ["absent"]}}, "choices: must not name an unknown user; did you mean 'North'"),
        ({"choices": ["absent", "directly"]}, r"choices\[0\]: must not name an unknown level"),
        ({"choices": {"Village": ["direct"]}}, r"choices\[2\]: leave user 2 no level of finite cost"),
        ({"profile": ["absent", "absent", "direct"]}, r"profile\[2\]: must be one of the choices of Village"),
        ({"profile": ["absent"]}, "profile: must be one level for each of 3 users"),
        ({"amounts": [0, 1]}, "amounts: must be a number for each of the 3 levels"),
        ({"alpha": 2}, "alpha: must be from 0 to 1"),
        ({"unit_value": 0}, "unit_value: must be above 0"),
        ({"alpha_range": (1, 0)}, "alpha_range: must satisfy"),
        ({"counts": [1, 1]}, "counts: must be whole numbers of at least 1 that add up to the 3 users"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Scenario(**({"utility": UTILITY, "costs": ROWS, "users": NAMES, "levels": LEVELS} | arguments))


def test_a_forbidden_level_is_forbidden_everywhere():
    free = Scenario(UTILITY, [[0, 0.1, 0.4], [0, 0.2, 0.3], [0, 0.1, 0.2]], NAMES, LEVELS)
    forbidden = dataclasses.replace(free, choices={"North": ["absent", "federated"], "South": None})
    assert forbidden.costs[0, 2] == math.inf
    assert forbidden.choices == ((0, 1), (0, 1, 2), (0, 1, 2))
    asked, told = fg.optimal_alpha(forbidden), fg.optimal_alpha(forbidden.utility, forbidden.costs)
    assert asked == told == fg.optimal_alpha(free.utility, free.costs, actions=[(0, 1), (0, 1, 2), (0, 1, 2)])
    assert asked != fg.optimal_alpha(free)
    assert fg.misreport(forbidden) == fg.misreport(forbidden.utility, forbidden.costs)


def test_who_must_take_part_may_not_stay_absent():
    bound = Scenario(TABLE, [0, "3/10"], choices=[(1,), (0, 1)])
    assert bound.costs.tolist() == [[math.inf, Fraction(3, 10)], [0, Fraction(3, 10)]]
    assert fg.optimal_alpha(bound) == fg.optimal_alpha(TABLE, [0, "3/10"], actions=[(1,), (0, 1)])
    assert fg.optimal_alpha(bound.utility, bound.costs) == fg.optimal_alpha(bound)


def test_entries_stand_for_many_users():
    crowd = fg.DPMeanUtility([[0, 0.5], [0, 2.0]], counts=[600, 400])
    asked = Scenario(crowd, {"present": [1e-4, 4e-4]}, ["phones", "tablets"], ["absent", "present"])
    assert asked.counts == (600, 400)
    assert asked.costs.shape == (2, 2)
    assert asked.user_names[600] == "tablets 1"
    found = fg.optimal_alpha(asked)
    assert [found.scenario.user_name(user) for user in (599, 600)] == ["phones 600", "tablets 1"]
    assert found == fg.optimal_alpha(crowd, asked.costs, counts=[600, 400])


def test_a_scenario_says_all_but_what_may_be_overridden():
    asked = scenario(budget="1/2")
    assert fg.optimal_alpha(asked, selection="worst").scenario == dataclasses.replace(asked, selection="worst")
    for name, value in {"costs": ROWS, "actions": (0, 1), "budget": 1, "margin": 0, "counts": [1, 1, 1]}.items():
        with pytest.raises(InputError, match=f"{name}: must be left out beside a scenario"):
            fg.optimal_alpha(asked, **{name: value})
    without = scenario(costs=None)
    with pytest.raises(InputError, match=r"costs: is required for this: .* federated = 1, direct = 2"):
        fg.optimal_alpha(without)
    assert fg.optimal_alpha(without, ROWS).scenario == scenario()


PRICED = scenario(profile=["federated", "direct", "absent"], alpha="1/2")
TWO = Scenario(TABLE, [0, "3/10"], ["Ann", "Bob"])
CLINICS = fg.fit_federated_mean(
    {"clinic": [*"aaabbbccc"], "score": [1, 2, 3, 11, 12, 13, 5, 6, 7]}, group="clinic", value="score"
)
QUESTIONS = {
    "optimal_alpha": (fg.optimal_alpha, PRICED),
    "stable_profiles": (fg.stable_profiles, PRICED),
    "fair_payments": (fg.fair_payments, PRICED),
    "coalition_payments": (fg.coalition_payments, PRICED),
    "payment_table": (fg.payment_table, PRICED),
    "compare_rules": (fg.compare_rules, TWO),
    "misreport": (fg.misreport, PRICED),
    "leaving": (lambda asked: fg.leaving(asked, user="Bob"), TWO),
    "price_of_fairness": (fg.price_of_fairness, PRICED),
    "equilibrium_families": (fg.equilibrium_families, TWO),
    "symmetric_mechanism": (fg.symmetric_mechanism, TWO),
    "check_axioms": (lambda asked: fg.check_axioms(fg.rules.Fair(), asked), TWO),
    "cost_robustness": (fg.cost_robustness, dataclasses.replace(TWO, profile=[1, 1], alpha="7/10")),
    "explain_payments": (fg.explain_payments, PRICED),
    "false_names": (lambda asked: fg.false_names(asked, user="South"), PRICED),
    "sweep": (lambda asked: fg.sweep(asked, [0.5, 2], argument="budget"), PRICED),
    "equilibria": (fg.equilibria, PRICED),
    "compare_solvers": (lambda asked: fg.compare_solvers(asked, ["pure"]), PRICED),
    "compare_optima": (lambda asked: fg.compare_optima(*[fg.optimal_alpha(asked)] * 2), PRICED),
    "bootstrap": (lambda asked: fg.bootstrap(asked, resamples=20), CLINICS.scenario([0, 0.1, 1])),
    "crosscheck": (lambda asked: fg.crosscheck(asked, points=1), TWO),
    "FairGame": (fg.FairGame, PRICED),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_answer_knows_its_scenario(name):
    ask, asked = QUESTIONS[name]
    found = ask(asked)
    for one in found if isinstance(found, tuple) else (found,):
        assert one.scenario is asked
        again = pickle.loads(pickle.dumps(one))
        assert again.scenario == asked
        if name != "FairGame":
            assert "scenario" not in one.to_dict()


def test_a_game_of_a_scenario_is_solved_at_the_alpha_that_either_says():
    assert fg.equilibria(PRICED) == fg.equilibria(fg.FairGame(UTILITY, ROWS, alpha="1/2"))
    assert fg.equilibria(PRICED, alpha="1/4") == fg.equilibria(fg.FairGame(UTILITY, ROWS, alpha="1/4"))
    with pytest.raises(InputError, match="alpha: must be left out beside a game"):
        fg.equilibria(fg.FairGame(PRICED), alpha="1/4")
    arrays = [[[1, 0], [0, 1]]] * 2
    assert fg.equilibria(arrays).scenario is None


def test_the_bootstrap_draws_what_is_behind_a_scenario():
    asked = CLINICS.scenario([0, 0.1, 1], aggregation="weighted", budget=1)
    told = fg.bootstrap(CLINICS, [0, 0.1, 1], 20, aggregation="weighted", constraints={"budget": 1})
    assert fg.bootstrap(asked, resamples=20) == told
    assert told.scenario.users == asked.users
    measured = fg.MeasuredUtility(lambda profile, rng: sum(profile) + rng.normal(), (2, 2), repeats=5)
    assert fg.bootstrap(Scenario(measured, [0, 0.5]), resamples=5) == fg.bootstrap(measured, [0, 0.5], 5)
    with pytest.raises(InputError, match="source: must know its data"):
        fg.bootstrap(TWO)
    other = dataclasses.replace(asked, utility=fg.FederatedMeanUtility([3, 3, 4], 1, 2))
    with pytest.raises(InputError, match="source: must have the groups of clinic in its data as its users"):
        fg.bootstrap(other)


def test_a_sweep_varies_a_field_of_a_scenario():
    swept = fg.sweep(TWO, [[0, "1/10"], [0, "2/10"]], argument="costs")
    assert swept.column("alpha").tolist() == [Fraction(1, 5), Fraction(2, 5)]
    assert [one.scenario.users for one in swept.optima] == [TWO.users] * 2
    with pytest.raises(InputError, match=r"argument: must name what is varied of the scenario, .* got 'cost'"):
        fg.sweep(TWO, [1, 2], argument="cost")


def test_answers_of_plain_arguments_know_an_anonymous_scenario():
    found = fg.symmetric_mechanism([0, "2/3", 1], "1/2")
    assert found == fg.symmetric_mechanism(found.scenario)
    assert fg.fair_payments(TABLE, (1, 1)).scenario.users == ("user 1", "user 2")
    assert fg.optimal_alpha(TABLE, [0, "3/10"]).scenario == Scenario(TABLE, [0, "3/10"])


def test_users_who_are_priced_as_one_type_come_back_in_the_order_given():
    """The home page's loop, where schools of equal size are merged on the way."""
    samples, costs = [40, 25, 33, 25, 58, 25], [0, 0.02, 0.05]
    names = [f"school {number}" for number in range(len(samples))]
    asked = Scenario(fg.FederatedMeanUtility(samples, 5, 60), costs, names)
    best = fg.optimal_alpha(asked, engine="at-scale")
    assert len(names) == len(best.profile) == len(best.payments) == len(best.costs)
    assert [row.name for row in best.users] == names
    priced = fg.fair_payments(asked.utility, best.profile, best.alpha).values
    assert np.allclose(best.payments, priced, rtol=1e-6)
    for user, level in enumerate(best.profile):
        assert best.costs[user] == asked.costs[user, level]
    assert fg.optimal_alpha(asked.utility, costs, engine="at-scale") == best
