"""Engines agree where they overlap, and the choice between them is said."""

from fractions import Fraction

import numpy as np
import pytest

from fairgames import (
    CountUtility,
    DPMeanUtility,
    FederatedMeanUtility,
    InputError,
    SizeError,
    ThresholdUtility,
    Utility,
)
from fairgames.errors import EvaluationError
from fairgames.payments.counts import present_groups
from fairgames.payments.fair import subset_payments
from fairgames.payments.pricing import ENGINES, Effort, choose_engine, price_profile
from fairgames.utility.grouped import GroupedUtility
from fairgames.utility.threshold import as_jump


class RootUtility(GroupedUtility):
    """Square root of weighted presence, not declared smooth."""

    def __init__(self, weights, counts):
        super().__init__(list(weights), counts, 2)
        self.weights = np.array(weights, dtype=float)

    def evaluate_counts(self, counts):
        return np.sqrt(counts[:, :, 1] @ self.weights)


def _crowd(n_users):
    return DPMeanUtility([[0, 0.5, 4.0], [0, 1.0, np.inf]], counts=[n_users // 2, n_users - n_users // 2])


def _profile(n_users):
    half, tenth = n_users // 2, n_users // 10
    return [[half - 2 * tenth, tenth, tenth], [n_users - half - 2 * tenth, tenth, tenth]]


def test_subsets_and_types_are_the_same_in_rationals():
    utility = DPMeanUtility([[0, 1, 3], [0, 1, 3], [0, 1, 3], [0, 2, 5]])
    profile = (1, 2, 1, 2)
    dense = subset_payments(utility, profile, "1/2")
    types = price_profile(utility, profile, "1/2")
    assert types.engine == "types"
    assert dense.values.tolist() == types.values.tolist()
    assert isinstance(types.values[0], Fraction)
    assert (types.standard_errors == 0).all()
    assert price_profile(utility, profile, "1/2", engine="subsets").values.tolist() == dense.values.tolist()


def test_users_that_are_all_different_are_enumerated():
    utility = FederatedMeanUtility([10, 20, 30, 40], 1.0, 10.0)
    priced = price_profile(utility, (1, 2, 0, 1), 0.5)
    assert priced.engine == "subsets"
    np.testing.assert_allclose(priced.values, subset_payments(utility, (1, 2, 0, 1), 0.5).values, rtol=1e-10)


def test_many_states_of_a_rational_utility_are_enumerated_in_floats():
    utility = DPMeanUtility([[0, 1], [0, 2], [0, 3]], counts=[40, 40, 40])
    priced = price_profile(utility, [[0, 40]] * 3)
    assert priced.engine == "types"
    assert "in floats" in priced.reason
    assert priced.values.dtype == float
    assert priced.values[:, 1].sum() * 40 == pytest.approx(float(utility([[0, 40]] * 3)), rel=1e-10)


@pytest.mark.parametrize("n_users", [100, 2000])
@pytest.mark.parametrize("engine", ["cubature", "strata"])
def test_estimates_agree_with_all_counts(n_users, engine):
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[n_users - n_users // 10, n_users // 10])
    profile = [[0, 0, n_users - n_users // 10], [0, 0, n_users // 10]]
    exact = price_profile(utility, profile, exact=True)
    assert exact.engine == "types"
    estimate = price_profile(utility, profile, engine=engine, effort=Effort(seed=3))
    assert estimate.resolved
    assert estimate.engine == engine
    close = np.abs(estimate.values - exact.values) <= 5 * estimate.standard_errors
    assert close.all()
    assert (estimate.standard_errors <= 1.1e-4 * np.maximum(exact.values, exact.utility / n_users)).all()


def test_permutations_agree_with_all_counts():
    utility = RootUtility([1, 4], [20, 10])
    exact = price_profile(utility, np.ones(30, dtype=int), exact=True)
    effort = Effort(seed=3, target_error=0.01)
    estimate = price_profile(utility, np.ones(30, dtype=int), engine="permutations", effort=effort)
    low, high = estimate.interval(0.9999)
    assert ((low <= exact.values) & (exact.values <= high)).all()
    by_counts = price_profile(utility, [[0, 20], [0, 10]], engine="permutations", effort=effort)
    np.testing.assert_allclose(by_counts.values[:, 1] @ [20, 10], estimate.values.sum(), rtol=1e-12)
    np.testing.assert_array_equal(by_counts.values[:, 1][utility.types], estimate.values)
    np.testing.assert_array_equal(by_counts.standard_errors[:, 1][utility.types], estimate.standard_errors)
    assert (by_counts.values[:, 0] == 0).all()


@pytest.mark.parametrize("n_users", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_permutations_of_alike_users_agree_with_all_counts(n_users):
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[n_users - n_users // 10, n_users // 10])
    profile = [[0, 0, n_users - n_users // 10], [0, 0, n_users // 10]]
    exact = price_profile(utility, profile, exact=True)
    effort = Effort(seed=3, budget=250 * n_users)
    estimate = price_profile(utility, profile, engine="permutations", effort=effort)
    assert estimate.resolved
    low, high = estimate.interval(0.9999)
    assert ((low <= exact.values) & (exact.values <= high)).all()
    assert (estimate.standard_errors <= 2e-3 * np.maximum(exact.values, exact.utility / n_users)).all()


@pytest.mark.parametrize(
    ("utility", "profile", "engine"),
    [
        (_crowd(10**6), _profile(10**6), "cubature"),
        (RootUtility([1, 2, 3], [500_000, 300_000, 200_000]), [[0, 500_000], [0, 300_000], [0, 200_000]], "strata"),
        (RootUtility(range(1, 101), None), [1] * 100, "permutations"),
        (RootUtility(range(1, 26), None), [1] * 25, "permutations"),
        (RootUtility([1, 2, 3], [50, 30, 20]), [[0, 50], [0, 30], [0, 20]], "types"),
        (RootUtility([1, 2, 3], None), [1, 0, 1], "subsets"),
        (RootUtility([1], [10**6]), [[0, 10**6]], "types"),
    ],
)
def test_choice_by_structure_and_size(utility, profile, engine):
    priced = price_profile(utility, profile)
    assert priced.engine == engine
    assert priced.reason
    assert priced.resolved
    assert np.any(priced.standard_errors) == (engine not in {"types", "subsets"})
    counted = priced.values * np.array(profile) if np.ndim(profile) == 2 else priced.values
    assert counted.sum() == pytest.approx(float(priced.utility), rel=1e-9)


def test_a_million_users_have_small_errors():
    priced = price_profile(_crowd(10**6), _profile(10**6), "1/2")
    scale = np.maximum(np.abs(priced.values), 0.5 * priced.utility / (4 * 10**5))
    assert (priced.standard_errors <= 1e-4 * scale).all()
    assert (priced.values * np.array(_profile(10**6))).sum() == pytest.approx(priced.utility / 2, rel=1e-9)


def test_a_forced_engine_serves_or_refuses():
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[1000, 1000])
    with pytest.raises(InputError, match="cannot serve: the utility is not smooth enough here"):
        price_profile(utility, [[0, 20, 980], [0, 0, 1000]], engine="cubature")
    with pytest.raises(InputError, match="does not say that it is smooth"):
        price_profile(CountUtility([k**0.5 for k in range(200)]), (1,) * 199, engine="cubature")
    with pytest.raises(SizeError, match="a cubature of 60 groups"):
        price_profile(FederatedMeanUtility(list(range(1, 61)), 1.0, 5.0), (2,) * 60, engine="cubature")
    assert price_profile(CountUtility([0, 1, 2]), (0, 0), engine="types").engine == "types"


def test_a_rare_federating_group_goes_to_strata():
    """Nobody, one and two in the aggregate are three different things, which no smooth rule follows."""
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[1000, 1000])
    profile = [[0, 20, 980], [0, 0, 1000]]
    priced = price_profile(utility, profile, effort=Effort(target_error=2e-4))
    assert priced.engine == "strata"
    assert "strata instead" in priced.reason
    assert priced.resolved


def test_declared_jumps_are_added_exactly():
    sizes = [300_000, 700_000]
    jump = as_jump([[0, 1], [0, 2]], quota=900_000, height=3)
    base = DPMeanUtility([[0, 1.0], [0, 2.0]], counts=sizes)
    profile = [[0, sizes[0]], [0, sizes[1]]]
    both = price_profile(ThresholdUtility([jump], base), profile)
    smooth = price_profile(base, profile)
    alone = price_profile(ThresholdUtility([jump], counts=sizes), profile)
    np.testing.assert_allclose(both.values, smooth.values + alone.values, rtol=1e-9)
    assert both.utility == pytest.approx(smooth.utility + 3)
    assert alone.values[:, 1] @ sizes == pytest.approx(3, rel=1e-8)
    assert "declared" in both.reason


def test_declared_jumps_agree_with_all_counts():
    utility = ThresholdUtility(
        [as_jump([[0, 1, 2], [0, 3, 5]], quota=60)], DPMeanUtility([[0, 1, 2], [0, 2, 3]], counts=[40, 30])
    )
    profile = [[10, 10, 20], [10, 10, 10]]
    exact = price_profile(utility, profile)
    assert exact.engine == "types"
    estimate = price_profile(utility, profile, engine="cubature")
    np.testing.assert_allclose(estimate.values.astype(float), exact.values.astype(float), rtol=2e-4)


def test_nothing_but_declared_jumps_is_never_sampled():
    weights = np.arange(1, 23)
    utility = ThresholdUtility([as_jump(np.column_stack([0 * weights, weights]), 127)], counts=[1] * 22)
    priced = price_profile(utility, [1] * 22)
    assert priced.resolved
    assert not priced.standard_errors.any()
    assert priced.values.sum() == pytest.approx(1, abs=1e-12)
    rng = np.random.default_rng(0)
    orders = rng.permuted(np.tile(np.arange(22), (200_000, 1)), axis=1)
    pivotal = orders[np.arange(len(orders)), (weights[orders].cumsum(axis=1) >= 127).argmax(axis=1)]
    np.testing.assert_allclose(priced.values, np.bincount(pivotal) / len(orders), atol=5 * np.sqrt(0.1 / len(orders)))


def test_jumps_that_would_take_minutes_are_estimated():
    weights = np.random.default_rng(1).integers(10**5, 10**6, 60)
    jump = as_jump(np.column_stack([0 * weights, weights]), int(weights.sum()) // 2)
    priced = price_profile(ThresholdUtility([jump], counts=[1] * 60), [1] * 60, effort=Effort(budget=30_000))
    assert priced.engine == "permutations"
    assert priced.standard_errors.any()
    assert not priced.resolved


def test_undeclared_threshold_is_unresolved():
    class Hidden(RootUtility):
        def evaluate_counts(self, counts):
            return 1.0 * (counts[:, :, 1] @ self.weights >= 700_000)

    priced = price_profile(
        Hidden([1, 2], [600_000, 400_000]), [[0, 600_000], [0, 400_000]], effort=Effort(budget=400_000)
    )
    assert not priced.resolved
    assert "unresolved" in priced.reason
    assert "UNRESOLVED" in repr(priced)


def test_payments_in_doubt_are_headlined():
    class Airport(RootUtility):
        def evaluate_counts(self, counts):
            return (counts[:, :, 1] * self.weights).max(axis=1)

    priced = price_profile(Airport(np.arange(1.0, 41.0), None), [1] * 40, "1/2")
    assert priced.engine == "permutations"
    assert not priced.resolved
    assert priced.doubtful.all()
    assert "UNRESOLVED: do not use these numbers" in repr(priced).split("\n")[0]
    assert all(priced.to_dict()["doubtful"])


@pytest.mark.parametrize(
    "utility",
    [
        FederatedMeanUtility(np.arange(10, 40), 1.0, 10.0),
        DPMeanUtility([[0, 1 + user / 9, 50.0] for user in range(30)]),
        ThresholdUtility([as_jump([[0, 1 + user, 2] for user in range(30)], 50)], counts=[1] * 30),
    ],
)
def test_permutations_walk_where_the_utility_knows_how(utility, monkeypatch):
    profile = np.arange(30) % 3
    walked = price_profile(utility, profile, engine="permutations")
    monkeypatch.setattr(type(utility), "walk", Utility.walk)
    evaluated = price_profile(utility, profile, engine="permutations")
    np.testing.assert_allclose(walked.values, evaluated.values, rtol=1e-5, atol=1e-9)


def test_exact_is_refused_where_nothing_is():
    with pytest.raises(SizeError, match="exact=True"):
        price_profile(_crowd(10**6), _profile(10**6), exact=True)
    with pytest.raises(InputError, match="estimates"):
        price_profile(_crowd(100), _profile(100), exact=True, engine="strata")


def test_forced_enumeration_is_refused_with_the_number_of_bytes():
    with pytest.raises(SizeError, match="bytes"):
        price_profile(_crowd(10**6), _profile(10**6), engine="types")


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"engine": "magic"}, "engine"),
        ({"effort": Effort(seed="a")}, "seed"),
        ({"effort": Effort(n_jobs=0)}, "n_jobs"),
        ({"engine": "strata", "effort": Effort(budget=0)}, "budget"),
        ({"effort": Effort(budget=0)}, "budget"),
        ({"effort": Effort(budget=2.5)}, "budget"),
        ({"effort": Effort(budget=True)}, "budget"),
        ({"effort": Effort(max_seconds=0)}, "max_seconds"),
        ({"effort": Effort(target_error=-1)}, "target_error"),
        ({"engine": "permutations", "effort": Effort(budget=0)}, "budget"),
        ({"alpha": 2}, "alpha"),
    ],
)
def test_bad_input(arguments, argument):
    with pytest.raises(InputError) as error:
        price_profile(RootUtility([1, 2], [6, 5]), [[0, 6], [0, 5]], **arguments)
    assert error.value.argument == argument


def test_a_failing_utility_names_the_state():
    class Failing(RootUtility):
        def evaluate_counts(self, counts):
            return np.where(counts[:, 0, 1] == 2, np.nan, 1.0)

    with pytest.raises(EvaluationError, match="finite number at"):
        price_profile(Failing([1, 2], [60, 50]), [[0, 60], [0, 50]], engine="strata")


@pytest.mark.parametrize("profile", [np.zeros(5, dtype=int), [[2, 0], [3, 0]]])
def test_nobody_is_present(profile):
    priced = price_profile(RootUtility([1, 2], [2, 3]), profile)
    assert priced.values.shape == np.shape(profile)
    assert not priced.values.any()
    assert priced.utility == 0


def test_groups_round_trip():
    utility = RootUtility([1, 2, 3], [3, 2, 4])
    by_user = np.array([1, 0, 1, 0, 0, 1, 1, 0, 1])
    groups = present_groups(utility, by_user)
    assert groups.sizes.tolist() == [2, 3]
    assert groups.cells.tolist() == [[0, 1], [2, 1]]
    assert groups.spread(np.array([5.0, 7.0])).tolist() == [5, 0, 5, 0, 0, 7, 7, 0, 7]
    assert groups.one_user().tolist() == [0, 5]
    by_counts = present_groups(utility, [[1, 2], [2, 0], [1, 3]])
    assert by_counts.sizes.tolist() == [2, 3]
    assert float(by_counts(np.array([[2, 3]]))[0]) == pytest.approx(float(utility(by_user)))


def test_more_users_than_permutations_go_through_are_drawn_in_strata_of_more_groups():
    def chosen(users_a_group):
        sizes = [users_a_group] * 40
        return choose_engine(present_groups(RootUtility(range(1, 41), sizes), [[0, size] for size in sizes]))[0]

    assert chosen(25_000) == "strata"
    assert chosen(50) == "permutations"


def test_every_engine_is_chosen_somewhere():
    chosen = {
        choose_engine(present_groups(utility, profile))[0]
        for utility, profile in [
            (_crowd(10**6), _profile(10**6)),
            (RootUtility([1, 2, 3], [500, 300, 200]), [[0, 500], [0, 300], [0, 200]]),
            (RootUtility(range(1, 101), None), [1] * 100),
            (RootUtility([1, 2], [5, 3]), [[0, 5], [0, 3]]),
            (RootUtility([1, 2], None), [1, 1]),
            (FederatedMeanUtility(range(1, 101), 1.0, 10.0), [1, 2] * 50),
        ]
    }
    assert chosen == set(ENGINES)
