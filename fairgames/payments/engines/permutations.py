"""Payments of users that are all different, from balanced random permutations (Castro et al. 2009).

Here permutations are drawn, run on workers and stopped, and finished batches kept in a `Store`, which survives the
process; `controls` turns them into payments and errors. `pricing` calls `permutation_payments`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.errors import EvaluationError, InputError, SizeError
from fairgames.parallel import as_seed, run_in_order, seed_facts
from fairgames.payments.engines.controls import (
    FEWEST_REPLICATES,
    CheckedWalk,
    PrefixWalk,
    ShiftedPairs,
    summary_of_walks,
)
from fairgames.payments.engines.evaluation import CheckedUtility, StateUtility, checked
from fairgames.payments.result import Payments, payment_scale
from fairgames.store import Store
from fairgames.utility.base import Walk
from fairgames.utility.measured.fingerprint import fingerprint as fingerprint_of

_SHIFTS = 10
_CELLS_AT_ONCE = 1 << 22
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
    if not len(present):
        return _nobody(len(profile))
    if len(present) > MOST_PERMUTED:
        raise SizeError(
            f"permutations go through up to {MOST_PERMUTED:,} present users one by one, and there are "
            f"{len(present):,}: say who is identical (counts=, or types of your own utility), or merge those who are "
            "nearly so; strata serve up to 64 groups of any size"
        )
    n_replicates, n_shifts = _plan(len(present), budget, open_ended=max_seconds is not None or target_error is not None)
    utility = checked(evaluate)
    walking = PrefixWalk(utility, profile) if walk is None else CheckedWalk(walk, profile)
    pairs = ShiftedPairs(walking, present, n_shifts, root)
    run = partial(_estimated, utility, pairs, profile, groups, n_replicates, max_seconds, target_error, n_jobs)
    if checkpoint is None:
        return run([], id)
    made_by = fingerprint_of(evaluate, walk, named=fingerprint)
    facts = _facts(profile, root, n_shifts)
    store = Store(Path(checkpoint), "checkpoint", "permutations", facts, made_by, adopt, patience=0)
    with store.locked():
        finished = [np.array(entry["values"]) for entry in store.new_entries()]
        return run(finished, lambda batch: store.append({"values": batch.tolist()}))


def _estimated(
    utility: CheckedUtility,
    pairs: ShiftedPairs,
    profile: NDArray[np.intp],
    groups: NDArray[np.intp],
    n_replicates: int,
    max_seconds: float | None,
    target_error: float | None,
    n_jobs: int | None,
    finished: list[NDArray[np.float64]],
    keep: Callable[[NDArray[np.float64]], object],
) -> Payments:
    """Go on from the batches that are finished until there are enough; ``keep`` each at once."""
    present, n_shifts = pairs.present, pairs.n_shifts
    if not finished:
        finished = [_at_the_ends(utility, profile, present)]
        keep(finished[0])
    ends, *received = finished[: 1 + n_replicates * n_shifts]
    summary = partial(summary_of_walks, ends, pairs, len(profile), groups)
    deadline = np.inf if max_seconds is None else time.monotonic() + max_seconds
    looks = set() if target_error is None else _looks(n_replicates)
    for done in sorted(looks):
        if done * n_shifts <= len(received) and _on_target(summary(received[: done * n_shifts]), present, target_error):
            return summary(received[: done * n_shifts])
    tasks = range(len(received), n_replicates * n_shifts)
    answers = run_in_order(pairs, tasks, n_jobs=n_jobs, description="permutations")
    try:
        for walked in answers:
            keep(walked)
            received.append(walked)
            done, partly = divmod(len(received), n_shifts)
            if time.monotonic() > deadline:
                break
            if not partly and done in looks and _on_target(summary(received), present, target_error):
                break
    except EvaluationError as error:
        error.finished = summary(received) if len(received) >= 2 * n_shifts else None
        raise
    finally:
        answers.close()
    return summary(received)


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


def _facts(profile: NDArray[np.intp], seed: np.random.SeedSequence, n_shifts: int) -> dict[str, object]:
    digest = hashlib.sha256(profile.astype("<i8").tobytes()).hexdigest()
    return {"profile": digest, "seed": seed_facts(seed), "shifts": n_shifts, "ends": "exact"}


def _nobody(n_users: int) -> Payments:
    return Payments(np.zeros(n_users), 0.0, 1, engine="permutations", reason="nobody is present")


def _looks(n_replicates: int) -> set[int]:
    """Numbers of replicates after which to ask whether the errors suffice."""
    looks, done = set(), FEWEST_REPLICATES
    while done <= n_replicates:
        looks.add(done)
        done += max(1, done // 10)
    return looks


def _on_target(estimate: Payments, present: NDArray[np.intp], target_error: float | None) -> bool:
    if target_error is None:
        return False
    scale = payment_scale(estimate.values[present], estimate.utility, len(present))
    return bool((estimate.standard_errors[present] <= target_error * scale).all())
