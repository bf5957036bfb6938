"""Agreement between solvers: which one found what, what it missed, invented or repeated, and how fast.

Called by users, and by ``fairgames equilibria --compare``; what a solver promises is in `equilibrium.solver`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fairgames.arguments import public
from fairgames.equilibrium.certify import Certifier, Known, Screened, screen
from fairgames.equilibrium.normal_form import NormalForm, as_normal_form, asked_game
from fairgames.equilibrium.result import EquilibriumSet
from fairgames.equilibrium.run import Run, checked_timeout, run_solver
from fairgames.equilibrium.solve import certified, chosen_solvers
from fairgames.equilibrium.solver import Notes, Promise, Solver
from fairgames.equilibrium.solvers import available_solvers
from fairgames.errors import SolverError
from fairgames.exactness import Number
from fairgames.game.fair_game import FairGame
from fairgames.payments.alpha import Alpha
from fairgames.result import Result, answered, counted, format_value
from fairgames.tolerance import MATCHING


@dataclass(frozen=True, eq=False, repr=False)
class SolverAgreement(Result):
    """What one solver did on a game, beside all that is known of it.

    Attributes
    ----------
    solver : str
        Its name.
    promise : str
        What it says that it finds: "complete", "isolated", "pure", "some" or "one".
    found : tuple of int
        Numbers of the reference equilibria that it found.
    missed : tuple of int
        Numbers of those that its promise covers and that it did not find.
    between : int
        Further equilibria that it found: mixtures inside a component.
    invented : int
        Profiles that are no equilibria, or not even probabilities.
    repeated : int
        Profiles that it reported more than once.
    seconds : float
        Solving time, without imports and the start of a worker process.
    status : str
        "finished", "stopped" at the timeout, or why it failed.
    """

    solver: str
    promise: Promise
    found: tuple[int, ...]
    missed: tuple[int, ...]
    between: int
    invented: int
    repeated: int
    seconds: float
    status: str


@dataclass(frozen=True, eq=False, repr=False)
class AgreementReport(Result):
    """Several solvers on one game.

    The reference is the complete set that `equilibria` finds when there are two users; otherwise all
    that any of the solvers found, certified.

    Attributes
    ----------
    reference : EquilibriumSet
        What the solvers are compared with.
    rows : tuple of SolverAgreement
        One a solver.
    agreed : bool
        Whether no solver missed what it promised, invented or failed.
    """

    reference: EquilibriumSet
    rows: tuple[SolverAgreement, ...]
    agreed: bool

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        known = "all" if self.reference.complete else "known"
        title = (
            f"{counted(len(self.reference), 'equilibrium', 'equilibria')} ({known}; reference {self.reference.method})"
        )
        headers = ("solver", "promise", "found", "missed", "between", "invented", "repeated", "ms", "status")
        rows = [
            [
                row.solver,
                row.promise,
                len(row.found),
                f"{len(row.missed)}{' ' + format_value(row.missed) if row.missed else ''}",
                row.between,
                row.invented,
                row.repeated,
                format_value(1000 * row.seconds, 3),
                row.status,
            ]
            for row in self.rows
        ]
        return title, headers, rows


@public
def compare_solvers(
    game: Any,
    methods: Sequence[str | Solver] | None = None,
    timeout: Number | int | str | None = None,
    *,
    alpha: Alpha | None = None,
) -> AgreementReport:
    """Run several solvers on one game, and compare what they found.

    Parameters
    ----------
    game : Scenario, FairGame, sequence of array_like, nashpy.Game or pygambit.Game
        As in `equilibria`.
    methods : sequence of str or Solver, optional
        Solvers to run; by default every available one that serves the game.
    timeout : number, optional
        Seconds after which each solver is killed.
    alpha : number or callable, optional
        As in `equilibria`.

    Returns
    -------
    AgreementReport

    Raises
    ------
    InputError
        If the game, ``timeout`` or ``alpha`` is malformed.
    SolverError
        If a named solver is not known or cannot serve the game.

    Examples
    --------
    >>> report = compare_solvers([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], ["vertices", "pure"])
    >>> [(row.solver, row.found, row.missed) for row in report.rows], report.agreed
    ([('vertices', (0, 1, 2), ()), ('pure', (0, 2), ())], True)
    """
    game = asked_game(game, alpha)
    form = as_normal_form(game)
    seconds = None if timeout is None else checked_timeout(timeout)
    if methods is None:
        plan = [solver for solver in available_solvers().values() if solver.refusal(form.shape) is None]
    else:
        plan = [solver for method in methods for solver in chosen_solvers(method, form.shape)]
    certifier = Certifier(form.payoffs)
    outcomes = [_outcome(solver, form, seconds) for solver in plan]
    reference = _reference(form, plan, [run for run, _ in outcomes])
    rows = tuple(
        _row(solver, run, status, screen(run.profiles, certifier), reference)
        for solver, (run, status) in zip(plan, outcomes, strict=True)
    )
    agreed = all(not row.missed and not row.invented and row.status == "finished" for row in rows)
    found = AgreementReport(reference, rows, agreed)
    return answered(found, game.scenario) if isinstance(game, FairGame) else found


def _outcome(solver: Solver, form: NormalForm, seconds: float | None) -> tuple[Run, str]:
    try:
        run = run_solver(solver, form.payoffs, seconds)
    except SolverError as error:
        return Run([], Notes(), True, 0.0), str(error)
    return run, "finished" if run.finished else "stopped"


def _reference(form: NormalForm, plan: Sequence[Solver], runs: Sequence[Run]) -> EquilibriumSet:
    """Everything, where that can be known; otherwise all that was found."""
    if len(form.shape) == 2:
        automatic = chosen_solvers("auto", form.shape)
        return certified(form, automatic, [run_solver(solver, form.payoffs) for solver in automatic])
    return certified(form, plan, [run._replace(finished=True) for run in runs])


def _row(solver: Solver, run: Run, status: str, result: Screened, reference: EquilibriumSet) -> SolverAgreement:
    reported, known = Known(0, MATCHING), Known(0, MATCHING)
    for strategies, _ in result.accepted:
        reported.add(strategies)
    for entry in reference:
        known.add(entry.strategies)
    found = tuple(number for number, entry in enumerate(reference) if entry.strategies in reported)
    promised = range(0 if solver.promise == "one" and result.accepted else len(reference))
    missed = tuple(
        number
        for number in promised
        if number not in found and _covers(solver.promise, reference[number].is_isolated, reference[number].is_pure)
    )
    return SolverAgreement(
        solver=solver.name,
        promise=solver.promise,
        found=found,
        missed=missed,
        between=sum(strategies not in known for strategies, _ in result.accepted),
        invented=result.rejected + result.ill_formed,
        repeated=result.repeated,
        seconds=run.seconds,
        status=status,
    )


def _covers(promise: Promise, is_isolated: bool | None, is_pure: bool) -> bool:
    isolated = is_isolated is True
    known: dict[Promise, bool] = {
        "complete": True,
        "every": isolated,
        "isolated": isolated,
        "pure": is_pure,
        "one": True,
    }
    return known.get(promise, False)
