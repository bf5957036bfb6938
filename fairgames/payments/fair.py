"""Fair payments: among users (Theorem 2), and with the platform in the coalition (Theorem 1)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.exactness import Array, Number, is_exact
from fairgames.memory import readable_count, require_memory
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha, paid_out
from fairgames.payments.counts import enumerated_coalition, present_groups
from fairgames.payments.potential import potential_tensor
from fairgames.payments.result import Payments, PaymentTable
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility
from fairgames.utility.checking import evaluated
from fairgames.utility.profile import as_profile, expand_counts


@public
def potential(utility: Utility | ArrayLike) -> Array:
    """Potential ``P`` of the fair payments at every profile.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.

    Returns
    -------
    ndarray, shape (L_1, …, L_N)
        ``phi_i(rho) = P(rho) − P(rho with user i absent)`` at alpha = 1.

    Raises
    ------
    InputError, SizeError
        If the utility is malformed or its tensor would not fit in memory.

    Examples
    --------
    >>> potential([[0, "2/3"], ["2/3", 1]])[1, 1]
    Fraction(7, 6)
    """
    return potential_tensor(as_utility(utility).tensor())


@public
def payment_table(utility: Utility | ArrayLike, alpha: Alpha = 1) -> PaymentTable:
    """Fair payments of every user at every profile (Theorem 2, equation 7).

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    alpha : number or callable
        Fraction paid out, in [0, 1]: a constant, or a function of the utility level (axiom B.ii).

    Returns
    -------
    PaymentTable
        ``.user(i)`` is user ``i``'s payment at every profile; ``[profile]`` all payments at one.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed or the tensor would not fit in memory.

    Examples
    --------
    >>> payment_table([[0, "2/3"], ["2/3", 1]])[1, 1].values
    array([Fraction(1, 2), Fraction(1, 2)], dtype=object)
    """
    fraction = as_alpha(alpha)
    checked = as_utility(utility)
    return PaymentTable(potential(checked), checked.tensor(), fraction, checked.types)


def subset_payments(utility: Utility | ArrayLike, profile: ArrayLike, alpha: Alpha = 1) -> Payments:
    """Fair payment of each user at one profile (Theorem 2, equation 7), from all subsets of the present users.

    Only the profiles in which some of the present users are absent are evaluated, so one profile
    of many users is priced without their whole tensor.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    alpha : number or callable
        Fraction paid out, in [0, 1]: a constant, or a function of the utility level (axiom B.ii).

    Returns
    -------
    Payments
        ``values`` add up to ``alpha · U(profile)``.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or too many users are present to enumerate their subsets.

    Examples
    --------
    >>> subset_payments([[0, "2/3"], ["2/3", 1]], [1, 1], alpha="1/2").values
    array([Fraction(1, 4), Fraction(1, 4)], dtype=object)
    """
    fraction = as_alpha(alpha)
    checked = as_utility(utility)
    levels = _user_levels(checked, profile)
    at_profile, shares, evaluations = _marginal_potentials(checked, levels)
    worth = np.asarray(at_profile)
    return Payments(
        values=paid_out(fraction, worth, shares),
        utility=at_profile,
        alpha=alpha_levels(fraction, worth).item(),
        engine="subsets",
        reason=f"one profile with {np.count_nonzero(levels)} users present: all their subsets",
        evaluations=evaluations,
    )


@public
def coalition_payments(utility: Utility | ArrayLike, profile: ArrayLike) -> Payments:
    """Fair shares of the platform and of each user when the platform is in the coalition (Theorem 1).

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.

    Returns
    -------
    Payments
        ``platform + sum(values) = U(profile)``; the paper's eqs. 5 and 6. For a profile in counts, ``values``
        are of one user of each type at each level.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the present users are too many, and too different, to enumerate how
        many of each kind are present.

    Examples
    --------
    >>> shares = coalition_payments([[0, "2/3"], ["2/3", 1]], [1, 1])
    >>> shares.platform, shares.values.tolist()
    (Fraction(5, 9), [Fraction(2, 9), Fraction(2, 9)])
    """
    groups = present_groups(as_utility(utility), profile)
    worth, platform, shares, evaluations = enumerated_coalition(groups)
    return Payments(
        values=groups.spread(shares),
        utility=worth,
        alpha=None,
        platform=platform,
        engine="subsets" if groups.n_present == len(groups.sizes) else "types",
        reason=f"the platform is one more member of the coalition; all {groups.n_states:,} counts of present users",
        evaluations=evaluations,
    )


def _user_levels(utility: Utility, profile: ArrayLike) -> NDArray[np.intp]:
    levels = as_profile(profile, utility.shape, utility.type_sizes)
    return expand_counts(levels[None], utility.types)[0] if levels.ndim == 2 else levels


def _marginal_potentials(utility: Utility, levels: NDArray[np.intp]) -> tuple[Number, Array, int]:
    """Utility at the profile, each user's share there, and the evaluations spent."""
    present = np.flatnonzero(levels)
    n_subsets = 1 << present.size
    require_memory(
        n_subsets * (8 * utility.n_users + (400 if utility.exact else 60)),
        f"the {readable_count(n_subsets)} subsets of {present.size} present users",
        "grouped users or the permutation engine",
    )
    masks = np.arange(n_subsets)[:, None] >> np.arange(present.size - 1, -1, -1)[None, :] & 1
    profiles = np.zeros((n_subsets, utility.n_users), dtype=np.intp)
    profiles[:, present] = masks * levels[present]
    worth = evaluated(utility.evaluate, profiles).reshape((2,) * present.size)
    P = potential_tensor(worth)
    full = (1,) * present.size
    shares = np.full(utility.n_users, Fraction(0), dtype=object) if is_exact(P) else np.zeros(utility.n_users)
    for axis, user in enumerate(present.tolist()):
        shares[user] = P[full] - P[(*full[:axis], 0, *full[axis + 1 :])]
    return worth[full], shares, n_subsets
