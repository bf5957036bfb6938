"""What the definitions say of a scenario, by brute force: payments as sums over subsets, and every move of a user.

The auditor's own arithmetic: nothing here is shared with `payments`, `game`, `equilibrium` or `mechanism`. A utility's
values are taken as they are, since they are the question.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.scenario.scenario import Scenario
from fairgames.tolerance import RELATIVE, ROUNDING
from fairgames.utility.base import Utility

MOST_USERS = 12
MOST_PROFILES = 50_000
_MOST_VALUES = 2_000_000
_MOST_RATIONAL_TERMS = 20_000_000
_CHUNK = 1 << 21


class Intervals(NamedTuple):
    """Range of alpha on which each profile is an equilibrium."""

    alpha_from: Array
    alpha_to: Array
    stable: NDArray[np.bool_]

    def hold_at(self, alpha: Number) -> NDArray[np.bool_]:
        """Which profiles are equilibria at one alpha."""
        inside: NDArray[np.bool_] = ((self.alpha_from <= alpha) & (alpha <= self.alpha_to)).astype(bool)
        return self.stable & inside


@dataclass(frozen=True)
class EveryProfile:
    """All profiles of allowed levels in lexicographic order, and what they are worth at alpha = 1.

    Attributes
    ----------
    profiles : ndarray of int, shape (M, N)
        Level of each user.
    worth, potential : ndarray, shape (M,)
        The utility, and ``Σ_S (|S|−1)! (N−|S|)! / N! · U(S)`` (Hart and Mas-Colell 1989).
    payments, costs : ndarray, shape (M, N)
        The Shapley value of each user, and what its level costs it.
    choices : tuple of tuple of int
        Levels that each user may choose.
    prices : ndarray, shape (N, L)
        Cost of each level.
    """

    profiles: NDArray[np.intp]
    worth: Array
    payments: Array
    potential: Array
    costs: Array
    choices: tuple[tuple[int, ...], ...]
    prices: Array

    @cached_property
    def exact(self) -> bool:
        """Whether all numbers are rational."""
        return is_exact(self.payments) and is_exact(self.costs)

    @cached_property
    def scale(self) -> float:
        """The largest utility: what rounding is measured by."""
        return float(np.abs(to_float(self.worth)).max())

    def place_of(self, profile: Sequence[int]) -> int:
        """Row of a profile.

        Raises
        ------
        ValueError
            If somebody may not choose its level.
        """
        places = [levels.index(level) for levels, level in zip(self.choices, profile, strict=True)]
        return int(np.ravel_multi_index(places, [len(levels) for levels in self.choices]))

    def grid(self, column: Array) -> Array:
        """A column as a tensor, one axis a user."""
        return column.reshape([len(levels) for levels in self.choices])

    def both_intervals(self, margin: Number) -> tuple[Intervals, Intervals]:
        """What may be an equilibrium, and what is one for sure: the same, unless numbers are floats."""
        may = self.intervals(margin, -1)
        return may, may if self.exact else self.intervals(margin, 1)

    def intervals(self, margin: Number = Fraction(0), side: int = 0) -> Intervals:
        """Range of alpha on which nobody gains by any move, less a margin.

        ``side`` decides what rounding leaves open, where numbers are floats: −1 counts what may be an equilibrium, +1
        what is one for sure.
        """
        low, high = (np.full(len(self.worth), end, dtype=self.payments.dtype) for end in (Fraction(0), Fraction(1)))
        holds = np.ones(len(self.worth), dtype=bool)
        number = np.arange(len(self.worth)).reshape([len(levels) for levels in self.choices])
        for user, levels in enumerate(self.choices):
            rows = np.moveaxis(number, user, 0).reshape(len(levels), -1)
            for here, there in product(range(len(levels)), repeat=2):
                if here == there:
                    continue
                stay, cost, other = rows[here], *(self.prices[user, levels[one]] for one in (here, there))
                lost = self.payments[stay, user] - self.payments[rows[there], user]
                slack = 0 if self.exact else side * (RELATIVE * self.scale + ROUNDING * float(cost + other))
                need = cost - other + margin + slack
                up, down = (lost > 0).astype(bool), (lost < 0).astype(bool)
                bound = need / np.where(up | down, lost, 1)
                low[stay[up]] = np.maximum(low[stay[up]], bound[up])
                high[stay[down]] = np.minimum(high[stay[down]], bound[down])
                holds[stay] &= up | down | bool(need <= 0)
        return Intervals(low, high, holds & (low <= high).astype(bool))


def is_listable(scenario: Scenario) -> bool:
    """Whether all profiles are few enough for brute force."""
    if scenario.n_users > MOST_USERS:
        return False
    return math.prod(map(len, scenario.actions)) <= MOST_PROFILES and math.prod(scenario.utility.shape) <= _MOST_VALUES


def every_profile(scenario: Scenario) -> EveryProfile:
    """Price every profile by sums over all subsets of the users."""
    choices, table = scenario.actions, scenario.utility.tensor().reshape(-1)
    profiles = np.array(list(product(*choices)), dtype=np.intp)
    shape, n = scenario.utility.shape, scenario.n_users
    steps = np.array([math.prod(shape[user + 1 :]) for user in range(n)], dtype=np.intp)
    member = _membership(n)
    if is_exact(table) and len(profiles) * len(member) * n > _MOST_RATIONAL_TERMS:
        table = to_float(table)
    rows = max(1, _CHUNK // len(member))
    whole, below = in_whole_numbers(table)
    parts = np.split(profiles, range(rows, len(profiles), rows))
    shares = np.concatenate([subset_sums(whole[(part * steps) @ member.T], below) for part in parts])
    prices = scenario.user_costs if is_exact(table) else to_float(scenario.user_costs)
    costs = prices[np.arange(n), profiles]
    if is_exact(table) and not is_exact(costs):
        table, shares = to_float(table), to_float(shares)
    return EveryProfile(profiles, table[profiles @ steps], shares[:, :n], shares[:, n], costs, choices, prices)


def payments_at(utility: Utility, profile: Sequence[int]) -> Array:
    """Shapley value of each user at one profile (Theorem 2, at alpha = 1)."""
    present, worths = _coalitions(utility, profile)
    shares: Array = np.zeros(len(profile), dtype=worths.dtype) + 0 * worths[0]
    whole, below = in_whole_numbers(worths)
    shares[present] = subset_sums(whole[None], below)[0, :-1]
    return shares


def payments_beside_platform(utility: Utility, profile: Sequence[int]) -> tuple[Array, Number]:
    """Shapley value of each user, and of the platform, without whom no coalition is worth anything (Theorem 1)."""
    present, worths = _coalitions(utility, profile)
    shares: Array = np.zeros(len(profile), dtype=worths.dtype) + 0 * worths[0]
    whole, below = in_whole_numbers(worths)
    found = subset_sums(np.concatenate([0 * whole, whole])[None], below)[0]
    shares[present] = found[: len(present)]
    return shares, found[len(present)]


def _coalitions(utility: Utility, profile: Sequence[int]) -> tuple[NDArray[np.intp], Array]:
    """Who is present at a profile, and the utility of each subset of them."""
    levels = np.array(profile, dtype=np.intp)
    present = np.flatnonzero(levels)
    coalitions = np.zeros((1 << len(present), len(levels)), dtype=np.intp)
    coalitions[:, present] = _membership(len(present)) * levels[present]
    return present, utility.evaluate(coalitions)


def _membership(n: int) -> NDArray[np.intp]:
    """Who belongs to each of the subsets of n users, shape ``(2^n, n)``."""
    return (np.arange(1 << n)[:, None] >> np.arange(n)) & 1


def subset_sums(worths: Array, below: int = 1) -> Array:
    """Shapley values, and last the potential, from the worth of every subset, one row a profile.

    Parameters
    ----------
    worths : ndarray, shape (M, 2^n)
        Worth of each subset, user ``i`` being a member where bit ``i`` is set: floats, or whole numbers.
    below : int
        What the whole numbers are divided by.

    Returns
    -------
    ndarray, shape (M, n + 1)

    Examples
    --------
    >>> subset_sums(np.array([[0.0, 3.0, 1.0, 8.0]])).tolist()
    [[5.0, 3.0, 6.0]]
    """
    n = worths.shape[1].bit_length() - 1
    member, size = _membership(n), _membership(n).sum(axis=1).tolist()
    joining = np.array([math.factorial(s - 1) * math.factorial(n - s) if s else 0 for s in size], dtype=object)
    staying = np.array([math.factorial(s) * math.factorial(n - s - 1) if s < n else 0 for s in size], dtype=object)
    weights = np.concatenate([np.where(member, joining[:, None], -staying[:, None]), joining[:, None]], axis=1)
    if worths.dtype != object:
        sums: Array = worths @ (weights / math.factorial(n)).astype(float)
        return sums
    from flint import fmpz_mat

    found = (fmpz_mat(worths.tolist()) * fmpz_mat(weights.tolist())).entries()
    sums = np.array([Fraction(int(one), below * math.factorial(n)) for one in found], dtype=object)
    return sums.reshape(len(worths), n + 1)


def in_whole_numbers(values: Array) -> tuple[Array, int]:
    """Rationals over their common denominator; floats stay as they are, over 1."""
    if not is_exact(values):
        return values, 1
    below = math.lcm(*{value.denominator for value in values.tolist()})
    whole = [value.numerator * (below // value.denominator) for value in values.tolist()]
    return np.array(whole, dtype=object), below


def best_without_fairness(every: EveryProfile) -> Number:
    """Most that is kept by paying each user exactly its cost; where somebody must come, the largest utility."""
    if all(0 in levels for levels in every.choices):
        best: Number = (every.worth - every.costs.sum(axis=1)).max()
        return best
    most: Number = max(every.worth.max(), 0 * every.worth[0])
    return most
