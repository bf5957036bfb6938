"""The optimum among users who may all be different: searched, then certified by payments priced afresh.

A good alpha for users who may all be different: from equilibrium to equilibrium as alpha falls and rises.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.crowds.bound import CostBound
from fairgames.mechanism.crowds.fair_bound import FairBound
from fairgames.mechanism.crowds.gains import (
    PROOF,
    Certificate,
    Pricing,
    RoughGains,
    TimeIsUpError,
    UserGains,
    certificate,
    gains_of_moves,
)
from fairgames.mechanism.crowds.game import ScaleGame, State
from fairgames.mechanism.crowds.replies import Regret, least_alphas, regret_from, reply, stable_range
from fairgames.mechanism.crowds.search import AlphaSearch, Candidate, exchange
from fairgames.payments.result import Payments
from fairgames.scenario.limits import Limits
from fairgames.tolerance import CERTIFICATE_DOUBT, CROWD_SCAN, ERRORS_ALLOWED, USER_GAIN

_N_ALPHAS = 5
_LEAST_ALPHA = 2e-2
_STEP = 4 * CROWD_SCAN
_PATIENCE = 4
_MOST_STEPS = 200
_BREAK_EVEN = 1.3
_N_HIDDEN = 2
_RELIEF_PATIENCE, _PATIENCE_WITH_HIDDEN = 3, 8
_NEARLY = 0.98
_PROMISING, _FAR = 0.97, 0.9


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
    stop : float
        Time (`time.monotonic`) from which on, once something is found, no state is priced.
    """

    def __init__(self, game: ScaleGame, gains: UserGains, limits: Limits, stop: float = math.inf) -> None:
        super().__init__(game, gains, limits, stop)
        self._rough_gains = RoughGains(gains)
        self._met: dict[bytes, tuple[float, float]] = {}

    def settle(self, alpha: float, start: State) -> State:
        """Equilibrium that best replies reach at ``alpha``; it is noted when it is within the limits."""
        state, settled = reply(self._game, self._gains, alpha, self.scan(alpha, start), USER_GAIN)
        if settled:
            lo, hi = self.range_of(state)
            self._note(state, min(lo, alpha), max(hi, alpha))
        return state

    def scan(self, alpha: float, start: State) -> State:
        """Where best replies lead at ``alpha``, roughly."""
        return reply(self._game, self._rough_gains, alpha, start, CROWD_SCAN)[0]

    def look(self, alpha: float, start: State) -> State:
        """Scan, and settle if that promises much; otherwise it is noted if it is an equilibrium just so."""
        state = self.scan(alpha, start)
        if (1 - alpha) * self.utility(state) >= _PROMISING * self.best_value():
            return self.settle(alpha, state)
        self.corner(state)
        return state

    def glance(self, state: State) -> NDArray[np.float64]:
        """What moving adds to payments, roughly; the state is noted where it is an equilibrium that promises much."""
        table, _ = self._rough_gains.table(self._game.counts(state))
        U, best = self.utility(state), self.best_value()
        lo, hi = stable_range(self._game, table, state)
        if lo <= hi + CROWD_SCAN and (1 - lo) * U > best * (1 - CROWD_SCAN):
            self.corner(state)
        return table

    def corner(self, state: State) -> tuple[float, float]:
        """Note a state wherever it is an equilibrium; return the ends of that range of alpha."""
        lo, hi = self.range_of(state)
        if lo <= hi:
            self._note(state, lo, hi)
        return lo, hi

    def range_of(self, state: State) -> tuple[float, float]:
        """Alphas at which a state is an equilibrium; empty when the first is larger."""
        key = state.tobytes()
        if key not in self._met:
            self._met[key] = stable_range(self._game, self.table(state), state)
        return self._met[key]


