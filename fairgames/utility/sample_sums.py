"""Random subsets of each size of users who enter an aggregate in proportion to their sample sizes.

What matters of a subset is the sum ``R`` of sample sizes ``n`` and the sum ``Z`` of ``z = n + s2 n²``, and for each
member the same sums over the others. Means of ``e^{−λR − μZ}`` over all subsets of a size are known: they are
coefficients of the polynomial ``Π_j (1 + x w_j)`` with ``w_j = e^{−λn_j − μz_j}``, divided by a factor where a user is
left out. A few hundred subsets get the weights, nearest to equal ones, that give all of these means at once (cubature
with exponentials for test functions); then smooth functions of ``R`` and ``Z`` come out right, too. All subsets of few
users are taken, but among a dozen representative sample sizes: a user of another size is a mixture of these
(interpolation), so that there is a real number of users of each. `federated_integrals` uses this.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.utility.subset_sums import gauss_rules

Floats = NDArray[np.float64]
Users = NDArray[np.intp]

_MOST_SUBSETS = 1 << 12
_MOST_ENUMERATED = 4
_SIZES = 4, 5.0
_POINTS = 300
_EXPONENTS = 14
_SCALES = 0.1, 12.0
_TILT = 1.0
_CELLS_AT_ONCE = 1 << 21
_INDEPENDENT = 1e-10
_NEGLIGIBLE = 1e-15


@dataclass(frozen=True, eq=False)
class Points:
    """Subsets of others, or members with the others of their subset.

    Attributes
    ----------
    size : ndarray of int, shape (n,)
        Number of users, the member included.
    R, Z : ndarray, shape (n,)
        Sums over the users, without the member.
    member : ndarray of int, shape (n,)
        Which of the representatives the member is; 0 of subsets.
    """

    size: Users
    R: Floats
    Z: Floats
    member: Users


class SampleSums:
    """Points and weights for means over the subsets of each size of some users, or of all but one of them.

    Parameters
    ----------
    n, importance : ndarray, shape (m,)
        Sample size of each user, and what counts as its share of a sum over members.
    between : float
        ``s2``.
    representatives : int
        Sample sizes that stand for all others.
    fineness : float
        Multiplies the number of points.
    all_but_one : bool
        Whether subsets are of the others of a user.

    Examples
    --------
    >>> sums = SampleSums(np.array([1.0, 2.0, 4.0]), np.ones(3), 1.0, 12, 1.0, all_but_one=False)
    >>> weights, _ = sums.weights(np.array([0]))
    >>> pairs = sums.subsets.size == 2
    >>> round(float(weights[0] @ (pairs * sums.subsets.R**2)), 9)  # (9 + 25 + 36)/3
    23.333333333
    """

    def __init__(
        self, n: Floats, importance: Floats, between: float, representatives: int, fineness: float, *, all_but_one: bool
    ) -> None:
        self._n, self._z = n, n + between * n**2
        self._M, self._all_but_one = len(n) - all_but_one, all_but_one
        logs, number = np.unique(np.log(n), return_counts=True)
        few = len(logs) <= representatives and np.prod(number + 1.0) <= _MOST_SUBSETS
        if len(logs) > representatives:
            nodes, measure = gauss_rules(logs[None], number[None, :, None] / len(n), representatives)
            logs = nodes[0, measure[0, :, 0] > _NEGLIGIBLE]
            number = np.full(len(logs), len(n))
        # How far each user is like each representative (Lagrange).
        self._like = np.ones((len(n), len(logs)))
        for place, own in enumerate(logs):
            other = np.delete(logs, place)
            self._like[:, place] = np.prod((np.log(n)[:, None] - other) / (own - other), axis=1)
        self._shares = importance[:, None] * self._like
        self.n = np.exp(logs)
        self.z = self.n + between * self.n**2
        self._few = _multisets(number, min(self._M, len(n) if few else _MOST_ENUMERATED))
        self._sizes = self._few.sum(axis=1)
        sampled, self._stand_for = _sizes_to_sample(int(self._sizes.max()) + 1, self._M)
        self._sampled = [_Sampled(self._n, self._z, size, fineness) for size in sampled]
        subsets = [(self._sizes, self._few @ self.n, self._few @ self.z)]
        subsets += [(np.full(len(one.R), one.size), one.R, one.Z) for one in self._sampled]
        members = [
            Points(size[size < self._M] + 1, R[size < self._M], Z[size < self._M], np.full((size < self._M).sum(), own))
            for size, R, Z in subsets
            for own in range(len(logs))
        ]
        self.by_cubature = bool(self._sampled)
        self.subsets = _joined([Points(*sums, np.zeros_like(sums[0])) for sums in subsets])
        self.members = _joined([Points(self._sizes[:0], self.n[:0], self.z[:0], self._sizes[:0]), *members])

    def weights(self, movers: Users) -> tuple[Floats, Floats]:
        """Weights of `subsets` and `members`: of all users, or those left when each mover is left out.

        Returns
        -------
        ndarray, shape (movers, subsets)
            The mean over the subsets of each size is a sum over its points. One row where nobody is left out.
        ndarray, shape (movers, members)
            The mean, over the subsets of each size, of a sum over members.
        """
        subsets, members = self._weights_of_few(movers)
        for one, stands_for in zip(self._sampled, self._stand_for, strict=True):
            means, with_member = one.means(self._M, self._shares, movers)
            subsets.append(stands_for * one.weights(means))
            if one.size < self._M:
                members += [stands_for * one.weights(mean) for mean in with_member]
        return np.concatenate(subsets, axis=1), np.concatenate([subsets[0][:, :0], *members], axis=1)

    def _weights_of_few(self, movers: Users) -> tuple[list[Floats], list[Floats]]:
        number, shares = self._like.sum(axis=0)[None], self._shares.sum(axis=0)[None]
        if self._all_but_one:
            number, shares = number - self._like[movers], shares - self._shares[movers]
        largest, q, more = int(self._sizes.max()), np.arange(len(self.n)), self._sizes < self._M
        ways, one_less = (_binomials(some, largest)[:, q, self._few] for some in (number, number - 1))
        total = np.array([comb(self._M, r) for r in range(largest + 2)], dtype=float)
        members = []
        for own in q.tolist():
            among = ways[:, more]
            among[:, :, own] = one_less[:, more, own]
            members.append(shares[:, [own]] * among.prod(axis=2) / total[self._sizes[more] + 1])
        return [ways.prod(axis=2) / total[self._sizes]], members


class _Sampled:
    """Some subsets of one size, and exponentials that are nearly independent on them."""

    def __init__(self, n: Floats, z: Floats, size: int, fineness: float) -> None:
        self.size, self._n, self._z = size, n, z
        rng = np.random.default_rng(size)
        # Large users more often in some of them, small ones in others: so that no subset is far from all of them.
        fineness *= 0.7 + 4 / size
        tilt = rng.uniform(-_TILT, _TILT, (round(_POINTS * fineness), 1))
        arrival = -np.log(rng.random((len(tilt), len(n)))) / (n / n.max()) ** tilt
        chosen = np.argpartition(arrival, size - 1, axis=1)[:, :size]
        self.R, self.Z = n[chosen].sum(axis=1), z[chosen].sum(axis=1)
        scales = np.meshgrid(*(_scales(total, round(_EXPONENTS * np.sqrt(fineness))) for total in (self.R, self.Z)))
        self._scales = np.array([scale.ravel() for scale in scales])
        self._tests = np.exp(-np.array([self.R, self.Z]).T @ self._scales)
        U, lengths, Vt = np.linalg.svd(self._tests, full_matrices=False)
        known = lengths > _INDEPENDENT * lengths[0]
        self._solve = (Vt[known].T / lengths[known]) @ U[:, known].T

    def weights(self, means: Floats) -> Floats:
        """Weights, nearest to equal ones, that give the tests these means; the first of them is the total."""
        equal = means[:, :1] / len(self.R)
        result: Floats = equal + (means - equal * self._tests.sum(axis=0)) @ self._solve
        return result

    def means(self, n_others: int, shares: Floats, movers: Users) -> tuple[Floats, Floats]:
        """Means of the tests over subsets of others, shape (movers, tests), and of sums over members, (q, …)."""
        from scipy.special import gammaln

        w = np.exp(-np.array([self._n, self._z]).T @ self._scales)
        m, r, M, own = len(self._n), self.size, n_others, shares[movers]
        # Coefficients by the trapezoidal rule on the circle on which sizes like this one weigh most.
        ratio = min(r, M - 0.5) / (M - min(r, M - 0.5))
        n_angles = min(m + 1, 20 + int(16 * np.sqrt(M * ratio) / (1 + ratio))) | 1
        angles = 2 * np.pi * np.arange(n_angles // 2 + 1) / n_angles
        subsets, members = 0.0, 0.0
        for angle in np.array_split(angles, 1 + len(angles) * w.size // _CELLS_AT_ONCE):
            factor = 1 + ratio * np.exp(1j * angle)[:, None, None] * w
            turned = np.exp(-1j * r * angle) * np.where(angle > 0, 2, 1) / n_angles
            left = (turned[:, None] * np.prod(factor / (1 + ratio), axis=1))[:, None]
            inverse = 1 / factor
            if len(movers):
                left = left * inverse[:, movers]
            among = shares.T @ inverse
            subsets = subsets + left.sum(axis=0).real
            members = members + np.einsum("xmt,xlt->lmt", left, among, optimize=True).real
            if len(movers):
                members -= np.einsum("ml,xmt->lmt", own, left * inverse[:, movers], optimize=True).real
        size = m * np.log1p(ratio) - r * np.log(ratio) - gammaln(M + 1) + gammaln(r + 1) + gammaln(M - r + 1)
        # As many ways as there are to choose one user more.
        return np.exp(size) * subsets, np.exp(size) * (r + 1) / max(M - r, 1) * members


def _scales(total: Floats, number: int) -> Floats:
    low, high = _SCALES
    return np.concatenate([[0.0], np.geomspace(low / total.max(), high / total.min(), number - 1)])


def _sizes_to_sample(first: int, last: int) -> tuple[list[int], Floats]:
    """Sizes, and how many others each stands for: those between are interpolated, in the logarithm of the size."""
    sizes = np.arange(first, last + 1)
    n_sizes = _SIZES[0] + round(_SIZES[1] * np.log(max(last, 1) / first))
    if len(sizes) <= n_sizes:
        return sizes.tolist(), np.ones(len(sizes))
    low, high = np.log(first), np.log(last - 1)
    places = np.cos(np.pi * np.arange(n_sizes - 1, -1, -1) / (n_sizes - 1))
    chosen = np.unique(np.round(np.exp(low + (high - low) * (places + 1) / 2)).astype(int))
    every, those = (
        np.polynomial.legendre.legvander(2 * (np.log(some) - low) / (high - low) - 1, len(chosen) - 1)
        for some in (sizes[:-1], chosen)
    )
    # The largest size has no subset with one more, and stands for itself.
    return [*chosen.tolist(), last], np.append(np.linalg.solve(those.T, every.sum(axis=0)), 1.0)


def _multisets(limits: NDArray[np.integer[Any]], largest: int) -> Users:
    """Numbers of each kind, none above its limit, that add up to at most ``largest``, by their sum."""
    rows: Users = np.zeros((1, 0), dtype=np.intp)
    for limit in limits.tolist():
        more = np.arange(min(limit, largest) + 1)
        longer: Users = np.column_stack([np.repeat(rows, len(more), axis=0), np.tile(more, len(rows))])
        rows = longer[longer.sum(axis=1) <= largest]
    return rows


def _binomials(number: Floats, largest: int) -> Floats:
    """``number`` choose ``0 … largest``, of real numbers too, in a new last axis."""
    factors: list[Floats] = [np.ones_like(number), *((number - k) / (k + 1) for k in range(largest))]
    result: Floats = np.multiply.accumulate(np.stack(factors, axis=-1), axis=-1)
    return result


def _joined(parts: list[Points]) -> Points:
    return Points(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("size", "R", "Z", "member")))
