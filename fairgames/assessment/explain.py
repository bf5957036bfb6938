"""Payments of users whose data are known by size: why each is what it is, and whether false names pay.

The federated mean's utility is a sum over users (eq. 15), and payments are linear in it: `explain_payments` prices each
user's estimate alone (``fairgames payments --explain``). `false_names` prices the honest game and the one that the
platform believes when a data set is handed in as several users, split or copied (``fairgames payments --false-names``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, Number, as_array, as_number, common, to_float
from fairgames.memory import readable_count, require_memory
from fairgames.payments.alpha import Alpha, alpha_levels, as_alpha
from fairgames.payments.pricing import fair_payments
from fairgames.payments.result import Payments
from fairgames.result import Result, answered, format_value
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.utility.base import Utility
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.profile import as_levels


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

    @public
    def helps_most(self, user: int) -> int | None:
        """Another user for whose estimate this one is paid most; None for one who is absent or alone."""
        if not 0 <= user < len(self.profile):
            raise InputError("user", f"must be from 0 to {len(self.profile) - 1}", user)
        others = [other for other in range(len(self.profile)) if other != user and self.profile[user]]
        return max(others, key=lambda other: self.parts[user, other], default=None)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        rows = []
        for user, level in enumerate(self.profile):
            most = self.helps_most(user)
            numbers = (self.payments[user], self.own[user], self.helping[user])
            helped = "-" if most is None else f"{self.who(most)} ({format_value(self.parts[user, most])})"
            rows.append([self.who(user), level, *numbers, helped])
        title = f"Why each payment, at U = {format_value(self.utility)}, alpha = {format_value(self.alpha)}"
        if not self.resolved:
            title += " UNRESOLVED: do not use these numbers"
        return title, ("user", "level", "payment", "own estimate", "helping others", "most for helping"), rows


@public
def explain_payments(
    utility: Scenario | Utility | ArrayLike,
    profile: ArrayLike | None = None,
    alpha: Alpha = 1,
    unit_value: Number | int | str = 1,
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
    utility : Scenario or FederatedMeanUtility
        What is asked, or the platform's utility alone.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``; by default the scenario's.
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
    asked = as_scenario(utility)
    worths = asked.utility
    if not isinstance(worths, FederatedMeanUtility):
        raise InputError("utility", "must be a FederatedMeanUtility, a sum over users", type(worths).__name__)
    fraction = as_alpha(alpha)
    money = float(as_number(unit_value, "unit_value"))
    if money <= 0:
        raise InputError("unit_value", "must be above 0", unit_value)
    levels = as_levels(asked.priced_profile(profile), worths.shape, worths.types)
    n_users = len(levels)
    require_memory(n_users**2 * 16, f"an explanation of {n_users:,} payments", "an explanation among fewer users")
    worth = worths(levels)
    paid = float(alpha_levels(fraction, np.asarray(float(worth))).item())
    parts, errors, resolved = _parts(worths, levels)
    scale = paid * money
    found = Explanation(
        tuple(levels.tolist()), scale * parts, float(worth) * money, paid, money, scale * errors, resolved
    )
    return answered(found, asked)


def _parts(
    utility: FederatedMeanUtility, levels: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Payments at alpha = 1 for user ``j``'s estimate alone in column ``j``, their errors, and the verdict."""
    classes = np.stack([utility.types, levels], axis=1)
    _, firsts, class_of = np.unique(classes, axis=0, return_index=True, return_inverse=True)
    of_first = [payments_for(utility, levels, first) for first in firsts.tolist()]
    parts, errors = np.empty((2, len(levels), len(levels)))
    for user, kind in enumerate(class_of.ravel().tolist()):
        # Users alike in type and level change places, so one of them was enough to price.
        order = np.arange(len(levels))
        order[[user, firsts[kind]]] = order[[firsts[kind], user]]
        parts[:, user] = of_first[kind].values[order]
        errors[:, user] = of_first[kind].standard_errors[order]
    return parts, errors, all(paid.resolved for paid in of_first)


def payments_for(utility: FederatedMeanUtility, levels: NDArray[np.intp], user: int) -> Payments:
    """Payments where one user's estimate alone counts."""
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


@dataclass(frozen=True, eq=False, repr=False)
class FalseNames(Result):
    """What one user gains by appearing as several, in the eyes of a platform that believes it.

    Attributes
    ----------
    user : int
        Who appears under several names.
    honest : number
        Its payment under one name.
    names : ndarray
        Payment of each of its names.
    others_change : ndarray, shape (N,)
        Change of everybody else's payment; 0 in the user's own place.
    utility_before, utility_after : number
        Utility as the platform sees it.
    """

    user: int
    honest: Number
    names: Array
    others_change: Array
    utility_before: Number
    utility_after: Number

    @property
    def gain(self) -> Number:
        """Payment of all names together less the honest payment."""
        total = self.names.sum() - self.honest
        return total if isinstance(total, Fraction) else float(total)

    @property
    def pays(self) -> bool:
        """Whether the user is paid more under several names."""
        return bool(self.gain > 0)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        rows: list[tuple[str, object]] = [
            ("payment under one name", self.honest),
            ("payment of each name", self.names),
            ("gain", self.gain),
            ("change for the others", self.others_change.sum()),
            ("utility before", self.utility_before),
            ("utility after", self.utility_after),
        ]
        title = f"{self.who(self.user)} under {len(self.names)} names: it {'pays' if self.pays else 'does not pay'}"
        return title, ("quantity", "value"), [[name, value] for name, value in rows]


