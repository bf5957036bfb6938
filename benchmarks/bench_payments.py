"""All payments of all users at all profiles: the potential recursion against shapiq, profile by profile.

shapiq computes the Shapley values of one coalition game at a time; a payment table needs one game a
profile. It is timed on a sample of profiles and scaled, and the output says so.
"""

import time

import numpy as np
import shapiq

import fairgames as fg

N_USERS, N_LEVELS, SAMPLE = 10, 3, 20


def seconds(function, repeats):
    """Return the fastest of several runs, and the last result."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


def shapiq_payments(tensor, profile):
    def game(coalitions):
        return tensor[tuple((np.atleast_2d(coalitions) * profile).T.astype(int))]

    values = shapiq.ExactComputer(n_players=len(profile), game=game)("SV")
    return np.array([values[(user,)] for user in range(len(profile))])


def main():
    rng = np.random.default_rng(0)
    tensor = rng.random((N_LEVELS,) * N_USERS)
    tensor.flat[0] = 0
    ours, table = seconds(lambda: fg.payment_table(tensor), repeats=7)
    profiles = rng.integers(1, N_LEVELS, size=(SAMPLE, N_USERS))
    start = time.perf_counter()
    theirs = [shapiq_payments(tensor, profile) for profile in profiles]
    scaled = (time.perf_counter() - start) / SAMPLE * tensor.size
    difference = max(
        np.abs(table[profile].values - values).max() for profile, values in zip(profiles, theirs, strict=True)
    )
    print(f"all payments, all {tensor.size:,} profiles, {N_LEVELS} levels, N = {N_USERS}")
    print(f"  fairgames                         {ours * 1e3:9.1f} ms")
    print(f"  shapiq ({SAMPLE} profiles, scaled)     {scaled:9.1f} s")
    print(
        f"  ratio                             {scaled / ours:9,.0f} x   bar 50,000 "
        f"(largest difference {difference:.1e})"
    )
    larger = rng.random((N_LEVELS,) * 13)
    larger.flat[0] = 0
    thirteen, _ = seconds(lambda: fg.payment_table(larger), repeats=3)
    print(f"  fairgames, N = 13 ({larger.size:,} profiles)  {thirteen * 1e3:.0f} ms, bar about 150 ms")


if __name__ == "__main__":
    main()
