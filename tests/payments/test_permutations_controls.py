"""Controls: payments that are known must be right, and adjusting by them must not bias."""

from itertools import permutations

import numpy as np
import pytest

from fairgames.payments.engines.permutations import Controls, controls


def test_known_payments_against_all_orders():
    rng = np.random.default_rng(0)
    family = controls(rng.uniform(0, 3, 6), rng.uniform(0, 1, (2, 6)))
    orders = np.array(list(permutations(range(6))))
    for control, gains in enumerate(family.gains(orders)):
        np.testing.assert_allclose(
            family.payments[control], np.bincount(orders.ravel(), gains.ravel()) / len(orders), rtol=1e-9
        )


@pytest.mark.parametrize("n_users", [150, 3000])
def test_known_payments_of_many_users(n_users):
    """In a large population the integral's rule must not lose the first contributors."""
    weights = np.full(n_users, 2.0)
    family = Controls(weights[None], weights)
    np.testing.assert_allclose(family.payments[0], -np.expm1(-2.0 * n_users) / n_users, rtol=1e-9)
    uneven = Controls(np.where(np.arange(n_users) == 0, 5.0, 2.0)[None], weights)
    heavy = -np.expm1(-5.0) * -np.expm1(n_users * np.log1p(np.expm1(-2.0))) / n_users / -np.expm1(-2.0)
    assert uneven.payments[0][0] == pytest.approx(heavy, rel=1e-6)


def test_users_alike_need_one_family():
    assert len(controls(np.full(5, 0.3), np.zeros((0, 5))).weights) == 10
    assert len(controls(np.zeros(5), np.zeros((0, 5))).weights) == 10
    assert len(controls(np.array([0.3, 0.4]), np.zeros((0, 2))).weights) == 20
    assert len(controls(np.array([-0.3, -0.4]), np.zeros((0, 2))).weights) == 10


def test_adjusting_keeps_the_sum_and_takes_out_what_is_known():
    rng = np.random.default_rng(1)
    family = controls(rng.uniform(0.5, 2, 8), np.zeros((0, 8)))
    forwards = np.array([[rng.permutation(8) for _ in range(2)] for _ in range(3)])
    places = np.stack([forwards, forwards[:, :, ::-1]], axis=2).reshape(3, 4, 8)
    mixture = rng.normal(size=21)
    gains = np.array([np.tensordot(mixture, family.gains(order), axes=1) for order in places])
    rows, missed = family.adjusted(places, gains, mixture @ family.ends)
    np.testing.assert_allclose(rows, np.tile(mixture @ family.payments, (3, 1)), rtol=1e-5)
    np.testing.assert_allclose(rows.sum(axis=1), gains[:, 0].sum(axis=1), rtol=1e-10)
    assert missed < 1e-4


def test_the_ends_of_the_controls_by_definition():
    family = controls(np.random.default_rng(2).uniform(0, 3, 5), np.zeros((0, 5)))
    for user in range(5):
        others = np.delete(np.arange(5), user)
        first, last = family.gains(np.array([[user, *others], [*others, user]])).transpose(1, 2, 0)
        np.testing.assert_allclose(family.ends[:, user], first[0] + last[-1], rtol=1e-12)
