"""The platform's optimum: one result for every kind of game.

What happens at an optimum: payments, costs, surplus, and how it compares with paying costs alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.mechanism.dense import Search
from fairgames.mechanism.landscape import Landscape, Peak, Profile, in_floats
from fairgames.mechanism.problem import Problem
from fairgames.result import Result, format_value
from fairgames.tolerance import ROUNDING, near

_OF_ESTIMATES = {"reason", "standard_errors", "regret", "regret_error"}


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Result):
    """The payment fraction that is best for the platform, and what happens there.

    Attributes
    ----------
    alpha : Fraction, float or None
        The optimal payment fraction; where the optimum is only approached, the limit. None when
        nothing meets the constraints.
    value : Fraction, float or None
        What the platform keeps, ``(1 − alpha) · utility``.
    utility : Fraction, float or None
        Expected utility at the optimum (its limit when only approached).
    attained : bool
        Whether ``value`` is reached, or only approached as alpha tends to ``alpha``.
    approached_from : str or None
        ``"above"`` or ``"below"`` when the optimum is only approached.
    exact : bool
        True: ``alpha`` and ``value`` are the exact rationals. Otherwise floats, correct to the last
        digits, of an irrational root or of float inputs.
    selection : str
        Which equilibrium counts when there are several: ``"best"``, ``"worst"`` or ``"potential"``.
    searched : str
        The equilibria over which the optimum ranges.
    profile : tuple of int, ndarray or None
        Level of each user, or ``counts[entry, level]`` of very many users; None in mixed strategies.
    strategies : tuple of ndarray or None
        Probability of each allowed action of each player, when mixed.
    payments, costs : ndarray or None, shape (N,)
        Expected payment and privacy cost of each user; shaped like ``profile`` where that counts users.
    users_surplus : Fraction, float or None
        Payments less costs, over all users.
    welfare : Fraction, float or None
        Utility less costs: what platform and users gain together.
    upper_bound : Fraction, float or None
        What the platform would keep if it could pay each user exactly its cost; where "absent" is not
        an action, the largest utility (or 0). Among very many users a bound on that or, where it is lower, on what any
        pure equilibrium leaves under fair payments (``reason`` says which); None when nothing is known.
    gap : Fraction, float or None
        ``upper_bound − value``.
    price_of_fairness : Fraction, float or None
        What paying exactly costs would leave (or its bound), over ``value``; None when ``value`` is not positive,
        "absent" is not an action, or the bound is a loose one.
    landscape : Landscape or None
        The selected equilibrium at every alpha.
    ties : tuple of tuple of int
        Other pure profiles that do as well at the same alpha.
    reason : str
        How the answer was computed, and why that way.
    standard_errors : ndarray or None
        Of ``payments``; None when they are not estimated.
    regret, regret_error : float or None
        What the most tempted user gains by moving, recomputed from estimated payments, and the standard error of
        that; None where the search itself proves that nobody gains.
    infeasible : str or None
        Why nothing meets the constraints, when nothing does.
    warnings : tuple of str
        What the reader should know, for instance negative payments.

    Examples
    --------
    >>> from fairgames.mechanism.optimal import optimal_alpha
    >>> optimum = optimal_alpha([[0, "2/3"], ["2/3", 1]], costs=[0, "3/10"])
    >>> optimum.alpha, optimum.value, optimum.profile
    (Fraction(3, 5), Fraction(2, 5), (1, 1))
    """

    alpha: Number | None
    value: Number | None
    utility: Number | None
    attained: bool
    approached_from: str | None
    exact: bool
    selection: str
    searched: str
    profile: tuple[int, ...] | Array | None = None
    strategies: tuple[Array, ...] | None = None
    payments: Array | None = None
    costs: Array | None = None
    users_surplus: Number | None = None
    welfare: Number | None = None
    upper_bound: Number | None = None
    gap: Number | None = None
    price_of_fairness: Number | None = None
    landscape: Landscape | None = None
    ties: tuple[tuple[int, ...], ...] = ()
    reason: str = ""
    standard_errors: Array | None = None
    regret: Number | None = None
    regret_error: float | None = None
    infeasible: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether any alpha and equilibrium meet the constraints."""
        return self.infeasible is None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        if self.infeasible is not None:
            return f"Optimum ({self.selection})", ("quantity", "value"), [("infeasible", self.infeasible)]
        skipped = {"landscape", "warnings", "ties", "infeasible", "approached_from", "strategies"}
        if self.regret is None:
            skipped |= _OF_ESTIMATES
        rows = [
            (field.name.replace("_", " "), format_value(getattr(self, field.name)))
            for field in fields(self)
            if field.name not in skipped
        ]
        if self.approached_from is not None:
            rows.append(("approached from", self.approached_from))
        if self.strategies is not None:
            rows.append(("strategies", format_value(self.strategies)))
        if self.ties:
            rows.append(("ties", format_value(self.ties)))
        rows.extend(("warning", text) for text in self.warnings)
        return f"Optimum ({self.selection})", ("quantity", "value"), rows


def infeasible_optimum(reason: str, selection: str, searched: str, landscape: Landscape | None = None) -> Optimum:
    """Say that nothing meets the platform's constraints, and why."""
    return Optimum(
        alpha=None,
        value=None,
        utility=None,
        attained=False,
        approached_from=None,
        exact=False,
        selection=selection,
        searched=searched,
        landscape=landscape,
        infeasible=reason,
    )


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
    bound = upper_bound(problem)
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
        price_of_fairness=bound / value if problem.absent_allowed and value > near(worth) else None,
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
    most, worth = flat.max(), problem.utilities.reshape(-1)
    tops = np.flatnonzero((flat >= most - near(worth.max(), worth.min())).astype(bool))
    rounding = near(worth[tops], worth[tops] - flat[tops], part=ROUNDING) + near(most)
    return problem.profile(int(tops[np.argmax(flat[tops] >= most - rounding)])), most


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
    tolerance = near(abs(payments).max())
    found = []
    for user, (payment, cost) in enumerate(zip(payments.tolist(), costs.tolist(), strict=True)):
        if payment < -tolerance:
            found.append(f"user {user} pays the platform {format_value(-payment)}: its fair payment is negative")
        if payment - cost < -tolerance - near(cost, part=ROUNDING):
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
