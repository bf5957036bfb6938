"""A good alpha for very many users: equilibria by best replies, along a search in alpha."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from fairgames.mechanism.at_scale_climb import climb
from fairgames.mechanism.at_scale_game import ScaleGame, State
from fairgames.mechanism.at_scale_shares import MovedGains
from fairgames.mechanism.at_scale_verify import stable_range
from fairgames.mechanism.constraints import Limits

_N_ALPHAS = 16
_LEAST_ALPHA = 1e-3
_MOST_CORNERS = 81
_MOST_BREAKPOINTS = 12
_REFINEMENTS = 14
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, eq=False)
class Candidate:
    """An equilibrium, at the alpha that is best for the platform among those at which it is one.

    Attributes
    ----------
    alpha, value, utility : float
        Fraction paid out, what the platform keeps, and the utility.
    state : ndarray of int, shape (G, L)
        Who does what.
    """

    alpha: float
    value: float
    utility: float
    state: State


class AlphaSearch:
    """Equilibria met so far, and the best of them.

    Parameters
    ----------
    game : ScaleGame
        The users.
    gains : MovedGains
        What moving brings.
    limits : Limits
        What the platform can afford and needs.
    """

    def __init__(self, game: ScaleGame, gains: MovedGains, limits: Limits) -> None:
        self._game = game
        self._gains = gains
        self._limits = limits
        self.found: list[Candidate] = []

    def ranked(self) -> list[Candidate]:
        """Candidates within the limits, the best first, one for each state."""
        ranked, seen = [], set()
        for candidate in sorted(self.found, key=lambda one: -one.value):
            key = candidate.state.tobytes()
            if key not in seen:
                seen.add(key)
                ranked.append(candidate)
        return ranked

    def settle(self, alpha: float, start: State) -> State:
        """Equilibrium that best replies reach at ``alpha``; it is noted when it is within the limits."""
        state, settled = climb(self._game, self._gains, alpha, start)
        if settled:
            lo, hi = stable_range(self._game, self._gains, state)
            self._note(state, min(lo, alpha), max(hi, alpha))
        return state

    def corner(self, state: State) -> tuple[float, float]:
        """Note a state wherever it is an equilibrium; return the ends of that range of alpha."""
        lo, hi = stable_range(self._game, self._gains, state)
        if lo <= hi:
            self._note(state, lo, hi)
        return lo, hi

    def _note(self, state: State, lo: float, hi: float) -> None:
        limits = self._limits
        lo, hi = max(lo, float(limits.alpha_from)), min(hi, float(limits.alpha_to))
        U = self.utility(state)
        if limits.budget is not None and U > 0:
            hi = min(hi, float(limits.budget) / U)
        if lo <= hi and (limits.min_utility is None or float(limits.min_utility) <= U):
            alpha = lo if U >= 0 else hi
            self.found.append(Candidate(alpha, (1 - alpha) * U, U, state))

    def utility(self, state: State) -> float:
        """Utility of a state."""
        return self._gains.pricing.utility_at(self._game.counts(state))


def search_alpha(search: AlphaSearch, game: ScaleGame, limits: Limits, starts: Sequence[State]) -> None:
    """Meet equilibria at many alphas, and refine around the best.

    1. States in which each type's users are all at one level: exactly the alphas at which they are equilibria.
    2. Best replies at alphas on a logarithmic scale and at the ends found in 1: from the first start on the way
       down, from the last on the way up, each from the equilibrium before; and from all other starts afresh.
    3. Golden sections between the neighbours of the best alpha, from the best equilibrium.

    Parameters
    ----------
    search : AlphaSearch
        Receives what is found.
    game : ScaleGame
        The users.
    limits : Limits
        Range of alpha.
    starts : sequence of states
        Many present first, few last.
    """
    low, high = float(limits.alpha_from), float(limits.alpha_to)
    breakpoints = [end for state in _corners(game) for end in search.corner(state)]
    grid = np.geomspace(max(low, _LEAST_ALPHA * high), high, _N_ALPHAS) if high > 0 else np.zeros(0)
    inside = sorted({end for end in breakpoints if low < end < high})
    picked = (
        [inside[place] for place in np.linspace(0, len(inside) - 1, _MOST_BREAKPOINTS).round().astype(int)]
        if inside
        else []
    )
    alphas = sorted({low, high, *grid.tolist(), *picked})
    down, up = starts[0], starts[-1]
    for alpha in reversed(alphas):
        down = search.settle(alpha, down)
    for alpha in alphas:
        up = search.settle(alpha, up)
    for start in starts[1:-1]:
        for alpha in alphas:
            search.settle(alpha, start)
    _refine(search, alphas)


def _refine(search: AlphaSearch, alphas: Sequence[float]) -> None:
    ranked = search.ranked()
    if not ranked:
        return
    best = ranked[0]
    below = max((alpha for alpha in alphas if alpha < best.alpha), default=best.alpha)
    above = min((alpha for alpha in alphas if alpha > best.alpha), default=best.alpha)
    state = best.state

    def kept(alpha: float) -> float:
        U = search.utility(search.settle(alpha, state))
        return (1 - alpha) * U

    left, right = above - _GOLDEN * (above - below), below + _GOLDEN * (above - below)
    at_left, at_right = kept(left), kept(right)
    for _ in range(_REFINEMENTS):
        if at_left >= at_right:
            above, right, at_right = right, left, at_left
            left = above - _GOLDEN * (above - below)
            at_left = kept(left)
        else:
            below, left, at_left = left, right, at_right
            right = below + _GOLDEN * (above - below)
            at_right = kept(right)


def _corners(game: ScaleGame) -> Iterable[State]:
    """States in which all groups of a type are at one level, as far as they are few."""
    choices = []
    for kind in range(len(game.utility.type_sizes)):
        allowed = np.isfinite(game.costs[game.kinds == kind]).all(axis=0)
        choices.append(np.flatnonzero(allowed).tolist())
    if math.prod(map(len, choices)) > _MOST_CORNERS:
        return
    for levels in product(*choices):
        yield game.all_at(np.array(levels, dtype=np.intp)[game.kinds])
