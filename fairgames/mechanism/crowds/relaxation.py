"""A relaxation of the differentially private mean: given the scale of the noise, users stand alone.

Bounds on ``max U − Σ c`` among very many different users, proved by relaxations that fall apart into users.

A relaxation of the federated mean: given how well the population's mean is known, users stand alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import FairGamesError
from fairgames.exactness import to_float
from fairgames.mechanism.crowds.game import ScaleGame, State
from fairgames.result import format_value
from fairgames.tolerance import BOUND_GAP, RELATIVE
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility

Boxes = NDArray[np.float64]
"""One box a row: what is known of a state, from where to where."""

_DOUBLINGS = 60
_BISECTIONS = 40
_BATCH = 32
_MOST_BOXES = 1_500


@dataclass(frozen=True, eq=False)
class Choices:
    """Best choices of users who each bring a gain, and a resource worth ``price`` a unit.

    Attributes
    ----------
    values, slopes : ndarray, shape (M,)
        The relaxed maximum, and its derivative in the price.
    states : ndarray of int, shape (M, G, L)
        Who chooses what.
    """

    values: NDArray[np.float64]
    slopes: NDArray[np.float64]
    states: NDArray[np.int64]


class Relaxation(ABC):
    """A family of boxes that together cover all states, each with a bound that is a sum over users.

    For any price ``λ ≥ 0`` the value of `relaxed` is at least ``U − Σ c`` at every state inside the box: a constraint
    or a concave function has been replaced by a linear one. It is convex in ``λ``, and its least value is taken.
    """

    @abstractmethod
    def boxes(self) -> Boxes:
        """Boxes that cover all states in which somebody is present, shape (M, D)."""

    @abstractmethod
    def halves(self, boxes: Boxes) -> Boxes:
        """Cover each box by two smaller ones, shape (M, D) to (2 M, D)."""

    @abstractmethod
    def relaxed(self, boxes: Boxes, prices: NDArray[np.float64]) -> Choices:
        """Bound of each box at its price."""


def relaxed_bound(game: ScaleGame, relaxation: Relaxation) -> tuple[float, State, bool]:
    """Split the boxes of the largest bounds until none is much above a value that is reached.

    Parameters
    ----------
    game : ScaleGame
        Users who may all stay absent.
    relaxation : Relaxation
        Of their utility.

    Returns
    -------
    bound : float
        At least ``U − Σ c`` at every state, however early the search stops.
    state : ndarray of int, shape (G, L)
        The best state met.
    closed : bool
        Whether the two are close.
    """
    boxes = relaxation.boxes()
    nobody = np.zeros(game.costs.shape, dtype=np.int64)
    nobody[:, 0] = game.sizes
    best, best_state = 0.0, nobody
    bounds, done, left_out = np.full(len(boxes), np.inf), 0, 0.0
    fresh = np.ones(len(boxes), dtype=bool)
    while True:
        while fresh.any():
            part = np.flatnonzero(fresh)[:_BATCH]
            bounds[part], states = _least(relaxation, boxes[part])
            fresh[part] = False
            done += len(part)
            reached = _kept(game, states)
            top = int(np.argmax(reached))
            if reached[top] > best:
                best, best_state = float(reached[top]), states[top]
        alive = bounds > best
        left_out = max(left_out, float(bounds[~alive].max(initial=0.0)))
        boxes, bounds = boxes[alive], bounds[alive]
        bound = proved_bound(max(left_out, float(bounds.max(initial=0.0))), best)
        if bound <= best + BOUND_GAP * abs(bound) or done >= _MOST_BOXES:
            return bound, best_state, bound <= best + BOUND_GAP * abs(bound)
        order = np.argsort(-bounds, kind="stable")
        chosen, rest = order[: _BATCH // 2], order[_BATCH // 2 :]
        pieces = relaxation.halves(boxes[chosen])
        boxes = np.concatenate([boxes[rest], pieces])
        inherited = np.tile(bounds[chosen], 2)
        bounds, fresh = np.concatenate([bounds[rest], inherited]), np.zeros(len(boxes), dtype=bool)
        fresh[len(rest) :] = True


def proved_bound(bound: float, reached: float, unpaid: float = 0.0) -> float:
    """Return the bound; a value that is reached exceeds it by no more than rounding, or what ``unpaid`` explains.

    Raises
    ------
    FairGamesError
        If it does.
    """
    excess = reached - bound
    if excess <= RELATIVE * max(abs(bound), abs(reached)):
        return max(bound, reached)
    if excess > unpaid:
        raise FairGamesError(
            f"upper_bound: {format_value(bound)} lies below {format_value(reached)}, which is reached: this is a "
            "fault of fairgames, not of the input; please report it with the specification"
        )
    return bound


def _least(relaxation: Relaxation, boxes: Boxes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Least bound over prices, where the slope changes sign; every price gives a bound."""
    low, high = np.zeros(len(boxes)), np.ones(len(boxes))
    choices = relaxation.relaxed(boxes, low)
    least, states = choices.values.copy(), choices.states
    falling = choices.slopes < 0
    for _ in range(_DOUBLINGS):
        if not falling.any():
            break
        choices = relaxation.relaxed(boxes, high)
        least, states = _lower(least, states, choices)
        falling &= choices.slopes < 0
        low, high = np.where(falling, high, low), np.where(falling, 2 * high, high)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        choices = relaxation.relaxed(boxes, middle)
        least, states = _lower(least, states, choices)
        low, high = np.where(choices.slopes < 0, middle, low), np.where(choices.slopes < 0, high, middle)
    return least, states


