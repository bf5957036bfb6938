import math
from fractions import Fraction

import numpy as np
import pytest

from fairgames.mechanism.symmetric.families import families
from fairgames.mechanism.symmetric.game import symmetric_game
from fairgames.mechanism.symmetric.mechanism import symmetric_mechanism
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.table import TableUtility

X = np.linspace(0, 1, 4001)


def mean(table, x):
    n = len(table) - 1
    return sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) * value for k, value in enumerate(table))


class Families:
    """Equilibria of the stated families at one alpha, straight from their conditions, by a scan over x."""

    def __init__(self, utilities, gains, cost):
        self.U, self.g, self.c = [float(u) for u in utilities], [float(g) for g in gains], float(cost)
        self.n = len(gains)
        self.tables = []
        for mixing in range(2, self.n + 1):
            for sure in range(self.n - mixing + 1):
                out = self.n - sure - mixing
                gain = mean(self.g[sure : sure + mixing], X)
                stay = mean(self.g[sure - 1 : sure + mixing], X) if sure else np.full(X.shape, np.inf)
                away = mean(self.g[sure : sure + mixing + 1], X) if out else np.full(X.shape, -np.inf)
                self.tables.append((gain, stay, away, mean(self.U[sure : sure + mixing + 1], X)))

    def utilities_at(self, alpha):
        need = self.c / alpha if alpha > 0 else math.inf if self.c > 0 else 0.0
        found = [
            self.U[k]
            for k in range(self.n + 1)
            if (k == 0 or self.g[k - 1] >= need) and (k == self.n or self.g[k] <= need)
        ]
        if alpha > 0:
            for gain, stay, away, worth in self.tables:
                crossing = np.flatnonzero((gain[:-1] - need) * (gain[1:] - need) < 0)
                here = crossing[(stay[crossing] >= need) & (away[crossing] <= need)]
                part = (need - gain[here]) / (gain[here + 1] - gain[here])
                found.extend(worth[here] + part * (worth[here + 1] - worth[here]))
        return found

    def lowest(self, alpha):
        return (1 - alpha) * min(self.utilities_at(alpha))

    def highest(self, alpha):
        return (1 - alpha) * max(self.utilities_at(alpha))


def check_worst(mechanism, n_alphas=250):
    families = Families(mechanism.utilities, mechanism.gains, mechanism.cost)
    scale = float(max(abs(mechanism.utilities)))
    # Beside its highest point the floor may fall as steeply as a square root.
    step, drop = 1e-5 * scale, 2e-3 * scale
    # Generic alphas only: what exists at a single alpha never raises the supremum.
    grid = (np.arange(n_alphas) + 0.5123) / n_alphas
    value, alpha = float(mechanism.value), float(mechanism.alpha)
    assert max(families.lowest(a) for a in grid) <= value + step
    side = {"above": 1e-6, "below": -1e-6, None: 0.0}[mechanism.overall.approached_from]
    beside = [a for a in (alpha + side, alpha + 1e-6, alpha - 1e-6) if 0 <= a <= 1]
    assert max(families.lowest(a) for a in beside) >= value - drop
    if mechanism.overall.approached_from is not None:
        assert not mechanism.attained
        assert families.lowest(alpha + side) >= value - drop


def test_the_highest_floor_may_lie_between_the_points_of_any_grid():
    mechanism = symmetric_mechanism([0, "5/3", "5/3", "13/3", "35/6", "47/6", "59/6", "65/6"], "9/8", selection="worst")
    families = Families(mechanism.utilities, mechanism.gains, mechanism.cost)
    highest = max(families.lowest(alpha) for alpha in np.linspace(0.85, 0.852, 101))
    assert highest <= float(mechanism.value) <= highest + 1e-5
    check_worst(mechanism)


def test_tables_are_as_close_as_they_say():
    rng = np.random.default_rng(3)
    branches = 0
    for _ in range(8):
        game = symmetric_game(random_values(rng, 4, concave=False), "1/2")
        for family in families(game):
            ends = float(family.alpha_from), float(family.alpha_to)
            for alpha in rng.uniform(*ends, 5):
                assert abs(family.sampled(np.array([alpha])).item() - family.utility_at(alpha)) <= family.resolution
            branches += family.resolution > 0
    assert branches > 10


def random_values(rng, n_users, *, concave):
    steps = rng.integers(0, 20, n_users)
    return [Fraction(int(v), 10) for v in np.concatenate([[0], np.cumsum(np.sort(steps)[::-1] if concave else steps)])]


