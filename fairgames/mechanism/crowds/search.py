"""Identical users with two actions, one of them "absent": the optimum in closed form, at any size.

A good alpha for very many users: equilibria by best replies, along a search in alpha.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import to_float
from fairgames.mechanism.crowds.gains import MovedGains
from fairgames.mechanism.crowds.game import ScaleGame, State
from fairgames.mechanism.crowds.replies import climb, least_alphas, stable_range
from fairgames.scenario.limits import Limits
from fairgames.tolerance import CROWD_SCAN

_N_ALPHAS = 12
_LEAST_ALPHA = 1e-2
_MOST_CORNERS = 81
_MOST_BREAKPOINTS = 6
_REFINEMENTS = 10
_MOST_SETTLED = 3
_SAME = 0.01
_BREAK_EVEN = 1.5
_FEW_AT_A_LEVEL = 6
_FAILURES_ALLOWED, _MOST_EXCHANGES = 40, 200
_MOST_NEAR = 3_000
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
    alphas : tuple of two floats
        Ends of the range of alpha on which it is an equilibrium within the limits.
    """

    alpha: float
    value: float
    utility: float
    state: State
    alphas: tuple[float, float]


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
    stop : float
        Time (`time.monotonic`) from which on, once something is found, no state is priced.
    """

    def __init__(self, game: ScaleGame, gains: MovedGains, limits: Limits, stop: float = math.inf) -> None:
        self._game = game
        self._gains = gains
        self._limits = limits
        self._stop = stop
        self.found: list[Candidate] = []
        self._rough: list[Candidate] = []

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
            lo, hi = stable_range(self._game, self.table(state), state)
            self._note(state, min(lo, alpha), max(hi, alpha))
        return state

    def scan(self, alpha: float, start: State) -> State:
        """Where best replies lead at ``alpha``, roughly; it is noted as a place to settle."""
        state, _ = climb(self._game, self._gains, alpha, start, CROWD_SCAN)
        if self._within(alpha, self.utility(state)):
            self._rough.append(self._at(alpha, state, (alpha, alpha)))
        return state

    def settle_best(self, number: int) -> None:
        """Settle where the scans were best."""
        for rough in sorted(self._rough, key=lambda one: -one.value)[:number]:
            self.settle(rough.alpha, rough.state)
        self._rough.clear()

    def best_value(self) -> float:
        """Largest value met so far, roughly; at least 0."""
        best = self.best_rough()
        return 0.0 if best is None else max(0.0, best.value)

    def useful_alpha(self, low: float, high: float, largest: float) -> float:
        """Largest alpha that could still do better than what is known, where the utility is at most ``largest``."""
        if not math.isfinite(largest) or largest <= 0:
            return high
        return max(low, min(high, 1 - self.best_value() / largest))

    def best_rough(self) -> Candidate | None:
        """Best of the scans and of what is found."""
        return max([*self._rough, *self.found], key=lambda one: one.value, default=None)

    def corner(self, state: State) -> tuple[float, float]:
        """Note a state wherever it is an equilibrium; return the ends of that range of alpha."""
        lo, hi = stable_range(self._game, self.table(state), state)
        if lo <= hi:
            self._note(state, lo, hi)
        return lo, hi

    def glance(self, state: State) -> NDArray[np.float64]:
        """What moving adds to payments; the state is noted where it is an equilibrium that promises much."""
        self.corner(state)
        return self.table(state)

    def _note(self, state: State, lo: float, hi: float) -> None:
        limits, U = self._limits, self.utility(state)
        lo, hi = max(lo, float(limits.alpha_from)), min(hi, float(limits.alpha_up_to(U)))
        alpha = lo if U >= 0 else hi
        if lo <= hi and self._within(alpha, U):
            self.found.append(self._at(alpha, state, (lo, hi)))
            self._gains.pricing.stop = self._stop

    def _at(self, alpha: float, state: State, alphas: tuple[float, float]) -> Candidate:
        U = self.utility(state)
        return Candidate(alpha, (1 - alpha) * U, U, state, alphas)

    def _within(self, alpha: float, utility: float) -> bool:
        """Whether the limits other than those of alpha hold."""
        least, most = self._limits.min_utility, self._limits.budget
        return (least is None or float(least) <= utility) and (most is None or alpha * utility <= float(most))

    def table(self, state: State) -> NDArray[np.float64]:
        """What moving adds to payments at alpha = 1, shape ``(K, L, L)``."""
        return self._gains.table(self._game.counts(state))[0]

    def utility(self, state: State) -> float:
        """Utility of a state."""
        return self._gains.pricing.utility_at(self._game.counts(state))


def search_alpha(search: AlphaSearch, game: ScaleGame, limits: Limits, starts: Sequence[State], largest: float) -> None:
    """Meet equilibria at many alphas, and refine around the best.

    1. States in which each type's users are all at one level: exactly the alphas at which they are equilibria.
    2. Best replies at alphas on a logarithmic scale and at the ends found in 1: from the first start on the way
       down, from the last on the way up until both agree, each from where the one before led; from other starts
       where these two differ. An alpha above ``1 − value / largest utility`` cannot do better, and is left out.
    3. Golden sections between the neighbours of the best alpha, from where it led.
    4. All this only looks roughly; the best few places are then settled.

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
    largest : float
        The utility is never larger.
    """
    low, high = float(limits.alpha_from), float(limits.alpha_to)
    breakpoints = [end for state in _corners(game) for end in search.corner(state)]
    for start in starts[1:-1]:
        _break_even(search, game, start, low, high)
    high = search.useful_alpha(low, high, largest)
    grid = np.geomspace(max(low, _LEAST_ALPHA * high), high, _N_ALPHAS).tolist() if high > 0 else []
    inside = sorted({end for end in breakpoints if low < end < high})
    every = max(1, math.ceil(len(inside) / _MOST_BREAKPOINTS))
    alphas = sorted({low, high, *grid, *inside[::every]})
    reached, down, up = {}, starts[0], starts[-1]
    for alpha in reversed(alphas):
        down = reached[alpha] = search.scan(alpha, down)
    for alpha in alphas:
        up = search.scan(alpha, up)
        worth = search.utility(reached[alpha])
        if abs(worth - search.utility(up)) <= _SAME * abs(worth) and worth != search.utility(starts[-1]):
            break
        if worth != search.utility(up):
            for start in starts[1:-1]:
                search.scan(alpha, start)
    _refine(search, alphas)
    search.settle_best(_MOST_SETTLED)


def _break_even(search: AlphaSearch, game: ScaleGame, start: State, low: float, high: float) -> None:
    """Scan where the payments of a state cover its costs and somewhat more, so that good values are known early."""
    U, borne = search.utility(start), game.cost_of(start)
    if U > 0 and borne > 0:
        search.scan(min(max(_BREAK_EVEN * borne / U, low), high), start)


def _refine(search: AlphaSearch, alphas: Sequence[float]) -> None:
    best = search.best_rough()
    if best is None:
        return
    state = best.state
    below = max((alpha for alpha in alphas if alpha < best.alpha), default=best.alpha)
    above = min((alpha for alpha in alphas if alpha > best.alpha), default=best.alpha)

    def kept(alpha: float) -> float:
        return (1 - alpha) * search.utility(search.scan(alpha, state))

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


def exchange(search: AlphaSearch, game: ScaleGame) -> None:
    """Go from the best equilibrium to better ones near it, as long as some are among those of most welfare."""
    tried: set[bytes] = set()
    failures, best = 0, search.best_rough()
    while best is not None and failures < _FAILURES_ALLOWED and len(tried) < _MOST_EXCHANGES:
        new = [state for state in _near(search, game, best) if state.tobytes() not in tried]
        for state in new[: _FAILURES_ALLOWED - failures]:
            tried.add(state.tobytes())
            failures += 1
            search.glance(state)
            if search.best_rough() is not best:
                failures = 0
                break
        else:
            return
        best = search.best_rough()


def _near(search: AlphaSearch, game: ScaleGame, best: Candidate) -> list[State]:
    """States that differ by the level of some alike users, or by two users who change places; the best welfare first.

    Of two users one is at a level of few, or is the one who sets the least alpha.
    """
    allowed, state = np.isfinite(game.costs), best.state
    there = list(zip(*np.nonzero(state), strict=True))
    few = state.sum(axis=0) <= _FEW_AT_A_LEVEL
    least = least_alphas(game, search.table(state), state).max(axis=2)
    binding = np.unravel_index(int(least.argmax()), least.shape)
    moves = [
        [(one, at, to)] * (1 << power)
        for one, at in there
        for to in np.flatnonzero(allowed[one])
        if to != at
        for power in range(int(state[one, at]).bit_length())
    ]
    for one, at in there:
        if few[at] or (one, at) == binding:
            others = [(other, to) for other, to in there if to != at and allowed[one, to] and allowed[other, at]]
            moves += [[(one, at, to), (other, to, at)] for other, to in others]
    near = []
    for pair in moves[:: -(-len(moves) // _MOST_NEAR) or 1]:
        moved = state.copy()
        for group, source, target in pair:
            moved[group, source] -= 1
            moved[group, target] += 1
        near.append(moved)
    if not near:
        return []
    worth = game.utility.evaluate_counts(np.array([game.counts(one) for one in near]))
    welfare = [U - game.cost_of(one) for U, one in zip(worth, near, strict=True)]
    return [near[place] for place in np.argsort(-np.array(welfare), kind="stable")]


_CHUNK = 1 << 17
_MOST_USERS = 20_000_000


def is_symmetric(game: ScaleGame) -> bool:
    """Whether all users are of one type, have equal costs, and choose between "absent" and one level."""
    allowed = np.isfinite(game.costs)
    one = len(game.sizes) == 1 and len(game.utility.type_sizes) == 1
    return one and bool(allowed[0, 0]) and int(allowed.sum()) == 2 and game.n_users <= _MOST_USERS


def symmetric_optimum(game: ScaleGame) -> Candidate:
    """Best equilibrium over all alphas.

    With ``U_k`` the utility of ``k`` present users and ``c`` their cost, the platform keeps at most ``max U_k − c k``,
    for each present user is paid at least its cost. At ``alpha = c k / U_k`` the maximising ``k`` is an equilibrium:
    those present are paid exactly ``c``, and one more would be paid at most ``c``, since ``U_{k+1} ≤ U_k + c``. Mixed
    equilibria leave the platform a mean of the same numbers.

    Returns
    -------
    Candidate
        Its ``value`` is also the upper bound.
    """
    level = int(np.flatnonzero(np.isfinite(game.costs[0]))[1])
    cost, best, best_k = float(game.costs[0, level]), 0.0, 0
    for start in range(0, game.n_users + 1, _CHUNK):
        present = np.arange(start, min(start + _CHUNK, game.n_users + 1))
        counts = np.zeros((len(present), 1, game.n_levels), dtype=np.int64)
        counts[:, 0, level], counts[:, 0, 0] = present, game.n_users - present
        kept = to_float(game.utility.evaluate_counts(counts)) - cost * present
        top = int(np.argmax(kept))
        if kept[top] > best:
            best, best_k = float(kept[top]), int(present[top])
    state = np.zeros((1, game.n_levels), dtype=np.int64)
    state[0, level], state[0, 0] = best_k, game.n_users - best_k
    utility = best + cost * best_k
    alpha = cost * best_k / utility if best_k else 0.0
    return Candidate(alpha, best, utility, state, (alpha, alpha))
