"""How far costs may be wrong, by mistake or on purpose, before what is stable changes.

``fairgames design --robust`` calls both. By mistake: every deviation from an equilibrium loses something at the given
alpha, and how much bounds each cost, a factor on all of a user's, and all costs at once (`cost_robustness`). On
purpose: with user ``i`` reporting ``t`` times its costs, each profile is an equilibrium for ``alpha`` between ``max(lo,
m t)`` and ``min(hi, M t)``, where ``lo`` and ``hi`` come from the other users; the platform's best value is therefore
piecewise linear in ``t`` (`misreport`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.equilibrium.intervals import payment_intervals
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, common
from fairgames.mechanism.dense import best_pure
from fairgames.mechanism.problem import Problem, as_problem
from fairgames.payments.alpha import as_share
from fairgames.payments.potential import potential_tensor
from fairgames.result import Result, answered, format_value
from fairgames.scenario.costs import Actions, CostTable
from fairgames.scenario.limits import Limits
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import RELATIVE, ROUNDING, comparison_tolerance, difference
from fairgames.utility.base import Utility
from fairgames.utility.profile import as_levels


@dataclass(frozen=True, eq=False, repr=False)
class CostRobustness(Result):
    """Errors in the costs under which a profile stays an equilibrium at a given alpha.

    Attributes
    ----------
    profile : tuple of int
        Level of each user.
    alpha : Fraction or float
        Payment fraction.
    slack : ndarray, shape (N,)
        What each user would lose at least by moving; ``inf`` for a user with one action only.
    lower, upper : ndarray, shape (N, max L)
        Range in which each cost may lie while all others are right. Levels that a user may not choose
        have the range (0, inf).
    factor_from, factor_to : ndarray, shape (N,)
        Range of factors on all costs of one user.
    radius : Fraction or float
        Largest error of all costs at once, in units of utility, that never breaks the equilibrium (the
        cost 0 of being absent is known).
    weakest_user : int or None
        User whose slack sets the radius.
    """

    profile: tuple[int, ...]
    alpha: Number
    slack: Array
    lower: Array
    upper: Array
    factor_from: Array
    factor_to: Array
    radius: Number
    weakest_user: int | None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        title = f"CostRobustness at alpha = {format_value(self.alpha)}: radius {format_value(self.radius)}"
        rows = [
            (
                self.who(user),
                level,
                *(part[user] for part in (self.slack, self.factor_from, self.factor_to)),
            )
            for user, level in enumerate(self.profile)
        ]
        return title, ("user", "level", "slack", "factor from", "factor to"), rows


@public
def cost_robustness(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    profile: ArrayLike | None = None,
    alpha: Number | int | str | None = None,
    actions: Actions = None,
) -> CostRobustness:
    """Find how far the costs may be wrong before a profile is no longer an equilibrium.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs as they are believed to be.
    profile : array_like of int
        An equilibrium at ``alpha``; by default the scenario's.
    alpha : number
        Payment fraction, in [0, 1]; by default the scenario's.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.

    Returns
    -------
    CostRobustness
        Exact when the numbers are.

    Raises
    ------
    InputError
        If an argument is malformed, or the profile is not an equilibrium at ``alpha``.

    Notes
    -----
    The platform's optimum lies where a user is exactly indifferent, so its radius is 0. An optimum with a
    ``margin`` buys a radius of at least half of it.

    Examples
    --------
    >>> report = cost_robustness([[0, "2/3"], ["2/3", 1]], [0, "3/10"], [1, 1], alpha="7/10")
    >>> report.radius, report.factor_to.tolist()
    (Fraction(1, 20), [Fraction(7, 6), Fraction(7, 6)])
    """
    asked = as_scenario(utility, costs, actions)
    worth, cost_table, allowed = asked.utility, asked.user_costs, asked.actions
    levels = _levels(worth, asked.priced_profile(profile), allowed)
    fraction = as_share(asked.alpha if alpha is None else alpha, "alpha")
    P, cost_table, number = common(potential_tensor(worth.tensor()), cost_table, as_array([fraction], "alpha"))
    fraction = number.item()
    paid = fraction * P
    spare = [_spare(paid, cost_table[user], levels, user, allowed[user]) for user in range(worth.n_users)]
    zero = 0 * fraction
    lower = np.full(cost_table.shape, zero, dtype=cost_table.dtype)
    upper = np.full(cost_table.shape, math.inf, dtype=cost_table.dtype)
    slack, factor_from, factor_to, radii = [], [], [], []
    for user, level in enumerate(levels):
        lost, cost = spare[user], cost_table[user]
        slack.append(min(lost.values(), default=math.inf))
        upper[user, level] = cost[level] + slack[-1]
        for other, amount in lost.items():
            lower[user, other] = max(zero, cost[other] - amount)
        lower[user, 0] = upper[user, 0] = zero
        scale = [(cost[level] - cost[other], amount) for other, amount in lost.items()]
        factor_from.append(max((1 + amount / dearer for dearer, amount in scale if dearer < 0), default=zero))
        factor_to.append(min((1 + amount / dearer for dearer, amount in scale if dearer > 0), default=math.inf))
        # An error can strike both of the costs that a comparison rests on, unless one is that of being absent.
        radii.append(min((amount / ((level != 0) + (other != 0)) for other, amount in lost.items()), default=math.inf))
    radius = min(radii)
    found = CostRobustness(
        profile=levels,
        alpha=fraction,
        slack=np.array(slack, dtype=P.dtype),
        lower=lower,
        upper=upper,
        factor_from=np.maximum(np.array(factor_from, dtype=P.dtype), zero),
        factor_to=np.array(factor_to, dtype=P.dtype),
        radius=radius,
        weakest_user=None if math.isinf(radius) else radii.index(radius),
    )
    return answered(found, asked)


def _spare(paid: Array, cost: Array, levels: tuple[int, ...], user: int, allowed: Sequence[int]) -> dict[int, Number]:
    """What a user loses by moving to each other level."""
    chosen = levels[user]
    spare: dict[int, Number] = {}
    rounding = comparison_tolerance(paid)
    for other in allowed:
        if other != chosen:
            earned = paid[levels] - paid[(*levels[:user], other, *levels[user + 1 :])]
            left = earned - (cost[chosen] - cost[other])
            if left < -rounding:
                gain = f"user {user} gains {format_value(-left)} by moving to level {other}"
                raise InputError("profile", f"must be an equilibrium; {gain}", levels)
            # A rounding error is no safety margin, and a negative zero would read as a debt.
            spare[other] = left if left > rounding else abs(0 * left)
    return spare


def _levels(utility: Utility, profile: ArrayLike, allowed: Sequence[Sequence[int]]) -> tuple[int, ...]:
    levels = tuple(as_levels(profile, utility.shape, utility.types).tolist())
    for user, level in enumerate(levels):
        if level not in allowed[user]:
            raise InputError(f"profile[{user}]", f"must be one of the levels {allowed[user]} of finite cost", level)
    return levels


class Segment(NamedTuple):
    """A profile (its flat index), on a range of factors on which its best alpha is ``offset + slope · t``."""

    flat: int
    start: Number
    stop: Number
    offset: Number
    slope: Number
    utility: Number

    def alpha(self, factor: Number) -> Number:
        """Best alpha of the profile."""
        return self.offset + self.slope * factor if self.slope else self.offset

    def value(self, factor: Number) -> Number:
        """What the platform keeps."""
        return (1 - self.alpha(factor)) * self.utility

    @property
    def rate(self) -> Number:
        """Change of the value with the factor."""
        return -self.slope * self.utility


class Stretch(NamedTuple):
    """A range of factors on which one segment is the platform's optimum."""

    start: Number
    stop: Number
    segment: Segment


