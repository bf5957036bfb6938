"""The front door to fair payments at one profile: it only chooses who computes them.

Payments at one profile by the engines that estimate.

Payments at one profile by the engine that fits its structure and size.

Fair payments of a utility that was measured with noise: the noise carried into every payment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.parallel import as_n_jobs, as_seed
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha, paid_out
from fairgames.payments.counts import PresentGroups, enumerated_payments, present_groups
from fairgames.payments.engines.cubature import cubature_payments
from fairgames.payments.engines.federated_integrals import integrate, integrates
from fairgames.payments.engines.permutations import MOST_PERMUTED, permutation_payments
from fairgames.payments.engines.strata import strata_payments
from fairgames.payments.engines.threshold import is_affordable, threshold_payments
from fairgames.payments.result import Estimate, Payments, payment_scale
from fairgames.tolerance import PAYMENT_ERROR, ROUNDING
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility
from fairgames.utility.measured.experiment import MeasuredUtility
from fairgames.utility.threshold import NothingUtility, ThresholdUtility

DeclaredJump: TypeAlias = tuple[Array, NDArray[np.int64], Number, float]
"""Weight of a user of each present group, their numbers, the quota and the height."""


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
    fingerprint : object
        What the utility depends on that its code and data do not show, where there is a checkpoint.
    adopt : bool
        Go on from a checkpoint that another utility made.
    """

    seed: int | np.random.SeedSequence = 0
    target_error: float | None = None
    budget: int | None = None
    max_seconds: float | None = None
    n_jobs: int | None = 1
    checkpoint: str | Path | None = None
    fingerprint: object = ""
    adopt: bool = False

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


def estimated_payments(
    groups: PresentGroups, engine: str, reason: str, effort: Effort, *, forced: bool = False
) -> Payments:
    """Payments at alpha = 1 by an engine that estimates.

    Declared jumps are priced exactly and added. Where a cubature is not good enough, strata take over, unless the
    cubature was asked for.

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
    forced : bool
        Whether no other engine will do.

    Returns
    -------
    Payments
        Look at ``resolved`` first.

    Raises
    ------
    InputError
        If a forced cubature is not good enough.
    """
    floats = replace(groups, utility=groups.utility.in_floats())
    if engine == "permutations":
        estimate = _by_permutations(floats, effort)
    else:
        smooth, jumps = _without_jumps(floats)
        if forced and not (smooth.utility.smooth or isinstance(smooth.utility, NothingUtility)):
            raise InputError("engine", "cannot serve: the utility does not say that it is smooth; take strata", engine)
        if isinstance(smooth.utility, NothingUtility):
            nothing = np.zeros(len(groups.sizes))
            estimate = Estimate(nothing, nothing, 1, 0.0, True, "payments add up to the utility to rounding", 0)
        else:
            estimate = _by_cubature(smooth, effort) if engine == "cubature" else _by_strata(smooth, effort)
        if engine == "cubature" and not _good_enough(estimate, groups, effort):
            if forced:
                why = f"cannot serve: the utility is not smooth enough here ({estimate.reason}); take strata or auto"
                raise InputError("engine", why, engine)
            engine, reason = "strata", f"{reason}, but not smooth enough here ({estimate.reason}): strata instead"
            estimate = _by_strata(smooth, effort)
        for jump in jumps:
            paid = threshold_payments(*jump)
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
        fingerprint=effort.fingerprint,
        adopt=effort.adopt,
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


def _without_jumps(groups: PresentGroups) -> tuple[PresentGroups, list[DeclaredJump]]:
    """Set apart the declared jumps that can be priced in seconds: all of them, or none."""
    utility = groups.utility
    if not isinstance(utility, ThresholdUtility):
        return groups, []
    kind, level = groups.cells.T
    jumps = [(jump.weights[kind, level], groups.sizes, jump.quota, float(jump.height)) for jump in utility.jumps]
    if not all(is_affordable(*jump[:3]) for jump in jumps):
        return groups, []
    return replace(groups, utility=utility.base.in_floats()), jumps


ENGINES = ("subsets", "types", "integrals", "cubature", "strata", "permutations")
_MOST_STATES = 1 << 20
_MOST_SUBSETS = 1 << 14
_MOST_RATIONAL_STATES = 1 << 15
_MOST_ENUMERATED_USERS = 5_000
_MOST_SMOOTH_GROUPS = 8
_FEWEST_SMOOTH_USERS = 50
_MOST_GROUPS = 30
_MOST_GROUPS_OF_A_CROWD = 64
_FEWEST_USERS_A_GROUP = 4


