"""Engines agree where they overlap, and the choice between them is said."""

from fractions import Fraction

import numpy as np
import pytest

from fairgames import (
    CountUtility,
    DPMeanUtility,
    FederatedMeanUtility,
    InputError,
    MeasuredUtility,
    SizeError,
    ThresholdUtility,
    Utility,
    fair_payments,
)
from fairgames.errors import EvaluationError
from fairgames.payments.counts import present_groups
from fairgames.payments.pricing import ENGINES, choose_engine
from fairgames.utility.base import PricedMoves
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
    dense = fair_payments(utility, profile, "1/2")
    types = fair_payments(utility, profile, "1/2")
    assert types.engine == "types"
    assert dense.values.tolist() == types.values.tolist()
    assert isinstance(types.values[0], Fraction)
    assert (types.standard_errors == 0).all()
    assert fair_payments(utility, profile, "1/2", engine="subsets").values.tolist() == dense.values.tolist()


def test_users_that_are_all_different_are_enumerated():
    utility = FederatedMeanUtility([10, 20, 30, 40], 1.0, 10.0)
    priced = fair_payments(utility, (1, 2, 0, 1), 0.5)
    assert priced.engine == "subsets"
    np.testing.assert_allclose(priced.values, fair_payments(utility, (1, 2, 0, 1), 0.5).values, rtol=1e-10)


def test_many_states_of_a_rational_utility_are_enumerated_in_floats():
    utility = DPMeanUtility([[0, 1], [0, 2], [0, 3]], counts=[40, 40, 40])
    priced = fair_payments(utility, [[0, 40]] * 3)
    assert priced.engine == "types"
    assert "in floats" in priced.reason
    assert priced.values.dtype == float
    assert priced.values[:, 1].sum() * 40 == pytest.approx(float(utility([[0, 40]] * 3)), rel=1e-10)


