"""How sure a decision is: the same question asked of many utilities that might be the true one.

One decision, and the same question asked again of another utility.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import DataError, InputError
from fairgames.exactness import Array, to_float
from fairgames.game.costs import Actions, allowed_actions, as_costs, on_actions
from fairgames.game.deviations import against_others
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.mechanism.problem import Selection
from fairgames.parallel import run_in_order
from fairgames.payments.rules import Fair
from fairgames.result import Result, format_value
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Utility

Supports: TypeAlias = tuple[tuple[int, ...], ...]
"""Levels that each user plays with positive probability."""

Allowed: TypeAlias = tuple[tuple[int, ...], ...]
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
    allowed: Allowed
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


def decision_at(optimum: Optimum, allowed: Allowed, costs: Array) -> Decision:
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
    shares = [to_float(on_actions(share, decision.allowed)) for share in Fair().everywhere(utility)]
    # What each user earns with each of its actions while the others keep to the decision.
    paid = [against_others(share, decision.strategies, user) for user, share in enumerate(shares)]
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


_CONSTRAINTS = ("margin", "budget", "min_utility", "alpha_range")


@dataclass(frozen=True, eq=False, repr=False)
class Certainty(Result):
    """A decision, and what it would have been under other draws of the data.

    Attributes
    ----------
    optimum : Optimum
        The decision: the optimum of the utility at hand.
    supports : tuple of tuple of int
        Levels that each user plays there; one each in pure strategies.
    alphas, values : ndarray, shape (R,)
        Optimal payment fraction, and what the platform keeps, in each usable resample; NaN where no
        equilibrium meets the constraints.
    alternatives : tuple of (supports, float)
        What is optimal in the resamples, and in which share of the usable ones, most frequent first; no
        levels at all where no equilibrium meets the constraints.
    still_optimal : float
        Share of the usable resamples in which the decision's levels are (or tie with) the optimum.
    still_equilibrium : float
        Share in which nobody would leave the decision at its own alpha. In mixed strategies users are
        indifferent at one alpha only, so this is 0 as a rule.
    payments : ndarray, shape (R, N)
        Payments at the decision (its levels and its alpha) under each usable resample.
    resamples, left_out : int
        Number of resamples, and of those that were not usable.
    why_left_out : str
        What was wrong with them.
    level : float
        Coverage of the intervals.
    """

    optimum: Optimum
    supports: Supports
    alphas: NDArray[np.float64]
    values: NDArray[np.float64]
    alternatives: tuple[tuple[Supports, float], ...]
    still_optimal: float
    still_equilibrium: float
    payments: NDArray[np.float64]
    resamples: int
    left_out: int
    why_left_out: str
    level: float

    @public
    def interval(self, numbers: ArrayLike) -> tuple[Array, Array]:
        """Percentile interval along the first axis, for instance of ``payments`` or ``alphas``; NaNs do not count."""
        tail = (1 - self.level) / 2
        try:
            drawn = np.asarray(numbers, dtype=float)
        except (TypeError, ValueError, ArithmeticError):
            raise InputError("numbers", "must be an array of numbers", numbers) from None
        if not drawn.ndim or not drawn.size or np.isinf(drawn).any():
            raise InputError("numbers", "must be at least one row of numbers that are finite or NaN", numbers)
        low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
        return low, high

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        def row(name: str, value: object, numbers: Array) -> list[str]:
            low, high = self.interval(numbers)
            return [name, format_value(value), f"{format_value(float(low))} to {format_value(float(high))}"]

        share = f"{100 * self.left_out / self.resamples:.3g} %"
        rows = [
            ["levels", _words(self.supports), f"optimal in {100 * self.still_optimal:.3g} %"],
            ["equilibrium at this alpha", "yes", f"in {100 * self.still_equilibrium:.3g} %"],
            row("alpha", self.optimum.alpha, self.alphas),
            row("platform keeps", self.optimum.value, self.values),
        ]
        paid = self.optimum.payments
        for user, payment in enumerate([] if paid is None else paid.tolist()):
            rows.append(row(f"payment of user {user}", payment, self.payments[:, user]))
        rows += [
            [
                "also optimal" if supports else "no optimum",
                _words(supports),
                f"in {100 * part:.3g} %",
            ]
            for supports, part in self.alternatives[:5]
            if supports != self.supports
        ]
        if self.left_out:
            rows.append(["left out", f"{self.left_out} of {self.resamples} ({share})", self.why_left_out])
        title = f"How sure: {self.resamples} resamples, {100 * self.level:.3g} % intervals"
        return title, ("quantity", "decision", "under resampling"), rows


def _words(supports: Supports) -> str:
    return ", ".join("/".join(map(str, levels)) for levels in supports)


def certainty(
    utility: Utility,
    draws: Sequence[Any],
    utility_of: Callable[[Any], Utility],
    costs: object,
    *,
    selection: Selection = "best",
    actions: Actions = None,
    constraints: Mapping[str, Any] | None = None,
    level: float = 0.9,
    left_out: tuple[int, str] = (0, ""),
    n_jobs: int | None = None,
) -> Certainty:
    """Ask every drawn utility for its optimum, and compare with the optimum of the utility at hand.

    Parameters
    ----------
    utility : Utility
        The utility at hand.
    draws : sequence
        What tells the usable resamples apart.
    utility_of : callable
        Utility of one draw; picklable for backends that use processes.
    costs, selection, actions
        As for `optimal_alpha`.
    constraints : mapping, optional
        Its ``margin``, ``budget``, ``min_utility`` and ``alpha_range``, by name.
    level : float
        Coverage of the intervals, strictly between 0 and 1.
    left_out : (int, str)
        Number of resamples that gave no utility, and why.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.

    Returns
    -------
    Certainty
        The same for every ``n_jobs``.

    Raises
    ------
    InputError
        If an argument is malformed.
    DataError
        If no resample is usable, or there is no decision to be sure of.
    """
    if not 0 < level < 1:
        raise InputError("level", "must lie strictly between 0 and 1", level)
    table = as_costs(costs, utility.shape)
    allowed = allowed_actions(table, actions, utility.shape)
    if not draws:
        raise DataError(f"none of the {left_out[0]} resamples can be used: {left_out[1]}")
    for name in constraints or ():
        if name not in _CONSTRAINTS:
            raise InputError("constraints", f"must be named among {', '.join(_CONSTRAINTS)}", name)
    solve = partial(_optimum, costs, selection, allowed, constraints or {})
    optimum = solve(utility)
    if optimum.infeasible is not None:
        raise DataError(f"there is no optimum to be sure of: {optimum.infeasible}")
    decision = decision_at(optimum, allowed, table)
    ask = partial(ask_again, utility_of, solve, decision)
    answers = list(run_in_order(ask, draws, n_jobs=n_jobs, description="resamples"))
    counted = Counter(answer.supports for answer in answers)
    return Certainty(
        optimum=optimum,
        supports=decision.supports,
        alphas=np.array([answer.alpha for answer in answers]),
        values=np.array([answer.value for answer in answers]),
        alternatives=tuple((found, count / len(answers)) for found, count in counted.most_common()),
        still_optimal=float(np.mean([answer.same for answer in answers])),
        still_equilibrium=float(np.mean([answer.stable for answer in answers])),
        payments=np.array([answer.payments for answer in answers]),
        resamples=len(draws) + left_out[0],
        left_out=left_out[0],
        why_left_out=left_out[1],
        level=level,
    )


def _optimum(
    costs: object,
    selection: Selection,
    allowed: tuple[tuple[int, ...], ...],
    constraints: Mapping[str, Any],
    utility: Utility,
) -> Optimum:
    return optimal_alpha(utility, costs, selection, actions=allowed, **constraints)
