"""Price the data of hospitals that learn together, with real patients, real training and real noise.

Two consortia, on clinical data that scikit-learn ships; how patients are split among hospitals, and the
privacy costs, are ours. In both, a hospital is absent, takes part with protection, or shares fully.

1. *Private ridge regression* of diabetes progression. Protection is differential privacy, by OpenDP.
2. *Federated averaging* of a classifier of breast tumours. Protection is that records stay at home.

The splits of the patients are seeded; noise for privacy cannot be, or it would protect nobody. So a second
run gives the same numbers wherever no hospital of the first consortium is protected, and others, within
their standard errors, where one is.

The utility is what a model learned at a profile explains of patients it has not seen. Measuring it
looks at the data at every profile: do it on public or past data, never on the data to be protected.

Run ``python examples/studies/private_learning.py --help``.
"""

import argparse
from itertools import product
from pathlib import Path

from consortia import FEDERATED_HOSPITALS, PROTECTED, RIDGE_HOSPITALS, SHARED, breast_cancer, diabetes
from federated_averaging import FederatedAveraging
from private_ridge import PrivateRidge
from result_files import write

import fairgames as fg

EPSILONS = (2.0, 8.0, 32.0)
FULL_COST = 0.05
REPEATS = 60
RESAMPLES = 200


def privacy_costs(shares, protected):
    """Costs of the three levels for each hospital, in units of utility: a larger one has more to lose."""
    return [[0, protected * FULL_COST * share / max(shares), FULL_COST * share / max(shares)] for share in shares]


def experiments(epsilons=EPSILONS):
    """Each consortium's experiment and costs. A larger eps protects less and costs more."""
    patients = diabetes()
    ridge = {
        f"ridge, eps = {epsilon:g}": (
            PrivateRidge(patients, epsilon),
            privacy_costs(RIDGE_HOSPITALS, epsilon / (epsilon + 100)),
        )
        for epsilon in epsilons
    }
    return {**ridge, "FedAvg": (FederatedAveraging(breast_cancer()), privacy_costs(FEDERATED_HOSPITALS, 0.1))}


def measure(experiment, n_users, repeats, cache=None, n_jobs=1):
    """The utility of an experiment: nobody present explains nothing, so the baseline is 0."""
    return fg.MeasuredUtility(experiment, (3,) * n_users, repeats=repeats, baseline=0, cache=cache, n_jobs=n_jobs)


def profile_rows(name, utility):
    """Mean and standard error of the utility at every profile."""
    return [
        {
            "consortium": name,
            "profile": "".join(map(str, profile)),
            "utility": utility(profile),
            "standard_error": utility.standard_error(profile),
        }
        for profile in product(*map(range, utility.shape))
    ]


def hospital_rows(name, utility, costs):
    """What each hospital is owed when all are protected, and when all share, with 90 % intervals."""
    rows = []
    paid = {level: fg.fair_payments(utility, (level,) * utility.n_users) for level in (PROTECTED, SHARED)}
    for user, own in enumerate(costs):
        row = {"consortium": name, "hospital": user, "cost_protected": own[PROTECTED], "cost_shared": own[SHARED]}
        for word, level in (("protected", PROTECTED), ("shared", SHARED)):
            low, high = paid[level].interval(0.9)
            row |= {
                f"paid_{word}": paid[level].values[user],
                f"paid_{word}_low": low[user],
                f"paid_{word}_high": high[user],
            }
        rows.append(row)
    return rows


def decision_row(name, utility, costs, n_jobs=1):
    """The optimum, how sure it is under the noise of measurement, and whether more data always helps."""
    sure = fg.bootstrap(utility, costs, resamples=RESAMPLES, n_jobs=n_jobs)
    order = fg.monotonicity(utility)
    (alpha_low, alpha_high), (value_low, value_high) = sure.interval(sure.alphas), sure.interval(sure.values)
    return {
        "consortium": name,
        "repeats": utility.repeats,
        "profile": "".join(map(str, sure.optimum.profile)),
        "alpha": float(sure.optimum.alpha),
        "alpha_low": alpha_low,
        "alpha_high": alpha_high,
        "value": float(sure.optimum.value),
        "value_low": value_low,
        "value_high": value_high,
        "still_optimal": sure.still_optimal,
        "still_equilibrium": sure.still_equilibrium,
        "steps": order.steps,
        "falls": len(order.falls),
        "falls_beyond_noise": sum(bool(fall.beyond_noise) for fall in order.falls),
    }


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=REPEATS, help="measurements of each profile")
    options.add_argument("--cache", type=Path, help="folder in which measurements survive a crash")
    options.add_argument("--jobs", type=int, default=1, help="parallel workers")
    chosen = options.parse_args()
    profiles, hospitals, decisions = [], [], []
    for name, (experiment, costs) in experiments().items():
        utility = measure(experiment, len(costs), chosen.repeats, chosen.cache, chosen.jobs)
        profiles += profile_rows(name, utility)
        for row, patients in zip(hospital_rows(name, utility, costs), experiment.data.patients, strict=True):
            hospitals.append({**row, "patients": patients})
        decisions.append(decision_row(name, utility, costs, chosen.jobs))
    write("private_learning_profiles", profiles)
    write("private_learning_hospitals", hospitals)
    write("private_learning_decisions", decisions)


if __name__ == "__main__":
    main()