@public
def false_names(
    utility: Scenario | Utility | ArrayLike,
    profile: ArrayLike | None = None,
    user: int | str = 0,
    names: int | Sequence[int] = 2,
    alpha: Alpha = 1,
    *,
    importance: ArrayLike | None = None,
) -> FalseNames:
    """Price a user that hands in its data under several names, whole copies or a part under each.

    All names choose the user's level. The platform believes them to be different users with independent
    data: it thinks that their means differ, and values a better estimate of each.

    Parameters
    ----------
    utility : Scenario, FederatedMeanUtility or DPMeanUtility
        What is asked, or the platform's utility alone, when everybody is honest.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``; by default the scenario's.
    user : int or str
        Who uses several names: its number, from 0, or its name.
    names : int or sequence of int
        How many names hand in a copy of all its data each, at least 2; or, under the federated mean, how
        many of its samples each name hands in, which add up to the user's.
    alpha : number or callable
        Fraction paid out, in [0, 1].
    importance : array_like, optional
        Importance of each name under the federated mean; the user's own for each by default. Shares of it
        show what is gained without being counted more than once.

    Returns
    -------
    FalseNames
        Who gains and who loses.

    Raises
    ------
    InputError
        If an argument is malformed, or the samples of the names do not add up to the user's.

    Examples
    --------
    >>> utility = FederatedMeanUtility([10, 20, 30], between_variance=1, within_variance=10)
    >>> split = false_names(utility, (2, 2, 2), user=1, names=[10, 10])
    >>> split.pays, round(split.gain, 4)
    (True, 2.1867)
    >>> twice = false_names(DPMeanUtility([0, float("inf")], n_users=2), (1, 1), user=0, names=2)
    >>> twice.honest, twice.names.tolist()
    (Fraction(1, 2), [Fraction(1, 3), Fraction(1, 3)])
    """
    if isinstance(names, int) and names < 2:
        raise InputError("names", "must be a whole number of at least 2, or the samples of each name", names)
    if isinstance(names, int):
        require_memory(names * 200, f"{readable_count(names)} copies", "fewer of them")
    asked = as_scenario(utility)
    honest = asked.utility
    if isinstance(honest, DPMeanUtility):
        if not isinstance(names, int) or importance is not None:
            argument = "names" if importance is None else "importance"
            raise InputError(argument, "must be left to the federated mean: here names are whole copies")
        levels, who = _user_levels(asked, profile, user)
        rows = honest.epsilons[honest.types]
        copied = DPMeanUtility(np.insert(rows, who, [rows[who]] * (names - 1), axis=0))
        return _priced(asked, copied, (levels, who, names), alpha)
    if not isinstance(honest, FederatedMeanUtility):
        raise InputError("utility", "must say what another user would bring: a closed-form one", type(honest).__name__)
    levels, who = _user_levels(asked, profile, user)
    samples, weights = honest.samples[honest.types], honest.importance[honest.types]
    sizes = np.full(names, samples[who]) if isinstance(names, int) else _as_parts(names, who, samples[who])
    own = np.full(len(sizes), weights[who])
    if importance is not None:
        own = to_float(as_array(importance, "importance"))
        if own.shape != sizes.shape:
            raise InputError("importance", f"must be one number for each of the {len(sizes)} names", importance)
    after = FederatedMeanUtility(
        np.concatenate([samples[:who], sizes, samples[who + 1 :]]),
        honest.between_variance,
        honest.within_variance,
        np.concatenate([weights[:who], own, weights[who + 1 :]]),
        aggregation=honest.aggregation,
    )
    return _priced(asked, after, (levels, who, len(sizes)), alpha)


def _priced(asked: Scenario, after: Utility, renamed: tuple[NDArray[np.intp], int, int], alpha: Alpha) -> FalseNames:
    levels, user, n_names = renamed
    later = np.concatenate([levels[:user], np.repeat(levels[user], n_names), levels[user + 1 :]])
    honest, false = fair_payments(asked.utility, levels, alpha), fair_payments(after, later, alpha)
    old, new = common(honest.values, false.values)
    names = new[user : user + n_names]
    change = np.concatenate([new[:user], old[user : user + 1], new[user + n_names :]]) - old
    return answered(FalseNames(user, old[user], names, change, honest.utility, false.utility), asked)


def _user_levels(asked: Scenario, profile: ArrayLike | None, user: int | str) -> tuple[NDArray[np.intp], int]:
    levels = as_levels(asked.priced_profile(profile), asked.utility.shape, asked.utility.types)
    who = asked.user_number(user)
    if levels[who] == 0:
        raise InputError("user", "must be present at the profile", user)
    return levels, who


def _as_parts(names: Sequence[int], user: int, total: float) -> NDArray[np.float64]:
    sizes = to_float(as_array(names, "names"))
    if sizes.ndim != 1 or sizes.size < 2:
        raise InputError("names", "must be the sample sizes of at least two names, or how many names", names)
    for name in np.flatnonzero(sizes < 1).tolist():
        raise InputError(f"names[{name}]", "must be at least 1", sizes[name])
    if not np.isclose(sizes.sum(), total):
        raise InputError("names", f"must add up to the {total:g} samples of user {user}", list(names))
    return sizes
