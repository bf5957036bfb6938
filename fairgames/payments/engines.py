"""Payments at one profile by the engine that fits its structure and size."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, is_exact
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha, paid_out
from fairgames.payments.engine_estimates import Effort, estimated_payments
from fairgames.payments.groups import PresentGroups, enumerated_payments, present_groups
from fairgames.payments.permutations import MOST_PERMUTED
from fairgames.payments.result import Payments
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility
from fairgames.utility.threshold import ThresholdUtility

ENGINES = ("subsets", "types", "cubature", "strata", "permutations")
_MOST_STATES = 1 << 20
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
    if groups.n_states <= _MOST_STATES and (exact or n <= _MOST_ENUMERATED_USERS):
        if n == K:
            return "subsets", f"{n} present users, all different: all their {groups.n_states:,} subsets"
        return "types", f"{users}: all {groups.n_states:,} counts of present users"
    if exact:
        raise SizeError(
            f"{users} have about 10^{len(str(groups.n_states)) - 1} states, and no engine can enumerate more than "
            f"{_MOST_STATES:,} exactly; leave exact=True out for an estimate with standard errors"
        )
    base = groups.utility.base if isinstance(groups.utility, ThresholdUtility) else groups.utility
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
    engine : {"auto", "subsets", "types", "cubature", "strata", "permutations"}
        How to compute them.
    exact : bool
        Refuse rather than estimate; and rationals, however many, when the utility is rational.
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
        raise InputError("engine", f"must be subsets or types when exact=True, not one that estimates ({engine})")
    if engine not in {"auto", chosen}:
        chosen, reason = engine, f"asked for; auto would take {chosen}"
    if not len(groups.sizes):
        priced = _nobody(groups)
    elif chosen in {"subsets", "types"}:
        if engine == "auto" and not exact and groups.utility.exact and groups.n_states > _MOST_RATIONAL_STATES:
            groups, reason = replace(groups, utility=groups.utility.in_floats()), f"{reason}, in floats"
        U, shares, evaluations = enumerated_payments(groups)
        priced = Payments(groups.spread(shares), U, 1, engine=chosen, reason=reason, evaluations=evaluations)
    else:
        priced = estimated_payments(groups, chosen, reason, tried)
    worth = np.asarray(priced.utility, dtype=object if is_exact(priced.values) else float)
    rate = alpha_levels(fraction, worth).item()
    return replace(
        priced,
        values=paid_out(fraction, worth, priced.values),
        alpha=rate,
        standard_errors=float(rate) * priced.standard_errors,
    )


def _nobody(groups: PresentGroups) -> Payments:
    nothing: Number = Fraction(0) if groups.utility.exact else 0.0
    values = np.full(groups.profile.shape, nothing, dtype=object if groups.utility.exact else float)
    return Payments(values=values, utility=nothing, alpha=1, engine="subsets", reason="nobody is present")
