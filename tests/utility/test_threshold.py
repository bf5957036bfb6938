"""Declared jumps."""

import numpy as np
import pytest

from fairgames import DPMeanUtility, InputError, ThresholdUtility
from fairgames.utility.threshold import as_jump


def test_profiles_and_counts_agree_with_the_definition():
    rng = np.random.default_rng(0)
    weights = np.array([[0, 1, 3], [0, 2, 2]])
    base = DPMeanUtility([[0, 1, 2], [0, 2, 3]], counts=[3, 2])
    utility = ThresholdUtility([as_jump(weights, 5, 2), as_jump(weights, "9/2", -0.5)], base)
    assert utility.n_users == 5
    assert utility.shape == (3,) * 5
    assert utility.type_sizes == (3, 2)
    assert utility.type_levels == (3, 3)
    profiles = rng.integers(0, 3, (50, 5))
    for profile, value in zip(profiles, utility.evaluate(profiles), strict=True):
        total = sum(weights[kind, level] for kind, level in zip((0, 0, 0, 1, 1), profile, strict=True))
        expected = float(base(profile)) + 2 * (total >= 5) - 0.5 * (total >= 4.5)
        assert value == pytest.approx(expected)
        counts = [[int(np.sum(part == level)) for level in range(3)] for part in (profile[:3], profile[3:])]
        assert utility(counts) == pytest.approx(expected)


def test_nothing_but_the_jump():
    utility = ThresholdUtility([as_jump([[0, 1]], 2)], counts=[3])
    assert utility.tensor().tolist() == [[[0, 0], [0, 1]], [[0, 1], [1, 1]]]


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        (([[1, 2]], 1), "weights[0, 0]"),
        (([[0, -2]], 1), "weights[0, 1]"),
        (([0, 2], 1), "weights"),
        (([[0]], 1), "weights"),
        (([[0, 2]], 0), "quota"),
        (([[0, 2]], "x"), "quota"),
        (([[0, 2]], 1, float("nan")), "height"),
    ],
)
def test_bad_jumps(arguments, argument):
    with pytest.raises(InputError) as error:
        as_jump(*arguments)
    assert error.value.argument == argument


def test_bad_utilities():
    jump, base = as_jump([[0, 1]], 2), DPMeanUtility([0, 1, 2], n_users=2)
    for arguments, argument in [
        (([jump],), "base"),
        (([], base), "jumps"),
        (([jump], base), "jumps[0].weights"),
    ]:
        with pytest.raises(InputError) as error:
            ThresholdUtility(*arguments)
        assert error.value.argument == argument
    with pytest.raises(InputError, match="not both"):
        ThresholdUtility([jump], base, counts=[2])
