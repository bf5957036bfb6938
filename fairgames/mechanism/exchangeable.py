"""Exchangeable users with two actions: pure, symmetric and half-mixed equilibria in one optimum."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fairgames.exactness import Array, Number
from fairgames.mechanism.optimum import Optimum
from fairgames.mechanism.outcome import warnings_of
from fairgames.mechanism.problem import Problem
from fairgames.mechanism.symmetric_game import SymmetricGame, symmetric_game
from fairgames.mechanism.symmetric_overall import FamilyOptimum, best_overall, worst_overall
from fairgames.tolerance import comparison_tolerance

SEARCHED = "all pure, symmetric and half-mixed equilibria"
MOST_USERS = 32


def is_exchangeable(problem: Problem) -> bool:
    """Whether users differ in nothing, have two actions, and no constraint is set."""
    first_costs, first_levels = problem.costs[0].tolist(), problem.allowed[0]
    return (
        problem.alone
        and problem.limits.describe() == "no constraints"
        and len(problem.utility.type_sizes) == 1
        and len(first_levels) == 2
        and 3 <= len(problem.costs) <= MOST_USERS
        and all(levels == first_levels for levels in problem.allowed)
        and all(cost.tolist() == first_costs for cost in problem.costs)
    )


def with_mixed_families(problem: Problem, selection: str, pure: Optimum) -> Optimum:
    """Replace the optimum over pure equilibria where mixing users change it.

    Parameters
    ----------
    problem : Problem
        With exchangeable users (`is_exchangeable`).
    selection : {"best", "worst"}
        Which equilibrium counts.
    pure : Optimum
        The optimum over pure equilibria.

    Returns
    -------
    Optimum
        Without a landscape where the pure one does not describe it: always for ``"worst"``.
    """
    low, high = problem.costs[0].tolist()
    game = symmetric_game(problem.utility, high - low, problem.allowed[0])
    if selection == "best":
        found = best_overall(game)
        least = comparison_tolerance(game.utilities)
        if found.mixing == 0 or pure.value is None or found.value <= pure.value + least:
            return replace(pure, searched=SEARCHED)
    else:
        found = worst_overall(game)
        if found.mixing == 0 and (found.alpha, found.value) == (pure.alpha, pure.value):
            return replace(pure, searched=SEARCHED, landscape=None)
    return _described(problem, game, found, pure)


def _described(problem: Problem, game: SymmetricGame, found: FamilyOptimum, pure: Optimum) -> Optimum:
    low, high = problem.costs[0].tolist()
    part = 0 if found.p is None else 1 - found.p
    joins = np.array([1] * found.less_private + [part] * found.mixing + [0] * found.more_private, dtype=object)
    borne = np.array([high * join + low * (1 - join) for join in joins.tolist()])
    payments = _payments(game, found, part) if game.absent else None
    bound = pure.upper_bound if found.exact or pure.upper_bound is None else float(pure.upper_bound)
    mixed = found.mixing > 0 and 0 < part < 1
    profile = tuple(game.actions[1] if join else game.actions[0] for join in joins.tolist())
    return replace(
        pure,
        alpha=found.alpha,
        value=found.value,
        utility=found.utility,
        attained=found.attained,
        approached_from=found.approached_from,
        exact=found.exact,
        searched=SEARCHED,
        profile=None if mixed else profile,
        strategies=tuple(np.array([1 - join, join]) for join in joins.tolist()) if mixed else None,
        payments=payments,
        costs=borne,
        users_surplus=found.alpha * found.utility - borne.sum(),
        welfare=found.utility - borne.sum(),
        gap=None if bound is None else bound - found.value,
        upper_bound=bound,
        price_of_fairness=bound / found.value if bound is not None and game.absent and found.value > 0 else None,
        landscape=None,
        ties=(),
        warnings=() if payments is None else warnings_of(problem, payments, borne),
    )


def _payments(game: SymmetricGame, found: FamilyOptimum, part: Number) -> Array:
    """Expected payments: a user who takes part beside ``h`` others earns ``alpha · gains[h]``."""

    def expected(sure: int, mixing: int) -> Number:
        terms = [
            math.comb(mixing, k) * part**k * (1 - part) ** (mixing - k) * game.gains[sure + k]
            for k in range(mixing + 1)
        ]
        total: Number = sum(terms[1:], terms[0])
        return total

    inside = found.alpha * expected(found.less_private - 1, found.mixing) if found.less_private else 0 * found.alpha
    mixing = found.alpha * part * expected(found.less_private, found.mixing - 1) if found.mixing else 0 * found.alpha
    return np.array([inside] * found.less_private + [mixing] * found.mixing + [0 * found.alpha] * found.more_private)
