"""From a hundred different users to ten million of a few kinds: time, memory, error and coverage of each engine.

``python benchmarks/bench_scale.py [figure]`` prints the tables and draws growth curves to ``figure``
(``scale.png`` here by default). The peers of the last table run on the same utilities in the same run.
"""

import sys
import time
import tracemalloc
import warnings

import numpy as np

from fairgames.payments.engine_estimates import Effort
from fairgames.payments.engines import price_profile
from fairgames.payments.permutations import permutation_payments
from fairgames.payments.strata import strata_payments
from fairgames.payments.threshold import threshold_payments
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.grouped import GroupedUtility

BUDGET = 10_000
SEEDS = range(5)
PEERS = (
    ("PermutationSamplingSV", {}),
    ("StratifiedSamplingSV", {}),
    ("OwenSamplingSV", {"n_anchor_points": 10}),
    ("SVARM", {}),
    ("KernelSHAP", {}),
    ("KernelSHAP", {"pairing_trick": True}),
    ("UnbiasedKernelSHAP", {"pairing_trick": True}),
)


class BlackBox(GroupedUtility):
    """A concave utility that declares nothing."""

    def __init__(self, sizes):
        super().__init__(list(range(len(sizes))), sizes, 2)
        self.weights = 1.0 + 2.0 * np.arange(len(sizes))

    def evaluate_counts(self, counts):
        """Logarithm of the weighted number of present users."""
        return np.log1p(counts[:, :, 1] @ self.weights)


def least(function, *arguments, repeat=3, **options):
    """Shortest of a few timings, and the last answer."""
    took = []
    for _ in range(repeat):
        start = time.perf_counter()
        answer = function(*arguments, **options)
        took.append(time.perf_counter() - start)
    return min(took), answer


def peak(function, *arguments, **options):
    """Peak of the memory that Python and NumPy allocate, in MiB."""
    tracemalloc.start()
    function(*arguments, **options)
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return most


