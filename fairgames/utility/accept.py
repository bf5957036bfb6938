"""Accept a utility in whatever form it is handed in."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fairgames.utility.base import Utility
from fairgames.utility.table import TableUtility


def as_utility(utility: Utility | ArrayLike) -> Utility:
    """Return a `Utility` as it is, and read an array as a `TableUtility`.

    Raises
    ------
    InputError
        If an array is not a table of utilities.

    Examples
    --------
    >>> as_utility([[0, 1], [1, 2]]).shape
    (2, 2)
    """
    return utility if isinstance(utility, Utility) else TableUtility(utility)
