"""What a smooth rule misses where few users of a group are present: counts one by one against its nodes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fairgames.payments.cubature_nodes import Rule, hypergeometric_nodes
from fairgames.payments.evaluation import CheckedUtility

_FEW = 20.0
_NODES = 3


def missed_by_nodes(
    utility: CheckedUtility, sizes: NDArray[np.int64], group: int, panels: list[Rule]
) -> tuple[float, int]:
    """Error that the nodes make, group by group, in what one more user of ``group`` gains.

    In the middle of each panel of sizes, each group with few present users is taken count by count, and
    by nodes, with all other groups at their means.

    Parameters
    ----------
    utility : callable
        Present users by group, real numbers, ``(M, K)`` to ``(M,)``.
    sizes : ndarray of int, shape (K,)
        Present users of each group.
    group : int
        Group of the user that joins.
    panels : list of (sizes, weights)
        Panels of coalition sizes.

    Returns
    -------
    error : float
        In the total payment of the group.
    evaluations : int
        Utility evaluations spent.
    """
    others = sizes.copy()
    others[group] -= 1
    n_others = int(others.sum())
    middles = np.array([round(float(drawn.mean())) for drawn, _ in panels])
    lengths = np.array([float(weights.sum()) for _, weights in panels])
    starts = np.array([float(drawn[0]) for drawn, _ in panels])
    rules = [
        _difference(others, rare, middles[few], lengths[few])
        for rare in np.flatnonzero(others >= _NODES).tolist()
        if (few := starts * others[rare] / n_others < _FEW).any()
    ]
    if not rules:
        return 0.0, 0
    states = np.concatenate([states for states, _ in rules])
    values = utility(np.concatenate([states, states + np.eye(len(sizes))[group]]))
    gains = np.split(values[len(states) :] - values[: len(states)], np.cumsum([len(weights) for _, weights in rules]))
    error = sum(abs(float(weights @ part)) for (_, weights), part in zip(rules, gains[:-1], strict=True))
    return error * int(sizes[group]) / int(sizes.sum()), len(values)


def _difference(others: NDArray[np.int64], rare: int, drawn: NDArray[np.int64], lengths: NDArray[np.float64]) -> Rule:
    """States and weights whose sum is nodes less counts, for each number ``drawn`` of the other users."""
    good, pool = int(others[rare]), int(others.sum())
    nodes, at_nodes = hypergeometric_nodes(good, pool, drawn.astype(float), _NODES)
    counts, chances = zip(*(_counts(good, pool, number) for number in drawn.tolist()), strict=True)
    how_many = [len(row) for row in counts]
    present = np.concatenate([nodes.ravel(), *counts])
    total = np.concatenate([np.repeat(drawn, _NODES), np.repeat(drawn, how_many)])
    states = (total - present)[:, None] * (others / (pool - good))
    states[:, rare] = present
    by_count = np.concatenate(chances) * np.repeat(lengths, how_many)
    return states, np.concatenate([(lengths[:, None] * at_nodes).ravel(), -by_count])


def _counts(good: int, pool: int, drawn: int) -> Rule:
    """Counts of good ones among ``drawn`` of ``pool`` and their probabilities, up to seven deviations."""
    mean = drawn * good / pool
    counts = np.arange(max(0, drawn - (pool - good)), min(good, drawn, int(mean + 7 * math.sqrt(mean) + 7)) + 1.0)
    # Ratios of neighbouring probabilities; their sum is 1 up to what lies beyond seven deviations.
    ratios = (good - counts[:-1]) * (drawn - counts[:-1]) / (counts[1:] * (pool - good - drawn + counts[1:]))
    chances = np.cumprod(np.concatenate([[1.0], ratios]))
    return counts, chances / chances.sum()
