"""Equilibria in the forms of nashpy and pygambit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fairgames.errors import InputError
from fairgames.exactness import Array, to_float
from fairgames.game import gambit


def to_nashpy_pairs(profiles: Sequence[tuple[Array, ...]]) -> list[tuple[Array, Array]]:
    """Pairs of float probability vectors, the form in which nashpy's algorithms yield equilibria.

    Raises
    ------
    InputError
        If a profile is not one of two users.
    """
    pairs = []
    for strategies in profiles:
        if len(strategies) != 2:
            raise InputError("equilibria", "must be of two users for nashpy; use to_gambit() for more", len(strategies))
        pairs.append((to_float(strategies[0]), to_float(strategies[1])))
    return pairs


def to_gambit_profiles(
    profiles: Sequence[tuple[Array, ...]],
    payoffs: Sequence[Array] | None,
    player_names: Sequence[str],
    action_labels: Sequence[Sequence[str]],
    game: Any = None,
) -> list[Any]:
    """Mixed strategy profiles of a pygambit game: rational when a profile is exact.

    Raises
    ------
    InputError
        If ``game`` has other numbers of actions, or there are no payoffs to build a game from.
    """
    if game is None:
        if payoffs is None:
            raise InputError("game", "must be given: this result holds no payoffs to build one from")
        game = gambit.to_gambit(payoffs, "", player_names, action_labels)
    sizes = [len(labels) for labels in gambit.labels(game)[1]]
    if sizes != [len(labels) for labels in action_labels]:
        raise InputError("game", f"must have {[len(labels) for labels in action_labels]} actions", sizes)
    return [gambit.to_mixed_profile(game, strategies) for strategies in profiles]
