"""A relaxation of the differentially private mean: given the scale of the noise, users stand alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import to_float
from fairgames.mechanism.at_scale_game import ScaleGame
from fairgames.mechanism.at_scale_relaxation import Boxes, Choices, Relaxation
from fairgames.utility.dp_mean import DPMeanUtility

_RATIO = 1.5
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
