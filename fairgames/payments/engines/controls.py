"""Control variates for random permutations: from walks along orders of arrival to payments and their errors.

A control is ``1 − exp(−u Σ_{i present} b_i)``, whose fair payments are an integral of products, known without sampling;
or it is worth 1 from some number of present users on, and pays all of them alike. What orders find about a combination
of controls that resembles the utility is replaced by what is known; the sampling error is that of the difference alone.
`permutations` calls `summary_of_walks` on the walks that it has taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairgames.errors import EvaluationError, InputError
from fairgames.parallel import batch_seed
from fairgames.payments.engines.evaluation import CheckedUtility
from fairgames.payments.result import Payments, payment_scale
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Walk

_CELLS_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class PrefixWalk:
    """Walk that evaluates the profiles of the first 1, 2, … users of an order, many at once.

    Attributes
    ----------
    evaluate : callable
        Profiles ``(M, N)`` to utilities ``(M,)``.
    levels : ndarray of int, shape (N,)
        Level of each user once it has joined.
    """

    evaluate: CheckedUtility
    levels: NDArray[np.intp]

    def __call__(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Utility after each user of ``order`` has joined, shape of ``order``."""
        step = max(1, _CELLS_AT_ONCE // len(self.levels))
        values = np.empty(len(order))
        for start in range(0, len(order), step):
            stop = min(start + step, len(order))
            profiles = np.zeros((stop - start, len(self.levels)), dtype=np.intp)
            profiles[:, order[:start]] = self.levels[order[:start]]
            block = order[start:stop]
            profiles[:, block] = np.tril(np.ones((len(block), len(block)), dtype=np.intp)) * self.levels[block]
            values[start:stop] = self.evaluate(profiles)
        return values


@dataclass(frozen=True, eq=False)
class CheckedWalk:
    """Walk of a utility's own whose values are checked: the profile of a bad one is named.

    Attributes
    ----------
    walk : callable
        Utilities as users join.
    levels : ndarray of int, shape (N,)
        Level of each user once it has joined.
    """

    walk: Walk
    levels: NDArray[np.intp]

    def __call__(self, order: NDArray[np.intp]) -> NDArray[np.float64]:
        """Utility after each user of ``order`` has joined, shape of ``order``."""
        values = np.asarray(self.walk(order), dtype=float)
        if values.shape != order.shape:
            raise InputError("walk", f"must return one utility for each of {len(order)} users", values.shape)
        for first in np.flatnonzero(~np.isfinite(values))[:1].tolist():
            profile = np.zeros_like(self.levels)
            profile[order[: first + 1]] = self.levels[order[: first + 1]]
            where = tuple(profile.tolist())
            raise EvaluationError(f"the utility must be a finite number at {where}, got {values[first]}", where)
        return values


@dataclass(frozen=True, eq=False)
class ShiftedPairs:
    """Balanced permutations: one at random a replicate, its equally spaced cyclic shifts, and their reverses.

    Attributes
    ----------
    walk : callable
        Utilities as users join.
    present : ndarray of int, shape (n,)
        The users.
    n_shifts : int
        Cyclic shifts a replicate.
    seed : numpy.random.SeedSequence
        Replicate ``r`` uses child ``r``.
    """

    walk: Walk
    present: NDArray[np.intp]
    n_shifts: int
    seed: np.random.SeedSequence

    def __call__(self, pair: int) -> NDArray[np.float64]:
        """Utilities as users join, along one shift and its reverse, shape (2, n)."""
        return np.array([self.walk(self.present[places]) for places in self.places(pair)])

    def places(self, pair: int) -> NDArray[np.intp]:
        """Order of the present users, as positions in ``present``, along one shift and its reverse, shape (2, n)."""
        replicate, shift = divmod(pair, self.n_shifts)
        n_users = len(self.present)
        order = np.random.default_rng(batch_seed(self.seed, replicate)).permutation(n_users)
        order = np.roll(order, (shift * n_users) // self.n_shifts)
        return np.array([order, order[::-1]])


_SCALES = 10
_FEWEST_NODES = 80
_MOST_NODES = 240


def known_payments(joined: NDArray[np.float64], moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Payments ``(1 − e^{−b_il}) ∫_0^1 Π_{j ≠ i} (1 − t + t e^{−b_j}) dt``, by nodes that crowd at ``t = 0``.

    Parameters
    ----------
    joined : ndarray, shape (F, n)
        ``b_j`` of each control and user.
    moved : ndarray, shape (F, n, L)
        The same at each level at which a user could be.
    """
    nodes, lengths = np.polynomial.legendre.leggauss(int(np.clip(joined.shape[1], _FEWEST_NODES, _MOST_NODES)))
    x = (nodes + 1) / 2
    t, lengths = x**3, lengths / 2 * 3 * x**2
    known = np.empty(moved.shape)
    for control, weights in enumerate(joined):
        absent = np.log1p(t[:, None] * np.expm1(-weights))
        others = np.exp(absent.sum(axis=1, keepdims=True) - absent)
        known[control] = -np.expm1(-moved[control]) * (lengths @ others)[:, None]
    return known


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
        """Fair payments of each control, the additive one last, shape (F + 1, n)."""
        known = known_payments(self.weights, self.weights[:, :, None])[:, :, 0]
        # The rule's own error would keep payments from adding up.
        known *= (-np.expm1(-self.weights.sum(axis=1)) / known.sum(axis=1))[:, None]
        return np.concatenate([known, self.linear[None]])

    @cached_property
    def ends(self) -> NDArray[np.float64]:
        """What each user adds to each control where it comes first, and where it comes last, added, (F + 1, n)."""
        before = self.weights.sum(axis=1, keepdims=True) - self.weights
        both = -np.expm1(-self.weights) * (1 + np.exp(-before))
        return np.concatenate([both, 2 * self.linear[None]])

    def gains(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """What each user of each order adds to each control, shape ``(W, n)`` to shape ``(F + 1, W, n)``."""
        joined = self.weights[:, places]
        before = np.cumsum(joined, axis=2) - joined
        return np.concatenate([-np.exp(-before) * np.expm1(-joined), self.linear[None, places]])

    def adjusted(
        self, places: NDArray[np.intp], gains: NDArray[np.float64], ends: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """Payments by replicate: what comes first and last exactly, and between them what controls leave over.

        Walks are taken in pairs, an order and its reverse, of which only the mean counts. The combination of
        exponential controls, what is left of a turn's mean gain (a control for each number of present users, shrunk
        by its noise), and what a user adds on average, which stands in where it came first or last, are those of the
        other replicates: so each stays unbiased.

        Parameters
        ----------
        places, gains : ndarray, shape (R, W, n)
            Users in the order in which they join, and what the utility gains when they do; odd walks reverse the
            even ones.
        ends : ndarray, shape (n,)
            What each user adds where it comes first, and where it comes last, added.

        Returns
        -------
        rows : ndarray, shape (R, n)
            Each adds up to the utility.
        missed : float
            By how much, a user, their mean did not before that was mended: what no order met shows there.
        """
        n_replicates, n_walks, n_users = places.shape
        if n_users <= 2:
            return np.tile(ends / 2, (n_replicates, 1)), 0.0
        users, gained = places[:, ::2, 1:-1], _both_ways(gains)
        moments = [self._moments(*pair) for pair in zip(places, gained, strict=True)]
        total = [sum(moment[part] for moment in moments) for part in range(5)]
        n_pairs = n_walks // 2
        n_others = n_pairs * (n_replicates - 1)
        sums, seen, rows = (np.empty((n_replicates, n_users)) for _ in range(3))
        for r, moment in enumerate(moments):
            square, cross, at_turn, known_at_turn, size = (all_ - own for all_, own in zip(total, moment, strict=True))
            inverse = np.linalg.pinv(square, rcond=1e-11, hermitian=True)
            fit = inverse @ cross
            fit += inverse @ (cross - square @ fit)
            by_turn = (at_turn - fit @ known_at_turn) / n_others
            noise = max(0.0, size - fit @ cross) / n_others**2
            by_turn *= max(0.0, 1 - noise / (by_turn @ by_turn or 1.0))
            left = gained[r] - np.tensordot(fit, _both_ways(self.gains(places[r])), axes=1) - by_turn
            sums[r] = np.bincount(users[r].ravel(), left.ravel(), minlength=n_users)
            seen[r] = np.bincount(users[r].ravel(), minlength=n_users)
            rows[r] = fit @ self.payments + (ends - fit @ self.ends + by_turn.sum()) / n_users
        usual = (sums.sum(axis=0) - sums) / np.maximum(seen.sum(axis=0) - seen, 1)
        rows += (sums + usual * (n_pairs - seen)) / n_pairs - usual * (2 / n_users)
        # By how much they miss the utility has mean zero.
        missed = (rows.sum(axis=1) - gains[:, 0].sum(axis=1))[:, None] / n_users
        return rows - missed, abs(float(missed.mean()))

    def _moments(self, places: NDArray[np.intp], gained: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Products of the controls, and with the gains; sums of both by turn; squared gains."""
        known = _both_ways(self.gains(places))
        flat = known.reshape(len(known), -1)
        return flat @ flat.T, flat @ gained.ravel(), gained.sum(axis=0), known.sum(axis=1), (gained**2).sum()


def _both_ways(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of what users gain along each order and its reverse, without the first and the last, (…, W, n)."""
    return (gains[..., ::2, 1:-1] + gains[..., 1::2, -2:0:-1]) / 2


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


FEWEST_REPLICATES = 5
_FEW_NONZERO = 30


def summary_of_walks(
    ends: NDArray[np.float64],
    pairs: ShiftedPairs,
    n_users: int,
    alike: NDArray[np.intp],
    received: list[NDArray[np.float64]],
) -> Payments:
    """Mean of the complete replicates, with the error that their spread shows.

    Parameters
    ----------
    ends : ndarray, shape (2, n)
        Utility with each present user alone, and with all of them but that one.
    pairs : ShiftedPairs
        The permutations.
    n_users : int
        Users, present or not.
    alike : ndarray of int, shape (n,)
        Group of each present user. Users of a group are owed the same, so each gets the group's mean in every
        replicate: its spread over replicates is the error of that mean.
    received : list of ndarray, each of shape (2, n)
        Utilities as users join, of the first pairs.

    Returns
    -------
    Payments
        Unresolved when fewer than five replicates are complete (without numbers when fewer than two are), or
        when some users had too few contributions other than 0. Then all are ``doubtful``: what is so rare for
        some decides the others' payments too.
    """
    present, n_shifts, n_walks = pairs.present, pairs.n_shifts, 2 * len(received)
    n_replicates, few = len(received) // n_shifts, 0
    values, errors = np.zeros(n_users), np.zeros(n_users)
    values[present], errors[present] = np.nan, np.inf
    if n_replicates >= 2:
        walked = np.array(received[: n_replicates * n_shifts])
        by_replicate = (n_replicates, 2 * n_shifts, len(present))
        places = np.array([pairs.places(pair) for pair in range(len(walked))]).reshape(by_replicate)
        gains = np.diff(walked, prepend=0.0, axis=2).reshape(by_replicate)
        members = np.bincount(alike)
        nonzero = np.abs(gains) > RELATIVE * np.abs(walked).max()
        seen = np.bincount(alike, np.bincount(places.ravel(), nonzero.ravel()))
        few = int(members[(seen < _FEW_NONZERO) & (seen < len(walked) * members)].sum())
        alone, leaving = ends[0], walked[0, 0, -1] - ends[1]
        rows, missed = controls(leaving).adjusted(places, gains, alone + leaving)
        by_group = np.array([np.bincount(alike, row) / members for row in rows])
        values[present] = by_group.mean(axis=0)[alike]
        spread = (by_group.std(axis=0, ddof=1) / np.sqrt(n_replicates))[alike]
        # Least squares leave that much over where the controls are the utility.
        rounding = RELATIVE * payment_scale(values[present], float(walked[0, 0, -1]), len(present))
        errors[present] = np.hypot(np.maximum(spread, rounding), missed)
    enough = n_replicates >= FEWEST_REPLICATES
    made = f"{n_replicates} replicates of {n_shifts} shifted permutations and their reverses, less known controls"
    made += f"; unresolved: {few} users had too few contributions" * bool(few)
    rare = (
        f"unresolved: {few} of {len(present)} present users had fewer than {_FEW_NONZERO} non-zero contributions in "
        f"{n_walks} permutations; intervals cover far less than they say, the other users' too"
    )
    rough = f"only {n_replicates} replicates are complete: errors are rough"
    return Payments(
        engine="permutations",
        alpha=1,
        values=values,
        standard_errors=errors,
        degrees_of_freedom=max(n_replicates - 1, 1),
        utility=float(received[0][0, -1]) if received else np.nan,
        resolved=enough and not few,
        reason=made if enough else f"unresolved: time ran out after {n_replicates} of at least 5 replicates",
        evaluations=len(present) * (2 + n_walks),
        warnings=(rare,) * bool(few) + (rough,) * (not enough),
        doubtful=np.full(n_users, not enough or few > 0),
    )
