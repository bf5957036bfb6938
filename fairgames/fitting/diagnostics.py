"""What a reader should know before believing a fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEW_GROUPS = 5
GIANT_SHARE = 0.5
SIGNIFICANCE = 0.01


def diagnose(
    samples: NDArray[np.intp], means: NDArray[np.float64], between: float, between_interval: tuple[float, float]
) -> tuple[str, ...]:
    """List the ways in which the model may not suit the data.

    Parameters
    ----------
    samples : ndarray of int, shape (K,)
        Observations in each group.
    means : ndarray, shape (K,)
        Mean of each group.
    between : float
        Estimated variance between groups.
    between_interval : tuple of float
        Its interval.

    Returns
    -------
    tuple of str
        One sentence a finding; empty when nothing was found.

    Examples
    --------
    >>> diagnose(np.array([90, 5, 5, 6, 7]), np.arange(5.0), 1.0, (0.1, 9.0))
    ('one group holds 80 % of all observations: the variance within groups is mostly its own',)
    """
    findings = (
        _not_positive(between),
        _not_shown(between, between_interval),
        _few_groups(len(samples)),
        _giant_group(samples),
        _size_and_mean(samples, means),
    )
    return tuple(finding for finding in findings if finding)


def _not_positive(between: float) -> str:
    if between > 0:
        return ""
    return (
        f"the variance between groups is estimated as {between:.4g}, not above 0: the groups' means differ no more "
        "than chance alone would make them, and no utility can be made without choosing a value"
    )


def _not_shown(between: float, interval: tuple[float, float]) -> str:
    if between <= 0 or interval[0] > 0:
        return ""
    return "the interval of the variance between groups starts at 0: the data do not show that the groups differ"


def _few_groups(n_groups: int) -> str:
    if n_groups >= FEW_GROUPS:
        return ""
    return f"the variance between groups rests on {n_groups} groups only: see its interval"


def _giant_group(samples: NDArray[np.intp]) -> str:
    share = samples.max() / samples.sum()
    if len(samples) <= 2 or share <= GIANT_SHARE:
        return ""
    return f"one group holds {100 * share:.0f} % of all observations: the variance within groups is mostly its own"


def _size_and_mean(samples: NDArray[np.intp], means: NDArray[np.float64]) -> str:
    if len(samples) <= FEW_GROUPS or np.ptp(samples) == 0:
        return ""
    from scipy.stats import spearmanr

    correlation, chance = spearmanr(samples, means)
    if not chance < SIGNIFICANCE:
        return ""
    return (
        f"group means go with group sizes (rank correlation {correlation:.2f}, p = {chance:.2g}): "
        "the model takes the two as unrelated"
    )
