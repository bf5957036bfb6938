"""Payments of 10^5 to 10^7 users of few kinds: time and error of cubature, strata and declared thresholds.

Bars: smooth utilities of up to six groups 0.1 s, a black box of three 0.25 s, both within 1e-4 of max(|phi|,
U/N); time(10^7) at most 1.5 times time(10^5); a declared additive threshold 0.05 s, to 1e-8.
"""

import numpy as np
from black_box import BlackBox
from scipy.stats import hypergeom
from timing import least, verdict

from fairgames import DPMeanUtility, FederatedMeanUtility, fair_payments
from fairgames.payments.engines.strata import strata_payments
from fairgames.payments.engines.threshold import threshold_payments

USERS = (10**5, 10**6, 10**7)
RUNS = 9


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
    print("  declared additive threshold (bars: 0.05 s, 1e-8)")
    weights, sizes, quota = [1, 2], [1_200, 800], 1_400
    paid = threshold_payments(weights, sizes, quota)
    wrong = np.abs(paid / exact_threshold(weights, sizes, quota) - 1).max()
    print(f"    {sum(sizes):>12,} users: relative error {wrong:.0e} beside every count, {verdict(wrong, 1e-8)}")
    for n_users in USERS:
        sizes = [6 * n_users // 10, 4 * n_users // 10]
        took, paid = least(threshold_payments, weights, sizes, 7 * n_users // 10, repeat=RUNS)
        off = abs(paid @ sizes - 1)
        print(f"    {n_users:>12,} users: {took:.4f} s, {verdict(took, 0.05)}; adds up within {off:.0e}")
    refused = sum(
        not strata_payments(
            lambda n: 1.0 * (n[:, 0] + 2 * n[:, 1] >= 700_000), [600_000, 400_000], seed, max_evaluations=1_000_000
        ).resolved
        for seed in range(20)
    )
    print(f"  undeclared threshold among 10^6 users: unresolved in {refused} of 20 seeds (bar 20)")


def main():
    """Print all rows with their bars."""
    print(
        f"Payments of very many users: shortest of {RUNS} runs; largest standard error over max(|phi|, U/N), bar 1e-4"
    )
    times = {}
    for n_users in USERS:
        for name, (utility, profile, engine, bar) in cases(n_users).items():
            took, paid = least(fair_payments, utility, profile, engine=engine, repeat=RUNS)
            counts = np.array(profile)[:, 1:]
            scale = np.maximum(np.abs(paid.values), abs(paid.utility) / n_users)
            error = (paid.standard_errors / scale)[:, 1:][counts > 0].max()
            times[name, n_users] = took
            resolved = "resolved" if paid.resolved else "UNRESOLVED"
            print(
                f"  {n_users:>12,}  {name:26} {took:7.3f} s, bar {bar:g} {verdict(took, bar):6} "
                f"{paid.evaluations:>9,} evaluations  {error:.1e} {verdict(error, 1e-4)}, {resolved}"
            )
    for name in cases(USERS[0]):
        ratio = times[name, USERS[-1]] / times[name, USERS[0]]
        print(f"  time(10^7) / time(10^5), {name:26} {ratio:.2f}, bar 1.5 {verdict(ratio, 1.5)}")
    thresholds()


if __name__ == "__main__":
    main()
