"""Games of a hundred users who are all different, whose fair payments are known. NumPy alone: peers import it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

N_USERS = 100
WEIGHTS = np.maximum(1, np.round(4 * np.random.default_rng(0).lognormal(sigma=0.8, size=N_USERS))).astype(int)
SAMPLES = np.linspace(5, 200, N_USERS)
BETWEEN, WITHIN = 1.0, 10.0

CONCAVE = {
    "logarithm": np.log1p,
    "root": np.sqrt,
    "saturating": lambda x: x / (x + 50),
}
OTHERS = {
    "square (convex)": lambda x: x**2,
    "additive": lambda x: x,
    "threshold": lambda x: (x >= WEIGHTS.sum() / 2).astype(float),
}


@dataclass(frozen=True, eq=False)
class Game:
    """A utility of coalitions, one row of zeros and ones each, and its fair payments (None: not known exactly)."""

    name: str
    concave: bool
    evaluate: Callable[[np.ndarray], np.ndarray]
    exact: np.ndarray | None


def games() -> list[Game]:
    """Concave games first."""
    of_sums = [(name, value, True) for name, value in CONCAVE.items()]
    of_sums += [(name, value, False) for name, value in OTHERS.items()]
    found = [
        Game(name, concave, lambda rows, value=value: value(1.0 * (rows @ WEIGHTS)), exact_of_sum(value))
        for name, value, concave in of_sums
    ]
    found.insert(len(CONCAVE), Game("federated mean, all direct", False, all_direct, None))
    return [*found, Game("airport (largest weight)", False, largest, exact_of_largest())]


def largest(rows: np.ndarray) -> np.ndarray:
    """Largest weight present."""
    return (rows * WEIGHTS).max(axis=1).astype(float)


def all_direct(rows: np.ndarray) -> np.ndarray:
    """Federated mean of which everybody present shares the data directly (proposition 5 of the paper)."""
    noise = WITHIN / SAMPLES
    variance = BETWEEN + noise
    precision = rows @ (1 / variance)
    left = 1 / np.where(precision > 0, precision, 1.0)[:, None]
    errors = np.where(rows > 0, BETWEEN * noise / variance + (noise / variance) ** 2 * left, BETWEEN + left)
    gains = np.log((WITHIN + 2 * BETWEEN) / errors).sum(axis=1)
    return np.where(precision > 0, gains, 0.0)


def exact_of_sum(value: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Fair payments of ``value(Σ whole weights)``: the distribution of the others' sum at Gauss nodes in t."""
    total = int(WEIGHTS.sum())
    nodes, lengths = np.polynomial.legendre.leggauss(N_USERS // 2 + 1)
    t = (nodes[:, None] + 1) / 2
    values = value(np.arange(total + 1.0))
    payments = np.empty(N_USERS)
    for weight in np.unique(WEIGHTS):
        chances = np.zeros((len(t), total + 1))
        chances[:, 0] = 1
        for other in np.delete(WEIGHTS, np.flatnonzero(weight == WEIGHTS)[0]):
            joined = chances * (1 - t)
            joined[:, other:] += chances[:, : total + 1 - other] * t
            chances = joined
        gains = np.zeros(total + 1)
        gains[: total + 1 - weight] = values[weight:] - values[: total + 1 - weight]
        payments[weight == WEIGHTS] = lengths / 2 @ (chances @ gains)
    return payments


def exact_of_largest() -> np.ndarray:
    """Fair payments of the airport game (Littlechild and Owen 1973)."""
    order = np.argsort(WEIGHTS, kind="stable")
    steps = np.diff(WEIGHTS[order], prepend=0) / np.arange(N_USERS, 0, -1)
    payments = np.empty(N_USERS)
    payments[order] = np.cumsum(steps)
    return payments
