"""What the paper says, checked: closed forms derived and set against numerics, its errata, its figures and tables.

``fairgames derive``, ``fairgames crosscheck``, ``fairgames errata`` and ``fairgames reproduce``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import CHECK_FAILED, Run, argument, option, require_few
from fairgames.errors import FairGamesError, InputError
from fairgames.progress import stage

_MOST_USERS = 60
_MOST_POINTS = 10_000
_EPSILON = "The private mean's utility at this privacy parameter: a number, inf, or symbol."
_UTILITIES = "The utility of 1, …, N present users, such as 2/3,1; symbols by default."
_ONE_SPEC = "A specification, to check what the closed forms say about it; without one, all closed forms."


@contextmanager
def _closed_forms() -> Iterator[None]:
    """Within this block, errors of the package `symbolic`, or of another one of its name, are errors of the input."""
    from fairgames.assessment.crosscheck.run import closed_form_error

    refusal = closed_form_error()
    try:
        yield
    except refusal as error:
        raise FairGamesError(str(error)) from None


def derive(
    users: Annotated[int, option("--users", "Number of identical users, at least 2.", "N")],
    epsilon: Annotated[str | None, option("--epsilon", _EPSILON, "E")] = None,
    utilities: Annotated[str | None, option("--utilities", _UTILITIES, "U1,…,UN")] = None,
    latex: Annotated[bool, option("--latex", "Print LaTeX.")] = False,
) -> None:
    """Derive gamma, the equilibrium, the optimal alpha and its regimes, from the definitions."""
    if epsilon is not None and utilities is not None:
        raise InputError("--epsilon", "cannot be combined with --utilities")
    if users > _MOST_USERS:
        raise InputError("--users", f"must be at most {_MOST_USERS}: closed forms have terms for each user", users)
    with _closed_forms(), stage("deriving closed forms"):
        from symbolic import dp_mean, regimes

        values: list[object] | None = None
        if epsilon is not None:
            values = list(dp_mean.utilities(users) if epsilon == "symbol" else dp_mean.utilities(users, epsilon))
        if utilities is not None:
            values = [part.strip() for part in utilities.split(",")]
        derived = regimes.derive(users, values)
    typer.echo(derived.latex() if latex else repr(derived))


def errata(json: options.Json = None, force: options.Force = False) -> None:
    """List the paper's errata, and check each one as it is printed; exit with 1 if a check fails."""
    run = Run("errata", json=json, force=force)
    found = []
    with _closed_forms():
        from symbolic.errata import ERRATA

        for erratum in ERRATA:
            verification = erratum.verify()
            verdict = "confirmed" if verification.confirmed else "NOT CONFIRMED"
            run.console.print(erratum.where, style="bold")
            run.console.say(f"  printed: {erratum.printed}", f"  correct: {erratum.correct}")
            run.console.say(f"  {verdict}: {verification.evidence}")
            entry = {"where": erratum.where, "printed": erratum.printed, "correct": erratum.correct}
            found.append({**entry, **asdict(verification), "confirmed": verification.confirmed})
    failed = sum(not entry["confirmed"] for entry in found)
    run.console.say("", f"{len(found)} errata, {len(found) - failed} confirmed.")
    run.results["errata"] = found
    run.save()
    if failed:
        raise typer.Exit(CHECK_FAILED)


def crosscheck(
    spec: Annotated[Path | None, argument("[SPEC]", _ONE_SPEC)] = None,
    everything: Annotated[bool, option("--all", "More users, larger tables and finer grids; takes minutes.")] = False,
    points: Annotated[int, option("--points", "About how many places a quantity.", "N")] = 12,
    seed: options.Seed = 0,
    json: options.Json = None,
    force: options.Force = False,
) -> None:
    """Evaluate closed forms and numerics at the same points; exit with 1 if they differ anywhere."""
    run = Run("crosscheck", spec, json=json, force=force)
    if spec is not None and everything:
        raise InputError("--all", "cannot be combined with a specification")
    loaded = None if spec is None else fg.load(spec)
    if loaded is not None:
        require_few(loaded, "leave the specification out to check all closed forms", {"a cross-check": True})
    if points > _MOST_POINTS:
        raise InputError("--points", f"must be at most {_MOST_POINTS:,}", points)
    with _closed_forms(), stage("evaluating closed forms and numerics"):
        found = fg.crosscheck(loaded, everything=everything, points=points, seed=seed)
    summary, headers, rows = found._lines()
    title = "Closed forms against numerics" if loaded is None else f"Closed forms against numerics: {loaded.title}"
    run.console.table(title, headers, rows)
    run.console.say("", f"{summary}.")
    run.results = {"agreed": found.agreed, "crosscheck": found}
    run.save()
    if not found.agreed:
        raise typer.Exit(CHECK_FAILED)


def reproduce(
    what: Annotated[str, argument("WHAT", "fig1 to fig9, tables, or all.")] = "all",
    out: Annotated[Path, option("--out", "Folder for the files; made if there is none.", "DIR")] = Path("paper"),
    force: options.Force = False,
) -> None:
    """Draw the paper's figures (PNG, SVG, numbers as CSV) and tables (Markdown, CSV), and check the printed numbers."""
    from fairgames.report.paper.plate import make_folder, names_of, plates_of, write_plate

    names = names_of(what)
    make_folder(out)
    run = Run("reproduce")
    for name in names:
        for plate in plates_of(name):
            run.console.say(f"Wrote {', '.join(map(str, write_plate(plate, out, force)))}.")
    if "tables" in names:
        from fairgames.report.paper.printed import printed_numbers

        numbers = printed_numbers()
        wrong = [one for one in numbers if not one.agrees]
        for one in wrong:
            run.console.say(
                f"NOT CONFIRMED: {one.where}, {one.quantity}: printed {one.printed}, computed {one.computed}"
            )
        run.console.say(f"{len(numbers)} printed numbers, {len(numbers) - len(wrong)} confirmed.")
        if wrong:
            raise typer.Exit(CHECK_FAILED)
