import numpy as np
import pytest

import fairgames as fg


def test_few_users_are_priced_exactly_and_say_how():
    paid = fg.fair_payments([[0, "2/3"], ["2/3", 1]], [1, 1], alpha="1/2")
    assert [str(value) for value in paid.values] == ["1/4", "1/4"]
    assert paid.engine in {"subsets", "types"}
    assert paid.reason


def test_nobody_present_is_paid_an_exact_nothing():
    paid = fg.fair_payments([[0, "2/3"], ["2/3", 1]], [0, 0], alpha="1/2")
    assert str(paid.alpha) == "1/2"
    assert (repr(paid.utility), [repr(value) for value in paid.values]) == ("Fraction(0, 1)", ["Fraction(0, 1)"] * 2)


def test_a_million_users_of_two_types_are_estimated_with_errors():
    crowd = fg.FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[600_000, 400_000])
    counts = np.array([[100_000, 0, 500_000], [0, 0, 400_000]])
    paid = fg.fair_payments(crowd, counts)
    assert paid.resolved
    assert paid.values.shape == (2, 3)
    assert (paid.values * counts).sum() == pytest.approx(float(paid.utility), rel=1e-3)
    with pytest.raises(fg.SizeError, match="exact"):
        fg.fair_payments(crowd, counts, exact=True)


def test_repeated_measurements_show_their_noise():
    measured = fg.MeasuredUtility(lambda profile, rng: sum(profile) + rng.normal(), (2, 2), repeats=4, baseline=0)
    assert (fg.fair_payments(measured, (1, 1)).standard_errors > 0).all()
    with pytest.raises(fg.InputError, match="engine"):
        fg.fair_payments(measured, (1, 1), engine="magic")
