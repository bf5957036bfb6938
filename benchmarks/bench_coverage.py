"""How often nominal 95 % intervals hold, over 400 seeds, pooled over users.

Bar: at most 10 % of the payments outside, for permutations on concave utilities and strata on a smooth one with a
star. On airport and threshold games it is printed as it is, with how often the result warns.
"""

import numpy as np
from black_box import BlackBox
from timing import claim, run

from fairgames.payments.engines.permutations import permutation_payments
from fairgames.payments.pricing import fair_payments

SEEDS = 400
OUTSIDE = "of payments outside a 95 % interval"
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
        print(f"    {name} warns at {warned / SEEDS:.0%} of the seeds")
        outside = float(1 - np.mean(inside))
        claim(
            f"permutations, {name}, {SEEDS} seeds",
            outside,
            "itself, nominal",
            0.05,
            unit=OUTSIDE,
            most=0.1 if concave else None,
        )


def strata():
    sizes = [600_000, 399_999, 1]
    utility, profile = BlackBox(sizes, [1.0, 3.0, 10_000.0]), [[0, size] for size in sizes]
    declared = BlackBox(sizes, utility.weights)
    declared.smooth = True
    truth = fair_payments(declared, profile, engine="cubature").values
    inside = []
    for seed in range(SEEDS):
        paid = fair_payments(utility, profile, engine="strata", seed=seed, target_error=1e-3)
        low, high = paid.interval()
        inside.append(((low <= truth) & (truth <= high))[:, 1])
    outside = float(1 - np.mean(inside))
    claim(f"strata, 10^6 users with a star, {SEEDS} seeds", outside, "itself, nominal", 0.05, unit=OUTSIDE, most=0.1)


def main():
    """Print all rows."""
    permutations()
    strata()


if __name__ == "__main__":
    run(main)
