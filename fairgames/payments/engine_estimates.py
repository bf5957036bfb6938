"""Payments at one profile by the engines that estimate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fairgames.errors import InputError
from fairgames.parallel import as_n_jobs, as_seed
from fairgames.payments.cubature import cubature_payments
from fairgames.payments.estimate import Estimate, payment_scale
from fairgames.payments.groups import PresentGroups
from fairgames.payments.permutations import permutation_payments
from fairgames.payments.result import Payments
from fairgames.payments.strata import strata_payments
from fairgames.payments.threshold import threshold_payments
from fairgames.tolerance import PAYMENT_ERROR
from fairgames.utility.threshold import Jump, ThresholdUtility


@dataclass(frozen=True)
class Effort:
    """How long to try, and how to repeat it.

    Attributes
    ----------
    seed : int or numpy.random.SeedSequence
        Of sampling engines.
    target_error : float or None
        Standard errors aimed at, as a part of ``max(|phi|, U/n)``; None: 1e-4 for strata, no target for
        permutations.
    budget : int or None
        Most utility evaluations; None: ten million for strata, 100 a user for permutations.
    max_seconds : float or None
        Of permutations.
    n_jobs : int or None
        Workers.
    checkpoint : path or None
        Of permutations.
    """

    seed: int | np.random.SeedSequence = 0
    target_error: float | None = None
    budget: int | None = None
    max_seconds: float | None = None
    n_jobs: int | None = 1
    checkpoint: str | Path | None = None

    def check(self) -> None:
        """Refuse what no engine could use, whichever is chosen.

        Raises
        ------
        InputError
            Naming the argument.
        """
        as_seed(self.seed)
        as_n_jobs(self.n_jobs)
        if self.budget is not None and (
            isinstance(self.budget, bool) or not isinstance(self.budget, (int, np.integer)) or self.budget < 1
        ):
            raise InputError("budget", "must be a whole number of at least 1 utility evaluation", self.budget)
        for name, value in (("target_error", self.target_error), ("max_seconds", self.max_seconds)):
            if value is not None and not 0 < value < np.inf:
                raise InputError(name, "must be above 0", value)

    @property
    def wanted(self) -> float:
        """Target error of strata and cubature."""
        return PAYMENT_ERROR if self.target_error is None else self.target_error

    @property
    def most_evaluations(self) -> int:
        """Budget of strata."""
        return 10_000_000 if self.budget is None else self.budget


def estimated_payments(groups: PresentGroups, engine: str, reason: str, effort: Effort) -> Payments:
    """Payments at alpha = 1 by an engine that estimates.

    Declared jumps are priced exactly and added. Where a cubature is not good enough, strata take over.

    Parameters
    ----------
    groups : PresentGroups
        The present users.
    engine : {"cubature", "strata", "permutations"}
        How to estimate.
    reason : str
        Why that way; what happened is added to it.
    effort : Effort
        Seed, target, budget and workers.

    Returns
    -------
    Payments
        Look at ``resolved`` first.
    """
    floats = replace(groups, utility=groups.utility.in_floats())
    if engine == "permutations":
        estimate = _by_permutations(floats, effort)
    else:
        smooth, jumps = _without_jumps(floats)
        estimate = _by_cubature(smooth, effort) if engine == "cubature" else _by_strata(smooth, effort)
        if engine == "cubature" and not _good_enough(estimate, groups, effort):
            engine, reason = "strata", f"{reason}, but not smooth enough here ({estimate.reason}): strata instead"
            estimate = _by_strata(smooth, effort)
        for jump in jumps:
            weights = jump.weights[groups.cells[:, 0], groups.cells[:, 1]]
            paid = threshold_payments(weights, groups.sizes, jump.quota, float(jump.height))
            estimate = replace(
                estimate, values=estimate.values + paid, utility=estimate.utility + float(paid @ groups.sizes)
            )
        if jumps:
            reason += f"; {len(jumps)} declared jumps by Fourier inversion"
    return Payments(
        values=groups.spread(estimate.values),
        utility=estimate.utility,
        alpha=1,
        standard_errors=groups.spread(estimate.standard_errors),
        degrees_of_freedom=estimate.degrees_of_freedom,
        engine=engine,
        reason=f"{reason}; {estimate.reason}",
        evaluations=estimate.evaluations,
        resolved=estimate.resolved,
        warnings=estimate.warnings,
        doubtful=groups.spread(estimate.doubtful) > 0,
    )


def _by_cubature(groups: PresentGroups, effort: Effort) -> Estimate:
    return cubature_payments(groups, groups.sizes, n_jobs=effort.n_jobs)


def _by_strata(groups: PresentGroups, effort: Effort) -> Estimate:
    return strata_payments(
        groups.checked,
        groups.sizes,
        effort.seed,
        target_error=effort.wanted,
        max_evaluations=effort.most_evaluations,
        n_jobs=effort.n_jobs,
    )


def _good_enough(estimate: Estimate, groups: PresentGroups, effort: Effort) -> bool:
    scale = payment_scale(estimate.values, estimate.utility, groups.n_present)
    return estimate.resolved and bool((estimate.standard_errors <= max(effort.wanted, PAYMENT_ERROR) * scale).all())


def _by_permutations(groups: PresentGroups, effort: Effort) -> Estimate:
    """Estimate by user, and return one number a group."""
    levels = groups.levels()
    found = permutation_payments(
        groups.utility.evaluate,
        levels,
        effort.seed,
        budget=effort.budget,
        max_seconds=effort.max_seconds,
        target_error=effort.target_error,
        n_jobs=effort.n_jobs,
        checkpoint=effort.checkpoint,
        walk=groups.utility.walk(levels),
        alike=groups.utility.types,
    )
    one = groups.one_user()
    return replace(
        found,
        values=found.values[one],
        standard_errors=found.standard_errors[one],
        doubtful=found.doubtful[one],
    )


def _without_jumps(groups: PresentGroups) -> tuple[PresentGroups, tuple[Jump, ...]]:
    utility = groups.utility
    if isinstance(utility, ThresholdUtility):
        return replace(groups, utility=utility.base.in_floats()), utility.jumps
    return groups, ()