def _lower(least: NDArray[np.float64], states: NDArray[Any], choices: Choices) -> tuple[NDArray[Any], NDArray[Any]]:
    lower = choices.values < least
    return np.where(lower, choices.values, least), np.where(lower[:, None, None], choices.states, states)


def _kept(game: ScaleGame, states: NDArray[np.int64]) -> NDArray[np.float64]:
    """``U − Σ c`` of states by group."""
    counts = np.zeros((len(states), len(game.utility.type_sizes), game.n_levels), dtype=np.int64)
    for group, kind in enumerate(game.kinds.tolist()):
        counts[:, kind] += states[:, group]
    borne = (states * np.where(np.isfinite(game.costs), game.costs, 0.0)).sum(axis=(1, 2))
    kept: NDArray[np.float64] = game.utility.evaluate_counts(counts) - borne
    return kept


_RATIO = 1.5


class FederatedRelaxation(Relaxation):
    """Boxes ``(τ_lo, τ_hi, m_lo, m_hi)`` for the precision ``T`` and the number ``m`` of federating users.

    With ``v = r2/n``, ``V = s2 + v``, the gain of a user is ``a log((r2 + 2 s2)/EMSE)``, and in a box

    - absent: ``EMSE = s2 + 1/T ≥ s2 + 1/τ_hi``;
    - direct: ``EMSE = s2 v/V + (v/V)²/T``, at least the same with ``τ_hi``;
    - federating alone: as direct. With ``m ≥ 2`` others, uniform shares: ``EMSE = s2 (1 − κ/m) + (1 − κ)²/T`` with
      ``κ = s2/(s2 + mean of v over them)``, which falls in ``κ`` and rises in ``m``: at least the same with ``τ_hi``,
      ``m_lo`` and the least ``v`` of all users;
    - shares in proportion to ``n``: ``EMSE ≥ s2 (1 − s2 n_i²/(r2 M + s2 Q))``, with ``M`` and ``Q`` the sums of ``n``
      and ``n²``, which are at least those of the user itself and ``m_lo − 1`` of the smallest.

    So each user's gain at each level is bounded by a number of its own. ``T`` is at most the sum of ``1/V`` over all
    present users, since ``1 = (Σ a_j)² ≤ Σ a_j² V_j · Σ 1/V_j``. So ``Σ 1/V − τ_lo ≥ 0`` at every state in the box,
    and adding ``λ`` times that only raises the value. The users' best choices, with ``m_lo`` to ``m_hi`` of them
    federating, are found by sorting what federating brings each.

    Parameters
    ----------
    game : ScaleGame
        Users of a `FederatedMeanUtility`.
    """

    def __init__(self, game: ScaleGame) -> None:
        utility = game.utility
        if not isinstance(utility, FederatedMeanUtility):
            raise TypeError("utility")
        self._costs, self._sizes = game.costs, game.sizes
        self._samples, self._importance = utility.samples[game.kinds], utility.importance[game.kinds]
        self._s2, self._r2 = utility.between_variance, utility.within_variance
        self._weighted = utility.aggregation == "weighted"
        self._precision = 1 / (self._s2 + self._r2 / self._samples)
        federating = np.isfinite(game.costs[:, 1])
        self._most_federating = int(game.sizes[federating].sum())

    def boxes(self) -> Boxes:
        """Precisions on a geometric scale, times numbers of federating users on one."""
        low, high = float(self._precision.min()), float(self._precision @ self._sizes)
        n_ratios = max(1, int(np.ceil(np.log(high / low) / np.log(_RATIO))))
        ends = np.geomspace(low * (1 - 1e-9), high * (1 + 1e-9), n_ratios + 1)
        numbers = [(0, min(1, self._most_federating))]
        while numbers[-1][1] < self._most_federating:
            start = numbers[-1][1] + 1
            numbers.append((start, min(2 * start - 2 if start > 2 else 2, self._most_federating)))
        rows = [(*pair, *number) for pair in pairwise(ends.tolist()) for number in numbers]
        return np.array(rows, dtype=float)

    def halves(self, boxes: Boxes) -> Boxes:
        """Split the number of federating users where it is known less well than the precision."""
        low, high, least, most = boxes.T
        by_number = (most > least) & (least >= 2) & (most / np.maximum(least, 1) > high / low)
        middle, number = np.sqrt(low * high), np.floor((least + most) / 2)
        below, above = boxes.copy(), boxes.copy()
        below[:, 1], above[:, 0] = np.where(by_number, high, middle), np.where(by_number, low, middle)
        below[:, 3], above[:, 2] = np.where(by_number, number, most), np.where(by_number, number + 1, least)
        return np.concatenate([below, above])

    def relaxed(self, boxes: Boxes, prices: NDArray[np.float64]) -> Choices:
        """Bound of each box at its price of precision."""
        gains = self.gains(boxes) - self._costs
        gains[:, :, 1:] += (prices[:, None] * self._precision)[:, :, None]
        apart = np.maximum(gains[:, :, 0], gains[:, :, 2])
        federating = self._federating(gains[:, :, 1] - apart, boxes[:, 2], boxes[:, 3])
        states = np.zeros(gains.shape, dtype=np.int64)
        states[:, :, 1] = federating
        rest = self._sizes - federating
        direct = gains[:, :, 2] > gains[:, :, 0]
        states[:, :, 2], states[:, :, 0] = np.where(direct, rest, 0), np.where(direct, 0, rest)
        present = states[:, :, 1:].sum(axis=2) @ self._precision
        values = np.where(states > 0, gains, 0.0)
        return Choices((values * states).sum(axis=(1, 2)) - prices * boxes[:, 0], present - boxes[:, 0], states)

    def _federating(
        self, brings: NDArray[np.float64], least: NDArray[np.float64], most: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Users of each group who federate: those to whom it brings most, if it brings something or they must."""
        order = np.argsort(-brings, axis=1, kind="stable")
        sizes = self._sizes[order]
        before = np.cumsum(sizes, axis=1) - sizes
        sorted_brings = np.take_along_axis(brings, order, axis=1)
        limit = np.where(sorted_brings > 0, most[:, None], least[:, None])
        limit[np.isneginf(sorted_brings)] = 0
        taken = np.clip(limit - before, 0, sizes).astype(np.int64)
        result: NDArray[np.int64] = np.empty_like(taken)
        np.put_along_axis(result, order, taken, axis=1)
        return result

    def gains(self, boxes: Boxes) -> NDArray[np.float64]:
        """Most that each user gains at each level, shape (M, G, 3)."""
        s2, noise = self._s2, self._r2 / self._samples
        share = noise * self._precision
        uncertainty, least = 1 / boxes[:, 1, None], boxes[:, 2, None]
        errors = np.empty((len(boxes), len(noise), 3))
        errors[:, :, 0] = s2 + uncertainty
        errors[:, :, 2] = s2 * share + share**2 * uncertainty
        together = np.maximum(least, 2)
        if self._weighted:
            smallest = self._samples.min()
            M = self._samples + (together - 1) * smallest
            Q = self._samples**2 + (together - 1) * smallest**2
            among = s2 * (1 - s2 * self._samples**2 / (self._r2 * M + s2 * Q))
        else:
            kappa = s2 / (s2 + noise.min())
            among = np.broadcast_to(s2 * (1 - kappa / together) + (1 - kappa) ** 2 * uncertainty, errors.shape[:2])
        errors[:, :, 1] = np.where(least >= 2, among, errors[:, :, 2])
        gains: NDArray[np.float64] = self._importance[:, None] * np.log((self._r2 + 2 * s2) / errors)
        return gains


_SMALLEST = 1e-6


class PrivateRelaxation(Relaxation):
    """Boxes ``(t_lo, t_hi)`` for the scale ``t`` of the noise.

    The utility is ``f(W) = (1 + 2/N) W/(W + 2)`` with ``W = r + A²/G``, in the words of the closed form. With
    ``ψ(x) = 2x − x²`` up to ``x = 1`` and 1 beyond,

        ``W = max over t ≥ 0 of Σ_{present} ψ(t ε_i) − 12 t²``,

    for the derivative vanishes at ``t = A/G``, and those with ``ε > G/A`` are the saturated ones. There ``t`` is at
    most ``√(N/48)``, by ``A² ≤ N Σ ε²``. In a box ``W ≤ Σ ψ(t_hi ε_i) − 12 t_lo²``. Since ``f`` is concave,
    ``f(W) ≤ λ W + f*(λ)`` for every ``λ ≥ 0``, with ``f*(λ) = (√(1 + 2/N) − √(2λ))²`` or 0 where ``2λ`` is larger: a
    sum over users.

    Parameters
    ----------
    game : ScaleGame
        Users of a `DPMeanUtility`.
    """

    def __init__(self, game: ScaleGame) -> None:
        utility = game.utility
        if not isinstance(utility, DPMeanUtility):
            raise TypeError("utility")
        self._costs, self._sizes = game.costs, game.sizes
        self._epsilons = to_float(utility.epsilons)[game.kinds]
        self._scale = 1 + 2 / game.n_users
        self._largest = float(np.sqrt(game.n_users / 48))

    def boxes(self) -> Boxes:
        """Scales of the noise, geometrically spaced, and one box down to 0."""
        low, high = _SMALLEST * self._largest, self._largest * (1 + 1e-9)
        ends = np.geomspace(low, high, int(np.ceil(np.log(high / low) / np.log(_RATIO))) + 1)
        return np.column_stack([[0.0, *ends[:-1]], ends])

    def halves(self, boxes: Boxes) -> Boxes:
        """Split in the geometric middle; a box from 0 at a hundredth of its end."""
        low, high = boxes.T
        middle = np.where(low > 0, np.sqrt(low * high), high / 100)
        return np.concatenate([np.column_stack([low, middle]), np.column_stack([middle, high])])

    def relaxed(self, boxes: Boxes, prices: NDArray[np.float64]) -> Choices:
        """Bound of each box at its price of ``W``."""
        with np.errstate(invalid="ignore"):
            x = np.minimum(boxes[:, 1, None, None] * self._epsilons, 1.0)
        brought = 2 * x - x**2
        gains = prices[:, None, None] * brought - self._costs
        chosen = gains.argmax(axis=2)[:, :, None]
        states = np.zeros(gains.shape, dtype=np.int64)
        np.put_along_axis(states, chosen, np.broadcast_to(self._sizes[:, None], chosen.shape), axis=2)
        total = np.take_along_axis(gains, chosen, axis=2)[:, :, 0] @ self._sizes
        least = 12 * boxes[:, 0] ** 2
        W = np.take_along_axis(brought, chosen, axis=2)[:, :, 0] @ self._sizes - least
        gap = np.maximum(np.sqrt(self._scale) - np.sqrt(2 * prices), 0.0)
        with np.errstate(divide="ignore"):
            wanted = np.maximum(np.sqrt(2 * self._scale / prices) - 2, 0.0)
        return Choices(total + gap**2 - prices * least, W - wanted, states)
