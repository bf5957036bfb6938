"""From walks along permutations to payments and their errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.payments.estimate import Estimate
from fairgames.payments.permutations_controls import controls, mean_by_user
from fairgames.payments.permutations_walk import ShiftedPairs
from fairgames.tolerance import RELATIVE

FEWEST_REPLICATES = 5
_FEW_NONZERO = 30


def summary_of_walks(
    without: NDArray[np.float64],
    pairs: ShiftedPairs,
    n_users: int,
    alike: NDArray[np.intp],
    received: list[NDArray[np.float64]],
) -> Estimate:
    """Mean of the complete replicates, with the error that their spread shows.

    Parameters
    ----------
    without : ndarray, shape (n,)
        Utility with all present users but one, for each of them.
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
    Estimate
        Unresolved when fewer than five replicates are complete (without numbers when fewer than two are),
        or when some users had too few contributions other than 0: those are ``doubtful``.
    """
    present, n_shifts = pairs.present, pairs.n_shifts
    n_replicates = len(received) // n_shifts
    values, errors = np.zeros(n_users), np.zeros(n_users)
    doubtful = np.zeros(n_users, dtype=bool)
    if n_replicates >= 2:
        walked = np.array(received[: n_replicates * n_shifts])
        places = np.array([pairs.places(pair) for pair in range(len(walked))])
        gains = np.diff(walked, prepend=0.0, axis=2)
        members = np.bincount(alike)
        nonzero = mean_by_user(places.reshape(-1, len(present)), _nonzero(walked, gains)) * 2 * len(walked)
        doubtful[present] = _too_few(np.bincount(alike, nonzero), 2.0 * len(walked) * members)[alike]
        by_replicate = (n_replicates, 2 * n_shifts, len(present))
        family = controls(walked[0, 0, -1] - without)
        rows = family.adjusted(places.reshape(by_replicate), gains.reshape(by_replicate))
        by_group = np.array([np.bincount(alike, row) / members for row in rows])
        values[present] = by_group.mean(axis=0)[alike]
        errors[present] = (by_group.std(axis=0, ddof=1) / np.sqrt(n_replicates))[alike]
    else:
        values[present] = np.nan
        errors[present] = np.inf
    enough = n_replicates >= FEWEST_REPLICATES
    few = int(doubtful.sum())
    made = f"{n_replicates} replicates of {n_shifts} shifted permutations and their reverses, less known controls"
    made += f"; unresolved for {few} users" * bool(few)
    return Estimate(
        values=values,
        standard_errors=errors,
        degrees_of_freedom=max(n_replicates - 1, 1),
        utility=float(received[0][0, -1]) if received else np.nan,
        resolved=enough and not few,
        reason=made if enough else f"unresolved: time ran out after {n_replicates} of at least 5 replicates",
        evaluations=len(present) * (1 + 2 * len(received)),
        warnings=_cautions(few, len(present), 2 * len(received), n_replicates),
        doubtful=doubtful if enough else np.ones(n_users, dtype=bool),
    )


def _nonzero(walked: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whether each contribution differs from 0, one row a walk."""
    flags: NDArray[np.float64] = (np.abs(gains) > RELATIVE * np.abs(walked).max()).astype(float)
    return flags.reshape(-1, gains.shape[2])


def _too_few(nonzero: NDArray[Any], drawn: NDArray[Any]) -> NDArray[np.bool_]:
    few: NDArray[np.bool_] = (nonzero < _FEW_NONZERO) & (nonzero < drawn / 2)
    return few


def _cautions(few: int, n_present: int, n_walks: int, n_replicates: int) -> tuple[str, ...]:
    warnings = []
    if few:
        warnings.append(
            f"unresolved for {few} of {n_present} present users: they had fewer than {_FEW_NONZERO} non-zero "
            f"contributions in {n_walks} permutations, and their intervals cover far less than they say"
        )
    if n_replicates < FEWEST_REPLICATES:
        warnings.append(f"only {n_replicates} replicates are complete: errors are rough")
    return tuple(warnings)
