"""One decision, and the same question asked again of another utility."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, to_float
from fairgames.game.actions import on_actions
from fairgames.mechanism.optimum import Optimum
from fairgames.payments.rules import FairRule
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Utility

Supports: TypeAlias = tuple[tuple[int, ...], ...]
"""Levels that each user plays with positive probability."""

Actions: TypeAlias = tuple[tuple[int, ...], ...]
"""Levels that each user may choose."""


@dataclass(frozen=True, eq=False)
class Decision:
    """What was decided.

    Attributes
    ----------
    alpha : float
        The payment fraction.
    strategies : sequence of ndarray
        Probability of each action of each user.
    supports : tuple of tuple of int
        Levels that each user plays.
    allowed : tuple of tuple of int
        Levels that each user may choose.
    costs : ndarray, shape (N, L)
        Privacy costs.
    """

    alpha: float
    strategies: Sequence[NDArray[np.float64]]
    supports: Supports
    allowed: Actions
    costs: Array


@dataclass(frozen=True, eq=False)
class Answer:
    """Answer under one resample.

    Attributes
    ----------
    alpha, value : float
        Of its optimum; NaN when it has none.
    supports : tuple of tuple of int
        Levels that users play there; empty when it has none.
    same : bool
        Whether the decision's levels are, or tie with, its optimum.
    stable : bool
        Whether nobody would leave the decision.
    payments : ndarray, shape (N,)
        At the decision.
    """

    alpha: float
    value: float
    supports: Supports
    same: bool
    stable: bool
    payments: NDArray[np.float64]


def decision_at(optimum: Optimum, allowed: Actions, costs: Array) -> Decision:
    """Decide for an optimum."""
    strategies = _strategies(optimum, allowed)
    return Decision(float(optimum.alpha or 0), strategies, _supports(strategies, allowed), allowed, costs)


def ask_again(
    utility_of: Callable[[Any], Utility], solve: Callable[[Utility], Optimum], decision: Decision, draw: Any
) -> Answer:
    """Find the optimum of a drawn utility, and what becomes of the decision under it.

    Parameters
    ----------
    utility_of : callable
        Utility of a draw.
    solve : callable
        Optimum of a utility.
    decision : Decision
        What was decided without the draw.
    draw : object
        The draw.
    """
    utility = utility_of(draw)
    optimum = solve(utility)
    supports = () if optimum.infeasible else _supports(_strategies(optimum, decision.allowed), decision.allowed)
    tied = [tuple((level,) for level in profile) for profile in optimum.ties]
    shares = [to_float(on_actions(share, decision.allowed)) for share in FairRule().everywhere(utility)]
    # What each user earns with each of its actions while the others keep to the decision.
    paid = [_against_others(share, decision.strategies, user) for user, share in enumerate(shares)]
    earned = [
        decision.alpha * paid[user] - to_float(decision.costs[user, list(levels)])
        for user, levels in enumerate(decision.allowed)
    ]
    slack = RELATIVE * max(float(np.abs(share).max()) for share in shares)
    stable = all(
        own[strategy > 0].min() >= own.max() - slack for own, strategy in zip(earned, decision.strategies, strict=True)
    )
    return Answer(
        alpha=math.nan if optimum.alpha is None else float(optimum.alpha),
        value=math.nan if optimum.value is None else float(optimum.value),
        supports=supports,
        same=decision.supports == supports or decision.supports in tied,
        stable=stable,
        payments=decision.alpha
        * np.array([strategy @ own for strategy, own in zip(decision.strategies, paid, strict=True)]),
    )


def _strategies(optimum: Optimum, allowed: Sequence[Sequence[int]]) -> list[NDArray[np.float64]]:
    if optimum.strategies is not None:
        return [to_float(strategy) for strategy in optimum.strategies]
    profile = np.asarray(optimum.profile)
    return [(np.asarray(levels) == profile[user]).astype(float) for user, levels in enumerate(allowed)]


def _supports(strategies: Sequence[Array], allowed: Sequence[Sequence[int]]) -> Supports:
    return tuple(
        tuple(level for level, probability in zip(levels, strategy.tolist(), strict=True) if probability > 0)
        for levels, strategy in zip(allowed, strategies, strict=True)
    )


def _against_others(tensor: Array, strategies: Sequence[Array], user: int) -> Array:
    for other in reversed(range(len(strategies))):
        if other != user:
            tensor = np.tensordot(tensor, strategies[other], axes=([other], [0]))
    return tensor
