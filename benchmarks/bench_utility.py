"""Utilities of all profiles at once, against one profile at a time, and of states of very many users."""

import numpy as np
from timing import claim, least, run

from fairgames import DPMeanUtility, FederatedMeanUtility

SAMPLE = 200


def federated(n_users):
    """Users who all differ."""
    return FederatedMeanUtility(10 + np.arange(n_users), between_variance=1, within_variance=10)


def private(n_users):
    """Users who all differ, with three levels."""
    return DPMeanUtility([[0, 0.5 + user, 20.0 + user] for user in range(n_users)])


def one_state(utility):
    """Some users of each type at each level."""
    first, second, _ = utility.type_sizes
    return [[first - 3, 2, 1], [second, 0, 0], [0, 4, 1]]


def main():
    """Print all claims."""
    for make in (federated, private):
        for n_users in (10, 13):
            whole, _ = least(lambda make=make, n_users=n_users: make(n_users).tensor())
            utility, profiles = make(n_users), np.random.default_rng(0).integers(0, 3, (SAMPLE, n_users))
            single, _ = least(lambda u=utility, rows=profiles: [u(profile) for profile in rows])
            claim(
                f"{make.__name__} mean, all {3**n_users:,} profiles of {n_users} different users",
                whole,
                f"one by one ({SAMPLE} profiles, scaled)",
                single / SAMPLE * 3**n_users,
            )
    crowd = FederatedMeanUtility([10, 50, 100], 1, 10, counts=[10**7, 10**6, 5])
    small = FederatedMeanUtility([10, 50, 100], 1, 10, counts=[10, 6, 5])
    many, few = (least(u, one_state(u))[0] for u in (crowd, small))
    claim(f"one state of {crowd.n_users:,} users in three types", many, "itself, of 21 users", few)


if __name__ == "__main__":
    run(main)
