"""Why a user is paid what it is paid: its own better estimate, and the help that it is to the others.

The federated mean's utility is a sum over users (eq. 15), and payments are linear in it; called by
``fairgames payments --explain``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Number, as_number
from fairgames.memory import require_memory
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha
from fairgames.payments.pricing import fair_payments
from fairgames.payments.result import Payments
from fairgames.result import Result, format_value
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.profile import as_profile, expand_counts


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Result):
    """Each payment, taken apart by whose estimate the user's data improves.

    Attributes
    ----------
    profile : tuple of int
        Level of each user.
    parts : ndarray, shape (N, N)
        ``parts[i, j]`` is what user ``i`` is paid for the better estimate of user ``j``'s mean.
    utility, alpha : float
        Utility at the profile (times ``unit_value``) and the fraction that is paid out.
    unit_value : float
        Money for one unit of utility; 1 when amounts are in units of utility.
    standard_errors : ndarray, shape (N, N)
        Of ``parts``; 0 where they are exact.
    resolved : bool
        False when an estimate failed its own check: then the parts are not to be used.
    """

    profile: tuple[int, ...]
    parts: NDArray[np.float64]
    utility: float
    alpha: float
    unit_value: float
    standard_errors: NDArray[np.float64]
    resolved: bool

    @property
    def payments(self) -> NDArray[np.float64]:
        """Payment of each user, shape ``(N,)``: the sum of its parts."""
        total: NDArray[np.float64] = self.parts.sum(axis=1)
        return total

    @property
    def own(self) -> NDArray[np.float64]:
        """Part that each user is paid for its own better estimate, shape ``(N,)``."""
        return np.diagonal(self.parts)

    @property
    def helping(self) -> NDArray[np.float64]:
        """Part that each user is paid for helping all others, shape ``(N,)``."""
        others: NDArray[np.float64] = (self.parts * ~np.eye(len(self.parts), dtype=bool)).sum(axis=1)
        return others

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        rows = []
        for user, level in enumerate(self.profile):
            others = [other for other in range(len(self.profile)) if other != user]
            most = max(others, key=lambda other: self.parts[user, other], default=None)
            numbers = (self.payments[user], self.own[user], self.helping[user])
            helped = "-" if most is None or not level else f"{most} ({format_value(self.parts[user, most])})"
            rows.append([str(user), str(level), *map(format_value, numbers), helped])
        title = f"Why each payment, at U = {format_value(self.utility)}, alpha = {format_value(self.alpha)}"
        if not self.resolved:
            title += " UNRESOLVED: do not use these numbers"
        return title, ("user", "level", "payment", "own estimate", "helping others", "most for helping"), rows


@public
def explain_payments(
    utility: FederatedMeanUtility, profile: ArrayLike, alpha: Alpha = 1, unit_value: Number | int | str = 1
) -> Explanation:
    """Take each fair payment apart by whose estimate the user's data improves.

    The utility of the federated mean is a sum over users ``j`` of the gain in the accuracy of ``j``'s
    estimate, and payments are linear in the utility. So each payment is a sum too, of what the user
    would be paid if only ``j``'s estimate counted; the parts add up to it exactly. The platform also
    estimates users that are absent, and pays for their better estimates. Where there are too many
    users for an exact answer, parts are estimated by random permutations, with standard errors; their
    sum is then less sharp than an estimate of the payment as a whole.

    Parameters
    ----------
    utility : FederatedMeanUtility
        The platform's utility.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    alpha : number or callable
        Fraction paid out, in [0, 1].
    unit_value : number
        Money for one unit of utility.

    Returns
    -------
    Explanation
        ``parts[i, j]``, one user a row.

    Raises
    ------
    InputError
        If an argument is malformed, or the utility is another one.
    SizeError
        If one number for each pair of users would not fit in memory.

    Examples
    --------
    >>> utility = FederatedMeanUtility([10, 20, 30], between_variance=1, within_variance=10)
    >>> why = explain_payments(utility, (2, 2, 2))
    >>> why.payments.round(6), why.own.round(6)
    (array([2.660104, 3.491066, 3.966857]), array([1.569568, 2.181455, 2.562525]))
    """
    if not isinstance(utility, FederatedMeanUtility):
        raise InputError("utility", "must be a FederatedMeanUtility, a sum over users", type(utility).__name__)
    fraction = as_alpha(alpha)
    money = float(as_number(unit_value, "unit_value"))
    if money <= 0:
        raise InputError("unit_value", "must be above 0", unit_value)
    levels = as_profile(profile, utility.shape, utility.type_sizes)
    levels = expand_counts(levels[None], utility.types)[0] if levels.ndim == 2 else levels
    n_users = len(levels)
    require_memory(n_users**2 * 16, f"an explanation of {n_users:,} payments", "an explanation among fewer users")
    worth = utility(levels)
    paid = float(alpha_levels(fraction, np.asarray(float(worth))).item())
    parts, errors, resolved = _parts(utility, levels)
    scale = paid * money
    return Explanation(
        tuple(levels.tolist()), scale * parts, float(worth) * money, paid, money, scale * errors, resolved
    )


def _parts(
    utility: FederatedMeanUtility, levels: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Payments at alpha = 1 for user ``j``'s estimate alone in column ``j``, their errors, and the verdict."""
    classes = np.stack([utility.types, levels], axis=1)
    _, firsts, class_of = np.unique(classes, axis=0, return_index=True, return_inverse=True)
    of_first = [_payments_for(utility, levels, first) for first in firsts.tolist()]
    parts, errors = np.empty((2, len(levels), len(levels)))
    for user, kind in enumerate(class_of.ravel().tolist()):
        # Users alike in type and level change places, so one of them was enough to price.
        order = np.arange(len(levels))
        order[[user, firsts[kind]]] = order[[firsts[kind], user]]
        parts[:, user] = of_first[kind].values[order]
        errors[:, user] = of_first[kind].standard_errors[order]
    return parts, errors, all(paid.resolved for paid in of_first)


def _payments_for(utility: FederatedMeanUtility, levels: NDArray[np.intp], user: int) -> Payments:
    importance = np.zeros(len(levels))
    importance[user] = utility.importance[utility.types[user]]
    alone = FederatedMeanUtility(
        utility.samples[utility.types],
        utility.between_variance,
        utility.within_variance,
        importance,
        aggregation=utility.aggregation,
    )
    try:
        return fair_payments(alone, levels, exact=True)
    except SizeError:
        # Permutations telescope: what all users are paid for one estimate still adds up to its gain.
        return fair_payments(alone, levels, engine="permutations")
