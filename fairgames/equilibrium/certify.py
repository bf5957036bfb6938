"""Certificates of equilibria, recomputed from the payoffs; what solvers report is believed only with one.

Regret is what a player gains by its best deviation (Nash 1950): 0 in exact games, within rounding in floats. `solve`,
`verify` and `assessment.agreement` certify here whatever a solver or a file holds; `subdivision` its own roots.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fairgames.equilibrium.rational import Scaled, to_integers
from fairgames.equilibrium.solver import Strategies
from fairgames.errors import InputError
from fairgames.exactness import LARGEST_PAYOFF_POWER, Array, Number, as_array, is_exact, to_float, to_fractions
from fairgames.game.deviations import against_others, deviation_payoffs, pure_strategy
from fairgames.tolerance import MATCHING, PROBABILITY, REGRET, RELATIVE, ROUNDING, near


class Certificate(NamedTuple):
    """What one profile pays, recomputed from the payoff tensors."""

    payoffs: tuple[Number, ...]
    regrets: tuple[Number, ...]
    """What each player could gain by deviating alone; at least 0."""
    shortfalls: tuple[tuple[float, ...], ...]
    """How far each action of each player stays below its best action, in floats (0 only when it is 0)."""
    best_actions: tuple[tuple[int, ...], ...]
    """Actions of each player that are best responses to the others."""
    holds: bool
    """Whether nobody gains by deviating, up to the rounding of float strategies and payoffs."""

    @property
    def regret(self) -> Number:
        """Largest gain of any player."""
        return max(self.regrets)


Certified = tuple[Strategies, Certificate]


class Certifier:
    """Recompute payoffs and regrets of profiles of one game: exactly when game and profile are exact.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a player, one axis a player.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> Certifier((A, A)).certify((np.array([1.0, 0.0]), np.array([0.0, 1.0]))).regrets
    (1.0, 2.0)
    """

    def __init__(self, payoffs: Sequence[Array]) -> None:
        self.payoffs = tuple(payoffs)
        self.exact = all(map(is_exact, payoffs))

    @cached_property
    def floats(self) -> tuple[Array, ...]:
        """The payoffs as floats."""
        try:
            return tuple(map(to_float, self.payoffs))
        except OverflowError:
            raise InputError("payoffs", "must be within the range of floats where strategies are not exact") from None

    @cached_property
    def integers(self) -> tuple[Scaled, ...]:
        """The payoffs as integers and their scales; floats as the binary fractions that they are."""
        return tuple(to_integers(payoff) for payoff in self.payoffs)

    @cached_property
    def coarse(self) -> list[float]:
        """More than any comparison of a player's payoffs allows for rounding."""
        return [3 * RELATIVE * float(np.abs(payoff).max()) for payoff in self.floats]

    def certify(self, strategies: Strategies) -> Certificate:
        """Recompute the certificate of a profile of probability vectors."""
        if self.exact and all(map(is_exact, strategies)):
            return self._in_integers(strategies)
        strategies = tuple(map(to_float, strategies))
        earned, regrets, shortfalls, best, holds = [], [], [], [], True
        for player, (payoff, own, coarse) in enumerate(zip(self.floats, strategies, self.coarse, strict=True)):
            values = against_others(payoff, strategies, player)
            top, expected = float(values.max()), float(own @ values)
            short = (top - values).tolist()
            close = [0.0] * len(short)
            # Most comparisons are decided by the largest payoff already.
            if any(gap and (gap <= coarse or played) for gap, played in zip(short, own.tolist(), strict=True)):
                _, rounding, apart = self.weighed(strategies, player, short.index(0.0))
                close = (rounding + RELATIVE * apart).tolist()
                holds &= bool((own * short <= own * rounding + REGRET * apart).all())
            earned.append(expected)
            regrets.append(max(top - expected, 0.0))
            shortfalls.append(tuple(short))
            best.append(tuple(action for action, gap in enumerate(short) if gap <= close[action]))
        return Certificate(tuple(earned), tuple(regrets), tuple(shortfalls), tuple(best), holds)

    def weighed(self, strategies: Strategies, player: int, best: int) -> tuple[float, Array, Array]:
        """What decides which actions are as good as a player's best: the payoffs that the others' strategies weigh.

        A float strategy misses what is meant by rounding, which moves a comparison by a small part of the expected
        difference of payoffs, ``E|u(best) − u(action)|``; rounding of the payoffs, by an even smaller part of ``E|u|``.
        Against pure strategies the first is the shortfall itself, and allows nothing.

        Returns
        -------
        magnitude : float
            Size of the payoffs that the player's expectation adds up.
        rounding : ndarray
            Rounding of the comparison of each action with the best one.
        apart : ndarray
            ``E|u(best) − u(action)|``.
        """
        payoff, strategies = self.floats[player], tuple(map(to_float, strategies))
        size = against_others(np.abs(payoff), strategies, player)
        apart = against_others(np.abs(payoff - payoff.take([best], axis=player)), strategies, player)
        return float(max(size[best], strategies[player] @ size)), near(size, size[best], part=ROUNDING), apart

    def _in_integers(self, strategies: Strategies) -> Certificate:
        """Divide once at the end: Fractions would reduce after every step."""
        weights = tuple(map(to_integers, strategies))
        everything = math.prod(weight.scale for weight in weights)
        deviations = deviation_payoffs(
            [payoff.integers for payoff in self.integers], [weight.integers for weight in weights]
        )
        earned, regrets, shortfalls, best = [], [], [], []
        for payoff, weight, vector in zip(self.integers, weights, deviations, strict=True):
            values = vector.tolist()
            top, total = max(values), sum(map(operator.mul, weight.integers.tolist(), values))
            divisor = payoff.scale * everything
            earned.append(Fraction(total, divisor))
            regrets.append(Fraction(top * weight.scale - total, divisor))
            shortfalls.append(tuple(_as_float(top - value, divisor // weight.scale) for value in values))
            best.append(tuple(action for action, value in enumerate(values) if value == top))
        return Certificate(tuple(earned), tuple(regrets), tuple(shortfalls), tuple(best), not any(regrets))


def _as_float(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf


@dataclass
class Screened:
    """Equilibria that passed, and what did not."""

    accepted: list[Certified] = field(default_factory=list)
    ill_formed: int = 0
    """Not finite, of the wrong length, or no probabilities."""
    rejected: int = 0
    """Probabilities, but somebody gains by deviating."""
    repeated: int = 0

    def warnings(self) -> tuple[str, ...]:
        """Say what was dropped."""
        words = ("not probabilities", "not equilibria", "repetitions")
        dropped = zip(words, (self.ill_formed, self.rejected, self.repeated), strict=True)
        return tuple(f"{n} of the solver's profiles were {what}, and were dropped" for what, n in dropped if n)


def screen(profiles: Iterable[Any], certifier: Certifier) -> Screened:
    """Keep the profiles that are well-formed, equilibria, and new.

    Parameters
    ----------
    profiles : iterable
        Probability vectors for each player, from any solver.
    certifier : Certifier
        Of the game.

    Examples
    --------
    >>> A = np.eye(2)
    >>> screened = screen([([1, 0], [1, 0]), ([1, 0], [0, 1]), ([float("nan"), 1], [1, 0])], Certifier((A, A)))
    >>> len(screened.accepted), screened.rejected, screened.ill_formed
    (1, 1, 1)
    """
    screened, known = Screened(), Known()
    for profile in profiles:
        strategies = _well_formed(profile, certifier.payoffs[0].shape, exact=certifier.exact)
        if strategies is None:
            screened.ill_formed += 1
        elif strategies in known:
            screened.repeated += 1
        else:
            reported = strategies if certifier.exact else tuple(map(to_float, strategies))
            certificate = certifier.certify(reported)
            if certificate.holds:
                known.add(strategies)
                screened.accepted.append((reported, certificate))
            else:
                screened.rejected += 1
    return screened


def without_repetitions(screened: Iterable[Screened]) -> list[Certified]:
    """Join what several solvers found; an earlier solver's form of a profile wins.

    Solvers converge more or less well, so profiles of different solvers that differ by no more than
    `MATCHING` are one, unless both are exact.
    """
    joined: list[Certified] = []
    known = Known(MATCHING, MATCHING)
    for result in screened:
        fresh = [entry for entry in result.accepted if entry[0] not in known]
        for strategies, _ in fresh:
            known.add(strategies)
        joined += fresh
    return joined


def repetitions(profiles: Iterable[Strategies]) -> int:
    """How many of the profiles came before."""
    known, repeated = Known(), 0
    for strategies in profiles:
        if strategies in known:
            repeated += 1
        else:
            known.add(strategies)
    return repeated


class Known:
    """Profiles seen so far: exact ones equal exactly, others within a part of each probability."""

    def __init__(self, part: float = PROBABILITY, floor: float = ROUNDING) -> None:
        self._part, self._floor = part, floor
        self._exact: set[tuple[Any, ...]] = set()
        self._floats: list[Array] = []

    def add(self, strategies: Strategies) -> None:
        """Remember a profile."""
        if all(map(is_exact, strategies)):
            self._exact.add(numbers_of(strategies))
        self._floats.append(np.array(numbers_of(strategies), dtype=float))

    def __contains__(self, strategies: Strategies) -> bool:
        """Whether the profile, or one as good as it, was added before."""
        if not self._floats or (all(map(is_exact, strategies)) and len(self._exact) == len(self._floats)):
            return numbers_of(strategies) in self._exact
        seen, here = np.array(self._floats), np.array(numbers_of(strategies), dtype=float)
        same = np.abs(seen - here) <= self._part * np.maximum(seen, here) + self._floor
        return bool(same.all(axis=1).any())


def numbers_of(strategies: Strategies) -> tuple[Any, ...]:
    """All probabilities of a profile in a row."""
    return tuple(probability for strategy in strategies for probability in strategy.tolist())


def _well_formed(profile: Any, shape: tuple[int, ...], *, exact: bool) -> Strategies | None:
    """Read a solver's profile as probability vectors; None when it is not one.

    Rationals are kept as they are. Float probabilities within rounding of 0 become 0, so that
    supports are what they are meant to be, and a float strategy that is pure becomes exact in an
    exact game.
    """
    try:
        return tuple(_probabilities(own, size, exact=exact) for own, size in zip(profile, shape, strict=True))
    except (TypeError, ValueError):
        return None


def _probabilities(given: Any, size: int, *, exact: bool) -> Array:
    rational = isinstance(given, np.ndarray) and given.ndim == 1 and set(map(type, given.tolist())) == {Fraction}
    strategy: Array = given if rational else as_array(given, "strategy", power=LARGEST_PAYOFF_POWER)
    values, tolerance = strategy.tolist(), 0 if is_exact(strategy) else PROBABILITY
    if strategy.shape != (size,) or min(values) < -tolerance or abs(sum(values) - 1) > tolerance:
        raise ValueError
    if is_exact(strategy):
        return strategy
    played = [action for action, value in enumerate(values) if value > tolerance]
    if exact and len(played) == 1:
        return pure_strategy(played[0], size)
    if len(played) == np.count_nonzero(strategy):
        return strategy
    cleaned = np.where(strategy > tolerance, strategy, 0.0)
    result: Array = cleaned / cleaned.sum()
    return result


def near_ties(certifier: Certifier, accepted: Sequence[Certified], profiles: Iterable[Any]) -> bool:
    """Whether differences within rounding decide what is an equilibrium of a float game.

    Parameters
    ----------
    certifier : Certifier
        Of the game.
    accepted : sequence of (strategies, certificate)
        Its equilibria, in floats.
    profiles : iterable
        As the solvers reported them; the exact ones tell a tie from a near tie.

    Examples
    --------
    >>> near_ties(Certifier((np.array([[0.1 + 0.2], [0.3]]), np.array([[0.0], [1.0]]))), [], [])
    True
    """
    for player, (payoff, coarse) in enumerate(zip(certifier.payoffs, certifier.coarse, strict=True)):
        ordered = np.sort(payoff.swapaxes(0, player), axis=0)
        gaps = ordered[1:] - ordered[:-1]
        close = (gaps > 0) & (gaps <= coarse)
        if close.any() and (gaps <= near(ordered[1:], ordered[:-1]))[close].any():
            return True
    # Some action is hardly played, but falls short of the best by no more than rounding.
    if all(
        strategy[action] > PROBABILITY
        for strategies, certificate in accepted
        for strategy, best in zip(strategies, certificate.best_actions, strict=True)
        for action in best
    ):
        return False
    exact = Certifier(tuple(map(to_fractions, certifier.payoffs)))
    for profile in profiles:
        strategies = _well_formed(profile, certifier.payoffs[0].shape, exact=True)
        if strategies is not None and all(map(is_exact, strategies)):
            for player, short in enumerate(map(np.array, exact.certify(strategies).shortfalls)):
                _, rounding, apart = certifier.weighed(strategies, player, int(short.argmin()))
                if ((short > 0) & (short <= rounding + RELATIVE * apart)).any():
                    return True
            if any(0 < probability <= PROBABILITY for probability in numbers_of(strategies)):
                return True
    return False
