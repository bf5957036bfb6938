"""One pure equilibrium by best replies: always found in a potential game, of any size (Monderer and Shapley 1996).

The solver ``"best-reply"`` of `solve`; and for fair games whose payoffs fit in no memory, the same on their potential.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from fairgames.equilibrium.normal_form import names_of
from fairgames.equilibrium.result import Equilibrium, EquilibriumSet
from fairgames.equilibrium.solver import SEARCHED, Found, Notes, Strategies
from fairgames.exactness import Array, Number, common, is_exact
from fairgames.game.deviations import pure_strategy
from fairgames.game.fair_game import FairGame
from fairgames.payments.counts import count_potential, lattice_of
from fairgames.payments.potential import CountLattice, potential_tensor
from fairgames.tolerance import ROUNDING, near
from fairgames.utility.base import Utility

Profile = tuple[int, ...]
Gains = list[tuple[Number, Number]]
"""What a player gains by each of its actions, the others staying; and up to what that is rounding."""


def best_reply_path(gains: Callable[[Profile, int], Gains], start: Profile) -> tuple[Profile, bool]:
    """Let players in turn move to a best reply until nobody gains.

    In an exact potential game every move raises the potential, so this ends in an equilibrium
    (Monderer and Shapley 1996). In other games it may run in circles.

    Parameters
    ----------
    gains : callable
        ``gains(profile, player)``: for each action of the player.
    start : tuple of int
        Where to start.

    Returns
    -------
    profile : tuple of int
        The last profile.
    found : bool
        Whether it is an equilibrium; False when the path came back to an earlier profile.

    Examples
    --------
    >>> def unlike(profile, player):
    ...     here = profile[player] * (1 - profile[1 - player])
    ...     return [(-here, 0), (1 - profile[1 - player] - here, 0)]
    >>> best_reply_path(unlike, (0, 0))
    ((1, 0), True)
    """
    profile, player, content = start, 0, 0
    seen = {(profile, player)}
    while content < len(profile):
        action, (gain, rounding) = max(enumerate(gains(profile, player)), key=lambda move: move[1][0])
        moves = gain > rounding
        content = 0 if moves else content + 1
        if moves:
            profile = (*profile[:player], action, *profile[player + 1 :])
        player = (player + 1) % len(profile)
        if moves:
            if (profile, player) in seen:
                return profile, False
            seen.add((profile, player))
    return profile, True


def solve_best_reply(payoffs: Strategies, found: Found) -> Notes:
    """Find one pure equilibrium of a game in payoff tensors, starting from the first actions.

    Examples
    --------
    >>> import numpy as np
    >>> pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> solve_best_reply((pennies, -pennies), print).warnings
    ('best replies run in circles: this is no potential game',)
    """
    shape = payoffs[0].shape

    def gains(profile: Profile, player: int) -> Gains:
        everything: tuple[Any, ...] = (*profile[:player], slice(None), *profile[player + 1 :])
        values = payoffs[player][everything].tolist()
        here = values[profile[player]]
        return [(value - here, near(value, here, part=ROUNDING)) for value in values]

    profile, settled = best_reply_path(gains, (0,) * len(shape))
    if settled:
        found(tuple(map(pure_strategy, profile, shape)))
    return Notes(None, () if settled else ("best replies run in circles: this is no potential game",))


def climb_potential(game: FairGame) -> EquilibriumSet:
    """Find one pure equilibrium, holding the potential but no payoff tensor.

    The potential lives on counts of interchangeable users, so a hundred users of two types are no
    obstacle; a game of users who are all different needs its whole potential in memory.

    Parameters
    ----------
    game : FairGame
        With fair payments and a constant ``alpha``.

    Returns
    -------
    EquilibriumSet
        With one equilibrium, and without the payoffs of the game.

    Raises
    ------
    SizeError
        If the potential would not fit in memory.

    Notes
    -----
    When user i moves, its payoff changes by exactly as much as ``alpha·P − Σ c`` does (Monderer and
    Shapley 1996), so regrets are differences of the potential.

    Examples
    --------
    >>> from fairgames.utility.table import CountUtility
    >>> crowd = CountUtility([k - k * k / 1000 for k in range(101)])
    >>> result = climb_potential(FairGame(crowd, costs=[0, 0.5], alpha=0.55))
    >>> sum(result[0].profile), result[0].regret
    (90, 0.0)
    """
    climber = _Climber(game)
    profile, _ = best_reply_path(climber.gains, (0,) * game.n_users)
    levels = tuple(own[action] for own, action in zip(game.actions, profile, strict=True))
    gains = [climber.gains(profile, user) for user in range(game.n_users)]
    strict = all(
        gain < -rounding
        for own, action in zip(gains, profile, strict=True)
        for gain, rounding in own[:action] + own[action + 1 :]
    )
    found = Equilibrium(
        strategies=tuple(map(pure_strategy, profile, game.shape)),
        payoffs=tuple(climber.payoff(profile, user) for user in range(game.n_users)),
        regret=max(gain for own in gains for gain, _ in own),
        supports=tuple((level,) for level in levels),
        profile=levels,
        is_pure=True,
        is_extreme=True,
        is_isolated=strict or None,
    )
    names, labels = names_of(game.actions, "level ")
    return EquilibriumSet(
        equilibria=(found,),
        components=(),
        complete=False,
        degenerate=None,
        exact=is_exact(climber.P),
        searched=SEARCHED["one"],
        method="best-reply",
        warnings=(),
        rationalized=None,
        payoffs=None,
        actions=game.actions,
        player_names=names,
        action_labels=labels,
    )


class _Climber:
    """The potential of every deviation from a profile of actions, read from the count lattice."""

    def __init__(self, game: FairGame) -> None:
        self._lattice, potential = _potential_by_counts(game.utility)
        kind = float if isinstance(game.alpha, float) else object
        self.P, self._costs, alpha = common(potential, game.costs, np.array(game.alpha, dtype=kind))
        self._alpha: Number = alpha.item()
        self._actions, self._types = game.actions, game.utility.types.tolist()
        self._moved = cache(lambda *move: self._lattice.moved(*move).tolist())
        self._profile: Profile = ()
        self._state: list[int] = []

    def gains(self, profile: Profile, user: int) -> Gains:
        """What a user gains by moving to each of its actions, and the rounding of that difference of potentials."""
        levels = self._actions[user]
        here = levels[profile[user]]
        P, cost = self._potential(profile, user, here), self._costs.item(user, here)
        moves = [(self._potential(profile, user, level), self._costs.item(user, level)) for level in levels]
        return [((Q - P) - (price - cost), near(P, Q) + near(cost, price, part=ROUNDING)) for Q, price in moves]

    def payoff(self, profile: Profile, user: int) -> Number:
        """Payoff of a user: its share ``alpha·(P − P without it)`` less its cost."""
        level = self._actions[user][profile[user]]
        cost: Number = self._costs.item(user, level)
        return self._potential(profile, user, level) - self._potential(profile, user, 0) - cost

    def _potential(self, profile: Profile, user: int, level: int) -> Number:
        """``alpha·P`` after a user moves to a level."""
        if profile is not self._profile:
            counts = [np.zeros((1, n_levels), dtype=np.intp) for n_levels in self._lattice.levels]
            for kind, own, action in zip(self._types, self._actions, profile, strict=True):
                counts[kind][0, own[action]] += 1
            self._profile = profile
            self._state = [int(self._lattice.rank(kind, count)[0]) for kind, count in enumerate(counts)]
        kind, here, state = self._types[user], self._actions[user][profile[user]], self._state.copy()
        if level != here:
            state[kind] = self._moved(kind, here, level)[state[kind]]
        value: Number = self._alpha * self.P.item(tuple(state))
        return value


def _potential_by_counts(utility: Utility) -> tuple[CountLattice, Array]:
    """Count lattice and potential; by way of the tensor, which is faster, when no two users are interchangeable."""
    if max(utility.type_sizes) > 1:
        table = count_potential(utility)
        return table.lattice, table.potential
    lattice = lattice_of(utility)
    levels = [compositions.argmax(axis=1) for compositions in lattice.compositions]
    return lattice, potential_tensor(utility.tensor())[np.ix_(*levels)]
