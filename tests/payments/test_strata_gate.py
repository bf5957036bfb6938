"""What replicates say together."""

import numpy as np
import pytest

from fairgames.payments.engines.strata import Replicates, is_affine, verdict

SIZES = np.array([10, 30])


def _replicates(shift=0.0, noise=1e-4, seed=0):
    rng = np.random.default_rng(seed)
    return Replicates(np.array([0.4, 0.6]) + shift + noise * rng.normal(size=(32, 2)), 1.0, 40)


def _judge(replicates, varies=False):
    return verdict(replicates, SIZES, 1, 1e-2, lambda: varies)


def test_regression_is_least_squares_at_a_residual_of_zero():
    replicates = _replicates()
    design = np.column_stack([np.ones(32), replicates.residuals])
    fit, squares, _, _ = np.linalg.lstsq(design, replicates.totals, rcond=None)
    totals, errors = replicates.regressed()
    np.testing.assert_allclose(totals, fit[0], rtol=1e-10)
    covariance = np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(errors, np.sqrt(squares / 30 * covariance[0, 0]), rtol=1e-10)
    assert totals.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("replicates", "varies", "word"),
    [
        (_replicates(noise=0.1), False, "times the evaluations"),
        (_replicates(shift=1e-2), False, "miss the utility"),
        (_replicates(shift=4e-4, noise=1e-4), False, "of their errors"),
        (Replicates(np.tile([0.4, 0.6], (32, 1)), 1.0, 40), True, "cancel"),
    ],
)
def test_doubts(replicates, varies, word):
    estimate = _judge(replicates, varies)
    assert not estimate.resolved
    assert word in estimate.reason


def test_no_doubt():
    assert _judge(_replicates()).resolved
    assert _judge(Replicates(np.tile([0.4, 0.6], (32, 1)), 1.0, 40)).resolved


def test_affine_and_not():
    counts = np.random.default_rng(0).integers(0, 1000, (50, 3))
    values = 4 + counts @ np.array([1.0, -2.0, 3.0])
    assert is_affine(counts, values)
    values[7] += 1e-3 * np.abs(values).max()
    assert not is_affine(counts, values)
