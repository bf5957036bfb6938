"""A good alpha among ever more users: time, states priced, regret, and distance from the exact optimum and the bound.

``python benchmarks/bench_at_scale.py`` prints three tables; exact optima are found in the same run.
"""

import time

import numpy as np

from fairgames import DPMeanUtility, FederatedMeanUtility, optimal_alpha


def timed(*arguments, **options):
    """An optimum, and the seconds it took."""
    start = time.perf_counter()
    found = optimal_alpha(*arguments, **options)
    return found, time.perf_counter() - start


def against_exact():
    """Where all counts can be enumerated."""
    print(f"{'users':>8} {'value / exact':>14} {'exact / bound':>14} {'at scale, s':>12} {'exact, s':>9}")
    for half in (20, 40, 80):
        utility = DPMeanUtility([[0, 0.1, 1], [0, 0.3, 3]], counts=[half, half])
        costs = [[0, 0.06 / half, 0.18 / half], [0, 0.12 / half, 0.24 / half]]
        found, took = timed(utility, costs, counts=[half, half], engine="at-scale")
        exact, exact_took = timed(utility, np.repeat(costs, half, axis=0), engine="types")
        ratios = found.value / exact.value, exact.value / found.upper_bound
        print(f"{2 * half:8,} {ratios[0]:14.6f} {ratios[1]:14.6f} {took:12.2f} {exact_took:9.2f}")


def growing():
    """Where they cannot: three types."""
    print(f"\n{'users':>11} {'utility':>15} {'alpha':>9} {'value / bound':>14} {'regret / cost':>14} {'seconds':>8}")
    for n_users in (10**5, 10**6, 10**7):
        sizes = [n_users // 2, 3 * n_users // 10, n_users // 5]
        costs = np.array([[0, 0.12, 0.5], [0, 0.16, 0.4], [0, 0.2, 0.3]])
        federated = FederatedMeanUtility([10, 30, 100], 1.0, 10.0, counts=sizes, aggregation="weighted")
        private = DPMeanUtility([[0, 0.5], [0, 1], [0, 2.0]], counts=sizes)
        few = np.array([[0, 0.2], [0, 0.4], [0, 0.3]]) / n_users
        for name, utility, borne in (("federated mean", federated, costs), ("DP mean", private, few)):
            found, took = timed(utility, borne, counts=sizes)
            kept = found.value / found.upper_bound
            print(
                f"{n_users:11,} {name:>15} {found.alpha:9.5f} {kept:14.6f} "
                f"{found.regret / borne.max():14.1e} {took:8.2f}"
            )


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
    heads = f"{'value / exact':>14} {'value / bound':>14} {'regret':>8} {'seconds':>8}"
    print(f"\n{'different users':>15} {'utility':>15} {heads}")
    for n_users in (10, 40, 160, 500):
        for name in ("federated mean", "DP mean"):
            if n_users > 160 and name == "DP mean":
                continue
            utility, costs = unlike(n_users, name)
            found, took = timed(utility, costs, engine="at-scale")
            exact = found.value / optimal_alpha(utility, costs, engine="dense").value if n_users == 10 else np.nan
            kept = found.value / found.upper_bound
            print(f"{n_users:15,} {name:>15} {exact:14.6f} {kept:14.6f} {found.regret:8.1e} {took:8.2f}")


def main():
    """Print all tables."""
    against_exact()
    growing()
    different()


if __name__ == "__main__":
    main()
