"""Every tolerance of the package, in one place.

Floats compare with a tolerance relative to the numbers that enter the comparison; rationals compare
exactly. No other module holds a tolerance of its own.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from fairgames.exactness import Array, is_exact

_FLOATS = {float, np.float64}

RELATIVE = 1e-10
"""Two float quantities closer than this, relative to the largest utility, count as equal."""

ROUNDING = 64 * float(np.finfo(float).eps)
"""Numbers that were given, and sums of them, closer than this, relative to their own size, count as equal."""

REGRET = 1e-8
"""Largest shortfall of an action that a float profile plays, relative to how far its payoffs lie from the best ones."""

PROBABILITY = 1e-9
"""Float probabilities may miss a sum of 1 by this much, and differ by this much when they are the same."""

RESIDUAL_ERROR = 2e-4
"""A sampled estimate is accepted when the error of its efficiency residual is below this part of ``|U|``."""

RESIDUAL_MEAN = 1e-3
"""A sampled estimate is refused when its mean efficiency residual exceeds this part of ``|U|``."""

RESIDUAL_RATIO = 4.0
"""A sampled estimate is refused when its mean efficiency residual exceeds this many of its errors."""

THRESHOLD_ERROR = 1e-9
"""Payments of a declared threshold must add up to its height within this part of it."""

CUBATURE_ERROR = 5e-5
"""No cubature claims a smaller error, as a part of ``max(|phi|, U/N)``: kinks of a utility escape its estimate."""

PAYMENT_ERROR = 1e-4
"""Standard error aimed at by default, as a part of ``max(|phi|, U/N)``."""

ROOT = Fraction(1, 1 << 60)
"""Two algebraic numbers, each isolated to 2^-80, count as one when they are closer than this."""

MATCHING = 1e-6
"""When solvers are compared, float probabilities this close are the same answer, more or less well converged."""


def probability_tolerance(*strategies: Array) -> float:
    """Tolerance for sums and differences of probabilities: 0 when all are exact, else ``PROBABILITY``.

    Examples
    --------
    >>> probability_tolerance(np.array([0.5, 0.5]))
    1e-09
    """
    return 0 if all(is_exact(strategy) for strategy in strategies) else PROBABILITY


def near(*values: Any, part: float = RELATIVE) -> Any:
    """How far apart numbers of these magnitudes count as equal, entry by entry: 0 when all are exact.

    What enters one comparison decides its tolerance. A huge number elsewhere in the game does not.

    Parameters
    ----------
    *values : ndarray or number
        What is compared, or what it was computed from.
    part : float
        `RELATIVE` for what is computed, `ROUNDING` for what was given.

    Examples
    --------
    >>> near(np.array([1.0, -200.0]), 4.0), near(Fraction(1, 2))
    (array([4.e-10, 2.e-08]), 0)
    """
    kinds = set(map(type, values))
    if np.ndarray not in kinds:
        return 0 if kinds.isdisjoint(_FLOATS) else part * max(map(abs, values))
    sizes = [np.asarray(np.abs(value)) for value in values]
    if all(size.dtype.kind != "f" for size in sizes):
        return 0
    return part * reduce(np.maximum, sizes)


def difference(left: Any, right: Any, *sizes: Any, part: float = RELATIVE) -> Any:
    """``left − right``, and 0 where floats of these sizes (their own by default) differ by rounding alone.

    Examples
    --------
    >>> difference(np.array([0.1 + 0.2, 1e9 + 0.5]), np.array([0.3, 1e9]), part=ROUNDING)
    array([0. , 0.5])
    """
    if not isinstance(left, np.ndarray) and not isinstance(right, np.ndarray):
        gap = left - right
        return gap * (abs(gap) > near(*(sizes or (left, right)), part=part))
    gap = np.subtract(left, right, order="C")
    # What differs by no more than rounding is of one size: twice the size of one bounds both.
    bounding = sizes or [right if isinstance(left, np.ndarray) and is_exact(left) else left]
    bounds = [extreme(size) for size in bounding for extreme in (np.max, np.min)] if gap.size else [0]
    coarse, sizes = near(*bounds, part=2 * part), sizes or (left, right)
    if coarse:
        close = np.flatnonzero((gap <= coarse) & (gap >= -coarse))
        if close.size:
            # What is too small beside the largest of all may still count beside its own size.
            of_each = (size if np.shape(size) == gap.shape else np.broadcast_to(size, gap.shape) for size in sizes)
            rounding = near(*(size.ravel()[close] for size in of_each), part=part)
            gap.reshape(-1)[close] *= abs(gap.reshape(-1)[close]) > rounding
    return gap


def comparison_tolerance(*arrays: Array) -> float:
    """Tolerance for comparing entries of ``arrays``: 0 when all are exact.

    Parameters
    ----------
    *arrays : ndarray
        The arrays whose entries (or their differences) are compared. Infinite entries set no scale.

    Returns
    -------
    float
        ``RELATIVE`` times the largest finite magnitude in the float case, 0 in the exact case.

    Examples
    --------
    >>> comparison_tolerance(np.array([0.0, 200.0]))
    2e-08
    """
    if all(is_exact(array) for array in arrays):
        return 0
    sizes = [np.abs(np.asarray(array, dtype=float)) for array in arrays]
    return RELATIVE * max((float(size[np.isfinite(size)].max(initial=0)) for size in sizes), default=0.0)


CROWD_GAIN = 1e-4
"""Among very many users, a gain below this part of a user's payment or cost moves nobody."""

CROWD_SCAN = 2e-3
"""The same while a search only looks where equilibria are."""

ERRORS_ALLOWED = 3.0
"""An equilibrium of estimated payments is verified when no gain exceeds its tolerance by more standard errors."""

CERTIFICATE_DOUBT = 0.05
"""Chance that a statement about all moves of many different users, from estimated payments, is wrong."""

USER_GAIN = 1e-7
"""Among different users, priced one by one, a gain below this part of a user's payment or cost moves nobody."""

BOUND_GAP = 1e-4
"""An upper bound is close enough when it exceeds a value that is reached by less than this part of itself."""

ANNOUNCED_LOSS = 1e-4
"""The decimal that a platform announces in place of its optimal alpha may leave it less by this part of the value."""

INTEGRAL_ERROR = 1e-9
"""Error that payments by integrals may have, as a part of the average payment, and still count as exact."""
