"""A good alpha for users who may all be different: from equilibrium to equilibrium as alpha falls and rises."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from fairgames.mechanism.at_scale_game import ScaleGame, State
from fairgames.mechanism.at_scale_moves import UserGains
from fairgames.mechanism.at_scale_replies import reply
from fairgames.mechanism.at_scale_search import AlphaSearch, Candidate
from fairgames.mechanism.at_scale_verify import binding_move, stable_range
from fairgames.mechanism.constraints import Limits
from fairgames.tolerance import USER_GAIN

_N_ALPHAS = 10
_LEAST_ALPHA = 2e-2
_N_RANDOM = 3
_ROUNDS = 4
_STEP = 1e-5
_PATIENCE = 8
_MOST_STEPS = 200
_FEW_AT_A_LEVEL = 6
_BREAK_EVEN = 1.3


class UserSearch(AlphaSearch):
    """Equilibria met so far among users who are priced one by one.

    Parameters
    ----------
    game : ScaleGame
        The users.
    gains : UserGains
        What moving brings.
    limits : Limits
        What the platform can afford and needs.
    """

    def __init__(self, game: ScaleGame, gains: UserGains, limits: Limits) -> None:
        super().__init__(game, gains, limits)
        self._met: dict[bytes, tuple[float, float]] = {}

    def settle(self, alpha: float, start: State) -> State:
        """Equilibrium that best replies reach at ``alpha``; it is noted when it is within the limits."""
        state, settled = reply(self._game, self._gains, alpha, start, USER_GAIN)
        if settled:
            lo, hi = self.range_of(state)
            self._note(state, min(lo, alpha), max(hi, alpha))
        return state

    def range_of(self, state: State) -> tuple[float, float]:
        """Alphas at which a state is an equilibrium; empty when the first is larger."""
        key = state.tobytes()
        if key not in self._met:
            self._met[key] = stable_range(self._game, self.table(state), state)
        return self._met[key]


def search_users(search: UserSearch, game: ScaleGame, limits: Limits, starts: Sequence[State], largest: float) -> None:
    """Meet equilibria at many alphas, and follow the best of them.

    1. Best replies at alphas on a logarithmic scale: from the first start on the way down, from the last on the way up,
       each from where the one before led; from the other starts somewhat above where their payments cover their costs.
    2. Best replies from random states at the best alpha.
    3. From the best equilibrium to the next one just below the least alpha at which it holds, and to the one just above
       the largest, as long as that goes on to help.
    4. The user who sets that least alpha changes places with each of the few at some other level.
    5. 3 and 4 again, while they help.

    Parameters
    ----------
    search : UserSearch
        Receives what is found.
    game : ScaleGame
        The users.
    limits : Limits
        Range of alpha.
    starts : sequence of states
        Many present first, few last.
    largest : float
        The utility is never larger.
    """
    low, high = float(limits.alpha_from), float(limits.alpha_to)
    for start in starts[1:-1]:
        U, borne = search.utility(start), game.cost_of(start)
        if U > 0:
            search.settle(min(max(_BREAK_EVEN * borne / U, low), high), start)
    high = search.useful_alpha(low, high, largest)
    grid = np.geomspace(max(low, _LEAST_ALPHA * high), high, _N_ALPHAS).tolist() if high > 0 else []
    alphas = sorted({low, *grid, high})
    down, up = starts[0], starts[-1]
    for alpha in reversed(alphas):
        down = search.settle(alpha, down)
    for alpha in alphas:
        if alpha <= search.useful_alpha(low, high, largest):
            up = search.settle(alpha, up)
    rng = np.random.default_rng(0)
    for _ in range(_N_RANDOM):
        best = search.best_rough()
        if best is not None:
            search.settle(min(1.02 * best.alpha, high), _random_state(game, rng))
    for _ in range(_ROUNDS):
        best = search.best_rough()
        if best is None:
            return
        for step in (-_STEP, _STEP):
            _follow(search, best.state, step, limits, largest)
        _exchange(search, game)
        if search.best_value() <= best.value * (1 + USER_GAIN):
            return


def _follow(search: UserSearch, state: State, step: float, limits: Limits, largest: float) -> None:
    """Go from equilibrium to equilibrium in one direction of alpha."""
    since, known = 0, search.best_value()
    for _ in range(_MOST_STEPS):
        lo, hi = search.range_of(state)
        alpha = (lo if step < 0 else hi) * (1 + step)
        inside = float(limits.alpha_from) < alpha <= search.useful_alpha(0.0, float(limits.alpha_to), largest)
        if not inside or since >= _PATIENCE:
            return
        state = search.settle(alpha, state)
        best = search.best_value()
        since, known = (0, best) if best > known else (since + 1, known)


def _exchange(search: UserSearch, game: ScaleGame) -> None:
    """Let the user who sets the least alpha change places with each of a few others; keep the best such exchange."""
    for _ in range(_ROUNDS):
        best = search.best_rough()
        if best is None:
            return
        for state in _exchanged(search, game, best):
            search.corner(state)
        if search.best_rough() is best:
            return


def _exchanged(search: UserSearch, game: ScaleGame, best: Candidate) -> Iterable[State]:
    binding = binding_move(game, search.table(best.state), best.state)
    if binding is None:
        return
    group, level = binding
    there = best.state > 0
    for other_level in np.flatnonzero(best.state.sum(axis=0) <= _FEW_AT_A_LEVEL).tolist():
        for other in np.flatnonzero(there[:, other_level]).tolist():
            allowed = math.isfinite(game.costs[group, other_level]) and math.isfinite(game.costs[other, level])
            if other_level != level and other != group and allowed:
                state = best.state.copy()
                state[[group, other], [level, other_level]] -= 1
                state[[group, other], [other_level, level]] += 1
                yield state


def _random_state(game: ScaleGame, rng: np.random.Generator) -> State:
    """Put each group's users at one allowed level each, at random."""
    chances = np.isfinite(game.costs) * rng.random(game.costs.shape)
    return game.all_at(chances.argmax(axis=1))
