"""All payments of all users at all profiles: the potential recursion against shapiq, profile by profile.

shapiq computes the Shapley values of one coalition game at a time; a payment table needs one game a
profile. It is timed on a sample of profiles and scaled, and the output says so.
"""

import numpy as np
import shapiq
from timing import claim, least, run

import fairgames as fg

N_LEVELS = 3


def shapiq_payments(tensor, profile):
    """Payments at one profile."""

    def game(coalitions):
        return tensor[tuple((np.atleast_2d(coalitions) * profile).T.astype(int))]

    values = shapiq.ExactComputer(n_players=len(profile), game=game)("SV")
    return np.array([values[(user,)] for user in range(len(profile))])


def main():
    """Print both claims."""
    rng = np.random.default_rng(0)
    for n_users, sample, bar in ((10, 20, 100_000), (13, 2, None)):
        tensor = rng.random((N_LEVELS,) * n_users)
        tensor.flat[0] = 0
        ours, table = least(fg.payment_table, tensor, repeat=7)
        profiles = rng.integers(1, N_LEVELS, size=(sample, n_users))
        took, theirs = least(lambda t=tensor, p=profiles: [shapiq_payments(t, profile) for profile in p], repeat=1)
        claim(
            f"all payments, {N_LEVELS} levels, {n_users} users, all {tensor.size:,} profiles",
            ours,
            f"shapiq ({sample} profiles, scaled)",
            took / sample * tensor.size,
            wins=bar,
        )
        apart = max(np.abs(table[p].values - values).max() for p, values in zip(profiles, theirs, strict=True))
        print(f"    largest difference {apart:.1e}")


if __name__ == "__main__":
    run(main)
