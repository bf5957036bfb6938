"""A hundred users who are all different, 10,000 evaluations: error beside every estimator of shapiq and pyDVL.

Bar: on concave utilities a lower error than any of them. The other utilities are shown too, whoever wins. Each
peer runs with one seed, on the same utilities in the same run; what is slow runs on fewer utilities.
pyDVL runs in an environment of its own, ``.venv-pydvl`` (``make bench`` makes it), because it needs NumPy
below 2.
"""

import json
import subprocess
import time
import warnings
from pathlib import Path

import numpy as np
from hundred_games import BETWEEN, N_USERS, SAMPLES, WITHIN, games
from timing import claim, run

from fairgames import FederatedMeanUtility
from fairgames.payments.engines.permutations import permutation_payments

BUDGET = 10_000
SEEDS = range(5)
PYDVL = Path(__file__).parent.parent / ".venv-pydvl" / "bin" / "python"
SHAPIQ = {
    "PermutationSamplingSV": {},
    "StratifiedSamplingSV": {},
    "OwenSamplingSV": {"n_anchor_points": 10},
    "KernelSHAP": {},
    "KernelSHAP, paired": {"pairing_trick": True},
    "UnbiasedKernelSHAP, paired": {"pairing_trick": True},
    "kADDSHAP": {"max_order": 1},
}
SLOW_SHAPIQ = {"SVARM": {}}


def pydvl_rows():
    """Return what the other environment found, by game."""
    if not PYDVL.exists():
        print("pyDVL is not here: 'make bench' installs it in .venv-pydvl; its rows are left out")
        return {}
    script = Path(__file__).parent / "pydvl_estimates.py"
    done = subprocess.run([PYDVL, script, str(BUDGET)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def shapiq_row(name, options, evaluate):
    """One estimator of shapiq."""
    from shapiq import approximator

    calls = []

    def game(rows):
        rows = np.atleast_2d(rows).astype(int)
        calls.append(len(rows))
        return evaluate(rows).astype(float)

    peer = getattr(approximator, name.split(",")[0])(n=N_USERS, random_state=0, **options)
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = peer.approximate(BUDGET, game)
    took = time.process_time() - start
    return {"values": [found[(user,)] for user in range(N_USERS)], "evaluations": sum(calls), "seconds": took}


def peers_of(game, pydvl):
    """All rows of one game, by name."""
    wanted = SHAPIQ | (SLOW_SHAPIQ if game.concave else {})
    rows = {f"shapiq {name}": shapiq_row(name, options, game.evaluate) for name, options in wanted.items()}
    return rows | {f"pyDVL {name}": row for name, row in pydvl.get(game.name, {}).items()}


def reference(game):
    """Payments that are right, or right enough: forty times the budget, where no formula is known."""
    if game.exact is not None:
        return game.exact
    federated = FederatedMeanUtility(SAMPLES, BETWEEN, WITHIN)
    rows = np.random.default_rng(0).integers(0, 2, (20, N_USERS))
    np.testing.assert_allclose(game.evaluate(rows), federated.evaluate(2 * rows), rtol=1e-9)
    return permutation_payments(game.evaluate, [1] * N_USERS, 10**6, budget=40 * BUDGET).values


def compare(game, pydvl):
    """Print one game's table; claim it beside the best of each library."""
    exact = reference(game)

    def error(values):
        return float(np.linalg.norm(np.asarray(values) - exact) / np.linalg.norm(exact))

    start = time.process_time()
    ours = [permutation_payments(game.evaluate, [1] * N_USERS, seed, budget=BUDGET) for seed in SEEDS]
    took = (time.process_time() - start) / len(SEEDS)
    errors = [error(estimate.values) for estimate in ours]
    inside = np.mean([(estimate.interval()[0] <= exact) & (exact <= estimate.interval()[1]) for estimate in ours])
    warned = sum(bool(estimate.warnings) for estimate in ours)
    print(f"  {game.name}{' (concave)' if game.concave else ''}")
    print(
        f"    {'fairgames, largest of 5 seeds':36} {max(errors):9.2e} {'':13} {ours[0].evaluations:7,} evaluations "
        f"{took:7.2f} s, intervals cover {inside:.0%}, {warned} of 5 warn"
    )
    rows = {name: (error(row["values"]), row) for name, row in peers_of(game, pydvl).items()}
    for name, (missed, row) in sorted(rows.items(), key=lambda pair: pair[1][0]):
        print(
            f"    {name:36} {missed:9.2e} {missed / max(errors):8,.2f} times {row['evaluations']:7,} evaluations "
            f"{row['seconds']:7.2f} s"
        )
    name = f"{game.name}, {N_USERS} different users, {BUDGET:,} evaluations"
    for library in ("shapiq", "pyDVL"):
        known = [(missed, peer) for peer, (missed, _) in rows.items() if peer.startswith(library)]
        if known:
            missed, peer = min(known)
            bar = 1 if game.concave else None
            claim(name, max(errors), f"{peer}, its best", missed, unit="relative error", wins=bar)
            claim(name, took, f"{peer}, its best", rows[peer][1]["seconds"])


def main():
    """Print all tables."""
    pydvl = pydvl_rows()
    for game in games():
        compare(game, pydvl)
    print("  of one seed each; shapiq SVARM on concave utilities only; pyDVL's group testing, and its maximum sample")
    print("  reuse with a tenth of the evaluations, on the first one only: they take minutes a utility")


if __name__ == "__main__":
    run(main)
