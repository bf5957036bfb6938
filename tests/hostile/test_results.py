"""A damaged or forged result is a failure or a taught error, never a traceback."""

from __future__ import annotations

import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairgames as fg
from fairgames import FairGamesError, verify
from fairgames.equilibrium.result import content_digest

GAMES = {
    "exact": [[[3, 3], [2, 5], [0, 6]], [[3, 3], [2, 6], [3, 1]]],
    "floats": [[[0.25, 1.5], [1.125, 0.1]], [[2.5, 0.3], [0.1, 1.75]]],
    "three": [[[[1, 0], [0, 2]], [[0, 1], [1, 0]]]] * 3,
}
SAVED = {name: json.loads(json.dumps(fg.equilibria(game).to_dict())) for name, game in GAMES.items()}
READ = {"equilibria", "components", "complete", "degenerate", "exact", "payoffs", "actions", "player_names"}
BAD = [
    None, True, 0, -1, 7, 0.5, math.nan, math.inf, 10**400, "", "x", "1/0", "nan", "1e400", [], {}, [[]], [None],
    [[1, 2]], {"a": 1}, ["0", "1"], [[["1"]]], [[[[[1]]]]],
]  # fmt: skip


def places(value, path=()):
    """Every place in a nested result."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def changed(data, path, change):
    data = copy.deepcopy(data)
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    if change == "remove":
        del holder[path[-1]]
    else:
        holder[path[-1]] = change
    return data


def forged(data):
    """With a digest that fits, as a forger would leave it."""
    return {**data, "digest": content_digest(data)}


PLACES = [(name, path) for name, data in SAVED.items() for path in places(data)]


def check(name, path, change):
    data = changed(SAVED[name], path, change)
    for result in (data, forged(data)):
        try:
            report = verify(result)
        except FairGamesError:
            assert data.get("kind") != "EquilibriumSet"
        else:
            assert all(isinstance(text, str) for text in report.failures)
            assert report.passed == (not report.failures)
    return report if data.get("kind") == "EquilibriumSet" else None


@pytest.mark.parametrize("field", sorted(READ | {"action_labels", "digest"}))
@pytest.mark.parametrize("name", SAVED)
def test_a_missing_field_is_named(name, field):
    failures = verify(changed(SAVED[name], (field,), "remove")).failures
    assert any(text.startswith(field) for text in failures)


@pytest.mark.parametrize("change", BAD, ids=repr)
@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize("field", sorted(READ))
def test_a_field_of_another_kind_fails(name, field, change):
    # Two players may be called anything, and that a game is degenerate takes a solver to check.
    open_to = (field == "degenerate" and name != "three" and change in (None, True)) or change == ["0", "1"]
    if change != SAVED[name][field] and not open_to:
        assert not check(name, (field,), change).passed


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from([*BAD, "remove"]))
def test_no_damage_gives_a_traceback(place, change):
    check(*place, change)


@pytest.mark.slow
@settings(max_examples=4000, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from([*BAD, "remove"]))
def test_no_damage_gives_a_traceback_thoroughly(place, change):
    check(*place, change)


def test_a_result_within_itself_is_refused():
    loop = {"kind": "something"}
    loop["more"] = [loop]
    with pytest.raises(FairGamesError, match="must be a result"):
        verify(loop)
    nested = copy.deepcopy(SAVED["exact"])
    nested["warnings"] = nested
    assert not verify(nested).passed


def test_payoffs_beyond_all_floats_are_certified_exactly():
    big = 10**400
    found = fg.equilibria([[[big, 0], [0, 1]], [[1, 0], [0, big]]])
    assert len(found) == 3
    assert [entry.regret for entry in found] == [0, 0, 0]
    assert verify(json.loads(json.dumps(found.to_dict()))).passed


def test_probabilities_that_large_payoffs_make_small_are_kept_and_pass():
    found = fg.equilibria([[[1e12, 0.0], [0.0, 1.0]], [[1e12, 0.0], [0.0, 1.0]]])
    assert len(found) == 3
    report = verify(json.loads(json.dumps(found.to_dict())))
    assert report.failures == ()