def report_segments(problem: Problem, user: int) -> list[Segment]:
    """Every profile's best alpha for reports of at least the true cost (factors of at least 1)."""
    payments, costs = problem.player_payments, problem.player_costs
    others = [player for player in range(len(costs)) if player != user]
    lo, hi, stable = payment_intervals(payments, costs, players=others, magnitudes=problem.magnitudes)
    along = np.moveaxis(payments[user], user, -1)
    found: list[Segment] = []
    for place in np.argwhere(stable).tolist():
        index = tuple(place)
        rest = index[:user] + index[user + 1 :]
        bounds = _own_bounds(along[rest].tolist(), costs[user].tolist(), index[user])
        if bounds is not None:
            flat = int(np.ravel_multi_index(index, stable.shape))
            found += _of_profile(flat, (lo[index], hi[index]), bounds, problem.utilities[index], exact=problem.exact)
    return found


def _own_bounds(
    pay: Sequence[Number], cost: Sequence[Number], chosen: int
) -> tuple[Number | None, Number | None] | None:
    """Bounds ``m t ≤ alpha ≤ M t`` from the user's own alternatives; None when it would always move."""
    rise: Number | None = None
    cap: Number | None = None
    for other in range(len(pay)):
        gain = difference(pay[chosen], pay[other])
        dearer = difference(cost[chosen], cost[other], part=ROUNDING)
        if gain > 0:
            rise = dearer / gain if rise is None else max(rise, dearer / gain)
        elif gain < 0:
            cap = dearer / gain if cap is None else min(cap, dearer / gain)
        elif dearer > 0:
            return None
    if cap is not None and (cap < 0 or (rise is not None and rise > cap)):
        return None
    return rise, cap


