"""The front door to fair payments at one profile (Theorem 2): it chooses an engine, and says which and why.

`fair_payments` is what everything else calls for the payments at one profile, the command line and the searches among
crowds included. The present users are grouped (`counts`); few states are enumerated, and many priced by `engines` that
integrate or estimate. Payments are linear in the utility: declared jumps are priced apart and added, and the noise of a
measured utility is the spread of its repeats' payments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.parallel import as_n_jobs
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha, paid_out
from fairgames.payments.counts import PresentGroups, enumerated, present_groups
from fairgames.payments.engines.cubature import cubature_payments
from fairgames.payments.engines.permutations import MOST_PERMUTED, permutation_payments
from fairgames.payments.engines.strata import fewest_evaluations, strata_payments
from fairgames.payments.engines.threshold import is_affordable, threshold_payments
from fairgames.payments.result import Payments, payment_scale
from fairgames.result import answered
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import PAYMENT_ERROR, ROUNDING
from fairgames.utility.base import Utility

DeclaredJump: TypeAlias = tuple[Array, NDArray[np.int64], Number, float]
"""Weight of a user of each present group, their numbers, the quota and the height."""

Estimator: TypeAlias = Callable[[PresentGroups], Payments]

ENGINES = ("subsets", "types", "integrals", "cubature", "strata", "permutations")
_ESTIMATING = ("cubature", "strata", "permutations")
_MOST_STATES = 1 << 20
_MOST_SUBSETS = 1 << 14
_MOST_RATIONAL_STATES = 1 << 15
_MOST_ENUMERATED_USERS = 5_000
_MOST_SMOOTH_GROUPS = 8
_FEWEST_SMOOTH_USERS = 50
_MOST_GROUPS = 30
_MOST_GROUPS_OF_A_CROWD = 64
_FEWEST_USERS_A_GROUP = 4
_NOISE_UNKNOWN = "one repeat cannot show its noise"


def choose_engine(groups: PresentGroups, *, exact: bool = False, budget: int | None = None) -> tuple[str, str]:
    """Choose how to price a profile, and say why.

    Parameters
    ----------
    groups : PresentGroups
        The present users.
    exact : bool
        Whether only an engine without estimates will do.
    budget : int or None
        Most utility evaluations.

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
    most_states = _MOST_STATES if exact or budget is None else min(_MOST_STATES, budget)
    few = groups.n_states <= most_states and (exact or n <= _MOST_ENUMERATED_USERS)
    integrable = not (few and groups.n_states <= _MOST_SUBSETS) and groups.utility.prices_moves(groups.state)
    if few and not (n == K and integrable):
        if n == K:
            return "subsets", f"{n} present users, all different: all their {groups.n_states:,} subsets"
        return "types", f"{users}: all {groups.n_states:,} counts of present users"
    if integrable and (exact or K > _MOST_SMOOTH_GROUPS or n < _FEWEST_SMOOTH_USERS):
        return "integrals", f"{users}, whose utility knows what all are paid: integrals, without sampling"
    rest, _ = _without_jumps(groups)
    if rest is None:
        return "cubature", f"{users}, and nothing but declared jumps: no sampling"
    if exact:
        declared = "; what is declared beside jumps, or jumps of too uneven weights, is estimated"
        raise SizeError(
            f"{users} have about 10^{len(str(groups.n_states)) - 1} states, and no engine can enumerate more than "
            f"{_MOST_STATES:,} exactly{declared * bool(groups.utility.jumps)}; leave exact=True out for an estimate "
            "with standard errors"
        )
    if rest.utility.smooth and K <= _MOST_SMOOTH_GROUPS and n >= _FEWEST_SMOOTH_USERS:
        return "cubature", f"{users}, and the utility says that it is smooth: a fixed rule"
    most_groups = _MOST_GROUPS if n <= MOST_PERMUTED else _MOST_GROUPS_OF_A_CROWD
    if most_groups >= K and n >= _FEWEST_USERS_A_GROUP * K:
        if budget is not None and budget < fewest_evaluations(groups.sizes)[0] and n <= MOST_PERMUTED:
            return "permutations", f"{users}: the budget is too small for strata, so random permutations"
        return "strata", f"{users}: random coalitions in strata of their size"
    return "permutations", f"{users}: too few users a group, or too many groups, for strata, so random permutations"


