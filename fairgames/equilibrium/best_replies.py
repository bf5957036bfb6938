"""One equilibrium of a fair game of any size, by best replies on its potential.

One pure equilibrium by best replies: always found in a potential game, of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

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


def best_reply_path(replies: Callable[[Profile, int], Sequence[Number]], start: Profile) -> tuple[Profile, bool]:
    """Let users in turn move to a best reply until nobody gains.

    In an exact potential game every move raises the potential, so this ends in an equilibrium
    (Monderer and Shapley 1996). In other games it may run in circles.

    Parameters
    ----------
    replies : callable
        ``replies(profile, user)``: payoff of each action of ``user``, the others staying. Gains within the rounding
        of two floats are none.
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
    >>> best_reply_path(lambda profile, user: [0, 1 - profile[1 - user]], (0, 0))
    ((1, 0), True)
    """
    profile, user, content = start, 0, 0
    seen = {(profile, user)}
    while content < len(profile):
        values = replies(profile, user)
        action = max(range(len(values)), key=values.__getitem__)
        here = values[profile[user]]
        if values[action] - here > near(values[action], here, part=ROUNDING):
            profile = (*profile[:user], action, *profile[user + 1 :])
            content = 0
        else:
            content += 1
        user = (user + 1) % len(profile)
        if content == 0:
            if (profile, user) in seen:
                return profile, False
            seen.add((profile, user))
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

    def replies(profile: Profile, user: int) -> list[Number]:
        everything: tuple[Any, ...] = (*profile[:user], slice(None), *profile[user + 1 :])
        return payoffs[user][everything].tolist()  # type: ignore[no-any-return]

    profile, settled = best_reply_path(replies, (0,) * len(shape))
    if not settled:
        return Notes(None, ("best replies run in circles: this is no potential game",))
    found(tuple(map(pure_strategy, profile, shape)))
    return Notes()


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
    climber.climb()
    levels = tuple(climber.levels)
    actions = [own.index(level) for own, level in zip(game.actions, levels, strict=True)]
    gains = [climber.gains(user) for user in range(game.n_users)]
    strict = all(
        gain < -tolerance
        for own, action in zip(gains, actions, strict=True)
        for other, (gain, tolerance) in enumerate(own)
        if other != action
    )
    found = Equilibrium(
        strategies=tuple(pure_strategy(action, len(own)) for action, own in zip(actions, game.actions, strict=True)),
        payoffs=climber.payoffs(),
        regret=max(gain for own in gains for gain, _ in own),
        supports=tuple((level,) for level in levels),
        profile=levels,
        is_pure=True,
        is_extreme=True,
        is_isolated=strict or None,
    )
    return EquilibriumSet(
        equilibria=(found,),
        components=(),
        complete=False,
        degenerate=None,
        exact=climber.exact,
        searched=SEARCHED["one"],
        method="best-reply",
        warnings=(),
        rationalized=None,
        payoffs=None,
        actions=game.actions,
        player_names=tuple(str(user) for user in range(1, game.n_users + 1)),
        action_labels=tuple(tuple(f"level {level}" for level in own) for own in game.actions),
    )


class _Climber:
    """A profile of levels, and the potential of every deviation from it, read from the count lattice."""

    def __init__(self, game: FairGame) -> None:
        self._lattice, potential = _potential_by_counts(game.utility)
        P, costs, alpha = common(potential, game.costs, np.array(game.alpha, dtype=_kind(game.alpha)))
        self._actions = game.actions
        self._P = P
        self._costs = costs
        self._alpha: Number = alpha.item()
        self._types = game.utility.types.tolist()
        self._moves: dict[tuple[int, int, int], list[int]] = {}
        self.levels = [levels[0] for levels in game.actions]
        self._state = self._composition_indices()
        self.exact = is_exact(P)

    def _composition_indices(self) -> list[int]:
        counts = [np.zeros((1, n_levels), dtype=np.intp) for n_levels in self._lattice.levels]
        for kind, level in zip(self._types, self.levels, strict=True):
            counts[kind][0, level] += 1
        return [int(self._lattice.rank(kind, count)[0]) for kind, count in enumerate(counts)]

    def climb(self) -> None:
        """Move users in turn to their best replies until nobody gains; every move raises the potential."""
        n_users = len(self.levels)
        user, content = 0, 0
        while content < n_users:
            (gain, tolerance), best = max(zip(self.gains(user), self._actions[user], strict=True), key=itemgetter(0))
            if gain > tolerance:
                self._state = self._after(user, best)
                self.levels[user] = best
                content = 0
            else:
                content += 1
            user = (user + 1) % n_users

    def gains(self, user: int) -> list[tuple[Number, Number]]:
        """What a user gains by moving to each of its actions, and the rounding of that difference of potentials."""
        here, gains = self.levels[user], []
        P, cost = self._alpha * self._potential(user, here), self._cost(user, here)
        for level in self._actions[user]:
            other, price = self._alpha * self._potential(user, level), self._cost(user, level)
            gains.append(((other - P) - (price - cost), near(P, other) + near(cost, price, part=ROUNDING)))
        return gains

    def payoffs(self) -> tuple[Number, ...]:
        """Payoff of each user: its share ``alpha·(P − P without it)`` less its cost."""
        return tuple(
            self._alpha * (self._potential(user, level) - self._potential(user, 0)) - self._cost(user, level)
            for user, level in enumerate(self.levels)
        )

    def _cost(self, user: int, level: int) -> Number:
        cost: Number = self._costs.item(user, level)
        return cost

    def _potential(self, user: int, level: int) -> Number:
        value: Number = self._P.item(tuple(self._after(user, level)))
        return value

    def _after(self, user: int, level: int) -> list[int]:
        """State after a user moves to a level."""
        kind, here = self._types[user], self.levels[user]
        state = self._state.copy()
        if level != here:
            key = (kind, here, level)
            if key not in self._moves:
                self._moves[key] = self._lattice.moved(*key).tolist()
            state[kind] = self._moves[key][state[kind]]
        return state


def _potential_by_counts(utility: Utility) -> tuple[CountLattice, Array]:
    """Count lattice and potential; by way of the tensor, which is faster, when no two users are interchangeable."""
    if max(utility.type_sizes) > 1:
        table = count_potential(utility)
        return table.lattice, table.potential
    lattice = lattice_of(utility)
    levels = [compositions.argmax(axis=1) for compositions in lattice.compositions]
    return lattice, potential_tensor(utility.tensor())[np.ix_(*levels)]


def _kind(alpha: object) -> type:
    return float if isinstance(alpha, float) else object


def fits(game: FairGame, most_payoffs: float) -> bool:
    """Whether all users together have at most ``most_payoffs`` payoffs."""
    return float(np.prod([float(size) for size in game.shape])) * game.n_users <= most_payoffs
