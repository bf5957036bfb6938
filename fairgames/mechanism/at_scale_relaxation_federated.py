"""A relaxation of the federated mean: given how well the population's mean is known, users stand alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.at_scale_game import ScaleGame
from fairgames.mechanism.at_scale_relaxation import Boxes, Choices, Relaxation
from fairgames.utility.federated_mean import FederatedMeanUtility

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
        gains = self._gains(boxes) - self._costs
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

    def _gains(self, boxes: Boxes) -> NDArray[np.float64]:
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
