"""Payment rules other than the fair one, each as ``rule(utility, profile) -> (N,)``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array
from fairgames.memory import require_memory
from fairgames.payments.fair import subset_payments
from fairgames.payments.potential import potential_tensor, without_user
from fairgames.utility.base import Utility
from fairgames.utility.profile import as_profile


class PaymentRule(ABC):
    """A payment rule: what each user is paid at a profile, before the fraction ``alpha``.

    An instance serves wherever a function of ``(utility, profile)`` is asked for.
    """

    scaled: bool = True
    """Whether ``alpha`` is meant to scale these payments; otherwise they are meant as they are."""

    @abstractmethod
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile, shape ``(N,)``."""

    @abstractmethod
    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile: N arrays, axis ``i`` = user ``i``."""


class FairRule(PaymentRule):
    """The fair payments (Theorem 2).

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> FairRule()(TableUtility([[0, 1], [2, 3]]), (1, 1)).tolist()
    [Fraction(2, 1), Fraction(1, 1)]
    """

    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        return subset_payments(utility, profile).values

    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        P = potential_tensor(utility.tensor())
        return [P - without_user(P, user) for user in range(utility.n_users)]


class NoNegativeRule(PaymentRule):
    """The fair payments with negative ones raised to 0, which the platform bears.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> NoNegativeRule()(TableUtility([[0, -1], [2, 1]]), (1, 1)).tolist()
    [Fraction(2, 1), Fraction(0, 1)]
    """

    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        return _not_below_zero(FairRule()(utility, profile))

    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        return [_not_below_zero(payment) for payment in FairRule().everywhere(utility)]


class EqualSplitRule(PaymentRule):
    """The utility in equal parts among those who are present.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> EqualSplitRule()(TableUtility([[0, 1], [2, 3]]), (1, 1)).tolist()
    [Fraction(3, 2), Fraction(3, 2)]
    """

    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        present = one_level_each(utility, profile) > 0
        return _fill(utility, present, utility(profile) / max(1, int(present.sum())))

    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        present = np.indices(utility.shape) > 0
        part = utility.tensor() / np.maximum(1, present.sum(axis=0)).astype(utility.tensor().dtype)
        return [np.where(here, part, part * 0) for here in present]


class LeaveOneOutRule(PaymentRule):
    """What the utility would lose if the user alone were absent; need not add up to the utility.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> LeaveOneOutRule()(TableUtility([[0, 1], [2, 2]]), (1, 1)).tolist()
    [Fraction(1, 1), Fraction(0, 1)]
    """

    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        levels = one_level_each(utility, profile)
        rows = np.repeat(levels[None], utility.n_users + 1, axis=0)
        rows[np.arange(utility.n_users), np.arange(utility.n_users)] = 0
        worth = utility.evaluate(rows)
        losses: Array = worth[-1] - worth[:-1]
        return losses

    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        U = utility.tensor()
        return [U - without_user(U, user) for user in range(utility.n_users)]


class BanzhafRule(PaymentRule):
    r"""The Banzhaf value: the mean marginal contribution over all sets of other users.

    ``2^{-(N-1)} Σ_{S ⊆ [N]\\i} [U(rho_{S∪i}) − U(rho_S)]``; need not add up to the utility.

    References
    ----------
    Wang, Jia (2023), Data Banzhaf: a robust data valuation framework for machine learning, AISTATS.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> BanzhafRule()(TableUtility([[0, "2/3"], ["2/3", 1]]), (1, 1)).tolist()
    [Fraction(1, 2), Fraction(1, 2)]
    """

    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        levels = one_level_each(utility, profile)
        present = np.flatnonzero(levels)
        payments = _fill(utility, np.zeros(utility.n_users, dtype=bool), 0)
        if present.size:
            require_memory(
                (8 * utility.n_users + (400 if utility.exact else 60)) << present.size,
                f"the {1 << present.size:,} subsets of {present.size} present users",
                "fewer users",
            )
            members = np.indices((2,) * present.size).reshape(present.size, -1).T
            profiles = np.zeros((len(members), utility.n_users), dtype=np.intp)
            profiles[:, present] = members * levels[present]
            parts = banzhaf_tensors(utility.evaluate(profiles).reshape((2,) * present.size))
            payments[present] = [part[(1,) * present.size] for part in parts]
        return payments

    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        return banzhaf_tensors(utility.tensor())


def banzhaf_tensors(U: Array) -> list[Array]:
    """Banzhaf value of every user at every profile.

    With ``A(rho)`` the mean of ``U(rho_S)`` over all subsets ``S``, taken axis by axis, user ``i``'s value
    is ``2 · (A(rho) − A(rho with i absent))``: one pass over the profiles for all users.

    Parameters
    ----------
    U : ndarray, shape (L_1, …, L_N)
        The utility.

    Returns
    -------
    list of ndarray
        N arrays of the shape of ``U``, exact when it is.
    """
    mean = U
    for user in range(U.ndim):
        mean = (mean + without_user(mean, user)) / 2
    return [2 * (mean - without_user(mean, user)) for user in range(U.ndim)]


class ExactCostRule(PaymentRule):
    """What the privacy level costs each user, whatever it brings: pricing without fairness.

    With ``alpha = 1`` every user is indifferent between all its levels, so the platform may choose:
    ``max_rho U(rho) − Σ c_i(rho_i)``.

    Parameters
    ----------
    costs : array_like, shape (N, L)
        Privacy costs; a level of infinite cost has no payment.

    Raises
    ------
    InputError
        If a cost is missing, negative or NaN; when called, if a user is at a level of infinite cost.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> ExactCostRule([[0, "1/2"], [0, 2]])(TableUtility([[0, 1], [2, 3]]), (1, 0)).tolist()
    [Fraction(1, 2), Fraction(0, 1)]
    """

    scaled = False

    def __init__(self, costs: ArrayLike) -> None:
        self._costs = as_array(costs, "costs", allow_inf=True)
        if self._costs.ndim != 2:
            raise InputError("costs", "must be one row of costs a user", self._costs.shape)

    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        levels = one_level_each(utility, profile)
        paid: Array = self._costs[np.arange(utility.n_users), levels]
        for user in np.flatnonzero(paid == np.inf).tolist():
            raise InputError(f"profile[{user}]", "must be a level of finite cost", int(levels[user]))
        return paid

    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile; ``inf`` at a level of infinite cost."""
        levels = np.indices(utility.shape)
        return [self._costs[user][levels[user]] for user in range(utility.n_users)]


def one_level_each(utility: Utility, profile: ArrayLike) -> NDArray[np.intp]:
    """Check a profile that gives each user its level.

    Raises
    ------
    InputError
        If it does not, or is written in counts.
    """
    if np.ndim(profile) != 1:
        raise InputError("profile", "must have one level a user", profile)
    return as_profile(profile, utility.shape, utility.type_sizes)


def _fill(utility: Utility, where: NDArray[np.bool_], value: Number) -> Array:
    """One number at the users ``where``, 0 elsewhere; exact when the utility is."""
    payments = np.full(where.shape, Fraction(0), dtype=object) if utility.exact else np.zeros(where.shape)
    payments[where] = value
    return payments


def _not_below_zero(payments: Array) -> Array:
    return np.where((payments < 0).astype(bool), payments * 0, payments)
