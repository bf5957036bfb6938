"""Comparative statics."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fairgames import InputError, optimal_alpha, sweep

DP_MEAN = [[0, "2/3"], ["2/3", 1]]


def test_a_function_of_the_cost_follows_the_closed_form():
    costs = [Fraction(k, 20) for k in range(21)]
    result = sweep(lambda c: optimal_alpha(DP_MEAN, [0, c]), costs, name="cost")
    expected = [max(1 - 2 * c, Fraction(2, 3) - c, 0) for c in costs]
    assert result.column("value").tolist() == expected
    assert "cost" in repr(result)


def test_a_named_argument():
    result = sweep(optimal_alpha, [0, "1/100", "1/10"], argument="margin", utility=DP_MEAN, costs=[0, "1/10"])
    assert result.name == "margin"
    assert result.column("alpha").tolist() == [Fraction(1, 5), Fraction(11, 50), Fraction(2, 5)]


def test_any_number_of_jobs_gives_the_same():
    costs = [[0, "1/10"], [0, "3/10"], [0, "1/2"]]
    one, two = (sweep(optimal_alpha, costs, argument="costs", n_jobs=n_jobs, utility=DP_MEAN) for n_jobs in (1, 2))
    assert one == two
    assert one.table()["costs"] == costs
    assert one.table()["alpha"] == one.column("alpha").tolist()


def test_infeasible_points_are_nan():
    result = sweep(optimal_alpha, ["1/2", 2], argument="min_utility", utility=DP_MEAN, costs=[0, "1/10"])
    assert result.column("value")[0] == pytest.approx(0.8)
    assert np.isnan(result.column("value")[1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sweep(optimal_alpha, []), "values"),
        (lambda: sweep(3, [1]), "solve"),
        (lambda: sweep(lambda c: c, [1]), r"values\[0\]"),
        (lambda: sweep(lambda c: optimal_alpha(DP_MEAN, [0, c]), [1]).column("speed"), "quantity"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
