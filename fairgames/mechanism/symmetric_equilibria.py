"""All symmetric equilibria of exchangeable users at one alpha."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from fairgames.errors import InputError
from fairgames.exactness import Number, as_number
from fairgames.mechanism.symmetric_game import SymmetricGame
from fairgames.result import Result, format_value
from fairgames.tolerance import PROBABILITY, RELATIVE


@dataclass(frozen=True, eq=False, repr=False)
class SymmetricEquilibrium(Result):
    """Every user takes the more private action with the same probability.

    Attributes
    ----------
    p : Fraction or float
        Probability of the more private action.
    utility : Fraction or float
        Expected utility of the platform.
    value : Fraction or float
        What the platform keeps, ``(1 − alpha) · utility``.
    continuum_to : Fraction, float or None
        Where every probability from ``p`` up to another one is an equilibrium, that other one.
    """

    p: Number
    utility: Number
    value: Number
    continuum_to: Number | None = None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        names = ("p", "utility", "value", "continuum_to")
        return "SymmetricEquilibrium", names, [[format_value(getattr(self, name)) for name in names]]


def as_alpha(alpha: object) -> Number:
    """Check a payment fraction: a number in [0, 1].

    Raises
    ------
    InputError
        If it is not.
    """
    number = as_number(alpha, "alpha")
    if not 0 <= number <= 1:
        raise InputError("alpha", "must lie in [0, 1]", alpha)
    return number


def symmetric_equilibria(game: SymmetricGame, alpha: object) -> tuple[SymmetricEquilibrium, ...]:
    """All symmetric equilibria at ``alpha``, in increasing order of ``p``.

    ``p = 1`` is one iff ``c ≥ alpha · gamma(1)``, ``p = 0`` iff ``c ≤ alpha · gamma(0)``, and every root of
    ``alpha · gamma(p) = c`` between them.

    Parameters
    ----------
    game : SymmetricGame
        The game.
    alpha : number
        Payment fraction.

    Raises
    ------
    InputError
        If ``alpha`` lies outside [0, 1].
    """
    fraction = as_alpha(alpha)
    low, high = fraction * game.gains.item(0), fraction * game.gains.item(-1)
    exact = game.exact and isinstance(fraction, Fraction)
    close = 0 if exact else RELATIVE
    if all(_sign(fraction * gain, game.cost, close) == 0 for gain in game.gains.tolist()):
        return (_at(game, fraction, Fraction(1), exact=exact, continuum_to=Fraction(1)),)
    everybody, nobody = _sign(high, game.cost, close) >= 0, _sign(low, game.cost, close) <= 0
    points = [(Fraction(1), True)] if everybody else []
    if fraction > 0:
        indifference = game.gamma - Fraction(game.cost) / Fraction(fraction)
        near = 0 if exact else PROBABILITY
        points += [
            (root.x, root.rational)
            for root in reversed(indifference.roots())
            # In floats a root within rounding of a pure equilibrium is that equilibrium.
            if not ((everybody and 1 - root.x <= near) or (nobody and root.x <= near))
        ]
    if nobody:
        points.append((Fraction(0), True))
    return tuple(_at(game, fraction, x, exact=exact and rational) for x, rational in points)


def _sign(gain: Number, cost: Number, close: float) -> int:
    """Sign of ``gain − cost``, 0 where they agree to a relative ``close``: they may be tiny among many users."""
    difference: Number = gain - cost
    rounding = close * max(abs(float(gain)), abs(float(cost)))
    if -rounding <= difference <= rounding:
        return 0
    return 1 if difference > 0 else -1


def _at(
    game: SymmetricGame, alpha: Number, x: Number, *, exact: bool, continuum_to: Number | None = None
) -> SymmetricEquilibrium:
    utility = game.expected_utility(x)
    value = (1 - alpha) * utility
    if exact and game.certified:
        p: Number = 1 - Fraction(x)
        return SymmetricEquilibrium(p, utility, value, continuum_to)
    to = None if continuum_to is None else float(continuum_to)
    return SymmetricEquilibrium(float(1 - x), float(utility), float(value), to)
