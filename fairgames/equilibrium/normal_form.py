"""Any finite game as payoff tensors: a fair game, arrays, a nashpy game, a pygambit game.

The door of `solve` and of `assessment.agreement`: behind it are checked arrays only. `verify` reads saved games by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fairgames.errors import InputError, SizeError
from fairgames.exactness import LARGEST_PAYOFF_POWER, Array, as_array, common, is_exact, plain
from fairgames.game import gambit
from fairgames.game.fair_game import FairGame
from fairgames.payments.alpha import Alpha
from fairgames.scenario.scenario import Scenario

_MOST_PLAYERS = 64
"""As many as NumPy's arrays have axes."""


class NormalForm(NamedTuple):
    """A finite game, checked."""

    payoffs: tuple[Array, ...]
    """One tensor a player, one axis a player; all exact or all float, and finite."""
    actions: tuple[tuple[int, ...], ...]
    """The level that each action of each player stands for; 0, 1, … when the game has no levels."""
    player_names: tuple[str, ...]
    action_labels: tuple[tuple[str, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of actions of each player."""
        return self.payoffs[0].shape


def asked_game(game: Any, alpha: Alpha | None) -> Any:
    """Game of a scenario at ``alpha``; any other game is returned as it is, and has its alpha."""
    if isinstance(game, Scenario):
        return FairGame(game, alpha=alpha)
    if alpha is not None:
        raise InputError("alpha", "must be left out beside a game, which has its payoffs; it is for a Scenario", alpha)
    return game


def as_normal_form(game: Any) -> NormalForm:
    """Read any finite game.

    Parameters
    ----------
    game : FairGame, sequence of array_like, nashpy.Game or pygambit.Game
        A sequence holds one payoff tensor a player, each with one axis a player: two matrices, or N
        tensors. Integers, Fractions and ``"2/3"`` are exact.

    Returns
    -------
    NormalForm

    Raises
    ------
    InputError
        If payoffs are missing, not finite, of different shapes, or have no entries; if there are
        fewer than two players.
    SizeError
        If the payoffs of a fair game are too many for memory, or for an array.

    Examples
    --------
    >>> as_normal_form([[[1, 0], [0, 1]], [[1, 0], [0, "1/2"]]]).shape
    (2, 2)
    """
    if isinstance(game, FairGame) and game.n_users > _MOST_PLAYERS:
        raise SizeError(f"payoffs of {game.n_users} users have no array: NumPy's have at most {_MOST_PLAYERS} axes")
    of_gambit = gambit.is_gambit_game(game)
    with_levels = not of_gambit and hasattr(game, "payoffs") and hasattr(game, "actions")
    held = (
        gambit.from_gambit(game) if of_gambit else getattr(game, "payoffs" if with_levels else "payoff_matrices", game)
    )
    payoffs = checked_payoffs(held)
    actions = tuple(tuple(map(int, own)) for own in (game.actions if with_levels else map(range, payoffs[0].shape)))
    names = gambit.labels(game) if of_gambit else names_of(actions, "level " if with_levels else "")
    return NormalForm(payoffs, actions, *names)


def names_of(actions: Sequence[Sequence[int]], word: str = "") -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Names of players who are counted from 1, and of their actions."""
    labels = tuple(tuple(f"{word}{action}" for action in own) for own in actions)
    return tuple(str(player) for player in range(1, len(actions) + 1)), labels


def checked_payoffs(payoffs: Any) -> tuple[Array, ...]:
    """Payoff tensors as arrays of one kind and one shape; raises as `as_normal_form` does."""
    requirement = "must be a FairGame, one payoff array a player, a nashpy Game or a pygambit game"
    try:
        payoffs = plain(payoffs, "game")
    except InputError as error:
        raise InputError("game", f"{requirement}; {error.requirement}", payoffs) from None
    if np.shape(payoffs[:0] if isinstance(payoffs, list) else payoffs) == ():
        raise InputError("game", requirement, payoffs)
    if len(payoffs) > _MOST_PLAYERS:
        raise InputError("game", f"must have at most {_MOST_PLAYERS} players, one axis each", len(payoffs))
    if len(payoffs) < 2:
        raise InputError(
            "game",
            "must have at least two players, one payoff array each ([A, B] for two matrices; "
            "[A, -A] for a zero-sum game); a single player simply takes its best action",
            len(payoffs),
        )
    arrays = tuple(
        as_array(payoff, f"payoffs[{player}]", power=LARGEST_PAYOFF_POWER) for player, payoff in enumerate(payoffs)
    )
    if not all(map(is_exact, arrays)):
        exact = [as_array(array, f"payoffs[{i}]") if is_exact(array) else array for i, array in enumerate(arrays)]
        arrays = common(*exact)
    n_players = len(arrays)
    for player, array in enumerate(arrays):
        name = f"payoffs[{player}]"
        if array.ndim != n_players:
            raise InputError(name, f"must have one axis for each of the {n_players} players", f"shape {array.shape}")
        if array.shape != arrays[0].shape:
            raise InputError(name, f"must have the shape {arrays[0].shape} of payoffs[0]", f"shape {array.shape}")
        if array.size == 0:
            raise InputError(name, "must leave every player at least one action", f"shape {array.shape}")
    return arrays
