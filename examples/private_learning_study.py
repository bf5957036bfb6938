"""Price the data of hospitals that learn together, with real patients, real training and real noise.

Two consortia, on clinical data that scikit-learn ships; how patients are split among hospitals, and the
privacy costs, are ours. In both, a hospital is absent, takes part with protection, or shares fully.

1. *Private ridge regression* of diabetes progression. Protection is differential privacy: a hospital
   publishes its sums once, with Laplace noise by OpenDP. All bounds are public knowledge, not taken
   from the data, and sums are whole numbers, so that rounding leaks nothing.
2. *Federated averaging* of a classifier of breast tumours. Protection is that records stay in the
   hospital, which only sends model weights.

The utility is what a model learned at a profile explains of patients it has not seen. Measuring it
looks at the data at every profile: do it on public or past data, never on the data to be protected.

Run ``python examples/private_learning_study.py --help``.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes

from fairgames.assessment.bootstrap import bootstrap_measured
from fairgames.equilibrium.solve import equilibria
from fairgames.game.fair_game import FairGame
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.payments.repeated import repeated_payments
from fairgames.utility.measured import MeasuredUtility
from fairgames.utility.measured_monotonicity import monotonicity

ABSENT, PROTECTED, SHARED = range(3)
TEST_PART = 1 / 3
FULL_COST = 0.05

RIDGE_HOSPITALS = (0.35, 0.25, 0.2, 0.12, 0.08)
RIDGE_COLUMNS = {"bmi": (15, 45), "s5": (3, 7)}
PROGRESSION = (-50, 350)  # a public guess of 150, give or take 200
GRID = 1000
EPSILONS = (2.0, 8.0, 32.0)

FEDERATED_HOSPITALS = (0.4, 0.3, 0.2, 0.1)
FEDERATED_COLUMNS = {
    "mean radius": (5, 30),
    "mean texture": (5, 45),
    "mean smoothness": (0.03, 0.2),
    "worst concave points": (0, 0.35),
}
ROUNDS, LOCAL_STEPS, STEP = 10, 5, 2.0


@dataclass(frozen=True)
class Consortium:
    """Records of all hospitals: columns scaled to [-1, 1] by public bounds, a column of ones first."""

    records: np.ndarray
    outcomes: np.ndarray
    hospital: np.ndarray

    def split(self, rng):
        """Hold out a third of the patients; return the held-out ones and each hospital's training part."""
        test = rng.random(len(self.outcomes)) < TEST_PART
        parts = [~test & (self.hospital == number) for number in range(self.hospital.max() + 1)]
        return (self.records[test], self.outcomes[test]), [(self.records[p], self.outcomes[p]) for p in parts]


def consortium(table, outcomes, bounds, shares, *, by, mixing):
    """Scale the named columns, and hand patients to hospitals that differ in ``by``, the less the more mixing."""
    scaled = [scale(table[name].to_numpy(dtype=float), *limits) for name, limits in bounds.items()]
    records = np.column_stack([np.ones(len(outcomes)), *scaled])
    rng = np.random.default_rng(0)
    order = np.argsort(scale(table[by].to_numpy(dtype=float), *bounds[by]) + mixing * rng.normal(size=len(outcomes)))
    ends = (np.cumsum(shares) * len(outcomes)).round().astype(int)
    hospital = np.empty(len(outcomes), dtype=int)
    hospital[order] = np.searchsorted(ends, np.arange(len(outcomes)), side="right")
    return Consortium(records, outcomes, hospital)


def scale(values, low, high):
    return np.clip((values - low) / (high - low) * 2 - 1, -1, 1)


def diabetes():
    table = load_diabetes(as_frame=True, scaled=False)
    outcomes = scale(table.target.to_numpy(), *PROGRESSION)
    return consortium(table.data, outcomes, RIDGE_COLUMNS, RIDGE_HOSPITALS, by="bmi", mixing=0.15)


def breast_cancer():
    table = load_breast_cancer(as_frame=True)
    malignant = 1.0 - table.target.to_numpy()
    return consortium(table.data, malignant, FEDERATED_COLUMNS, FEDERATED_HOSPITALS, by="mean radius", mixing=0.3)


