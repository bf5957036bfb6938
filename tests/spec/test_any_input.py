"""Whatever a file holds, it is read or refused with problems that have places: nothing else is raised."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairgames import Scenario
from fairgames.errors import SpecificationError
from fairgames.spec.document import Document, TableSection, UserSection
from fairgames.spec.load import build_specification

BASES = [
    {
        "title": "T",
        "levels": ["absent", "federated", "direct"],
        "utility": {"kind": "federated-mean", "between_variance": 1, "within_variance": Decimal("2.5")},
        "platform": {"alpha": Decimal("0.3"), "selection": "best", "margin": 0},
        "every_user": {"costs": {"federated": Decimal("0.1"), "direct": "1/3"}, "level": "direct"},
        "users": [{"name": "A", "samples": 3}, {"name": "B", "samples": 4, "choices": ["absent", "direct"]}],
    },
    {
        "levels": ["absent", "low", "high"],
        "utility": {"kind": "dp-mean", "epsilons": {"low": 1, "high": Decimal("inf")}},
        "users": [{"count": 3}, {"epsilons": {"low": 2}}],
        "every_user": {"costs": {"low": 1, "high": 2}},
    },
    {
        "levels": ["absent", "present"],
        "amounts": [0, 1],
        "utility": {"kind": "table", "values": [[0, "2/3"], ["2/3", 1]]},
    },
]

WORDS = ["", "absent", "present", "x", "inf", "nan", "1e999999999", "1/0", "../x", "\x00", "federated-mean", "table"]
NUMBERS = [0, 1, -1, True, 10**400, *map(Decimal, ["nan", "-inf", "0.5", "1e400"])]
ODD = st.recursive(
    st.sampled_from([*WORDS, *NUMBERS]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "low", "direct"]), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(
    [*Document.model_fields, *UserSection.model_fields, *TableSection.model_fields, "alpha", "colour"]
)


def places(value, path=()):
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    else:
        return
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def documents(draw):
    raw = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(1, 3))):
        known = list(places(raw))
        if not known:
            break
        path = draw(st.sampled_from(known))
        holder = raw
        for part in path[:-1]:
            holder = holder[part]
        action = draw(st.sampled_from(["replace", "delete", "add"]))
        if action == "delete":
            del holder[path[-1]]
        elif action == "add" and isinstance(holder, dict):
            holder[draw(KEYS)] = draw(ODD)
        else:
            holder[path[-1]] = draw(ODD)
    return raw


@given(documents())
@example({})
@example({"users": {"a": 1}, "levels": "abc", "utility": []})
@example({"users": [[], 3, {"costs": []}], "utility": {"kind": []}, "platform": 3, "data": [1]})
@example({"levels": ["a", "b"], "utility": {"kind": "table", "by_count": [0, 1], "users": 3}})
@example({"levels": ["a", "a"], "utility": {"kind": "table", "values": []}, "every_user": {"choices": [1, 2]}})
def test_a_file_is_read_or_refused_with_places(raw):
    before = repr(raw)
    try:
        found = build_specification(raw, Path("/nonexistent"), "spec.toml")
    except SpecificationError as error:
        lines = str(error).splitlines()
        assert lines
        assert all(re.match(r"spec\.toml: [a-z]\S*?( \(.*\))?: .", line) for line in lines), lines
        assert len(set(lines)) == len(lines)
    else:
        assert isinstance(found, Scenario)
        assert found.utility.n_users == found.n_users
    assert repr(raw) == before


@pytest.mark.parametrize("base", BASES)
def test_the_bases_are_right(base):
    assert build_specification(base, Path("/nonexistent"), "spec.toml").n_users > 1
