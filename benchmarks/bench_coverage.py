"""How often nominal 95 % intervals hold, over 400 seeds, pooled over users.

Bars: permutations on concave utilities 90 to 98 %, strata on a smooth one with a star 90 to 99 %. On airport
and threshold games it is printed as it is, with how often the result warns.
"""

import numpy as np
from black_box import BlackBox

from fairgames.payments.engines.permutations import permutation_payments
from fairgames.payments.pricing import fair_payments

SEEDS = 400
N_USERS = 30


def permutations():
    weights = np.random.default_rng(3).lognormal(size=N_USERS)
    for name, evaluate, concave in (
        ("logarithm", lambda rows: np.log1p(rows @ weights), True),
        ("saturating", lambda rows: rows @ weights / (rows @ weights + 10), True),
        ("airport", lambda rows: (rows * weights).max(axis=1), False),
        ("threshold", lambda rows: 1.0 * (rows @ weights >= weights.sum() / 2), False),
    ):
        long = permutation_payments(evaluate, [1] * N_USERS, 10**6, budget=1_000_000).values
        inside, warned = [], 0
        for seed in range(SEEDS):
            estimate = permutation_payments(evaluate, [1] * N_USERS, seed)
            low, high = estimate.interval()
            inside.append((low <= long) & (long <= high))
            warned += bool(estimate.warnings)
        kept = "kept" if 0.9 <= np.mean(inside) <= 0.98 else "MISSED"
        bar = f"bar 90-98 % {kept}" if concave else "no bar"
        print(f"  permutations, {name:16} {np.mean(inside):6.1%}, warns {warned / SEEDS:4.0%}  {bar}", flush=True)


def strata():
    sizes = [600_000, 399_999, 1]
    utility, profile = BlackBox(sizes, [1.0, 3.0, 10_000.0]), [[0, size] for size in sizes]
    truth = fair_payments(utility, profile, engine="cubature").values
    inside = []
    for seed in range(SEEDS):
        paid = fair_payments(utility, profile, engine="strata", seed=seed, target_error=1e-3)
        low, high = paid.interval()
        inside.append(((low <= truth) & (truth <= high))[:, 1])
    kept = "kept" if 0.9 <= np.mean(inside) <= 0.99 else "MISSED"
    groups = ", ".join(f"{share:.1%}" for share in np.mean(inside, axis=0))
    print(f"  strata, 10^6 users with a star {np.mean(inside):6.1%} ({groups} by group)  bar 90-99 % {kept}")


def main():
    """Print all rows."""
    print(f"Coverage of nominal 95 % intervals, {SEEDS} seeds")
    permutations()
    strata()


if __name__ == "__main__":
    main()
