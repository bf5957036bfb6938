"""What every user would be paid at each of its levels, while all others stay: for users that are all different.

From the potential at every profile where users are few, else from random orders of arrival, with controls whose
payments at every level are known (as in `permutations`). The search among crowds calls both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import to_float
from fairgames.parallel import as_seed, batch_seed
from fairgames.payments.engines.evaluation import CheckedUtility, checked
from fairgames.payments.engines.permutations import gains_of_controls, known_payments
from fairgames.payments.fair import potential
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Utility
from fairgames.utility.profile import expand_counts

_SCALES = 10


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
        there, moved, linear = self.joined[0] > 0, self.moved[:, :, level], self.linear[:, level]
        later = np.cumsum(there[orders], axis=2) - there[orders] > 0
        gains = np.where(later, gains, 0.0)
        controls = [
            gains_of_controls(self.joined, moved, linear, order) * some
            for order, some in zip(orders, later, strict=True)
        ]
        flat = [gained.reshape(len(gained), -1) for gained in controls]
        squares = [gained @ gained.T for gained in flat]
        crosses = [gained @ own.ravel() for gained, own in zip(flat, gains, strict=True)]
        chance = 1 / (1 + there.sum() - there)
        alone = np.concatenate([-np.expm1(-moved), linear[None]])
        known = np.concatenate([self.payments[:, :, level], linear[None]]) - chance * alone
        rows = []
        for order, own, control, square, cross in zip(orders, gains, controls, squares, crosses, strict=True):
            fit = np.linalg.pinv(sum(squares) - square, rcond=1e-11, hermitian=True) @ (sum(crosses) - cross)
            left = own - np.tensordot(fit, control, axes=1)
            rows.append(chance * first + fit @ known + np.bincount(order.ravel(), left.ravel()) / len(order))
        return np.array(rows)


def move_controls(last: NDArray[np.float64], levels: NDArray[np.intp], weighings: NDArray[np.float64]) -> MoveControls:
    """Controls that weigh users alike, by what they add when they come last, and in ways of the utility's own.

    Parameters
    ----------
    last : ndarray, shape (N, L)
        What each user adds to the utility at each level when all present others are there.
    levels : ndarray of int, shape (N,)
        Level of each user.
    weighings : ndarray, shape (F, N, L)
        See `Utility.weighings`.
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
    moved = np.concatenate([scales[:, None, None] * weight for weight in [*weights, *weighings]])
    joined = moved[:, users, levels]
    return MoveControls(joined, moved, weights[-1], known_payments(joined, moved))


