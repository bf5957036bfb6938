"""Estimating a mean under differential privacy, each user with a level of its own.

The differentially private mean's utility at every profile at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, as_array, is_exact, to_float
from fairgames.utility.base import Walk
from fairgames.utility.bounds import UtilityBounds
from fairgames.utility.grouped import GroupedUtility
from fairgames.utility.profile import as_counts, is_counts
from fairgames.utility.saturation import SATURATION, best_weights, reduction, split, split_exact, utilities_along


def reduction_tensor(epsilons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the best weights at every profile; see `fairgames.utility.saturation`.

    The choices ``(user, level)`` are gone through from the most private one on, for all profiles that
    contain them together: each is bound by its privacy level or saturated, and adds to the sums of
    its kind.

    Parameters
    ----------
    epsilons : ndarray, shape (N, L)
        Privacy parameter of each user at each level.

    Returns
    -------
    ndarray, shape (L, …, L)
        One axis a user.
    """
    n_users, n_levels = epsilons.shape
    A, B, saturated = (np.zeros((n_levels,) * n_users) for _ in range(3))
    for choice in np.argsort(epsilons, axis=None, kind="stable").tolist():
        user, level = divmod(choice, n_levels)
        eps = epsilons[user, level]
        if eps == 0:
            continue
        there = (slice(None),) * user + (level,)
        if np.isinf(eps):
            saturated[there] += 1
            continue
        bound = eps * A[there] - B[there] <= SATURATION
        A[there] += eps * bound
        B[there] += eps**2 * bound
        saturated[there] += ~bound
    result: NDArray[np.float64] = reduction(A, SATURATION + B, saturated)
    return result


_LARGEST_FINITE = 1e100
_THRESHOLDS = np.array([0.8, 2.4, 7.0])
_FEWEST_WEIGHED = 20

_Pick: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]


