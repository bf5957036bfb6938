"""Nashpy's enumerations as solvers: floats, so that they cross-check rather than decide."""

from __future__ import annotations

import warnings

from fairgames.equilibrium.solver import Found, Notes, Strategies
from fairgames.exactness import to_float


def solve_support_enumeration(payoffs: Strategies, found: Found) -> Notes:
    """Run nashpy's support enumeration: it solves supports of equal size, and may miss some by rounding.

    Examples
    --------
    >>> import numpy as np
    >>> solve_support_enumeration((np.eye(1), np.eye(1)), print)
    (array([1.]), array([1.]))
    Notes(degenerate=None, warnings=())
    """
    import nashpy

    # An even number of equilibria is announced as degeneracy, which it neither implies nor is implied by.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for pair in nashpy.Game(*map(to_float, payoffs)).support_enumeration():
            found(pair)
    return Notes()


def solve_vertex_enumeration(payoffs: Strategies, found: Found) -> Notes:
    """Run nashpy's vertex enumeration on payoffs shifted to a minimum of 1.

    Without the shift its polytopes may be unbounded, and it crashes or loses equilibria.

    Examples
    --------
    >>> import numpy as np
    >>> solve_vertex_enumeration((np.eye(2), np.eye(2)), lambda pair: None)
    Notes(degenerate=None, warnings=())
    """
    import nashpy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        shifted = [payoff - (payoff.min() - 1) for payoff in map(to_float, payoffs)]
        for pair in nashpy.Game(*shifted).vertex_enumeration():
            found(pair)
    return Notes()