@public
def fair_payments(
    utility: Scenario | Utility | ArrayLike,
    profile: ArrayLike | None = None,
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
    utility : Scenario, Utility or array_like
        What is asked, or the platform's utility alone.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``; by default the scenario's.
    alpha : number or callable
        Fraction paid out, in [0, 1]: a constant, or a function of the utility level (axiom B.ii).
    engine : {"auto", "subsets", "types", "integrals", "cubature", "strata", "permutations"}
        How to compute them; ``"auto"`` chooses by structure and size, and the result says why.
    exact : bool
        Refuse rather than sample; and rationals, however many, when the utility is rational. Integrals (the federated
        mean of different users) serve when they state an error of at most 1e-9 of the average payment, as they nearly
        always do; declared thresholds, and nothing else, when Fourier sums take seconds.
    seed : int or numpy.random.SeedSequence
        Of the engines that sample: the same seed gives the same numbers, whatever ``n_jobs``.
    target_error : float or None
        Standard errors aimed at, relative to the larger of a payment and the average one; by default 1e-4 for strata,
        and none for permutations.
    budget : int or None
        Most utility evaluations: subsets and types need one for each of their states; by default ten million for
        strata, and 102 a user for permutations.
    max_seconds : float or None
        Most time, for permutations. Another engine that is asked for refuses it, and `checkpoint`; one that is chosen
        warns that it has not used them.
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
    asked = as_scenario(utility)
    levels = asked.priced_profile(profile)
    whole, fraction = asked.utility, as_alpha(alpha)
    wanted = PAYMENT_ERROR if target_error is None else target_error
    _check_effort(engine, n_jobs, budget, target_error, max_seconds)
    groups = present_groups(whole, levels)
    chosen, reason = choose_engine(groups, exact=exact, budget=budget)
    if exact and engine in _ESTIMATING and not (engine == "cubature" and _without_jumps(groups)[0] is None):
        wanted_engine = "must be subsets, types or integrals when exact=True"
        raise InputError("engine", f"{wanted_engine}, not one that estimates ({engine})")
    if engine not in {"auto", chosen}:
        chosen, reason = engine, f"asked for; auto would take {chosen}"
    of_permutations = {"checkpoint": checkpoint, "max_seconds": max_seconds}
    ignored = [name for name, value in of_permutations.items() if value is not None]
    if ignored and engine not in {"auto", "permutations"}:
        problem = f"is of random permutations alone, not of {engine}: leave it out"
        raise InputError(ignored[0], problem, of_permutations[ignored[0]])
    estimators: dict[str, Estimator] = {
        "cubature": lambda some: cubature_payments(some, some.sizes, n_jobs=n_jobs),
        "strata": partial(_by_strata, seed=seed, target_error=wanted, budget=budget, n_jobs=n_jobs),
        "permutations": partial(
            _by_permutations,
            seed=seed,
            budget=budget,
            max_seconds=max_seconds,
            target_error=target_error,
            n_jobs=n_jobs,
            checkpoint=checkpoint,
            fingerprint=fingerprint,
            adopt=adopt,
        ),
    }
    if not len(groups.sizes):
        priced = _enumerated(groups, chosen, "nobody is present", None, rational=True)
    elif chosen in {"subsets", "types"}:
        priced = _enumerated(groups, chosen, reason, budget, rational=exact or engine != "auto")
    elif chosen == "integrals":
        priced = _by_integrals(groups, reason, estimators, exact=exact)
    else:
        priced = _estimated(groups, chosen, reason, estimators, wanted, forced=engine == "cubature")
    if ignored and priced.engine != "permutations":
        left = tuple(f"{name} is not used: it is of random permutations alone" for name in ignored)
        priced = replace(priced, warnings=(*priced.warnings, *left))
    worth = np.asarray(priced.utility, dtype=object if is_exact(priced.values) else float)
    rate = alpha_levels(fraction, worth).item() if callable(fraction) else fraction
    paid = replace(
        priced,
        values=paid_out(rate, worth, priced.values),
        alpha=rate,
        standard_errors=float(rate) * priced.standard_errors,
    )
    question = {
        "profile": levels,
        "alpha": "a function" if callable(alpha) else fraction,
        "engine": engine,
        "exact": exact,
        "seed": seed if isinstance(seed, int) else seed.entropy,
        "target_error": target_error,
        "budget": budget,
    }
    if not whole.noisy:
        return answered(paid, asked, **question)
    how: dict[str, Any] = {"seed": seed, "n_jobs": n_jobs, "engine": paid.engine}
    if paid.engine == "permutations":
        how["budget"] = paid.evaluations or None
    else:
        how |= {"budget": budget, "target_error": target_error}
    return answered(_with_noise(paid, whole, lambda one: fair_payments(one, levels, **how)), asked, **question)


def _check_effort(
    engine: str, n_jobs: int | None, budget: int | None, target_error: float | None, max_seconds: float | None
) -> None:
    """Refuse what no engine could use, whichever is chosen."""
    if engine not in {"auto", *ENGINES}:
        raise InputError("engine", f"must be auto, {', '.join(ENGINES)}", engine)
    as_n_jobs(n_jobs)
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, (int, np.integer)) or budget < 1):
        raise InputError("budget", "must be a whole number of at least 1 utility evaluation", budget)
    for name, value in (("target_error", target_error), ("max_seconds", max_seconds)):
        if value is not None and not 0 < value < np.inf:
            raise InputError(name, "must be above 0", value)


