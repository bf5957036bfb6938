"""Slots of [0, 1] and the highest-ranking interval on each."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames.mechanism.dense import cut, group_close, highest_cover


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=12))
def test_the_highest_cover_is_the_last_interval_that_covers(pairs):
    lo = np.array([Fraction(min(pair), 12) for pair in pairs], dtype=object)
    hi = np.array([Fraction(max(pair), 12) for pair in pairs], dtype=object)
    ends, first, last = cut(lo, hi)
    covered = highest_cover(first, last, 2 * len(ends) - 1)
    for slot, winner in enumerate(covered.tolist()):
        point = ends[slot // 2] if slot % 2 == 0 else (ends[slot // 2] + ends[slot // 2 + 1]) / 2
        inside = [k for k in range(len(pairs)) if lo[k] <= point <= hi[k]]
        assert winner == max(inside, default=-1)


def test_ends_that_differ_by_rounding_are_one():
    ends, first, last = cut(np.array([0.0, 0.1 + 0.2]), np.array([0.3, 1.0]))
    assert len(ends) == 3
    assert last[0] == first[1]


def test_fractions_are_never_merged():
    close = np.array([Fraction(1), Fraction(1) + Fraction(1, 10**30)], dtype=object)
    assert len(group_close(close)[0]) == 2
