"""What the page of the explorer is given: users, and the utility at every state, in the order in which it reads it."""

import base64
import json
import math
import sys
from itertools import combinations_with_replacement, product

import numpy as np
import pytest

import fairgames as fg
from fairgames import InputError
from fairgames.explorer.page import game_data, page_data


def utilities(data):
    return np.frombuffer(base64.b64decode(data["utility"]), dtype="<f8")


def test_states_of_entries_come_in_the_order_of_sorted_levels():
    utility = fg.FederatedMeanUtility([20, 50, 20], 4, 48, counts=[2, 3, 1])
    scenario = fg.Scenario(utility, [0, 0.1, 0.4], ["small", "large", "apart"])
    spreads = [combinations_with_replacement(range(3), count) for count in scenario.counts]
    expected = [float(utility(sum(levels, ()))) for levels in product(*spreads)]
    assert utilities(game_data(scenario)) == pytest.approx(expected, rel=1e-12)


def test_users_of_one_utility_type_with_different_costs_are_told_apart():
    scenario = fg.Scenario(fg.CountUtility([0, 3, 5]), [[0, "1/2"], [0, math.inf]], ["Ann", "Bob"])
    data = game_data(scenario)
    assert [row["costs"] for row in data["rows"]] == [[0, 0.5], [0, None]]
    assert utilities(data).tolist() == [0, 3, 3, 5]
    links = [row["link"] for row in game_data(fg.Scenario(fg.CountUtility([0, 3, 5]), [0, 1]))["rows"]]
    assert links[0] == links[1]


def test_the_page_tells_of_a_better_mixed_equilibrium():
    scenario = fg.Scenario([[0, "2/3"], ["2/3", 1]], [[0, "3/10"], [0, "31/100"]])
    assert page_data(scenario)["mixed"] == {"value": pytest.approx(29 / 75), "alpha": "0.6"}


def test_a_scenario_without_costs_is_refused():
    with pytest.raises(InputError, match="costs"):
        page_data(fg.Scenario([[0, 1], [1, 2]]))


def test_the_widget_gives_the_scenario_of_its_position_back():
    scenario = fg.Scenario([[0, "2/3"], ["2/3", 1]], [0, "3/10"], ["Ann", "Bob"])
    widget = fg.explore(scenario)
    assert widget.scenario == scenario
    assert json.dumps(widget.data)
    widget.costs = [[0, 0.5], [0, None]]
    assert widget.scenario.users == scenario.users
    assert widget.scenario.costs.tolist() == [[0, 0.5], [0, math.inf]]


def test_without_the_package_of_widgets_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(InputError, match=r"pip install .*fairgames\[explore\]"):
        fg.explore(fg.Scenario([[0, 1], [1, 2]], [0, 1]))
