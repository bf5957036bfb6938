"""Ridge regression from sums that hospitals publish, with Laplace noise where they are protected."""

from dataclasses import dataclass

import numpy as np
from consortia import ABSENT, PROTECTED, Consortium

GRID = 1000


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
    """Share of the squared error of a public guess that ridge regression from (noisy) sums removes.

    A hospital publishes its sums once. All bounds are public knowledge, not taken from the data, and sums
    are whole numbers, so that rounding leaks nothing.
    """

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
