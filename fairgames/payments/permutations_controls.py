"""Control utilities with known payments, which take the common part out of random permutations.

A control is ``1 − exp(−u Σ_{i present} b_i)``. Its fair payments are an integral of products, known
without sampling. What permutations find about a combination of controls that resembles the utility is
replaced by what is known; the sampling error is then that of the difference alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairgames.tolerance import RELATIVE

_SCALES = 10
_FEWEST_NODES = 60
_MOST_NODES = 240


@dataclass(frozen=True, eq=False)
class Controls:
    """Exponential controls over one or two ways of weighing the users: alike, and by what leaving costs.

    Attributes
    ----------
    weights : ndarray, shape (F, n)
        ``u_f · b_i`` of each control and user.
    linear : ndarray, shape (n,)
        What a user adds to one more control, which is additive.
    """

    weights: NDArray[np.float64]
    linear: NDArray[np.float64]

    @cached_property
    def payments(self) -> NDArray[np.float64]:
        """Fair payments of each control, the additive one last, shape (F + 1, n).

        ``∫_0^1 (1 − e^{−u b_i}) Π_{j ≠ i} (1 − t + t e^{−u b_j}) dt`` with nodes that crowd at ``t = 0``.
        """
        n_nodes = int(np.clip(self.weights.shape[1], _FEWEST_NODES, _MOST_NODES))
        nodes, lengths = np.polynomial.legendre.leggauss(n_nodes)
        x = (nodes + 1) / 2
        t, lengths = x**3, lengths / 2 * 3 * x**2
        known = np.empty_like(self.weights)
        for control, weights in enumerate(self.weights):
            absent = np.log1p(t[:, None] * np.expm1(-weights))
            others = np.exp(absent.sum(axis=1, keepdims=True) - absent)
            known[control] = -np.expm1(-weights) * (lengths @ others)
        # The rule's own error would keep payments from adding up.
        known *= (-np.expm1(-self.weights.sum(axis=1)) / known.sum(axis=1))[:, None]
        return np.concatenate([known, self.linear[None]])

    def gains(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """What each user of each order adds to each control, shape ``(W, n)`` to shape ``(F + 1, W, n)``."""
        joined = self.weights[:, places]
        before = np.cumsum(joined, axis=2) - joined
        return np.concatenate([-np.exp(-before) * np.expm1(-joined), self.linear[None, places]])

    def adjusted(self, places: NDArray[np.intp], gains: NDArray[np.float64]) -> NDArray[np.float64]:
        """Payments by replicate, with the combination of controls fitted to the other replicates.

        Fitting on the other replicates keeps each unbiased.

        Parameters
        ----------
        places, gains : ndarray, shape (R, W, n)
            Users in the order in which they join, and what the utility gains when they do.

        Returns
        -------
        ndarray, shape (R, n)
            Each row adds up to the utility.
        """
        by_replicate = [self._moments(*pair) for pair in zip(places, gains, strict=True)]
        square, cross = (sum(moment[part] for moment in by_replicate) for part in (0, 1))
        rows = []
        for (own_square, own_cross), order, gained in zip(by_replicate, places, gains, strict=True):
            fit = np.linalg.pinv(square - own_square, rcond=1e-11, hermitian=True) @ (cross - own_cross)
            left = gained - np.tensordot(fit, self.gains(order), axes=1)
            rows.append(fit @ self.payments + mean_by_user(order, left))
        return np.array(rows)

    def _moments(
        self, places: NDArray[np.intp], gains: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        known = self.gains(places).reshape(len(self.weights) + 1, -1)
        return known @ known.T, known @ gains.ravel()


def controls(leaving: NDArray[np.float64]) -> Controls:
    """Controls for users whose leaving, when all are present, costs the utility ``leaving``, shape (n,).

    Examples
    --------
    >>> family = controls(np.array([1.0, 2.0, 0.0]))
    >>> family.payments.shape
    (21, 3)
    >>> bool(np.allclose(family.payments[:-1].sum(axis=1), -np.expm1(-family.weights.sum(axis=1))))
    True
    """
    n_users = len(leaving)
    scales = np.geomspace(1 / n_users, 2.0, _SCALES)[:, None]
    alike = np.ones(n_users)
    lost = np.maximum(leaving, 0.0)
    if lost.max() <= RELATIVE * np.abs(leaving).max() or np.allclose(lost, lost[0]):
        return Controls(scales * alike, alike)
    return Controls(np.concatenate([scales * alike, scales * lost / lost.mean()]), lost / lost.mean())


def mean_by_user(places: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over walks of one value a user and walk, both ``(W, n)`` in the order of joining."""
    n_walks, n_users = places.shape
    means: NDArray[np.float64] = np.bincount(places.ravel(), values.ravel(), minlength=n_users) / n_walks
    return means
