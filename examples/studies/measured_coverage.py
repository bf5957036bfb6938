"""How often the intervals around estimated payments hold the exact payment, on games with known answers.

* *Airport*: the utility is the longest runway that a present user needs. Littlechild and Owen (1973) gave the payments.
* *Saturation*: the utility is the logarithm of one plus all present weight; *with a star*, one user weighs as much as
  hundreds of others. Of few groups, or of few users, all states are enumerated.
* *Threshold*: worth 1 as soon as enough weight is present, and the engine is not told. Told, it is priced exactly.

Run ``python examples/studies/measured_coverage.py``.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from result_files import write

import fairgames as fg
from fairgames.payments.engines.threshold import threshold_payments
from fairgames.payments.pricing import fair_payments
from fairgames.utility.grouped import GroupedUtility

SEEDS = 400
LEVEL = 0.95


class OfCounts(GroupedUtility):
    """A function of the number of present users of each group."""

    def __init__(self, function, sizes):
        super().__init__(list(range(len(sizes))), sizes, 2)
        self.function = function

    def evaluate_counts(self, counts):
        """Utility of each state."""
        return np.asarray(self.function(counts[:, :, 1]), dtype=float)


class Airport(fg.Utility):
    """Each user needs a runway of its own length; the longest one serves all."""

    def __init__(self, lengths):
        self.lengths = np.asarray(lengths, dtype=float)

    @property
    def n_users(self):
        """Number of users."""
        return len(self.lengths)

    @property
    def shape(self):
        """Two levels each."""
        return (2,) * self.n_users

    def evaluate(self, profiles):
        """Longest runway needed in each profile."""
        return (profiles * self.lengths).max(axis=1)


def airport_payments(lengths):
    """Each stretch of runway is shared by those who need it."""
    order = np.argsort(lengths)
    stretches = np.diff(np.concatenate([[0], np.asarray(lengths)[order]]))
    paid = np.empty(len(lengths))
    paid[order] = np.cumsum(stretches / np.arange(len(lengths), 0, -1))
    return paid


@dataclass(frozen=True)
class Game:
    """A utility with everybody present, the exact payment in each row of it, and how to estimate it."""

    utility: fg.Utility
    everybody: tuple
    exact: np.ndarray
    engine: str
    effort: dict

    def estimate(self, seed):
        """Payments, estimated with one seed."""
        return fair_payments(self.utility, self.everybody, engine=self.engine, seed=seed, **self.effort)


def airport(lengths, budget):
    """Play the airport game by permutations."""
    everybody = (1,) * len(lengths)
    return Game(Airport(lengths), everybody, airport_payments(lengths), "permutations", {"budget": budget})


def grouped(curve, sizes, engine, effort):
    """Play a game of groups, or of single users; the exact payments come from all its states."""
    utility = OfCounts(curve, sizes)
    everybody = (1,) * utility.n_users if engine == "permutations" else tuple((0, size) for size in sizes)
    exact = fair_payments(utility, everybody, engine="types").values
    return Game(utility, everybody, exact, engine, effort)


def quorum(weights, quota, budget):
    """Play the threshold game of users who are all different by permutations."""
    sizes = [1] * len(weights)
    utility = OfCounts(lambda present: present @ weights >= quota, sizes)
    exact = threshold_payments(weights, sizes, quota)
    return Game(utility, tuple(sizes), exact, "permutations", {"budget": budget})


def games():
    """The games, by name."""
    weights = np.array([1.0, 2.0, 5.0])

    def saturates(present):
        return np.log1p(present @ weights)

    def jumps(present, quota):
        return present @ weights >= quota

    def saturates_alone(present):
        return np.log1p(present @ np.geomspace(0.2, 5, 18))

    def saturates_with_a_star(present):
        return np.log1p(present @ np.array([1.0, 3.0, 400.0]))

    few, many, sampled = [20, 15, 10], [1200, 60, 10], {"budget": 20_000}
    return {
        "airport": airport(np.linspace(1, 10, 30), budget=None),
        "airport, ten times as long": airport(np.linspace(1, 10, 30), budget=30_000),
        "saturation, all different": grouped(saturates_alone, [1] * 18, "permutations", {}),
        "saturation, few users": grouped(saturates, few, "permutations", sampled),
        "saturation, many users": grouped(saturates, many, "strata", {"target_error": 1e-3}),
        "saturation with a star": grouped(saturates_with_a_star, [1899, 100, 1], "strata", {"target_error": 1e-3}),
        "threshold, all different": quorum(np.arange(1.0, 31.0), 300, budget=None),
        "threshold, few users": grouped(partial(jumps, quota=60), few, "permutations", sampled),
        "threshold, many users": grouped(partial(jumps, quota=700), many, "strata", {"budget": 100_000}),
    }


def coverage_row(name, game, seeds=SEEDS):
    """Share of intervals that hold the exact payment, over users and seeds: of payments in doubt, and of the others."""
    estimates = [game.estimate(seed) for seed in range(seeds)]
    present = game.exact != 0
    intervals = [paid.interval(LEVEL) for paid in estimates]
    held = np.array([(low <= game.exact) & (game.exact <= high) for low, high in intervals])[:, present]
    doubtful = np.array([paid.doubtful[present] for paid in estimates])
    errors = np.array([paid.standard_errors[present] / game.exact[present] for paid in estimates])
    return {
        "game": name,
        "users": game.utility.n_users,
        "engine": game.engine,
        "seeds": seeds,
        "evaluations": int(np.median([paid.evaluations for paid in estimates])),
        "unresolved": sum(not paid.resolved for paid in estimates),
        "doubtful": doubtful.mean(),
        "coverage": _mean(held[~doubtful]),
        "coverage_in_doubt": _mean(held[doubtful]),
        "relative_error": np.median(errors[~doubtful]) if not doubtful.all() else np.nan,
    }


def _mean(held):
    return held.mean() if held.size else np.nan


def main():
    write("measured_coverage", [coverage_row(name, game, SEEDS) for name, game in games().items()])


if __name__ == "__main__":
    main()
