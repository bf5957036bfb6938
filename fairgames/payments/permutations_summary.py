"""From walks along permutations to payments and their errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairgames.payments.estimate import Estimate
from fairgames.payments.permutations_controls import controls, mean_by_user
from fairgames.payments.permutations_walk import ShiftedPairs
from fairgames.tolerance import RELATIVE

FEWEST_REPLICATES = 5
_FEW_NONZERO = 30


def summary_of_walks(
    without: NDArray[np.float64], pairs: ShiftedPairs, n_users: int, received: list[NDArray[np.float64]]
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
    received : list of ndarray, each of shape (2, n)
        Utilities as users join, of the first pairs.

    Returns
    -------
    Estimate
        Unresolved when fewer than two replicates are complete.
    """
    present, n_shifts = pairs.present, pairs.n_shifts
    n_replicates = len(received) // n_shifts
    values, errors = np.zeros(n_users), np.zeros(n_users)
    warnings: tuple[str, ...] = ()
    enough = n_replicates >= 2
    if enough:
        walked = np.array(received[: n_replicates * n_shifts])
        places = np.array([pairs.places(pair) for pair in range(len(walked))])
        gains = np.diff(walked, prepend=0.0, axis=2)
        nonzero = mean_by_user(places.reshape(-1, len(present)), _nonzero(walked, gains)) * 2 * len(walked)
        by_replicate = (n_replicates, 2 * n_shifts, len(present))
        family = controls(walked[0, 0, -1] - without)
        rows = family.adjusted(places.reshape(by_replicate), gains.reshape(by_replicate))
        values[present] = rows.mean(axis=0)
        errors[present] = rows.std(axis=0, ddof=1) / np.sqrt(n_replicates)
        warnings = _cautions(nonzero, 2 * len(walked), n_replicates)
    else:
        values[present] = np.nan
        errors[present] = np.inf
    return Estimate(
        values=values,
        standard_errors=errors,
        degrees_of_freedom=max(n_replicates - 1, 1),
        utility=float(received[0][0, -1]) if received else np.nan,
        resolved=enough,
        reason=f"{n_replicates} replicates of {n_shifts} shifted permutations and their reverses, less known controls"
        if enough
        else "unresolved: time ran out before two replicates were complete",
        evaluations=len(present) * (1 + 2 * len(received)),
        warnings=warnings,
    )


def _nonzero(walked: NDArray[np.float64], gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whether each contribution differs from 0, one row a walk."""
    flags: NDArray[np.float64] = (np.abs(gains) > RELATIVE * np.abs(walked).max()).astype(float)
    return flags.reshape(-1, gains.shape[2])


def _cautions(nonzero: NDArray[np.float64], n_walks: int, n_replicates: int) -> tuple[str, ...]:
    warnings = []
    few = int(((nonzero < _FEW_NONZERO) & (nonzero < n_walks / 2)).sum())
    if few:
        warnings.append(
            f"{few} of {len(nonzero)} present users had fewer than {_FEW_NONZERO} non-zero contributions in {n_walks} "
            "permutations: their intervals cover far less than they say"
        )
    if n_replicates < FEWEST_REPLICATES:
        warnings.append(f"only {n_replicates} replicates are complete: errors are rough")
    return tuple(warnings)
