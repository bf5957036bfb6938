"""Steps to more data at which a measured utility falls."""

import numpy as np
import pytest

from fairgames import InputError, MeasuredUtility, monotonicity


def test_falls_are_those_of_the_tensor():
    values = np.random.default_rng(0).normal(size=(3, 2, 3))
    utility = MeasuredUtility(lambda profile: values[profile], (3, 2, 3))
    tensor = utility.tensor()
    expected = {
        (profile, user)
        for profile in np.ndindex(tensor.shape)
        for user in range(3)
        if profile[user] + 1 < tensor.shape[user]
        and tensor[(*profile[:user], profile[user] + 1, *profile[user + 1 :])] < tensor[profile]
    }
    report = monotonicity(utility)
    assert {(fall.profile, fall.user) for fall in report.falls} == expected
    assert report.steps == 2 * 6 + 9 + 2 * 6
    assert [fall.change for fall in report.falls] == sorted(fall.change for fall in report.falls)
    assert not report.monotone
    assert report.falls[0].standard_error is None
    assert "lower the utility" in repr(report)


def test_only_what_was_measured_is_compared():
    utility = MeasuredUtility(lambda profile: float(sum(profile)), (2, 2, 2))
    assert monotonicity(utility).steps == 0
    utility((1, 1, 0))
    assert monotonicity(utility).steps == 0
    utility((1, 0, 0))
    report = monotonicity(utility)
    assert (report.steps, report.monotone, utility.evaluations) == (2, True, 3)


def test_types_are_compared_through_their_representatives():
    utility = MeasuredUtility(lambda profile: -float(sum(profile)), (2, 2), types=[0, 0])
    utility.tensor()
    report = monotonicity(utility)
    assert {(fall.profile, fall.user) for fall in report.falls} == {((0, 0), 0), ((0, 0), 1), ((0, 1), 0)}
    assert utility.evaluations == 3


def test_noise_is_told_from_a_real_fall():
    def noisy(profile, rng):
        noise = rng.normal(size=(2, 2))
        return (-5.0 if profile == (1, 1) else 1.0 * sum(profile)) + 0.5 * noise[profile]

    utility = MeasuredUtility(noisy, (2, 2), repeats=6)
    utility.tensor()
    falls = {(fall.profile, fall.user): fall for fall in monotonicity(utility).falls}
    assert falls[(0, 1), 0].beyond_noise
    assert falls[(1, 0), 1].beyond_noise
    flat = MeasuredUtility(lambda profile, rng: rng.normal(size=(2, 2))[profile], (2, 2), repeats=6)
    flat.tensor()
    report = monotonicity(flat)
    assert report.falls
    assert not any(fall.beyond_noise for fall in report.falls)


def test_a_fall_that_every_repeat_shows_alike_is_real():
    utility = MeasuredUtility(lambda profile: -float(sum(profile)), (2,), repeats=3)
    utility.tensor()
    (fall,) = monotonicity(utility).falls
    assert (fall.standard_error, fall.beyond_noise) == (0, True)


def test_the_level_is_checked():
    with pytest.raises(InputError, match="level: must lie strictly between 0 and 1"):
        monotonicity(MeasuredUtility(sum, (2,)), level=1)


def test_rounding_is_no_fall():
    flat = MeasuredUtility(lambda profile: 1.0 - 2e-16 * sum(profile) if any(profile) else 0.0, (3, 3, 3))
    flat.tensor()
    assert monotonicity(flat).monotone
    huge = MeasuredUtility(lambda profile: 1e6 * (1 - 1e-7 * sum(profile)) if any(profile) else 0.0, (2, 2))
    huge.tensor()
    assert not monotonicity(huge).monotone


def test_many_falls_are_summed_up():
    utility = MeasuredUtility(lambda profile: -float(np.dot(profile, [1, 2, 3, 4, 5, 6])), (2,) * 6)
    utility.tensor()
    report = monotonicity(utility)
    assert len(report.falls) == 6 * 2**5
    text = repr(report)
    assert "192 of 192" in text
    assert "by 6 at most" in text
    assert "the 20 largest are shown" in text
    assert len(text.splitlines()) < 30
