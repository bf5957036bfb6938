"""What each user gains by overstating its costs when the platform re-optimises."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fairgames.assessment.misreport_segments import Stretch, envelope_of_segments, report_segments
from fairgames.exactness import Array, Number
from fairgames.game.actions import Actions
from fairgames.mechanism.problem import Problem, as_problem
from fairgames.mechanism.pure import best_pure
from fairgames.result import Result, format_value
from fairgames.tolerance import comparison_tolerance
from fairgames.utility.base import Utility


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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        columns = (self.honest, self.gains, self.factors, self.platform)
        rows = [(str(user), *(format_value(column[user]) for column in columns)) for user in range(len(self.gains))]
        title = f"Misreport: the platform keeps {format_value(self.platform_honest)} when all are honest"
        return title, ("user", "honest payoff", "gain", "factor", "platform keeps"), rows


def misreport(utility: Utility | ArrayLike, costs: object, actions: Actions = None) -> Misreport:
    """Find what each user gains by overstating its costs while the others are honest.

    The platform believes the reports, and chooses alpha and the best pure equilibrium for itself. A user
    reports ``t ≥ 1`` times its true costs; for every ``t`` at once the outcome follows from the points where
    profiles gain or lose stability and where their values cross, without a grid.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
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
    problem = as_problem(utility, costs, actions)
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
    return Misreport(np.array(gains), np.array(factors), truth, honest.value, np.array(kept), tuple(ranges))


def _range(problem: Problem, user: int, stretch: Stretch) -> ReportRange:
    segment = stretch.segment
    profile = problem.profile(segment.flat)
    share, cost = problem.payments_at(profile)[user], problem.costs_at(profile)[user]
    ends = [stretch.start, stretch.start if math.isinf(stretch.stop) else stretch.stop]
    alphas = [segment.alpha(end) for end in ends]
    payoffs = [alpha * share - cost for alpha in alphas]
    return ReportRange(stretch.start, stretch.stop, profile, *alphas, *payoffs)
