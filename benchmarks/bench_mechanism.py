"""The exact optimum against grids of alpha: Fig. 7 against Algorithm 1, Fig. 9 against nashpy.

Slow peers run on a sample and are scaled; the output says so.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
from timing import claim, least, run

from fairgames import FederatedMeanUtility, optimal_alpha, payment_table
from fairgames.equilibrium.intervals import payment_intervals
from fairgames.mechanism.problem import as_problem
from fairgames.mechanism.two_player.optimum import best_of_two
from fairgames.mechanism.two_player.two_groups import two_group_optima
from fairgames.payments.potential import potential_tensor

SAMPLES = [10, 10, 10, 10, 100, 10, 10, 10, 100, 10]
COSTS = [[0, 0.2, 2.4]] * 4 + [[0, 0.25, 3.3]] + [[0, 0.04, 0.21]] * 3 + [[0, 0.2, 2]] + [[0, 1.5, 20]]
GRID = np.linspace(0.01, 1, 100)


def figure_7() -> None:
    utility = FederatedMeanUtility(SAMPLES, between_variance=100, within_variance=1)
    U = utility.tensor()
    costs = [np.array(row, dtype=float) for row in COSTS]

    def intervals_and_optimum() -> object:
        lo, _, stable = payment_intervals([potential_tensor(U)] * U.ndim, costs)
        return np.where(stable, (1 - lo) * U, -np.inf).max()

    bare, _ = least(intervals_and_optimum, repeat=9)
    front, optimum = least(optimal_alpha, utility, COSTS, repeat=9)
    partitions = list(states())
    sample = [partitions[k] for k in np.linspace(0, len(partitions) - 1, 20).astype(int)]
    scale = len(partitions) / len(sample)
    printed = scale * least(lambda: [algorithm_1(utility, state, everybody()) for state in sample], repeat=1)[0]
    looped = len(partitions) * least(algorithm_1, utility, sample[10], everybody(), one_by_one, repeat=1)[0]
    skipping = scale * least(lambda: [algorithm_1(utility, state, one_of_each(state)) for state in sample])[0]
    print(f"Fig. 7, N = 10, 3 levels, {U.size:,} profiles: alpha = {optimum.alpha:.6f}, value {optimum.value:.6f}")
    for name, peer, bar in (
        (f"Algorithm 1 as printed, subset by subset (1 of {len(partitions)} partitions, scaled)", looped, 1_000),
        (f"Algorithm 1, subsets vectorised ({len(sample)} partitions, scaled)", printed, None),
        (f"the same, nothing repeated ({len(sample)} partitions, scaled)", skipping, None),
    ):
        claim("Fig. 7: potential, every interval and the optimum", bare, name, peer, most=0.05, wins=bar)
        claim("Fig. 7: optimal_alpha, with its landscape", front, name, peer)


TYPES = [[user for user, n in enumerate(SAMPLES) if n == size] for size in (10, 100)]


def states() -> Iterator[tuple[tuple[int, ...], ...]]:
    """Counts by type and level: the partitions of Algorithm 1."""
    per_type = [
        [counts for counts in itertools.product(range(len(users) + 1), repeat=3) if sum(counts) == len(users)]
        for users in TYPES
    ]
    yield from itertools.product(*per_type)


def levels_of(state: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """One representative profile of a partition."""
    profile = np.zeros(len(SAMPLES), dtype=int)
    for users, counts in zip(TYPES, state, strict=True):
        profile[users] = np.repeat(np.arange(3), counts)
    return profile


def everybody() -> list[tuple[int, int]]:
    """Every user, with its type: the loop that Algorithm 1 prints."""
    return [(kind, user) for kind, users in enumerate(TYPES) for user in users]


def one_of_each(state: tuple[tuple[int, ...], ...]) -> list[tuple[int, int]]:
    """One user of each type and level: the others would repeat its payments."""
    profile = levels_of(state)
    return [
        (kind, next(u for u in users if profile[u] == level))
        for kind, users in enumerate(TYPES)
        for level in sorted(set(profile[users].tolist()))
    ]


def algorithm_1(
    utility: FederatedMeanUtility,
    state: tuple[tuple[int, ...], ...],
    priced: list[tuple[int, int]],
    price: Callable[..., float] | None = None,
) -> float:
    """One partition of the paper's Algorithm 1, with payments at every deviation as its test needs them."""
    price = price or shapley
    profile = levels_of(state)
    pay = {
        (kind, int(profile[user])): [price(utility, profile, user, other) for other in range(3)]
        for kind, user in priced
    }
    worth = float(utility.evaluate(profile[None])[0])
    best = -math.inf
    for alpha in GRID:
        if all(assignable(alpha, kind, state[kind], pay) for kind in range(len(TYPES))):
            best = max(best, (1 - alpha) * worth)
    return best


