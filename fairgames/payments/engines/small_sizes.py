"""The first few contributors, exactly: every small coalition of grouped users, weighted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.payments.engines.evaluation import CheckedUtility
from fairgames.payments.potential import CountLattice

_LARGEST_SIZE = 40
_MOST_COMPOSITIONS = 40_000


def largest_exact_size(
    n_groups: int, n_users: int, most_compositions: int = _MOST_COMPOSITIONS, most_evaluations: int | None = None
) -> int:
    """Largest ``S0 ≤ min(40, N/4)`` for which the coalitions of at most ``S0`` users are few enough.

    Examples
    --------
    >>> largest_exact_size(3, 10**6), largest_exact_size(6, 10**6), largest_exact_size(3, 10)
    (40, 14, 2)
    """
    size = min(_LARGEST_SIZE, n_users // 4)
    while size > 0 and (
        math.comb(size + n_groups, n_groups) > most_compositions
        # Those of one more user are evaluated, too.
        or (most_evaluations is not None and math.comb(size + 1 + n_groups, n_groups) > most_evaluations)
    ):
        size -= 1
    return size


def small_coalitions(
    evaluate: CheckedUtility, group_sizes: NDArray[np.int64], largest: int
) -> tuple[NDArray[np.float64], int]:
    """Part of each group's total payment that is earned by joining few others, by their number.

    Parameters
    ----------
    evaluate : callable
        Present users by group, ``(M, K)``, to utilities ``(M,)``.
    group_sizes : ndarray, shape (K,)
        Present users ``m_k`` of each group.
    largest : int
        Largest size ``S0`` of the coalition joined.

    Returns
    -------
    totals : ndarray, shape (S0 + 1, K)
        Row ``s`` is ``E[(m_k − a_k)/(N − s) · (U(a + e_k) − U(a))]``, ``a`` multivariate hypergeometric.
    evaluations : int
        Utility evaluations spent.

    Examples
    --------
    >>> small_coalitions(lambda counts: counts.sum(axis=1), np.array([30, 10]), largest=9)[0].sum(axis=0)
    array([7.5, 2.5])
    """
    n_users, n_groups = int(group_sizes.sum()), len(group_sizes)
    lattice = CountLattice((largest + 1,), (n_groups + 1,))
    counts = lattice.compositions[0][:, 1:]
    possible = (counts <= group_sizes).all(axis=1)
    values = np.zeros(len(counts))
    values[possible] = evaluate(counts[possible])
    joined = counts.sum(axis=1)
    small = possible & (joined <= largest)
    before = np.flatnonzero(small)
    chance = np.exp(_log_chances(counts[before], group_sizes, largest)) / (n_users - joined[before])
    totals = np.empty((largest + 1, n_groups))
    for group in range(n_groups):
        after = lattice.moved(0, 0, group + 1)[before]
        room = group_sizes[group] - counts[before, group]
        # Where the group has no room left, the state with one more does not exist and weighs nothing.
        gains = np.where(room > 0, values[after] - values[before], 0.0)
        totals[:, group] = np.bincount(joined[before], chance * room * gains, minlength=largest + 1)
    return totals, int(possible.sum())


def _log_chances(counts: NDArray[Any], group_sizes: NDArray[np.int64], largest: int) -> NDArray[np.float64]:
    """Logarithm of the multivariate hypergeometric probability of each row, given its sum."""
    logs: NDArray[np.float64] = -_log_binomials(int(group_sizes.sum()), largest)[counts.sum(axis=1)]
    for group, size in enumerate(group_sizes.tolist()):
        logs = logs + _log_binomials(size, largest)[counts[:, group]]
    return logs


def _log_binomials(size: int, largest: int) -> NDArray[np.float64]:
    """``log C(size, a)`` for ``a`` up to ``largest``, by ratios: log-gamma would lose digits at a million."""
    a = np.arange(min(largest, size))
    logs = np.concatenate([[0.0], np.cumsum(np.log((size - a) / (a + 1)))])
    return np.concatenate([logs, np.full(largest + 1 - len(logs), -np.inf)])
