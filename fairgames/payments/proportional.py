"""Payments in proportion to how much each user discloses, and what users then do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, as_number, common, is_exact, to_float
from fairgames.payments.rules import PaymentRule, one_level_each
from fairgames.result import Result, format_value
from fairgames.utility.base import Utility
from fairgames.utility.dp_mean import DPMeanUtility


class ProportionalRule(PaymentRule):
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
    >>> ProportionalRule([0, 1, 3])(TableUtility([[0, 1, 2], [1, 3, 4]]), (1, 2)).tolist()
    [Fraction(1, 1), Fraction(3, 1)]
    """

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

    def everywhere(self, utility: Utility) -> list[Array]:
        """Payment of each user at every profile."""
        U, amounts = common(utility.tensor(), self.amounts_for(utility))
        levels = np.indices(utility.shape)
        each = [amounts[user][levels[user]] for user in range(utility.n_users)]
        total = sum(each[1:], each[0])
        total[total == 0] = 1
        return [U * amount / total for amount in each]

    def amounts_for(self, utility: Utility) -> Array:
        """Amount of each level for each user, shape ``(N, L)``.

        Raises
        ------
        InputError
            If the amounts given do not fit the utility's levels.
        """
        largest = max(utility.shape)
        amounts = _default_amounts(utility) if self._amounts is None else self._amounts
        if amounts.shape not in {(largest,), (utility.n_users, largest)}:
            raise InputError("amounts", f"must have shape ({largest},) or {(utility.n_users, largest)}", amounts.shape)
        return np.broadcast_to(amounts, (utility.n_users, largest))


def _default_amounts(utility: Utility) -> Array:
    if isinstance(utility, DPMeanUtility) and np.isfinite(to_float(utility.epsilons)).all():
        return utility.epsilons[utility.types]
    return as_array(np.arange(max(utility.shape)), "amounts")


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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        rows = [
            [str(user), *(format_value(column[user]) for column in (self.levels, self.payments, self.payoffs))]
            for user in range(len(self.levels))
        ]
        return "A fixed budget, shared in proportion", ("user", "discloses", "payment", "payoff"), rows


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
    if purse <= 0:
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
