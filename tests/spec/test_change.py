from __future__ import annotations

from decimal import Decimal

import pytest

from fairgames import InputError
from fairgames.spec.change import changed

RAW = {
    "utility": {"between_variance": Decimal("1.5")},
    "every_user": {"costs": {"direct": 1}},
    "users": [{"name": "A", "samples": 3}, {"name": "B", "costs": {"direct": 2}}],
}


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("utility.between_variance", "0.25", {"utility": {"between_variance": Decimal("0.25")}}),
        ("every_user.costs.direct", "2/3", {"every_user": {"costs": {"direct": "2/3"}}}),
        ("users[1].samples", "7", {"users": [{"name": "A", "samples": 7}, RAW["users"][1]]}),
        (
            "users[B].costs.direct",
            "inf",
            {"users": [RAW["users"][0], {"name": "B", "costs": {"direct": Decimal("inf")}}]},
        ),
        ("users[A].costs.direct", "1", {"users": [{**RAW["users"][0], "costs": {"direct": 1}}, RAW["users"][1]]}),
        ("platform.budget", "1", {"platform": {"budget": 1}}),
    ],
)
def test_one_number_is_changed_in_a_copy(place, value, expected):
    before = repr(RAW)
    assert changed(RAW, place, value) == {**RAW, **expected}
    assert repr(RAW) == before


def test_a_number_is_an_entry_s_place_and_beyond_the_entries_a_name():
    raw = {"users": [{"name": "2", "samples": 3}, {"name": "1433", "samples": 4}]}
    assert changed(raw, "users[2].samples", "9")["users"][1]["samples"] == 9
    assert changed(raw, "users[1433].samples", "9")["users"][1]["samples"] == 9
    with pytest.raises(InputError, match="must name one of 2 entries, which count from 1"):
        changed(raw, "users[0].samples", "9")


@pytest.mark.parametrize(
    "place",
    [
        "",
        ".",
        "users",
        "users[3].samples",
        "users[C].samples",
        "users.samples",
        "users[1]x",
        "a..b",
        "users[1].samples.x",
    ],
)
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises(InputError, match="place: must"):
        changed(RAW, place, "1")
