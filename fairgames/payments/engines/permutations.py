"""Payments of users that are all different, from balanced random permutations (Castro et al. 2009).

Permutations are drawn, run on workers and stopped, and finished batches kept in a `Store`, which survives the process.
Control variates turn them into payments and errors: a control is ``1 − exp(−u Σ_{i present} b_i)``, whose fair payments
are an integral of products, known without sampling; or it is worth 1 from some number of present users on, and pays all
of them alike. What orders find about a combination of controls that resembles the utility is replaced by what is known;
the sampling error is that of the difference alone. `pricing` calls `permutation_payments`; `moves` uses the controls.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import EvaluationError, InputError, SizeError
from fairgames.parallel import as_seed, batch_seed, run_in_order, seed_facts
from fairgames.payments.engines.evaluation import CheckedUtility, StateUtility, checked
from fairgames.payments.result import Payments, payment_scale
from fairgames.store import Store
from fairgames.tolerance import RELATIVE
from fairgames.utility.base import Walk
from fairgames.utility.measured.fingerprint import fingerprint as fingerprint_of

_CELLS_AT_ONCE = 1 << 22


def along_prefixes(evaluate: CheckedUtility, levels: NDArray[np.intp], order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Utility after each user of ``order`` has joined, by the profiles of its first 1, 2, … users, many at once."""
    step = max(1, _CELLS_AT_ONCE // len(levels))
    values = np.empty(len(order))
    for start in range(0, len(order), step):
        stop = min(start + step, len(order))
        profiles = np.zeros((stop - start, len(levels)), dtype=np.intp)
        profiles[:, order[:start]] = levels[order[:start]]
        block = order[start:stop]
        profiles[:, block] = np.tril(np.ones((len(block), len(block)), dtype=np.intp)) * levels[block]
        values[start:stop] = evaluate(profiles)
    return values


def _checked_walk(walk: Walk, levels: NDArray[np.intp], order: NDArray[np.intp]) -> NDArray[np.float64]:
    """Walk of a utility's own, its values checked: the profile of a bad one is named."""
    values = np.asarray(walk(order), dtype=float)
    if values.shape != order.shape:
        raise InputError("walk", f"must return one utility for each of {len(order)} users", values.shape)
    for first in np.flatnonzero(~np.isfinite(values))[:1].tolist():
        profile = np.zeros_like(levels)
        profile[order[: first + 1]] = levels[order[: first + 1]]
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
        first = n_users - (shift * n_users) // self.n_shifts
        order = np.concatenate([order[first:], order[:first]])
        return np.array([order, order[::-1]])


_SCALES = 10
_FEWEST_NODES = 80
_MOST_NODES = 240
_gauss = lru_cache(maxsize=1)(np.polynomial.legendre.leggauss)


def known_payments(joined: NDArray[np.float64], moved: NDArray[np.float64]) -> NDArray[np.float64]:
    """Payments ``(1 − e^{−b_il}) ∫_0^1 Π_{j ≠ i} (1 − t + t e^{−b_j}) dt``, by nodes that crowd at ``t = 0``.

    Parameters
    ----------
    joined : ndarray, shape (F, n)
        ``b_j`` of each control and user.
    moved : ndarray, shape (F, n, L)
        The same at each level at which a user could be.
    """
    nodes, lengths = _gauss(int(np.clip(joined.shape[1], _FEWEST_NODES, _MOST_NODES)))
    x = (nodes + 1) / 2
    t, lengths = x**3, lengths / 2 * 3 * x**2
    known = np.empty(moved.shape)
    for control, weights in enumerate(joined):
        absent = np.log1p(t[:, None] * np.expm1(-weights))
        others = np.exp(absent.sum(axis=1, keepdims=True) - absent)
        known[control] = -np.expm1(-moved[control]) * (lengths @ others)[:, None]
    return known


def gains_of_controls(
    joined: NDArray[np.float64], moved: NDArray[np.float64], linear: NDArray[np.float64], places: NDArray[np.intp]
) -> NDArray[np.float64]:
    """What each user of each order adds to each control, and to one that is additive, shape ``(F + 1, W, n)``.

    Parameters
    ----------
    joined, moved : ndarray, shape (F, n)
        ``b_i`` of each control and user where it is, and where it joins.
    linear : ndarray, shape (n,)
        What a user adds to the additive control.
    places : ndarray of int, shape (W, n)
        Users in the order in which they join.
    """
    here = joined[:, places]
    before = np.cumsum(here, axis=2) - here
    return np.concatenate([-np.exp(-before) * np.expm1(-moved[:, places]), linear[None, places]])


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
        return gains_of_controls(self.weights, self.weights, self.linear, places)

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


def controls(leaving: NDArray[np.float64], weighings: NDArray[np.float64]) -> Controls:
    """Controls for users whose leaving, when all are present, costs the utility ``leaving``, shape (n,).

    The utility may weigh them in ways of its own, shape (F, n).

    Examples
    --------
    >>> family = controls(np.array([1.0, 2.0, 0.0]), np.zeros((0, 3)))
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
        ways, linear = [alike], alike
    else:
        ways, linear = [alike, lost / lost.mean()], lost / lost.mean()
    return Controls(np.concatenate([scales * way for way in [*ways, *weighings]]), linear)


FEWEST_REPLICATES = 5
_FEW_NONZERO = 30


def summary_of_walks(
    ends: NDArray[np.float64],
    pairs: ShiftedPairs,
    n_users: int,
    alike: NDArray[np.intp],
    weighings: NDArray[np.float64],
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
    weighings : ndarray, shape (F, n)
        The utility's own ways of weighing them.
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
        rows, missed = controls(leaving, weighings).adjusted(places, gains, alone + leaving)
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


_SHIFTS = 10
MOST_PERMUTED = 20_000


def permutation_payments(
    evaluate: StateUtility,
    levels: ArrayLike,
    seed: int | np.random.SeedSequence = 0,
    *,
    budget: int | None = None,
    max_seconds: float | None = None,
    target_error: float | None = None,
    n_jobs: int | None = 1,
    checkpoint: str | Path | None = None,
    fingerprint: object = "",
    adopt: bool = False,
    walk: Walk | None = None,
    alike: ArrayLike | None = None,
    weighings: NDArray[np.float64] | None = None,
) -> Payments:
    """Fair payments of users that are all different, from balanced random permutations.

    Users join one by one; a user earns what the utility gains when it joins. A replicate is one random
    permutation, ten equally spaced cyclic shifts of it, and their reverses, so that every user comes
    early, late and in between. What each user adds when it comes first, and last, is evaluated, not
    sampled. Controls whose payments are known (functions of a weighted number of present users) take out
    what most utilities have in common; their fit to one replicate comes from the others. Contributions
    telescope: payments add up to the utility to rounding.

    Parameters
    ----------
    evaluate : callable
        Utilities of profiles, shape ``(M, N)``, to ``(M,)``; 0 when all are absent.
    levels : array_like of int, shape (N,)
        Level of each user; absent users (level 0) are paid 0.
    seed : int or numpy.random.SeedSequence
        The same seed gives the same numbers for every ``n_jobs`` and joblib backend.
    budget : int, optional
        Utility evaluations, at least 12 for each present user. By default 102 a user, or 10,002 a user as
        the limit of a run that stops by time or error.
    max_seconds : float, optional
        Stop when a result arrives after this time. The answer then depends on the machine.
    target_error : float, optional
        Stop when all standard errors are at most this part of ``max(|phi_i|, U/n)``; looked at after 5
        replicates, and each time their number has grown by a tenth.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``.
    checkpoint : path, optional
        File that receives every finished batch (one permutation and its reverse). Running again with the
        same utility and arguments goes on from there; a killed run loses only the batches then in the making. A
        file that does not fit is refused, and left as it is; so is one that another run is using.
    fingerprint : object
        With ``checkpoint``: what the utility depends on that its code and data do not show, for instance the hash
        of a file. Required where nothing can tell whether the utility is the same (a C function, an open file).
    adopt : bool
        Go on from a checkpoint although another utility made it: you know that its values are the same.
    walk : callable, optional
        Utilities as users join, for utilities that update faster than they evaluate: an order of users,
        shape ``(n,)``, to the utility after each has joined, shape ``(n,)``. ``evaluate`` is then asked only
        for the profiles in which one user is alone, or missing.
    alike : array_like of int, shape (N,), optional
        A group number for each user. Users of a group at one level are known to be owed the same; each gets
        their mean, with the (smaller) error of that mean.
    weighings : ndarray, shape (F, N), optional
        Ways of weighing users by which the utility nearly is a function of the sums, for more controls.

    Returns
    -------
    Payments
        At alpha = 1, one entry a user; Student intervals over replicates. Unresolved when time ran out before
        five replicates were done, or when users had too few contributions other than 0 for an interval to be
        trusted: then all are ``doubtful``, for what is rare for some decides the others' payments too.

    Raises
    ------
    InputError, SizeError
        For arguments out of range, a checkpoint of another run, or more than 20,000 present users.
    EvaluationError
        If the utility fails at a profile, which is named. ``finished`` holds the estimate from what was
        received before (None if less than two replicates were), and the checkpoint keeps every batch.

    References
    ----------
    J. Castro, D. Gómez, J. Tejada (2009), Polynomial calculation of the Shapley value based on sampling.
    R. Mitchell, J. Cooper, E. Frank, G. Holmes (2022), Sampling permutations for Shapley value estimation
    (antithetic permutations).

    Examples
    --------
    >>> weights = np.arange(1.0, 21.0)
    >>> estimate = permutation_payments(lambda profiles: np.sqrt(profiles @ weights), np.ones(20, dtype=int))
    >>> bool(np.isclose(estimate.values.sum(), np.sqrt(weights.sum()))), estimate.evaluations
    (True, 2040)
    """
    profile, root = np.asarray(levels, dtype=np.intp), as_seed(seed)
    groups = _groups(alike, profile)
    present = np.flatnonzero(profile)
    weights = np.zeros((0, len(present))) if weighings is None else weighings[:, present]
    if not len(present):
        return Payments(np.zeros(len(profile)), 0.0, 1, engine="permutations", reason="nobody is present")
    if len(present) > MOST_PERMUTED:
        raise SizeError(
            f"permutations go through up to {MOST_PERMUTED:,} present users one by one, and there are "
            f"{len(present):,}: say who is identical (counts=, or types of your own utility), or merge those who are "
            "nearly so; strata serve up to 64 groups of any size"
        )
    n_replicates, n_shifts = _plan(len(present), budget, open_ended=max_seconds is not None or target_error is not None)
    utility = checked(evaluate)
    walking = partial(along_prefixes, utility, profile) if walk is None else partial(_checked_walk, walk, profile)
    pairs = ShiftedPairs(walking, present, n_shifts, root)
    deadline = np.inf if max_seconds is None else time.monotonic() + max_seconds
    looks = [] if target_error is None else _looks(n_replicates)

    def on_target(estimate: Payments) -> bool:
        scale = payment_scale(estimate.values[present], estimate.utility, len(present))
        return bool((estimate.standard_errors[present] <= cast(float, target_error) * scale).all())

    def run(finished: list[NDArray[np.float64]], keep: Callable[[NDArray[np.float64]], object]) -> Payments:
        """Go on from the batches that are finished until there are enough; ``keep`` each at once."""
        if not finished:
            finished = [_at_the_ends(utility, profile, present)]
            keep(finished[0])
        ends, *received = finished[: 1 + n_replicates * n_shifts]
        summary = partial(summary_of_walks, ends, pairs, len(profile), groups, weights)
        for done in looks:
            if done * n_shifts <= len(received) and on_target(enough := summary(received[: done * n_shifts])):
                return enough
        tasks = range(len(received), n_replicates * n_shifts)
        answers = run_in_order(pairs, tasks, n_jobs=n_jobs, description="permutations")
        try:
            for walked in answers:
                keep(walked)
                received.append(walked)
                done, partly = divmod(len(received), n_shifts)
                if time.monotonic() > deadline or (not partly and done in looks and on_target(summary(received))):
                    break
        except EvaluationError as error:
            error.finished = summary(received) if len(received) >= 2 * n_shifts else None
            raise
        finally:
            answers.close()
        return summary(received)

    if checkpoint is None:
        return run([], id)
    made_by = fingerprint_of(evaluate, walk, named=fingerprint)
    digest = hashlib.sha256(profile.astype("<i8").tobytes()).hexdigest()
    facts = {"profile": digest, "seed": seed_facts(root), "shifts": n_shifts, "ends": "exact"}
    store = Store(Path(checkpoint), "checkpoint", "permutations", facts, made_by, adopt, patience=0)
    with store.locked():
        finished = [np.array(entry["values"]) for entry in store.new_entries()]
        return run(finished, lambda batch: store.append({"values": batch.tolist()}))


def _at_the_ends(utility: CheckedUtility, profile: NDArray[np.intp], present: NDArray[np.intp]) -> NDArray[np.float64]:
    """Utility with each present user alone, and with all of them but that one, shape (2, n)."""
    step = max(1, _CELLS_AT_ONCE // len(profile))
    values = np.empty((2, len(present)))
    for start in range(0, len(present), step):
        some = present[start : start + step]
        rows = np.arange(len(some))
        alone, others = np.zeros((len(some), len(profile)), dtype=np.intp), np.tile(profile, (len(some), 1))
        alone[rows, some], others[rows, some] = profile[some], 0
        values[:, start : start + step] = utility(alone), utility(others)
    return values


def _groups(alike: ArrayLike | None, profile: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number the groups of present users: alike, and at one level."""
    present = np.flatnonzero(profile)
    if alike is None:
        return np.arange(len(present))
    pairs = np.column_stack([np.asarray(alike)[present], profile[present]])
    numbers: NDArray[np.intp] = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
    return numbers


def _plan(n_present: int, budget: int | None, *, open_ended: bool) -> tuple[int, int]:
    """Number of replicates and of shifts in each that the budget allows."""
    pairs = 2 * FEWEST_REPLICATES * n_present
    least = 2 * n_present + pairs
    if budget is None:
        budget = 2 * n_present + pairs * (1000 if open_ended else _SHIFTS)
    if budget < least:
        raise InputError(
            "budget",
            f"must be at least {least:,} utility evaluations ({n_present:,} present users come "
            f"first, and last, one by one, and join in a permutation and its reverse, {FEWEST_REPLICATES} times)",
            budget,
        )
    left = int(budget) - 2 * n_present
    n_shifts = min(_SHIFTS, n_present, left // pairs)
    return left // (2 * n_present * n_shifts), n_shifts


def _looks(n_replicates: int) -> list[int]:
    """Numbers of replicates after which to ask whether the errors suffice."""
    looks, done = [], FEWEST_REPLICATES
    while done <= n_replicates:
        looks.append(done)
        done += max(1, done // 10)
    return looks