def cases(n_users):
    """Utilities and profiles of ``n_users`` present users in three and six groups."""
    three = [n_users // 2, n_users // 4, n_users - n_users // 2 - n_users // 4]
    eighth = n_users // 8
    six = [[0, size - eighth, eighth] for size in three]
    direct = [[0, 0, size] for size in three]
    dp = DPMeanUtility([[0, 1, np.inf], [0, 0.1, 2.0], [0, 3.0, 10.0]], counts=three)
    federated = FederatedMeanUtility([10, 100, 30], 1.0, 10.0, counts=three)
    return {
        "DP mean, 3 groups": (dp, direct, "cubature"),
        "DP mean, 6 groups": (dp, six, "cubature"),
        "federated mean, 3 groups": (federated, direct, "cubature"),
        "federated mean, 6 groups": (federated, six, "cubature"),
        "black box, 3 groups": (BlackBox(three), [[0, size] for size in three], "strata"),
    }


def millions():
    print("Payments of very many users (bars: smooth 0.1 s, black box 0.25 s, errors 1e-4 of max(|phi|, U/N))")
    times = {}
    for n_users in (10**5, 10**6, 10**7):
        for name, (utility, profile, engine) in cases(n_users).items():
            took, paid = least(price_profile, utility, profile, engine=engine)
            counts = np.array(profile)[:, 1:]
            scale = np.maximum(np.abs(paid.values), abs(paid.utility) / n_users)
            error = (paid.standard_errors / scale)[:, 1:][counts > 0].max()
            times[name, n_users] = took
            verdict = "resolved" if paid.resolved else "UNRESOLVED"
            print(
                f"  {n_users:>12,}  {name:26} {took:7.3f} s  {paid.evaluations:>9,} evaluations  {error:.1e}  {verdict}"
            )
        sizes = [6 * n_users // 10, 4 * n_users // 10]
        took, paid = least(threshold_payments, [1, 2], sizes, 7 * n_users // 10)
        print(
            f"  {n_users:>12,}  {'declared threshold':26} {took:7.3f} s  adds up to within {abs(paid @ sizes - 1):.0e}"
        )
    for name in cases(100):
        print(f"  time(10^7) / time(10^5), {name:26} {times[name, 10**7] / times[name, 10**5]:.2f}  (bar 1.5)")
    refused = 0
    for seed in range(20):
        hidden = strata_payments(
            lambda n: 1.0 * (n[:, 0] + 2 * n[:, 1] >= 700_000), [600_000, 400_000], seed, max_evaluations=1_000_000
        )
        refused += not hidden.resolved
    print(f"  undeclared threshold among 10^6 users: unresolved in {refused} of 20 seeds")


def growth(path):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    curves = {
        "all counts (2 groups)": ("types", [50, 100, 200, 500, 1000, 2000], 2),
        "cubature (3 groups)": ("cubature", [10**k for k in range(2, 8)], 3),
        "strata (3 groups)": ("strata", [10**k for k in range(3, 8)], 3),
        "permutations (all different)": ("permutations", [20, 50, 100, 200, 400], None),
    }
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    print("Growth: seconds, MiB")
    for name, (engine, users, n_groups) in curves.items():
        seconds, memory = [], []
        for n_users in users:
            sizes = (
                [1] * n_users
                if n_groups is None
                else [n_users - (n_groups - 1) * (n_users // 5)] + [n_users // 5] * (n_groups - 1)
            )
            smooth = DPMeanUtility([[0, float(1 + k)] for k in range(len(sizes))], counts=sizes).in_floats()
            utility = smooth if engine == "cubature" else BlackBox(sizes)
            profile = [[0, size] for size in sizes] if n_groups else [1] * n_users
            seconds.append(least(price_profile, utility, profile, engine=engine, repeat=2)[0])
            memory.append(peak(price_profile, utility, profile, engine=engine))
            print(f"  {name:30} {n_users:>12,} {seconds[-1]:8.3f} {memory[-1]:8.1f}")
        axes[0].loglog(users, seconds, marker="o", label=name)
        axes[1].loglog(users, memory, marker="o", label=name)
    axes[0].set(xlabel="users", ylabel="seconds")
    axes[1].set(xlabel="users", ylabel="peak memory, MiB")
    axes[0].legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"  drawn to {path}")


def exact_of_sum(weights, value):
    """Fair payments of ``value(Σ whole weights)``: the distribution of the others' sum at Gauss nodes in t."""
    total = int(weights.sum())
    nodes, lengths = np.polynomial.legendre.leggauss(len(weights) // 2 + 1)
    t = (nodes[:, None] + 1) / 2
    values = value(np.arange(total + 1.0))
    payments = np.empty(len(weights))
    for weight in np.unique(weights):
        chances = np.zeros((len(t), total + 1))
        chances[:, 0] = 1
        for other in np.delete(weights, np.flatnonzero(weights == weight)[0]):
            joined = chances * (1 - t)
            joined[:, other:] += chances[:, : total + 1 - other] * t
            chances = joined
        gains = np.zeros(total + 1)
        gains[: total + 1 - weight] = values[weight:] - values[: total + 1 - weight]
        payments[weights == weight] = lengths / 2 @ (chances @ gains)
    return payments


def exact_of_largest(weights):
    """Fair payments of the largest weight present (the airport game, Littlechild and Owen 1973)."""
    order = np.argsort(weights, kind="stable")
    steps = np.diff(weights[order], prepend=0) / np.arange(len(weights), 0, -1)
    payments = np.empty(len(weights))
    payments[order] = np.cumsum(steps)
    return payments


def games():
    """Utilities of a hundred different users with payments known from elsewhere."""
    weights = np.maximum(1, np.round(4 * np.random.default_rng(0).lognormal(sigma=0.8, size=100))).astype(int)
    half = weights.sum() / 2
    of_sums = {
        "logarithm (concave)": np.log1p,
        "root (concave)": np.sqrt,
        "saturating (concave)": lambda x: x / (x + 50),
        "square (convex)": lambda x: x**2,
        "additive": lambda x: x,
        "threshold": lambda x: (x >= half).astype(float),
    }
    for name, value in of_sums.items():
        yield name, lambda rows, value=value: value(rows @ weights), exact_of_sum(weights, value)
    yield "airport", lambda rows: (rows * weights).max(axis=1).astype(float), exact_of_largest(weights)
    federated = FederatedMeanUtility(np.linspace(5, 200, 100), 1.0, 10.0)
    direct = permutation_payments(lambda rows: federated.evaluate(2 * rows), [1] * 100, 10**6, budget=400_000)
    yield (
        "federated mean, all direct (reference: 40 x the budget)",
        lambda rows: federated.evaluate(2 * rows),
        direct.values,
    )


def peer_estimate(name, options, evaluate, seed):
    from shapiq import approximator

    peer = getattr(approximator, name)(n=100, random_state=seed, **options)
    found = peer.approximate(BUDGET, lambda rows: evaluate(np.atleast_2d(rows).astype(int)).astype(float))
    return np.array([found[(user,)] for user in range(100)])


def different_users():
    print(
        f"100 different users, {BUDGET:,} evaluations: relative error (mean of {len(SEEDS)} seeds, of 1 for slow peers)"
    )
    for game, evaluate, exact in games():
        errors, covered, warned = [], [], 0
        for seed in SEEDS:
            estimate = permutation_payments(evaluate, [1] * 100, seed, budget=BUDGET)
            low, high = estimate.interval()
            errors.append(np.linalg.norm(estimate.values - exact) / np.linalg.norm(exact))
            covered.append(np.mean((low <= exact) & (exact <= high)))
            warned += bool(estimate.warnings)
        print(f"  {game}")
        intervals = f"coverage {np.mean(covered):.0%}, warned in {warned} of {len(SEEDS)}"
        print(f"    {'fairgames':40} {np.mean(errors):9.2e}  {intervals}")
        for name, options in PEERS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                missed = [
                    np.linalg.norm(peer_estimate(name, options, evaluate, seed) - exact) / np.linalg.norm(exact)
                    for seed in SEEDS[:1]
                ]
            label = f"shapiq {name}" + (" (paired)" if options.get("pairing_trick") else "")
            print(f"    {label:40} {np.mean(missed):9.2e}  {np.mean(missed) / np.mean(errors):8.1f} times ours")


def coverage():
    print("Coverage of nominal 95 % intervals over 400 seeds, pooled over users")
    weights = np.random.default_rng(3).lognormal(size=30)
    for name, evaluate in {
        "permutations, logarithm": lambda rows: np.log1p(rows @ weights),
        "permutations, saturating": lambda rows: rows @ weights / (rows @ weights + 10),
        "permutations, airport": lambda rows: (rows * weights).max(axis=1),
        "permutations, threshold": lambda rows: 1.0 * (rows @ weights >= weights.sum() / 2),
    }.items():
        long = permutation_payments(evaluate, [1] * 30, 10**6, budget=2_000_000).values
        inside = []
        for seed in range(400):
            low, high = permutation_payments(evaluate, [1] * 30, seed).interval()
            inside.append((low <= long) & (long <= high))
        print(f"  {name:30} {np.mean(inside):.1%}")
    sizes = [600_000, 399_999, 1]
    smooth = np.array([1.0, 3.0, 10_000.0])
    utility = BlackBox(sizes)
    utility.weights = smooth
    profile = [[0, size] for size in sizes]
    truth = price_profile(utility, profile, engine="cubature").values
    inside = []
    for seed in range(400):
        paid = price_profile(utility, profile, engine="strata", effort=Effort(seed=seed, target_error=1e-3))
        low, high = paid.interval()
        inside.append(((low <= truth) & (truth <= high))[:, 1])
    print(f"  {'strata, 10^6 users with a star':30} {np.mean(inside):.1%}  by group {np.mean(inside, axis=0).round(3)}")


def main():
    millions()
    different_users()
    growth(sys.argv[1] if len(sys.argv) > 1 else "scale.png")
    coverage()


if __name__ == "__main__":
    main()
