"""One repeat of a measured utility, as a utility of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.utility.base import Utility


class OneRepeat(Utility):
    """What one repeat alone measured.

    Parameters
    ----------
    whole : Utility
        The utility that is measured.
    number : int
        Which repeat.
    repeated : callable
        Utilities of profiles in each repeat, ``(M, N)`` to ``(repeats, M)``.
    """

    def __init__(
        self, whole: Utility, number: int, repeated: Callable[[NDArray[np.integer[Any]]], NDArray[np.float64]]
    ) -> None:
        self._whole = whole
        self._number = number
        self._repeated = repeated

    @property
    def n_users(self) -> int:
        """Number of users ``N``."""
        return self._whole.n_users

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each user."""
        return self._whole.shape

    @cached_property
    def types(self) -> NDArray[np.intp]:
        """Type of each user."""
        return self._whole.types

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Utility of each row of ``profiles`` in this repeat."""
        values: NDArray[np.float64] = self._repeated(profiles)[self._number]
        return values
