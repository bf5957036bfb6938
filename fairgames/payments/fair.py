"""Fair payments at every profile (Theorem 2), and with the platform in the coalition (Theorem 1), by definition.

One profile, however many users, is `pricing`; potentials on tensors and on counts, `potential` and `counts`.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.exactness import Array
from fairgames.payments.alpha import Alpha, as_alpha
from fairgames.payments.counts import enumerated, present_groups
from fairgames.payments.potential import potential_tensor
from fairgames.payments.result import Payments, PaymentTable
from fairgames.result import answered
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.utility.base import Utility


@public
def potential(utility: Scenario | Utility | ArrayLike) -> Array:
    """Potential ``P`` of the fair payments at every profile.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked, or the platform's utility alone.

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
    return potential_tensor(as_scenario(utility).utility.tensor())


@public
def payment_table(utility: Scenario | Utility | ArrayLike, alpha: Alpha = 1) -> PaymentTable:
    """Fair payments of every user at every profile (Theorem 2, equation 7).

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked, or the platform's utility alone.
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
    asked = as_scenario(utility)
    checked = asked.utility
    return answered(PaymentTable(potential_tensor(checked.tensor()), checked.tensor(), fraction, checked.types), asked)


@public
def coalition_payments(utility: Scenario | Utility | ArrayLike, profile: ArrayLike | None = None) -> Payments:
    """Fair shares of the platform and of each user when the platform is in the coalition (Theorem 1).

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked, or the platform's utility alone.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``; by default the scenario's.

    Returns
    -------
    Payments
        ``platform + sum(values) = U(profile)``; the paper's eqs. 5 and 6. For a profile in counts, ``values``
        are of one user of each type at each level.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the present users are too many, and too different, to enumerate how
        many of each type are present.

    Examples
    --------
    >>> shares = coalition_payments([[0, "2/3"], ["2/3", 1]], [1, 1])
    >>> shares.platform, shares.values.tolist()
    (Fraction(5, 9), [Fraction(2, 9), Fraction(2, 9)])
    """
    asked = as_scenario(utility)
    groups = present_groups(asked.utility, asked.priced_profile(profile))
    worth, platform, shares, evaluations = enumerated(groups, platform=1)
    found = Payments(
        values=groups.spread(shares),
        utility=worth,
        alpha=None,
        platform=platform,
        engine="subsets" if groups.n_present == len(groups.sizes) else "types",
        reason=f"the platform is one more member of the coalition; all {groups.n_states:,} counts of present users",
        evaluations=evaluations,
    )
    return answered(found, asked, profile=groups.profile, alpha=None)