def shapley(utility: FederatedMeanUtility, profile: np.ndarray, user: int, level: int) -> float:
    """Theorem 2, summed over subsets (vectorised over them)."""
    changed = profile.copy()
    changed[user] = level
    others = [other for other in range(len(profile)) if other != user]
    masks = np.array(list(itertools.product((0, 1), repeat=len(others))))
    without = np.zeros((len(masks), len(profile)), dtype=int)
    without[:, others] = masks * changed[others]
    joined = without.copy()
    joined[:, user] = level
    weights = np.array([1 / math.comb(len(others), size) for size in masks.sum(axis=1)])
    return float(weights @ (utility.evaluate(joined) - utility.evaluate(without))) / len(profile)


def one_by_one(utility: FederatedMeanUtility, profile: np.ndarray, user: int, level: int) -> float:
    """Theorem 2, one subset after the other."""
    changed = profile.copy()
    changed[user] = level
    others = [other for other in range(len(profile)) if other != user]
    total = 0.0
    for size in range(len(profile)):
        for subset in itertools.combinations(others, size):
            joined = np.zeros(len(profile), dtype=int)
            joined[list(subset)] = changed[list(subset)]
            without = joined.copy()
            joined[user] = level
            gain = utility.evaluate(joined[None])[0] - utility.evaluate(without[None])[0]
            total += gain / math.comb(len(others), size)
    return float(total) / len(profile)


def assignable(alpha: float, kind: int, counts: tuple[int, ...], pay: dict[tuple[int, int], list[float]]) -> bool:
    """Tree search for users whose levels fill the counts, each at a level that it would not leave."""
    choices = []
    for user in TYPES[kind]:
        stable = [
            level
            for level in range(3)
            if counts[level]
            and all(
                alpha * (pay[kind, level][level] - pay[kind, level][other])
                >= COSTS[user][level] - COSTS[user][other] - 1e-9
                for other in range(3)
            )
        ]
        choices.append(stable)
    choices.sort(key=len)

    def place(user: int, left: list[int]) -> bool:
        if user == len(choices):
            return True
        for level in choices[user]:
            if left[level]:
                left[level] -= 1
                if place(user + 1, left):
                    return True
                left[level] += 1
        return False

    return place(0, list(counts))


def on_a_grid(pay: list[np.ndarray], worth: np.ndarray, costs: list[np.ndarray]) -> float:
    """Best that the platform keeps at 100 alphas, of the equilibria that nashpy finds."""
    import nashpy

    best = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for alpha in GRID:
            first, second = alpha * pay[0] - costs[0][:, None], alpha * pay[1] - costs[1]
            for x, y in nashpy.Game(first, second).support_enumeration():
                best = max(best, (1 - alpha) * float(x @ worth @ y))
    return best


def figure_9() -> None:
    worth = np.array([[0, 2 / 3], [2 / 3, 1]])
    costs = np.linspace(0, 1, 200)
    ours, optima = least(two_group_optima, worth, costs, costs, repeat=7)
    pay = np.array([[0, 0], [2 / 3, 1 / 2]])
    sample = np.random.default_rng(0).integers(0, 200, (200, 2))
    pairs = [[np.array([0, costs[place]]) for place in pair] for pair in sample]
    peer, kept = least(lambda: [on_a_grid([pay, pay.T], worth, pair) for pair in pairs], repeat=1)
    claim(
        "Fig. 9: 200 x 200 costs, no grid of alpha",
        ours,
        f"nashpy at 100 alphas ({len(sample)} pairs of costs, scaled)",
        peer / len(sample) * costs.size**2,
        most=0.2,
        wins=10_000,
    )
    print(f"    largest shortfall of the grid's value {(optima.value[*sample.T] - kept).max():.4f}")
    problem = as_problem([[0, "2/3"], ["2/3", 1]], [[0, Fraction(3, 10)], [0, Fraction(31, 100)]])
    exact, _ = least(best_of_two, problem, repeat=20)
    claim("one pair in rationals, every equilibrium", exact, "nashpy at 100 alphas, in floats", peer / len(sample))


def three_levels() -> None:
    utility = FederatedMeanUtility([10, 100], between_variance=1, within_variance=10)
    costs = [[0, 0.2, 0.6], [0, 0.5, 1.5]]
    ours, optimum = least(optimal_alpha, utility, costs, repeat=5)
    pay = [payment_table(utility).user(user) for user in range(2)]
    peer, kept = least(on_a_grid, pay, utility.tensor(), [np.array(row) for row in costs], repeat=1)
    claim("two users, three levels, every equilibrium in rationals", ours, "nashpy at 100 alphas, in floats", peer)
    print(f"    value {optimum.value:.4f}, of the grid {kept:.4f}")


def main() -> None:
    figure_7()
    figure_9()
    three_levels()


if __name__ == "__main__":
    run(main)
