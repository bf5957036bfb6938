"""Payments without sampling under the federated mean of different users: time, error, memory, beside random orders.

Bars, on two cores: all moves of 100 users in 2 s, of 300 in 6 s, one profile of 1,000 different users in 15 s; errors
at most 1e-9 of the average payment, 1e-6 where the aggregate weighs sample sizes; at most 2 GiB. Errors are measured
where a reference exists (all coalitions at 12 users, rules of twice as many nodes at 100), and are what the payments
miss the utility by elsewhere. Random orders are timed on the same states in the same run; their error is measured
against the integrals. The private mean has random orders alone, with controls of its own, beside those without.
"""

import resource

import numpy as np
from timing import claim, least, run

from fairgames import DPMeanUtility, FederatedMeanUtility, Utility, fair_payments
from fairgames.payments.engines.moves import moves_by_permutations, moves_by_potential
from fairgames.utility.federated_integrals import integrate

MIXES = {"mixed": (0.2, 0.4, 0.4), "all federate": (0, 1, 0), "all direct": (0, 0, 1)}


def case(n_users, mix, aggregation):
    """Log-normal sizes, unequal importance, levels drawn with these chances."""
    rng = np.random.default_rng(n_users)
    sizes, importance = rng.lognormal(3, 1, n_users) + 1, rng.lognormal(0, 0.5, n_users)
    utility = FederatedMeanUtility(sizes, 1.0, 10.0, importance, aggregation=aggregation)
    levels = rng.choice(3, n_users, p=MIXES[mix])
    counts = np.zeros((n_users, 3), dtype=int)
    counts[utility.types, levels] = 1
    return utility, levels, counts


def off(values, reference, scale):
    """Largest difference, as a part of the average payment."""
    return np.nanmax(np.abs(values - reference)) / scale


def moves_row(n_users, mix, bar, aggregation):
    """All moves of one state."""
    utility, _, counts = case(n_users, mix, aggregation)
    name = f"{aggregation}, all moves of {n_users:,}, {mix}"
    took, found = least(integrate, utility, counts, repeat=2)
    sampled, drawn = least(moves_by_permutations, utility, counts, repeat=1)
    claim(name, took, "random orders", sampled, most=bar)
    if n_users > 100:
        return
    if n_users == 12:
        exact, reference = moves_by_potential(utility, counts).values, "all coalitions"
    else:
        exact, reference = integrate(utility, counts, fineness=2.0, likeness=0.0).values, "twice as many nodes"
    wrong = [off(answer.values, exact, found.scale) for answer in (found, drawn)]
    most, unit = {"uniform": 1e-9, "weighted": 1e-6}[aggregation], "of the average payment"
    claim(f"{name}, beside {reference}", wrong[0], "random orders", wrong[1], unit=unit, most=most)


def profile_row(n_users, mix, aggregation):
    """One profile at the public door."""
    utility, levels, _ = case(n_users, mix, aggregation)
    took, paid = least(fair_payments, utility, levels, repeat=1)
    sampled, drawn = least(fair_payments, utility, levels, engine="permutations", budget=20 * n_users, repeat=1)
    average = float(paid.utility) / max(1, np.count_nonzero(levels))
    name, unit = f"{aggregation}, one profile of {n_users:,}, {mix}", "of the average payment"
    claim(name, took, "random orders", sampled, most=15)
    missed = abs(float(paid.values.sum() - paid.utility)) / average
    apart = np.abs(drawn.values - paid.values).max() / average
    claim(f"{name}, by how much payments miss the utility", missed, "one payment by random orders", apart, unit=unit)


class Unweighed(DPMeanUtility):
    """The private mean without its own ways of weighing users."""

    weighings = Utility.weighings


def private_row(n_users):
    """All moves under the private mean, by random orders: their largest standard error."""
    rng = np.random.default_rng(n_users)
    epsilons, levels = rng.lognormal(0, 0.7, (n_users, 1)) * [0, 1, 3], rng.integers(0, 3, n_users)
    counts = np.eye(3, dtype=int)[levels]
    found, plain = (moves_by_permutations(of(epsilons), counts, replicates=32) for of in (DPMeanUtility, Unweighed))
    wrong = [float(np.nanmax(moves.errors)) * np.count_nonzero(levels) / moves.utility for moves in (found, plain)]
    name, unit = f"private mean, all moves of {n_users:,}, largest error", "of the average payment"
    claim(name, wrong[0], "controls that every utility has", wrong[1], unit=unit)


def main():
    """Print all claims."""
    for n_users in (100, 300):
        private_row(n_users)
    for aggregation in ("uniform", "weighted"):
        for n_users, bar in ((12, None), (100, 2), (300, 6)):
            for mix in MIXES:
                moves_row(n_users, mix, bar, aggregation)
        for mix in MIXES:
            profile_row(1000, mix, aggregation)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    claim("memory of the run", memory, "a limit, not a race", unit="GiB", most=2)


if __name__ == "__main__":
    run(main)