@pytest.mark.parametrize("concave", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_worst_is_the_highest_floor_over_all_families(seed, concave):
    check_random_worst(seed, concave)


@pytest.mark.slow
@pytest.mark.parametrize("concave", [True, False])
def test_worst_is_the_highest_floor_over_all_families_many(concave):
    for seed in range(100, 220):
        check_random_worst(seed, concave)


def check_random_worst(seed, concave):
    rng = np.random.default_rng([seed, concave])
    n_users = int(rng.integers(2, 6))
    values = random_values(rng, n_users, concave=concave)
    cost = Fraction(int(rng.integers(1, 25)), 20)
    check_worst(symmetric_mechanism(values, cost, selection="worst"))


@pytest.mark.parametrize("values", [[0, 3, 1, 4, 2], [0, -1, 2, -1], [0, 1, 1, 5], [0, 5, 2, 1], [0, 8, 4, 7, 6]])
@pytest.mark.parametrize("cost", ["1/10", "1/2", 1])
def test_worst_of_rough_utilities(values, cost):
    check_worst(symmetric_mechanism(values, cost, selection="worst"))


@pytest.mark.parametrize(("n_users", "cost"), [(2, "9/20"), (3, "3/10"), (5, "1/8"), (8, "1/20")])
def test_worst_of_the_dp_mean(n_users, cost):
    check_worst(symmetric_mechanism(DPMeanUtility([0, math.inf], n_users=n_users), cost, selection="worst"))


@pytest.mark.parametrize("values", [[0, 3, 2, -1], [0, 2, 5, -2, -4]])
def test_worst_at_no_cost_counts_mixtures_that_exist_at_every_alpha(values):
    mechanism = symmetric_mechanism(values, 0, selection="worst")
    # At every positive alpha the equilibria are the same, so the floor is highest as alpha falls to 0, or at 1.
    families = Families(mechanism.utilities, mechanism.gains, 0)
    floor = families.lowest(1e-9)
    assert math.isclose(float(mechanism.value), max(floor, 0), abs_tol=1e-2)


def test_where_the_last_user_is_indifferent_the_floor_is_only_approached():
    mechanism = symmetric_mechanism([0, "2/3", 1], "1/4", selection="worst")
    assert (mechanism.alpha, mechanism.value, mechanism.exact) == (Fraction(1, 2), Fraction(1, 2), True)
    assert not mechanism.attained
    assert mechanism.overall.approached_from == "above"
    assert mechanism.overall.less_private == 2


def test_pure_equilibria_alone_promise_more():
    mechanism = symmetric_mechanism([0, "2/3", 1], "9/20", selection="worst")
    assert mechanism.asymmetric.value > mechanism.value
    assert mechanism.asymmetric.alpha == Fraction(27, 40)
    assert mechanism.asymmetric.value == Fraction(13, 40) * Fraction(2, 3)


@pytest.mark.parametrize("seed", range(6))
def test_the_overall_best_beats_every_family_when_both_actions_earn(seed):
    rng = np.random.default_rng(seed)
    by_counts = {}
    table = np.empty((3, 3, 3), dtype=object)
    for profile in np.ndindex(table.shape):
        key = tuple(sorted(profile))
        by_counts.setdefault(key, Fraction(int(rng.integers(1, 30)), 10) * sum(key))
        table[profile] = by_counts[key]
    mechanism = symmetric_mechanism(TableUtility(table), Fraction(int(rng.integers(1, 8)), 10), actions=(1, 2))
    families = Families(mechanism.utilities, mechanism.gains, mechanism.cost)
    best = float(mechanism.overall.value)
    assert best >= max(families.highest(alpha) for alpha in (np.arange(300) + 0.5) / 300) - 1e-3
    alpha = float(mechanism.overall.alpha)
    assert max(families.highest(a) for a in (alpha, alpha + 1e-9, alpha - 1e-9) if 0 <= a <= 1) >= best - 5e-3
    assert mechanism.overall.value >= max(mechanism.value, mechanism.asymmetric.value)


def test_with_absent_the_pure_optimum_is_the_overall_one_and_fairness_costs_nothing():
    values = [Fraction(v) for v in (0, 7, 9, 14, 15)]
    mechanism = symmetric_mechanism(values, 3)
    exactly_paid = max(value - 3 * k for k, value in enumerate(values))
    assert mechanism.overall.value == mechanism.asymmetric.value == exactly_paid
    assert mechanism.price_of_fairness == 1
    chosen = mechanism.asymmetric
    assert chosen.alpha == Fraction(3 * chosen.less_private) / chosen.utility
    assert chosen.less_private + chosen.more_private == 4
