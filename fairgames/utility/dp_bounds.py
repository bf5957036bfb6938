"""Bounds on the differentially private mean's utility and payments over many states at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import to_float
from fairgames.utility.bounds import (
    Boxes,
    Floats,
    Numbers,
    Possible,
    Span,
    UtilityBounds,
    largest_mean,
    numbers_up_to,
)

if TYPE_CHECKING:
    from fairgames.utility.dp_mean import DPMeanUtility

_RATIO = 1.5
_SMALLEST = 1e-6
_STEP = 0.3
_LEAST_RATE = 3e-5
_LARGEST_RATE = 20.0
_QUADRATURE = 1e-9
_SIZES_RATIO = 1.15
_SCALES, _SCALE_RATIO = 16, 1.4
_FINE, _FINE_RATIO = 240, 1.08
_TANGENTS = 12
_NARROW = 1e-3


class DPMeanBounds(UtilityBounds):
    """Bounds of a `DPMeanUtility`; the tally is ``t``, one over the level at which users saturate.

    The utility is ``f(W) = (1 + 2/N) W/(W + 2)`` with ``W = r + A²/G``, in the words of the closed form. With
    ``ψ(x) = 2x − x²`` up to ``x = 1`` and 1 beyond,

        ``W = max over t ≥ 0 of Σ_{present} ψ(t ε_i) − 12 t²``,

    for the derivative vanishes at ``t = A/G``, and those with ``ε > G/A`` are the saturated ones. There ``t`` is at
    most ``√(N/48)``, by ``A² ≤ N Σ ε²``, and ``Σ ε (1 − tε)⁺ = 12 t``: the sum falls with ``t``, so a range of ``t`` is
    two linear constraints on the state.

    *Boxes* ``(t_lo, t_hi)``: there ``W ≤ Σ ψ(t_hi ε_i) − 12 t_lo²``. Since ``f`` is concave, ``f(W) ≤ λ W + f*(λ)`` for
    every ``λ ≥ 0``, with ``f*(λ) = (√(1 + 2/N) − √(2λ))²`` or 0 where ``2λ`` is larger: a sum over users.

    *Payments*: let a user join a coalition ``S`` at ``ε`` rather than at ``ε' < ε``. With ``δ = W − W'``,

        ``f(W) − f(W') = (2 + 4/N) δ / ((W' + 2)(W' + δ + 2)) = (2 + 4/N) ∫ e^{−u(W' + 2)} (1 − e^{−uδ}) du``.

    It rises with ``δ``, which is at most ``ψ(tε) − ψ(tε')`` at the ``t`` of the coalition with ``ε``; that is largest
    at ``t = 1/(ε + ε')``, and ``t`` lies between those of the coalitions of that size that have least and most of
    ``Σ ε (1 − tε)⁺``. ``W'`` is at least ``Σ_S ψ(τ ε_j) + ψ(τ ε') − 12 τ²`` at any ``τ``, and by Maclaurin's inequality
    the mean of a product over the coalitions of ``s`` users is at most the ``s``-th power of the mean over users, which
    is largest when those present are the most private. No move to a higher level is paid less than nothing.

    Parameters
    ----------
    utility : DPMeanUtility
        The utility.
    """

    def __init__(self, utility: DPMeanUtility) -> None:
        self._epsilons = to_float(utility.epsilons)
        self._sizes = np.array(utility.type_sizes)
        n_users = utility.n_users
        self._scale = 1 + 2 / n_users
        self._largest = float(np.sqrt(n_users / 48))
        low, high = np.log(_LEAST_RATE / (n_users + 2)), np.log(_LARGEST_RATE)
        self._u = np.exp(np.arange(low, high, _STEP))

    def boxes(self, most: Numbers) -> Boxes:  # noqa: ARG002 (``t`` is bounded whoever may take part)
        """Values of ``t``, geometrically spaced, and one box down to 0."""
        low, high = _SMALLEST * self._largest, self._largest * (1 + 1e-9)
        ends = np.geomspace(low, high, int(np.ceil(np.log(high / low) / np.log(_RATIO))) + 1)
        return np.column_stack([[0.0, *ends[:-1]], ends])

    def halves(self, boxes: Boxes) -> Boxes:
        """Split in the geometric middle; a box from 0 at a hundredth of its end."""
        low, high = boxes.T
        middle = np.where(low > 0, np.sqrt(low * high), high / 100)
        return np.concatenate([np.column_stack([low, middle]), np.column_stack([middle, high])])

    def brought(self, boxes: Boxes) -> tuple[Floats, Floats]:
        """Nothing but a part of ``W``."""
        worth = _psi(boxes[:, 1, None, None], self._epsilons)
        return np.zeros_like(worth), worth

    def rest(self, boxes: Boxes, prices: Floats) -> tuple[Floats, Floats]:
        """The conjugate of ``f``, less the noise."""
        gap = np.maximum(np.sqrt(self._scale) - np.sqrt(2 * prices), 0.0)
        with np.errstate(divide="ignore"):
            wanted = np.maximum(np.sqrt(2 * self._scale / prices) - 2, 0.0)
        noise = 12 * boxes[:, 0] ** 2
        return gap**2 - prices * noise, -noise - wanted

    def numbers(self, boxes: Boxes) -> tuple[Floats, Floats]:
        """As many as there are."""
        return np.zeros(len(boxes)), np.full(len(boxes), float(self._sizes.sum()))

    def tallied(self, possible: Possible) -> Span:
        """Solve for ``t`` with as little and as much as users may add to ``Σ ε (1 − tε)⁺``."""
        least, most = possible.tally[0], min(possible.tally[1], self._largest * (1 + 1e-9))
        t = self._scales(most)
        adds = _adds(t, self._epsilons)
        spare = self._sizes - possible.least.sum(axis=1)
        fixed = (adds * possible.least).sum(axis=(1, 2))
        low = fixed + np.where(possible.most > 0, adds, np.inf).min(axis=2) @ spare
        high = fixed + np.where(possible.most > 0, adds, 0.0).max(axis=2) @ spare
        return max(least, _last(t, low)), min(most, _next(t, high))

    def cut(self, tally: Span) -> tuple[float, Sequence[Span]]:
        """Cut in the geometric middle."""
        least, most = max(tally[0], _SMALLEST * self._largest), tally[1]
        if most <= least * (1 + _NARROW):
            return 0.0, []
        middle = float(np.sqrt(least * most))
        return float(np.log(most / least)), [(tally[0], middle), (middle, most)]

    def rows(self, possible: Possible) -> tuple[Floats, Floats]:
        """What users add to ``Σ ε (1 − tε)⁺`` at both ends of ``t``."""
        low, high = possible.tally
        ends = np.array([high, low])
        return _adds(ends, self._epsilons) * np.array([1.0, -1.0])[:, None, None], 12 * ends * [1.0, -1.0]

    def advantages(self, possible: Possible) -> Floats:
        """Most that level ``l`` can be paid more than ``m``."""
        eps = self._epsilons
        n_levels = eps.shape[1]
        fewest, most = max(possible.present[0] - 1, 0), possible.present[1] - 1
        result = np.zeros((*eps.shape, n_levels))
        if most < 0:
            return result
        first, last = numbers_up_to(most, _SIZES_RATIO)
        chances, chosen = self._together(possible, fewest, first)
        low, high = self._scales_by_size(possible, first + 1, last + 1)
        alone = self._scale * _worth_alone(eps)
        for level in range(1, n_levels):
            for other in range(level):
                above, below = eps[:, level], eps[:, other]
                gap = np.maximum(self._gaps(low, high, above, below), 0.0)
                with np.errstate(over="ignore"):
                    missed = _psi(chosen[:, :, None], below) * self._u[:, None]
                integrand = np.exp(-missed) * -np.expm1(-self._u[:, None] * gap[:, None, :])
                bounds = np.einsum("su,suk->sk", chances, integrand)
                # At most as if the others brought nothing.
                bounds = np.minimum(bounds, self._scale * gap / (2 + gap))
                at_zero = alone[:, level] - alone[:, other]
                result[:, level, other] = largest_mean(at_zero, bounds, first, last, min(fewest, most))
        return result

    def _together(self, possible: Possible, fewest: int, sizes: Numbers) -> tuple[Floats, Floats]:
        """Weights of the integral over ``u`` with the others' part of ``e^{−uW}``, and the ``τ`` behind each."""
        tau = max(possible.tally[1], _SMALLEST * self._largest) * _SCALE_RATIO ** -np.arange(float(_SCALES))
        cells, start, more = self._most_private(possible, fewest)
        x = np.exp(-self._u[:, None] * _psi(tau[:, None], self._epsilons.reshape(-1)[cells])[:, None])
        # So many others, and each larger number up to all.
        sums = (x @ start)[:, :, None] + np.append(np.zeros((*x.shape[:2], 1)), np.cumsum(x * more, axis=2), axis=2)
        mean = (sums / np.maximum(start.sum() + np.append(0, np.cumsum(more)), 1)).max(axis=2)
        logs = sizes[:, None, None] * np.log(np.maximum(mean, 1e-300)) + 12 * np.outer(tau**2, self._u)
        best = logs.argmin(axis=1)
        least = np.take_along_axis(logs, best[:, None], axis=1)[:, 0]
        weights = 2 * self._scale * (1 + _QUADRATURE) * _STEP * self._u * np.exp(-2 * self._u)
        return weights * np.exp(np.minimum(least, 0.0)), np.where(least < 0, tau[best], 0.0)

    def _most_private(self, possible: Possible, fewest: int) -> tuple[NDArray[np.intp], Numbers, Numbers]:
        """Types and levels from the most private one on; the most private others, so many of them; and who is left."""
        most = possible.most.copy()
        most[:, 0] = 0
        forced = np.clip(possible.needed[:, None] - (np.cumsum(most, axis=1) - most), 0, most).reshape(-1)
        cells = np.argsort(self._epsilons, axis=None, kind="stable")
        start, most = forced[cells], most.reshape(-1)[cells]
        if start.any():
            # At worst the one who is looked at is the least private of those who are needed.
            start[np.flatnonzero(start)[-1]] -= 1
        free = most - start
        start = start + np.clip(fewest - int(start.sum()) - (np.cumsum(free) - free), 0, free)
        return cells, start, most - start

    def _scales(self, most: float) -> Floats:
        """Values of ``t`` from 0 up to the largest, finely."""
        t = max(most, _SMALLEST * self._largest) * _FINE_RATIO ** -np.arange(_FINE - 1.0, -1.0, -1.0)
        return np.append(0.0, t)

    def _scales_by_size(self, possible: Possible, first: Numbers, last: Numbers) -> tuple[Floats, Floats]:
        """Least ``t`` of any coalition of ``first`` users, and largest of any of ``last``."""
        t = self._scales(possible.tally[1])
        adds = _adds(t, self._epsilons)
        some = possible.most.copy()
        some[:, 0] = 0
        there = some > 0
        least = np.where(there.any(axis=1), np.where(there, adds, np.inf).min(axis=2), 0.0)
        most = np.where(there, adds, 0.0).max(axis=2)
        low = np.array([_last(t, one) for one in _sums_of_first(least, possible.either, 1, first)])
        high = np.array([_next(t, one) for one in _sums_of_first(most, possible.either, -1, last)])
        return low, high

    @staticmethod
    def _gaps(low: Floats, high: Floats, above: Floats, below: Floats) -> Floats:
        """Largest ``ψ(tε) − ψ(tε')`` in each range of ``t``, shape (S, K)."""
        with np.errstate(divide="ignore"):
            peak = 1 / (above + below)
        t = np.clip(peak, low[:, None], high[:, None])
        gaps: Floats = _psi(t, above) - _psi(t, below)
        return gaps

    def majorants(self, possible: Possible) -> tuple[Floats, Floats]:
        """Tangents of ``f``, and of ``Σ ψ(tε) − 12 t²``, which is concave in ``t``, at the ends of its range."""
        ends = np.array(possible.tally)
        far = ends[::-1] - ends
        worth = _psi(ends[:, None, None], self._epsilons) + 2 * far[:, None, None] * _adds(ends, self._epsilons)
        W = np.geomspace(2.0, 2.0 + self._sizes.sum(), _TANGENTS)
        slopes = 2 * self._scale / W**2
        constants = (np.sqrt(self._scale) - np.sqrt(2 * slopes)) ** 2 - 12 * np.outer(ends**2 + 2 * ends * far, slopes)
        return constants.reshape(-1), (slopes[:, None, None] * worth[:, None]).reshape(-1, *self._epsilons.shape)


def _psi(t: Floats | float, epsilons: Floats) -> Floats:
    """``2x − x²`` at ``x = tε`` up to 1: what a user adds to ``W``; without privacy all, whatever the noise."""
    with np.errstate(invalid="ignore"):
        x = np.minimum(np.where(np.isinf(epsilons), 1.0, t * epsilons), 1.0)
    worth: Floats = 2 * x - x**2
    return worth


def _adds(t: Floats, epsilons: Floats) -> Floats:
    """``ε (1 − tε)⁺``, shape (len(t), K, L)."""
    finite = np.where(np.isinf(epsilons), 0.0, epsilons)
    adds: Floats = finite * np.maximum(1 - t[:, None, None] * finite, 0.0)
    return adds


def _last(t: Floats, adds: Floats) -> float:
    """Last of the ``t`` at which users add enough: the root lies there or above."""
    return float(t[max(int(np.searchsorted(-(adds * (1 - 1e-12) - 12 * t), 0.0, side="right")) - 1, 0)])


def _next(t: Floats, adds: Floats) -> float:
    """First of the ``t`` at which users add too little: the root lies below."""
    place = int(np.searchsorted(-(adds * (1 + 1e-12) - 12 * t), 0.0, side="right"))
    return float(t[min(place, len(t) - 1)])


def _sums_of_first(values: Floats, numbers: Numbers, way: int, wanted: Numbers) -> Floats:
    """Sums of so many smallest (way 1) or largest values (−1) of each row; of all, where there are fewer."""
    order = np.argsort(way * values, axis=1)
    values, numbers = np.take_along_axis(values, order, axis=1), numbers[order]
    before = np.cumsum(numbers, axis=1) - numbers
    return np.array([(values * np.clip(number - before, 0, numbers)).sum(axis=1) for number in wanted.tolist()])


def _worth_alone(epsilons: Floats) -> Floats:
    """``W/(W + 2)`` of a single user."""
    with np.errstate(invalid="ignore"):
        W = np.where(np.isinf(epsilons), 1.0, epsilons**2 / (12 + epsilons**2))
    alone: Floats = W / (W + 2)
    return alone
