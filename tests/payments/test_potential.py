from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import coalition_shapley, shapley

from fairgames.payments.potential import potential_tensor, without_user

SHAPES = [(2,), (4, 4), (2, 3, 4), (3, 3, 3, 3), (2, 3, 2, 2, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_differences_are_the_payments_of_the_definition_exactly(shape, random_table):
    U = random_table(np.random.default_rng(7), shape)
    P = potential_tensor(U)
    for profile in product(*map(range, shape)):
        expected = shapley(U, profile)
        for user in range(len(shape)):
            assert P[profile] - P[(*profile[:user], 0, *profile[user + 1 :])] == expected[user]


@pytest.mark.slow
def test_every_profile_of_five_users_with_four_levels(random_table):
    shape = (4,) * 5
    U = random_table(np.random.default_rng(8), shape)
    P, Q = potential_tensor(U), potential_tensor(U, platform=1)
    for profile in product(*map(range, shape)):
        platform, users = coalition_shapley(U, profile)
        among_users = shapley(U, profile)
        assert Q[profile] == platform
        for user in range(5):
            absent = (*profile[:user], 0, *profile[user + 1 :])
            assert P[profile] - P[absent] == among_users[user]
            assert Q[profile] - Q[absent] == users[user]


@pytest.mark.parametrize("shape", SHAPES)
def test_platform_share_is_the_coalition_potential_exactly(shape, random_table):
    U = random_table(np.random.default_rng(9), shape)
    Q = potential_tensor(U, platform=1)
    for profile in product(*map(range, shape)):
        platform, users = coalition_shapley(U, profile)
        assert Q[profile] == platform
        for user in range(len(shape)):
            assert Q[profile] - Q[(*profile[:user], 0, *profile[user + 1 :])] == users[user]


def test_floats_agree_with_rationals(random_table):
    U = random_table(np.random.default_rng(3), (3,) * 6)
    exact = potential_tensor(U).astype(float)
    np.testing.assert_allclose(potential_tensor(U.astype(float)), exact, rtol=0, atol=1e-12 * np.abs(exact).max())


def test_equals_quadrature_of_the_thinning_integral():
    """phi_i = ∫ E[U(S ∪ i) − U(S \\ i)] dt, others present with probability t: exact with ceil(N/2) nodes."""
    rng = np.random.default_rng(5)
    n_users = 9
    U = rng.normal(size=(2,) * n_users)
    U.flat[0] = 0
    P = potential_tensor(U)
    nodes, weights = np.polynomial.legendre.leggauss(-(-n_users // 2))
    for user in (0, 4, 8):
        gain = np.take(U, 1, axis=user) - np.take(U, 0, axis=user)
        total = 0.0
        for node, weight in zip(nodes, weights, strict=True):
            t = (node + 1) / 2
            value = gain
            for _ in range(n_users - 1):
                value = (1 - t) * value[0] + t * value[1]
            total += weight / 2 * value
        full = (1,) * n_users
        assert P[full] - P[(*full[:user], 0, *full[user + 1 :])] == pytest.approx(total, abs=1e-12)


def test_no_one_present_is_worth_nothing():
    assert potential_tensor(np.array([0.0, 3.0]))[0] == 0
    assert potential_tensor(np.array([Fraction(0), Fraction(3)], dtype=object), platform=1).tolist() == [
        0,
        Fraction(3, 2),
    ]


@settings(max_examples=60)
@given(
    U=hnp.arrays(
        float,
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=2, max_side=3),
        elements=st.floats(-1e3, 1e3, allow_nan=False, width=32),
    )
)
def test_invariants_of_fair_payments(U):
    U.flat[0] = 0
    P = potential_tensor(U)
    payments = [P - without_user(P, user) for user in range(U.ndim)]
    atol = 1e-9 * max(1.0, np.abs(U).max())
    np.testing.assert_allclose(sum(payments), U, rtol=0, atol=atol)
    reversed_axes = tuple(reversed(range(U.ndim)))
    np.testing.assert_allclose(
        potential_tensor(np.transpose(U, reversed_axes)), np.transpose(P, reversed_axes), atol=atol
    )
    V = np.roll(U, 1)
    V.flat[0] = 0
    np.testing.assert_allclose(potential_tensor(U + V), P + potential_tensor(V), rtol=0, atol=4 * atol)


def test_a_user_who_adds_nothing_is_paid_nothing_and_equal_users_equally():
    rng = np.random.default_rng(2)
    inner = rng.normal(size=(3, 3))
    inner = inner + inner.T
    inner[0, 0] = 0
    U = np.stack([inner, inner], axis=2)
    P = potential_tensor(U)
    assert np.abs(P - without_user(P, 2)).max() < 1e-14
    np.testing.assert_allclose(P - without_user(P, 0), np.swapaxes(P - without_user(P, 1), 0, 1), atol=1e-14)
