"""Optima among very many users, against exact ones where these can be had."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from fairgames import (
    CountUtility,
    DPMeanUtility,
    FairGamesError,
    FederatedMeanUtility,
    InputError,
    SizeError,
    ThresholdUtility,
    optimal_alpha,
)
from fairgames.mechanism.crowds.bound import cost_bound
from fairgames.mechanism.crowds.game import scale_game, spread_over_entries
from fairgames.mechanism.crowds.optimum import optimal_alpha_at_scale
from fairgames.mechanism.crowds.relaxation import proved_bound, relaxed
from fairgames.payments.counts import count_potential
from fairgames.payments.pricing import fair_payments
from fairgames.scenario.limits import as_limits
from fairgames.tolerance import CROWD_GAIN
from fairgames.utility.grouped import GroupedUtility
from fairgames.utility.threshold import as_jump

MILLION = [500_000, 300_000, 200_000]


class LogUtility(GroupedUtility):
    """A concave utility that declares nothing."""

    def __init__(self, sizes):
        super().__init__(list(range(len(sizes))), sizes, 2)

    def evaluate_counts(self, counts):
        return np.log1p(counts[:, :, 1] @ (1.0 + np.arange(counts.shape[1])))


SMALL = {
    "two levels": (DPMeanUtility([[0, 0.5], [0, 2]], counts=[40, 40]), [[0, 0.004], [0, 0.008]]),
    "one type stays out": (DPMeanUtility([[0, 0.1], [0, 0.2]], counts=[30, 50]), [[0, 0.002], [0, 0.001]]),
    "three levels": (
        DPMeanUtility([[0, 0.1, 1], [0, 0.3, 3]], counts=[60, 40]),
        [[0, 0.001, 0.003], [0, 0.002, 0.004]],
    ),
    "free levels": (DPMeanUtility([[0, 0.1, 1], [0, 0.3, 3]], counts=[40, 20]), [[0, 0, 0.003], [0, 0, 0.004]]),
    "a forbidden level": (
        DPMeanUtility([[0, 0.1, 1], [0, 0.3, 3]], counts=[40, 20]),
        [[0, np.inf, 0.003], [0, 0.002, np.inf]],
    ),
    "federated": (FederatedMeanUtility([10, 50], 1.0, 10.0, counts=[40, 30]), [[0, 0.2, 0.6], [0, 0.3, 0.5]]),
    "federated, dear": (FederatedMeanUtility([10, 50], 0.1, 20.0, counts=[30, 40]), [[0, 0.7, 2.6], [0, 0.9, 3.5]]),
    "nothing declared": (LogUtility([70, 60]), [[0, 0.02], [0, 0.03]]),
    "a star": (DPMeanUtility([[0, 0.2], [0, 5]], counts=[120, 1]), [[0, 0.002], [0, 0.05]]),
}


def most_gained(utility, costs, alpha, profile):
    """Most that a user gains by moving, from the exact potential, relative to payments and costs."""
    table = count_potential(utility)
    levels = np.asarray(profile)
    counts = np.stack([np.bincount(levels[utility.types == k], minlength=costs.shape[1]) for k in (0, 1)])
    P = {}
    worst = -np.inf

    def potential(state):
        key = state.tobytes()
        if key not in P:
            P[key] = float(table.potential.reshape(-1)[table.lattice.state(state[None])[0]])
        return P[key]

    for user, level in enumerate(levels.tolist()):
        kind = utility.types[user]
        for other in range(costs.shape[1]):
            if other != level and np.isfinite(costs[user, other]):
                moved = counts.copy()
                moved[kind, level] -= 1
                moved[kind, other] += 1
                gain = alpha * (potential(moved) - potential(counts)) - (costs[user, other] - costs[user, level])
                worst = max(worst, gain)
    scale = max(alpha * float(table.utility.max()) / len(levels), float(costs[np.isfinite(costs)].max()))
    return worst / scale


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if "three" in name or "federated" in name else ()) for name in SMALL],
)
def test_comes_close_to_the_exact_optimum_where_that_is_known(name):
    utility, costs = SMALL[name]
    by_user = np.repeat(np.array(costs, dtype=float), utility.type_sizes, axis=0)
    exact = optimal_alpha(utility, by_user, engine="types")
    found = optimal_alpha(utility, by_user, engine="at-scale")
    assert found.value <= exact.value + 1e-4 * abs(exact.utility)
    assert found.value >= 0.999 * exact.value
    assert most_gained(utility, by_user, found.alpha, found.profile) <= CROWD_GAIN
    assert found.payments.sum() == pytest.approx(found.alpha * found.utility)
    if name != "nothing declared":
        assert found.upper_bound >= exact.value - 1e-12


@pytest.mark.slow
def test_users_of_one_type_may_all_have_costs_of_their_own():
    rng = np.random.default_rng(3)
    utility = DPMeanUtility([[0, 0.2, 1], [0, 0.5, 4]], counts=[50, 40])
    costs = np.zeros((90, 3))
    costs[:, 1] = rng.uniform(0, 0.006, 90)
    costs[:, 2] = costs[:, 1] + rng.uniform(0, 0.01, 90)
    exact, found = (optimal_alpha(utility, costs, engine=engine) for engine in ("types", "at-scale"))
    assert 0.999 * exact.value <= found.value <= exact.value + 1e-4
    assert most_gained(utility, costs, found.alpha, found.profile) <= CROWD_GAIN


@pytest.mark.parametrize(
    ("utility", "costs"),
    [
        pytest.param(
            FederatedMeanUtility([10, 30, 100], 1.0, 10.0, counts=MILLION),
            [[0, 0.2, 1.0], [0, 0.3, 1.2], [0, 0.3, 1.0]],
            marks=pytest.mark.slow,
        ),
        (DPMeanUtility([[0, 0.5], [0, 1], [0, 2]], counts=MILLION), [[0, 2e-7], [0, 4e-7], [0, 3e-7]]),
    ],
)
def test_a_million_users_stay_where_they_are_by_recomputed_payments(utility, costs):
    found = optimal_alpha(utility, costs, counts=MILLION)
    assert found.profile.sum(axis=1).tolist() == MILLION
    assert found.searched.endswith("not exhaustive")
    assert found.reason.startswith("at scale: 1,000,000 users")
    assert found.value <= found.upper_bound
    assert not any("not verified" in text for text in found.warnings)
    for kind, level in np.argwhere(found.profile > 0).tolist():
        stays = fair_payments(utility, found.profile, found.alpha).values[kind, level] - costs[kind][level]
        assert stays >= -1e-3 * max(costs[kind])
        for other in range(len(costs[kind])):
            moved = found.profile.copy()
            moved[kind, level] -= 1
            moved[kind, other] += 1
            gains = fair_payments(utility, moved, found.alpha).values[kind, other] - costs[kind][other] - stays
            assert gains <= 1e-3 * max(costs[kind])


def test_types_and_entries_in_any_division_give_the_same_answer():
    utility = DPMeanUtility([[0, 0.5], [0, 2]], counts=[40_000, 40_000])
    whole = optimal_alpha(utility, [[0, 4e-6], [0, 5e-6]], counts=[40_000, 40_000])
    split = optimal_alpha(utility, [[0, 4e-6], [0, 4e-6], [0, 5e-6]], counts=[10_000, 30_000, 40_000])
    one_row = optimal_alpha(utility, [0, 4e-6])
    assert split.value == whole.value
    assert np.array_equal(split.profile[:2].sum(axis=0), whole.profile[0])
    assert one_row.profile.shape == (2, 2)


@pytest.mark.parametrize(
    ("values", "cost"), [([0, 1, 1.8, 2.4, 2.8], 0.5), ([0, 0.1, 0.3, 0.9, 1.0], 0.2), ([0, 1, 1, 1], 2.0)]
)
def test_identical_users_have_a_closed_form(values, cost):
    utility = CountUtility(values)
    found = optimal_alpha(utility, [0, cost], engine="at-scale")
    exact = optimal_alpha(utility, [0, cost], engine="dense")
    assert found.value == pytest.approx(exact.value)
    assert found.alpha == pytest.approx(exact.alpha)
    assert found.gap == 0
    assert found.regret == pytest.approx(0, abs=1e-12)


def test_a_million_identical_users_reach_the_bound():
    utility = DPMeanUtility([0, 2.0], n_users=1_000_000)
    found = optimal_alpha(utility, [0, 3e-7])
    present = np.arange(1_000_001)
    kept = (1 + 2e-6) * present**2 / (present * (present + 2.0) + 24 / 4) - 3e-7 * present
    assert found.value == pytest.approx(kept.max(), rel=1e-12)
    assert found.profile.tolist() == [[1_000_000 - kept.argmax(), kept.argmax()]]


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_holds_at_every_state(seed):
    rng = np.random.default_rng(seed)
    sizes = [6, 5]
    utility = (
        FederatedMeanUtility(
            rng.uniform(1, 50, 2), 1.0, 20.0, counts=sizes, aggregation=("uniform", "weighted")[seed % 2]
        )
        if seed < 3
        else DPMeanUtility(np.sort(rng.uniform(0, 3, (2, 3)), axis=1) * [0, 1, 1], counts=sizes)
    )
    costs = rng.uniform(0, 0.6 if seed < 3 else 0.05, (2, 3)) * [0, 1, 1]
    game = scale_game(utility, costs, counts=sizes)
    per_type = [[s for s in product(range(n + 1), repeat=3) if sum(s) == n] for n in sizes]
    states = np.array(list(product(*per_type)))
    kept = utility.evaluate_counts(states) - (states * costs).sum(axis=(1, 2))
    bound = cost_bound(game)
    assert bound.bound >= kept.max() - 1e-12
    assert bound.state.sum(axis=1).tolist() == game.sizes.tolist()
    if bound.tight:
        assert bound.bound <= kept.max() + 1e-3 * abs(kept.max())


CROWD = {
    "utility": DPMeanUtility([[0, 0.5], [0, 2.0]], counts=[6000, 4000]),
    "costs": [[0, 1e-5], [0, 4e-5]],
    "counts": [6000, 4000],
}


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_bound_below_the_value_is_an_error_and_shows(monkeypatch, share):
    proved = optimal_alpha_at_scale(**CROWD)
    assert proved.upper_bound >= proved.value
    too_low = replace(cost_bound(scale_game(**CROWD)), bound=share * proved.value)
    monkeypatch.setattr("fairgames.mechanism.crowds.optimum.cost_bound", lambda _: too_low)
    with pytest.raises(FairGamesError, match=r"upper_bound: .* which is reached"):
        optimal_alpha_at_scale(**CROWD)


def test_rounding_and_what_users_are_not_paid_may_exceed_a_bound():
    assert proved_bound(1.0, 1.0 + 1e-13) == 1.0 + 1e-13
    assert proved_bound(1.0, 1.01, unpaid=0.02) == 1.0
    assert proved_bound(1.0, 0.5) == 1.0
    with pytest.raises(FairGamesError, match="please report it"):
        proved_bound(1.0, 1.01, unpaid=0.001)


def test_a_relaxation_below_a_value_that_is_reached_shows(monkeypatch):
    def halved(*told):
        choices = relaxed(*told)
        return replace(choices, values=choices.values / 2)

    monkeypatch.setattr("fairgames.mechanism.crowds.relaxation.relaxed", halved)
    with pytest.raises(FairGamesError, match="upper_bound"):
        cost_bound(scale_game(**CROWD))


def test_no_bound_is_claimed_for_a_utility_that_declares_nothing():
    found = optimal_alpha(LogUtility([70, 60]), [0, 0.02], engine="at-scale")
    assert found.upper_bound is None
    assert found.gap is None
    assert "no bound is known" in found.reason


def test_where_nobody_may_stay_absent_the_largest_utility_bounds():
    utility = DPMeanUtility([[0, 0.5, 1], [0, 2, 4]], counts=[40, 40])
    found = optimal_alpha(utility, [0, 0.1, 0.2], actions=(1, 2), engine="at-scale")
    assert found.alpha == 0
    assert found.price_of_fairness is None
    assert found.value <= found.upper_bound <= utility([[0, 0, 40], [0, 0, 40]])


@pytest.mark.parametrize(
    "limits",
    [
        {"alpha_range": (0.3, 0.5)},
        *(
            pytest.param(limits, marks=pytest.mark.slow)
            for limits in ({"budget": 0.05}, {"min_utility": 0.95}, {"budget": 0.15, "min_utility": 0.8})
        ),
    ],
)
def test_limits_hold(limits):
    utility, costs = SMALL["three levels"]
    found = optimal_alpha(utility, costs, counts=utility.type_sizes, engine="at-scale", **limits)
    exact = optimal_alpha(utility, costs, counts=utility.type_sizes, engine="types", **limits)
    low, high = limits.get("alpha_range", (0, 1))
    assert low <= found.alpha <= high
    assert found.alpha * found.utility <= limits.get("budget", np.inf) + 1e-12
    assert found.utility >= limits.get("min_utility", 0)
    assert found.value <= exact.value + 1e-4


def test_says_when_nothing_met_the_limits():
    utility, costs = SMALL["two levels"]
    found = optimal_alpha(utility, costs, counts=utility.type_sizes, engine="at-scale", min_utility=2)
    assert not found.feasible
    assert "not exhaustive" in found.infeasible


def test_the_engine_fits_the_size_and_says_so():
    pair = optimal_alpha([[0, 1], [1, 2]], [0, 0.1])
    crowd = optimal_alpha(DPMeanUtility([0, 1.0], n_users=100), [0, 0.001])
    assert pair.reason == "dense: all 4 profiles"
    assert crowd.reason == "types: 100 users of 1 type: all 101 states of counts"


@pytest.mark.slow
def test_declared_jumps_are_priced_at_scale():
    base = DPMeanUtility([[0, 0.5], [0, 2]], counts=[30_000, 30_000])
    utility = ThresholdUtility([as_jump([[0, 1], [0, 1]], quota=20_000, height=1)], base)
    found = optimal_alpha(utility, [[0, 1e-5], [0, 2e-5]], counts=[30_000, 30_000])
    assert found.upper_bound is None
    assert found.utility > 0.9


def test_entries_share_the_levels_of_their_group():
    utility = DPMeanUtility([[0, 0.5], [0, 2]], counts=[10, 5])
    game = scale_game(utility, [[0, 1], [0, 2], [0, 1], [0, 1]], counts=[4, 2, 4, 5])
    state = np.array([[5, 3], [1, 1], [0, 5]])
    shares = spread_over_entries(game, state)
    assert shares.tolist() == [[4, 0], [1, 1], [1, 3], [0, 5]]


@pytest.mark.parametrize(
    ("changed", "argument"),
    [
        ({"counts": [40, 41]}, "counts"),
        ({"counts": [40.0, 40.0]}, "counts"),
        ({"counts": [80, 0]}, "counts"),
        ({"counts": [20, 40, 20], "costs": [[0, 1]] * 3}, "counts"),
        ({"costs": [[0, 1]]}, "costs"),
        ({"costs": [[0, -1], [0, 1]]}, r"costs\[0, 1\]"),
        ({"margin": 0.1}, "margin"),
        ({"selection": "worst"}, "selection"),
        ({"selection": "potential"}, "selection"),
        ({"blocs": [[0, 1]]}, "engine"),
        ({"engine": "magic"}, "engine"),
    ],
)
def test_bad_input_is_refused(changed, argument):
    utility, costs = SMALL["two levels"]
    arguments = {"costs": costs, "counts": [40, 40], "engine": "at-scale"} | changed
    with pytest.raises(InputError, match=f"^{argument}:"):
        optimal_alpha(utility, **arguments)


def test_too_many_types_of_too_many_users_are_refused_at_once():
    crowd = FederatedMeanUtility(range(5, 45), 1.0, 10.0, counts=[25_000] * 40)
    with pytest.raises(SizeError, match=r"1,000,000 users of 40 types .* merge types"):
        optimal_alpha(crowd, [0, 0.1, 0.3])


def test_limits_may_be_left_out():
    utility, costs = SMALL["two levels"]
    plain = optimal_alpha_at_scale(utility, costs, counts=[40, 40])
    assert plain == optimal_alpha_at_scale(utility, costs, counts=[40, 40], limits=as_limits())
