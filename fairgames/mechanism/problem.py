"""The platform's checked problem: utility, costs, actions, constraints, and blocs of users that move as one player.

`as_problem` checks once; every search of `mechanism` takes the `Problem`, which holds utility and potential as arrays
with an axis a player (a user, or a bloc that pools its payments) on the actions that it has. They are computed when
first asked for: `types` never asks.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, common, is_exact
from fairgames.game.shares import fair_shares
from fairgames.payments.potential import largest_within, potential_tensor, shares_at
from fairgames.scenario.costs import Actions, costs_of_actions, on_actions
from fairgames.scenario.limits import Limits
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.utility.base import Utility

Blocs: TypeAlias = tuple[tuple[int, ...], ...]


def as_blocs(blocs: Iterable[Iterable[int]] | None, n_users: int) -> Blocs:
    """Check a partition of the users into blocs; None lets everybody act alone.

    Parameters
    ----------
    blocs : iterable of iterable of int, or None
        The users of each bloc.
    n_users : int
        Number of users.

    Returns
    -------
    tuple of tuple of int
        The blocs in the order given, each in increasing order of its users.

    Raises
    ------
    InputError
        If a user is missing, appears twice or does not exist, or a bloc is empty.

    Examples
    --------
    >>> as_blocs([(2, 0), (1,)], 3)
    ((0, 2), (1,))
    """
    if blocs is None:
        return tuple((user,) for user in range(n_users))
    try:
        partition = tuple(tuple(sorted(map(operator.index, bloc))) for bloc in blocs)
    except TypeError:
        raise InputError("blocs", "must be blocs of users such as [(0, 1), (2,)]", blocs) from None
    members = [user for bloc in partition for user in bloc]
    if not all(partition) or sorted(members) != list(range(n_users)):
        raise InputError("blocs", f"must put each of the users 0 to {n_users - 1} in exactly one bloc", blocs)
    return partition


def merge_axes(tensor: Array, blocs: Blocs) -> Array:
    """Give each bloc one axis: all its members' choices, the last member's changing fastest."""
    if all(bloc == (player,) for player, bloc in enumerate(blocs)):
        return tensor
    sizes = [math.prod(tensor.shape[user] for user in bloc) for bloc in blocs]
    return tensor.transpose([user for bloc in blocs for user in bloc]).reshape(sizes)


@dataclass(frozen=True)
class Problem:
    """A platform, its users (or blocs of them), and its constraints.

    Attributes
    ----------
    utility : Utility
        The platform's utility.
    costs : list of ndarray
        Cost of each allowed level of each user.
    allowed : tuple of tuple of int
        Levels that each user may choose.
    blocs : tuple of tuple of int
        The users behind each player.
    limits : Limits
        The platform's constraints.
    exact : bool
        Whether every number is rational.
    """

    utility: Utility
    costs: list[Array]
    allowed: tuple[tuple[int, ...], ...]
    blocs: Blocs
    limits: Limits
    exact: bool

    @property
    def alone(self) -> bool:
        """Whether every user is a player of its own."""
        return len(self.blocs) == len(self.allowed)

    @cached_property
    def potential(self) -> Array:
        """Potential of the fair payments at every profile of levels."""
        return self._common(potential_tensor(self.utility.tensor()))

    @cached_property
    def utilities(self) -> Array:
        """Utility, one axis a player."""
        return merge_axes(on_actions(self._common(self.utility.tensor()), self.allowed), self.blocs)

    @cached_property
    def potentials(self) -> Array:
        """Potential on the allowed actions, one axis a player."""
        return merge_axes(on_actions(self.potential, self.allowed), self.blocs)

    @cached_property
    def magnitudes(self) -> Array:
        """Size of the utilities from which the payments of each profile are computed, one axis a player."""
        return merge_axes(on_actions(largest_within(self._common(self.utility.tensor())), self.allowed), self.blocs)

    @cached_property
    def player_costs(self) -> list[Array]:
        """Cost of each action of each player: of each joint choice of a bloc, the sum of its members' costs."""
        return [reduce(np.add.outer, [self.costs[user] for user in bloc]).reshape(-1) for bloc in self.blocs]

    @property
    def total_costs(self) -> Array:
        """Costs of all players together, one axis a player."""
        return reduce(np.add.outer, self.player_costs)

    @cached_property
    def user_shares(self) -> list[Array]:
        """Payment of each user at alpha = 1, one axis a player: N tensors."""
        shares = fair_shares(self.utility, self.allowed)
        return [merge_axes(self._common(share), self.blocs) for share in shares]

    @cached_property
    def player_payments(self) -> list[Array]:
        """What decides each player's choices: its payment, or the potential when nobody is merged."""
        if self.alone:
            return [self.potentials] * len(self.blocs)
        return [sum((self.user_shares[user] for user in bloc[1:]), self.user_shares[bloc[0]]) for bloc in self.blocs]

    def levels(self, index: Sequence[int]) -> tuple[int, ...]:
        """Level of each user at a profile of the players' actions."""
        levels = [0] * len(self.allowed)
        for action, bloc in zip(index, self.blocs, strict=True):
            for user in reversed(bloc):
                action, choice = divmod(action, len(self.allowed[user]))  # noqa: PLW2901 (the choices of those before)
                levels[user] = self.allowed[user][choice]
        return tuple(levels)

    def profile(self, flat: int) -> tuple[int, ...]:
        """Level of each user at a profile of players' actions, given by its flat index."""
        return self.levels([int(action) for action in np.unravel_index(flat, self.utilities.shape)])

    def payments_at(self, levels: Sequence[int]) -> Array:
        """Payment of each user at alpha = 1 at one profile of levels."""
        return shares_at(self.potential, tuple(levels))

    def costs_at(self, levels: Sequence[int]) -> Array:
        """Cost of each user at one profile of levels."""
        chosen = zip(self.costs, self.allowed, levels, strict=True)
        return np.array([cost[allowed.index(level)] for cost, allowed, level in chosen], dtype=self.costs[0].dtype)

    @property
    def absent_allowed(self) -> bool:
        """Whether every user may stay absent."""
        return all(0 in levels for levels in self.allowed)

    def number(self, value: Number) -> Number:
        """Return ``value`` as the kind of number that results of this problem have."""
        return value if self.exact else float(value)

    def _common(self, tensor: Array) -> Array:
        return tensor if self.exact or not is_exact(tensor) else tensor.astype(float)


def as_problem(
    asked: Scenario | Utility | ArrayLike,
    costs: object = None,
    actions: Actions = None,
    limits: Limits | None = None,
    blocs: Iterable[Iterable[int]] | None = None,
) -> Problem:
    """Check the platform's problem, or take the scenario that says it; its limits, unless others are given.

    Raises
    ------
    InputError
        If an argument is malformed, or a user has no action of finite cost.
    """
    scenario = as_scenario(asked, costs, actions)
    worth, cost_table, allowed = scenario.utility, scenario.user_costs, scenario.actions
    bounds = scenario.limits if limits is None else limits
    exact = worth.exact and is_exact(cost_table) and bounds.exact
    by_user = costs_of_actions(cost_table, allowed)
    if not exact:
        by_user = [cost.astype(float) for cost in by_user]
        bounds = bounds.as_floats()
    by_user = list(common(*by_user))
    return Problem(worth, by_user, allowed, as_blocs(blocs, worth.n_users), bounds, exact)
