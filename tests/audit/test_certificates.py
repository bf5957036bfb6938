"""An auditor rechecks a saved result; any change shows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fairgames import InputError, equilibria, verify
from fairgames.equilibrium.result import content_digest

GAMES = {
    "exact": [[[3, "10/3"], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]]],
    "degenerate": [[[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]]],
    "float": [np.array([[0.25, 1.5], [1.125, 0.1]]), np.array([[2.5, 0.3], [0.1, 1.75]])],
    "three users": [
        np.arange(8).reshape(2, 2, 2) % 3,
        np.arange(8).reshape(2, 2, 2) % 5,
        np.ones((2, 2, 2), dtype=int),
    ],
}


def saved(name):
    return json.loads(json.dumps(equilibria(GAMES[name]).to_dict()))


@pytest.mark.parametrize("name", GAMES)
def test_an_untouched_result_passes(name):
    report = verify(saved(name))
    assert report.failures == ()
    assert report.passed


@pytest.mark.parametrize("name", GAMES)
def test_every_changed_digit_fails(name):
    text = json.dumps(equilibria(GAMES[name]).to_dict())
    rng = np.random.default_rng(0)
    digits = [place for place, character in enumerate(text) if character.isdigit()]
    for place in rng.choice(digits, 60):
        changed = text[:place] + str((int(text[place]) + rng.integers(1, 10)) % 10) + text[place + 1 :]
        try:
            data = json.loads(changed)
        except json.JSONDecodeError:
            continue
        if data != json.loads(text):
            assert not verify(data).passed, changed[max(place - 20, 0) : place + 20]


def forge(data):
    """Repair the digest, as a forger would."""
    data["digest"] = content_digest(data)
    return data


def set_regret(data):
    data["equilibria"][0]["regret"] = "1/9"


def set_payoff_tensor(data):
    data["payoffs"][0][0][0] = "2"


def set_payoff(data):
    data["equilibria"][1]["payoffs"][1] = "7/2"


def set_strategy(data):
    data["equilibria"][0]["strategies"][0] = ["1/2", "1/2", "0"]


def set_improbable(data):
    data["equilibria"][0]["strategies"][0] = ["1/2", "1/3", "0"]


def set_support(data):
    data["equilibria"][0]["supports"][0] = [1]


def set_index(data):
    data["equilibria"][-1]["index"] = -1


def drop_an_equilibrium(data):
    del data["equilibria"][1]


def repeat_an_equilibrium(data):
    data["equilibria"].append(data["equilibria"][-1])


def swap(data):
    data["equilibria"].reverse()


def merge_components(data):
    data["components"] = [[data["components"][0][0], data["components"][1][1]]]


def call_isolated(data):
    data["equilibria"][0]["is_isolated"] = True


def drop_payoffs(data):
    data["payoffs"] = None


def relabel(data):
    data["actions"][0] = [0, 1]


def lose_a_field(data):
    del data["equilibria"][0]["strategies"]


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (set_regret, "equilibria[0].regret"),
        (set_payoff_tensor, "somebody gains"),
        (set_payoff, "equilibria[1].payoffs"),
        (set_strategy, "somebody gains"),
        (set_improbable, "equilibria[0].strategies: are not probabilities"),
        (set_support, "equilibria[0].supports"),
        (set_index, "equilibria[2].index"),
        (drop_an_equilibrium, "components"),
        (repeat_an_equilibrium, "repetitions"),
        (swap, "order"),
        (merge_components, "components"),
        (call_isolated, "equilibria[0].is_isolated"),
        (drop_payoffs, "payoffs: must be saved"),
        (relabel, "actions"),
        (lose_a_field, "equilibria[0].strategies: must hold"),
    ],
)
def test_forgeries_with_a_fitting_digest_fail_too(change, failure):
    data = saved("degenerate")
    change(data)
    report = verify(forge(data))
    assert not report.passed
    assert any(failure in text for text in report.failures), report.failures
    assert "1 failure" in repr(report) or len(report.failures) > 1


def test_a_missing_equilibrium_of_a_nondegenerate_game_shows_in_the_indices():
    data = json.loads(json.dumps(equilibria([[[1, 0], [0, 1]]] * 2).to_dict()))
    del data["equilibria"][1]
    del data["components"][1]
    assert any("add up to 2" in text for text in verify(forge(data)).failures)


def test_without_a_result_there_is_nothing_to_verify():
    with pytest.raises(InputError, match="EquilibriumSet"):
        verify({"kind": "Payments"})


def test_another_solver_looks_for_what_is_not_listed():
    data = json.loads(json.dumps(equilibria(GAMES["exact"]).to_dict()))
    report = verify(data)
    assert [check.outcome for check in report.checks if check.field == "complete"] == ["proven"]
    assert "gambit-enummixed finds" in repr(report)