def laplace(epsilon, sensitivity):
    """Noise for a vector of whole numbers of that L1 sensitivity, with its privacy guarantee checked."""
    import opendp.prelude as dp  # noqa: PLC0415

    dp.enable_features("contrib")
    mechanism = dp.m.make_laplace(
        dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int), scale=sensitivity / epsilon
    )
    if mechanism.map(d_in=sensitivity) > epsilon * (1 + 1e-9):
        raise RuntimeError("the noise does not give the privacy that was promised")
    return mechanism


@dataclass(frozen=True)
class PrivateRidge:
    """Share of the squared error of a public guess that ridge regression from (noisy) sums removes."""

    data: Consortium
    epsilon: float
    penalty: float = 1.0
    usual_size: float = 0.3

    def __call__(self, profile, rng):
        """Learn at one profile, in one split of the patients."""
        (records, outcomes), hospitals = self.data.split(rng)
        width = records.shape[1]
        upper = np.triu_indices(width)
        total = np.zeros(len(upper[0]) + width)
        noisy = 0
        for level, (x, y) in zip(profile, hospitals, strict=True):
            if level == ABSENT:
                continue
            # All entries lie within ±GRID, and a patient enters each of them once.
            rows = np.column_stack([x[:, upper[0]] * x[:, upper[1]], x * y[:, None]])
            sums = np.rint(rows * GRID).astype(int).sum(axis=0)
            if level == PROTECTED:
                sums = np.array(laplace(self.epsilon, len(total) * GRID)(sums.tolist()))
                noisy += 1
            total += sums / GRID
        gram = np.zeros((width, width))
        gram[upper] = total[: len(upper[0])]
        gram = gram + np.triu(gram, 1).T
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, 0)
        # Ridge regression that trusts a direction the less, the more of it is noise of known size.
        noise = 2 * noisy * (len(total) / self.epsilon / self.usual_size) ** 2
        trust = values / (values**2 + self.penalty * values + noise + np.finfo(float).tiny)
        predicted = records @ vectors @ (trust * (vectors.T @ total[len(upper[0]) :]))
        return 1 - np.mean((outcomes - predicted) ** 2) / np.mean(outcomes**2)


@dataclass(frozen=True)
class FederatedAveraging:
    """Share of the log loss of a coin toss that a classifier removes; pooled records train as one hospital."""

    data: Consortium

    def __call__(self, profile, rng):
        """Learn at one profile, in one split of the patients."""
        (records, outcomes), hospitals = self.data.split(rng)
        pooled = [part for level, part in zip(profile, hospitals, strict=True) if level == SHARED]
        clients = [part for level, part in zip(profile, hospitals, strict=True) if level == PROTECTED]
        if pooled:
            clients.append(tuple(np.concatenate(pieces) for pieces in zip(*pooled, strict=True)))
        weights = np.zeros(records.shape[1])
        sizes = [len(y) for _, y in clients]
        for _ in range(ROUNDS if clients else 0):
            weights = np.average([descend(weights, *client) for client in clients], axis=0, weights=sizes)
        return 1 - log_loss(weights, records, outcomes) / np.log(2)


def descend(weights, records, outcomes):
    """A few steps down the gradient of the log loss."""
    for _ in range(LOCAL_STEPS):
        chances = 1 / (1 + np.exp(-records @ weights))
        weights = weights - STEP * records.T @ (chances - outcomes) / len(outcomes)
    return weights


def log_loss(weights, records, outcomes):
    return np.mean(np.logaddexp(0, -(2 * outcomes - 1) * (records @ weights)))


def privacy_costs(shares, protected):
    """Costs of the three levels for each hospital, in units of utility: a larger one has more to lose."""
    return [[0, protected * FULL_COST * share / max(shares), FULL_COST * share / max(shares)] for share in shares]


