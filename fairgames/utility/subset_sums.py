"""Gauss rules for the sum of a quantity over a random subset of users, one rule for each size of the subset.

Users are added one by one. Of ``j`` users, a subset of size ``m`` holds the last one with probability ``m/j``: its law
is a mixture of the law before and of that for size ``m − 1``, shifted. The mixture has too many points and is
compressed to a Gauss rule (Lanczos; Golub and Meurant 2010, Matrices, Moments and Quadrature, chapter 3), which keeps
all moments up to twice the number of nodes. `federated_integrals` uses this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Sizes below the first number have as many nodes as the second says: the fewer users, the wider their sum spreads.
_BANDS = ((5, 64), (12, 40), (33, 24), (101, 16), (301, 10))
_FEWEST_NODES = 8
_AT_ONCE = 3
_BREAKDOWN = 1e-13


@dataclass(frozen=True, eq=False)
class SubsetSums:
    """Laws of sums over the subsets of each size of the users added so far.

    Attributes
    ----------
    nodes : ndarray, shape (M + 1, n)
        Values of the sum, for subsets of ``0 … M`` users.
    measures : ndarray, shape (M + 1, n, 1 + S)
        Their probabilities, and what linear sums contribute: entry ``1 + s`` is ``E[Σ b_s; the sum is at the node]``.
    n_users : int
        Users added so far.
    fineness : float
        Nodes are multiplied by that.
    """

    nodes: Floats
    measures: Floats
    n_users: int
    fineness: float

    @classmethod
    def of_nobody(cls, largest: int, n_linear: int, fineness: float = 1.0) -> SubsetSums:
        """Start, for subsets of at most ``largest`` users and so many linear sums."""
        width = _n_nodes(0, fineness)
        measures = np.zeros((largest + 1, width, 1 + n_linear))
        measures[0, 0, 0] = 1
        return cls(np.zeros((largest + 1, width)), measures, 0, fineness)

    def joined(self, values: Floats, linear: Floats) -> SubsetSums:
        """Let more users be drawn from, with their values and what they add to each linear sum.

        Examples
        --------
        >>> sums = SubsetSums.of_nobody(3, 1).joined(np.array([1.0, 2.0, 4.0]), np.ones((3, 1)))
        >>> bool(np.isclose(sums.measures[2, :, 0] @ sums.nodes[2] ** 2, (9 + 25 + 36) / 3))
        True
        """
        sums = self
        for start in range(0, len(values), _AT_ONCE):
            sums = sums._with_few(values[start : start + _AT_ONCE], linear[start : start + _AT_ONCE])
        return sums

    def of_at_most(self, largest: int) -> SubsetSums:
        """Leave larger subsets out."""
        return replace(self, nodes=self.nodes[: largest + 1], measures=self.measures[: largest + 1])

    def without_each(self, values: Floats, linear: Floats) -> Iterator[tuple[int, SubsetSums]]:
        """Laws of all but each of more users, by divide and conquer."""
        yield from self._without(values, linear, np.arange(len(values)))

    def _without(self, values: Floats, linear: Floats, users: NDArray[np.intp]) -> Iterator[tuple[int, SubsetSums]]:
        if len(users) == 1:
            yield int(users[0]), self
        elif len(users):
            half = len(users) // 2
            for inside, outside in ((users[:half], users[half:]), (users[half:], users[:half])):
                yield from self.joined(values[outside], linear[outside])._without(values, linear, inside)

    def _with_few(self, values: Floats, linear: Floats) -> SubsetSums:
        few, last = len(values), min(len(self.nodes) - 1, self.n_users + len(values))
        nodes, measures = np.zeros_like(self.nodes), np.zeros_like(self.measures)
        edges = [0, *[below for below, _ in _BANDS if below <= last], last + 1]
        for low, stop in pairwise(edges):
            first = max(0, low - few)
            width = _n_nodes(first, self.fineness)
            x, a = self.nodes[first:stop, :width], self.measures[first:stop, :width]
            for k in range(few):
                inside = (np.arange(first, stop) / (self.n_users + k + 1))[:, None, None]
                joined = np.concatenate([np.zeros((1, *a.shape[1:])), a[:-1]])
                joined[:, :, 1:] += linear[k] * joined[:, :, :1]
                x = np.concatenate([x, np.concatenate([x[:1], x[:-1]]) + values[k]], axis=1)
                a = np.concatenate([np.maximum(1 - inside, 0) * a, inside * joined], axis=1)
            width = _n_nodes(low, self.fineness)
            nodes[low:stop, :width], measures[low:stop, :width] = gauss_rules(x[low - first :], a[low - first :], width)
        return replace(self, nodes=nodes, measures=measures, n_users=self.n_users + few)


def _n_nodes(size: int, fineness: float) -> int:
    return round(fineness * next((n for below, n in _BANDS if size < below), _FEWEST_NODES))


def gauss_rules(x: Floats, a: Floats, n: int) -> tuple[Floats, Floats]:
    """Gauss rules of ``n`` nodes for measures on more points, row by row, with the linear sums at these nodes.

    What goes along is projected on the polynomials that are orthogonal under the measure.
    """
    mass = a[:, :, :1].sum(axis=1)
    w = a[:, :, 0] / np.where(mass > 0, mass, 1)
    mean = (w * x).sum(axis=1, keepdims=True)
    z = np.where(w > 0, x - mean, 0)
    deviation = np.sqrt((w * z * z).sum(axis=1, keepdims=True))
    z /= np.where(deviation > 0, deviation, 1)
    root = np.sqrt(w)
    basis, jacobi = np.zeros((len(x), n, x.shape[1])), np.zeros((len(x), n, n))
    basis[:, 0] = root
    # Fewer points than nodes: the recursion ends, and what is left of the nodes has no weight.
    ended = _BREAKDOWN * np.abs(z).max(axis=1)
    for k in range(n):
        v = z * basis[:, k]
        jacobi[:, k, k] = (v * basis[:, k]).sum(axis=1)
        if k + 1 < n:
            v -= jacobi[:, k, k, None] * basis[:, k] + (jacobi[:, k, k - 1, None] * basis[:, k - 1] if k else 0.0)
            # Once more against all of them: rounding lets the recursion drift.
            known = basis[:, : k + 1]
            v -= ((known @ v[:, :, None]).transpose(0, 2, 1) @ known)[:, 0]
            norm = np.sqrt((v * v).sum(axis=1))
            norm[norm <= ended] = 0
            jacobi[:, k + 1, k] = norm
            basis[:, k + 1] = v / np.where(norm > 0, norm, np.inf)[:, None]
    found, vectors = np.linalg.eigh(jacobi)
    first = vectors[:, 0, :, None]
    along = vectors.transpose(0, 2, 1) @ (basis @ (a[:, :, 1:] / np.where(root > 0, root, np.inf)[:, :, None]))
    return mean + deviation * found, np.concatenate([mass[:, :, None] * first**2, first * along], axis=2)
