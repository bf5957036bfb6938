"""How the platform's optimum moves as one user scales its reported costs.

With user ``i`` reporting ``t`` times its costs, each profile is an equilibrium for ``alpha`` between
``max(lo, m t)`` and ``min(hi, M t)``, where ``lo`` and ``hi`` come from the other users. The platform's value
at the best alpha is therefore piecewise linear in ``t``, and so is the best over all profiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fairgames.equilibrium.intervals import payment_intervals
from fairgames.exactness import Number
from fairgames.mechanism.problem import Problem
from fairgames.tolerance import RELATIVE, comparison_tolerance


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
    lo, hi, stable = payment_intervals(payments, costs, players=others)
    tolerance = comparison_tolerance(payments[user])
    along = np.moveaxis(payments[user], user, -1)
    found: list[Segment] = []
    for place in np.argwhere(stable).tolist():
        index = tuple(place)
        rest = index[:user] + index[user + 1 :]
        bounds = _own_bounds(along[rest].tolist(), costs[user].tolist(), index[user], tolerance)
        if bounds is not None:
            flat = int(np.ravel_multi_index(index, stable.shape))
            found += _of_profile(flat, (lo[index], hi[index]), bounds, problem.utilities[index], exact=problem.exact)
    return found


def _own_bounds(
    pay: Sequence[Number], cost: Sequence[Number], chosen: int, tolerance: float
) -> tuple[Number | None, Number | None] | None:
    """Bounds ``m t ≤ alpha ≤ M t`` from the user's own alternatives; None when it would always move."""
    rise: Number | None = None
    cap: Number | None = None
    for other in range(len(pay)):
        gain, dearer = pay[chosen] - pay[other], cost[chosen] - cost[other]
        if gain > tolerance:
            rise = dearer / gain if rise is None else max(rise, dearer / gain)
        elif gain < -tolerance:
            cap = dearer / gain if cap is None else min(cap, dearer / gain)
        elif dearer > tolerance:
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
