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

from fairgames.mechanism.crowds.game import ScaleGame, State, whole_state
from fairgames.mechanism.crowds.payment_ranges import FederatedRanges, Floats, Part, PaymentRanges
from fairgames.mechanism.dense import best_pure
from fairgames.mechanism.problem import Problem, as_problem
from fairgames.progress import progress
from fairgames.scenario.limits import Limits
from fairgames.tolerance import BOUND_GAP, RELATIVE
from fairgames.utility.federated_mean import FederatedMeanUtility

_FEW_PROFILES = 1 << 16
_MOST_PARTS = 800
_MOST_CELLS = 1_000_000
_ROUNDS = 6
_NARROWEST = 1e-5
_LOWER_PART = 0.2
_N_STATES = 4
_FEW_GROUPS = 8


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
    if isinstance(utility, FederatedMeanUtility):
        alphas = float(limits.alpha_from), float(limits.alpha_to)
        return fair_bound(game, FederatedRanges(game), alphas, max_seconds=max_seconds)
    return None


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
    ranges: PaymentRanges,
    alphas: tuple[float, float] = (0.0, 1.0),
    *,
    known: float = 0.0,
    max_seconds: float | None = None,
) -> FairBound:
    """Split the part of the largest bound, until that is close to what is known or cannot be lowered.

    A state is an equilibrium at alpha if no user gains by moving: ``alpha (P(l) − P(m)) ≥ c(l) − c(m)`` for each user,
    its level ``l`` and every other level ``m`` that it may choose, payments being differences of one function ``P``.
    A level whose payments can, in a part, not exceed those of some other level by the difference of costs at any of
    the part's alphas is nobody's level at an equilibrium there.

    Parameters
    ----------
    game : ScaleGame
        The users.
    ranges : PaymentRanges
        Bounds on payments and utility.
    alphas : pair of float
        Range of alpha.
    known : float
        A value that is known to be reached, which the search need not go below; at least 0.
    max_seconds : float, optional
        When to stop; what is proved by then is returned. Otherwise the number of parts is limited.

    Returns
    -------
    FairBound
        Valid whenever the search stops, up to rounding.
    """
    most = np.where(np.isfinite(game.costs), game.sizes[:, None], 0)
    everybody = (0, game.n_users)
    start = _look(game, ranges, Part(alphas, everybody, everybody, np.zeros_like(most), most))
    if start is None:
        return FairBound(known, _how(1), [])
    stop = math.inf if max_seconds is None else time.monotonic() + max_seconds
    most_parts = max(20, min(_MOST_PARTS, _MOST_CELLS // game.costs.size))
    number, heap, done, settled = count(), [], 1, known
    finished: list[_Looked] = []
    heap.append((-start.bound, next(number), start))
    shown = progress("parts of the bound")
    while heap and done < most_parts and time.monotonic() < stop:
        best = heap[0][2]
        if best.bound <= settled * (1 + BOUND_GAP):
            break
        heapq.heappop(heap)
        pieces, n_looked = _pieces(game, ranges, best)
        done += n_looked
        shown.update(n_looked)
        if not n_looked:
            finished.append(best)
            settled = max(settled, best.bound)
        for piece in pieces:
            heapq.heappush(heap, (-piece.bound, next(number), piece))
    shown.close()
    last = sorted([*finished, *(entry[2] for entry in heap)], key=lambda one: -one.bound)
    bound = max([settled, *(one.bound for one in last[:1])])
    return FairBound(bound * (1 + RELATIVE), _how(done), _states(game, last))


def _how(n_parts: int) -> str:
    return f"levels that payments cannot hold are ruled out, in {n_parts:,} parts; over pure equilibria"


def _states(game: ScaleGame, looked: list[_Looked]) -> list[State]:
    """States that solve the programmes, in whole users, each once."""
    distinct = {state.tobytes(): state for state in (whole_state(one.shares, game.sizes) for one in looked)}
    return list(distinct.values())[:_N_STATES]


def _pieces(game: ScaleGame, ranges: PaymentRanges, whole: _Looked) -> tuple[list[_Looked], int]:
    """Halves of a part, by whatever lowers the bound most, and how many parts that took."""
    best: list[_Looked] = []
    lowest, n_looked = math.inf, 0
    for halves in _halves(whole.part, ranges):
        found = [_look(game, ranges, half) for half in halves]
        n_looked += len(found)
        kept = [replace(one, bound=min(one.bound, whole.bound)) for one in found if one is not None]
        bounds = [one.bound for one in kept]
        score = max(bounds, default=0.0) + _LOWER_PART * (min(bounds) if len(bounds) == len(found) else 0.0)
        if score < lowest:
            best, lowest = kept, score
    return best, n_looked


def _halves(part: Part, ranges: PaymentRanges) -> list[Sequence[Part]]:
    """Ways to cut a part in two."""
    low, high = part.alphas
    ways: list[Sequence[Part]] = []
    if high - low > _NARROWEST * high:
        middle = math.sqrt(low * high) if low > 0 else high / 3
        ways.append([replace(part, alphas=ends) for ends in ((low, middle), (middle, high))])
    ways += [[replace(part, present=ends) for ends in two] for two in _cut(part.present)]
    if ranges.counts_federating:
        ways += [[replace(part, federating=ends) for ends in two] for two in _cut(part.federating)]
    if len(part.most) <= _FEW_GROUPS and (part.least < part.most).any():
        group, level = np.unravel_index(np.argmax(part.most - part.least), part.most.shape)
        middle = _middle(int(part.least[group, level]), int(part.most[group, level]))
        below, above = part.most.copy(), part.least.copy()
        below[group, level], above[group, level] = middle, middle + 1
        ways.append([replace(part, most=below), replace(part, least=above)])
    return ways


def _cut(numbers: tuple[int, int]) -> list[list[tuple[int, int]]]:
    """Both halves of a range of numbers, if it has more than one."""
    least, most = numbers
    middle = _middle(least, most)
    return [[(least, middle), (middle + 1, most)]] if least < most else []


def _middle(least: int, most: int) -> int:
    """Where to cut a range: at the geometric middle of a long one."""
    middle = math.isqrt(max(least, 1) * most) if 2 * least < most else (least + most) // 2
    return min(max(middle, least), most - 1)


def _look(game: ScaleGame, ranges: PaymentRanges, part: Part) -> _Looked | None:
    """Rule out levels until nothing changes, and bound what is kept; None where no equilibrium can be."""
    for _ in range(_ROUNDS):
        counted = _counted(game, part)
        if counted is None:
            return None
        part = counted
        most = np.where(_ruled_out(game, ranges.advantages(part), part.alphas), 0, part.most)
        if (most == part.most).all():
            return _most_kept(game, ranges, part)
        part = replace(part, most=most)
    counted = _counted(game, part)
    return None if counted is None else _most_kept(game, ranges, counted)


def _counted(game: ScaleGame, part: Part) -> Part | None:
    """Narrow the numbers of users to what is left of each other; None where nothing is."""
    sizes = game.sizes
    least, most = part.least, part.most
    for _ in range(2):
        least = np.maximum(least, sizes[:, None] - (most.sum(axis=1, keepdims=True) - most))
        most = np.minimum(most, sizes[:, None] - (least.sum(axis=1, keepdims=True) - least))
    if (least > most).any():
        return None
    federating = (
        max(part.federating[0], int(least[:, 1].sum())),
        min(part.federating[1], part.present[1], int(most[:, 1].sum())),
    )
    present = (
        max(part.present[0], federating[0], int((sizes - most[:, 0]).sum())),
        min(part.present[1], int((sizes - least[:, 0]).sum())),
    )
    if present[0] > present[1] or federating[0] > federating[1]:
        return None
    return replace(part, present=present, federating=federating, least=least, most=most)


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


def _most_kept(game: ScaleGame, ranges: PaymentRanges, part: Part) -> _Looked | None:
    """Bound ``(1 − alpha) U`` in a part by a linear programme over the shares of users at each level.

    The utility is at most each of the majorants, and where everybody may stay absent the users together are paid at
    least their costs. Whatever the solver returns, any prices give a bound: that of its own is taken.
    """
    from scipy.optimize import linprog

    groups, levels = np.nonzero(part.left)
    constants, gains = ranges.majorants(part)
    costs = game.costs[groups, levels]
    largest = float((constants + (np.where(part.left, gains, -np.inf).max(axis=2) @ game.sizes)).min())
    least_alpha, most_alpha = part.alphas
    rows, limits = [], []
    for name, there in (("present", levels > 0), ("federating", levels == 1)):
        least, most = getattr(part, name)
        if name == "present" or ranges.counts_federating:
            rows += [np.append(there, 0.0), -np.append(there, 0.0)]
            limits += [float(most), -float(least)]
    n_counts = len(rows)
    rows += [np.append(-gain[groups, levels], 1.0) for gain in gains]
    limits += constants.tolist()
    if game.absent_allowed:
        rows.append(np.append(costs, -most_alpha))
        limits.append(0.0)
    A, b = np.array(rows, dtype=float), np.array(limits)
    aim = np.append(np.zeros(len(groups)), 1 - least_alpha)
    # Breaking a limit on numbers costs more than it can bring, so the programme always has a solution.
    penalty = 10 * largest + 1.0
    broken = np.zeros((len(b), n_counts))
    broken[:n_counts] = -np.eye(n_counts)
    whole = np.zeros((len(game.sizes), len(aim) + n_counts))
    whole[groups, np.arange(len(groups))] = 1.0
    within = np.column_stack([part.least[groups, levels], part.most[groups, levels]]).tolist()
    solved = linprog(
        np.concatenate([-aim, np.full(n_counts, penalty)]),
        A_ub=np.hstack([A, broken]),
        b_ub=b,
        A_eq=whole,
        b_eq=game.sizes,
        bounds=[*within, (0, max(largest, 0.0)), *[(0, None)] * n_counts],
        method="highs",
    )
    prices = np.maximum(-solved.ineqlin.marginals, 0.0) if solved.status == 0 else np.zeros(len(b))
    prices[:n_counts] = np.minimum(prices[:n_counts], penalty)
    reduced = aim - prices @ A
    worth = np.full(game.costs.shape, -np.inf)
    worth[groups, levels] = reduced[:-1]
    bound = _best_shares(worth, part, game.sizes) + float(prices @ b) + max(reduced[-1], 0.0) * max(largest, 0.0)
    if bound < 0:
        return None
    shares = np.zeros(game.costs.shape)
    shares[groups, levels] = solved.x[: len(groups)] if solved.status == 0 else 0.0
    return _Looked(bound, part, shares)


def _best_shares(worth: Floats, part: Part, sizes: NDArray[np.int64]) -> float:
    """Most that users are worth, each group by itself, within the numbers that each level may have."""
    order = np.argsort(-worth, axis=1)
    least, free = (np.take_along_axis(table, order, axis=1) for table in (part.least, part.most - part.least))
    worth = np.take_along_axis(worth, order, axis=1)
    spare = (sizes - part.least.sum(axis=1))[:, None]
    number = least + np.clip(spare - (np.cumsum(free, axis=1) - free), 0, free)
    return float((number * np.where(number > 0, worth, 0.0)).sum())
