"""The only door to Gambit: games and profiles out and in, and its solvers on payoff arrays, for `equilibrium`.

Payoffs cross as rationals (a float as the binary fraction that it is), because Gambit reads floats
through their decimal text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array, is_exact, to_float, to_fractions

Strategies = tuple[Array, ...]


Found = Callable[[Strategies], None]

_SIMPLICIAL_REGRET = Fraction(1, 10**9)
"""As a part of the range of payoffs: less than what certificates in floats allow."""


class UndecidedSupports(NamedTuple):
    """Supports on which `enumpoly` could not decide."""

    singular: int
    """Their equations are singular: continua of equilibria may hide there."""
    abandoned: int
    """The search for roots ran out of its budget."""


def is_gambit_game(value: object) -> bool:
    """Whether ``value`` is a pygambit game, decided without importing pygambit."""
    return any(base.__module__.startswith("pygambit") and base.__name__ == "Game" for base in type(value).__mro__)


def to_gambit(
    payoffs: Sequence[Array],
    title: str = "",
    player_names: Sequence[str] | None = None,
    action_labels: Sequence[Sequence[str]] | None = None,
) -> Any:
    """Build a pygambit strategic game.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a player, one axis a player; finite. Rationals cross unchanged, floats bit for bit.
    title : str
        The game's title.
    player_names : sequence of str, optional
        By default ``"1"``, ``"2"``, …
    action_labels : sequence of sequence of str, optional
        Labels of each player's actions, by default ``"1"``, ``"2"``, …

    Returns
    -------
    pygambit.StrategicGame

    Examples
    --------
    >>> game = to_gambit([np.array([[0.1, 0.0]]), np.array([[1.0, 2.0]])], title="one row")
    >>> from_gambit(game)[0][0, 0] == Fraction(0.1)
    True
    """
    import pygambit

    game = pygambit.StrategicGame.from_arrays(*map(to_fractions, payoffs), title=title)
    if action_labels is not None:
        for player, labels in zip(list(game.players), action_labels, strict=True):
            game.relabel_strategies(player, dict(zip(game.get_strategies(player), labels, strict=True)))
    if player_names is not None:
        game.relabel_players(dict(zip(list(game.players), player_names, strict=True)))
    return game


def from_gambit(game: Any) -> tuple[Array, ...]:
    """Payoff tensors of a pygambit game, in Fractions; a tree is read in its reduced strategic form.

    Raises
    ------
    InputError
        If the game has imperfect recall: mixed strategies do not describe its play.
    """
    if not game.is_perfect_recall:
        raise InputError("game", "must have perfect recall; its mixed strategies are not defined otherwise", game.title)
    tensors = game.to_arrays(dtype=Fraction)
    for tensor in tensors:
        tensor.flags.writeable = False
    return tuple(tensors)


def labels(game: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Player names and action labels of a pygambit game."""
    players = tuple(game.players)
    return players, tuple(tuple(game.get_strategies(player)) for player in players)


def to_nfg(
    payoffs: Sequence[Array],
    title: str = "",
    player_names: Sequence[str] | None = None,
    action_labels: Sequence[Sequence[str]] | None = None,
) -> str:
    """Text of the game in Gambit's ``.nfg`` format; arguments as in `to_gambit`."""
    return str(to_gambit(payoffs, title, player_names, action_labels).to_nfg())


def from_nfg(text: str) -> Any:
    """Read a pygambit game from the text of an ``.nfg`` file.

    Raises
    ------
    InputError
        If the text is not a game; the message holds Gambit's reason and place.
    """
    import pygambit

    try:
        return pygambit.read_nfg(io.StringIO(text))
    except (ValueError, OSError) as error:
        raise InputError("text", f"must be an .nfg game ({error})") from error


