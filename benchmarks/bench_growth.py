"""How time and peak memory of each engine grow with the number of users.

``python benchmarks/bench_growth.py [figure]`` prints both and draws them to ``figure`` (by default
``benchmarks/results/growth.png``).
"""

import sys
from pathlib import Path

import numpy as np
from black_box import BlackBox
from timing import claim, least, peak, run

from fairgames import DPMeanUtility, FederatedMeanUtility, fair_payments, optimal_alpha, payment_table
from fairgames.payments.counts import count_potential
from fairgames.payments.engines.threshold import threshold_payments

FIGURE = Path(__file__).parent / "results" / "growth.png"


def dense(n_users):
    """All payments at all profiles of three levels."""
    tensor = np.random.default_rng(0).random((3,) * n_users)
    tensor.flat[0] = 0
    return lambda: payment_table(tensor)


def subsets(n_users):
    """One profile of users that are all different."""
    return lambda: fair_payments(BlackBox([1] * n_users), [1] * n_users, engine="subsets")


def types(n_users):
    """All payments at all states of two types and three levels."""
    half = n_users // 2
    utility = DPMeanUtility([[0, 0.5, 2], [0, 1, 3]], counts=[half, n_users - half]).in_floats()
    return lambda: count_potential(utility)


def three_groups(n_users):
    """Three sizes."""
    return [n_users - 2 * (n_users // 5), n_users // 5, n_users // 5]


def cubature(n_users):
    """One profile of three groups, a smooth utility."""
    sizes = three_groups(n_users)
    utility = DPMeanUtility([[0, 1], [0, 2], [0, 3]], counts=sizes).in_floats()
    return lambda: fair_payments(utility, [[0, size] for size in sizes], engine="cubature")


def strata(n_users):
    """One profile of three groups, a black box."""
    sizes = three_groups(n_users)
    return lambda: fair_payments(BlackBox(sizes), [[0, size] for size in sizes], engine="strata")


def threshold(n_users):
    """One profile of two groups, a declared threshold."""
    return lambda: threshold_payments([1, 2], [6 * n_users // 10, 4 * n_users // 10], 7 * n_users // 10)


def permutations(n_users):
    """One profile of users that are all different, 100 evaluations a user."""
    return lambda: fair_payments(BlackBox([1] * n_users), [1] * n_users, engine="permutations")


def optimum(n_users):
    """The best alpha found among users who are all different, three levels, with its bound."""
    sizes = np.maximum(1, np.random.default_rng(0).lognormal(3, 1, n_users).round())
    utility = FederatedMeanUtility(sizes, 0.17, 0.85)
    return lambda: optimal_alpha(utility, [[0, 0.05, 0.2]] * n_users, engine="at-scale")


CURVES = {
    "dense: every profile, 3 levels": (dense, range(4, 14)),
    "subsets: one profile": (subsets, range(4, 19, 2)),
    "types: every state, 2 types, 3 levels": (types, (8, 16, 30, 50, 70, 100)),
    "permutations: all different": (permutations, (20, 50, 100, 200, 500, 1000)),
    "strata: 3 groups, black box": (strata, [10**k for k in range(3, 8)]),
    "cubature: 3 groups, smooth": (cubature, [10**k for k in range(2, 8)]),
    "optimum: all different, 3 levels": (optimum, (16, 40, 85, 160)),
    "declared threshold: 2 groups": (threshold, [10**k for k in range(2, 8)]),
}


def measure():
    """Seconds and MiB of each engine at each size."""
    print(f"{'engine':40} {'users':>12} {'seconds':>9} {'peak MiB':>9}")
    found = {}
    for name, (make, sizes) in CURVES.items():
        rows = []
        for n_users in sizes:
            work = make(n_users)
            rows.append((n_users, least(work)[0], peak(work)))
            print(f"{name:40} {n_users:12,} {rows[-1][1]:9.4f} {rows[-1][2]:9.2f}", flush=True)
        found[name] = np.array(rows)
        before, last = rows[-2:]
        claim(f"{name}, {last[0]:,} users", last[1], f"itself, of {before[0]:,} users", before[1])
    return found


def draw(found, path):
    """Two panels with a common legend below."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    colours = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#f0e442", "#444444")
    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
        for (name, rows), colour, marker in zip(found.items(), colours, "osD^vPX*", strict=True):
            for panel, column in zip(axes, (1, 2), strict=True):
                panel.loglog(rows[:, 0], rows[:, column], marker=marker, ms=4.5, lw=1.5, color=colour, label=name)
        for panel, title in zip(axes, ("Time, seconds", "Peak memory, MiB"), strict=True):
            panel.set_title(title, loc="left")
            panel.set_xlabel("users")
            panel.grid(visible=True, which="major", alpha=0.25)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
        plt.close(figure)
    print(f"drawn to {path}")


def main():
    """Measure and draw."""
    draw(measure(), Path(sys.argv[1]) if len(sys.argv) > 1 else FIGURE)


if __name__ == "__main__":
    run(main)
