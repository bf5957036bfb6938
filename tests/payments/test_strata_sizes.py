"""Strata of sizes cover every size once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairgames.payments.engines.strata import largest_exact_size, size_strata


@settings(max_examples=200)
@given(n_users=st.integers(2, 20_000), n_groups=st.integers(2, 12))
def test_every_size_is_in_one_stratum(n_users, n_groups):
    largest = largest_exact_size(n_groups, n_users)
    strata = size_strata(n_users, largest)
    joined = list(range(1, largest + 2))
    for start, length, forward in zip(strata.starts, strata.lengths, strata.forward, strict=True):
        joined += range(start + forward, start + length + forward)
    assert sorted(joined) == list(range(1, n_users + 1))


def test_strata_grow_with_the_logarithm_of_the_users():
    assert len(size_strata(10**9, 40).starts) < 130


@pytest.mark.parametrize("n_sizes", [16, 64])
def test_draws_stay_inside_and_meet_every_size_equally(n_sizes):
    strata = size_strata(60, 10)
    sizes, weights = strata.draw(np.random.default_rng(0), 4000, n_sizes)
    for stratum, (start, length) in enumerate(zip(strata.starts, strata.lengths, strict=True)):
        drawn = sizes[:, stratum]
        assert drawn.min() >= start
        assert drawn.max() < start + length
        mass = np.bincount((drawn - start).ravel(), minlength=length) / 4000 * weights[stratum, 0]
        np.testing.assert_allclose(mass, 1, atol=0.1)
