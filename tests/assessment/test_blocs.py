"""Users that act together."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fairgames import InputError, compare_optima, optimal_alpha
from fairgames.mechanism.problem import as_problem

DP_MEAN = [[0, "2/3"], ["2/3", 1]]


def test_two_users_together_ask_for_more():
    costs = [0, "1/10"]
    change = compare_optima(optimal_alpha(DP_MEAN, costs), optimal_alpha(DP_MEAN, costs, blocs=[(0, 1)]))
    assert change.after.value - change.before.value == Fraction(7, 10) - Fraction(4, 5)
    assert sum(user.surplus_after for user in change.users) == Fraction(1, 10)
    assert sum(user.surplus_before for user in change.users) == 0
    assert "-1/10" in repr(change)


def test_single_users_change_nothing():
    costs = [[0, "1/10"], [0, "1/5"]]
    assert optimal_alpha(DP_MEAN, costs) == optimal_alpha(DP_MEAN, costs, blocs=[(0,), (1,)])


@pytest.mark.parametrize("blocs", [[(0, 1), (2,)], [(2, 0), (1,)], [(1,), (0, 2)], [(0, 1, 2)]])
def test_merged_arrays_are_sums_over_members(blocs):
    rng = np.random.default_rng(0)
    U = rng.random((2, 3, 2))
    U[0, 0, 0] = 0
    costs = [[0, 0.1], [0, 0.2, 0.3], [0, 0.05]]
    apart = as_problem(U, costs)
    together = as_problem(U, costs, blocs=blocs)
    for index in np.ndindex(together.utilities.shape):
        levels = together.levels(index)
        assert together.utilities[index] == U[levels]
        shares = apart.payments_at(levels)
        for player, bloc in enumerate(blocs):
            assert together.player_payments[player][index] == pytest.approx(sum(shares[user] for user in bloc))
            cost = sum(costs[user][levels[user]] for user in bloc)
            assert together.player_costs[player][index[player]] == pytest.approx(cost)


def test_the_best_with_blocs_is_an_equilibrium_of_the_blocs():
    rng = np.random.default_rng(4)
    for _ in range(10):
        U = rng.normal(0.6, 0.6, (2, 2, 2, 2))
        U[(0,) * 4] = 0
        costs = [[0, c] for c in rng.exponential(0.2, 4)]
        for blocs in ([(0, 1), (2, 3)], [(0, 3), (1,), (2,)]):
            found = optimal_alpha(U, costs, blocs=blocs)
            if found.profile is None:
                continue
            problem = as_problem(U, costs, blocs=blocs)
            for bloc in blocs:
                now = sum(
                    found.alpha * problem.payments_at(found.profile)[u] - costs[u][found.profile[u]] for u in bloc
                )
                for move in np.ndindex((2,) * len(bloc)):
                    levels = list(found.profile)
                    for user, level in zip(bloc, move, strict=True):
                        levels[user] = level
                    pay = problem.payments_at(levels)
                    assert sum(found.alpha * pay[u] - costs[u][levels[u]] for u in bloc) <= now + 1e-9


@pytest.mark.parametrize("blocs", [[(0,)], [(0, 2), (1,)], [], "01"])
def test_bad_blocs(blocs):
    with pytest.raises(InputError, match="blocs"):
        optimal_alpha(DP_MEAN, [0, "1/10"], blocs=blocs)