@pytest.mark.parametrize("n_users", [100, 2000])
@pytest.mark.parametrize("engine", ["cubature", "strata"])
def test_estimates_agree_with_all_counts(n_users, engine):
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[n_users - n_users // 10, n_users // 10])
    profile = [[0, 0, n_users - n_users // 10], [0, 0, n_users // 10]]
    exact = fair_payments(utility, profile, exact=True)
    assert exact.engine == "types"
    estimate = fair_payments(utility, profile, engine=engine, seed=3)
    assert estimate.resolved
    assert estimate.engine == engine
    close = np.abs(estimate.values - exact.values) <= 5 * estimate.standard_errors
    assert close.all()
    assert (estimate.standard_errors <= 1.1e-4 * np.maximum(exact.values, exact.utility / n_users)).all()


def test_permutations_agree_with_all_counts():
    utility = RootUtility([1, 4], [20, 10])
    exact = fair_payments(utility, np.ones(30, dtype=int), exact=True)
    effort = {"seed": 3, "target_error": 0.01}
    estimate = fair_payments(utility, np.ones(30, dtype=int), engine="permutations", **effort)
    low, high = estimate.interval(0.9999)
    assert ((low <= exact.values) & (exact.values <= high)).all()
    by_counts = fair_payments(utility, [[0, 20], [0, 10]], engine="permutations", **effort)
    np.testing.assert_allclose(by_counts.values[:, 1] @ [20, 10], estimate.values.sum(), rtol=1e-12)
    np.testing.assert_array_equal(by_counts.values[:, 1][utility.types], estimate.values)
    np.testing.assert_array_equal(by_counts.standard_errors[:, 1][utility.types], estimate.standard_errors)
    assert (by_counts.values[:, 0] == 0).all()


@pytest.mark.parametrize("n_users", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_permutations_of_alike_users_agree_with_all_counts(n_users):
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[n_users - n_users // 10, n_users // 10])
    profile = [[0, 0, n_users - n_users // 10], [0, 0, n_users // 10]]
    exact = fair_payments(utility, profile, exact=True)
    effort = {"seed": 3, "budget": 250 * n_users}
    estimate = fair_payments(utility, profile, engine="permutations", **effort)
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
    priced = fair_payments(utility, profile)
    assert priced.engine == engine
    assert priced.reason
    assert priced.resolved
    assert np.any(priced.standard_errors) == (engine not in {"types", "subsets"})
    counted = priced.values * np.array(profile) if np.ndim(profile) == 2 else priced.values
    assert counted.sum() == pytest.approx(float(priced.utility), rel=1e-9)


def test_a_million_users_have_small_errors():
    priced = fair_payments(_crowd(10**6), _profile(10**6), "1/2")
    scale = np.maximum(np.abs(priced.values), 0.5 * priced.utility / (4 * 10**5))
    assert (priced.standard_errors <= 1e-4 * scale).all()
    assert (priced.values * np.array(_profile(10**6))).sum() == pytest.approx(priced.utility / 2, rel=1e-9)


def test_a_forced_engine_serves_or_refuses():
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[1000, 1000])
    with pytest.raises(InputError, match="cannot serve: the utility is not smooth enough here"):
        fair_payments(utility, [[0, 20, 980], [0, 0, 1000]], engine="cubature")
    with pytest.raises(InputError, match="does not say that it is smooth"):
        fair_payments(CountUtility([k**0.5 for k in range(200)]), (1,) * 199, engine="cubature")
    with pytest.raises(SizeError, match="a cubature of 60 groups"):
        fair_payments(FederatedMeanUtility(list(range(1, 61)), 1.0, 5.0), (2,) * 60, engine="cubature")
    assert fair_payments(CountUtility([0, 1, 2]), (0, 0), engine="types").engine == "types"


def test_a_rare_federating_group_goes_to_strata():
    """Nobody, one and two in the aggregate are three different things, which no smooth rule follows."""
    utility = FederatedMeanUtility([10, 100], 1.0, 10.0, counts=[1000, 1000])
    profile = [[0, 20, 980], [0, 0, 1000]]
    priced = fair_payments(utility, profile, target_error=2e-4)
    assert priced.engine == "strata"
    assert "strata instead" in priced.reason
    assert priced.resolved


def test_declared_jumps_are_added_exactly():
    sizes = [300_000, 700_000]
    jump = as_jump([[0, 1], [0, 2]], quota=900_000, height=3)
    base = DPMeanUtility([[0, 1.0], [0, 2.0]], counts=sizes)
    profile = [[0, sizes[0]], [0, sizes[1]]]
    both = fair_payments(ThresholdUtility([jump], base), profile)
    smooth = fair_payments(base, profile)
    alone = fair_payments(ThresholdUtility([jump], counts=sizes), profile)
    np.testing.assert_allclose(both.values, smooth.values + alone.values, rtol=1e-9)
    assert both.utility == pytest.approx(smooth.utility + 3)
    assert alone.values[:, 1] @ sizes == pytest.approx(3, rel=1e-8)
    assert "declared" in both.reason


def test_declared_jumps_agree_with_all_counts():
    utility = ThresholdUtility(
        [as_jump([[0, 1, 2], [0, 3, 5]], quota=60)], DPMeanUtility([[0, 1, 2], [0, 2, 3]], counts=[40, 30])
    )
    profile = [[10, 10, 20], [10, 10, 10]]
    exact = fair_payments(utility, profile)
    assert exact.engine == "types"
    estimate = fair_payments(utility, profile, engine="cubature")
    np.testing.assert_allclose(estimate.values.astype(float), exact.values.astype(float), rtol=2e-4)


def test_nothing_but_declared_jumps_is_never_sampled():
    weights = np.arange(1, 23)
    utility = ThresholdUtility([as_jump(np.column_stack([0 * weights, weights]), 127)], counts=[1] * 22)
    priced = fair_payments(utility, [1] * 22)
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
    priced = fair_payments(ThresholdUtility([jump], counts=[1] * 60), [1] * 60, budget=30_000)
    assert priced.engine == "permutations"
    assert priced.standard_errors.any()
    assert not priced.resolved


def test_undeclared_threshold_is_unresolved():
    class Hidden(RootUtility):
        def evaluate_counts(self, counts):
            return 1.0 * (counts[:, :, 1] @ self.weights >= 700_000)

    priced = fair_payments(Hidden([1, 2], [600_000, 400_000]), [[0, 600_000], [0, 400_000]], budget=400_000)
    assert not priced.resolved
    assert "unresolved" in priced.reason
    assert "UNRESOLVED" in repr(priced)


def test_payments_in_doubt_are_headlined():
    class Airport(RootUtility):
        def evaluate_counts(self, counts):
            return (counts[:, :, 1] * self.weights).max(axis=1)

    priced = fair_payments(Airport(np.arange(1.0, 41.0), None), [1] * 40, "1/2")
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
    walked = fair_payments(utility, profile, engine="permutations")
    monkeypatch.setattr(type(utility), "walk", Utility.walk)
    evaluated = fair_payments(utility, profile, engine="permutations")
    np.testing.assert_allclose(walked.values, evaluated.values, rtol=1e-5, atol=1e-9)


def test_exact_is_refused_where_nothing_is():
    with pytest.raises(SizeError, match="exact=True"):
        fair_payments(_crowd(10**6), _profile(10**6), exact=True)
    with pytest.raises(InputError, match="estimates"):
        fair_payments(_crowd(100), _profile(100), exact=True, engine="strata")


def test_forced_enumeration_is_refused_with_the_number_of_bytes():
    with pytest.raises(SizeError, match="bytes"):
        fair_payments(_crowd(10**6), _profile(10**6), engine="types")


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"engine": "magic"}, "engine"),
        ({"seed": "a"}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": None}, "seed"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"n_jobs": 1.5}, "n_jobs"),
        ({"n_jobs": "two"}, "n_jobs"),
        ({"engine": "strata", "budget": 0}, "budget"),
        ({"budget": 0}, "budget"),
        ({"budget": 2.5}, "budget"),
        ({"budget": True}, "budget"),
        ({"budget": -5}, "budget"),
        ({"max_seconds": 0}, "max_seconds"),
        ({"max_seconds": float("nan")}, "max_seconds"),
        ({"target_error": 0}, "target_error"),
        ({"target_error": float("nan")}, "target_error"),
        ({"target_error": -1}, "target_error"),
        ({"engine": "permutations", "budget": 0}, "budget"),
        ({"alpha": 2}, "alpha"),
    ],
)
def test_bad_input(arguments, argument):
    with pytest.raises(InputError) as error:
        fair_payments(RootUtility([1, 2], [6, 5]), [[0, 6], [0, 5]], **arguments)
    assert error.value.argument == argument


def test_a_failing_utility_names_the_state():
    class Failing(RootUtility):
        def evaluate_counts(self, counts):
            return np.where(counts[:, 0, 1] == 2, np.nan, 1.0)

    with pytest.raises(EvaluationError, match="finite number at"):
        fair_payments(Failing([1, 2], [60, 50]), [[0, 60], [0, 50]], engine="strata")


@pytest.mark.parametrize("profile", [np.zeros(5, dtype=int), [[2, 0], [3, 0]]])
def test_nobody_is_present(profile):
    priced = fair_payments(RootUtility([1, 2], [2, 3]), profile)
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


def test_a_budget_too_small_for_an_engine_takes_another_or_is_refused():
    utility = RootUtility(range(1, 26), [40] * 25)
    paid = fair_payments(utility, [[0, 40]] * 25, budget=30_000)
    assert paid.engine == "permutations"
    assert "budget is too small for strata" in paid.reason
    assert paid.evaluations <= 30_000
    few = RootUtility(range(1, 13), None)
    assert fair_payments(few, [1] * 12, budget=1_000).engine == "permutations"
    assert fair_payments(few, [1] * 12, budget=5_000).engine == "subsets"
    for how in ({"engine": "subsets"}, {"exact": True}):
        with pytest.raises(InputError, match="at least 4,096"):
            fair_payments(few, [1] * 12, budget=1_000, **how)


@pytest.mark.parametrize("option", [{"checkpoint": "kept.jsonl"}, {"max_seconds": 5}])
def test_what_only_permutations_use_is_never_ignored_silently(tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    utility = RootUtility([1, 2, 3], None)
    (name,) = option
    for engine in ("subsets", "types", "strata", "cubature", "integrals"):
        with pytest.raises(InputError, match=f"{name}: is of random permutations alone"):
            fair_payments(utility, [1, 1, 1], engine=engine, **option)
    (warning,) = fair_payments(utility, [1, 1, 1], **option).warnings
    assert warning.startswith(f"{name} is not used")
    assert fair_payments(utility, [1, 1, 1], engine="permutations", **option).warnings == ()
    measured = MeasuredUtility(lambda profile, rng: sum(profile) + rng.normal(), (2, 2), repeats=3)
    assert f"{name} is not used" in fair_payments(measured, (1, 1), **option).warnings[0]


def test_thresholds_alone_are_exact_and_others_are_not():
    weights = np.arange(1, 27)
    jump = as_jump(np.column_stack([0 * weights, weights]), 127)
    alone = ThresholdUtility([jump], counts=[1] * 26)
    paid = fair_payments(alone, [1] * 26, exact=True)
    assert not paid.standard_errors.any()
    assert paid.values.tolist() == fair_payments(alone, [1] * 26, exact=True, engine="cubature").values.tolist()
    with_more = ThresholdUtility([jump], RootUtility(range(1, 27), None))
    with pytest.raises(SizeError, match="beside jumps"):
        fair_payments(with_more, [1] * 26, exact=True)


class Declared(RootUtility):
    """A user's own class that declares what the engines ask for."""

    jumps = (as_jump([[0, 1], [0, 2]], 300, 5),)
    smooth = True

    def evaluate_counts(self, counts):
        return super().evaluate_counts(counts) + 5.0 * self.jumps[0].evaluate_counts(counts)

    def without_jumps(self):
        return Smooth([1, 2], [150, 150])


class Smooth(RootUtility):
    smooth = True


def test_a_class_of_ones_own_gets_the_engines_by_what_it_declares():
    utility = Declared([1, 2], [150, 150])
    profile = [[0, 150]] * 2
    exact = fair_payments(utility, profile, engine="types")
    paid = fair_payments(utility, profile, engine="cubature")
    assert "1 declared jumps" in paid.reason
    np.testing.assert_allclose(paid.values, exact.values, rtol=1e-3)


class Known(RootUtility):
    """Additive: what moves bring is known."""

    def evaluate_counts(self, counts):
        return (counts[:, :, 1] @ self.weights).astype(float)

    def prices_moves(self, counts):  # noqa: ARG002
        return True

    def price_moves(self, counts, **how):  # noqa: ARG002
        values = np.zeros((len(self.weights), 2, 2))
        values[:, :, 1] = self.weights[:, None]
        return PricedMoves(values, 0.0, float(self.evaluate_counts(counts[None])[0]), 1.0)


def test_moves_that_a_class_prices_are_not_sampled():
    utility = Known(range(1, 41), None)
    paid = fair_payments(utility, [1] * 40, exact=True)
    assert paid.engine == "integrals"
    assert paid.values.tolist() == list(range(1, 41))
