"""Every equilibrium of a finite game, certified: the door of the command, of `mechanism` and of everybody else.

It reads the game (`normal_form`), chooses solvers and runs them (`run`), believes nothing that they say without a
certificate (`certify`), and describes the rest (`components`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fairgames.arguments import public
from fairgames.equilibrium.best_replies import climb_potential
from fairgames.equilibrium.certify import Certifier, near_ties, screen, without_repetitions
from fairgames.equilibrium.components import in_order, index_sum, structured
from fairgames.equilibrium.normal_form import NormalForm, as_normal_form, asked_game
from fairgames.equilibrium.rational import rationalize as simplify
from fairgames.equilibrium.result import Continuum, Equilibrium, EquilibriumSet
from fairgames.equilibrium.run import Run, checked_timeout, run_solver
from fairgames.equilibrium.solver import SEARCHED, Piece, Solver
from fairgames.equilibrium.solvers import BUILT_IN, available_solvers, solver_named
from fairgames.equilibrium.vertices import solve_vertices
from fairgames.errors import SizeError, SolverError, shown
from fairgames.exactness import Number, is_exact, to_float
from fairgames.game.fair_game import FairGame
from fairgames.payments.alpha import Alpha
from fairgames.result import answered, counted

_MOST_PAYOFFS = 1e6
_MOST_SUPPORTS = 1000
_MOST_WALKED_ACTIONS = 20
_RESCUERS = "gambit-logit", "gambit-simpdiv"
"""Where nothing is found: a path, which is short, and then a subdivision, which always ends."""


@public
def equilibria(
    game: Any,
    method: str | Solver = "auto",
    timeout: Number | int | str | None = None,
    rationalize: Number | int | str | None = None,
    *,
    alpha: Alpha | None = None,
) -> EquilibriumSet:
    """Find the equilibria of any finite game, each with a certificate recomputed from the payoffs.

    Parameters
    ----------
    game : Scenario, FairGame, sequence of array_like, nashpy.Game or pygambit.Game
        A scenario's fair game is solved at ``alpha``. A sequence holds one payoff tensor a player: two matrices, or N
        tensors with N axes. Integers, Fractions and strings such as ``"2/3"`` are solved exactly; a float is taken as
        the binary fraction that it is.
    method : str or Solver
        ``"auto"``: for two players every extreme equilibrium, by signs when both have two actions and
        otherwise by vertices (both exact and complete); for more players every pure equilibrium and,
        when there are at most 1,000 supports, all others, support by support (where nothing is found, one
        by Gambit's logit path or simplicial subdivision); for a fair game whose payoffs do not fit in
        memory one equilibrium, by best replies on its potential. Or the name of a solver
        (`available_solvers`), or several joined by ``"+"``, or a `Solver`.
    timeout : number, optional
        Seconds after which each solver is killed; what it had found is returned, marked incomplete. It
        then runs in a process of its own, which takes about a second to start. Best replies on a
        potential always end, and are not timed.
    rationalize : number, optional
        Replace float payoffs by the simplest rationals within this distance, and solve exactly. Where
        payoffs that should be equal differ by rounding, this restores their ties. Regrets in the
        game as it was given are at most twice `EquilibriumSet.rationalized`.
    alpha : number or callable, optional
        Fraction paid out in the game of a scenario; by default the scenario's, or 1. A game has its own.

    Returns
    -------
    EquilibriumSet

    Raises
    ------
    InputError
        If the game, ``timeout``, ``rationalize`` or ``alpha`` is malformed.
    SolverError
        If the method is not known, cannot serve this game, or fails.
    SizeError
        If a game without a potential would not fit in memory.

    Notes
    -----
    Nothing that a solver says is trusted: profiles that are not finite, no probabilities, no
    equilibria or repetitions are dropped and counted in ``warnings``; in a nondegenerate two-player
    game the indices must add up to 1, or the set is not called complete. With more players an even
    number of isolated equilibria is reported, as a sign that some are missing.

    The work of two-player enumeration grows about five-fold when each player gets two more actions:
    8x8 games take some 20 ms, 12x12 games some seconds; give larger ones a ``timeout``. So one should with more than
    six players or so where no equilibrium is pure: following a path to one may then take minutes.

    References
    ----------
    Avis, Rosenberg, Savani, von Stengel (2010), "Enumeration of Nash equilibria for two-player games",
    Economic Theory 42. Wilson (1971), "Computing equilibria of n-person games", SIAM Journal on Applied
    Mathematics 21.

    Examples
    --------
    >>> print(equilibria([[["2/3", 0], [0, 1]], [[1, 0], [0, "2/3"]]]))
    3 equilibria of 2 players (complete, exact, nondegenerate, 3 components; method two-action)
       kind   strategies             payoffs     regret  isolated
    -  -----  ---------------------  ----------  ------  --------
    0  pure   (1, 0) (1, 0)          (2/3, 1)    0       yes
    1  mixed  (2/5, 3/5) (3/5, 2/5)  (2/5, 2/5)  0       yes
    2  pure   (0, 1) (0, 1)          (1, 2/3)    0       yes
    """
    game = asked_game(game, alpha)
    found = _found(game, method, None if timeout is None else checked_timeout(timeout), rationalize)
    if not isinstance(game, FairGame):
        return found
    how = {
        "alpha": game.alpha,
        "method": method if isinstance(method, str) else method.name,
        "rationalize": rationalize,
    }
    return answered(found, game.scenario, **how if game.has_potential else {})


def _found(
    game: Any, method: str | Solver, seconds: float | None, rationalize: Number | int | str | None
) -> EquilibriumSet:
    named = method if isinstance(method, str) else ""
    has_potential = isinstance(game, FairGame) and game.has_potential
    if has_potential and named == "best-reply" and game.n_users * math.prod(map(float, game.shape)) > _MOST_PAYOFFS:
        return climb_potential(game)
    try:
        form = as_normal_form(game)
    except SizeError:
        if has_potential and named == "auto":
            return climb_potential(game)
        raise
    change: Number | None = None
    if rationalize is not None:
        payoffs, change = simplify(form.payoffs, rationalize)
        form = form._replace(payoffs=payoffs)
    plan = chosen_solvers(method, form.shape)
    runs = [run_solver(solver, form.payoffs, seconds) for solver in plan]
    result = certified(form, plan, runs, change)
    for name in _RESCUERS if named == "auto" else ():
        if not result.equilibria:
            plan = [*plan, BUILT_IN[name]]
            runs.append(run_solver(plan[-1], form.payoffs, seconds))
            result = certified(form, plan, runs, change)
    return result


def chosen_solvers(method: str | Solver, shape: tuple[int, ...]) -> list[Solver]:
    """Solvers that a method stands for.

    Raises
    ------
    SolverError
        If a solver is not known or cannot serve a game of this shape; the message says which can.

    Examples
    --------
    >>> [solver.name for solver in chosen_solvers("auto", (2, 2, 2))]
    ['pure', 'supports']
    """
    if isinstance(method, Solver):
        plan = [method]
    elif not isinstance(method, str):
        raise SolverError(f"method: must be 'auto', the name of a solver, or a Solver; got {shown(method)}")
    elif method == "auto":
        if len(shape) == 2:
            return [BUILT_IN["two-action" if shape == (2, 2) else "vertices"]]
        few = math.prod(2**size - 1 for size in shape) <= _MOST_SUPPORTS
        return [BUILT_IN["pure"], BUILT_IN["supports"]] if few else [BUILT_IN["pure"]]
    else:
        plan = [solver_named(name) for name in method.split("+")]
    for solver in plan:
        refusal = solver.refusal(shape)
        if refusal is not None:
            able = ", ".join(name for name, other in available_solvers().items() if other.refusal(shape) is None)
            raise SolverError(f"method: {solver.name!r} {refusal}; use 'auto' or one of {able}")
    return plan


def certified(
    form: NormalForm, plan: Sequence[Solver], runs: Sequence[Run], change: Number | None = None
) -> EquilibriumSet:
    """Screen, certify and describe what the solvers of a plan reported."""
    certifier = Certifier(form.payoffs)
    screened = [screen(run.profiles, certifier) for run in runs]
    best_first = sorted(zip(plan, screened, strict=True), key=lambda result: not result[0].exact)
    accepted = in_order(without_repetitions(result for _, result in best_first))
    degenerate = _degenerate(form, runs)
    complete, warnings = False, []
    for solver, run, result in zip(plan, runs, screened, strict=True):
        dropped = result.ill_formed or result.rejected
        decided = run.finished and not dropped and not run.notes.open_supports
        complete |= solver.promise in {"complete", "every"} and solver.exact and decided
        warnings += [*run.notes.warnings, *result.warnings()]
        if run.notes.open_supports:
            n_open, named = len(run.notes.open_supports), run.notes.open_supports[:3]
            warnings.append(
                f"{solver.name} could not decide {counted(n_open, 'support', 'supports')}, by actions {shown(named)}: "
                "equilibria there may be missing"
            )
        if not run.finished:
            warnings.append(f"{solver.name} was stopped after {run.seconds:.3g} s: equilibria may be missing")
    pieces = [_in_kind(piece, exact=certifier.exact) for run in runs for piece in run.notes.pieces]
    two = len(form.shape) == 2
    found, components = structured(
        form, certifier, accepted, extreme=complete and two, degenerate=degenerate, pieces=pieces
    )
    shortage = _shortage(plan, runs, found, degenerate)
    if shortage is not None:
        complete = False
        found, components = structured(form, certifier, accepted, extreme=False, degenerate=degenerate, pieces=pieces)
        warnings.append(shortage)
    if not certifier.exact and near_ties(certifier, accepted, (profile for run in runs for profile in run.profiles)):
        warnings.append(
            "differences within rounding decide what is an equilibrium of this game; "
            "give exact numbers, or rationalize=1e-9"
        )
    return EquilibriumSet(
        equilibria=found,
        components=components,
        complete=complete,
        degenerate=degenerate,
        exact=all(is_exact(strategy) for entry in found for strategy in entry.strategies) and certifier.exact,
        searched="; ".join(dict.fromkeys(SEARCHED[solver.promise] for solver in plan)),
        method="+".join(solver.name for solver in plan),
        warnings=tuple(warnings),
        rationalized=change,
        continua=tuple(_in_levels(piece, form) for piece in pieces if piece.dimension),
        **form._asdict(),
    )


def _in_kind(piece: Piece, *, exact: bool) -> Piece:
    """A piece in the kind of numbers in which equilibria of this game are reported (`screen`)."""
    if exact:
        return piece
    return piece._replace(witnesses=tuple(tuple(map(to_float, witness)) for witness in piece.witnesses))


def _in_levels(piece: Piece, form: NormalForm) -> Continuum:
    levels = tuple(
        tuple(own[action] for action in support) for own, support in zip(form.actions, piece.supports, strict=True)
    )
    return Continuum(levels, piece.dimension, piece.equations, piece.witnesses)


def _shortage(
    plan: Sequence[Solver], runs: Sequence[Run], found: Sequence[Equilibrium], degenerate: bool | None
) -> str | None:
    """Whether the indices, or the number, of the equilibria show that some are missing."""
    if not found:
        return "every finite game has an equilibrium (Nash 1950), and none was found"
    if not all(run.finished for run in runs) or not any(
        solver.promise in {"complete", "every", "isolated"} for solver in plan
    ):
        return None
    every = any(solver.promise == "every" for solver in plan)
    if (degenerate is False or every) and index_sum(found) not in {None, 1}:
        return f"the indices of the equilibria add up to {index_sum(found)} instead of 1: some are missing"
    if degenerate is None and len(found) % 2 == 0 and any(solver.promise == "isolated" for solver in plan):
        return (
            f"{len(found)} equilibria, an even number: where all are isolated and regular there is an odd number "
            "(Wilson 1971), so some are missing, or there are continua"
        )
    return None


def _degenerate(form: NormalForm, runs: Sequence[Run]) -> bool | None:
    """What a solver has noticed, or else a test, where that takes no longer than the solvers do."""
    noticed = next((run.notes.degenerate for run in runs if run.notes.degenerate is not None), None)
    few = len(form.shape) == 2 and sum(form.shape) <= _MOST_WALKED_ACTIONS
    if noticed is None and few and all(run.finished for run in runs):
        return solve_vertices(form.payoffs, lambda _: None).degenerate
    return noticed