def search_users(search: UserSearch, game: ScaleGame, limits: Limits, starts: Sequence[State], largest: float) -> None:
    """Meet equilibria at many alphas, and improve the best of them.

    1. From each start, and states in which one user alone is at a level that hides it and everybody else at the top:
       while it helps, all those whose kind sets the least alpha go where they would rather be.
    2. Best replies at alphas on a logarithmic scale, from the first start on the way down, each from where the one
       before led.
    3. From the best equilibrium to others that differ by one user's level, or by two users who change places; to the
       next one just below the least alpha at which it holds, and to the one just above the largest; while they help.

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
    for start in one_hidden(game):
        _relieve(search, game, start, _PATIENCE_WITH_HIDDEN)
    for start in starts[1:-1]:
        _relieve(search, game, start, _RELIEF_PATIENCE)
    high = search.useful_alpha(low, high, largest)
    grid = np.geomspace(max(low, _LEAST_ALPHA * high), high, _N_ALPHAS).tolist() if high > 0 else []
    state = starts[0]
    for alpha in sorted({low, *grid, high}, reverse=True):
        state = search.look(alpha, state)
    known = -math.inf
    while search.best_value() > known * (1 + USER_GAIN):
        known = search.best_value()
        exchange(search, game)
        best = search.best_rough()
        if best is None:
            return
        for step in (-_STEP, _STEP):
            _follow(search, game, best.state, step, limits, largest)


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


def _relieve(search: UserSearch, game: ScaleGame, state: State, patience: int) -> None:
    """Let those who set the least alpha, or nearly, go where that is set, while it helps."""
    known, since = _FAR * search.best_value(), 0
    while since < patience:
        least = least_alphas(game, search.glance(state), state)
        alpha, targets = float(least.max()), least.argmax(axis=2)
        if alpha <= 0:
            return
        kept = (1 - min(alpha, 1.0)) * search.utility(state)
        since, known = (0, kept) if kept > known else (since + 1, known)
        state = state.copy()
        for group, level in np.argwhere(least.max(axis=2) >= _NEARLY * alpha).tolist():
            state[group, targets[group, level]] += state[group, level]
            state[group, level] = 0


def _follow(search: UserSearch, game: ScaleGame, state: State, step: float, limits: Limits, largest: float) -> None:
    """Go from equilibrium to equilibrium in one direction of alpha."""
    since, known = 0, search.best_value()
    for _ in range(_MOST_STEPS):
        lo, hi = stable_range(game, search.glance(state), state)
        alpha = (lo if step < 0 else hi) * (1 + step)
        inside = float(limits.alpha_from) < alpha <= search.useful_alpha(0.0, float(limits.alpha_to), largest)
        if not inside or since >= _PATIENCE:
            return
        state = search.look(alpha, state)
        best = search.best_value()
        since, known = (0, best) if best > known else (since + 1, known)


_MOST_TRIED = 3
_ROBUST = 1.1
_CLOSER = tuple(replace(PROOF, seed=seed, replicates=32 * 4 ** (seed - 1)) for seed in (2, 3))


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
    ranked : list of Candidate
        All equilibria that were met.
    """

    candidate: Candidate
    regret: Regret
    paid: Payments
    how: str
    ranked: list[Candidate]


def certified_optimum(
    game: ScaleGame, bound: CostBound, limits: Limits, fair: FairBound | None = None, stop: float = math.inf
) -> Certified | None:
    """Search, then certify the best of what was found; None when nothing was found within the limits.

    Where payments are estimated, alpha is the least one at which nobody gains by moving even if every payment's error
    works against it, as far as the confidence of the certificate covers: somewhat above the least one by estimates.
    The best equilibria are tried, and the best of those that hold over a wide range of alpha; while none is verified,
    those that are not refuted are tried again with more samples.

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
    stop : float
        Time (`time.monotonic`) from which on nothing more is looked for.
    """
    gains = UserGains(Pricing(game.utility), game.offered)
    search = UserSearch(game, gains, limits, stop)
    between = [bound.state] if fair is None else [*fair.states, bound.state]
    with suppress(TimeIsUpError):
        search_users(search, game, limits, [game.highest(), *between, game.cheapest()], bound.largest)
    ranked = search.ranked()
    robust = [one for one in ranked if one.alphas[1] >= _ROBUST * one.alphas[0]]
    open_, tried = [*ranked[:_MOST_TRIED], *robust[:_MOST_TRIED]], []
    for effort in (PROOF, *_CLOSER):
        doubtful = []
        for candidate in open_:
            proof = certificate(game, candidate.state, 2 * _MOST_TRIED * (1 + len(_CLOSER)), effort)
            safe = _safe(game, proof, candidate, limits)
            found = _certified(game, proof, safe or candidate, gains.n_priced, holds=safe is not None)
            tried.append(replace(found, ranked=ranked))
            if not proof.estimated and safe is not None:
                return tried[-1]
            if proof.estimated and found.regret.gain <= ERRORS_ALLOWED * found.regret.error:
                doubtful.append(candidate)
        open_ = doubtful
        if any(one.regret.verified for one in tried):
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
    return Candidate(alpha, (1 - alpha) * U, U, candidate.state, (lo, hi))


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
    return Certified(candidate, regret, paid, how, [])
