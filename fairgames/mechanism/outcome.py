"""What happens at an optimum: payments, costs, surplus, and how it compares with paying costs alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.mechanism.landscape import Landscape, Profile
from fairgames.mechanism.optimum import Optimum, infeasible_optimum
from fairgames.mechanism.peaks import Peak
from fairgames.mechanism.problem import Problem
from fairgames.mechanism.pure import Search
from fairgames.mechanism.ranges import in_floats
from fairgames.result import format_value
from fairgames.tolerance import comparison_tolerance


def as_optimum(problem: Problem, selection: str, search: Search) -> Optimum:
    """Describe what a search found.

    Parameters
    ----------
    problem : Problem
        The problem that was searched.
    selection : str
        Which equilibrium counts.
    search : Search
        Its outcome.

    Returns
    -------
    Optimum
        Without an `alpha` when nothing meets the constraints.
    """
    pieces = search.pieces if problem.exact else [in_floats(piece) for piece in search.pieces]
    landscape = Landscape(tuple(pieces), selection)
    if search.peak is None:
        return infeasible_optimum(_reason(problem, search), selection, search.searched, landscape)
    peak = search.peak
    exact = problem.exact and isinstance(peak.alpha, Fraction) and isinstance(peak.value, Fraction)
    alpha, value, worth = _numbers(peak, exact=exact)
    payments, costs = _payments_and_costs(problem, peak)
    strategies = peak.piece.strategies(peak.alpha)
    if not exact:
        payments, costs = to_float(payments), to_float(costs)
        strategies = strategies and tuple(to_float(strategy) for strategy in strategies)
    bound, tolerance = upper_bound(problem), comparison_tolerance(problem.utilities)
    if not exact:
        bound = float(bound)
    return Optimum(
        alpha=alpha,
        value=value,
        utility=worth,
        attained=peak.approached_from is None,
        approached_from=peak.approached_from,
        exact=exact,
        selection=selection,
        searched=search.searched,
        profile=peak.piece.profile,
        strategies=strategies,
        payments=payments,
        costs=costs,
        users_surplus=(payments - costs).sum(),
        welfare=worth - costs.sum(),
        upper_bound=bound,
        gap=bound - value,
        price_of_fairness=bound / value if problem.absent_allowed and value > tolerance else None,
        landscape=landscape,
        ties=search.ties,
        warnings=warnings_of(problem, payments, costs),
    )


def upper_bound(problem: Problem) -> Number:
    """Most that the platform could keep under any payments that leave every user at least its cost.

    That is ``max U − Σ c`` when everybody may stay absent; otherwise users cannot refuse, and only the
    largest utility (or 0) bounds it.
    """
    if not problem.absent_allowed:
        most: Number = max(problem.utilities.max(), problem.number(Fraction(0)))
        return most
    _, bound = pay_exactly_cost(problem)
    return bound


def pay_exactly_cost(problem: Problem) -> tuple[Profile, Number]:
    """Best profile, and what the platform keeps, when it pays each user exactly its cost (``max U − Σ c``)."""
    left = problem.utilities.copy()
    for player, cost in enumerate(problem.player_costs):
        left = left - cost.reshape([-1 if axis == player else 1 for axis in range(left.ndim)])
    flat = left.reshape(-1)
    top = int(np.flatnonzero((flat >= flat.max() - comparison_tolerance(problem.utilities)).astype(bool))[0])
    return problem.profile(top), flat[top]


def _numbers(peak: Peak, *, exact: bool) -> tuple[Number, Number, Number]:
    worth = peak.piece.utility(peak.alpha)
    if exact:
        return peak.alpha, peak.value, worth
    return float(peak.alpha), float(peak.value), float(worth)


def _payments_and_costs(problem: Problem, peak: Peak) -> tuple[Array, Array]:
    alpha = peak.alpha
    if peak.piece.profile is not None:
        levels = peak.piece.profile
        return alpha * problem.payments_at(levels), problem.costs_at(levels)
    strategies = peak.piece.strategies(alpha)
    assert strategies is not None
    shares = [_expected(share, strategies) for share in problem.user_shares]
    return alpha * np.array(shares), _expected_costs(problem, strategies)


def _expected(tensor: Array, strategies: tuple[Array, ...]) -> Number:
    """Expectation of a tensor (one axis a player) under independent mixed strategies."""
    for strategy in reversed(strategies):
        tensor = tensor @ (strategy if is_exact(tensor) else to_float(strategy))
    return tensor  # type: ignore[return-value]


def _expected_costs(problem: Problem, strategies: tuple[Array, ...]) -> Array:
    expected: list[Number] = [Fraction(0)] * len(problem.costs)
    for bloc, strategy in zip(problem.blocs, strategies, strict=True):
        sizes = [problem.costs[user].size for user in bloc]
        for place, user in enumerate(bloc):
            others = tuple(axis for axis in range(len(bloc)) if axis != place)
            expected[user] = strategy.reshape(sizes).sum(axis=others) @ problem.costs[user]
    return np.array(expected)


def warnings_of(problem: Problem, payments: Array, costs: Array) -> tuple[str, ...]:
    """Say who pays the platform, who loses, and whose costs fall with the level."""
    tolerance = comparison_tolerance(payments, costs)
    found = []
    for user, (payment, cost) in enumerate(zip(payments.tolist(), costs.tolist(), strict=True)):
        if payment < -tolerance:
            found.append(f"user {user} pays the platform {format_value(-payment)}: its fair payment is negative")
        if payment - cost < -tolerance:
            why = "its bloc makes up for it" if 0 in problem.allowed[user] else "it may not stay absent"
            found.append(f"user {user} loses {format_value(cost - payment)}: {why}")
    falling = [user for user, cost in enumerate(problem.costs) if any(b < a for a, b in pairwise(cost))]
    if falling:
        found.append(f"costs fall as the level rises for users {', '.join(map(str, falling))}")
    return tuple(found)


def _reason(problem: Problem, search: Search) -> str:
    free = replace(problem.limits, budget=None, min_utility=None, alpha_from=Fraction(0), alpha_to=Fraction(1))
    if problem.limits == free and problem.limits.margin == 0:
        return "there is no pure equilibrium at any alpha"
    return f"at no alpha is there an equilibrium (of {search.searched}) with {problem.limits.describe()}"
