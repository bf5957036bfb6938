"""A good alpha among ever more users: time, states priced, regret, and distance from the exact optimum and the bound.

``python benchmarks/bench_at_scale.py`` prints all claims; exact optima are found in the same run.
"""

import numpy as np
from timing import claim, least, run

from fairgames import DPMeanUtility, FederatedMeanUtility, optimal_alpha

ALONE = "no peer searches among so many"


def against_exact():
    """Where all counts can be enumerated."""
    for half in (20, 40, 80):
        utility = DPMeanUtility([[0, 0.1, 1], [0, 0.3, 3]], counts=[half, half])
        costs = [[0, 0.06 / half, 0.18 / half], [0, 0.12 / half, 0.24 / half]]
        took, found = least(optimal_alpha, utility, costs, counts=[half, half], engine="at-scale", repeat=1)
        exact_took, exact = least(optimal_alpha, utility, np.repeat(costs, half, axis=0), engine="types", repeat=1)
        claim(f"{2 * half} users of two types", took, "exact, on all counts", exact_took)
        short = 1 - found.value / exact.value
        claim(f"{2 * half} users of two types, value lost", short, "beside the exact optimum", unit="of the value")


def growing():
    """Where they cannot: three types."""
    for n_users in (10**5, 10**6, 10**7):
        sizes = [n_users // 2, 3 * n_users // 10, n_users // 5]
        costs = np.array([[0, 0.12, 0.5], [0, 0.16, 0.4], [0, 0.2, 0.3]])
        federated = FederatedMeanUtility([10, 30, 100], 1.0, 10.0, counts=sizes, aggregation="weighted")
        private = DPMeanUtility([[0, 0.5], [0, 1], [0, 2.0]], counts=sizes)
        few = np.array([[0, 0.2], [0, 0.4], [0, 0.3]]) / n_users
        for name, utility, borne in (("federated mean", federated, costs), ("DP mean", private, few)):
            at_scale(f"{n_users:,} users of three types, {name}", utility, borne, sizes)


def at_scale(name, utility, costs, counts=None, most=None):
    """Seconds, and the gap to the bound."""
    took, found = least(optimal_alpha, utility, costs, counts=counts, engine="at-scale", repeat=1)
    gap = 1 - found.value / found.upper_bound
    claim(name, took, ALONE, most=most)
    claim(f"{name}, gap to the bound", gap, ALONE, unit="of the bound")
    print(f"    alpha {found.alpha:.5f}, regret / largest cost {found.regret / costs[np.isfinite(costs)].max():.1e}")
    return took, found


def unlike(n_users, name):
    """Users who are all different, and costs of their own; the federated mean without its aggregate."""
    rng = np.random.default_rng(n_users)
    if name == "federated mean":
        costs = np.column_stack([np.zeros(n_users), np.full(n_users, np.inf), rng.uniform(0.5, 1.5, n_users)])
        return FederatedMeanUtility(rng.uniform(5, 100, n_users), 8.0, 39.0), costs
    costs = np.column_stack([np.zeros(n_users), rng.uniform(0.1, 0.7, n_users) / n_users])
    return DPMeanUtility(np.column_stack([np.zeros(n_users), rng.uniform(0.5, 5, n_users)])), costs


def different():
    """Against all profiles where these can be enumerated, and beyond."""
    for n_users, most in ((10, None), (16, 2), (85, 10), (160, 20)):
        for name in ("federated mean", "DP mean"):
            utility, costs = unlike(n_users, name)
            took, found = at_scale(f"{n_users} different users, {name}", utility, costs, most=most)
            if n_users == 10:
                seconds, exact = least(optimal_alpha, utility, costs, engine="dense")
                claim(f"{n_users} different users, {name}", took, "exact, on all profiles", seconds)
                print(f"    value / exact {found.value / exact.value:.6f}")


def main():
    """Print all claims."""
    against_exact()
    growing()
    different()


if __name__ == "__main__":
    run(main)
