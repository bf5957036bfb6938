"""Values that are no use are refused, and the state is named, whatever asked for them."""

from fractions import Fraction

import numpy as np
import pytest

import fairgames as fg
from fairgames import InputError, coalition_payments, fair_payments, payment_table
from fairgames.errors import EvaluationError
from fairgames.utility.base import evaluated
from fairgames.utility.grouped import GroupedUtility


class Failing(GroupedUtility):
    """A square root that fails in one way at one number of present users of each type."""

    def __init__(self, how, sizes, at):
        super().__init__(list(range(len(sizes))), sizes, 2)
        self.how, self.at = how, at

    def evaluate_counts(self, counts):
        hit = (counts[:, :, 1] == self.at).all(axis=1)
        if self.how == "raises" and hit.any():
            raise RuntimeError("no luck")
        values = np.sqrt(counts[:, :, 1].sum(axis=1))
        values[hit] = {"nan": np.nan, "inf": np.inf, "raises": 0}[self.how]
        return values


FOUR = ([1] * 4, [1, 0, 1, 0], (1, 0, 1, 0))
TWELVE = ([5, 7], [2, 3], ((3, 2), (4, 3)))
MANY = ([3000, 4000], [2, 1], ((2998, 2), (3999, 1)))

WAYS = {
    "tensor": (FOUR, lambda u: u.tensor()),
    "table": (FOUR, payment_table),
    "subsets": (FOUR, lambda u: fg.fair_payments(u, [1] * 4)),
    "all subsets": (FOUR, lambda u: fair_payments(u, [1] * 4)),
    "coalition": (FOUR, lambda u: coalition_payments(u, [1] * 4)),
    "optimum": (FOUR, lambda u: fg.optimal_alpha(u, [0, 0.1])),
    "types": (TWELVE, lambda u: fg.fair_payments(u, [[0, 5], [0, 7]])),
    "optimum of types": (([20, 20], [2, 3], ((18, 2), (17, 3))), lambda u: fg.optimal_alpha(u, [0, 0.1])),
    "equal shares": (([6], [6], ((0, 6),)), lambda u: fg.fair_payments(u, [[0, 6]])),
    "strata": (MANY, lambda u: fg.fair_payments(u, [[0, 3000], [0, 4000]])),
}


@pytest.mark.parametrize("how", ["nan", "inf", "raises"])
@pytest.mark.parametrize("way", WAYS)
def test_the_state_of_a_bad_value_is_named(way, how):
    (sizes, at, named), ask = WAYS[way]
    with pytest.raises(EvaluationError, match="no luck" if how == "raises" else "finite number") as error:
        ask(Failing(how, sizes, at))
    assert error.value.profile == named
    assert str(named) in str(error.value)


def test_users_in_types_are_named_by_their_levels_where_the_profile_was():
    with pytest.raises(EvaluationError) as error:
        fg.fair_payments(Failing("nan", [2, 3], [1, 2]), [1, 1, 1, 1, 1])
    profile = error.value.profile
    assert (sum(profile[:2]), sum(profile[2:])) == (1, 2)


def test_exact_values_stay_exact():
    values = evaluated(lambda states: np.array([Fraction(1, 3)] * len(states), dtype=object), np.zeros((2, 1)))
    assert values.tolist() == [Fraction(1, 3)] * 2


def test_errors_of_the_package_pass_as_they_are():
    def refuse(states):
        raise InputError("samples", "must be told", len(states))

    with pytest.raises(InputError, match="samples"):
        evaluated(refuse, np.zeros((4, 2)))


@pytest.mark.parametrize("values", [[[1.0, 2.0]], [1.0], 3.0])
def test_one_number_a_state(values):
    with pytest.raises(EvaluationError, match="one number for each of the 2 states"):
        evaluated(lambda _: np.array(values), np.zeros((2, 3)))
