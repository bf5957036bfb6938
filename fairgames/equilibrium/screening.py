"""From what a solver reported to distinct, certified equilibria: nothing else gets out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from fairgames.equilibrium.certify import Certificate, Certifier
from fairgames.equilibrium.solver import Strategies
from fairgames.exactness import LARGEST_PAYOFF_POWER, Array, as_array, is_exact, to_float
from fairgames.game.deviations import pure_strategy
from fairgames.tolerance import MATCHING, PROBABILITY, ROUNDING


@dataclass
class Screened:
    """Equilibria that passed, and what did not."""

    accepted: list[tuple[Strategies, Certificate]] = field(default_factory=list)
    ill_formed: int = 0
    """Not finite, of the wrong length, or no probabilities."""
    rejected: int = 0
    """Probabilities, but somebody gains by deviating."""
    repeated: int = 0

    def warnings(self) -> tuple[str, ...]:
        """Say what was dropped."""
        dropped = {
            "were not probabilities": self.ill_formed,
            "were not equilibria": self.rejected,
            "were repetitions": self.repeated,
        }
        return tuple(
            f"{count} of the solver's profiles {what}, and were dropped" for what, count in dropped.items() if count
        )


def screen(profiles: Iterable[Any], shape: tuple[int, ...], certifier: Certifier) -> Screened:
    """Keep the profiles that are well-formed, equilibria, and new.

    Parameters
    ----------
    profiles : iterable
        Probability vectors for each user, from any solver.
    shape : tuple of int
        Number of actions of each user.
    certifier : Certifier
        Of the game.

    Returns
    -------
    Screened

    Examples
    --------
    >>> A = np.eye(2)
    >>> screened = screen([([1, 0], [1, 0]), ([1, 0], [0, 1]), ([float("nan"), 1], [1, 0])], (2, 2), Certifier((A, A)))
    >>> len(screened.accepted), screened.rejected, screened.ill_formed
    (1, 1, 1)
    """
    screened = Screened()
    known = _Known()
    for profile in profiles:
        strategies = well_formed(profile, shape, exact=certifier.exact)
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


def without_repetitions(screened: Iterable[Screened]) -> list[tuple[Strategies, Certificate]]:
    """Join what several solvers found; an earlier solver's form of a profile wins.

    Solvers converge more or less well, so profiles of different solvers that differ by no more than
    `MATCHING` are one, unless both are exact.
    """
    joined: list[tuple[Strategies, Certificate]] = []
    known = _Known(MATCHING, MATCHING)
    for result in screened:
        fresh = [entry for entry in result.accepted if entry[0] not in known]
        for strategies, _ in fresh:
            known.add(strategies)
        joined += fresh
    return joined


def same_profile(left: Strategies, right: Strategies, tolerance: float = PROBABILITY) -> bool:
    """Whether no probability differs by more than ``tolerance``."""
    return all(
        np.abs(to_float(own) - to_float(other)).max() <= tolerance for own, other in zip(left, right, strict=True)
    )


def repetitions(profiles: Iterable[Strategies]) -> int:
    """How many of the profiles came before."""
    known, repeated = _Known(), 0
    for strategies in profiles:
        repeated += strategies in known
        known.add(strategies)
    return repeated


class _Known:
    """Profiles seen so far: exact ones equal exactly, others within a part of each probability."""

    def __init__(self, part: float = PROBABILITY, floor: float = ROUNDING) -> None:
        self._part, self._floor = part, floor
        self._exact: set[tuple[Fraction, ...]] = set()
        self._floats: list[Array] = []
        self._inexact = False

    def add(self, strategies: Strategies) -> None:
        if all(map(is_exact, strategies)):
            self._exact.add(_numbers(strategies))
        else:
            self._inexact = True
        self._floats.append(np.array(_numbers(strategies), dtype=float))

    def __contains__(self, strategies: Strategies) -> bool:
        if all(map(is_exact, strategies)) and not self._inexact:
            return _numbers(strategies) in self._exact
        if not self._floats:
            return False
        seen, here = np.array(self._floats), np.array(_numbers(strategies), dtype=float)
        same = np.abs(seen - here) <= self._part * np.maximum(seen, here) + self._floor
        return bool(same.all(axis=1).any())


def _numbers(strategies: Strategies) -> tuple[Any, ...]:
    return tuple(probability for strategy in strategies for probability in strategy.tolist())


def well_formed(profile: Any, shape: tuple[int, ...], *, exact: bool) -> Strategies | None:
    """Read a solver's profile as probability vectors; None when it is not one.

    Rationals are kept as they are. Float probabilities within rounding of 0 become 0, so that
    supports are what they are meant to be, and a float strategy that is pure becomes exact in an
    exact game.
    """
    try:
        strategies = tuple(_vector(strategy) for strategy in profile)
    except (TypeError, ValueError):
        return None
    if tuple(strategy.shape for strategy in strategies) != tuple((size,) for size in shape):
        return None
    cleaned = tuple(
        _exact_probabilities(strategy) if is_exact(strategy) else _probabilities(strategy, exact=exact)
        for strategy in strategies
    )
    return None if any(strategy is None for strategy in cleaned) else cleaned  # type: ignore[return-value]


def _vector(strategy: Any) -> Array:
    if isinstance(strategy, np.ndarray) and strategy.ndim == 1 and set(map(type, strategy.tolist())) == {Fraction}:
        return strategy
    return as_array(strategy, "strategy", power=LARGEST_PAYOFF_POWER)


def _exact_probabilities(strategy: Array) -> Array | None:
    values = strategy.tolist()
    return strategy if min(values) >= 0 and sum(values) == 1 else None


def _probabilities(strategy: Array, *, exact: bool) -> Array | None:
    values = strategy.tolist()
    if min(values) < -PROBABILITY or abs(sum(values) - 1) > PROBABILITY:
        return None
    played = [action for action, value in enumerate(values) if value > PROBABILITY]
    if exact and len(played) == 1:
        return pure_strategy(played[0], len(values))
    if all(value == 0 or value > PROBABILITY for value in values):
        return strategy
    cleaned = np.where(strategy > PROBABILITY, strategy, 0.0)
    result: Array = cleaned / cleaned.sum()
    return result
