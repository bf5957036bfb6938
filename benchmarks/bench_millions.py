"""Payments of 10^5 to 10^7 users of few kinds: time and error of cubature, strata and declared thresholds.

Bars: smooth utilities of up to six groups 0.1 s, a black box of three 0.25 s, both within 1e-4 of max(|phi|,
U/N); time(10^7) at most 1.5 times time(10^5); a declared additive threshold 0.05 s, to 1e-8.
"""

import numpy as np
from black_box import BlackBox
from scipy.stats import hypergeom
from timing import claim, least, run

from fairgames import DPMeanUtility, FederatedMeanUtility, fair_payments
from fairgames.payments.engines.strata import strata_payments
from fairgames.payments.engines.threshold import threshold_payments

USERS = (10**5, 10**6, 10**7)
ALONE = "peers take users one by one"


def cases(n_users):
    """Utilities and profiles of ``n_users`` present users in three and six groups, their engine and bar."""
    three = [n_users // 2, n_users // 4, n_users - n_users // 2 - n_users // 4]
    eighth = n_users // 8
    six = [[0, size - eighth, eighth] for size in three]
    direct = [[0, 0, size] for size in three]
    dp = DPMeanUtility([[0, 1, np.inf], [0, 0.1, 2.0], [0, 3.0, 10.0]], counts=three)
    federated = FederatedMeanUtility([10, 100, 30], 1.0, 10.0, counts=three)
    return {
        "DP mean, 3 groups": (dp, direct, "cubature", 0.1),
        "DP mean, 6 groups": (dp, six, "cubature", 0.1),
        "federated mean, 3 groups": (federated, direct, "cubature", 0.1),
        "federated mean, 6 groups": (federated, six, "cubature", 0.1),
        "black box, 3 groups": (BlackBox(three), [[0, size] for size in three], "strata", 0.25),
    }


def exact_threshold(weights, sizes, quota):
    """Payments for ``1[weights @ n >= quota]`` of a few thousand users: the chance to be the one who tips it."""
    n_users, payments = sum(sizes), []
    for group, weight in enumerate(weights):
        first, second = (size - (group == kind) for kind, size in enumerate(sizes))
        joined = np.arange(n_users)[:, None]
        a = np.arange(first + 1)[None]
        chances = hypergeom.pmf(a, first + second, first, joined)
        before = weights[0] * a + weights[1] * (joined - a)
        tipped = (before < quota) & (before + weight >= quota)
        payments.append((chances * tipped).sum() / n_users)
    return np.array(payments)


def thresholds():
    weights, sizes, quota = [1, 2], [1_200, 800], 1_400
    paid = threshold_payments(weights, sizes, quota)
    wrong = np.abs(paid / exact_threshold(weights, sizes, quota) - 1).max()
    name = "declared additive threshold"
    claim(f"{name}, {sum(sizes):,} users, beside every count", wrong, ALONE, unit="relative error", most=1e-8)
    for n_users in USERS:
        sizes = [6 * n_users // 10, 4 * n_users // 10]
        took, paid = least(threshold_payments, weights, sizes, 7 * n_users // 10)
        off = abs(paid @ sizes - 1)
        claim(f"{name}, {n_users:,} users", took, ALONE, most=0.05)
        print(f"    adds up within {off:.0e}")
    missed = sum(
        strata_payments(
            lambda n: 1.0 * (n[:, 0] + 2 * n[:, 1] >= 700_000), [600_000, 400_000], seed, max_evaluations=1_000_000
        ).resolved
        for seed in range(20)
    )
    claim("undeclared threshold among 10^6 users, called resolved", missed, ALONE, unit="of 20 seeds", most=0)


def main():
    """Print all claims."""
    times = {}
    for n_users in USERS:
        for name, (utility, profile, engine, bar) in cases(n_users).items():
            took, paid = least(fair_payments, utility, profile, engine=engine)
            counts = np.array(profile)[:, 1:]
            scale = np.maximum(np.abs(paid.values), abs(paid.utility) / n_users)
            error = (paid.standard_errors / scale)[:, 1:][counts > 0].max()
            times[name, n_users] = took
            claim(f"{name}, {n_users:,} users", took, ALONE, most=bar)
            claim(f"{name}, {n_users:,} users", error, ALONE, unit="max(|phi|, U/N), standard error", most=1e-4)
            print(f"    {paid.evaluations:,} evaluations, {'resolved' if paid.resolved else 'UNRESOLVED'}")
    for name in cases(USERS[0]):
        large, small = times[name, USERS[-1]], times[name, USERS[0]]
        claim(f"{name}, 10^7 users beside 10^5", large, "itself, of 10^5 users", small, wins=2 / 3)
    thresholds()


if __name__ == "__main__":
    run(main)
