"""How far a cost may be wrong before an equilibrium stops being one; called by ``fairgames design --robust``.

Every deviation from the profile loses something at the given alpha: how much, bounds each cost, a factor on all of a
user's, and all costs at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, common
from fairgames.game.costs import Actions, CostTable, allowed_actions, as_costs
from fairgames.payments.alpha import as_share
from fairgames.payments.potential import potential_tensor
from fairgames.result import Result, format_value
from fairgames.tolerance import comparison_tolerance
from fairgames.utility.base import Utility
from fairgames.utility.profile import as_profile, expand_counts
from fairgames.utility.table import as_utility


@dataclass(frozen=True, eq=False, repr=False)
class CostRobustness(Result):
    """Errors in the costs under which a profile stays an equilibrium at a given alpha.

    Attributes
    ----------
    profile : tuple of int
        Level of each user.
    alpha : Fraction or float
        Payment fraction.
    slack : ndarray, shape (N,)
        What each user would lose at least by moving; ``inf`` for a user with one action only.
    lower, upper : ndarray, shape (N, max L)
        Range in which each cost may lie while all others are right. Levels that a user may not choose
        have the range (0, inf).
    factor_from, factor_to : ndarray, shape (N,)
        Range of factors on all costs of one user.
    radius : Fraction or float
        Largest error of all costs at once, in units of utility, that never breaks the equilibrium (the
        cost 0 of being absent is known).
    weakest_user : int or None
        User whose slack sets the radius.
    """

    profile: tuple[int, ...]
    alpha: Number
    slack: Array
    lower: Array
    upper: Array
    factor_from: Array
    factor_to: Array
    radius: Number
    weakest_user: int | None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        title = f"CostRobustness at alpha = {format_value(self.alpha)}: radius {format_value(self.radius)}"
        rows = [
            (
                str(user),
                str(level),
                *(format_value(part[user]) for part in (self.slack, self.factor_from, self.factor_to)),
            )
            for user, level in enumerate(self.profile)
        ]
        return title, ("user", "level", "slack", "factor from", "factor to"), rows


@public
def cost_robustness(
    utility: Utility | ArrayLike,
    costs: CostTable,
    profile: ArrayLike,
    alpha: Number | int | str,
    actions: Actions = None,
) -> CostRobustness:
    """Find how far the costs may be wrong before a profile is no longer an equilibrium.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs as they are believed to be.
    profile : array_like of int
        An equilibrium at ``alpha``.
    alpha : number
        Payment fraction, in [0, 1].
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.

    Returns
    -------
    CostRobustness
        Exact when the numbers are.

    Raises
    ------
    InputError
        If an argument is malformed, or the profile is not an equilibrium at ``alpha``.

    Notes
    -----
    The platform's optimum lies where a user is exactly indifferent, so its radius is 0. An optimum with a
    ``margin`` buys a radius of at least half of it.

    Examples
    --------
    >>> report = cost_robustness([[0, "2/3"], ["2/3", 1]], [0, "3/10"], [1, 1], alpha="7/10")
    >>> report.radius, report.factor_to.tolist()
    (Fraction(1, 20), [Fraction(7, 6), Fraction(7, 6)])
    """
    worth = as_utility(utility)
    cost_table = as_costs(costs, worth.shape)
    allowed = allowed_actions(cost_table, actions, worth.shape)
    levels = _levels(worth, profile, allowed)
    fraction = as_share(alpha, "alpha")
    P, cost_table, number = common(potential_tensor(worth.tensor()), cost_table, as_array([fraction], "alpha"))
    fraction = number.item()
    paid = fraction * P
    spare = [_spare(paid, cost_table[user], levels, user, allowed[user]) for user in range(worth.n_users)]
    zero = 0 * fraction
    lower = np.full(cost_table.shape, zero, dtype=cost_table.dtype)
    upper = np.full(cost_table.shape, math.inf, dtype=cost_table.dtype)
    slack, factor_from, factor_to, radii = [], [], [], []
    for user, level in enumerate(levels):
        lost, cost = spare[user], cost_table[user]
        slack.append(min(lost.values(), default=math.inf))
        upper[user, level] = cost[level] + slack[-1]
        for other, amount in lost.items():
            lower[user, other] = max(zero, cost[other] - amount)
        lower[user, 0] = upper[user, 0] = zero
        scale = [(cost[level] - cost[other], amount) for other, amount in lost.items()]
        factor_from.append(max((1 + amount / dearer for dearer, amount in scale if dearer < 0), default=zero))
        factor_to.append(min((1 + amount / dearer for dearer, amount in scale if dearer > 0), default=math.inf))
        # An error can strike both of the costs that a comparison rests on, unless one is that of being absent.
        radii.append(min((amount / ((level != 0) + (other != 0)) for other, amount in lost.items()), default=math.inf))
    radius = min(radii)
    return CostRobustness(
        profile=levels,
        alpha=fraction,
        slack=np.array(slack, dtype=P.dtype),
        lower=lower,
        upper=upper,
        factor_from=np.maximum(np.array(factor_from, dtype=P.dtype), zero),
        factor_to=np.array(factor_to, dtype=P.dtype),
        radius=radius,
        weakest_user=None if math.isinf(radius) else radii.index(radius),
    )


def _spare(paid: Array, cost: Array, levels: tuple[int, ...], user: int, allowed: Sequence[int]) -> dict[int, Number]:
    """What a user loses by moving to each other level."""
    chosen = levels[user]
    spare: dict[int, Number] = {}
    rounding = comparison_tolerance(paid)
    for other in allowed:
        if other != chosen:
            earned = paid[levels] - paid[(*levels[:user], other, *levels[user + 1 :])]
            left = earned - (cost[chosen] - cost[other])
            if left < -rounding:
                gain = f"user {user} gains {format_value(-left)} by moving to level {other}"
                raise InputError("profile", f"must be an equilibrium; {gain}", levels)
            # A rounding error is no safety margin, and a negative zero would read as a debt.
            spare[other] = left if left > rounding else abs(0 * left)
    return spare


def _levels(utility: Utility, profile: ArrayLike, allowed: Sequence[Sequence[int]]) -> tuple[int, ...]:
    levels = as_profile(profile, utility.shape, utility.type_sizes)
    if levels.ndim == 2:
        levels = expand_counts(levels[None], utility.types)[0]
    for user, level in enumerate(levels.tolist()):
        if level not in allowed[user]:
            raise InputError(f"profile[{user}]", f"must be one of the levels {allowed[user]} of finite cost", level)
    return tuple(levels.tolist())
