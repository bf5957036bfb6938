"""The platform's optimum among pure equilibria, under each selection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairgames.mechanism.dense import (
    PureEquilibria,
    best_pieces,
    pure_equilibria,
    within_limits,
    worst_pieces,
)
from fairgames.mechanism.landscape import Piece, Profile
from fairgames.mechanism.lines import highest_lines
from fairgames.mechanism.peaks import Peak, highest_peak
from fairgames.mechanism.problem import Problem
from fairgames.tolerance import RELATIVE, comparison_tolerance


@dataclass(frozen=True)
class Search:
    """What a search over equilibria found.

    Attributes
    ----------
    peak : Peak or None
        The optimum; None when nothing meets the constraints.
    pieces : list of Piece
        The selected equilibrium at every alpha.
    ties : tuple of tuple of int
        Other pure profiles that do as well at the same alpha.
    searched : str
        The equilibria over which it ranged.
    """

    peak: Peak | None
    pieces: list[Piece]
    ties: tuple[Profile, ...]
    searched: str


def best_pure(problem: Problem) -> Search:
    """Best pure equilibrium for the platform (eq. 19)."""
    stable = pure_equilibria(problem, margin=problem.limits.margin)
    return _best_among(problem, within_limits(stable, problem.limits), "all pure equilibria")


def worst_pure(problem: Problem) -> Search:
    """Supremum over alpha of the lowest value among all pure equilibria."""
    stable = pure_equilibria(problem, margin=problem.limits.alpha_from * 0)
    pieces = worst_pieces(stable, problem.limits, problem.profile)
    peak = highest_peak(pieces, comparison_tolerance(problem.utilities))
    return Search(peak, pieces, (), "all pure equilibria")


def best_potential(problem: Problem) -> Search:
    """Best for the platform among the maximisers of the users' potential at each alpha."""
    index, lo, hi = highest_lines(problem.potentials.reshape(-1), problem.total_costs.reshape(-1))
    if problem.limits.margin > 0:
        strict = pure_equilibria(problem, margin=problem.limits.margin)
        place = np.searchsorted(strict.index, index)
        found = place < strict.index.size
        found[found] = strict.index[place[found]] == index[found]
        index, lo, hi, place = index[found], lo[found], hi[found], place[found]
        lo, hi = np.maximum(lo, strict.lo[place]), np.minimum(hi, strict.hi[place])
    utility = problem.utilities.reshape(-1)[index]
    maximisers = within_limits(PureEquilibria(index, lo, hi, utility), problem.limits)
    return _best_among(problem, maximisers, "all maximisers of the users' potential")


def _best_among(problem: Problem, equilibria: PureEquilibria, searched: str) -> Search:
    name = problem.profile
    pieces = best_pieces(equilibria, name)
    if not pieces:
        return Search(None, pieces, (), searched)
    worth = equilibria.utility
    alpha = np.where((worth >= 0).astype(bool), equilibria.lo, equilibria.hi)
    value = (1 - alpha) * worth
    exact = problem.exact
    tops = np.flatnonzero((value >= value.max() - comparison_tolerance(problem.utilities)).astype(bool))
    earliest = alpha[tops].min()
    tops = tops[(alpha[tops] <= earliest + (0 if exact else RELATIVE)).astype(bool)]
    profiles = sorted({name(int(equilibria.index[entry])) for entry in tops})
    winner = next(int(entry) for entry in tops if name(int(equilibria.index[entry])) == profiles[0])
    zero = worth[winner] * 0
    family = Piece(equilibria.lo[winner], equilibria.hi[winner], True, True, (worth[winner], zero, zero), profiles[0])
    return Search(Peak(alpha[winner], value[winner], family, None), pieces, tuple(profiles[1:]), searched)