def _enumerated(groups: PresentGroups, engine: str, reason: str, budget: int | None, *, rational: bool) -> Payments:
    if budget is not None and len(groups.sizes) > 1 and groups.n_states > budget:
        raise InputError("budget", f"must be at least {groups.n_states:,}, all states of the present users", budget)
    if not rational and groups.utility.exact and groups.n_states > _MOST_RATIONAL_STATES:
        groups, reason = replace(groups, utility=groups.utility.in_floats()), f"{reason}, in floats"
    U, _, shares, evaluations = enumerated(groups)
    return Payments(groups.spread(shares), U, 1, engine=engine, reason=reason, evaluations=evaluations)


def _by_integrals(groups: PresentGroups, reason: str, estimators: Mapping[str, Estimator], *, exact: bool) -> Payments:
    """Payments with the error that the utility's integrals state; by permutations where that is too large."""
    if not groups.utility.prices_moves(groups.state):
        raise InputError(
            "engine",
            "must be another: integrals need the federated mean of at most 5,000 present users, at most 3,000 of them "
            "in its aggregate, or 1,000 in one that is weighted by sample sizes",
            "integrals",
        )
    found = groups.utility.price_moves(groups.state, absent=False)
    error = f"their error is about {found.error / (found.scale or 1):.1g} of the average payment"
    if exact and not found.exact:
        raise SizeError(f"{reason}, but {error}; leave exact=True out for an estimate with standard errors")
    if found.error > PAYMENT_ERROR * found.scale:
        return _estimated(groups, "permutations", f"{reason}, but {error}: random permutations instead", estimators)
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


