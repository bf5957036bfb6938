"""The platform's optimum: one result for every kind of game, one builder for it, and one writer of its warnings.

A search (`dense`, `two_player`, `types`, `symmetric`, `crowds`) finds a peak; here it becomes an `Optimum` with
payments, costs and surplus (eqs. 19, 21, 26), beside what the platform would keep by paying exactly costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from fairgames.exactness import Array, Number, decimal_text, decimals_within, to_float
from fairgames.game.deviations import expected
from fairgames.game.shares import less_all_costs
from fairgames.mechanism.dense import Search
from fairgames.mechanism.landscape import Landscape, Piece, Profile, highest_peak, in_floats, kept
from fairgames.mechanism.problem import Problem
from fairgames.result import Paying, Result, format_value
from fairgames.tolerance import ANNOUNCED_LOSS, RELATIVE, ROUNDING, near

_MOST_NAMED = 5
_NEGATIVE = "user {} pays the platform {}: its fair payment is negative", "{} users are paid less than nothing"
_HELD = "user {} loses {}: it may not stay absent", "{} users lose, since they may not stay absent"
_POOLED = "user {} loses {}: its bloc makes up for it", "{} users lose, and their blocs make up for it"
_FALLING = "costs fall as the level rises for user {}", "costs fall as the level rises for {} users"
_OF_ESTIMATES = {"reason", "standard_errors", "regret", "regret_error", "verified"}


@dataclass(frozen=True, eq=False, repr=False)
class Announcement(Result):
    """A payment fraction that the platform can announce as it is written here.

    Attributes
    ----------
    alpha : Fraction or float
        Inside the range of alpha at which the equilibrium is the one that counts.
    text : str
        The shortest decimal that costs the platform next to nothing; ``"2/3"`` where one fraction alone will do.
    value : Fraction or float
        What the platform keeps there.
    lost : Fraction or float
        How much less that is than at the optimum itself.
    reached : bool
        False where no number that can be written reaches the optimum's own equilibrium: then this is the best
        equilibrium, another one, that a decimal does reach.

    Examples
    --------
    >>> from fairgames.mechanism.optimal import optimal_alpha
    >>> optimal_alpha([[0, "2/3"], ["2/3", 1]], costs=[0, "2/7"]).announced.text
    '0.57143'
    """

    alpha: Number
    text: str
    value: Number
    lost: Number
    reached: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Paying):
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
    piece : Piece or None
        The range of alpha on which the equilibrium at the optimum holds and is the one that counts; None where only
        its value is known.
    ties : tuple of tuple of int
        Other pure profiles that do as well at the same alpha.
    reason : str
        How the answer was computed, and why that way.
    standard_errors : ndarray or None
        Of ``payments``; None when they are not estimated.
    regret, regret_error : float or None
        What the most tempted user gains by moving, recomputed from estimated payments, and the standard error of
        that; None where the search itself proves that nobody gains.
    verified : bool
        Whether nobody gains by moving, as far as the payments' errors allow to say.
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

    alpha: Number | None = None
    value: Number | None = None
    utility: Number | None = None
    attained: bool = False
    approached_from: str | None = None
    exact: bool = False
    selection: str = "best"
    searched: str = ""
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
    piece: Piece | None = None
    ties: tuple[tuple[int, ...], ...] = ()
    reason: str = ""
    standard_errors: Array | None = None
    regret: Number | None = None
    regret_error: float | None = None
    verified: bool = True
    infeasible: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether any alpha and equilibrium meet the constraints."""
        return self.infeasible is None

    @property
    def announced(self) -> Announcement | None:
        """Alpha as one may announce it: typed back, it gives this equilibrium; None where ``piece`` is."""
        if self.piece is None or self.value is None or self.alpha is None:
            return None
        found = _announced(self.piece, self.alpha, self.value)
        if found is not None or self.landscape is None:
            return found
        peak = highest_peak(piece for piece in self.landscape.pieces if piece.alpha_from < piece.alpha_to)
        safe = None if peak is None else _announced(peak.piece, peak.alpha, peak.value)
        return None if safe is None else replace(safe, lost=self.value - safe.value, reached=False)

    @property
    def alpha_text(self) -> str:
        """Alpha as it may be typed: the announced one, or where none reaches this equilibrium, all its digits."""
        said = self.announced
        return "-" if self.alpha is None else said.text if said and said.reached else decimal_text(self.alpha)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        if self.infeasible is not None:
            return f"Optimum ({self.selection})", ("quantity", "value"), [("infeasible", self.infeasible)]
        skipped = {
            "scenario",
            "asked",
            "landscape",
            "piece",
            "warnings",
            "ties",
            "infeasible",
            "approached_from",
            "strategies",
        }
        if self.regret is None:
            skipped |= _OF_ESTIMATES
        rows: list[tuple[str, object]] = [
            (field.name.replace("_", " "), getattr(self, field.name))
            for field in fields(self)
            if field.name not in skipped
        ]
        if not isinstance(self.alpha, Fraction) or format_value(self.alpha) != str(self.alpha):
            # Rounded to nearest, it may lie where another equilibrium is.
            rows[0] = ("alpha", self.alpha_text)
        if self.approached_from is not None:
            rows.append(("approached from", self.approached_from))
        if self.strategies is not None:
            rows.append(("strategies", self.strategies))
        if self.ties:
            rows.append(("ties", self.ties))
        rows.extend(("warning", text) for text in self.warnings)
        doubt = "" if self.verified else ", unverified: some user may gain by moving"
        return f"Optimum ({self.selection}){doubt}", ("quantity", "value"), rows


