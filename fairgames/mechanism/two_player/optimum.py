"""The optimum of a two-player game over all its equilibria, mixed ones included, in rationals (eq. 26).

Envelopes, upper or lower, of the families of `two_player.families` as functions of alpha. `mechanism.optimal` calls
`best_of_two` and `worst_of_two`; `three_users` has the same envelopes; `equilibrium_families`, which is public, lists
the families.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, zip_longest

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, to_fractions
from fairgames.mechanism.dense import Search
from fairgames.mechanism.landscape import Peak, Piece, highest_peak, holds, in_floats, join, remove, within, worth
from fairgames.mechanism.problem import Problem, as_problem
from fairgames.mechanism.two_player.families import Family, families, strategy_terms
from fairgames.result import answered
from fairgames.scenario.costs import Actions, CostTable
from fairgames.scenario.limits import Limits
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Utility

Weighed = tuple[Piece, Number, Number]
"""A piece, with the least and the largest utility among the profiles that are played."""

_NODES = 67
_CLOSE = 1e-15


def envelope(pieces: Sequence[Piece], *, upper: bool, narrowest: Number) -> list[Piece]:
    """Piece of the highest (or lowest) utility at every alpha that any piece holds.

    Parameters
    ----------
    pieces : sequence of Piece
        In rationals; they may overlap.
    upper : bool
        Highest or lowest.
    narrowest : Fraction
        On open ranges up to this width everything that reaches either end counts.

    Returns
    -------
    list of Piece
        Disjoint, in increasing order of alpha. Between two ends utilities cross at roots of a quadratic
        in ``1/alpha``; where such a root is irrational, the end is the nearest float.
    """
    sign = 1 if upper else -1
    ends = sorted({end for piece in pieces for end in (piece.alpha_from, piece.alpha_to)})
    found: list[Piece] = []
    for start, stop in zip_longest(ends, ends[1:]):
        here = [piece for piece in pieces if holds(piece, start)]
        if here:
            found.append(_highest(here, start, start, sign))
        if stop is None:
            break
        across = [piece for piece in pieces if piece.alpha_from <= start and stop <= piece.alpha_to]
        if stop - start <= narrowest * stop:
            across = [piece for piece in pieces if holds(piece, start) or holds(piece, stop)]
        if across:
            found.extend(_between(across, start, stop, sign))
    return join(found)


def _between(alive: Sequence[Piece], start: Number, stop: Number, sign: int) -> list[Piece]:
    """Envelope on the open range between two ends, cut where utilities cross."""
    from fairgames.equilibrium.enclosures import real_roots

    low, high = 1 / Fraction(stop), None if start == 0 else 1 / Fraction(start)
    terms = list(dict.fromkeys(piece.terms for piece in alive if piece.terms))
    crossings: set[Number] = set()
    for curve in [piece for piece in alive if piece.family is not None]:
        crossings.update(_meetings(curve, [piece for piece in alive if piece is not curve], start, stop))
    for left, right in combinations(terms, 2):
        difference = [Fraction(a - b) for a, b in zip(left, right, strict=True)]
        crossings.update(1 / root for root in real_roots(difference, low, high))
    marks = [start, *sorted(crossings), stop]
    found: list[Piece] = []
    for left_end, right_end in pairwise(marks):
        piece = _highest(alive, left_end, right_end, sign)
        found.append(replace(piece, closed_from=left_end != start))
    return found


def _meetings(curve: Piece, others: Sequence[Piece], start: Number, stop: Number) -> Iterator[float]:
    """Where a family that is no polynomial meets others, between neighbouring nodes where the order changes."""
    from scipy.optimize import brentq

    nodes = np.linspace(float(start), float(stop), _NODES)[1:-1].tolist()
    for other in others:

        def gap(alpha: float, other: Piece = other) -> float:
            return float(worth(curve, alpha)) - float(worth(other, alpha))

        gaps = list(map(gap, nodes))
        for (low, before), (high, after) in pairwise(zip(nodes, gaps, strict=True)):
            if before * after < 0:
                yield brentq(gap, low, high, xtol=_CLOSE)


def _highest(alive: Sequence[Piece], start: Number, stop: Number, sign: int) -> Piece:
    middle = (Fraction(start) + Fraction(stop)) / 2
    chosen = max(alive, key=lambda piece: sign * worth(piece, middle))
    closed = start == stop
    return replace(chosen, alpha_from=start, alpha_to=stop, closed_from=closed, closed_to=closed)


SEARCHED = "all equilibria of the two-player game, mixed ones included"


def best_of_two(problem: Problem) -> Search:
    """Best equilibrium for the platform (eq. 26), among all of them."""
    return best_of(problem, _pieces(problem), SEARCHED)


def worst_of_two(problem: Problem) -> Search:
    """Supremum over alpha of the lowest value among all equilibria, where all meet the constraints."""
    return worst_of(problem, _pieces(problem), SEARCHED)


def best_of(problem: Problem, everyone: Sequence[Weighed], searched: str) -> Search:
    """Best of some equilibria, each given with the least and the largest utility that is played."""
    limits = _with_slack(problem)
    meeting = [
        clipped
        for piece, least, most in everyone
        if limits.min_utility is None or least >= limits.min_utility
        if (clipped := within(piece, limits.alpha_from, limits.alpha_up_to(most), _narrowest(problem))) is not None
    ]
    peak = highest_peak(meeting)
    pieces = envelope(meeting, upper=True, narrowest=_narrowest(problem))
    return Search(peak, pieces, _ties(meeting, peak, exact=problem.exact), searched)


def _ties(pieces: Sequence[Piece], peak: Peak | None, *, exact: bool) -> tuple[tuple[int, ...], ...]:
    """Other pure profiles that do as well at the same alpha."""
    if peak is None:
        return ()
    rivals = {
        piece.profile
        for piece in pieces
        if piece.profile is not None
        and holds(piece, peak.alpha)
        and piece.value(peak.alpha) >= peak.value - (0 if exact else Fraction(RELATIVE) * abs(Fraction(peak.value)))
    }
    return tuple(sorted(rivals - {peak.piece.profile}))


def worst_of(problem: Problem, everyone: Sequence[Weighed], searched: str) -> Search:
    """Supremum over alpha of the lowest value among some equilibria, as `best_of` takes them."""
    limits, slack = _with_slack(problem), _narrowest(problem)
    pieces = envelope([piece for piece, _, _ in everyone], upper=False, narrowest=slack)
    for piece, least, most in everyone:
        broken = _breaking(piece, least, limits.alpha_up_to(most), limits)
        if broken is not None:
            pieces = [part for whole in pieces for part in remove(whole, broken)]
    clipped = (within(piece, limits.alpha_from, limits.alpha_to, slack) for piece in pieces)
    pieces = [piece for piece in clipped if piece is not None]
    return Search(highest_peak(pieces), pieces, (), searched)


def _with_slack(problem: Problem) -> Limits:
    """Return the constraints in rationals; in a problem of floats, rounding alone does not break one."""
    limits = problem.limits.as_fractions()
    if problem.exact:
        return limits
    least, budget = limits.min_utility, limits.budget
    slack = Fraction(RELATIVE)
    return replace(
        limits,
        min_utility=None if least is None else least - slack * abs(Fraction(least)),
        budget=None if budget is None else budget * (1 + slack),
    )


def _breaking(piece: Piece, least: Number, cap: Number, limits: Limits) -> Piece | None:
    """Where an equilibrium breaks the constraints."""
    if limits.min_utility is not None and least < limits.min_utility:
        return piece
    if cap >= piece.alpha_to:
        return None
    return piece if cap < piece.alpha_from else replace(piece, alpha_from=cap, closed_from=False)


def _narrowest(problem: Problem) -> Number:
    """Open ranges of alpha that are narrower than this part of their end are rounding of one and the same end."""
    return Fraction(0) if problem.exact else Fraction(RELATIVE)


def _pieces(problem: Problem) -> list[Weighed]:
    """Every extreme equilibrium as a piece, with the least and the largest utility that is played."""
    U = to_fractions(problem.utilities)
    payments = [to_fractions(tensor) for tensor in problem.player_payments]
    costs = [to_fractions(cost) for cost in problem.player_costs]
    found = _unpaid(problem, U, costs)
    for family in families(U, payments, costs):
        found.append((_as_piece(problem, family), family.least, family.most))
    return found


@public
def equilibrium_families(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    actions: Actions = None,
    blocs: Iterable[Iterable[int]] | None = None,
) -> tuple[Piece, ...]:
    """Every extreme equilibrium of a two-player fair game, mixed ones included, with its interval of alpha.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs; ``inf`` forbids a level.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level.
    blocs : iterable of iterable of int, or None
        Two blocs of users that act as one player each; None for two users.

    Returns
    -------
    tuple of Piece
        In increasing order of alpha. Strategies are affine in ``1/alpha``; where several equilibria share a
        strategy of one player, mixtures of the other player's strategies are equilibria too. At
        alpha = 0 only pure ones are listed, of which all others are mixtures.

    Raises
    ------
    InputError
        If there are not exactly two players, or an argument is malformed.

    References
    ----------
    Kang, Pedarsani, Ramchandran (2024), section 5.2 and appendix E, for two users of two levels. Mangasarian (1964),
    "Equilibrium points of bimatrix games", on extreme equilibria.

    Examples
    --------
    >>> for family in equilibrium_families([[0, "2/3"], ["2/3", 1]], [0, "9/20"]):
    ...     print(family.interval, family.profile)
    [0, 0] (0, 0)
    (0, 27/40] (0, 0)
    [27/40, 9/10] (0, 1)
    [27/40, 9/10] (1, 0)
    [27/40, 9/10] None
    [9/10, 1] (1, 1)
    """
    asked = as_scenario(utility, costs, actions)
    problem = as_problem(asked, limits=Limits(), blocs=blocs)
    if len(problem.blocs) != 2:
        raise InputError("utility", "must be of two users, or of users in two blocs", f"{len(problem.blocs)} players")
    found = [piece if problem.exact else in_floats(piece) for piece, _, _ in _pieces(problem)]
    return answered(tuple(sorted(found, key=lambda piece: (piece.alpha_from, piece.alpha_to))), asked)


def _unpaid(problem: Problem, U: Array, costs: Sequence[Array]) -> list[Weighed]:
    """Extreme equilibria at alpha = 0, where everybody takes a cheapest action."""
    zero = Fraction(0)
    cheapest = [np.flatnonzero((cost == cost.min()).astype(bool)).tolist() for cost in costs]
    return [
        (Piece(zero, zero, True, True, (U[i, j], zero, zero), problem.levels((i, j))), U[i, j], U[i, j])
        for i in cheapest[0]
        for j in cheapest[1]
    ]


def _as_piece(problem: Problem, family: Family) -> Piece:
    profile = None
    if family.is_pure:
        profile = problem.levels([next(k for k, line in enumerate(side) if line[0]) for side in family.sides])
    return Piece(
        alpha_from=Fraction(0) if family.high is None else 1 / family.high,
        alpha_to=1 / family.low,
        closed_from=family.high is not None,
        closed_to=True,
        terms=family.terms,
        profile=profile,
        strategy_terms=None if family.is_pure else strategy_terms(family),
    )