def to_mixed_profile(game: Any, strategies: Sequence[Array]) -> Any:
    """Hand a profile over as a pygambit mixed strategy profile of ``game``: rational when it is exact."""
    exact = all(map(is_exact, strategies))
    profile = game.mixed_strategy_profile(rational=exact)
    for player, strategy in zip(list(game.players), strategies, strict=True):
        profile.set_mixed_strategy(player, dict(zip(game.get_strategies(player), strategy.tolist(), strict=True)))
    return profile


def from_mixed_profile(profile: Any) -> Strategies:
    """Probability vectors of a pygambit mixed strategy profile: Fractions when it is rational."""
    return tuple(_vector(probability for _, probability in profile[player]) for player in profile.game.players)


def _vector(probabilities: Any) -> Array:
    values = list(probabilities)
    if isinstance(values[0], float):
        return np.array(values)
    vector = np.empty(len(values), dtype=object)
    vector[:] = [Fraction(value.numerator, value.denominator) for value in values]
    return vector


def enummixed(payoffs: Sequence[Array], found: Found, *, rational: bool = True) -> None:
    """Report every extreme equilibrium of a two-player game (Mangasarian 1964; Gambit's ``enummixed``).

    In rationals it is complete and exact; in doubles neither is promised.
    """
    import pygambit

    pygambit.nash.enummixed_solve(to_gambit(_rescaled(payoffs)), rational=rational, nash_callback=_reporting(found))


def enumpure(payoffs: Sequence[Array], found: Found) -> None:
    """Report every pure equilibrium (Gambit's ``enumpure``)."""
    import pygambit

    pygambit.nash.enumpure_solve(to_gambit(payoffs), nash_callback=_reporting(found))


def enumpoly(payoffs: Sequence[Array], found: Found) -> UndecidedSupports:
    """Report isolated equilibria of a game of any number of players (Gambit's ``enumpoly``).

    Returns
    -------
    UndecidedSupports
        On how many supports equilibria may be missing.
    """
    import pygambit

    events: list[Any] = []
    game = to_gambit(_rescaled(payoffs))
    pygambit.nash.enumpoly_solve(game, nash_callback=_reporting(found), event_callback=events.append)
    return UndecidedSupports(
        sum(isinstance(event, pygambit.EnumPolySingularSupportEvent) for event in events),
        sum(isinstance(event, pygambit.EnumPolyBudgetExceededSupportEvent) for event in events),
    )


def logit(payoffs: Sequence[Array], found: Found) -> bool:
    """Report one equilibrium: the limit of the principal branch of logit equilibria (McKelvey and Palfrey 1995).

    Returns
    -------
    bool
        False when the branch could not be followed to its limit: then nothing is reported.
    """
    import pygambit

    result = pygambit.nash.logit_solve(to_gambit(_rescaled(payoffs)))
    if result.success:
        found(from_mixed_profile(result.equilibrium))
    return bool(result.success)


def simpdiv(payoffs: Sequence[Array], found: Found) -> None:
    """Report one equilibrium by simplicial subdivision, which always ends (van der Laan, Talman 1987)."""
    import pygambit

    start = to_gambit(_rescaled(payoffs)).mixed_strategy_profile(rational=True)
    result = pygambit.nash.simpdiv_solve(start, maxregret=_SIMPLICIAL_REGRET)
    found(tuple(map(to_float, from_mixed_profile(result.equilibrium))))


def _rescaled(payoffs: Sequence[Array]) -> list[Array]:
    """Payoffs between 0 and 1 with the same equilibria, in Fractions.

    Gambit 17 silently loses equilibria from payoffs of 2^31 on, in rationals too, and its tolerances
    are absolute. One scale for all players keeps the logit branch where it is.
    """
    shifted = [exact - exact.min() for exact in map(to_fractions, payoffs)]
    scale = max(payoff.max() for payoff in shifted) or 1
    return [payoff / scale for payoff in shifted]


def _reporting(found: Found) -> Callable[[Any], None]:
    return lambda profile: found(from_mixed_profile(profile))
