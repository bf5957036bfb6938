"""Why each payment: parts by definition, adding up exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import shapley

from fairgames import CountUtility, FederatedMeanUtility, InputError, explain_payments, fair_payments


def parts_by_definition(utility, profile):
    """What each arrival does to each user's estimate, on average."""
    nobody = utility.within_variance + 2 * utility.between_variance
    importance = utility.importance[utility.types]

    def gains(levels):
        return importance * np.log(nobody / utility.emse(levels))

    return np.array(shapley(gains, profile), dtype=float)


@settings(max_examples=30)
@given(
    users=st.lists(st.tuples(st.sampled_from([3, 10, 40]), st.sampled_from([0, 1, 2.5])), min_size=1, max_size=4),
    data=st.data(),
    aggregation=st.sampled_from(["uniform", "weighted"]),
)
def test_parts_are_those_of_the_definition_and_add_up(users, data, aggregation):
    samples, importance = zip(*users, strict=True)
    utility = FederatedMeanUtility(samples, 0.7, 12, importance, aggregation=aggregation)
    profile = data.draw(st.tuples(*[st.integers(0, 2)] * len(users)))
    why = explain_payments(utility, profile)
    np.testing.assert_allclose(why.parts, parts_by_definition(utility, profile), atol=1e-12)
    np.testing.assert_allclose(why.payments, fair_payments(utility, profile).values, atol=1e-12)
    np.testing.assert_allclose(why.own + why.helping, why.payments, atol=1e-13)
    assert not why.parts[np.array(profile) == 0].any()


def test_absent_users_are_helped_too():
    why = explain_payments(FederatedMeanUtility([5, 50], 1, 10), (0, 2))
    assert why.parts[1, 0] > 0
    assert why.helping[1] == why.parts[1, 0]
    assert why.payments[0] == 0


def test_users_alike_are_priced_once_and_counts_are_read():
    utility = FederatedMeanUtility([10, 40], 1, 10, counts=[2, 2])
    by_counts = explain_payments(utility, [[1, 1, 0], [0, 0, 2]])
    by_levels = explain_payments(utility, (0, 1, 2, 2))
    assert by_counts == by_levels
    np.testing.assert_allclose(by_levels.parts, parts_by_definition(utility, (0, 1, 2, 2)), atol=1e-12)


def test_many_different_users_are_estimated_and_the_parts_still_add_up():
    utility = FederatedMeanUtility(np.arange(10, 34), 1, 10)
    levels = (2,) * 24
    why = explain_payments(utility, levels)
    gains = np.log((10 + 2) / utility.emse(levels))
    np.testing.assert_allclose(why.parts.sum(axis=0), gains, rtol=1e-10)
    assert why.resolved
    assert (why.standard_errors > 0).any()
    np.testing.assert_allclose(why.payments, fair_payments(utility, levels, engine="permutations").values, rtol=0.05)


def test_money_and_alpha_scale_every_part():
    utility = FederatedMeanUtility([10, 20, 30], 1, 10)
    plain = explain_payments(utility, (1, 1, 2))
    scaled = explain_payments(utility, (1, 1, 2), alpha="1/4", unit_value=1000)
    np.testing.assert_allclose(scaled.parts, 250 * plain.parts)
    assert scaled.payments.sum() == pytest.approx(scaled.alpha * scaled.utility)
    text = repr(scaled)
    assert "own estimate" in text
    assert len(text.splitlines()) == 6


def test_a_lone_user_helps_nobody():
    why = explain_payments(FederatedMeanUtility([10], 1, 10), (2,))
    assert why.helping.tolist() == [0]
    assert "-" in repr(why).splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"utility": CountUtility([0, 1])}, "utility: must be a FederatedMeanUtility"),
        ({"unit_value": 0}, "unit_value: must be above 0"),
        ({"alpha": 2}, "alpha: must lie in"),
        ({"profile": (3,)}, r"profile\[0\]: must be a level from 0 to 2"),
    ],
)
def test_bad_input_is_named(arguments, message):
    good = {"utility": FederatedMeanUtility([10], 1, 10), "profile": (1,)}
    with pytest.raises(InputError, match=message):
        explain_payments(**{**good, **arguments})