def _announced(piece: Piece, alpha: Number, value: Number) -> Announcement | None:
    """Shortest decimal on a piece at which the platform keeps next to all of ``value``; None where there is none."""
    low, high = piece.alpha_from, piece.alpha_to
    if low == high and isinstance(low, Fraction):
        return Announcement(alpha, decimal_text(alpha), value, 0 * value) if isinstance(alpha, Fraction) else None
    # An end in floats holds within rounding, and a single alpha within the tolerance of comparisons.
    rounding = near(low, high, part=ROUNDING if high - low > near(low, high) else RELATIVE)
    for decimal in decimals_within(low - rounding, high + rounding, alpha):
        if not ((decimal == low and not piece.closed_from) or (decimal == high and not piece.closed_to)):
            there = decimal if isinstance(low, Fraction) else float(decimal)
            lost = value - kept(piece, there)
            if lost <= ANNOUNCED_LOSS * abs(float(value)):
                return Announcement(there, decimal_text(decimal), value - lost, lost)
    return None


class AtPeak(NamedTuple):
    """Levels of all users at the peak of a search, their payments at alpha = 1, and the bound on what it could keep."""

    profile: Profile
    shares: Array
    upper_bound: Number


def infeasible_optimum(reason: str, selection: str, searched: str, landscape: Landscape | None = None) -> Optimum:
    """Say that nothing meets the platform's constraints, and why."""
    return Optimum(selection=selection, searched=searched, landscape=landscape, infeasible=reason)


def as_optimum(problem: Problem, selection: str, found: Search, peak_at: AtPeak | None = None) -> Optimum:
    """Describe what a search found.

    Parameters
    ----------
    problem : Problem
        The problem that was searched.
    selection : str
        Which equilibrium counts.
    found : Search
        Its outcome.
    peak_at : AtPeak, optional
        What a search over states of counts knows of the peak; a profile of levels speaks for itself.

    Returns
    -------
    Optimum
        Without an `alpha` when nothing meets the constraints.
    """
    if not problem.exact and found.pieces is not None:
        found = replace(found, pieces=[in_floats(piece) for piece in found.pieces])
    landscape = None if found.pieces is None else Landscape(tuple(found.pieces), selection)
    if found.peak is None:
        return infeasible_optimum(_reason(problem, found), selection, found.searched, landscape)
    peak, piece, side = found.peak, found.peak.piece, found.peak.approached_from
    exact = problem.exact and isinstance(peak.alpha, Fraction) and isinstance(peak.value, Fraction)
    strategies = piece.strategies(peak.alpha)
    if strategies is None:
        assert piece.profile is not None
        profile, shares, most = peak_at or (piece.profile, problem.payments_at(piece.profile), upper_bound(problem))
        costs = problem.costs_at(profile)
    else:
        profile, most, costs = None, upper_bound(problem), _expected_costs(problem, strategies)
        shares = np.array([expected(share, strategies) for share in problem.user_shares])
    numbers = [peak.alpha, peak.value, piece.utility(peak.alpha), most]
    arrays = [peak.alpha * shares, costs, *(strategies or ())]
    if not exact:
        numbers, arrays = [float(number) for number in numbers], [to_float(array) for array in arrays]
    alpha, value, worth, bound = numbers
    payments, costs, *mixed = arrays
    return completed(
        bound if problem.absent_allowed else None,
        costs.sum(),
        alpha=alpha,
        value=value,
        utility=worth,
        exact=exact,
        selection=selection,
        profile=profile,
        strategies=tuple(mixed) or None,
        payments=payments,
        costs=costs,
        upper_bound=bound,
        landscape=landscape,
        piece=piece if problem.exact else in_floats(piece),
        attained=side is None,
        approached_from=side,
        searched=found.searched,
        ties=found.ties,
        warnings=(*warnings_of(problem, payments, costs), *found.warnings),
    )


