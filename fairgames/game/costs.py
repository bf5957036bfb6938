"""Privacy costs: what each level costs each user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array, as_array, is_exact


def as_costs(costs: object, shape: Sequence[int]) -> Array:
    """Check privacy costs and return them as one array.

    Parameters
    ----------
    costs : array_like
        ``costs[i][l]`` is what level ``l`` costs user ``i``; one row alone serves all users. Rows may
        differ in length where users differ in their number of levels. ``inf`` forbids a level. Costs may
        fall with the level.
    shape : sequence of int
        Number of levels of each user.

    Returns
    -------
    ndarray, shape (N, max L)
        float64, or object holding Fractions and ``inf``; ``inf`` beyond a user's last level.

    Raises
    ------
    InputError
        For a wrong shape, NaN, a negative cost, or a cost of being absent that is not 0.

    Examples
    --------
    >>> as_costs([0, "1/5"], (2, 2))
    array([[Fraction(0, 1), Fraction(1, 5)],
           [Fraction(0, 1), Fraction(1, 5)]], dtype=object)
    """
    n_users = len(shape)
    rows = _rows(costs, n_users)
    if len(rows) != n_users:
        raise InputError("costs", f"must have one row for each of the {n_users} users", f"{len(rows)} rows")
    exact = all(is_exact(row) for row in rows)
    table = np.full((n_users, max(shape)), np.inf, dtype=object if exact else float)
    for user, (row, n_levels) in enumerate(zip(rows, shape, strict=True)):
        if row.shape != (n_levels,):
            raise InputError(f"costs[{user}]", f"must have one cost for each of {n_levels} levels", row.tolist())
        for level, cost in enumerate(row.tolist()):
            if cost < 0:
                raise InputError(f"costs[{user}, {level}]", "must be at least 0", cost)
        if row[0] != 0:
            raise InputError(f"costs[{user}, 0]", "must be 0: level 0 is absent, which costs nothing", row[0])
        table[user, :n_levels] = row
    table.flags.writeable = False
    return table


def _rows(costs: object, n_users: int) -> list[Array]:
    try:
        entries = list(costs)  # type: ignore[call-overload]
    except TypeError:
        raise InputError("costs", "must be a row of costs, or one row a user", costs) from None
    if entries and not any(isinstance(entry, (list, tuple, np.ndarray)) for entry in entries):
        return [as_array(entries, "costs", allow_inf=True)] * n_users
    return [as_array(entry, f"costs[{user}]", allow_inf=True) for user, entry in enumerate(entries)]
