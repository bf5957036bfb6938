from __future__ import annotations

import math
from fractions import Fraction

from fairgames import load


def test_identical_users_are_one_entry_and_members_are_numbered(write, texts):
    spec = load(write(texts.dp.replace("1_000_000", "3") + 'name = "last"\n'))
    assert spec.n_users == 5
    assert spec.counts == (3, 1, 1)
    assert spec.user_names == ("phone 1", "phone 2", "phone 3", "star", "last")
    assert spec.entry_of_user.tolist() == [0, 0, 0, 1, 2]
    tenth, fifth = Fraction(1, 10), Fraction(1, 5)
    assert spec.user_costs.tolist() == [[0, tenth, fifth]] * 3 + [[0, tenth, math.inf]] + [[0, tenth, fifth]]
    assert spec.actions == ((0, 1, 2),) * 3 + ((0, 1),) + ((0, 1, 2),)
    epsilons = spec.utility.epsilons[spec.utility.types]
    assert epsilons[:, 1].tolist() == [1, 1, 1, 2, 1]
    assert spec.utility.types[0] == spec.utility.types[4]


def test_a_million_identical_users_load_without_a_row_for_each(write, texts):
    spec = load(write(texts.dp))
    assert spec.n_users == 1_000_002
    assert spec.utility.n_users == 1_000_002
    assert len(spec.users) == 3


def test_a_specification_prints_itself_plainly(write, texts):
    spec = load(write(texts.dp))
    lines = repr(spec).splitlines()
    assert lines[0] == "Untitled: 1,000,002 users, DPMeanUtility"
    assert lines[4].split() == ["star", "1", "absent,", "low", "(0,", "1/10,", "inf)"]
    assert "<caption>Untitled" in spec._repr_html_()
