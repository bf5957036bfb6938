"""Fair payments of a utility that was measured with noise: the noise carried into every payment."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairgames.exactness import to_float
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha
from fairgames.payments.fair import fair_payments
from fairgames.payments.result import Payments
from fairgames.utility.measured import MeasuredUtility


def repeated_payments(utility: MeasuredUtility, profile: ArrayLike, alpha: Alpha = 1) -> Payments:
    """Fair payments at one profile, with standard errors from the repeats of the measurement.

    Payments are linear in the utility, so the payments of the mean are the mean of each repeat's
    payments, and their spread is the noise, whatever the correlation between the profiles' errors.

    Parameters
    ----------
    utility : MeasuredUtility
        With at least two repeats for the noise to show; with one, its standard errors are NaN.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    alpha : number or callable
        Fraction paid out, in [0, 1]: a constant, or a function of the (mean) utility. Its own noise is not
        part of the standard errors.

    Returns
    -------
    Payments
        Student intervals with ``repeats − 1`` degrees of freedom.

    Raises
    ------
    InputError, SizeError, EvaluationError
        As `fair_payments` does, and if a measurement fails.

    Examples
    --------
    >>> def noisy(profile, rng):
    ...     return sum(profile) + rng.normal(scale=0.1)
    >>> utility = MeasuredUtility(noisy, shape=(2, 2), repeats=8, baseline=0)
    >>> paid = repeated_payments(utility, (1, 1))
    >>> bool((paid.standard_errors > 0).all()), paid.degrees_of_freedom
    (True, 7)
    """
    fraction = as_alpha(alpha)
    runs = [fair_payments(utility.repeat(number), profile) for number in range(utility.repeats)]
    shares = np.array([to_float(run.values) for run in runs])
    worth = float(np.mean([run.utility for run in runs]))
    part = float(alpha_levels(fraction, np.asarray(worth)).item())
    repeats = len(runs)
    errors = shares.std(axis=0, ddof=1) / np.sqrt(repeats) if repeats > 1 else np.full(shares.shape[1:], np.nan)
    return Payments(
        values=part * shares.mean(axis=0),
        utility=worth,
        alpha=part,
        standard_errors=part * errors,
        degrees_of_freedom=max(1, repeats - 1),
        engine="subsets",
        reason=f"all subsets of the present users, in each of {repeats} repeats",
        evaluations=repeats * runs[0].evaluations,
        warnings=() if repeats > 1 else ("one repeat cannot show its noise",),
    )
