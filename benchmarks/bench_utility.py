"""Utilities of all profiles at once, against one profile at a time, and of states of very many users."""

from time import perf_counter

import numpy as np

from fairgames import DPMeanUtility, FederatedMeanUtility

SAMPLE = 200


def seconds(function, repeats=3):
    best = float("inf")
    for _ in range(repeats):
        start = perf_counter()
        function()
        best = min(best, perf_counter() - start)
    return best


def federated(n_users):
    return FederatedMeanUtility(10 + np.arange(n_users), between_variance=1, within_variance=10)


def private(n_users):
    return DPMeanUtility([[0, 0.5 + user, 20.0 + user] for user in range(n_users)])


def one_state(utility):
    first, second, _ = utility.type_sizes
    return [[first - 3, 2, 1], [second, 0, 0], [0, 4, 1]]


def main():
    for make in (federated, private):
        for n_users in (10, 13):
            whole = seconds(lambda make=make, n_users=n_users: make(n_users).tensor())
            utility = make(n_users)
            profiles = np.random.default_rng(0).integers(0, 3, (SAMPLE, n_users))
            single = seconds(lambda utility=utility, profiles=profiles: [utility(profile) for profile in profiles])
            scaled = single / SAMPLE * 3**n_users
            print(f"{make.__name__} mean, all {3**n_users:,} profiles of {n_users} different users")
            print(f"  all at once                           {1e3 * whole:9.1f} ms")
            print(f"  one by one ({SAMPLE} profiles, scaled)    {scaled:9.2f} s")
            print(f"  ratio                                 {scaled / whole:9,.0f} x")
    crowd = FederatedMeanUtility([10, 50, 100], 1, 10, counts=[10**7, 10**6, 5])
    small = FederatedMeanUtility([10, 50, 100], 1, 10, counts=[10, 6, 5])
    many, few = (seconds(lambda u=u: u(one_state(u)), repeats=20) for u in (crowd, small))
    print(
        f"one state of {crowd.n_users:,} users in three types: {1e6 * many:.0f} us, {many / few:.2f} x that of 21 users"
    )


if __name__ == "__main__":
    main()
