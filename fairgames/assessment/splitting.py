"""False names: does it pay to hand in one data set as several users, split or copied."""

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
from fairgames.payments.pricing import price_profile
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
def split_data(
    utility: Utility,
    profile: ArrayLike,
    user: int,
    parts: Sequence[int],
    alpha: Alpha = 1,
    *,
    importance: ArrayLike | None = None,
) -> FalseNames:
    """Price a user that hands in its samples as several users with a part of them each.

    All names choose the user's level. The platform believes them to be different users: it thinks that
    their means differ, and values a better estimate of each.

    Parameters
    ----------
    utility : FederatedMeanUtility
        The platform's utility when everybody is honest.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    user : int
        Who splits.
    parts : sequence of int
        Sample sizes of the names; they add up to the user's.
    alpha : number or callable
        Fraction paid out, in [0, 1].
    importance : array_like, optional
        Importance of each name; the user's own for each by default. Shares of it show what is gained
        without being counted more than once.

    Returns
    -------
    FalseNames
        Who gains and who loses.

    Raises
    ------
    InputError
        If an argument is malformed, or the parts do not add up to the user's samples.

    Examples
    --------
    >>> utility = FederatedMeanUtility([10, 20, 30], between_variance=1, within_variance=10)
    >>> names = split_data(utility, (2, 2, 2), user=1, parts=[10, 10])
    >>> names.pays, round(names.gain, 4)
    (True, 2.1867)
    """
    utility = _federated(utility)
    levels, who = _user_levels(utility, profile, user)
    sizes = _as_parts(parts)
    samples = utility.samples[utility.types]
    if not np.isclose(sizes.sum(), samples[who]):
        raise InputError("parts", f"must add up to the {samples[who]:g} samples of user {who}", list(parts))
    weights = np.repeat(utility.importance[utility.types[who]], len(sizes))
    if importance is not None:
        weights = to_float(as_array(importance, "importance"))
        if weights.shape != sizes.shape:
            raise InputError("importance", f"must be one number for each of the {len(sizes)} names", importance)
    return _priced(utility, _renamed(utility, who, sizes, weights), (levels, who, len(sizes)), alpha)


@public
def duplicate_data(utility: Utility, profile: ArrayLike, user: int, copies: int = 2, alpha: Alpha = 1) -> FalseNames:
    """Price a user that hands in its whole data set under several names.

    The platform believes the copies to be independent data of different users.

    Parameters
    ----------
    utility : FederatedMeanUtility or DPMeanUtility
        The platform's utility when everybody is honest.
    profile : array_like of int
        A level for each user, or ``counts[type, level]``.
    user : int
        Who duplicates.
    copies : int
        Number of names, at least 2.
    alpha : number or callable
        Fraction paid out, in [0, 1].

    Returns
    -------
    FalseNames
        Who gains and who loses.

    Raises
    ------
    InputError
        If an argument is malformed.

    Examples
    --------
    >>> names = duplicate_data(DPMeanUtility([0, float("inf")], n_users=2), (1, 1), user=0)
    >>> names.honest, names.names.tolist()
    (Fraction(1, 2), [Fraction(1, 3), Fraction(1, 3)])
    """
    if copies < 2:
        raise InputError("copies", "must be a whole number of at least 2", copies)
    require_memory(copies * 200, f"{readable_count(copies)} copies", "fewer of them")
    if isinstance(utility, DPMeanUtility):
        levels, who = _user_levels(utility, profile, user)
        rows = utility.epsilons[utility.types]
        order = np.insert(np.arange(len(rows)), who, [who] * (copies - 1))
        return _priced(utility, DPMeanUtility(rows[order]), (levels, who, copies), alpha)
    utility = _federated(utility)
    levels, who = _user_levels(utility, profile, user)
    kind = utility.types[who]
    sizes, weights = np.full(copies, utility.samples[kind]), np.full(copies, utility.importance[kind])
    return _priced(utility, _renamed(utility, who, sizes, weights), (levels, who, copies), alpha)


def _renamed(
    utility: FederatedMeanUtility, user: int, sizes: NDArray[np.float64], weights: NDArray[np.float64]
) -> FederatedMeanUtility:
    """Utility with ``user`` replaced, in its place, by users with ``sizes`` and importance ``weights``."""
    samples, importance = utility.samples[utility.types], utility.importance[utility.types]
    return FederatedMeanUtility(
        np.concatenate([samples[:user], sizes, samples[user + 1 :]]),
        utility.between_variance,
        utility.within_variance,
        np.concatenate([importance[:user], weights, importance[user + 1 :]]),
        aggregation=utility.aggregation,
    )


def _priced(before: Utility, after: Utility, renamed: tuple[NDArray[np.intp], int, int], alpha: Alpha) -> FalseNames:
    levels, user, n_names = renamed
    later = np.concatenate([levels[:user], np.repeat(levels[user], n_names), levels[user + 1 :]])
    honest, false = price_profile(before, levels, alpha), price_profile(after, later, alpha)
    old, new = common(honest.values, false.values)
    names = new[user : user + n_names]
    change = np.concatenate([new[:user], old[user : user + 1], new[user + n_names :]]) - old
    return FalseNames(user, old[user], names, change, honest.utility, false.utility)


def _federated(utility: object) -> FederatedMeanUtility:
    if not isinstance(utility, FederatedMeanUtility):
        raise InputError("utility", "must say what another user would bring: a closed-form one", type(utility).__name__)
    return utility


def _user_levels(utility: Utility, profile: ArrayLike, user: int) -> tuple[NDArray[np.intp], int]:
    levels = as_profile(profile, utility.shape, utility.type_sizes)
    levels = expand_counts(levels[None], utility.types)[0] if levels.ndim == 2 else levels
    if not 0 <= user < utility.n_users:
        raise InputError("user", f"must be from 0 to {utility.n_users - 1}", user)
    if levels[user] == 0:
        raise InputError("user", "must be present at the profile", user)
    return levels, int(user)


def _as_parts(parts: Sequence[int]) -> NDArray[np.float64]:
    sizes = to_float(as_array(parts, "parts"))
    if sizes.ndim != 1 or sizes.size < 2:
        raise InputError("parts", "must be the sample sizes of at least two names", parts)
    for name in np.flatnonzero(sizes < 1).tolist():
        raise InputError(f"parts[{name}]", "must be at least 1", sizes[name])
    return sizes
