"""Most that the platform could keep at any pure equilibrium, proved by ruling out what nobody would stay at.

Paying each user exactly its cost bounds what the platform keeps, but is not fair: who is paid by contribution needs
an alpha that also covers the user paid worst. Here the states, and the range of alpha, are cut into parts. In each,
bounds on payments rule out levels at which some other level would always be paid enough to move; with fewer levels
left, the bounds tighten, until nothing more is ruled out. A linear programme then bounds what is kept.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.crowds.gains import PROOF, gains_of_moves, price_moves
from fairgames.mechanism.crowds.game import ScaleGame, State, whole_state
from fairgames.mechanism.crowds.replies import stable_range
from fairgames.mechanism.dense import best_pure
from fairgames.mechanism.problem import Problem, as_problem
from fairgames.progress import progress
from fairgames.scenario.limits import Limits
from fairgames.tolerance import BOUND_GAP, RELATIVE
from fairgames.utility.bounds import Floats, Numbers, Possible, Span, UtilityBounds, cut_numbers

_FEW_PROFILES = 1 << 16
_MOST_PARTS = 400
_MOST_CELLS = 1_000_000
_ROUNDS = 6
_NARROWEST = 1e-5
_LOW_ALPHA = 1e-4
_WIDTH_OF_LEVELS = 0.5
_N_STATES = 4
_FEW_USERS = 12


@dataclass(frozen=True, eq=False)
class Part:
    """States at a range of alpha.

    Attributes
    ----------
    alphas : tuple of float
        Least and largest alpha.
    present : tuple of int
        Least and largest number of users who are not absent.
    tally : tuple of float
        Least and largest value of what the utility keeps a tally of.
    least, most : ndarray of int, shape (G, L)
        How many users of each group have each level.
    """

    alphas: Span
    present: tuple[int, int]
    tally: Span
    least: Numbers
    most: Numbers


def possible(game: ScaleGame, part: Part) -> Possible:
    """Tell a part by type."""
    needed, either = np.zeros((2, len(game.utility.type_sizes)), dtype=np.int64)
    np.add.at(needed, game.kinds, np.maximum(game.sizes - part.most[:, 0], 0))
    np.add.at(either, game.kinds, np.minimum(game.sizes - part.least[:, 0], part.most[:, 1:].sum(axis=1)))
    return Possible(part.present, part.tally, game.counts(part.least), game.counts(part.most), needed, either)


@dataclass(frozen=True, eq=False)
class FairBound:
    """What is proved, and where the platform may look.

    Attributes
    ----------
    bound : float
        At no pure equilibrium does the platform keep more.
    how : str
        How it was proved.
    states : list of ndarray of int, shape (G, L)
        States that roughly solve the programmes of the last parts; the most promising first.
    """

    bound: float
    how: str
    states: list[State]


@dataclass(frozen=True, eq=False)
class _Looked:
    """A part that is narrowed as far as it goes, what could be kept there, and the programme's solution."""

    bound: float
    part: Part
    shares: Floats


def bound_of_equilibria(game: ScaleGame, limits: Limits, max_seconds: float | None = None) -> FairBound | None:
    """Bound what the platform keeps at pure equilibria; None where nothing is known of payments.

    Where there are few profiles, all of them are looked at, and the bound is the optimum itself.

    Parameters
    ----------
    game : ScaleGame
        The users.
    limits : Limits
        The platform's constraints.
    max_seconds : float, optional
        When to stop.
    """
    utility = game.utility
    if utility.n_users < _FEW_PROFILES.bit_length() and math.prod(utility.shape) <= _FEW_PROFILES:
        groups = _groups_of_users(game)
        peak = best_pure(_in_full(game, groups, limits)).peak
        if peak is None or peak.piece.profile is None:
            return None
        state = np.zeros(game.costs.shape, dtype=np.int64)
        np.add.at(state, (groups, np.array(peak.piece.profile)), 1)
        return FairBound(float(peak.value), "all profiles; over pure equilibria", [state])
    bounds = utility.bounds()
    return None if bounds is None else fair_bound(game, bounds, limits, max_seconds=max_seconds)


def _groups_of_users(game: ScaleGame) -> NDArray[np.intp]:
    """Group of each user of the utility; those of one type are interchangeable."""
    by_entry = np.repeat(game.entries, game.entry_sizes)
    groups = np.empty(game.n_users, dtype=np.intp)
    groups[np.argsort(game.utility.types, kind="stable")] = by_entry[np.argsort(game.kinds[by_entry], kind="stable")]
    return groups


