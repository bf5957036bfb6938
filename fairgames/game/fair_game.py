"""The game that payments create among the users (eq. 16): each chooses a privacy level.

`FairGame` is public: `equilibria` solves it, and it hands itself over to nashpy, Gambit and ``.nfg`` files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_whole, common, is_exact
from fairgames.game.deviations import as_strategies, best_responses
from fairgames.game.shares import PaymentRule, less_all_costs, payoffs_of, shares_everywhere
from fairgames.memory import readable_count, require_memory
from fairgames.payments.alpha import Alpha, as_alpha, paid_out
from fairgames.payments.potential import largest_within, potential_tensor
from fairgames.result import Shown, format_value
from fairgames.scenario.costs import (
    Actions,
    CostTable,
    chosen_actions,
    costs_of_actions,
    on_actions,
)
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.utility.base import Utility

if TYPE_CHECKING:
    import nashpy
    import pygambit


class FairGame(Shown):
    """The users' game: ``u_i(rho) = alpha · t_i(rho) − c_i(rho_i)``.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy cost of each level for each user, or one row for all; the cost of level 0 is 0,
        ``inf`` forbids a level. Costs may fall with the level.
    alpha : number or callable
        Fraction of the utility paid out, in [0, 1]: a constant, or a function of the utility level; by default the
        scenario's, or 1.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level. Levels of infinite cost are left out.
    payments : None or callable
        A payment rule ``rule(utility, profile) -> (N,)``; None pays fairly (Theorem 2). ``alpha`` scales
        either.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the game would not fit in memory.

    Notes
    -----
    With fair payments and a constant ``alpha`` the game has an exact potential (Monderer and Shapley 1996),
    so a pure equilibrium exists and best responses converge. With another rule, or an ``alpha`` that
    varies, it is a general game.

    Examples
    --------
    >>> game = FairGame([[0, "2/3"], ["2/3", 1]], costs=[0, "3/10"], alpha="3/5")
    >>> game.payoffs[0]
    array([[Fraction(0, 1), Fraction(0, 1)],
           [Fraction(1, 10), Fraction(0, 1)]], dtype=object)
    """

    @public
    def __init__(
        self,
        utility: Scenario | Utility | ArrayLike,
        costs: CostTable = None,
        alpha: Alpha | None = None,
        actions: Actions = None,
        payments: PaymentRule | None = None,
    ) -> None:
        self._scenario = as_scenario(utility, costs, actions)
        self._utility = self._scenario.utility
        self._costs = self._scenario.user_costs
        own = 1 if self._scenario.alpha is None else self._scenario.alpha
        self._alpha = as_alpha(own if alpha is None else alpha)
        self._actions = self._scenario.actions
        if payments is not None and not callable(payments):
            raise InputError("payments", "must be None (fair) or a function of (utility, profile)", payments)
        self._rule = payments

    @property
    def scenario(self) -> Scenario:
        """What was asked."""
        return self._scenario

    @property
    def utility(self) -> Utility:
        """The platform's utility."""
        return self._utility

    @property
    def costs(self) -> Array:
        """Privacy costs, shape (N, L); ``inf`` where a user may not choose a level."""
        return self._costs

    @property
    def alpha(self) -> Number | Callable[[Any], Number]:
        """Fraction of the utility paid out."""
        return self._alpha

    @property
    def actions(self) -> tuple[tuple[int, ...], ...]:
        """Levels of finite cost that each user may choose."""
        return self._actions

    @property
    def rule(self) -> PaymentRule | None:
        """The payment rule; None when payments are fair."""
        return self._rule

    @property
    def n_users(self) -> int:
        """Number of users."""
        return self._utility.n_users

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of allowed actions of each user."""
        return tuple(len(levels) for levels in self._actions)

    @property
    def exact(self) -> bool:
        """Whether payoffs are Fractions."""
        return is_exact(self.payoffs[0])

    @property
    def has_potential(self) -> bool:
        """Whether the game is an exact potential game: fair payments and a constant ``alpha``."""
        return self._rule is None and not callable(self._alpha)

    @cached_property
    def payments(self) -> tuple[Array, ...]:
        """Payment of each user, ``alpha · t_i``, at every profile of allowed actions: N arrays."""
        size = math.prod(self.shape)
        require_memory(
            size * self.n_users * (200 if self._utility.exact else 16),
            f"the payoffs of {self.n_users:,} users at {readable_count(size)} profiles",
            "stable_profiles or optimal_alpha, which need one tensor only",
        )
        shares = shares_everywhere(self._rule, self._utility, self._actions)
        worth = on_actions(self._utility.tensor(), self._actions)
        return tuple(paid_out(self._alpha, worth, share) for share in shares)

    @cached_property
    def payoffs(self) -> tuple[Array, ...]:
        """Payoff of each user at every profile of allowed actions: N arrays, one axis a user.

        With two users, user 1 is on the rows and user 2 on the columns. In floats, actions of a user that earn the
        same up to rounding earn the same here, so that ties stay ties for every solver.
        """
        worth = self._utility.tensor()
        largest = on_actions(worth if self._utility.exact else largest_within(worth), self._actions)
        sizes = paid_out(self._alpha, on_actions(worth, self._actions), largest)
        return payoffs_of(self.payments, costs_of_actions(self._costs, self._actions), sizes)

    @cached_property
    def platform_keeps(self) -> Array:
        """What the platform keeps, ``U − Σ payments``, at every profile of allowed actions."""
        worth, *paid = common(on_actions(self._utility.tensor(), self._actions), *self.payments)
        kept: Array = worth - sum(paid)
        return kept

    @cached_property
    def potential(self) -> Array:
        """Exact potential ``alpha · P − Σ c_i`` at every profile of allowed actions.

        Raises
        ------
        InputError
            If the payments are not fair or ``alpha`` is not constant: then there is none in general.
        """
        if not self.has_potential:
            raise InputError("game", "has a potential only with fair payments and a constant alpha")
        P = on_actions(potential_tensor(self._utility.tensor()), self._actions)
        return less_all_costs(paid_out(self._alpha, np.empty(()), P), costs_of_actions(self._costs, self._actions))

    @public
    def profile_of(self, action_indices: Sequence[int]) -> NDArray[np.intp]:
        """Levels that a tuple of action indices stands for."""
        requirement = f"must be one whole number for each of {self.n_users} users, below its number of actions"
        chosen = as_whole(action_indices, "action_indices", requirement)
        if chosen.shape != (self.n_users,) or not (chosen >= 0).all() or not (chosen < self.shape).all():
            raise InputError("action_indices", requirement, action_indices)
        return np.array([levels[a] for levels, a in zip(self._actions, chosen.tolist(), strict=True)], dtype=np.intp)

    @public
    def best_responses(self, profile: ArrayLike) -> tuple[tuple[int, ...], ...]:
        """Set of best responses of each user (eq. 17, a set, not a point).

        Parameters
        ----------
        profile : sequence
            What everybody plays: one level a user, or one probability vector a user over its allowed
            ``actions``.

        Returns
        -------
        tuple of tuple of int
            For each user every *level* that is best against the others.

        Raises
        ------
        InputError
            If the profile has a wrong length, a level is not allowed, or probabilities do not add up to 1.

        Examples
        --------
        >>> game = FairGame([[0, "2/3"], ["2/3", 1]], costs=[0, "3/10"], alpha="3/5")
        >>> game.best_responses([1, 1])
        ((0, 1), (0, 1))
        """
        chosen = chosen_actions(profile, self._actions)
        found = best_responses(self.payoffs, as_strategies(chosen, self.shape, exact=self.exact))
        return tuple(
            tuple(levels[action] for action in best) for levels, best in zip(self._actions, found, strict=True)
        )

    def to_nashpy(self) -> nashpy.Game:
        """Hand a two-user game to nashpy (floats; nashpy does not compute with rationals).

        Raises
        ------
        InputError
            If there are not exactly two users.
        """
        if self.n_users != 2:
            raise InputError("game", "must have two users for nashpy; use to_gambit() for more", self.n_users)
        import nashpy

        return nashpy.Game(*(payoff.astype(float) for payoff in self.payoffs))

    @public
    def to_gambit(self, title: str = "Fair data game") -> pygambit.Game:
        """Hand the game to Gambit, with exact payoffs when the inputs are exact."""
        from fairgames.game.gambit import to_gambit

        return to_gambit(self.payoffs, title=title, action_labels=self._labels())

    @public
    def to_nfg(self, title: str = "Fair data game") -> str:
        """Text of a Gambit ``.nfg`` file that Gambit reads back identically."""
        from fairgames.game.gambit import to_nfg

        return to_nfg(self.payoffs, title=title, action_labels=self._labels())

    def _labels(self) -> list[list[str]]:
        return [[f"level {level}" for level in levels] for levels in self._actions]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        rows = [
            [self._scenario.user_name(user), ", ".join(map(str, levels)), self._costs[user, list(levels)]]
            for user, levels in enumerate(self._actions)
        ]
        alpha = "a function of the utility" if callable(self._alpha) else format_value(self._alpha)
        paid = "fair payments" if self._rule is None else "payments by the given rule"
        return f"Game of {self.n_users} users, alpha = {alpha}, {paid}", ("user", "levels", "costs"), rows
