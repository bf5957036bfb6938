"""Certificates: what a profile pays, and how much anybody could gain by deviating from it."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from fairgames.equilibrium.multilinear import is_regular
from fairgames.equilibrium.rational import Scaled, to_integers
from fairgames.exactness import Array, Number, is_exact, to_float, to_fractions
from fairgames.game.deviations import deviation_payoffs, expected_payoffs
from fairgames.tolerance import comparison_tolerance, regret_tolerance

Strategies = tuple[Array, ...]


class Certificate(NamedTuple):
    """What one profile pays, recomputed from the payoff tensors."""

    payoffs: tuple[Number, ...]
    regrets: tuple[Number, ...]
    """What each user could gain by deviating alone; at least 0."""
    shortfalls: tuple[tuple[float, ...], ...]
    """How far each action of each user stays below its best action, in floats (0 only when it is 0)."""

    @property
    def regret(self) -> Number:
        """Largest gain of any user."""
        return max(self.regrets)

    def best_actions(self, closeness: float) -> tuple[tuple[int, ...], ...]:
        """Actions of each user that are best responses to the others: up to ``closeness``, unless it is exact."""
        tolerance = 0 if isinstance(self.regret, Fraction) else closeness
        return tuple(
            tuple(action for action, shortfall in enumerate(shortfalls) if shortfall <= tolerance)
            for shortfalls in self.shortfalls
        )


class Certifier:
    """Recompute payoffs and regrets of profiles of one game: exactly when game and profile are exact.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a user, one axis a user.

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
    def _floats(self) -> tuple[Array, ...]:
        return tuple(map(to_float, self.payoffs))

    @cached_property
    def integers(self) -> tuple[Scaled, ...]:
        """The payoffs as integers and their scales; floats as the binary fractions that they are."""
        return tuple(to_integers(to_fractions(payoff)) for payoff in self.payoffs)

    @cached_property
    def tolerance(self) -> float:
        """Largest regret of a float profile that counts as an equilibrium."""
        return regret_tolerance(*self.payoffs)

    @cached_property
    def closeness(self) -> float:
        """Float payoffs that differ by no more than this count as equal."""
        return comparison_tolerance(*self._floats)

    def certify(self, strategies: Strategies) -> Certificate:
        """Recompute the certificate of a profile of probability vectors."""
        if self.exact and all(map(is_exact, strategies)):
            return _exact_certificate(self.integers, strategies)
        return _float_certificate(self._floats, tuple(map(to_float, strategies)))

    def is_regular(self, strategies: Strategies, supports: tuple[tuple[int, ...], ...]) -> bool:
        """Whether the indifference equations of an equilibrium are nonsingular at it, in floats."""
        return is_regular(self._floats, tuple(map(to_float, strategies)), supports)

    def accepts(self, certificate: Certificate) -> bool:
        """Whether the regret is 0, or within rounding of it when it is a float."""
        regret = certificate.regret
        return regret == 0 or (not isinstance(regret, Fraction) and regret <= self.tolerance)


def _float_certificate(payoffs: Sequence[Array], strategies: Strategies) -> Certificate:
    deviations = deviation_payoffs(payoffs, strategies)
    earned = tuple(map(float, expected_payoffs(strategies, deviations)))
    regrets = tuple(max(float(values.max()) - own, 0.0) for values, own in zip(deviations, earned, strict=True))
    shortfalls = tuple(tuple((values.max() - values).tolist()) for values in deviations)
    return Certificate(earned, regrets, shortfalls)


def _exact_certificate(payoffs: Sequence[Scaled], strategies: Strategies) -> Certificate:
    """Work in integers and divide once at the end: Fractions would reduce after every step."""
    weights = tuple(map(to_integers, strategies))
    everything = math.prod(weight.scale for weight in weights)
    deviations = deviation_payoffs([payoff.integers for payoff in payoffs], [weight.integers for weight in weights])
    earned, regrets, shortfalls = [], [], []
    for payoff, weight, vector in zip(payoffs, weights, deviations, strict=True):
        values = vector.tolist()
        best = max(values)
        total = sum(map(operator.mul, weight.integers.tolist(), values))
        divisor = payoff.scale * everything
        earned.append(Fraction(total, divisor))
        regrets.append(Fraction(best * weight.scale - total, divisor))
        others = divisor // weight.scale
        shortfalls.append(tuple((best - value) / others for value in values))
    return Certificate(tuple(earned), tuple(regrets), tuple(shortfalls))


def supports_of(strategies: Strategies) -> tuple[tuple[int, ...], ...]:
    """Actions that each user plays with positive probability."""
    return tuple(
        tuple(action for action, probability in enumerate(strategy.tolist()) if probability) for strategy in strategies
    )