def _in_full(game: ScaleGame, groups: NDArray[np.intp], limits: Limits) -> Problem:
    """The same game, user by user."""
    costs = game.costs[groups]
    actions = [tuple(np.flatnonzero(row).tolist()) for row in np.isfinite(costs)]
    rows = [
        row[:n] for row, n in zip(np.where(np.isfinite(costs), costs, 0.0).tolist(), game.utility.shape, strict=True)
    ]
    return as_problem(game.utility, rows, actions, limits)


def fair_bound(
    game: ScaleGame,
    bounds: UtilityBounds,
    limits: Limits,
    *,
    most_parts: int | None = None,
    max_seconds: float | None = None,
) -> FairBound:
    """Split the part of the largest bound, until that cannot be lowered or enough parts were looked at.

    A state is an equilibrium at alpha if no user gains by moving: ``alpha (P(l) − P(m)) ≥ c(l) − c(m)`` for each user,
    its level ``l`` and every other level ``m`` that it may choose, payments being differences of one function ``P``.
    A level whose payments can, in a part, not exceed those of some other level by the difference of costs at any of
    the part's alphas is nobody's level at an equilibrium there. Among few users each is put at each level in turn,
    and a level that leaves some other user without any is struck out; a part with a single state is priced.

    Parameters
    ----------
    game : ScaleGame
        The users.
    bounds : UtilityBounds
        Bounds on payments and utility.
    limits : Limits
        The platform's constraints.
    most_parts : int, optional
        How many parts to look at.
    max_seconds : float, optional
        When to stop; what is proved by then is returned.

    Returns
    -------
    FairBound
        Valid whenever the search stops, up to rounding; at least 0.
    """
    most = np.where(np.isfinite(game.costs), game.sizes[:, None], 0)
    alphas = float(limits.alpha_from), float(limits.alpha_to)
    search = _Search(game, bounds, limits.as_floats())
    start = search.look(Part(alphas, (0, game.n_users), (0, math.inf), np.zeros_like(most), most))
    stop = math.inf if max_seconds is None else time.monotonic() + max_seconds
    most_parts = most_parts or max(20, min(_MOST_PARTS, _MOST_CELLS // game.costs.size))
    number, finished = count(), list[_Looked]()
    heap = [] if start is None else [(-start.bound, next(number), start)]
    shown = progress("parts of the bound")
    while heap and search.n_looked < most_parts and time.monotonic() < stop:
        best = heap[0][2]
        if best.bound <= search.settled * (1 + BOUND_GAP):
            break
        heapq.heappop(heap)
        before = search.n_looked
        pieces = search.pieces(best)
        shown.update(search.n_looked - before)
        if search.n_looked == before:
            finished.append(best)
            search.settled = max(search.settled, best.bound)
        for piece in pieces:
            heapq.heappush(heap, (-piece.bound, next(number), piece))
    shown.close()
    last = sorted([*finished, *(entry[2] for entry in heap)], key=lambda one: -one.bound)
    bound = max([search.settled, *(one.bound for one in last[:1])])
    return FairBound(bound * (1 + RELATIVE), _how(search.n_looked), _states(game, last))


def _how(n_parts: int) -> str:
    return f"levels that payments cannot hold are ruled out, in {n_parts:,} parts; over pure equilibria"


def _states(game: ScaleGame, looked: list[_Looked]) -> list[State]:
    """States that solve the programmes, in whole users, each once."""
    distinct = {state.tobytes(): state for state in (whole_state(one.shares, game.sizes) for one in looked)}
    return list(distinct.values())[:_N_STATES]


class _Search:
    """Looks at parts; ``settled`` is a value below which no bound needs to go."""

    def __init__(self, game: ScaleGame, bounds: UtilityBounds, limits: Limits) -> None:
        self.game, self.bounds, self.limits = game, bounds, limits
        self.n_looked, self.settled = 0, 0.0

    def pieces(self, whole: _Looked) -> list[_Looked]:
        """Halves of a part where its logarithm is widest; among few users also by who is at some level."""
        part = whole.part
        ways = [(math.log(part.alphas[1] / max(part.alphas[0], _LOW_ALPHA)), self._alphas(part))]
        if self.game.n_users <= _FEW_USERS:
            ways.append((_WIDTH_OF_LEVELS, self._levels(whole)))
        else:
            for ends in cut_numbers(part.present):
                width = math.log((part.present[1] + 1) / (part.present[0] + 1))
                ways.append((width, [replace(part, present=numbers) for numbers in ends]))
            width, spans = self.bounds.cut(part.tally)
            ways.append((width, [replace(part, tally=ends) for ends in spans]))
        return self._alive(whole, max((way for way in ways if way[1]), key=lambda way: way[0], default=(0.0, []))[1])

    def _alive(self, whole: _Looked, parts: Sequence[Part]) -> list[_Looked]:
        """What is left of parts of a whole."""
        found = [self.look(part) for part in parts]
        kept = [replace(one, bound=min(one.bound, whole.bound)) for one in found if one is not None]
        return [one for one in kept if one.bound > self.settled]

    @staticmethod
    def _alphas(part: Part) -> Sequence[Part]:
        low, high = part.alphas
        middle = math.sqrt(low * high) if low > 0 else high / 3
        halves = [replace(part, alphas=ends) for ends in ((low, middle), (middle, high))]
        return halves if high - low > _NARROWEST * high else []

    @staticmethod
    def _levels(whole: _Looked) -> Sequence[Part]:
        """Fewer or more users of a group at a level: where the programme's solution is least whole."""
        part = whole.part
        if not (part.least < part.most).any():
            return []
        doubt = np.where(part.least < part.most, np.abs(whole.shares - np.floor(whole.shares) - 0.5), np.inf)
        group, level = np.unravel_index(int(doubt.argmin()), doubt.shape)
        less, more = part.most.copy(), part.least.copy()
        ((_, middle), (above, _)) = cut_numbers((part.least[group, level], part.most[group, level]))[0]
        less[group, level], more[group, level] = middle, above
        return [replace(part, most=less), replace(part, least=more)]

    def look(self, part: Part) -> _Looked | None:
        """Rule out levels until nothing changes, and bound what is kept; None where no equilibrium can be."""
        self.n_looked += 1
        game, counted = self.game, self._counted(part)
        for _ in range(_ROUNDS):
            if counted is None:
                return None
            part = counted
            advantages = self.bounds.advantages(possible(game, part))[game.kinds]
            most = np.where(_ruled_out(game, advantages, part.alphas), 0, part.most)
            if (most == part.most).all():
                break
            counted = self._counted(replace(part, most=most))
        if counted is None:
            return None
        alone = game.n_users <= _FEW_USERS and (counted.least == counted.most).all()
        return None if alone and self._priced(counted) else _most_kept(game, self.bounds, self.limits, counted)

    def _priced(self, part: Part) -> bool:
        """Settle for what is kept at the only state of a part, if it can be priced without sampling."""
        moves = price_moves(self.game.utility, self.game.counts(part.most), PROOF)
        if (moves.gain_errors > 0).any():
            return False
        lo, hi = stable_range(self.game, gains_of_moves(moves)[0], part.most)
        alpha, U = max(lo, part.alphas[0]), moves.utility
        affordable = self.limits.budget is None or alpha * U <= self.limits.budget + RELATIVE * U
        enough = self.limits.min_utility is None or self.limits.min_utility - RELATIVE * abs(U) <= U
        if alpha <= min(hi, part.alphas[1]) + RELATIVE and affordable and enough:
            self.settled = max(self.settled, (1 - alpha) * U)
        return True

    def _counted(self, part: Part) -> Part | None:
        """Narrow the numbers of users to what is left of each other; None where nothing is."""
        sizes = self.game.sizes
        least, most = part.least, part.most
        for _ in range(2):
            least = np.maximum(least, sizes[:, None] - (most.sum(axis=1, keepdims=True) - most))
            most = np.minimum(most, sizes[:, None] - (least.sum(axis=1, keepdims=True) - least))
        if (least > most).any():
            return None
        present = (
            max(part.present[0], int((sizes - most[:, 0]).sum())),
            min(part.present[1], int((sizes - least[:, 0]).sum())),
        )
        part = replace(part, present=present, least=least, most=most)
        tally = self.bounds.tallied(possible(self.game, part))
        return None if present[0] > present[1] or tally[0] > tally[1] else replace(part, tally=tally)


def _ruled_out(game: ScaleGame, advantages: Floats, alphas: tuple[float, float]) -> NDArray[np.bool_]:
    """Levels that cost more than they can be paid, beside some level that the user may choose, shape (G, L)."""
    costs, allowed = game.costs, np.isfinite(game.costs)
    finite: Floats = np.where(allowed, costs, 0.0)
    dearer = finite[:, :, None] - finite[:, None, :]
    paid = np.where(advantages > 0, alphas[1], alphas[0] if alphas[0] > 0 else 0.0)
    with np.errstate(invalid="ignore"):
        paid = np.where(paid > 0, paid * advantages, 0.0)
    scale = float(np.abs(paid[np.isfinite(paid)]).max(initial=0.0)) + float(finite.max())
    short = np.less(paid, dearer - RELATIVE * scale) & allowed[:, None, :]
    return np.asarray(short.any(axis=2))


def _most_kept(game: ScaleGame, of_utility: UtilityBounds, limits: Limits, part: Part) -> _Looked | None:
    """Bound ``(1 − alpha) U`` in a part by a linear programme over the shares of users at each level.

    The utility is at most each of the majorants, and within the platform's limits; where everybody may stay absent the
    users together are paid at least their costs. Whatever the solver returns, any prices give a bound: that of its own
    is taken.
    """
    from scipy.optimize import linprog

    groups, levels = np.nonzero(part.most)
    told = possible(game, part)
    constants, gains = of_utility.majorants(told)
    tables, tallies = of_utility.rows(told)
    units = np.maximum(np.abs(tables).max(axis=(1, 2)), 1e-300)
    gains, tables = gains[:, game.kinds], (tables / units[:, None, None])[:, game.kinds]
    costs = game.costs[groups, levels]
    least_alpha, most_alpha = part.alphas
    largest = float((constants + (np.where(part.most > 0, gains, -np.inf).max(axis=2) @ game.sizes)).min())
    if limits.budget is not None and least_alpha > 0:
        largest = min(largest, float(limits.budget) / least_alpha)
    within = max(0.0, -math.inf if limits.min_utility is None else float(limits.min_utility)), max(largest, 0.0)
    borne = -_best_shares(np.where(part.most > 0, -game.costs, -np.inf), part, game.sizes)
    unpaid = game.absent_allowed and borne > most_alpha * within[1] * (1 + RELATIVE)
    if within[0] > within[1] or unpaid:
        return None
    # After the shares come the utility and what is kept: at most ``(1 − alpha) U``, and ``U − Σ c``.
    present = (levels > 0).astype(float)
    rows = [np.append(table, (0, 0)) for table in (*tables[:, groups, levels], present, -present)]
    n_counts = len(rows)
    rows += [np.append(-gain, (1, 0)) for gain in gains[:, groups, levels]]
    rows.append(np.append(0 * costs, (least_alpha - 1, 1)))
    ends = [*(tallies / units), part.present[1], -part.present[0], *constants, 0]
    if game.absent_allowed:
        rows += [np.append(costs, (-most_alpha, 0)), np.append(costs, (-1, 1))]
        ends += [0, 0]
    A, b = np.array(rows, dtype=float), np.array(ends, dtype=float)
    aim = np.append(np.zeros(len(groups) + 1), 1)
    most_kept = (1 - least_alpha) * within[1]
    # Breaking a limit on numbers costs more than it can bring, so the programme always has a solution.
    penalty = 10 * largest + 1.0
    broken = np.zeros((len(b), n_counts))
    broken[:n_counts] = -np.eye(n_counts)
    whole = np.zeros((len(game.sizes), len(aim) + n_counts))
    whole[groups, np.arange(len(groups))] = 1.0
    numbers = np.column_stack([part.least[groups, levels], part.most[groups, levels]]).tolist()
    solved = linprog(
        np.concatenate([-aim, np.full(n_counts, penalty)]),
        A_ub=np.hstack([A, broken]),
        b_ub=b,
        A_eq=whole,
        b_eq=game.sizes,
        bounds=[*numbers, within, (0, most_kept), *[(0, None)] * n_counts],
        method="highs",
    )
    prices = np.maximum(-solved.ineqlin.marginals, 0.0) if solved.status == 0 else np.zeros(len(b))
    reduced = aim - prices @ A
    worth = np.full(game.costs.shape, -np.inf)
    worth[groups, levels] = reduced[:-2]
    bound = _best_shares(worth, part, game.sizes) + float(prices @ b)
    bound += max(reduced[-2] * end for end in within) + max(reduced[-1], 0.0) * most_kept
    if bound < 0:
        return None
    shares = np.zeros(game.costs.shape)
    shares[groups, levels] = solved.x[: len(groups)] if solved.status == 0 else 0.0
    return _Looked(min(bound, most_kept), part, shares)


def _best_shares(worth: Floats, part: Part, sizes: NDArray[np.int64]) -> float:
    """Most that users are worth, each group by itself, within the numbers that each level may have."""
    order = np.argsort(-worth, axis=1)
    least, free = (np.take_along_axis(table, order, axis=1) for table in (part.least, part.most - part.least))
    worth = np.take_along_axis(worth, order, axis=1)
    spare = (sizes - part.least.sum(axis=1))[:, None]
    number = least + np.clip(spare - (np.cumsum(free, axis=1) - free), 0, free)
    return float((number * np.where(number > 0, worth, 0.0)).sum())
