"""Fair payments of a utility that was measured with noise: the noise carried into every payment."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.exactness import to_float
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha
from fairgames.payments.fair import subset_payments
from fairgames.payments.permutations import permutation_payments
from fairgames.payments.result import Payments
from fairgames.utility.measured import MeasuredUtility
from fairgames.utility.profile import as_profile, expand_counts


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
        As `subset_payments` does, and if a measurement fails.

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
    runs = [subset_payments(utility.repeat(number), profile) for number in range(utility.repeats)]
    shares = np.array([to_float(run.values) for run in runs])
    worth = float(np.mean([run.utility for run in runs]))
    part = float(alpha_levels(fraction, np.asarray(worth)).item())
    repeats = len(runs)
    errors = _spread(shares)
    return Payments(
        values=part * shares.mean(axis=0),
        utility=worth,
        alpha=part,
        standard_errors=part * errors,
        degrees_of_freedom=max(1, repeats - 1),
        engine="subsets",
        reason=f"all subsets of the present users, in each of {repeats} repeats",
        evaluations=repeats * runs[0].evaluations,
        warnings=() if repeats > 1 else (_NOISE_UNKNOWN,),
    )


def sampled_payments(
    utility: MeasuredUtility,
    profile: ArrayLike,
    alpha: Alpha = 1,
    *,
    budget: int | None = None,
    seed: int | np.random.SeedSequence = 0,
) -> Payments:
    """Estimate the fair payments of many measured users from few profiles, by random permutations.

    Every subset of 20 users is a million experiments; this takes as many profiles as the budget allows.
    Standard errors hold both the sampling error and the noise of the measurements, the latter from
    the same permutations in each repeat; they err on the wide side, since noise also adds to the
    differences between permutations.

    Parameters
    ----------
    utility : MeasuredUtility
        With one repeat, its noise shows only as far as it makes permutations differ.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    alpha : number or callable
        Fraction paid out, in [0, 1].
    budget : int, optional
        Profiles to ask for, at least 10 for each present user; by default 100 each. Profiles met twice, or
        equal but for interchangeable users, are measured once.
    seed : int or numpy.random.SeedSequence
        Of the permutations.

    Returns
    -------
    Payments
        They add up to ``alpha · U`` to rounding. Degrees of freedom after Welch and Satterthwaite, of the
        user who has the fewest.

    Raises
    ------
    InputError
        If an argument is malformed.
    EvaluationError
        If a measurement fails; what was measured before is kept.

    Examples
    --------
    >>> utility = MeasuredUtility(lambda profile: sum(profile) ** 0.5, shape=(2,) * 20)
    >>> paid = sampled_payments(utility, (1,) * 20, budget=400)
    >>> bool(np.isclose(paid.values.sum(), 20**0.5)), utility.evaluations < 402
    (True, True)
    """
    fraction = as_alpha(alpha)
    levels = as_profile(profile, utility.shape, utility.type_sizes)
    levels = expand_counts(levels[None], utility.types)[0] if levels.ndim == 2 else levels
    drawn = partial(permutation_payments, levels=levels, seed=seed, budget=budget, alike=utility.types)
    whole = drawn(utility.evaluate)
    runs = [drawn(utility.repeat(number).evaluate).values for number in range(utility.repeats)]
    noise = _spread(np.array(runs)) if len(runs) > 1 else np.zeros(len(levels))
    part = float(alpha_levels(fraction, np.asarray(whole.utility)).item())
    return Payments(
        values=part * whole.values,
        utility=whole.utility,
        alpha=part,
        standard_errors=part * np.hypot(whole.standard_errors, noise),
        degrees_of_freedom=_degrees(whole.standard_errors, whole.degrees_of_freedom, noise, len(runs) - 1),
        engine="permutations",
        reason=whole.reason,
        evaluations=whole.evaluations * len(runs),
        resolved=whole.resolved,
        doubtful=whole.doubtful,
        warnings=whole.warnings if len(runs) > 1 else (*whole.warnings, _NOISE_UNKNOWN),
    )


_NOISE_UNKNOWN = "one repeat cannot show its noise"


def _spread(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard error of the mean over the first axis; NaN where one run cannot show it."""
    if len(runs) < 2:
        return np.full(runs.shape[1:], np.nan)
    errors: NDArray[np.float64] = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    return errors


def _degrees(sampling: NDArray[np.float64], df: int, noise: NDArray[np.float64], df_noise: int) -> int:
    variances = sampling**2 + noise**2
    spread = sampling**4 / df + (noise**4 / df_noise if df_noise else 0)
    some = spread > 0
    return max(1, int((variances[some] ** 2 / spread[some]).min())) if some.any() else df
