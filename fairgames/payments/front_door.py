"""The front door to fair payments at one profile: it only chooses who computes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from fairgames.payments.alpha import Alpha
from fairgames.payments.engine_estimates import Effort
from fairgames.payments.engines import price_profile
from fairgames.payments.repeated import repeated_payments
from fairgames.payments.result import Payments
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility
from fairgames.utility.measured import MeasuredUtility


def fair_payments(
    utility: Utility | ArrayLike,
    profile: ArrayLike,
    alpha: Alpha = 1,
    *,
    engine: str = "auto",
    exact: bool = False,
    seed: int | np.random.SeedSequence = 0,
    target_error: float | None = None,
    budget: int | None = None,
    max_seconds: float | None = None,
    n_jobs: int | None = 1,
    checkpoint: str | Path | None = None,
) -> Payments:
    """Fair payment of each user at one profile (Theorem 2, equation 7), whatever the number of users.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    alpha : number or callable
        Fraction paid out, in [0, 1]: a constant, or a function of the utility level (axiom B.ii).
    engine : {"auto", "subsets", "types", "cubature", "strata", "permutations"}
        How to compute them; ``"auto"`` chooses by structure and size, and the result says why.
    exact : bool
        Refuse rather than estimate.
    seed : int or numpy.random.SeedSequence
        Of the engines that sample: the same seed gives the same numbers, whatever ``n_jobs``.
    target_error : float or None
        Standard errors aimed at, relative to the larger of a payment and the average one.
    budget : int or None
        Most utility evaluations.
    max_seconds : float or None
        Most time, for permutations.
    n_jobs : int or None
        Workers; None follows the caller's ``joblib.parallel_config``.
    checkpoint : path or None
        File from which an interrupted run by permutations goes on.

    Returns
    -------
    Payments
        ``values`` of shape ``(N,)``, or ``(K, L)`` for a profile in counts: one user of each type at each
        level. Estimates carry standard errors, or are not ``resolved``; so do the payments of a utility that
        was measured in several repeats.

    Raises
    ------
    InputError
        If an argument is not usable.
    SizeError
        If the engine cannot serve the size, or none can exactly.
    EvaluationError
        If the utility fails at a state, which is named.

    Examples
    --------
    >>> fair_payments([[0, "2/3"], ["2/3", 1]], [1, 1], alpha="1/2").values
    array([Fraction(1, 4), Fraction(1, 4)], dtype=object)
    """
    checked = as_utility(utility)
    if isinstance(checked, MeasuredUtility) and checked.repeats > 1 and engine == "auto":
        return repeated_payments(checked, profile, alpha)
    effort = Effort(seed, target_error, budget, max_seconds, n_jobs, checkpoint)
    return price_profile(checked, profile, alpha, engine=engine, exact=exact, effort=effort)
