"""Coalition sizes in strata: fine where the payments are decided, coarse in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_GROWTH = 1.25


@dataclass(frozen=True)
class SizeStrata:
    """Strata of coalition sizes; every size from ``S0`` on lies in exactly one.

    Attributes
    ----------
    starts, lengths : ndarray of int, shape (J,)
        Stratum ``j`` holds the sizes ``starts[j] … starts[j] + lengths[j] − 1``.
    forward : ndarray of bool, shape (J,)
        True: sizes before a user joins. False: sizes after, in the upper half.
    """

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    forward: NDArray[np.bool_]

    def longer_than_one(self) -> SizeStrata:
        """Return the strata that hold more than one size."""
        kept = self.lengths > 1
        return SizeStrata(self.starts[kept], self.lengths[kept], self.forward[kept])

    def draw(
        self, rng: np.random.Generator, n_replicates: int, n_sizes: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Draw ``n_sizes`` sizes a stratum, one from each equal slice of it.

        Returns
        -------
        sizes : ndarray of int, shape (n_replicates, J, n_sizes)
            Short strata are sampled too: a slice may be narrower than one size.
        weights : ndarray, shape (J, 1)
            ``lengths / n_sizes``.
        """
        place = (np.arange(n_sizes) + rng.random((n_replicates, len(self.starts), n_sizes))) / n_sizes
        offsets = np.floor(place * self.lengths[:, None]).astype(np.int64)
        sizes = self.starts[:, None] + np.minimum(offsets, self.lengths[:, None] - 1)
        return sizes, (self.lengths / n_sizes)[:, None]


def size_strata(n_users: int, largest_exact: int) -> SizeStrata:
    """Strata for the sizes above the exact ones.

    Parameters
    ----------
    n_users : int
        Present users ``N``.
    largest_exact : int
        ``S0``: joining up to this many others is summed exactly elsewhere.

    Returns
    -------
    SizeStrata
        Forward strata ``S0 + 1 … H − 1`` growing by a quarter, with ``H = ⌊N/2⌋``; backward strata of
        ``N − s``: {0}, {1}, {2, 3}, {4, …, 7}, … down to ``s = H + 1``.

    Examples
    --------
    >>> strata = size_strata(30, 7)
    >>> strata.starts.tolist(), strata.lengths.tolist()
    ([8, 10, 12, 30, 29, 27, 23, 16], [2, 2, 3, 1, 1, 2, 4, 7])
    """
    half = n_users // 2
    starts, lengths, forward = [], [], []
    start = largest_exact + 1
    while start < half:
        stop = min(max(start + 1, int(start * _GROWTH)), half)
        starts.append(start)
        lengths.append(stop - start)
        forward.append(True)
        start = stop
    nearest = 0
    while nearest < n_users - half:
        farthest = min(max(1, 2 * nearest), n_users - half)
        starts.append(n_users - farthest + 1)
        lengths.append(farthest - nearest)
        forward.append(False)
        nearest = farthest
    return SizeStrata(np.array(starts), np.array(lengths), np.array(forward))
