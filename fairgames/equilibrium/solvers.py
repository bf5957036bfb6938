"""The solvers by name: those that come with the package, and those that other packages add.

`solve` chooses from them. The short ones stand here: signs for two players with two actions each, array operations for
pure equilibria, and what nashpy and Gambit (`game.gambit`) find, which cross-checks rather than decides.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import entry_points

import numpy as np

from fairgames.equilibrium.best_replies import solve_best_reply
from fairgames.equilibrium.enclosures import sharpened
from fairgames.equilibrium.rational import from_weights, to_integers
from fairgames.equilibrium.solver import Found, Notes, Solver, Strategies
from fairgames.equilibrium.supports import solve_supports
from fairgames.equilibrium.vertices import solve_vertices
from fairgames.errors import SolverError, shown
from fairgames.exactness import Array, to_float
from fairgames.game import gambit
from fairgames.game.deviations import pure_strategy
from fairgames.tolerance import ROUNDING, near


def solve_support_enumeration(payoffs: Strategies, found: Found) -> None:
    """Run nashpy's support enumeration: it solves supports of equal size, and may miss some by rounding.

    Examples
    --------
    >>> import numpy as np
    >>> solve_support_enumeration((np.eye(1), np.eye(1)), print)
    (array([1.]), array([1.]))
    """
    _nashpy("support_enumeration", list(map(to_float, payoffs)), found)


def solve_vertex_enumeration(payoffs: Strategies, found: Found) -> None:
    """Run nashpy's vertex enumeration on payoffs shifted to a minimum of 1.

    Without the shift its polytopes may be unbounded, and it crashes or loses equilibria.
    """
    _nashpy("vertex_enumeration", [payoff - (payoff.min() - 1) for payoff in map(to_float, payoffs)], found)


def _nashpy(algorithm: str, payoffs: list[Array], found: Found) -> None:
    import nashpy

    # An even number of equilibria is announced as degeneracy, which it neither implies nor is implied by.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for pair in getattr(nashpy.Game(*payoffs), algorithm)():
            found(pair)


def solve_two_action(payoffs: Strategies, found: Found) -> Notes:
    """Find every extreme equilibrium of a 2x2 game, exactly; floats are taken as the binary fractions that they are.

    A player's extreme strategies are its two actions and, when the opponent's preference changes sign
    between them, the mixture that makes the opponent indifferent. A pair is an equilibrium when
    each plays only best responses to the other. The game is degenerate when some pure action leaves the
    opponent indifferent.

    Examples
    --------
    >>> from fairgames.exactness import as_array
    >>> A = as_array([[1, -1], [-1, 1]], "A")
    >>> solve_two_action((A, -A), print)
    (array([Fraction(1, 2), Fraction(1, 2)], dtype=object), array([Fraction(1, 2), Fraction(1, 2)], dtype=object))
    Notes(degenerate=False, warnings=(), pieces=(), open_supports=())
    """
    A, B = (to_integers(payoff).integers for payoff in payoffs)
    row_gains = (A[0, 0] - A[1, 0], A[0, 1] - A[1, 1])
    column_gains = (B[0, 0] - B[0, 1], B[1, 0] - B[1, 1])
    columns = _extreme_strategies(row_gains)
    for x, wanted_columns in _extreme_strategies(column_gains):
        for y, wanted_rows in columns:
            if not ((x[0] and wanted_rows < 0) or (x[1] and wanted_rows > 0)) and not (
                (y[0] and wanted_columns < 0) or (y[1] and wanted_columns > 0)
            ):
                found((from_weights(x), from_weights(y)))
    return Notes(0 in row_gains or 0 in column_gains)


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
        One tensor a player, one axis a player. Floats that differ by no more than their own rounding
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
    for player, payoff in enumerate(payoffs):
        best = payoff.max(axis=player, keepdims=True)
        stable &= (payoff >= best - near(payoff, best, part=ROUNDING)).astype(bool)
    for profile in np.argwhere(stable):
        yield tuple(profile.tolist())


ENTRY_POINTS = "fairgames.solvers"
"""Entry-point group in which an installed package names its `Solver` objects."""


def _pure(payoffs: Strategies, found: Found) -> None:
    for profile in pure_profiles(payoffs):
        found(tuple(pure_strategy(action, size) for action, size in zip(profile, payoffs[0].shape, strict=True)))


_in_doubles = partial(gambit.enummixed, rational=False)


def _enumpoly(payoffs: Strategies, found: Found) -> Notes:
    singular, abandoned = gambit.enumpoly(payoffs, found)
    skipped = f"enumpoly skipped {singular} supports with singular equations, where continua may hide"
    gave_up = f"enumpoly gave up on {abandoned} supports before it had searched them"
    return Notes(None, tuple(text for text, count in ((skipped, singular), (gave_up, abandoned)) if count))


def _logit(payoffs: Strategies, found: Found) -> Notes:
    followed = gambit.logit(payoffs, lambda profile: found(sharpened(payoffs, profile)))
    return Notes(None, () if followed else ("logit could not follow its branch to an equilibrium",))


def _simpdiv(payoffs: Strategies, found: Found) -> None:
    gambit.simpdiv(payoffs, lambda profile: found(sharpened(payoffs, profile)))


BUILT_IN: dict[str, Solver] = {
    solver.name: solver
    for solver in (
        Solver("two-action", solve_two_action, "complete", exact=True, n_players=2, n_actions=2),
        Solver("vertices", solve_vertices, "complete", exact=True, n_players=2),
        Solver("pure", _pure, "pure", exact=True),
        Solver("supports", solve_supports, "every", exact=True, least_players=3),
        Solver("best-reply", solve_best_reply, "one", exact=True),
        Solver("gambit-enummixed", gambit.enummixed, "complete", exact=True, n_players=2, needs=("pygambit",)),
        Solver("gambit-enummixed-double", _in_doubles, "complete", n_players=2, needs=("pygambit",)),
        Solver("gambit-enumpure", gambit.enumpure, "pure", exact=True, needs=("pygambit",)),
        Solver("gambit-enumpoly", _enumpoly, "isolated", needs=("pygambit",)),
        Solver("gambit-logit", _logit, "one", needs=("pygambit",)),
        Solver("gambit-simpdiv", _simpdiv, "one", needs=("pygambit",)),
        Solver("nashpy-support", solve_support_enumeration, "isolated", n_players=2, needs=("nashpy",)),
        Solver("nashpy-vertex", solve_vertex_enumeration, "complete", n_players=2, least_actions=2, needs=("nashpy",)),
    )
}
"""Solvers that come with the package."""


def available_solvers() -> dict[str, Solver]:
    """Every solver by name: those of this package, and those that installed packages add.

    Raises
    ------
    SolverError
        If an installed package offers something else than a `Solver`, or a name that is taken.

    Examples
    --------
    >>> sorted(name for name, solver in available_solvers().items() if solver.promise == "complete" and solver.exact)
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
    available = available_solvers()
    if name not in available:
        raise SolverError(f"method: must be 'auto' or one of {', '.join(sorted(available))}; got {shown(name)}")
    return available[name]