def choose_engine(groups: PresentGroups, *, exact: bool = False) -> tuple[str, str]:
    """Choose how to price a profile, and say why.

    Parameters
    ----------
    groups : PresentGroups
        The present users.
    exact : bool
        Whether only an engine without estimates will do.

    Returns
    -------
    engine, reason : str
        One of `ENGINES`.

    Raises
    ------
    SizeError
        If no engine can serve the size exactly and that was asked for.

    Examples
    --------
    >>> from fairgames.utility.table import CountUtility
    >>> choose_engine(present_groups(CountUtility([0, 2, 3, 4]), (1, 1, 1)))
    ('types', 'all 3 present users are identical: an equal share each')
    """
    n, K = groups.n_present, len(groups.sizes)
    users = f"{n:,} present users in {K} groups"
    if K == 1:
        return "types", f"all {n:,} present users are identical: an equal share each"
    integrable = integrates(groups.utility, groups.state)
    enumerable = groups.n_states <= (_MOST_SUBSETS if n == K and integrable else _MOST_STATES)
    if enumerable and (exact or n <= _MOST_ENUMERATED_USERS):
        if n == K:
            return "subsets", f"{n} present users, all different: all their {groups.n_states:,} subsets"
        return "types", f"{users}: all {groups.n_states:,} counts of present users"
    if integrable and (exact or K > _MOST_SMOOTH_GROUPS or n < _FEWEST_SMOOTH_USERS):
        return "integrals", f"{users} under the federated mean: integrals, without sampling"
    if exact:
        raise SizeError(
            f"{users} have about 10^{len(str(groups.n_states)) - 1} states, and no engine can enumerate more than "
            f"{_MOST_STATES:,} exactly; leave exact=True out for an estimate with standard errors"
        )
    base = _without_jumps(groups)[0].utility
    if isinstance(base, NothingUtility):
        return "cubature", f"{users}, and nothing but declared jumps: no sampling"
    if base.smooth and K <= _MOST_SMOOTH_GROUPS and n >= _FEWEST_SMOOTH_USERS:
        return "cubature", f"{users}, and the utility says that it is smooth: a fixed rule"
    most_groups = _MOST_GROUPS if n <= MOST_PERMUTED else _MOST_GROUPS_OF_A_CROWD
    if len(groups.sizes) <= most_groups and n >= _FEWEST_USERS_A_GROUP * K:
        return "strata", f"{users}: random coalitions in strata of their size"
    return "permutations", f"{users}: too few users a group, or too many groups, for strata, so random permutations"


def price_profile(
    utility: Utility | ArrayLike,
    profile: ArrayLike,
    alpha: Alpha = 1,
    *,
    engine: str = "auto",
    exact: bool = False,
    effort: Effort | None = None,
) -> Payments:
    """Fair payments at one profile (Theorem 2) by the engine that fits, or by a given one.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    alpha : number or callable
        Fraction paid out, in [0, 1]: a constant, or a function of the utility level.
    engine : {"auto", "subsets", "types", "integrals", "cubature", "strata", "permutations"}
        How to compute them.
    exact : bool
        Refuse rather than sample; and rationals, however many, when the utility is rational. Integrals serve
        when they state an error of at most 1e-9 of the average payment.
    effort : Effort, optional
        Seed, target, budget and workers of the engines that estimate.

    Returns
    -------
    Payments
        ``engine`` and ``reason`` say how and why; estimates have standard errors, or are not ``resolved``.

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
    >>> from fairgames.utility.dp_mean import DPMeanUtility
    >>> crowd = DPMeanUtility([[0, 1.0], [0, 3.0]], counts=[600_000, 400_000])
    >>> paid = price_profile(crowd, [[0, 600_000], [0, 400_000]])
    >>> paid.engine, bool(np.isclose(paid.values[:, 1] @ [600_000, 400_000], paid.utility))
    ('cubature', True)
    """
    fraction, tried = as_alpha(alpha), effort or Effort()
    tried.check()
    if engine not in {"auto", *ENGINES}:
        raise InputError("engine", f"must be auto, {', '.join(ENGINES)}", engine)
    groups = present_groups(as_utility(utility), profile)
    chosen, reason = choose_engine(groups, exact=exact)
    if exact and engine in {"cubature", "strata", "permutations"}:
        wanted = "must be subsets, types or integrals when exact=True"
        raise InputError("engine", f"{wanted}, not one that estimates ({engine})")
    if engine not in {"auto", chosen}:
        chosen, reason = engine, f"asked for; auto would take {chosen}"
    if not len(groups.sizes):
        priced = _nobody(groups, chosen)
    elif chosen in {"subsets", "types"}:
        if engine == "auto" and not exact and groups.utility.exact and groups.n_states > _MOST_RATIONAL_STATES:
            groups, reason = replace(groups, utility=groups.utility.in_floats()), f"{reason}, in floats"
        U, shares, evaluations = enumerated_payments(groups)
        priced = Payments(groups.spread(shares), U, 1, engine=chosen, reason=reason, evaluations=evaluations)
    elif chosen == "integrals":
        priced = _by_integrals(groups, reason, tried, exact=exact)
    else:
        priced = estimated_payments(groups, chosen, reason, tried, forced=engine == "cubature")
    worth = np.asarray(priced.utility, dtype=object if is_exact(priced.values) else float)
    rate = alpha_levels(fraction, worth).item()
    return replace(
        priced,
        values=paid_out(fraction, worth, priced.values),
        alpha=rate,
        standard_errors=float(rate) * priced.standard_errors,
    )