def _estimated(
    groups: PresentGroups,
    engine: str,
    reason: str,
    estimators: Mapping[str, Estimator],
    wanted: float = PAYMENT_ERROR,
    *,
    forced: bool = False,
) -> Payments:
    """Payments at alpha = 1 by an engine that estimates; declared jumps are priced exactly and added.

    Where a cubature is not good enough, strata take over, unless the cubature was asked for.
    """
    smooth: PresentGroups | None = replace(groups, utility=groups.utility.in_floats())
    jumps: list[DeclaredJump] = []
    if engine != "permutations":
        smooth, jumps = _without_jumps(groups)
    if smooth is None:
        estimate = Payments(np.zeros(len(groups.sizes)), 0.0, 1, reason="payments add up to the utility to rounding")
    elif forced and not smooth.utility.smooth:
        raise InputError("engine", "cannot serve: the utility does not say that it is smooth; take strata", engine)
    else:
        estimate = estimators[engine](smooth)
        scale = payment_scale(estimate.values, estimate.utility, groups.n_present)
        close = (estimate.standard_errors <= max(wanted, PAYMENT_ERROR) * scale).all()
        if engine == "cubature" and not (estimate.resolved and close):
            if forced:
                why = f"cannot serve: the utility is not smooth enough here ({estimate.reason}); take strata or auto"
                raise InputError("engine", why, engine)
            engine, reason = "strata", f"{reason}, but not smooth enough here ({estimate.reason}): strata instead"
            estimate = estimators[engine](smooth)
    for jump in jumps:
        paid = threshold_payments(*jump)
        estimate = replace(
            estimate, values=estimate.values + paid, utility=estimate.utility + float(paid @ groups.sizes)
        )
    if jumps:
        reason += f"; {len(jumps)} declared jumps by Fourier inversion"
    return replace(
        estimate,
        values=groups.spread(estimate.values),
        standard_errors=groups.spread(estimate.standard_errors),
        doubtful=groups.spread(estimate.doubtful) > 0,
        engine=engine,
        reason=f"{reason}; {estimate.reason}",
    )


def _by_strata(groups: PresentGroups, *, budget: int | None, **how: Any) -> Payments:
    most = {} if budget is None else {"max_evaluations": budget}
    return strata_payments(groups.checked, groups.sizes, **most, **how)


def _by_permutations(groups: PresentGroups, **how: Any) -> Payments:
    """Estimate by user, and return one number a group."""
    levels, utility = groups.levels(), groups.utility
    how |= {"walk": utility.walk(levels), "alike": utility.types}
    how["weighings"] = utility.weighings(groups.state)[:, utility.types, levels]
    found = permutation_payments(utility.evaluate, levels, **how)
    by_group = {name: getattr(found, name)[groups.one_user()] for name in ("values", "standard_errors", "doubtful")}
    return replace(found, **by_group)


def _without_jumps(groups: PresentGroups) -> tuple[PresentGroups | None, list[DeclaredJump]]:
    """Set apart the declared jumps that can be priced in seconds, all of them or none; None: nothing else is left."""
    kind, level = groups.cells.T
    jumps = [(jump.weights[kind, level], groups.sizes, jump.quota, float(jump.height)) for jump in groups.utility.jumps]
    if not all(is_affordable(*jump[:3]) for jump in jumps):
        jumps = []
    rest = groups.utility.without_jumps() if jumps else groups.utility
    return (None if rest is None else replace(groups, utility=rest.in_floats())), jumps


def _with_noise(whole: Payments, utility: Utility, price: Callable[[Utility], Payments]) -> Payments:
    """Carry the noise of the repeats into the standard errors, whatever the correlation between profiles.

    Payments of the mean are the mean of each repeat's, and their spread is the noise. Random permutations are the same
    ones in each repeat; their errors err on the wide side, since noise also adds to the differences between
    permutations.
    """
    if not whole.resolved:
        return whole
    if utility.repeats == 1:
        unknown = np.full(np.shape(whole.values), np.nan)
        errors = whole.standard_errors if whole.engine == "permutations" else unknown
        return replace(whole, standard_errors=errors, warnings=(*whole.warnings, _NOISE_UNKNOWN))
    runs = [to_float(price(utility.repeat(number)).values) for number in range(utility.repeats)]
    noise = float(whole.alpha) * np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))  # type: ignore[arg-type]
    return replace(
        whole,
        standard_errors=np.hypot(whole.standard_errors, noise),
        degrees_of_freedom=_degrees(whole.standard_errors, whole.degrees_of_freedom, noise, len(runs) - 1),
        reason=f"{whole.reason}; in each of {len(runs)} repeats",
        evaluations=whole.evaluations * len(runs),
    )


def _degrees(sampling: NDArray[np.float64], df: int, noise: NDArray[np.float64], df_noise: int) -> int:
    variances = sampling**2 + noise**2
    spread = sampling**4 / df + (noise**4 / df_noise if df_noise else 0)
    some = spread > 0
    return max(1, int((variances[some] ** 2 / spread[some]).min() * (1 + ROUNDING))) if some.any() else df