def _of_profile(
    index: int,
    others: tuple[Number, Number],
    own: tuple[Number | None, Number | None],
    utility: Number,
    *,
    exact: bool,
) -> Iterator[Segment]:
    (lo, hi), (rise, cap) = others, own
    start: Number = 1 + 0 * lo
    stop: Number = math.inf
    if cap is not None:
        if cap == 0 and lo > 0:
            return
        start = max(start, lo / cap) if cap > 0 else start
    if rise is not None and rise > 0:
        stop = hi / rise
    if start > stop * (1 + (0 if exact else RELATIVE)):
        return
    stop = max(start, stop)
    bound, level, rising_first = (rise, lo, False) if utility >= 0 else (cap, hi, True)
    if bound is None or (bound <= 0 and not rising_first):
        yield Segment(index, start, stop, level, 0 * lo, utility)
        return
    bend = level / bound if bound > 0 else math.inf
    level_part: tuple[Number, Number] = (0 * lo, bound) if rising_first else (level, 0 * lo)
    later_part: tuple[Number, Number] = (level, 0 * lo) if rising_first else (0 * lo, bound)
    if start < bend:
        yield Segment(index, start, min(stop, bend), *level_part, utility)
    if bend < stop:
        yield Segment(index, max(start, bend), stop, *later_part, utility)


def envelope_of_segments(segments: Sequence[Segment], tolerance: float) -> list[Stretch]:
    """Follow the highest value from factor 1 up."""
    here: Number = min((segment.start for segment in segments), default=math.inf)
    found: list[Stretch] = []
    while here < math.inf:
        alive = [segment for segment in segments if segment.start <= here < segment.stop]
        if not alive:
            here = min((segment.start for segment in segments if segment.start > here), default=math.inf)
            continue
        top = max(segment.value(here) for segment in alive)
        level = [segment for segment in alive if segment.value(here) >= top - tolerance]
        best = max(level, key=lambda segment: (segment.rate, -segment.flat))
        end = min((_overtakes(best, other, here, tolerance) for other in segments), default=math.inf)
        end = min(end, best.stop)
        found.append(Stretch(here, end, best))
        here = end
    return found


def _overtakes(best: Segment, other: Segment, here: Number, tolerance: float) -> Number:
    """Where ``other`` gets ahead of ``best`` after ``here``; infinity if it never does."""
    enters = max(here, other.start)
    if enters >= min(other.stop, best.stop):
        return math.inf
    behind = best.value(enters) - other.value(enters)
    if behind < -tolerance:
        return enters if enters > here else math.inf
    if other.rate <= best.rate:
        return math.inf
    crossing = enters + max(behind, 0 * behind) / (other.rate - best.rate)
    return crossing if here < crossing < other.stop else math.inf


@dataclass(frozen=True, eq=False, repr=False)
class ReportRange(Result):
    """A range of overstatements between whose ends the platform chooses one profile.

    Attributes
    ----------
    factor_from, factor_to : Fraction or float
        Reported cost over true cost.
    profile : tuple of int
        The platform's best equilibrium.
    alpha_from, alpha_to : Fraction or float
        Its alpha at the two ends; linear between them.
    payoff_from, payoff_to : Fraction or float
        The user's true payoff at the two ends; linear between them.
    """

    factor_from: Number
    factor_to: Number
    profile: tuple[int, ...]
    alpha_from: Number
    alpha_to: Number
    payoff_from: Number
    payoff_to: Number


