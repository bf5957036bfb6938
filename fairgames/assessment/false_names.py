"""False names: does it pay to hand in one data set as several users, split or copied.

Two payments by `price_profile`, of the honest game and of the one that the platform believes; called by
``fairgames payments --false-names``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, common, to_float
from fairgames.memory import readable_count, require_memory
from fairgames.payments.alpha import Alpha
from fairgames.payments.pricing import fair_payments
from fairgames.result import Result, format_value
from fairgames.utility.base import Utility
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.profile import as_profile, expand_counts


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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        rows: list[tuple[str, object]] = [
            ("payment under one name", self.honest),
            ("payment of each name", self.names),
            ("gain", self.gain),
            ("change for the others", self.others_change.sum()),
            ("utility before", self.utility_before),
            ("utility after", self.utility_after),
        ]
        title = f"User {self.user} under {len(self.names)} names: it {'pays' if self.pays else 'does not pay'}"
        return title, ("quantity", "value"), [[name, format_value(value)] for name, value in rows]


@public
def false_names(
    utility: Utility,
    profile: ArrayLike,
    user: int,
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
    utility : FederatedMeanUtility or DPMeanUtility
        The platform's utility when everybody is honest.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    user : int
        Who uses several names.
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
    if isinstance(utility, DPMeanUtility):
        if not isinstance(names, int) or importance is not None:
            argument = "names" if importance is None else "importance"
            raise InputError(argument, "must be left to the federated mean: here names are whole copies")
        levels, who = _user_levels(utility, profile, user)
        rows = utility.epsilons[utility.types]
        copied = DPMeanUtility(np.insert(rows, who, [rows[who]] * (names - 1), axis=0))
        return _priced(utility, copied, (levels, who, names), alpha)
    if not isinstance(utility, FederatedMeanUtility):
        raise InputError("utility", "must say what another user would bring: a closed-form one", type(utility).__name__)
    levels, who = _user_levels(utility, profile, user)
    samples, weights = utility.samples[utility.types], utility.importance[utility.types]
    sizes = np.full(names, samples[who]) if isinstance(names, int) else _as_parts(names, who, samples[who])
    own = np.full(len(sizes), weights[who])
    if importance is not None:
        own = to_float(as_array(importance, "importance"))
        if own.shape != sizes.shape:
            raise InputError("importance", f"must be one number for each of the {len(sizes)} names", importance)
    after = FederatedMeanUtility(
        np.concatenate([samples[:who], sizes, samples[who + 1 :]]),
        utility.between_variance,
        utility.within_variance,
        np.concatenate([weights[:who], own, weights[who + 1 :]]),
        aggregation=utility.aggregation,
    )
    return _priced(utility, after, (levels, who, len(sizes)), alpha)


def _priced(before: Utility, after: Utility, renamed: tuple[NDArray[np.intp], int, int], alpha: Alpha) -> FalseNames:
    levels, user, n_names = renamed
    later = np.concatenate([levels[:user], np.repeat(levels[user], n_names), levels[user + 1 :]])
    honest, false = fair_payments(before, levels, alpha), fair_payments(after, later, alpha)
    old, new = common(honest.values, false.values)
    names = new[user : user + n_names]
    change = np.concatenate([new[:user], old[user : user + 1], new[user + n_names :]]) - old
    return FalseNames(user, old[user], names, change, honest.utility, false.utility)


def _user_levels(utility: Utility, profile: ArrayLike, user: int) -> tuple[NDArray[np.intp], int]:
    levels = as_profile(profile, utility.shape, utility.type_sizes)
    levels = expand_counts(levels[None], utility.types)[0] if levels.ndim == 2 else levels
    if not 0 <= user < utility.n_users:
        raise InputError("user", f"must be from 0 to {utility.n_users - 1}", user)
    if levels[user] == 0:
        raise InputError("user", "must be present at the profile", user)
    return levels, int(user)


def _as_parts(names: Sequence[int], user: int, total: float) -> NDArray[np.float64]:
    sizes = to_float(as_array(names, "names"))
    if sizes.ndim != 1 or sizes.size < 2:
        raise InputError("names", "must be the sample sizes of at least two names, or how many names", names)
    for name in np.flatnonzero(sizes < 1).tolist():
        raise InputError(f"names[{name}]", "must be at least 1", sizes[name])
    if not np.isclose(sizes.sum(), total):
        raise InputError("names", f"must add up to the {total:g} samples of user {user}", list(names))
    return sizes
