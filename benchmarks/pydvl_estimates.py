"""pyDVL's estimators on the games of `hundred_games`, printed as JSON: run in an environment of their own.

pyDVL 0.10 needs NumPy below 2. ``make bench`` makes the environment, and `bench_different_users` runs this
script in it: ``python pydvl_estimates.py BUDGET``.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from functools import partial

import numpy as np
from hundred_games import N_USERS, games
from pydvl.valuation import ShapleyValuation, samplers
from pydvl.valuation.dataset import Dataset
from pydvl.valuation.methods.gt_shapley import GroupTestingShapleyValuation
from pydvl.valuation.stopping import StoppingCriterion
from pydvl.valuation.utility.base import UtilityBase

USERS = Dataset(np.arange(N_USERS)[:, None], np.arange(N_USERS))


class Counted(UtilityBase):
    """A coalition game that counts its evaluations; nobody is worth 0 and costs none."""

    def __init__(self, evaluate):
        self.evaluate = evaluate
        self.spent = [0]

    def __call__(self, sample):
        """Value of the coalition of a sample."""
        if sample is None or not len(sample.subset):
            return 0.0
        self.spent[0] += 1
        row = np.zeros((1, N_USERS), dtype=int)
        row[0, sample.subset] = 1
        return float(self.evaluate(row)[0])


class Spent(StoppingCriterion):
    """Stop when the budget is spent."""

    def __init__(self, utility, budget):
        super().__init__(modify_result=False)
        self.utility, self.budget = utility, budget

    def _check(self, result):
        del result
        return self.utility.spent[0] >= self.budget

    def completion(self):
        """Part of the budget that is spent."""
        return self.utility.spent[0] / self.budget


def sampled(make):
    """Shapley values by one of pyDVL's samplers, until the budget is spent or the sampler ends."""

    def estimate(utility, budget, seed):
        valuation = ShapleyValuation(utility, make(seed=seed), is_done=Spent(utility, budget), progress=False)
        return valuation.fit(USERS).values().values

    return estimate


def group_testing(utility, budget, seed):
    """Group testing (Jia and others 2019), within a mean payment."""
    epsilon = float(utility.evaluate(np.ones((1, N_USERS), dtype=int))[0]) / N_USERS
    valuation = GroupTestingShapleyValuation(utility, budget, epsilon=epsilon, progress=False, seed=seed)
    return valuation.fit(USERS).values().values


def estimators(budget, slow):
    """Every estimator of Shapley values that pyDVL has for a game without structure, and its budget."""
    marginals = budget // (2 * N_USERS)  # of each user: two evaluations each
    grid = samplers.GridOwenStrategy(marginals // 2)
    any_size = samplers.ConstantSampleSize(), samplers.RandomSizeIteration, 1, samplers.RandomIndexIteration
    samplings = {
        "permutations": samplers.PermutationSampler,
        "antithetic permutations": samplers.AntitheticPermutationSampler,
        "truncated permutations (TMC)": partial(samplers.PermutationSampler, samplers.RelativeTruncation(0.01, 0.4)),
        "stratified permutations": partial(
            samplers.StratifiedPermutationSampler, samplers.ConstantSampleSize(n_samples=budget)
        ),
        "Owen, grid": partial(samplers.OwenSampler, grid, 2),
        "Owen, uniform": lambda seed: samplers.OwenSampler(
            samplers.UniformOwenStrategy(marginals // 2, seed=seed), 2, seed=seed
        ),
        "Owen, antithetic": partial(samplers.AntitheticOwenSampler, grid, 1),
        "stratified, sizes at random": partial(samplers.StratifiedSampler, *any_size),
        "stratified, harmonic (VRDS)": partial(samplers.VRDSSampler, marginals),
        "uniform subsets": partial(samplers.UniformSampler, 1, samplers.RandomIndexIteration),
        "antithetic subsets": partial(samplers.AntitheticSampler, 1, samplers.RandomIndexIteration),
    }
    found = {name: (sampled(make), budget) for name, make in samplings.items()}
    if slow:
        found["group testing"] = group_testing, budget
        found["maximum sample reuse"] = sampled(samplers.MSRSampler), budget // 10  # time grows as its square
    return found


def main():
    """Print one line of JSON: estimates, evaluations and seconds by game and estimator."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    budget = int(sys.argv[1])
    answers = {}
    for number, game in enumerate(games()):
        answers[game.name] = rows = {}
        for name, (estimate, allowed) in estimators(budget, slow=number == 0).items():
            utility, start = Counted(game.evaluate), time.process_time()
            values = np.asarray(estimate(utility, allowed, 0), dtype=float).tolist()
            took = time.process_time() - start
            rows[name] = {"values": values, "evaluations": utility.spent[0], "seconds": took}
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
