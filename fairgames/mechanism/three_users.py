"""Equilibria of three users in which some mix, at every alpha, as pieces for the envelopes of `two_player.optimum`.

Where two mix and the third does not, they play a two-player game, whose families of equilibria (`two_player.families`)
hold as long as the third gains nothing by moving: an inequality in ``beta = 1/alpha``, of degree 2. Where all three mix
between two levels, their indifference leaves a quadratic equation for one probability, with coefficients that are
polynomials in beta: two branches, on intervals that end at roots of polynomials. `mechanism.optimal` calls
`optimum_of_three`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest
from typing import Any, ClassVar

import numpy as np

from fairgames.exactness import Array, Number, to_float, to_fractions
from fairgames.game.deviations import expected
from fairgames.mechanism.dense import Search, best_pure, pure_equilibria
from fairgames.mechanism.landscape import Piece, constant
from fairgames.mechanism.problem import Problem
from fairgames.mechanism.two_player.families import ONE, ZERO, Family, families, strategy_terms
from fairgames.mechanism.two_player.optimum import Weighed, best_of, worst_of
from fairgames.result import Result
from fairgames.tolerance import RELATIVE, near

_ALL = "all equilibria of the three-player game, mixed ones included"
_TWO_MIXING = "all pure equilibria, and those in which two of three mix"


def optimum_of_three(problem: Problem, selection: str) -> Search:
    """Best equilibrium for the platform, or supremum over alpha of the lowest value, among all that are searched.

    Parameters
    ----------
    problem : Problem
        Of three players.
    selection : {"best", "worst"}
        Which equilibrium counts.
    """
    searched = _ALL if problem.utilities.shape == (2, 2, 2) else _TWO_MIXING
    if selection == "worst":
        return worst_of(problem, _pieces(problem), searched)
    found, pure = best_of(problem, _pieces(problem), searched), best_pure(problem).peak
    if found.peak is None or pure is None or problem.exact:
        return found
    # In floats a family may reach the pure equilibrium at its end a rounding earlier.
    value, worth = float(found.peak.value), float(pure.value)
    return replace(found, peak=pure) if value <= worth + near(value, worth) else found


def _pieces(problem: Problem) -> list[Weighed]:
    """Pure equilibria, those in which two users mix, and with two levels each those in which all three do."""
    found: list[Weighed] = []
    pure = pure_equilibria(problem, margin=problem.limits.margin * 0)
    for index, lo, hi, worth in zip(pure.index.tolist(), pure.lo, pure.hi, pure.utility, strict=True):
        low, high, utility = (Fraction(number) for number in (lo, hi, worth))
        found.append((constant(low, high, utility, problem.profile(index)), utility, utility))
    U, costs = to_fractions(problem.utilities), [to_fractions(cost) for cost in problem.player_costs]
    payments = [to_fractions(tensor) for tensor in problem.player_payments]
    for third in range(3):
        for action in range(U.shape[third]):
            found += _two_mixing(problem, U, payments, costs, third, action)
    if U.shape == (2, 2, 2):
        found += [(piece, U.min(), U.max()) for piece in _three_mixing(U, payments, costs)]
    return found


def _two_mixing(
    problem: Problem, U: Array, payments: Sequence[Array], costs: Sequence[Array], third: int, action: int
) -> Iterator[Weighed]:
    """Families in which the third user takes one action, and the others do not both play purely."""
    pair = [player for player in range(3) if player != third]
    slices = [payments[player].take(action, axis=third) for player in pair]
    values = payments[third]
    moves = [
        (values.take(action, axis=third) - values.take(other, axis=third), costs[third][action] - costs[third][other])
        for other in range(U.shape[third])
        if other != action
    ]
    slack = ZERO if problem.exact else Fraction(RELATIVE) * abs(values).max()
    alone = np.array([[Fraction(int(k == action)) for k in range(U.shape[third])], [ZERO] * U.shape[third]])
    for family in families(U.take(action, axis=third), slices, [costs[player] for player in pair]):
        if family.is_pure:
            continue
        strategies = list(strategy_terms(family))
        strategies.insert(third, alone)
        conditions = [_terms(family, gain, dearer, slack) for gain, dearer in moves]
        for low, high in _ranges(family.low, family.high, conditions):
            piece = Piece(
                alpha_from=ZERO if high is None else 1 / high,
                alpha_to=1 / low,
                closed_from=high is not None,
                closed_to=True,
                terms=family.terms,
                strategy_terms=tuple(strategies),
            )
            yield piece, family.least, family.most


def _terms(family: Family, gain: Array, dearer: Fraction, slack: Fraction) -> list[Fraction]:
    """What the third user gains by staying, times beta, as a polynomial in beta."""
    rows, columns = strategy_terms(family)
    parts = rows @ gain @ columns.T
    return [parts[0, 0] + slack, parts[0, 1] + parts[1, 0] - dearer, parts[1, 1]]


def _ranges(
    low: Fraction, high: Fraction | None, conditions: Sequence[Sequence[Fraction]]
) -> Iterator[tuple[Number, Number | None]]:
    """Closed ranges of beta on which polynomials are at least 0."""
    from fairgames.equilibrium.enclosures import real_roots

    def holds(beta: Number, known: set[int] | None = None) -> bool:
        return all(
            number in (known or ()) or sum(c * Fraction(beta) ** power for power, c in enumerate(own)) >= 0
            for number, own in enumerate(conditions)
        )

    if low == high:
        if holds(low):
            yield low, low
        return
    zeros: dict[Number, set[int]] = {}
    for number, own in enumerate(conditions):
        for root in real_roots(own, low, high):
            zeros.setdefault(root, set()).add(number)
    marks: list[Number] = [low, *sorted(zeros), *([] if high is None else [high])]
    start: Number | None = None
    for place, mark in enumerate(marks):
        last = place + 1 == len(marks)
        beyond = (Fraction(mark) + (Fraction(mark) + 2 if last else Fraction(marks[place + 1]))) / 2
        goes_on = (not last or high is None) and holds(beyond)
        if start is None and (goes_on or holds(mark, zeros.get(mark))):
            start = mark
        if start is not None and not goes_on:
            yield start, mark
            start = None
    if start is not None:
        yield start, None


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Result):
    """A family in which three users mix between two levels each.

    Attributes
    ----------
    quadratic : ndarray, shape (3, 3)
        Entry ``[i, j]`` belongs to ``y^i beta^j``: the equation of the second user's probability ``y`` of its upper
        level at ``beta = 1/alpha``.
    side : int
        Which root: 1 or -1.
    linear : tuple of ndarray
        For users 1 and 3 numerator and denominator of the probability of the upper level: constant, and coefficients
        of beta and of ``y``.
    worth : ndarray, shape (2, 2, 2)
        Utility.
    """

    quadratic: Array
    side: int
    linear: tuple[Array, Array]
    worth: Array

    sure: ClassVar[int] = 0
    mixing: ClassVar[int] = 3

    def strategies(self, alpha: Number) -> tuple[Array, ...]:
        """Probabilities of the lower and the upper level of each user."""
        joins = np.clip(self.joins(1 / float(alpha)), 0, 1).tolist()
        return tuple(np.array([1 - join, join]) for join in joins)

    def worth_at(self, alpha: Number) -> float:
        """Utility at an alpha."""
        return float(expected(self.worth, self.strategies(alpha)))

    def joins(self, beta: float) -> tuple[float, float, float]:
        """Probability of the upper level of each user; not a number where there is none."""
        c, b, a = (self.quadratic @ [1.0, beta, beta * beta]).tolist()
        under = b * b - 4 * a * c
        if under < -RELATIVE * (b * b + abs(a * c)):
            return (math.nan,) * 3
        root = self.side * math.sqrt(max(under, 0.0))
        # Of the two forms of a root the one that loses no digits.
        above, below = (-b + root, 2 * a) if b * self.side <= 0 else (2 * c, -b - root)
        y = above / below if below else math.nan
        first, third = (_quotient(over @ [1, beta, y], under @ [1, beta, y]) for over, under in self.linear)
        return first, y, third


def _quotient(above: float, below: float) -> float:
    return float(above / below) if below else math.nan


def _three_mixing(U: Array, payments: Sequence[Array], costs: Sequence[Array]) -> Iterator[Piece]:
    """Branches on which all three users mix, each on its closed ranges of alpha."""
    from fairgames.equilibrium.enclosures import fraction, rational, real_roots, ring, univariate

    own = ring(("y", "beta"))
    y, beta = own.gens()
    rows = []
    for player, (payment, cost) in enumerate(zip(payments, costs, strict=True)):
        lower, upper = np.moveaxis(payment, player, 0)
        (corner, second), (first, both) = upper - lower
        terms = corner, cost[1] - cost[0], first - corner, second - corner, both - first - second + corner
        rows.append(tuple(map(rational, terms)))
    # What the upper level earns more, in (y, z), (x, z) and (x, y); the first and the last are solved for z and x.
    (a1, k1, b1, c1, d1), (a2, k2, b2, c2, d2), (a3, k3, b3, c3, d3) = rows
    above_z, below_z = k1 * beta - a1 - b1 * y, c1 + d1 * y
    above_x, below_x = k3 * beta - a3 - c3 * y, b3 + d3 * y
    quadratic = (a2 - k2 * beta) * below_x * below_z + b2 * above_x * below_z + c2 * above_z * below_x
    quadratic += d2 * above_x * above_z
    degree = int(quadratic.degrees()[0]) if quadratic != 0 else 0
    if not degree:
        return
    ends = [quadratic.resultant(border, "y") for border in _borders(y, (above_x, below_x), (above_z, below_z))]
    ends += [quadratic.discriminant("y")] if degree == 2 else []
    ends.append(quadratic if degree == 0 else _leading(quadratic, degree, own))
    roots: set[Number] = set()
    for end in ends:
        roots.update(real_roots([fraction(value) for value in univariate(end, 1).coeffs()], ONE, None))
    table = np.zeros((3, 3))
    for (i, j), value in quadratic.to_dict().items():
        table[i, j] = float(fraction(value))
    linear = tuple(
        np.array([[float(fraction(value)) for value in line] for line in lines])
        for lines in (((-a3, k3, -c3), (b3, 0 * b3, d3)), ((-a1, k1, -b1), (c1, 0 * c1, d1)))
    )
    marks: list[Number] = [ONE, *sorted(roots)]
    for side in (1, -1):
        curve = Curve(table / np.abs(table).max(), side, (linear[0], linear[1]), to_float(U))
        for low, high in zip_longest(marks, marks[1:]):
            middle = float(low) + 1 if high is None else (float(low) + float(high)) / 2
            if all(0 < join < 1 for join in curve.joins(middle)):
                alpha_from = ZERO if high is None else 1 / high
                yield Piece(alpha_from, 1 / low, high is not None, True, (), family=curve)


def _borders(y: Any, *fractions: tuple[Any, Any]) -> Iterator[Any]:
    """What vanishes where a probability is 0 or 1, or is not determined."""
    yield from (y, y - 1)
    for above, below in fractions:
        yield from (above, above - below, below)


def _leading(polynomial: Any, degree: int, own: Any) -> Any:
    """Coefficient of the highest power of the first variable."""
    return own.from_dict({(0, j): value for (i, j), value in polynomial.to_dict().items() if i == degree})
