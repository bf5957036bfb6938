"""Real patients, handed out to hospitals that learn together: who has whose records is our choice."""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes

ABSENT, PROTECTED, SHARED = range(3)
TEST_PART = 1 / 3

RIDGE_HOSPITALS = (0.35, 0.25, 0.2, 0.12, 0.08)
RIDGE_COLUMNS = {"bmi": (15, 45), "s5": (3, 7)}
PROGRESSION = (-50, 350)  # a public guess of 150, give or take 200

FEDERATED_HOSPITALS = (0.4, 0.3, 0.2, 0.1)
FEDERATED_COLUMNS = {
    "mean radius": (5, 30),
    "mean texture": (5, 45),
    "mean smoothness": (0.03, 0.2),
    "worst concave points": (0, 0.35),
}


@dataclass(frozen=True)
class Consortium:
    """Records of all hospitals: columns scaled to [-1, 1] by public bounds, a column of ones first."""

    records: np.ndarray
    outcomes: np.ndarray
    hospital: np.ndarray

    @property
    def patients(self):
        """Number of patients of each hospital."""
        return np.bincount(self.hospital)

    def split(self, rng):
        """Hold out a third of the patients; return the held-out ones and each hospital's training part."""
        test = rng.random(len(self.outcomes)) < TEST_PART
        parts = [~test & (self.hospital == number) for number in range(len(self.patients))]
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
    """Map public bounds to [-1, 1]; what lies outside them is moved to the nearer bound."""
    return np.clip((values - low) / (high - low) * 2 - 1, -1, 1)


def diabetes(shares=RIDGE_HOSPITALS):
    """Progression of diabetes in 442 patients, at hospitals that differ in body mass index."""
    table = load_diabetes(as_frame=True, scaled=False)
    outcomes = scale(table.target.to_numpy(), *PROGRESSION)
    return consortium(table.data, outcomes, RIDGE_COLUMNS, shares, by="bmi", mixing=0.15)


def breast_cancer(shares=FEDERATED_HOSPITALS):
    """569 breast tumours, malignant or not, at hospitals that differ in the size of tumours."""
    table = load_breast_cancer(as_frame=True)
    malignant = 1.0 - table.target.to_numpy()
    return consortium(table.data, malignant, FEDERATED_COLUMNS, shares, by="mean radius", mixing=0.3)
