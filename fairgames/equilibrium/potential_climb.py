"""One equilibrium of a fair game of any size, by best replies on its potential."""

from __future__ import annotations

from typing import Any

import numpy as np

from fairgames.equilibrium.best_reply import Profile, best_reply_path
from fairgames.equilibrium.result import Equilibrium, EquilibriumSet
from fairgames.equilibrium.solver import SEARCHED
from fairgames.exactness import Number, common, is_exact
from fairgames.game.deviations import pure_strategy
from fairgames.game.fair_game import FairGame
from fairgames.payments.counts import CountPotential, count_potential
from fairgames.tolerance import comparison_tolerance


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
    profile, _ = best_reply_path(climber.replies, (0,) * game.n_users, climber.tolerance)
    levels = tuple(own[action] for own, action in zip(game.actions, profile, strict=True))
    found = Equilibrium(
        strategies=tuple(pure_strategy(action, len(own)) for action, own in zip(profile, game.actions, strict=True)),
        payoffs=climber.payoffs(profile),
        regret=climber.regret(profile),
        supports=tuple((level,) for level in levels),
        profile=levels,
        is_pure=True,
        is_extreme=True,
        is_isolated=climber.is_strict(profile) or None,
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
    """Potential of the deviations from a profile, read from the count lattice."""

    def __init__(self, game: FairGame) -> None:
        table = count_potential(game.utility)
        P, costs, alpha = common(table.potential, game.costs, np.array(game.alpha, dtype=_kind(game.alpha)))
        self._game = game
        self._table = CountPotential(table.lattice, table.utility, P)
        self._costs = costs
        self._alpha: Number = alpha.item()
        self._types = game.utility.types.tolist()
        self._moves: dict[tuple[int, int, int], Any] = {}
        self._state: tuple[Profile | None, list[int]] = (None, [])
        self.exact = is_exact(P)
        self.tolerance = comparison_tolerance(P)

    def replies(self, profile: Profile, user: int) -> list[Number]:
        """Potential of each action of a user, the others staying, up to what does not depend on it."""
        here = self._game.actions[user][profile[user]]
        state = self._state_of(profile)
        return [
            self._alpha * self._potential_after(state, user, here, level) - self._costs.item(user, level)
            for level in self._game.actions[user]
        ]

    def payoffs(self, profile: Profile) -> tuple[Number, ...]:
        """Payoff of each user: its share ``alpha·(P − P without it)`` less its cost."""
        state = self._state_of(profile)
        paid = []
        for user, action in enumerate(profile):
            level = self._game.actions[user][action]
            stays = self._potential_after(state, user, level, level)
            leaves = self._potential_after(state, user, level, 0)
            paid.append(self._alpha * (stays - leaves) - self._costs.item(user, level))
        return tuple(paid)

    def regret(self, profile: Profile) -> Number:
        """Largest gain of any user."""
        return max(max(values) - values[action] for values, action in self._all_replies(profile))

    def is_strict(self, profile: Profile) -> bool:
        """Whether every other action of every user is worse."""
        return all(
            values[action] - value > self.tolerance
            for values, action in self._all_replies(profile)
            for other, value in enumerate(values)
            if other != action
        )

    def _all_replies(self, profile: Profile) -> list[tuple[list[Number], int]]:
        return [(self.replies(profile, user), action) for user, action in enumerate(profile)]

    def _potential_after(self, state: list[int], user: int, here: int, level: int) -> Number:
        kind = self._types[user]
        index = state.copy()
        if level != here:
            index[kind] = self._moved(kind, here, level)[index[kind]]
        value: Number = self._table.potential.item(tuple(index))
        return value

    def _moved(self, kind: int, here: int, level: int) -> list[int]:
        key = (kind, here, level)
        if key not in self._moves:
            self._moves[key] = self._table.lattice.moved(*key).tolist()
        moves: list[int] = self._moves[key]
        return moves

    def _state_of(self, profile: Profile) -> list[int]:
        """Composition index of each type; kept, because most questions are about the same profile."""
        if self._state[0] is not profile:
            lattice = self._table.lattice
            counts = [np.zeros((1, n_levels), dtype=np.intp) for n_levels in lattice.levels]
            for user, action in enumerate(profile):
                counts[self._types[user]][0, self._game.actions[user][action]] += 1
            self._state = (profile, [int(lattice.rank(kind, count)[0]) for kind, count in enumerate(counts)])
        return self._state[1]


def _kind(alpha: object) -> type:
    return float if isinstance(alpha, float) else object


def fits(game: FairGame, most_payoffs: float) -> bool:
    """Whether all users together have at most ``most_payoffs`` payoffs."""
    return float(np.prod([float(size) for size in game.shape])) * game.n_users <= most_payoffs
