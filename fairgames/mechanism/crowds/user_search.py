"""The optimum among users who may all be different: searched, then certified by payments priced afresh.

A good alpha for users who may all be different: from equilibrium to equilibrium as alpha falls and rises.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fairgames.mechanism.crowds.bound import CostBound
from fairgames.mechanism.crowds.fair_bound import FairBound
from fairgames.mechanism.crowds.gains import Certificate, Pricing, UserGains, certificate, gains_of_moves
from fairgames.mechanism.crowds.game import ScaleGame, State
from fairgames.mechanism.crowds.replies import Regret, binding_move, regret_from, reply, stable_range
from fairgames.mechanism.crowds.search import AlphaSearch, Candidate
from fairgames.mechanism.limits import Limits
from fairgames.payments.result import Payments
from fairgames.tolerance import CERTIFICATE_DOUBT, USER_GAIN

_N_ALPHAS = 10
_LEAST_ALPHA = 2e-2
_N_RANDOM = 3
_ROUNDS = 4
_STEP = 1e-5
_PATIENCE = 8
_MOST_STEPS = 200
_FEW_AT_A_LEVEL = 6
_BREAK_EVEN = 1.3
_N_HIDDEN = 2
_RELIEF_PATIENCE = 3


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

    1. States in which one user alone is at a level that hides it, and everybody else at the top: while it helps, all
       those whose kind sets the least alpha go where they would rather be.
    2. Best replies at alphas on a logarithmic scale: from the first start on the way down, from the last on the way up,
       each from where the one before led; from the other starts somewhat above where their payments cover their costs.
    3. Best replies from random states at the best alpha.
    4. From the best equilibrium to the next one just below the least alpha at which it holds, and to the one just above
       the largest, as long as that goes on to help.
    5. The user who sets that least alpha changes places with each of the few at some other level.
    6. 4 and 5 again, while they help.

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
    for start in one_hidden(game):
        _relieve(search, game, start)
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


def one_hidden(game: ScaleGame) -> Iterable[State]:
    """Put all at their highest levels, but one of those who bring most alone at each lower level in turn."""
    highest = game.highest()
    top = highest.argmax(axis=1)
    alone = np.zeros((len(top), *game.counts(highest).shape), dtype=np.int64)
    alone[:, :, 0] = game.utility.type_sizes
    rows = np.arange(len(top))
    alone[rows, game.kinds, 0] -= 1
    alone[rows, game.kinds, top] += 1
    for group in np.argsort(-game.utility.evaluate_counts(alone), kind="stable")[:_N_HIDDEN].tolist():
        for level in np.flatnonzero(np.isfinite(game.costs[group, 1 : top[group]])).tolist():
            state = highest.copy()
            state[group, [level + 1, top[group]]] += [1, -1]
            yield state


def _relieve(search: UserSearch, game: ScaleGame, state: State) -> None:
    """Let those who set the least alpha go where that is set, while it helps."""
    known, since = -math.inf, 0
    while since < _RELIEF_PATIENCE:
        search.corner(state)
        binding = binding_move(game, search.table(state), state)
        if binding is None:
            return
        group, level, target, alpha = binding
        kept = (1 - min(alpha, 1.0)) * search.utility(state)
        since, known = (0, kept) if kept > known else (since + 1, known)
        state = state.copy()
        state[group, target] += state[group, level]
        state[group, level] = 0


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
    group, level, _, _ = binding
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


_MOST_TRIED = 3


@dataclass(frozen=True, eq=False)
class Certified:
    """An equilibrium among different users, and how sure it is.

    Attributes
    ----------
    candidate : Candidate
        At the least alpha at which the certificate holds.
    regret : Regret
        What the most tempted user gains by moving.
    paid : Payments
        At the candidate's alpha, by type and level.
    how : str
        In words.
    """

    candidate: Candidate
    regret: Regret
    paid: Payments
    how: str


def certified_optimum(
    game: ScaleGame, bound: CostBound, limits: Limits, fair: FairBound | None = None
) -> Certified | None:
    """Search, then certify the best of what was found; None when nothing was found within the limits.

    Where payments are estimated, alpha is the least one at which nobody gains by moving even if every payment's error
    works against it, as far as the confidence of the certificate covers: somewhat above the least one by estimates.

    Parameters
    ----------
    game : ScaleGame
        The users.
    bound : CostBound
        Its state is one of the starts.
    limits : Limits
        The platform's constraints.
    fair : FairBound, optional
        Its states are looked at first.
    """
    gains = UserGains(Pricing(game.utility), game.offered)
    search = UserSearch(game, gains, limits)
    for state in () if fair is None else fair.states:
        search.corner(state)
    search_users(search, game, limits, [game.highest(), bound.state, game.cheapest()], bound.largest)
    tried = []
    for candidate in search.ranked()[:_MOST_TRIED]:
        proof = certificate(game, candidate.state, _MOST_TRIED)
        safe = _safe(game, proof, candidate, limits)
        tried.append(_certified(game, proof, safe or candidate, gains.n_priced, holds=safe is not None))
        if not proof.estimated and safe is not None:
            break
    held = [one for one in tried if one.regret.verified]
    return max(held, key=lambda one: one.candidate.value, default=tried[0] if tried else None)


def _safe(game: ScaleGame, proof: Certificate, candidate: Candidate, limits: Limits) -> Candidate | None:
    """Best alpha at which nobody gains, errors allowed for; None where there is none within the limits."""
    lo, hi = stable_range(game, proof.most(), candidate.state)
    lo, hi = max(lo, float(limits.alpha_from)), min(hi, float(limits.alpha_to))
    U = candidate.utility
    alpha = lo if U >= 0 else hi
    if lo > hi or (limits.budget is not None and alpha * U > float(limits.budget)):
        return None
    return Candidate(alpha, (1 - alpha) * U, U, candidate.state)


def _certified(game: ScaleGame, proof: Certificate, candidate: Candidate, n_priced: int, *, holds: bool) -> Certified:
    table, errors = gains_of_moves(proof.moves)
    found = regret_from(game, table, errors, candidate.state, candidate.alpha)
    regret = Regret(found.gain, found.error, holds or (not proof.estimated and found.verified))
    n_moves = f"all {proof.n_moves:,} moves"
    if proof.estimated:
        sure = f"with {1 - CERTIFICATE_DOUBT:.0%} confidence for {n_moves} together, from a fresh sample"
    else:
        sure = f"by payments without sampling error, for {n_moves}"
    how = f"{n_priced:,} states were priced on the way; "
    how += f"nobody gains by moving, {sure}" if regret.verified else "some user may gain by moving"
    shares, spread = (
        np.nan_to_num(np.diagonal(part, axis1=1, axis2=2)) for part in (proof.moves.values, proof.moves.errors)
    )
    paid = Payments(
        values=candidate.alpha * shares,
        utility=proof.moves.utility,
        alpha=candidate.alpha,
        standard_errors=candidate.alpha * spread,
        degrees_of_freedom=proof.moves.degrees_of_freedom,
        engine=proof.moves.engine,
        reason="all moves of single users at once",
        evaluations=proof.moves.evaluations,
    )
    return Certified(candidate, regret, paid, how)