def answer(experiment, costs, repeats, cache_folder=None, n_jobs=None):
    """Measure every profile and find payments, equilibria and the optimum, with their uncertainty."""
    shape = (3,) * len(costs)
    utility = MeasuredUtility(experiment, shape, repeats=repeats, baseline=0, cache=cache_folder, n_jobs=n_jobs)
    mean = utility.tensor()
    optimum = optimal_alpha(mean, costs)
    game = FairGame(mean, costs, optimum.alpha)
    return {
        "utility": utility,
        "monotonicity": monotonicity(utility),
        "protected": repeated_payments(utility, (PROTECTED,) * len(costs)),
        "shared": repeated_payments(utility, (SHARED,) * len(costs)),
        "optimum": optimum,
        "equilibria": equilibria(game, method="pure"),
        "certainty": bootstrap_measured(utility, costs, resamples=100, n_jobs=n_jobs),
    }


def report(title, found):
    """Print one consortium's answers."""
    print(f"\n{title}\n{'=' * len(title)}")
    print(f"{found['utility'].evaluations} new evaluations of {len(found['utility'].measured)} profiles")
    falls = found["monotonicity"].falls
    real = sum(bool(fall.beyond_noise) for fall in falls)
    print(f"{len(falls)} of {found['monotonicity'].steps} steps to more data measure lower, {real} beyond noise")
    for name in ("protected", "shared"):
        print(f"\neverybody {name}:\n{found[name]}")
    print(f"\n{found['certainty']}\n")
    for equilibrium in found["equilibria"].equilibria:
        print(f"equilibrium {equilibrium.profile} at the optimal alpha, regret {float(equilibrium.regret):.1e}")


def draw(found, file):
    """Draw payments at two profiles, and the optimum, for each consortium."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    figure, (paid, kept) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", width_ratios=(3, 2))
    width = 0.8 / len(found)
    for place, (title, answers) in enumerate(found.items()):
        payments = answers["protected"]
        low, high = payments.interval(0.9)
        users = np.arange(len(payments)) + (place - (len(found) - 1) / 2) * width
        paid.bar(users, payments.values, width, label=title)
        ends = [payments.values - low, high - payments.values]
        paid.errorbar(users, payments.values, ends, fmt="none", color="0.2")
        low, high = answers["certainty"].interval(answers["certainty"].values)
        value = float(answers["optimum"].value)
        kept.errorbar(value, place, xerr=[[value - low], [high - value]], fmt="o")
        profile = "".join("·PS"[level] for level in answers["optimum"].profile)
        words = f"{profile}, alpha = {float(answers['optimum'].alpha):.3f}"
        kept.annotate(words, (value, place), xytext=(0, 7), textcoords="offset points", ha="center")
    paid.axhline(0, color="0.5", linewidth=0.8)
    paid.set(title="Fair payments when everybody is protected", xlabel="hospital", ylabel="payment, alpha = 1")
    paid.set_xticks(range(max(len(answers["protected"]) for answers in found.values())))
    paid.legend(frameon=False)
    kept.set(title="Optimum (· absent, P protected, S shared)", xlabel="platform keeps", xlim=(0, 1))
    kept.set_yticks(range(len(found)), list(found))
    kept.set_ylim(len(found) - 0.5, -0.5)
    figure.savefig(file, dpi=150)


def study(repeats, cache_folder=None, n_jobs=None, epsilons=EPSILONS):
    """Run both consortia; the first once for each eps. A larger eps protects less and costs more."""
    patients = diabetes()
    found = {
        f"ridge, eps = {epsilon:g}": answer(
            PrivateRidge(patients, epsilon),
            privacy_costs(RIDGE_HOSPITALS, epsilon / (epsilon + 100)),
            repeats,
            cache_folder,
            n_jobs,
        )
        for epsilon in epsilons
    }
    costs = privacy_costs(FEDERATED_HOSPITALS, 0.1)
    found["FedAvg"] = answer(FederatedAveraging(breast_cancer()), costs, repeats, cache_folder, n_jobs)
    return found


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=20, help="measurements of each profile")
    options.add_argument("--cache", type=Path, help="folder in which measurements survive a crash")
    options.add_argument("--figure", type=Path, help="file to draw to")
    options.add_argument("--jobs", type=int, default=1, help="parallel workers")
    chosen = options.parse_args()
    found = study(chosen.repeats, chosen.cache, chosen.jobs)
    for title, answers in found.items():
        report(title, answers)
    if chosen.figure is not None:
        draw(found, chosen.figure)


if __name__ == "__main__":
    main()
