"""Payments without sampling under the federated mean of different users: time, error, memory, beside random orders.

Bars, on two cores: all moves of 100 users in 2 s, of 300 in 6 s, one profile of 1,000 different users in 15 s; errors
at most 1e-9 of the average payment; at most 2 GiB. Errors are measured where a reference exists (all coalitions at 12
users, rules of twice as many nodes at 100), and are what the payments miss the utility by elsewhere. Random orders are
timed on the same states in the same run; their error is measured against the integrals.
"""

import resource
import time

import numpy as np

from fairgames import FederatedMeanUtility, fair_payments
from fairgames.payments.engines.moves import moves_by_permutations, moves_by_potential
from fairgames.utility.federated_integrals import integrate

MIXES = {"mixed": (0.2, 0.4, 0.4), "all federate": (0, 1, 0), "all direct": (0, 0, 1)}


def case(n_users, mix):
    """Log-normal sizes, unequal importance, levels drawn with these chances."""
    rng = np.random.default_rng(n_users)
    utility = FederatedMeanUtility(rng.lognormal(3, 1, n_users) + 1, 1.0, 10.0, rng.lognormal(0, 0.5, n_users))
    levels = rng.choice(3, n_users, p=MIXES[mix])
    counts = np.zeros((n_users, 3), dtype=int)
    counts[utility.types, levels] = 1
    return utility, levels, counts


def timed(run):
    """Return the answer and the CPU seconds it took."""
    start = time.process_time()
    return run(), time.process_time() - start


def off(found, values):
    """Largest difference, as a part of the average payment."""
    return np.nanmax(np.abs(found.values - values)) / found.scale


def moves_row(n_users, mix, bar):
    """All moves of one state."""
    utility, _, counts = case(n_users, mix)
    found, took = timed(lambda: integrate(utility, counts))
    said = f"states {found.error / found.scale:7.1e}"
    if n_users == 12:
        said += f", off by {off(found, moves_by_potential(utility, counts).values):7.1e}"
    if n_users == 100:
        said += f", off by {off(found, integrate(utility, counts, fineness=2.0, likeness=0.0).values):7.1e}"
    if n_users <= 100:
        drawn, sampled = timed(lambda: moves_by_permutations(utility, counts))
        said += f"; random orders {sampled:6.2f} s, off by {off(found, drawn.values):7.1e}"
    kept = f"bar {bar:g} s {'kept' if took <= bar else 'MISSED'}" if bar else ""
    print(f"  all moves of {n_users:5,} {mix:13} {took:6.2f} s {kept:17} {said}")


def profile_row(n_users, mix):
    """One profile at the public door."""
    utility, levels, _ = case(n_users, mix)
    paid, took = timed(lambda: fair_payments(utility, levels))
    drawn, sampled = timed(lambda: fair_payments(utility, levels, engine="permutations", budget=20 * n_users))
    average = float(paid.utility) / max(1, np.count_nonzero(levels))
    missed = abs(paid.values.sum() - paid.utility) / paid.utility
    print(
        f"  one profile of {n_users:,} {mix:13} {took:6.2f} s bar 15 s {'kept' if took <= 15 else 'MISSED'} "
        f"{paid.engine}: states {paid.standard_errors.max() / average:7.1e}, misses the utility by {missed:7.1e}; "
        f"random orders {sampled:6.2f} s, off by {np.abs(drawn.values - paid.values).max() / average:7.1e}"
    )


def main():
    """Print all rows."""
    print("integrals: CPU time; errors as parts of the average payment")
    for n_users, bar in ((12, None), (100, 2), (300, 6)):
        for mix in MIXES:
            moves_row(n_users, mix, bar)
    for mix in MIXES:
        profile_row(1000, mix)
    print(f"  largest memory of the run {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB (bar 2)")


if __name__ == "__main__":
    main()
