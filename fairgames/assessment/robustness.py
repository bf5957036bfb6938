"""How far a cost may be wrong before an equilibrium stops being one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_number, common
from fairgames.game.actions import Actions, allowed_actions
from fairgames.game.costs import as_costs
from fairgames.payments.potential import potential_tensor
from fairgames.result import Result, format_value
from fairgames.tolerance import comparison_tolerance
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility
from fairgames.utility.profile import as_profile, expand_counts


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


def cost_robustness(
    utility: Utility | ArrayLike, costs: object, profile: ArrayLike, alpha: Number | int | str, actions: Actions = None
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
    levels = _levels(worth, profile)
    fraction = as_number(alpha, "alpha")
    if not 0 <= fraction <= 1:
        raise InputError("alpha", "must lie in [0, 1]", alpha)
    P, cost_table, number = common(
        potential_tensor(worth.tensor()), cost_table, np.array(fraction, dtype=_kind(fraction))
    )
    fraction = number.item()
    tolerance = comparison_tolerance(P)
    n_users = worth.n_users
    lower = np.zeros(cost_table.shape, dtype=cost_table.dtype)
    lower[...] = 0 * fraction
    upper = np.full(cost_table.shape, math.inf, dtype=cost_table.dtype)
    slack, factor_from, factor_to = (
        np.full(n_users, value, dtype=cost_table.dtype) for value in (math.inf, 0, math.inf)
    )
    radii: list[Number] = []
    for user, level in enumerate(levels):
        if level not in allowed[user]:
            raise InputError(f"profile[{user}]", f"must be one of the levels {allowed[user]} of finite cost", level)
        mine = cost_table[user, level]
        radii.append(math.inf)
        for other in allowed[user]:
            if other == level:
                continue
            earned = fraction * (P[levels] - P[(*levels[:user], other, *levels[user + 1 :])])
            spare = earned - (mine - cost_table[user, other])
            if spare < -tolerance:
                raise InputError(
                    "profile",
                    f"must be an equilibrium; user {user} gains {format_value(-spare)} by moving to level {other}",
                    levels,
                )
            spare = max(spare, 0 * spare)
            slack[user] = min(slack[user], spare)
            upper[user, level] = min(upper[user, level], mine + spare)
            lower[user, other] = max(lower[user, other], cost_table[user, other] - spare)
            unsure = (level != 0) + (other != 0)
            radii[user] = min(radii[user], spare / unsure)
            dearer = mine - cost_table[user, other]
            if dearer > 0:
                factor_to[user] = min(factor_to[user], 1 + spare / dearer)
            elif dearer < 0:
                factor_from[user] = max(factor_from[user], 1 + spare / dearer)
    for user in range(n_users):
        lower[user, 0] = upper[user, 0] = cost_table[user, 0]
    radius = min(radii)
    return CostRobustness(
        levels,
        fraction,
        slack,
        lower,
        upper,
        factor_from,
        factor_to,
        radius,
        None if math.isinf(radius) else radii.index(radius),
    )


def _kind(number: Number) -> type:
    return object if isinstance(number, Fraction) else float


def _levels(utility: Utility, profile: ArrayLike) -> tuple[int, ...]:
    levels = as_profile(profile, utility.shape, utility.type_sizes)
    if levels.ndim == 2:
        levels = expand_counts(levels[None], utility.types)[0]
    return tuple(levels.tolist())