def _by_integrals(groups: PresentGroups, reason: str, effort: Effort, *, exact: bool) -> Payments:
    """Payments with the error that the integrals state; by permutations where that is too large."""
    if not integrates(groups.utility, groups.state):
        raise InputError(
            "engine",
            "must be another: integrals need the federated mean of at most 3,000 present users, at most 1,500 of them "
            "in its aggregate, or 11 in one that is weighted by sample sizes",
            "integrals",
        )
    found = integrate(groups.utility, groups.state, absent=False)
    error = f"their error is about {found.error / (found.scale or 1):.1g} of the average payment"
    if exact and not found.exact:
        raise SizeError(f"{reason}, but {error}; leave exact=True out for an estimate with standard errors")
    if found.error > PAYMENT_ERROR * found.scale:
        return estimated_payments(groups, "permutations", f"{reason}, but {error}: random permutations instead", effort)
    kinds, levels = groups.cells.T
    return Payments(
        values=groups.spread(found.values[kinds, levels, levels]),
        utility=found.utility,
        alpha=1,
        standard_errors=groups.spread(np.full(len(kinds), found.error)),
        degrees_of_freedom=10**6,
        engine="integrals",
        reason=f"{reason}; {error}",
    )


def _nobody(groups: PresentGroups, engine: str) -> Payments:
    nothing: Number = Fraction(0) if groups.utility.exact else 0.0
    values = np.full(groups.profile.shape, nothing, dtype=object if groups.utility.exact else float)
    return Payments(values=values, utility=nothing, alpha=1, engine=engine, reason="nobody is present")


def _with_noise(whole: Payments, utility: MeasuredUtility, profile: ArrayLike, effort: Effort) -> Payments:
    """Carry the noise of the repeats into the standard errors, whatever the correlation between profiles.

    Payments are linear in the utility, so those of the mean are the mean of each repeat's, and their spread is
    the noise. Random permutations are the same ones in each repeat; their errors err on the wide side, since noise
    also adds to the differences between permutations.
    """
    if not whole.resolved:
        return whole
    permuted = whole.engine == "permutations"
    if utility.repeats == 1:
        errors = whole.standard_errors if permuted else np.full(np.shape(whole.values), np.nan)
        return replace(whole, standard_errors=errors, warnings=(*whole.warnings, _NOISE_UNKNOWN))
    if permuted:
        effort = Effort(effort.seed, budget=whole.evaluations or None, n_jobs=effort.n_jobs)
    effort = replace(effort, checkpoint=None)
    runs = [
        to_float(price_profile(utility.repeat(number), profile, engine=whole.engine, effort=effort).values)
        for number in range(utility.repeats)
    ]
    noise = float(whole.alpha) * np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))  # type: ignore[arg-type]
    return replace(
        whole,
        standard_errors=np.hypot(whole.standard_errors, noise),
        degrees_of_freedom=_degrees(whole.standard_errors, whole.degrees_of_freedom, noise, len(runs) - 1),
        reason=f"{whole.reason}; in each of {len(runs)} repeats",
        evaluations=whole.evaluations * len(runs),
    )


_NOISE_UNKNOWN = "one repeat cannot show its noise"


def _degrees(sampling: NDArray[np.float64], df: int, noise: NDArray[np.float64], df_noise: int) -> int:
    variances = sampling**2 + noise**2
    spread = sampling**4 / df + (noise**4 / df_noise if df_noise else 0)
    some = spread > 0
    return max(1, int((variances[some] ** 2 / spread[some]).min() * (1 + ROUNDING))) if some.any() else df


@public
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
    fingerprint: object = "",
    adopt: bool = False,
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
    engine : {"auto", "subsets", "types", "integrals", "cubature", "strata", "permutations"}
        How to compute them; ``"auto"`` chooses by structure and size, and the result says why.
    exact : bool
        Refuse rather than sample. Integrals (the federated mean of different users) serve when they state an
        error of at most 1e-9 of the average payment, as they nearly always do.
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
        File from which an interrupted run by permutations goes on; one that does not fit is refused, and left as it is.
    fingerprint : object
        With ``checkpoint``: what the utility depends on that its code and data do not show. Required where nothing
        can tell whether the utility is the same (a C function, an open file).
    adopt : bool
        Go on from a checkpoint although another utility made it: you know that its values are the same.

    Returns
    -------
    Payments
        ``values`` of shape ``(N,)``, or ``(K, L)`` for a profile in counts: one user of each type at each
        level. Estimates carry standard errors, or are not ``resolved``. So do the payments of a `MeasuredUtility`
        of several repeats: its noise is added to the error of sampling, if any (degrees of freedom after Welch and
        Satterthwaite); a budget is of profiles, each measured in every repeat and never twice.

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
    effort = Effort(seed, target_error, budget, max_seconds, n_jobs, checkpoint, fingerprint, adopt)
    paid = price_profile(checked, profile, alpha, engine=engine, exact=exact, effort=effort)
    return (
        _with_noise(paid, checked, profile, effort) if isinstance(checked, MeasuredUtility) and checked.noisy else paid
    )
