"""Controls with known payments at every level of every user, which take the common part out of random orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.tolerance import RELATIVE

_SCALES = 10
_NODES = 80


@dataclass(frozen=True, eq=False)
class MoveControls:
    """Controls ``1 − exp(−Σ_{i present} b_i)``, and one that is additive.

    Attributes
    ----------
    joined : ndarray, shape (F, N)
        ``b_i`` of each control and user at the level at which it is; 0 where it is absent.
    moved : ndarray, shape (F, N, L)
        The same at each level at which it could be.
    linear : ndarray, shape (N, L)
        What a user adds to the additive control.
    payments : ndarray, shape (F, N, L)
        Known payments of the exponential controls.
    """

    joined: NDArray[np.float64]
    moved: NDArray[np.float64]
    linear: NDArray[np.float64]
    payments: NDArray[np.float64]

    def adjusted(
        self, orders: NDArray[np.intp], gains: NDArray[np.float64], first: NDArray[np.float64], level: int
    ) -> NDArray[np.float64]:
        """Payments at one level by replicate, with the combination of controls fitted to the other replicates.

        Where nobody is present yet, what a user adds, to the utility and to each control, is put in exactly.

        Parameters
        ----------
        orders, gains : ndarray, shape (R, W, N)
            Users in the order of their turns, and what the utility would gain by each at ``level``.
        first : ndarray, shape (N,)
            What the utility gains by each alone.
        level : int
            Of the movers.

        Returns
        -------
        ndarray, shape (R, N)
            Of the users in their own order.
        """
        moments = [self._moments(order, gained, level) for order, gained in zip(orders, gains, strict=True)]
        square, cross = (sum(moment[part] for moment in moments) for part in (0, 1))
        alone = np.concatenate([-np.expm1(-self.moved[:, :, level]), self.linear[None, :, level]])
        chance = 1 / (1 + self._others())
        known = np.concatenate([self.payments[:, :, level], self.linear[None, :, level]]) - chance * alone
        rows = []
        for (own_square, own_cross), order, gained in zip(moments, orders, gains, strict=True):
            fit = np.linalg.pinv(square - own_square, rcond=1e-11, hermitian=True) @ (cross - own_cross)
            left = np.where(self._later(order), gained, 0.0) - np.tensordot(fit, self._gains(order, level), axes=1)
            rows.append(chance * first + fit @ known + np.bincount(order.ravel(), left.ravel()) / len(order))
        return np.array(rows)

    def _others(self) -> NDArray[np.int64]:
        """Number of other present users, for each user."""
        there = self.joined[0] > 0
        others: NDArray[np.int64] = there.sum() - there
        return others

    def _later(self, orders: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether somebody is present at each turn."""
        there = self.joined[0] > 0
        later: NDArray[np.bool_] = np.cumsum(there[orders], axis=1) - there[orders] > 0
        return later

    def _gains(self, orders: NDArray[np.intp], level: int) -> NDArray[np.float64]:
        """What each user would add to each control, shape (W, N) to (F + 1, W, N); 0 where nobody is present yet."""
        joined = self.joined[:, orders]
        before = np.cumsum(joined, axis=2) - joined
        added = -np.exp(-before) * np.expm1(-self.moved[:, orders, level])
        both: NDArray[np.float64] = np.concatenate([added, self.linear[None, orders, level]])
        return both * self._later(orders)

    def _moments(
        self, orders: NDArray[np.intp], gains: NDArray[np.float64], level: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        known = self._gains(orders, level).reshape(len(self.joined) + 1, -1)
        return known @ known.T, known @ np.where(self._later(orders), gains, 0.0).ravel()


def move_controls(last: NDArray[np.float64], levels: NDArray[np.intp]) -> MoveControls:
    """Controls that weigh users alike, and by what they add when they come last.

    Parameters
    ----------
    last : ndarray, shape (N, L)
        What each user adds to the utility at each level when all present others are there.
    levels : ndarray of int, shape (N,)
        Level of each user.
    """
    users = np.arange(len(levels))
    there = (levels > 0).astype(float)
    alike = np.ones(last.shape)
    alike[:, 0] = 0.0
    lost = np.maximum(np.nan_to_num(last), 0.0)
    n_present = max(1.0, there.sum())
    scales = np.geomspace(1 / n_present, 2.0, _SCALES)
    weights, mean = [alike], float(lost[users, levels].sum()) / n_present
    if mean > RELATIVE * float(np.abs(np.nan_to_num(last)).max()):
        weights.append(lost / mean)
    moved = np.concatenate([scales[:, None, None] * weight for weight in weights])
    joined = moved[:, users, levels]
    return MoveControls(joined, moved, weights[-1], _payments(joined, moved))


def _payments(joined: NDArray[np.float64], moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(1 − e^{−b_il}) ∫_0^1 Π_{j ≠ i} (1 − t + t e^{−b_j}) dt`` with nodes that crowd at ``t = 0``."""
    nodes, lengths = np.polynomial.legendre.leggauss(max(_NODES, min(240, joined.shape[1])))
    x = (nodes + 1) / 2
    t, lengths = x**3, lengths / 2 * 3 * x**2
    known = np.empty(moved.shape)
    for control, weights in enumerate(joined):
        away = np.log1p(t[:, None] * np.expm1(-weights))
        others = np.exp(away.sum(axis=1, keepdims=True) - away)
        known[control] = -np.expm1(-moved[control]) * (lengths @ others)[:, None]
    return known
