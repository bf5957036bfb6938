"""From what a solver reported to distinct, certified equilibria: nothing else gets out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from fairgames.equilibrium.regret import Certificate, Certifier
from fairgames.equilibrium.solver import Strategies
from fairgames.exactness import Array, as_array, is_exact, to_float
from fairgames.game.deviations import pure_strategy
from fairgames.tolerance import PROBABILITY


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
    known: set[object] = set()
    for profile in profiles:
        strategies = well_formed(profile, shape, exact=certifier.exact)
        if strategies is None:
            screened.ill_formed += 1
            continue
        key = tuple(probability.as_integer_ratio() for strategy in strategies for probability in strategy.tolist())
        if key in known or (not _all_exact(strategies) and _is_near(strategies, screened)):
            screened.repeated += 1
            continue
        certificate = certifier.certify(strategies)
        if certifier.accepts(certificate):
            known.add(key)
            screened.accepted.append((strategies, certificate))
        else:
            screened.rejected += 1
    return screened


def without_repetitions(screened: Iterable[Screened]) -> list[tuple[Strategies, Certificate]]:
    """Join what several solvers found; an earlier solver's form of a profile wins."""
    joined: list[tuple[Strategies, Certificate]] = []
    for result in screened:
        earlier = [strategies for strategies, _ in joined]
        joined += [entry for entry in result.accepted if not any(same_profile(entry[0], other) for other in earlier)]
    return joined


def _all_exact(strategies: Strategies) -> bool:
    return all(map(is_exact, strategies))


def _is_near(strategies: Strategies, screened: Screened) -> bool:
    return any(same_profile(strategies, accepted) for accepted, _ in screened.accepted)


def well_formed(profile: Any, shape: tuple[int, ...], *, exact: bool) -> Strategies | None:
    """Read a solver's profile as probability vectors; None when it is not one.

    In a float game all strategies are floats. Float probabilities within rounding of 0 become 0, so
    that supports are what they are meant to be, and a float strategy that is pure becomes exact in
    an exact game.
    """
    try:
        strategies = tuple(_vector(strategy) for strategy in profile)
    except (TypeError, ValueError):
        return None
    if tuple(strategy.shape for strategy in strategies) != tuple((size,) for size in shape):
        return None
    cleaned = []
    for strategy in strategies:
        if is_exact(strategy):
            valid = min(strategy.tolist()) >= 0 and sum(strategy.tolist()) == 1
        else:
            valid = bool(strategy.min() >= -PROBABILITY and abs(strategy.sum() - 1) <= PROBABILITY)
        if not valid:
            return None
        cleaned.append(strategy if exact and is_exact(strategy) else _without_noise(to_float(strategy), exact=exact))
    return tuple(cleaned)


def _vector(strategy: Any) -> Array:
    if isinstance(strategy, np.ndarray) and strategy.ndim == 1 and set(map(type, strategy.tolist())) == {Fraction}:
        return strategy
    return as_array(strategy, "strategy")


def _without_noise(strategy: Array, *, exact: bool) -> Array:
    played = np.flatnonzero(strategy > PROBABILITY)
    if exact and played.size == 1:
        return pure_strategy(int(played[0]), strategy.size)
    cleaned = np.where(strategy > PROBABILITY, strategy, 0.0)
    result: Array = cleaned / cleaned.sum()
    return result


def same_profile(left: Strategies, right: Strategies) -> bool:
    """Whether two profiles are equal: within rounding, unless both are exact."""
    return all(_same(own, other) for own, other in zip(left, right, strict=True))


def _same(left: Array, right: Array) -> bool:
    if is_exact(left) and is_exact(right):
        return bool(left.tolist() == right.tolist())
    return bool(np.abs(to_float(left) - to_float(right)).max() <= PROBABILITY)
