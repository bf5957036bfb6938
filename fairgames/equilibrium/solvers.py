"""The solvers by name: those that come with the package, and those that other packages add.

Nashpy's enumerations as solvers: floats, so that they cross-check rather than decide.

Two users with two actions each: every extreme equilibrium, exactly, by signs alone.

Every pure equilibrium of a game with any number of users, by array operations.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points

import numpy as np

from fairgames.equilibrium.best_replies import solve_best_reply
from fairgames.equilibrium.rational import from_weights, to_integers
from fairgames.equilibrium.solver import Found, Notes, Solver, Strategies
from fairgames.equilibrium.subdivision import solve_subdivision
from fairgames.equilibrium.vertices import solve_vertices
from fairgames.errors import SolverError, shown
from fairgames.exactness import Array, to_float, to_fractions
from fairgames.game import gambit
from fairgames.game.deviations import pure_strategy
from fairgames.tolerance import ROUNDING, near


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


def solve_two_action(payoffs: Sequence[Array], found: Callable[[tuple[Array, Array]], None]) -> bool:
    """Find every extreme equilibrium of a 2x2 game.

    A user's extreme strategies are its two actions and, when the opponent's preference changes sign
    between them, the mixture that makes the opponent indifferent. A pair is an equilibrium when
    each plays only best responses to the other.

    Parameters
    ----------
    payoffs : sequence of ndarray
        Two 2x2 matrices; floats are taken as the binary fractions that they are.
    found : callable
        Called with each equilibrium, in Fractions.

    Returns
    -------
    bool
        Whether the game is degenerate: some pure action leaves the opponent indifferent.

    Examples
    --------
    >>> from fairgames.exactness import as_array
    >>> A = as_array([[1, -1], [-1, 1]], "A")
    >>> solve_two_action((A, -A), print)
    (array([Fraction(1, 2), Fraction(1, 2)], dtype=object), array([Fraction(1, 2), Fraction(1, 2)], dtype=object))
    False
    """
    A = to_integers(to_fractions(payoffs[0])).integers
    B = to_integers(to_fractions(payoffs[1])).integers
    row_gains = (A[0, 0] - A[1, 0], A[0, 1] - A[1, 1])
    column_gains = (B[0, 0] - B[0, 1], B[1, 0] - B[1, 1])
    columns = _extreme_strategies(row_gains)
    for x, wanted_columns in _extreme_strategies(column_gains):
        for y, wanted_rows in columns:
            if not ((x[0] and wanted_rows < 0) or (x[1] and wanted_rows > 0)) and not (
                (y[0] and wanted_columns < 0) or (y[1] and wanted_columns > 0)
            ):
                found((from_weights(x), from_weights(y)))
    return 0 in row_gains or 0 in column_gains


def _extreme_strategies(gains: tuple[int, int]) -> list[tuple[tuple[int, int], int]]:
    """Weights on the two actions, and the gain that the opponent then has from its first action.

    ``gains[a]`` is that gain when action ``a`` is played for sure; only its sign matters.
    """
    first, second = gains
    strategies = [((1, 0), first), ((0, 1), second)]
    if first * second < 0:
        strategies.append(((abs(second), abs(first)), 0))
    return strategies


def pure_profiles(payoffs: Sequence[Array]) -> Iterator[tuple[int, ...]]:
    """List the profiles of actions at which nobody gains by moving alone, in lexicographic order.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a user, one axis a user. Floats that differ by no more than their own rounding
        count as equal.

    Yields
    ------
    tuple of int

    Examples
    --------
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> list(pure_profiles((A, A)))
    [(0, 0), (1, 1)]
    """
    stable = np.ones(payoffs[0].shape, dtype=bool)
    for user, payoff in enumerate(payoffs):
        best = payoff.max(axis=user, keepdims=True)
        stable &= (payoff >= best - near(payoff, best, part=ROUNDING)).astype(bool)
    for profile in np.argwhere(stable):
        yield tuple(profile.tolist())


ENTRY_POINTS = "fairgames.solvers"
"""Entry-point group in which an installed package names its `Solver` objects."""


def _two_action(payoffs: Strategies, found: Found) -> Notes:
    return Notes(solve_two_action(payoffs, found))


def _vertices(payoffs: Strategies, found: Found) -> Notes:
    return Notes(solve_vertices(payoffs, found))


def _pure(payoffs: Strategies, found: Found) -> None:
    for profile in pure_profiles(payoffs):
        found(tuple(pure_strategy(action, size) for action, size in zip(profile, payoffs[0].shape, strict=True)))


def _enummixed(payoffs: Strategies, found: Found) -> None:
    gambit.enummixed(payoffs, found)


def _enummixed_double(payoffs: Strategies, found: Found) -> None:
    gambit.enummixed(payoffs, found, rational=False)


def _enumpure(payoffs: Strategies, found: Found) -> None:
    gambit.enumpure(payoffs, found)


def _enumpoly(payoffs: Strategies, found: Found) -> Notes:
    singular, abandoned = gambit.enumpoly(payoffs, found)
    warnings = []
    if singular:
        warnings.append(f"enumpoly skipped {singular} supports with singular equations, where continua may hide")
    if abandoned:
        warnings.append(f"enumpoly gave up on {abandoned} supports before it had searched them")
    return Notes(None, tuple(warnings))


def _logit(payoffs: Strategies, found: Found) -> Notes:
    followed = gambit.logit(payoffs, found)
    return Notes() if followed else Notes(None, ("logit could not follow its branch to an equilibrium",))


BUILT_IN: dict[str, Solver] = {
    solver.name: solver
    for solver in (
        Solver("two-action", _two_action, "complete", exact=True, n_players=2, n_actions=2),
        Solver("vertices", _vertices, "complete", exact=True, n_players=2),
        Solver("pure", _pure, "pure", exact=True),
        Solver("subdivision", solve_subdivision, "isolated"),
        Solver("best-reply", solve_best_reply, "one", exact=True),
        Solver("gambit-enummixed", _enummixed, "complete", exact=True, n_players=2, needs=("pygambit",)),
        Solver("gambit-enummixed-double", _enummixed_double, "complete", n_players=2, needs=("pygambit",)),
        Solver("gambit-enumpure", _enumpure, "pure", exact=True, needs=("pygambit",)),
        Solver("gambit-enumpoly", _enumpoly, "isolated", needs=("pygambit",)),
        Solver("gambit-logit", _logit, "one", needs=("pygambit",)),
        Solver("nashpy-support", solve_support_enumeration, "isolated", n_players=2, needs=("nashpy",)),
        Solver("nashpy-vertex", solve_vertex_enumeration, "complete", n_players=2, least_actions=2, needs=("nashpy",)),
    )
}
"""Solvers that come with the package."""


def solvers() -> dict[str, Solver]:
    """Every solver that is available, by name.

    Raises
    ------
    SolverError
        If an installed package offers something else than a `Solver`, or a name that is taken.

    Examples
    --------
    >>> sorted(name for name, solver in solvers().items() if solver.promise == "complete" and solver.exact)
    ['gambit-enummixed', 'two-action', 'vertices']
    """
    available = dict(BUILT_IN)
    for point in entry_points(group=ENTRY_POINTS):
        solver = point.load()
        if not isinstance(solver, Solver):
            raise SolverError(
                f"entry point {point.name!r} ({point.value}): must name a fairgames Solver, got {solver!r}"
            )
        if solver.name in available:
            raise SolverError(f"entry point {point.name!r} ({point.value}): the solver name {solver.name!r} is taken")
        available[solver.name] = solver
    return available


def solver_named(name: str) -> Solver:
    """Look one solver up.

    Raises
    ------
    SolverError
        If there is none of that name; the message lists those that there are.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    available = solvers()
    if name not in available:
        raise SolverError(f"method: must be 'auto' or one of {', '.join(sorted(available))}; got {shown(name)}")
    return available[name]
