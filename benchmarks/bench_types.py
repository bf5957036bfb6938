"""A hundred users of two types with a hundred different costs: payments, the exact optimum, every alpha set.

Three levels give 1.76 million count states. The peer is the dense optimum over all profiles, in the same
run, on the largest case that it handles comfortably (2 types of 6 users, 3^12 profiles), and the brute
force over the alpha sets of its profiles, from the definition, on a small one (2 types of 3).
"""

import resource
from itertools import product

import numpy as np
from timing import claim, least, run

from fairgames import FederatedMeanUtility
from fairgames.mechanism.dense import best_pure
from fairgames.mechanism.problem import as_problem
from fairgames.mechanism.types import prune, stable_ranges, types_game, types_optimum
from fairgames.payments.counts import count_potential
from fairgames.scenario.limits import as_limits


def types_optimal_alpha(utility, costs, selection="best"):
    """The optimum on counts, checks included."""
    return types_optimum(as_problem(utility, costs), selection)


def federated(size):
    return FederatedMeanUtility([100, 10], between_variance=1.0, within_variance=10.0, counts=[size, size])


def different_costs(n_users, spread, seed=0):
    """Costs that all differ: a level-1 cost, and a further one for level 2."""
    rng = np.random.default_rng(seed)
    steps = rng.uniform(0.02, 1, size=(n_users, 2)) * spread
    return np.column_stack([np.zeros(n_users), np.cumsum(steps, axis=1)])


def tied_costs(n_users, share, seed=0):
    """Costs of which a share is 0: the hard case for pruning."""
    costs = different_costs(n_users, 1.0, seed)
    costs[np.random.default_rng(seed).random(n_users) < share] = 0
    return costs


def hundred_users():
    """What no list of 3^100 profiles could hold."""
    alone = "3^100 profiles cannot be listed"
    utility = federated(50)
    took, table = least(count_potential, utility)
    name = f"100 users of 2 types, 3 levels, {table.lattice.n_states:,} states"
    claim(f"{name}: all payments at all states", took, alone, most=10)
    for title, costs in (
        ("all costs different, small", different_costs(100, 0.2)),
        ("all costs different, medium", different_costs(100, 1.0)),
        ("all costs different, large", different_costs(100, 3.0)),
        ("30 % of the users cost nothing", tied_costs(100, 0.3)),
        ("60 % of the users cost nothing", tied_costs(100, 0.6)),
    ):
        whole, optimum = least(types_optimal_alpha, utility, costs, repeat=2)
        claim(f"{title}: exact optimum, from scratch", whole, alone, most=3)
        print(f"    alpha {optimum.alpha:.6f}, keeps {optimum.value:.4f}")
        game = types_game(as_problem(utility, costs))
        pruned, survivors = least(prune, game, repeat=2)
        claim(f"{title}: pruning to {len(survivors):,} states", pruned, alone)
        if len(survivors) <= 100_000:
            listed, ranges = least(stable_ranges, game, survivors, repeat=2)
            claim(f"{title}: every alpha set ({len(ranges):,} ranges)", listed, alone)
            claim(f"{title}: worst", least(types_optimal_alpha, utility, costs, "worst", repeat=1)[0], alone)
        claim(f"{title}: potential", least(types_optimal_alpha, utility, costs, "potential", repeat=1)[0], alone)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    claim("100 users of 2 types: memory of the process", memory, alone, unit="GiB", most=1)


def against_dense():
    """Where all profiles can be listed in a moment."""
    utility, costs = federated(6), different_costs(12, 1.0)
    ours, optimum = least(types_optimal_alpha, utility, costs)
    took, search = least(lambda: best_pure(as_problem(utility, costs, None, as_limits())))
    claim("12 users, 2 types of 6, all costs different", ours, "our dense optimum over 3^12 profiles", took)
    print(f"    difference of the values {abs(optimum.value - search.peak.value):.1e}")


def against_brute_force():
    """Every profile and deviation, from the definition."""
    utility, costs = federated(3), different_costs(6, 1.0)
    ours, optimum = least(types_optimal_alpha, utility, costs)
    took, value = least(brute_force, utility, costs, repeat=1)
    claim("6 users, 2 types of 3, all costs different", ours, "every profile and deviation, from the definition", took)
    print(f"    difference of the values {abs(optimum.value - value):.1e}")


def brute_force(utility, costs):
    """Best pure equilibrium over all profiles, by the potential's recursion written out in plain Python."""
    profiles = sorted(product(range(3), repeat=len(costs)), key=np.count_nonzero)
    U = {profile: utility(profile) for profile in profiles}
    P = {}
    for profile in profiles:
        present = [user for user, level in enumerate(profile) if level]
        without = [P[(*profile[:user], 0, *profile[user + 1 :])] for user in present]
        P[profile] = (U[profile] + sum(without)) / len(present) if present else 0.0
    best = -np.inf
    for profile in profiles:
        lo, hi = 0.0, 1.0
        for user, level in enumerate(profile):
            for other in range(3):
                gain = P[profile] - P[(*profile[:user], other, *profile[user + 1 :])]
                need = costs[user, level] - costs[user, other]
                if gain > 1e-12:
                    lo = max(lo, need / gain)
                elif gain < -1e-12:
                    hi = min(hi, need / gain)
                elif need > 1e-12:
                    hi = -1.0
        if lo <= hi:
            best = max(best, (1 - (lo if U[profile] >= 0 else hi)) * U[profile])
    return best


def main():
    hundred_users()
    against_dense()
    against_brute_force()


if __name__ == "__main__":
    run(main)
