"""The solvers by name: those that come with the package, and those that other packages add."""

from __future__ import annotations

from importlib.metadata import entry_points

from fairgames.equilibrium.best_reply import solve_best_reply
from fairgames.equilibrium.nashpy_solvers import solve_support_enumeration, solve_vertex_enumeration
from fairgames.equilibrium.pure import pure_profiles
from fairgames.equilibrium.solver import Found, Notes, Solver, Strategies
from fairgames.equilibrium.subdivision import solve_subdivision
from fairgames.equilibrium.two_action import solve_two_action
from fairgames.equilibrium.vertices import solve_vertices
from fairgames.errors import SolverError
from fairgames.game import gambit
from fairgames.game.deviations import pure_strategy

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
        raise SolverError(f"method: must be 'auto' or one of {', '.join(sorted(available))}; got {name!r}")
    return available[name]
