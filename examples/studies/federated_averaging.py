"""Federated averaging of a classifier: records stay in the hospital, which only sends model weights."""

from dataclasses import dataclass

import numpy as np
from consortia import PROTECTED, SHARED, Consortium

ROUNDS, LOCAL_STEPS, STEP = 10, 5, 2.0


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
    """Mean log loss of a logistic classifier."""
    return np.mean(np.logaddexp(0, -(2 * outcomes - 1) * (records @ weights)))