def completed(
    at_cost: Number | None,
    borne: Number,
    *,
    alpha: Number,
    value: Number,
    utility: Number,
    upper_bound: Number | None,
    **others: Any,
) -> Optimum:
    """Optimum with the surplus of the users, the welfare and the price of fairness that follow from its numbers.

    ``at_cost``: what paying exactly costs would leave, where paying fairly may be measured by it. ``borne``: the costs
    of all users.
    """
    return Optimum(
        alpha=alpha,
        value=value,
        utility=utility,
        upper_bound=upper_bound,
        users_surplus=alpha * utility - borne,
        welfare=utility - borne,
        gap=None if upper_bound is None else upper_bound - value,
        price_of_fairness=None if at_cost is None or value <= near(utility) else at_cost / value,
        **others,
    )


def upper_bound(problem: Problem) -> Number:
    """Most that the platform could keep under any payments that leave every user at least its cost.

    That is ``max U − Σ c`` when everybody may stay absent; otherwise users cannot refuse, and only the
    largest utility (or 0) bounds it.
    """
    if problem.absent_allowed:
        return pay_exactly_cost(problem)[1]
    most: Number = max(problem.utilities.max(), problem.number(Fraction(0)))
    return most


def pay_exactly_cost(problem: Problem) -> tuple[Profile, Number]:
    """Best profile, and what the platform keeps, when it pays each user exactly its cost (``max U − Σ c``)."""
    flat = less_all_costs(problem.utilities, problem.player_costs).reshape(-1)
    most, worth = flat.max(), problem.utilities.reshape(-1)
    tops = np.flatnonzero((flat >= most - near(worth.max(), worth.min())).astype(bool))
    rounding = near(worth[tops], worth[tops] - flat[tops], part=ROUNDING) + near(most)
    return problem.profile(int(tops[np.argmax(flat[tops] >= most - rounding)])), most


def _expected_costs(problem: Problem, strategies: tuple[Array, ...]) -> Array:
    borne: list[Number] = [Fraction(0)] * len(problem.costs)
    for bloc, strategy in zip(problem.blocs, strategies, strict=True):
        sizes = [problem.costs[user].size for user in bloc]
        for place, user in enumerate(bloc):
            others = tuple(axis for axis in range(len(bloc)) if axis != place)
            borne[user] = strategy.reshape(sizes).sum(axis=others) @ problem.costs[user]
    return np.array(borne)


def warnings_of(problem: Problem, payments: Array, costs: Array) -> tuple[str, ...]:
    """Say who pays the platform, who loses, and whose costs fall with the level; of many users, how many."""
    bound = np.array([0 not in levels for levels in problem.allowed])
    loses = (payments - costs < -near(abs(payments).max()) - near(costs, part=ROUNDING)).astype(bool)
    return shortfalls(payments, costs, problem.costs, loses & bound, loses & ~bound)


def shortfalls(
    payments: Array, costs: Array, by_level: Sequence[Array], held: Array, pooled: Array, number: Array | None = None
) -> tuple[str, ...]:
    """Do as `warnings_of` says, given who loses; with the ``number`` of users behind each entry nobody is named."""
    number = number if number is not None else np.ones(len(payments), dtype=int)
    falls = np.array([any(after < before for before, after in pairwise(cost)) for cost in by_level])
    kept, cases = payments - costs, []
    cases.append(((payments < -near(abs(payments).max())).astype(bool), payments, _NEGATIVE))
    cases += [(held, kept, _HELD), (pooled, kept, _POOLED), (falls, kept, _FALLING)]
    return tuple(text for chosen, amounts, words in cases for text in _told(number * chosen, amounts, *words))


def _told(number: Array, amounts: Array, of_one: str, of_many: str) -> list[str]:
    """Write a warning a user, naming what it falls short of 0, or one of them all where they are many."""
    if number.sum() > _MOST_NAMED or number.max(initial=0) > 1:
        return [of_many.format(f"{number.sum():,}")]
    return [of_one.format(user, format_value(-amounts[user])) for user in np.flatnonzero(number).tolist()]


def _reason(problem: Problem, found: Search) -> str:
    if problem.limits.describe() == "no constraints":
        return "there is no pure equilibrium at any alpha"
    return f"at no alpha is there an equilibrium (of {found.searched}) with {problem.limits.describe()}"