@dataclass(frozen=True, eq=False, repr=False)
class Misreport(Result):
    """What overstating its costs brings each user.

    Attributes
    ----------
    gains : ndarray, shape (N,)
        Largest gain over honesty: a supremum, reached in the limit where at ``factors`` the platform is
        indifferent between two profiles.
    factors : ndarray, shape (N,)
        Factor on its costs at which the user gains most; 1 for a user who cannot gain.
    honest : ndarray, shape (N,)
        Payoff of each user when everybody is honest.
    platform_honest : Fraction or float
        What the platform keeps when everybody is honest.
    platform : ndarray, shape (N,)
        What it keeps when this user alone overstates by its factor.
    ranges : tuple of tuple of ReportRange
        For each user, the outcome of every factor from 1 up.
    """

    gains: Array
    factors: Array
    honest: Array
    platform_honest: Number
    platform: Array
    ranges: tuple[tuple[ReportRange, ...], ...]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        columns = (self.honest, self.gains, self.factors, self.platform)
        rows = [(self.who(user), *(column[user] for column in columns)) for user in range(len(self.gains))]
        title = f"Misreport: the platform keeps {format_value(self.platform_honest)} when all are honest"
        return title, ("user", "honest payoff", "gain", "factor", "platform keeps"), rows


@public
def misreport(utility: Scenario | Utility | ArrayLike, costs: CostTable = None, actions: Actions = None) -> Misreport:
    """Find what each user gains by overstating its costs while the others are honest.

    The platform believes the reports, and chooses alpha and the best pure equilibrium for itself. A user
    reports ``t ≥ 1`` times its true costs; for every ``t`` at once the outcome follows from the points where
    profiles gain or lose stability and where their values cross, without a grid.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        True privacy costs.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.

    Returns
    -------
    Misreport
        Exact when the numbers are.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the tensor would not fit in memory.

    Examples
    --------
    >>> report = misreport([[0, "2/3"], ["2/3", 1]], [[0, "1/10"], [0, "2/10"]])
    >>> [str(gain) for gain in report.gains]
    ['1/15', '1/60']
    """
    asked = as_scenario(utility, costs, actions)
    problem = as_problem(asked, limits=Limits())
    honest = best_pure(problem).peak
    if honest is None or honest.piece.profile is None:
        raise AssertionError("a game with a potential has a pure equilibrium at every alpha")
    profile = honest.piece.profile
    truth = honest.alpha * problem.payments_at(profile) - problem.costs_at(profile)
    tolerance = comparison_tolerance(problem.utilities)
    gains, factors, kept, ranges = [], [], [], []
    for user in range(len(problem.costs)):
        stretches = envelope_of_segments(report_segments(problem, user), tolerance)
        mine = [_range(problem, user, stretch) for stretch in stretches]
        value: Number = honest.value
        gain: Number = 0 * value
        factor: Number = 1 + 0 * value
        for outcome, stretch in zip(mine, stretches, strict=True):
            for payoff, place in ((outcome.payoff_from, stretch.start), (outcome.payoff_to, stretch.stop)):
                if payoff - truth[user] > gain + tolerance:
                    gain, factor = payoff - truth[user], place
                    value = stretch.segment.value(place)
        gains.append(gain)
        factors.append(factor)
        kept.append(value)
        ranges.append(tuple(mine))
    found = Misreport(np.array(gains), np.array(factors), truth, honest.value, np.array(kept), tuple(ranges))
    return answered(found, asked)


def _range(problem: Problem, user: int, stretch: Stretch) -> ReportRange:
    segment = stretch.segment
    profile = problem.profile(segment.flat)
    share, cost = problem.payments_at(profile)[user], problem.costs_at(profile)[user]
    ends = [stretch.start, stretch.start if math.isinf(stretch.stop) else stretch.stop]
    alphas = [segment.alpha(end) for end in ends]
    payoffs = [alpha * share - cost for alpha in alphas]
    return ReportRange(stretch.start, stretch.stop, profile, *alphas, *payoffs)
