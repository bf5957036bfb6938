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
    error, evaluations = 0.0, 0
    for rare in np.flatnonzero(others >= _NODES).tolist():
        parts = [
            _difference(others, rare, round(float(drawn.mean())), float(weights.sum()))
            for drawn, weights in panels
            if float(drawn[0]) * others[rare] / n_others < _FEW
        ]
        if not parts:
            continue
        states, weights = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        values = utility(np.concatenate([states, states + np.eye(len(sizes))[group]]))
        gains = values[len(states) :] - values[: len(states)]
        error += abs(float(weights @ gains)) * int(sizes[group]) / int(sizes.sum())
        evaluations += len(values)
    return error, evaluations


def _difference(others: NDArray[np.int64], rare: int, drawn: int, length: float) -> Rule:
    """States and weights whose sum is nodes less counts, for ``drawn`` of the other users."""
    good, pool = int(others[rare]), int(others.sum())
    mean = drawn * good / pool
    counts = np.arange(max(0, drawn - (pool - good)), min(good, drawn, int(mean + 7 * math.sqrt(mean) + 7)) + 1)
    # Ratios of neighbouring probabilities; their sum is 1 up to what lies beyond seven deviations.
    ratios = (good - counts[:-1]) * (drawn - counts[:-1]) / (counts[1:] * (pool - good - drawn + counts[1:]))
    chances = np.cumprod(np.concatenate([[1.0], ratios]))
    nodes, weights = hypergeometric_nodes(good, pool, np.array([float(drawn)]), _NODES)
    present = np.concatenate([nodes[0], counts])
    states = (drawn - present)[:, None] * (others / (pool - good))
    states[:, rare] = present
    return states, length * np.concatenate([weights[0], -chances / chances.sum()])
