"""Theorem 3 for exchangeable users: its Assumptions 1 and 2, checked, and the costs at which the optimum changes kind.

`mechanism.symmetric` reports both: the largest cost at which everybody surely shares, the least at which paying nothing
is best, and every profile that breaks an assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from fairgames.exactness import Array, Number
from fairgames.mechanism.symmetric.bernstein import Root
from fairgames.mechanism.symmetric.game import Curve, SymmetricGame
from fairgames.result import Result, format_value
from fairgames.tolerance import near

_HALVINGS = 60
_JUST_BELOW = Fraction(2**20 - 1, 2**20)

ENDS = (Root(Fraction(0), True), Root(Fraction(1), True))


def extremes(game: SymmetricGame, curve: Curve) -> tuple[Number, Number]:
    """Least and largest value of a binomial mean on [0, 1]."""
    points = (*ENDS, *curve.derivative().roots())
    values = [(curve(point.x), point.rational) for point in points]
    least, largest = min(values, key=lambda pair: pair[0]), max(values, key=lambda pair: pair[0])
    return finished(game, *least), finished(game, *largest)


def finished(game: SymmetricGame, value: Number, rational: bool) -> Number:
    """Return a rational as it is where it is the answer itself; else a float."""
    return value if game.exact and rational and isinstance(value, Fraction) else float(value)


def gamma_increases(game: SymmetricGame) -> bool:
    """Whether gamma is strictly increasing in ``p``, so that each alpha has one symmetric equilibrium."""
    slope = game.gamma.derivative()
    marks = [Fraction(0), *(root.x for root in slope.roots()), Fraction(1)]
    return all(slope((left + right) / 2) < 0 for left, right in pairwise(marks))


def cost_threshold(game: SymmetricGame) -> Number:
    """Largest cost up to which it is best that everybody surely takes the less private action.

    Where "absent" is the other action, the least of ``(U(1) − U(x)) / (N (1 − x))``, which is the mean
    of ``(U_N − U_K)/(N − K)``, ``K`` binomial ``(N − 1, x)``: ``U_N − U_{N−1}`` for concave utilities. In
    general the least of ``(U(1) − U(x)) / (U(1)/gamma(1) − U(x)/gamma(x))`` and ``gamma(1)(1 − U(0)/U(1))``.

    Returns
    -------
    Fraction or float
        0 where it is best for no positive cost.
    """
    zero: Number = 0 * game.utilities.item(0)
    if game.absent and (np.diff(game.increments) <= 0).all():
        last: Number = game.increments.item(-1)
        return max(zero, last)
    # (U_N − U_h)/(N − h) for h = 0, …, N − 1.
    lost = game.mean(np.cumsum(game.increments[::-1])[::-1] / np.arange(game.n_users, 0, -1))
    least, _ = extremes(game, lost)
    if game.absent or least < 0:
        return max(zero, least)
    return max(zero, _general_threshold(game, lost))


def _general_threshold(game: SymmetricGame, lost: Curve) -> Number:
    n_users, U, G = game.n_users, game.utilities, game.gains
    top: Number = U.item(-1)
    gain: Number = G.item(-1)
    if top <= 0 or gain <= 0:
        return 0 * top
    bounds: list[tuple[Number, bool]] = [(gain * (1 - U.item(0) / top), True)]
    if n_users == 1:
        return bounds[0][0]
    h = np.arange(n_users)
    # Both sides are divided by N (1 − x); gamma is written with one degree more to match U.
    elevated = ((n_users - h) * G + h * np.concatenate([G[:1], G[:-1]])) / n_users
    cheaper = (top * elevated - gain * U[:-1]) / (n_users - h)
    above, below = lost * game.gamma * gain, game.mean(cheaper)
    slope = (lost.derivative() * game.gamma + lost * game.gamma.derivative()) * gain
    stationary = slope * below - above * below.derivative()
    bounds += [
        (above(point.x) / below(point.x), point.rational)
        for point in (*ENDS, *stationary.roots())
        if below(point.x) > 0 and game.gamma(point.x) > 0
    ]
    least = finished(game, *min(bounds, key=lambda pair: pair[0]))
    if _stays_above(game, above, below, least * _JUST_BELOW):
        return least
    return _by_halving(game, above, below, least)


def _stays_above(game: SymmetricGame, above: Curve, below: Curve, cost: Number) -> bool:
    """Whether ``above ≥ cost · below`` wherever gamma is positive."""
    rest: Curve = above - below * cost
    marks = sorted({Fraction(0), Fraction(1), *(root.x for curve in (rest, game.gamma) for root in curve.roots())})
    middles = [(left + right) / 2 for left, right in pairwise(marks)]
    return all(rest(x) >= 0 for x in middles if game.gamma(x) > 0)


def _by_halving(game: SymmetricGame, above: Curve, below: Curve, high: Number) -> Number:
    """Find the threshold where numerator and denominator vanish together, so that their ratio has a limit only."""
    low = 0 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _stays_above(game, above, below, middle) else (low, middle)
    return float(low)


def exit_threshold(game: SymmetricGame) -> Number:
    """Least cost from which paying nothing is best: the largest ``gamma(x) (U(x) − U(0)) / U(x)``.

    Where "absent" is the more private action this is ``gamma_max``; otherwise it is lower, since the
    platform earns ``U(0)`` for nothing.

    Returns
    -------
    Fraction or float
        0 where paying is best at no positive cost.
    """
    U, start = game.expected_utility, game.utilities.item(0)
    if start <= 0:
        return _largest_gain(game)
    more = game.gamma * (U - start)
    slope = game.gamma.derivative() * (U - start) + game.gamma * U.derivative()
    best: tuple[Number, bool] = (0 * start, True)
    for point in (*ENDS, *(slope * U - more * U.derivative()).roots()):
        worth = U(point.x)
        if worth > start:
            best = max(best, (more(point.x) / worth, point.rational), key=lambda pair: pair[0])
    return finished(game, *best)


def _largest_gain(game: SymmetricGame) -> Number:
    """Supremum of gamma over the probabilities at which the platform earns anything."""
    U, gamma = game.expected_utility, game.gamma
    cuts = {root.x: root for curve in (U, gamma.derivative()) for root in curve.roots()}
    marks = [ENDS[0], *(cuts[x] for x in sorted(cuts)), ENDS[1]]
    best: tuple[Number, bool] = (Fraction(0), True)
    for left, right in pairwise(marks):
        if U((left.x + right.x) / 2) > 0:
            best = max(best, *((gamma(end.x), end.rational) for end in (left, right)), key=lambda pair: pair[0])
    return finished(game, *best)


_MOST_LISTED = 32
_COLUMNS = ("assumption", "profile", "gain", "other_profile", "other_gain")

Counts = tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Violation(Result):
    """One place where an assumption fails.

    Attributes
    ----------
    assumption : {1, 2}
        1: utility falls when a user moves to the less private action. 2: such a move gains more although
        more users already take the less private action.
    profile : tuple of int
        Level of each user before the move, the moving user last among those at the more private level;
        for more than 32 users, how many are at each level up to the less private one.
    gain : Fraction or float
        What the utility gains by the move.
    other_profile, other_gain : tuple of int, Fraction or float, or None
        Assumption 2: the profile with one user fewer at the less private action, where the same move
        gains less.
    """

    assumption: int
    profile: Counts
    gain: Number
    other_profile: Counts | None = None
    other_gain: Number | None = None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        return "Violation", _COLUMNS, [self._row()]

    def _row(self) -> Sequence[str]:
        return [format_value(getattr(self, name)) for name in _COLUMNS]


@dataclass(frozen=True, eq=False, repr=False)
class Assumptions(Result):
    """Whether Assumptions 1 and 2 hold (in their weak form, with ≥), and what follows from them.

    Attributes
    ----------
    monotone : bool
        Assumption 1: a less private action never lowers the utility.
    diminishing : bool
        Assumption 2: the more users take the more private action, the more one of them adds by the other.
    gamma_increasing : bool
        Whether gamma is strictly increasing in ``p``, so that each alpha has one symmetric equilibrium.
        Both assumptions imply that it does not fall; it may increase without them.
    violations : tuple of Violation
        Every neighbouring pair that breaks one; for more than 32 users the worst for each assumption.
    n_violations : int
        How many there are.
    """

    monotone: bool
    diminishing: bool
    gamma_increasing: bool
    violations: tuple[Violation, ...]
    n_violations: int

    @property
    def hold(self) -> bool:
        """Whether both assumptions hold."""
        return self.monotone and self.diminishing

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        broken = ", ".join(name for name, holds in (("1", self.monotone), ("2", self.diminishing)) if not holds)
        gamma = "increases strictly" if self.gamma_increasing else "does not increase strictly"
        verdict = f"broken: {broken} (places: {self.n_violations})" if broken else "both hold"
        title = f"Assumptions: {verdict}; gamma {gamma}"
        return title, _COLUMNS, [violation._row() for violation in self.violations]


def check_assumptions(game: SymmetricGame) -> Assumptions:
    """Check Assumptions 1 and 2 at every number of users who take part and of those at each action.

    Where the more private action is not "absent", the assumptions speak of any users being masked, so
    they are checked for every number of present users.
    """
    # How bad it is; which assumption; users present, and at the less private action; what each further one there adds.
    falling: list[tuple[Number, int, int, int, Array]] = []
    rising: list[tuple[Number, int, int, int, Array]] = []
    for utilities in game.by_present:
        present = len(utilities) - 1
        added = game.increments if present == game.n_users else np.diff(utilities)
        rounding, change = near(utilities[1:], utilities[:-1]) + 0 * added, np.diff(added)
        falls = np.flatnonzero((added < -rounding).astype(bool)).tolist()
        rises = np.flatnonzero((change > np.maximum(rounding[1:], rounding[:-1])).astype(bool)).tolist()
        falling += [(added[h], 1, present, h, added) for h in falls]
        rising += [(-change[h], 2, present, h + 1, added) for h in rises]
    listed = [*falling, *rising]
    if game.n_users > _MOST_LISTED:
        listed = [min(broken, key=lambda place: place[0]) for broken in (falling, rising) if broken]
    return Assumptions(
        monotone=not falling,
        diminishing=not rising,
        gamma_increasing=gamma_increases(game),
        violations=tuple(_violation(game, *place[1:]) for place in listed),
        n_violations=len(falling) + len(rising),
    )


def _violation(game: SymmetricGame, assumption: int, present: int, h: int, added: Array) -> Violation:
    one_fewer = (_profile(game, present, h - 1), added.item(h - 1)) if assumption == 2 else ()
    return Violation(assumption, _profile(game, present, h), added.item(h), *one_fewer)


def _profile(game: SymmetricGame, present: int, h: int) -> Counts:
    """Levels with ``h`` of ``present`` users at the less private action; the other users masked (absent)."""
    more, less = game.actions
    if game.n_users <= _MOST_LISTED:
        return (less,) * h + (more,) * (present - h) + (0,) * (game.n_users - present)
    counts = [0] * (less + 1)
    counts[0] += game.n_users - present
    counts[more] += present - h
    counts[less] += h
    return tuple(counts)