_CELLS_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class Moves:
    """Payments at alpha = 1 of users who stay and of users who move, one at a time.

    Attributes
    ----------
    values, errors : ndarray, shape (K, L, L)
        ``values[k, s, t]``: what a user of type ``k`` that is at level ``s`` would be paid at level ``t``, and the
        standard error of that; NaN where no user is at ``s``, or level ``t`` does not exist.
    gain_errors : ndarray, shape (K, L, L)
        Standard error of what moving adds to the payment, ``values[k, s, t] − values[k, s, s]``.
    degrees_of_freedom : int
        Of the errors.
    utility : float
        Utility of the state.
    evaluations : int
        Utility evaluations spent.
    engine : str
        What computed them.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    gain_errors: NDArray[np.float64]
    degrees_of_freedom: int
    utility: float
    evaluations: int
    engine: str


def moves_by_permutations(
    utility: Utility,
    counts: NDArray[np.int64],
    seed: int | np.random.SeedSequence = 0,
    *,
    replicates: int = 8,
    shifts: int = 2,
) -> Moves:
    """Price all moves of single users from the same random orders of arrival.

    All users are put in a random order; those who are absent are passed over. When a user's turn comes, what it would
    add at each of its levels is recorded, whichever level it then joins at. Among those present, everybody's turn is
    equally likely to be the first, second, …, so that the mean is the payment of Theorem 2 at the state with that user
    moved. What the first of all adds is known without sampling. Since all moves see the same orders, differences
    between a user's levels are known better than the payments.

    Parameters
    ----------
    utility : Utility
        With float values.
    counts : ndarray of int, shape (K, L)
        Users by type and level.
    seed : int or numpy.random.SeedSequence
        The same seed gives the same numbers.
    replicates : int
        Independent random orders, at least 3.
    shifts : int
        Equally spaced cyclic shifts of each order; all are also taken backwards.

    Returns
    -------
    Moves
        Errors from the spread over replicates.

    Examples
    --------
    >>> from fairgames.utility.federated_mean import FederatedMeanUtility
    >>> three = FederatedMeanUtility([10, 20, 30], between_variance=1, within_variance=10)
    >>> moves = moves_by_permutations(three, np.array([[0, 0, 1], [0, 0, 1], [1, 0, 0]]), replicates=50)
    >>> moves.values.shape, bool(abs(moves.values[0, 2, 2] + moves.values[1, 2, 2] - moves.utility) < 1e-9)
    ((3, 3, 3), True)
    """
    levels = expand_counts(counts[None], utility.types)[0]
    evaluate, root = checked(utility.evaluate), as_seed(seed)
    offered = np.array(utility.shape)
    full, worth = _moves_around(evaluate, levels, offered)
    first, _ = _moves_around(evaluate, np.zeros_like(levels), offered)
    known = move_controls(full, levels, utility.weighings(counts)[:, utility.types])
    n_users, n_levels = full.shape
    rows = np.zeros((replicates, n_users, n_levels))
    orders, gains = [], []
    for replicate in range(replicates):
        order = np.random.default_rng(batch_seed(root, replicate)).permutation(n_users)
        shifted = [np.roll(order, shift * n_users // shifts) for shift in range(shifts)]
        orders.append(np.array([walk for one in shifted for walk in (one, one[::-1])]))
        gains.append(np.array([_gains_along(evaluate, levels, offered, walk) for walk in orders[-1]]))
    for level in range(1, n_levels):
        rows[:, :, level] = known.adjusted(np.array(orders), np.array(gains)[..., level], first[:, level], level)
    present = np.flatnonzero(levels)
    if present.size:
        # By how much the payments of a replicate miss the utility has mean zero.
        missed = rows[:, present, levels[present]].sum(axis=1) - worth
        rows[:, present, levels[present]] -= missed[:, None] / len(present)
    cells = by_cell(rows, utility.types, levels, (len(utility.type_sizes), n_levels))
    evaluations = n_users * n_levels * (2 + 2 * shifts * replicates)
    return moves_of_replicates(cells, worth, evaluations, "random orders")


def moves_of_replicates(cells: NDArray[np.float64], worth: float, evaluations: int, engine: str) -> Moves:
    """Mean of the replicates, shape (R, K, L, L), with the errors that their spread shows."""
    replicates = len(cells)
    stays = np.diagonal(cells, axis1=2, axis2=3)[..., None]
    errors, gain_errors = (part.std(axis=0, ddof=1) / np.sqrt(replicates) for part in (cells, cells - stays))
    return Moves(cells.mean(axis=0), errors, gain_errors, replicates - 1, worth, evaluations, engine)


def exact_moves(values: NDArray[np.float64], worth: float, evaluations: int, engine: str) -> Moves:
    """Payments without sampling error."""
    return Moves(values, 0 * values, 0 * values, 10**6, worth, evaluations, engine)


def moves_by_potential(utility: Utility, counts: NDArray[np.int64]) -> Moves:
    """Price all moves of single users from the potential at every profile: exactly, for few users.

    Examples
    --------
    >>> from fairgames.utility.table import TableUtility
    >>> moves = moves_by_potential(TableUtility([[0.0, 2 / 3], [2 / 3, 1.0]]), np.array([[1, 1]]))
    >>> moves.values[0, 0].round(3)  # of two alike users one is absent; what it would be paid at each level
    array([0. , 0.5])
    """
    levels = expand_counts(counts[None], utility.types)[0]
    P = potential(utility)
    paid = np.full((len(levels), max(utility.shape)), np.nan)
    for user, n_levels in enumerate(utility.shape):
        along = P[(*levels[:user], slice(None), *levels[user + 1 :])]
        paid[user, :n_levels] = to_float(along - along[0])
    values = by_cell(paid[None], utility.types, levels, (len(utility.type_sizes), max(utility.shape)))[0]
    return exact_moves(values, float(utility.evaluate(levels[None])[0]), P.size, "potential")


def _moves_around(
    evaluate: CheckedUtility, levels: NDArray[np.intp], offered: NDArray[np.intp]
) -> tuple[NDArray[np.float64], float]:
    """What each user adds at each level while all others stay, shape (N, L), and the utility of the state."""
    n_users, n_levels = len(levels), int(offered.max())
    gains = np.full((n_users, n_levels), np.nan)
    values = np.empty((n_users, n_levels))
    for level in range(n_levels):
        values[:, level] = _in_parts(evaluate, np.tile(levels, (n_users, 1)), np.arange(n_users), level, offered)
    gains = values - values[:, :1]
    gains[np.arange(n_levels) >= offered[:, None]] = np.nan
    return gains, float(evaluate(levels[None])[0])


def _in_parts(
    evaluate: CheckedUtility,
    profiles: NDArray[np.intp],
    users: NDArray[np.intp],
    level: int,
    offered: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Utilities with row ``m``'s user at ``level``, or at its highest one where it has no such level."""
    profiles[np.arange(len(users)), users] = np.minimum(level, offered[users] - 1)
    step = max(1, _CELLS_AT_ONCE // profiles.shape[1])
    return np.concatenate([evaluate(profiles[start : start + step]) for start in range(0, len(profiles), step)])


def _gains_along(
    evaluate: CheckedUtility, levels: NDArray[np.intp], offered: NDArray[np.intp], order: NDArray[np.intp]
) -> NDArray[np.float64]:
    """What the users of an order add at each level when their turn comes, shape (N, L)."""
    n_users, n_levels = len(levels), int(offered.max())
    turn = np.empty(n_users, dtype=np.intp)
    turn[order] = np.arange(n_users)
    before = np.where(turn[None, :] < np.arange(n_users)[:, None], levels, 0)
    added = np.empty((n_users, n_levels))
    for level in range(1, n_levels):
        added[:, level] = _in_parts(evaluate, before, order, level, offered)
    own = levels[order]
    joined = np.where(own > 0, added[np.arange(n_users), own], 0.0)
    # The utility stays what it was at the last turn of somebody who is present.
    last = np.maximum.accumulate(np.where(own > 0, np.arange(n_users), -1))
    after = np.where(last >= 0, joined[last], 0.0)
    added[:, 0] = np.concatenate([[0.0], after[:-1]])
    return added - added[:, :1]


def by_cell(
    rows: NDArray[np.float64], types: NDArray[np.intp], levels: NDArray[np.intp], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Mean over the users of each type at each level, shape (R, N, L) to (R, K, L, L)."""
    n_types, n_levels = shape
    cells = types * n_levels + levels
    sums = np.zeros((len(rows), n_types * n_levels, n_levels))
    for replicate, row in enumerate(rows):
        np.add.at(sums[replicate], cells, row)
    number = np.bincount(cells, minlength=n_types * n_levels).astype(float)
    number[number == 0] = np.nan
    result: NDArray[np.float64] = (sums / number[:, None]).reshape(len(rows), n_types, n_levels, n_levels)
    return result
