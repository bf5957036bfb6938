"""Payment rules that the fair one is compared with, each as ``rule(utility, profile) -> (N,)``.

Public as ``fg.rules``; comparisons in `assessment` call them. With the rule that shares a budget in proportion comes
the equilibrium that it leads to (Hu and Gong 2020).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, as_number, common, is_exact
from fairgames.memory import require_memory
from fairgames.payments.potential import potential_tensor, without_user
from fairgames.payments.pricing import fair_payments
from fairgames.result import Result
from fairgames.utility.base import Utility
from fairgames.utility.profile import as_user_levels


class Rule(ABC):
    """A payment rule: what each user is paid at a profile, before the fraction ``alpha``.

    An instance serves wherever a function of ``(utility, profile)`` is asked for.
    """

    scaled: bool = True
    """Whether ``alpha`` is meant to scale these payments; otherwise they are meant as they are."""

    @abstractmethod
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile, shape ``(N,)``."""

    @abstractmethod
    @public
    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile: N arrays, axis ``i`` = user ``i``."""


class Fair(Rule):
    """The fair payments (Theorem 2).

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> Fair()(TableUtility([[0, 1], [2, 3]]), (1, 1)).tolist()
    [Fraction(2, 1), Fraction(1, 1)]
    """

    @public
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        return fair_payments(utility, profile, engine="subsets").values

    @public
    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        P = potential_tensor(utility.tensor())
        return [P - without_user(P, user) for user in range(utility.n_users)]


class NoNegative(Fair):
    """The fair payments with negative ones raised to 0, which the platform bears.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> NoNegative()(TableUtility([[0, -1], [2, 1]]), (1, 1)).tolist()
    [Fraction(2, 1), Fraction(0, 1)]
    """

    @public
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        return _not_below_zero(super().__call__(utility, profile))

    @public
    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        return [_not_below_zero(payment) for payment in super().everywhere(utility)]


class LeaveOneOut(Rule):
    """What the utility would lose if the user alone were absent; need not add up to the utility.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> LeaveOneOut()(TableUtility([[0, 1], [2, 2]]), (1, 1)).tolist()
    [Fraction(1, 1), Fraction(0, 1)]
    """

    @public
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        levels = one_level_each(utility, profile)
        rows = np.repeat(levels[None], utility.n_users + 1, axis=0)
        rows[np.arange(utility.n_users), np.arange(utility.n_users)] = 0
        worth = utility.evaluate(rows)
        losses: Array = worth[-1] - worth[:-1]
        return losses

    @public
    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        U = utility.tensor()
        return [U - without_user(U, user) for user in range(utility.n_users)]


class Banzhaf(Rule):
    r"""The Banzhaf value: the mean marginal contribution over all sets of other users.

    ``2^{-(N-1)} Σ_{S ⊆ [N]\\i} [U(rho_{S∪i}) − U(rho_S)]``; need not add up to the utility.

    References
    ----------
    Wang, Jia (2023), Data Banzhaf: a robust data valuation framework for machine learning, AISTATS.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> Banzhaf()(TableUtility([[0, "2/3"], ["2/3", 1]]), (1, 1)).tolist()
    [Fraction(1, 2), Fraction(1, 2)]
    """

    @public
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        levels = one_level_each(utility, profile)
        present = np.flatnonzero(levels)
        payments = np.full(levels.shape, Fraction(0), dtype=object) if utility.exact else np.zeros(levels.shape)
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

    @public
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


class ExactCost(Rule):
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
    >>> ExactCost([[0, "1/2"], [0, 2]])(TableUtility([[0, 1], [2, 3]]), (1, 0)).tolist()
    [Fraction(1, 2), Fraction(0, 1)]
    """

    scaled = False

    @public
    def __init__(self, costs: ArrayLike) -> None:
        self._costs = as_array(costs, "costs", allow_inf=True)
        if self._costs.ndim != 2:
            raise InputError("costs", "must be one row of costs a user", self._costs.shape)

    @public
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        self._require_fit(utility)
        levels = one_level_each(utility, profile)
        paid: Array = self._costs[np.arange(utility.n_users), levels]
        for user in np.flatnonzero(paid == np.inf).tolist():
            raise InputError(f"profile[{user}]", "must be a level of finite cost", int(levels[user]))
        return paid

    @public
    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile; ``inf`` at a level of infinite cost."""
        self._require_fit(utility)
        levels = np.indices(utility.shape)
        return [self._costs[user][levels[user]] for user in range(utility.n_users)]

    def _require_fit(self, utility: Utility) -> None:
        needed = utility.n_users, max(utility.type_levels)
        if self._costs.shape != needed:
            raise InputError("utility", f"must have as many users and levels as the costs, {self._costs.shape}", needed)


def one_level_each(utility: Utility, profile: ArrayLike) -> NDArray[np.intp]:
    """Check a profile that gives each user its level.

    Raises
    ------
    InputError
        If it does not, or is written in counts.
    """
    if np.ndim(profile) != 1:
        raise InputError("profile", "must have one level a user", profile)
    return as_user_levels(profile, utility.shape)


def _not_below_zero(payments: Array) -> Array:
    return np.where((payments < 0).astype(bool), payments * 0, payments)


class Proportional(Rule):
    """The utility, shared in proportion to the amount that each user's level discloses.

    Parameters
    ----------
    amounts : array_like, shape (L,) or (N, L), optional
        Amount of each level, for all users or for each; at least 0, and 0 at level 0. By default the
        privacy parameter eps where the utility has one and all are finite, else the level's index.

    Raises
    ------
    InputError
        If an amount is negative, infinite or NaN, level 0 has one, or, when called, the shape does not
        fit the utility.

    References
    ----------
    Hu, Gong (2020), Trading data for learning: incentive mechanism for on-device federated learning,
    IEEE GLOBECOM.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> Proportional([0, 1, 3])(TableUtility([[0, 1, 2], [1, 3, 4]]), (1, 2)).tolist()
    [Fraction(1, 1), Fraction(3, 1)]
    """

    @public
    def __init__(self, amounts: ArrayLike | None = None) -> None:
        self._amounts = None if amounts is None else as_array(amounts, "amounts")
        if self._amounts is None:
            return
        if self._amounts.ndim not in {1, 2} or not self._amounts.size:
            raise InputError("amounts", "must be one number a level, or such a row for each user", amounts)
        for index in np.argwhere((self._amounts < 0).astype(bool)):
            name = f"amounts[{', '.join(map(str, index))}]"
            raise InputError(name, "must be at least 0", self._amounts[tuple(index)])
        if np.any(self._amounts[..., 0] != 0):
            raise InputError("amounts", "must be 0 at level 0: absent discloses nothing", amounts)

    @public
    def __call__(self, utility: Utility, profile: ArrayLike) -> Array:
        """Payment of each user at one profile."""
        levels = one_level_each(utility, profile)
        amounts = self.amounts_for(utility)[np.arange(utility.n_users), levels]
        total = amounts.sum()
        worth, amounts = common(np.array(utility(levels), dtype=object if utility.exact else float), amounts)
        if not total:
            return amounts * 0
        shares: Array = worth.item() * amounts / total
        return shares

    @public
    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        U, amounts = common(utility.tensor(), self.amounts_for(utility))
        levels = np.indices(utility.shape)
        each = [amounts[user][levels[user]] for user in range(utility.n_users)]
        total = sum(each[1:], each[0])
        total[total == 0] = 1
        return [U * amount / total for amount in each]

    @public
    def amounts_for(self, utility: Utility) -> Array:
        """Amount of each level for each user, shape ``(N, L)``.

        Raises
        ------
        InputError
            If the amounts given do not fit the utility's levels.
        """
        largest = max(utility.shape)
        amounts = self._amounts
        if amounts is None:
            disclosed = utility.disclosed()
            amounts = as_array(np.arange(largest), "amounts") if disclosed is None else disclosed[utility.types]
        if amounts.shape not in {(largest,), (utility.n_users, largest)}:
            raise InputError("amounts", f"must have shape ({largest},) or {(utility.n_users, largest)}", amounts.shape)
        return np.broadcast_to(amounts, (utility.n_users, largest))


class EqualSplit(Proportional):
    """The utility in equal parts among those who are present.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> EqualSplit()(TableUtility([[0, 1], [2, 3]]), (1, 1)).tolist()
    [Fraction(3, 2), Fraction(3, 2)]
    """

    @public
    def __init__(self) -> None:
        super().__init__()

    @public
    def amounts_for(self, utility: Utility) -> Array:
        """Amount of each level for each user, shape ``(N, L)``: one, unless absent."""
        largest = max(utility.shape)
        return np.broadcast_to(as_array(np.minimum(np.arange(largest), 1), "amounts"), (utility.n_users, largest))


@dataclass(frozen=True, eq=False, repr=False)
class ProportionalEquilibrium(Result):
    """What users disclose, and earn, when a fixed budget is shared in proportion.

    Attributes
    ----------
    levels : ndarray, shape (N,)
        Amount that each user discloses; 0 for those who stay out.
    payments : ndarray, shape (N,)
        What each is paid; adds up to the budget.
    payoffs : ndarray, shape (N,)
        Payments less costs.
    participants : tuple of int
        Users who disclose anything.
    """

    levels: Array
    payments: Array
    payoffs: Array
    participants: tuple[int, ...]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        rows = [
            [self.who(user), *(column[user] for column in (self.levels, self.payments, self.payoffs))]
            for user in range(len(self.levels))
        ]
        return "A fixed budget, shared in proportion", ("user", "discloses", "payment", "payoff"), rows


@public
def proportional_equilibrium(costs: ArrayLike, budget: Number | int | str) -> ProportionalEquilibrium:
    """Nash equilibrium when a budget is shared in proportion and disclosing costs ``c_i`` a unit.

    User ``i`` chooses any ``x_i >= 0`` and earns ``budget · x_i / Σ x − c_i x_i``. The equilibrium is unique:
    the ``k`` cheapest users take part, for the largest ``k`` with ``c_k < Σ_{j<=k} c_j / (k − 1)``; together
    they disclose ``X = budget · (k − 1) / Σ_{j<=k} c_j``, and ``x_i = X (1 − c_i X / budget)``.

    Parameters
    ----------
    costs : array_like, shape (N,)
        Cost of one unit to each user, above 0; at least two users.
    budget : number
        What is shared, above 0.

    Returns
    -------
    ProportionalEquilibrium
        Exact when the inputs are.

    Raises
    ------
    InputError
        For fewer than two users (a lone one would want to disclose as little as possible, yet not
        nothing), costs or a budget not above 0.

    References
    ----------
    Hu, Gong (2020), Trading data for learning: incentive mechanism for on-device federated learning,
    IEEE GLOBECOM.

    Examples
    --------
    >>> found = proportional_equilibrium([1, 2, 3, 4, 10], budget=60)
    >>> [str(level) for level in found.levels], [str(paid) for paid in found.payments]
    (['40/3', '20/3', '0', '0', '0'], ['40', '20', '0', '0', '0'])
    """
    each = as_array(costs, "costs")
    purse = as_number(budget, "budget")
    if each.ndim != 1 or each.size < 2:
        raise InputError("costs", "must be one number a user, for at least two users", costs)
    for user in np.flatnonzero(each <= 0).tolist():
        raise InputError(f"costs[{user}]", "must be above 0", each[user])
    if purse < 1e-300:
        raise InputError("budget", "must be above 0", budget)
    each, purse_array = common(each, np.array(purse, dtype=object if isinstance(purse, Fraction) else float))
    purse = purse_array.item()
    order = np.argsort(each, kind="stable")
    cumulative = np.cumsum(each[order])
    taking_part = [k for k in range(2, each.size + 1) if each[order[k - 1]] * (k - 1) < cumulative[k - 1]]
    k = max(taking_part, default=2)
    participants = order[:k]
    total = purse * (k - 1) / cumulative[k - 1]
    levels = np.full(each.size, Fraction(0), dtype=object) if is_exact(each) else np.zeros(each.size)
    levels[participants] = total * (1 - each[participants] * total / purse)
    payments = purse * levels / total
    return ProportionalEquilibrium(levels, payments, payments - each * levels, tuple(sorted(participants.tolist())))