class DPMeanUtility(GroupedUtility):
    r"""Utility of a differentially private mean: the share of the possible risk reduction.

    User ``i`` holds one number, 1/2 or −1/2; the probability of 1/2 is uniform on [0, 1] and unknown.
    The platform publishes ``wᵀX + Z`` with Laplace noise ``Z`` of scale ``t``, which gives user ``i``
    differential privacy at level ``eps_i`` when ``w_i <= eps_i · t``. It picks the weights and the
    noise of least Bayes risk ``wᵀQw − Σw/6 + 1/12 + 2t²``, with ``Q_ii = 1/4`` and ``Q_ij = 1/12``.

    The best choice is explicit. There is one level ``e*`` at which users *saturate*, the root of
    ``Σ_{eps_i < e} eps_i (e − eps_i) = 12``: a user with more privacy than that (``eps_i <= e*``) has
    ``w_i = eps_i t``, all others get one common weight ``u = e* t``, below what their level allows.
    With ``A = Σ eps_i`` and ``G = 12 + Σ eps_i²`` over the former and ``r`` of the latter,

    .. math:: t = \frac{A}{A^2 + (r+2)G}, \quad u = \frac{G}{A^2 + (r+2)G}, \quad
              U = \frac{N+2}{N} \, \frac{A^2 + rG}{A^2 + (r+2)G}.

    Parameters
    ----------
    epsilons : array_like, shape (L,) or (E, L)
        Privacy parameter of each level, for all users or for each entry. Level 0 is 0 ("absent"); later
        levels never have a smaller one. ``inf`` means no privacy. Exact when all its numbers are.
    n_users : int, optional
        Number of users; needed with one row for all.
    counts : array_like of int, optional, shape (E,)
        Identical users of each entry.

    Raises
    ------
    InputError
        For negative, decreasing, NaN or huge finite (above 1e100) values, ``epsilons[..., 0]`` other
        than 0, fewer than two levels, or a number of users that does not fit.

    Notes
    -----
    A *profile* is one level index a user, or ``counts[type, level]``. Real counts are accepted by
    `evaluate_counts` and give floats.

    References
    ----------
    Kang, Pedarsani, Ramchandran (2024), The Fair Value of Data Under Heterogeneous Privacy Constraints
    in Federated Learning, TMLR: section 3 and appendix B.1 (N = 2, eq. 37).

    Examples
    --------
    >>> utility = DPMeanUtility([0, float("inf")], n_users=2)
    >>> utility((1, 0)), utility((1, 1))
    (Fraction(2, 3), Fraction(1, 1))
    >>> DPMeanUtility([[0, 2], [0, 100]]).saturated((1, 1))
    array([False,  True])
    """

    smooth = True
    monotone = True

    @public
    def __init__(
        self, epsilons: ArrayLike, n_users: int | None = None, counts: Sequence[int] | NDArray[Any] | None = None
    ) -> None:
        table = as_array(epsilons, "epsilons", allow_inf=True)
        _check_levels(table)
        if table.ndim == 1:
            if counts is not None:
                raise InputError("counts", "needs one row of epsilons for each entry; give n_users with a single row")
            table, counts = table[None], [_as_number_of_users(n_users)]
        super().__init__(list(map(tuple, table.tolist())), counts, table.shape[1])
        if n_users is not None and n_users != self.n_users:
            raise InputError("n_users", f"must be {self.n_users}, as epsilons and counts say, or left out", n_users)
        self._epsilons = table[self._first_entries]
        self._epsilons.flags.writeable = False
        flat = self._epsilons.ravel()
        finite = np.flatnonzero((flat > 0) & (flat < np.inf))
        self._cell_order = finite[np.argsort(flat[finite], kind="stable")]
        self._finite, self._cell_starts = np.unique(flat[self._cell_order], return_index=True)
        self._infinite_cells = np.flatnonzero(flat == np.inf)

    @property
    def exact(self) -> bool:
        """Whether values are Fractions rather than floats."""
        return is_exact(self._epsilons)

    def in_floats(self) -> DPMeanUtility:
        """Return the same utility with float values."""
        if not self.exact:
            return self
        return DPMeanUtility(to_float(self._epsilons)[self._entry_types], counts=self._entry_counts)

    @property
    def epsilons(self) -> Array:
        """Privacy parameter of each type at each level, shape ``(K, L)``."""
        return self._epsilons

    def disclosed(self) -> Array | None:
        """Privacy parameters, where all are finite."""
        return self._epsilons if np.isfinite(to_float(self._epsilons)).all() else None

    def evaluate_counts(self, counts: NDArray[Any]) -> Array:
        """Utility of states that count users: shape ``(M, K, L)`` to shape ``(M,)``; real counts too."""
        finite, infinite = self._cells(counts)
        if not self.exact or counts.dtype.kind == "f":
            values: Array = (
                (self.n_users + 2) / self.n_users * reduction(*split(finite, infinite, to_float(self._finite)))
            )
            return values
        scale = Fraction(self.n_users + 2, self.n_users)
        cells, inverse = np.unique(np.column_stack([finite, infinite]), axis=0, return_inverse=True)
        values, eps = np.empty(len(cells), dtype=object), self._finite.tolist()
        for state, row in enumerate(cells.tolist()):
            values[state] = scale * reduction(*split_exact(row[:-1], row[-1], eps))
        return values[inverse.ravel()]

    @public
    def by_number(self, level: int, *, exact: bool = True) -> tuple[Array, Array]:
        """In floats ``U_k = (N + 2)/N · k² / (k(k + 2) + 24/eps²)``; subtraction would spoil its increments."""
        if exact and self.exact:
            return super().by_number(level)
        epsilon, n_users = float(self._epsilons[0, level]), self.n_users
        k = np.arange(n_users + 1.0)
        noise = 24 / epsilon / epsilon if epsilon > 0 else np.inf
        if noise == np.inf:
            return np.zeros(n_users + 1), np.zeros(n_users)
        risk = k * (k + 2) + noise
        scale = (n_users + 2) / n_users
        utilities = scale * k * k / np.where(risk > 0, risk, 1)
        k, below, above = k[:-1], risk[:-1], risk[1:]
        increments = scale * (2 * k * (k + 1) + (2 * k + 1) * noise) / np.where(below > 0, below * above, 1)
        increments[0] = utilities[1]
        return utilities, increments

    def weighings(self, counts: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Weigh each user by the square of what its level costs its weight, at a few thresholds of saturation.

        The utility is a function of the largest sum, over all ``e``, of ``1 − max(0, 1 − eps_i/e)²``, less ``12/e²``.
        A few users leave too few orders to fit so many controls to.
        """
        threshold = self._split_of(counts)[3]
        if np.isinf(threshold) or counts[:, 1:].sum() < _FEWEST_WEIGHED:
            return np.zeros((0, *counts.shape))
        short = 1 - to_float(self._epsilons) / (threshold * _THRESHOLDS[:, None, None])
        weighed: NDArray[np.float64] = 1 - np.maximum(short, 0) ** 2
        return weighed

    def bounds(self) -> UtilityBounds:
        """Bounds by relaxation of the level at which users saturate."""
        from fairgames.utility.dp_bounds import DPMeanBounds

        return DPMeanBounds(self)

    def walk(self, levels: NDArray[np.intp]) -> Walk:
        """Walk in counts by distinct eps, all steps at once, in floats."""
        eps, known = to_float(self._epsilons)[self.types, levels], to_float(self._finite)
        cells = np.where(eps == 0, len(known) + 1, np.searchsorted(known, eps))
        return partial(utilities_along, cells, known, 1 + 2 / self.n_users)

    def _every_value_apart(self) -> Array:
        if self.exact:
            return super()._every_value_apart()
        values: Array = (1 + 2 / self.n_users) * reduction_tensor(self._epsilons[self.types])
        return values

    @public
    def weights(self, profile: ArrayLike) -> NDArray[np.float64]:
        """Weight that the estimator gives to each user's number.

        Parameters
        ----------
        profile : array_like of int
            One level index a user, or ``counts[type, level]``.

        Returns
        -------
        ndarray
            Shape ``(N,)``; for counts, shape ``(K, L)``: the weight of a user of that type at that level,
            NaN where there is nobody.
        """
        counts, pick = self._disclosed(profile)
        A, G, r, threshold = self._split_of(counts)
        scale, common = best_weights(A, G, r)
        eps = to_float(self._epsilons)
        weights = np.full(eps.shape, common)
        np.multiply(eps, scale, out=weights, where=~_saturated(eps, threshold))
        return pick(np.where(counts > 0, weights, np.nan))

    @public
    def noise_scale(self, profile: ArrayLike) -> float:
        """Scale ``t = max_i w_i / eps_i`` of the Laplace noise; its variance is ``2t²``."""
        A, G, r, _ = self._split_of(self._disclosed(profile)[0])
        return best_weights(A, G, r)[0]

    @public
    def bayes_risk(self, profile: ArrayLike) -> float:
        """Expected squared error of the best estimator; 1/12 when nobody is present."""
        A, G, r, _ = self._split_of(self._disclosed(profile)[0])
        return float((1 - reduction(A, G, r)) / 12)

    @public
    def saturated(self, profile: ArrayLike) -> NDArray[np.bool_]:
        """Whether each present user has a weight below what its level allows.

        More data sharing by a saturated user changes nothing. Shapes as for `weights`.
        """
        counts, pick = self._disclosed(profile)
        threshold = self._split_of(counts)[3]
        return pick((counts > 0) & _saturated(to_float(self._epsilons), threshold))

    def _cells(self, counts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Present users by distinct finite eps, shape ``(M, m)``, and those with ``inf``, shape ``(M,)``."""
        flat = counts.reshape(len(counts), -1)
        infinite = flat[:, self._infinite_cells].sum(axis=1)
        if not self._finite.size:
            return flat[:, :0], infinite
        return np.add.reduceat(flat[:, self._cell_order], self._cell_starts, axis=1), infinite

    def _split_of(self, counts: NDArray[Any]) -> tuple[float, float, float, float]:
        finite, infinite = self._cells(counts[None])
        A, G, r = (float(part[0]) for part in split(finite, infinite, to_float(self._finite)))
        return A, G, r, G / A if A > 0 else np.inf

    def _disclosed(self, profile: ArrayLike) -> tuple[NDArray[np.intp], _Pick]:
        if is_counts(profile):
            counts = as_counts(profile, self.type_levels, self.type_sizes)
            return counts, np.asarray
        levels, counts = self._one_profile(profile)
        return counts, lambda table: table[self.types, levels]


def _saturated(eps: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    return (eps > threshold) | np.isinf(eps)


def _check_levels(table: Array) -> None:
    if table.ndim not in {1, 2} or table.shape[-1] < 2 or not table.size:
        raise InputError("epsilons", "must be one row of at least 2 levels, or one such row for each user", table.shape)
    rows = np.atleast_2d(table)
    prefix = "epsilons[" if table.ndim == 1 else "epsilons[{}, "
    for row, level in np.argwhere((rows > _LARGEST_FINITE) & (rows < np.inf)).tolist():
        name = f"{prefix.format(row)}{level}]"
        raise InputError(name, "must be at most 1e100, or inf for no privacy", rows[row, level])
    for row in np.flatnonzero(rows[:, 0] != 0).tolist():
        raise InputError(f"{prefix.format(row)}0]", "must be 0: level 0 is absent", rows[row, 0])
    for row, level in np.argwhere(rows[:, 1:] < rows[:, :-1]).tolist():
        name = f"{prefix.format(row)}{level + 1}]"
        raise InputError(name, "must not fall from level to level: later ones are less private", rows[row, level + 1])


def _as_number_of_users(n_users: int | None) -> int:
    if n_users is None:
        raise InputError("n_users", "must be given when epsilons is one row for all users")
    if n_users < 1:
        raise InputError("n_users", "must be a whole number of at least 1", n_users)
    return int(n_users)
