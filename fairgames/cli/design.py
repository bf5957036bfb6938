"""``fairgames design``: the platform's optimum under its real constraints.

What ``fairgames design`` sets the optimum beside: paying costs alone, and a platform in the coalition.

``--bloc``: users that act together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fairgames.cli import frame as options
from fairgames.progress import stage

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.exactness import Number
    from fairgames.mechanism.landscape import Landscape
    from fairgames.mechanism.optimum import Optimum
    from fairgames.spec.specification import Specification


@stage("finding what other ways to pay would keep")
def print_benchmarks(console: Console, spec: Specification, optimum: Optimum) -> dict[str, object]:
    """Print what the platform would keep if it need not be fair, or were paid by fairness itself.

    Parameters
    ----------
    console : Console
        Where to print.
    spec : Specification
        The users.
    optimum : Optimum
        Their optimum.

    Returns
    -------
    dict
        What was computed, by name; empty when there are too many profiles.
    """
    from fairgames.cli.solve import MOST_ENUMERATED
    from fairgames.errors import SizeError
    from fairgames.mechanism.benchmarks import coalition_outcome, pay_costs
    from fairgames.report.tables import profile_label
    from fairgames.report.terminal import decimals, print_table

    if spec.n_users > MOST_ENUMERATED:
        return {}
    try:
        costs = pay_costs(spec.utility, spec.costs, spec.actions)
        coalition = coalition_outcome(spec.utility, spec.costs, spec.platform.selection, spec.actions)
    except SizeError:
        return {}
    columns = [
        ["fair payments among users, as above", "each user paid exactly its cost", "platform in the coalition"],
        decimals([optimum.value, costs.value, coalition.platform]),
        decimals([optimum.utility, costs.utility, coalition.utility]),
        [
            _who_does_what(spec, optimum),
            profile_label(spec, costs.profile),
            profile_label(spec, coalition.profile),
        ],
    ]
    headers = ("how users are paid", "platform keeps", "utility", "who does what")
    print_table(console, "Beyond fairness among users", headers, list(zip(*columns, strict=True)))
    return {"pay_costs": costs, "coalition": coalition}


def _who_does_what(spec: Specification, optimum: Optimum) -> str:
    from fairgames.report.tables import profile_label

    if optimum.infeasible is not None:
        return "no answer"
    return "mixed" if optimum.profile is None else profile_label(spec, optimum.profile)


def read_blocs(spec: Specification, entries: Sequence[str]) -> list[list[int]] | None:
    """Read ``--bloc``; the users that no bloc names act alone.

    Parameters
    ----------
    spec : Specification
        The users.
    entries : sequence of str
        Users by name, separated by commas, for each bloc.

    Returns
    -------
    list of list of int, or None
        The blocs that are named, then each other user; None when no bloc is named.

    Raises
    ------
    InputError
        If a name is not known, or stands twice.
    """
    from fairgames.errors import InputError

    if not entries:
        return None
    names = spec.user_names
    blocs = []
    for entry in entries:
        members = [name.strip() for name in entry.split(",")]
        for name in members:
            if name not in names:
                raise InputError("--bloc", f"must name users among {', '.join(names)}", name)
        blocs.append([names.index(name) for name in members])
    taken = [user for members in blocs for user in members]
    if len(set(taken)) < len(taken):
        raise InputError("--bloc", "must name each user once", "; ".join(entries))
    return blocs + [[user] for user in range(len(names)) if user not in taken]


def print_blocs(console: Console, spec: Specification, together: Optimum, blocs: Sequence[Sequence[int]]) -> Optimum:
    """Print what acting together changes.

    Parameters
    ----------
    console : Console
        Where to print.
    spec : Specification
        The users.
    together : Optimum
        When the blocs act together.
    blocs : sequence of sequence of int
        The blocs.

    Returns
    -------
    Optimum
        When everybody acts alone.
    """
    from fairgames.cli.solve import optimum_of
    from fairgames.report.terminal import decimals, print_table

    apart = optimum_of(spec)
    names = ["alpha", "the platform keeps"]
    amounts = [[apart.alpha, together.alpha], [apart.value, together.value]]
    for bloc in blocs:
        names.append(f"{' and '.join(spec.user_names[user] for user in bloc)} gain")
        amounts.append([_gain(optimum, bloc) for optimum in (apart, together)])
    rows = [(name, *decimals(pair)) for name, pair in zip(names, amounts, strict=True)]
    print_table(console, "What acting together changes", ("", "everybody alone", "blocs together"), rows)
    return apart


def _gain(optimum: Optimum, users: Sequence[int]) -> Number | None:
    if optimum.payments is None or optimum.costs is None:
        return None
    gains = optimum.payments - optimum.costs
    return sum(gains[user] for user in users)  # type: ignore[no-any-return]


MOST_PIECES = 40


def design(
    spec: options.Spec,
    selection: Annotated[
        str | None,
        typer.Option(
            "--selection",
            metavar="WHICH",
            help="The equilibrium that counts: best, worst or potential.",
            show_default=False,
        ),
    ] = None,
    margin: Annotated[
        str | None,
        typer.Option("--margin", metavar="M", help="How much better each choice must be.", show_default=False),
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="B", help="Most that may be paid out.", show_default=False)
    ] = None,
    min_utility: Annotated[
        str | None,
        typer.Option("--min-utility", metavar="U", help="Least utility that is needed.", show_default=False),
    ] = None,
    alpha_from: Annotated[
        str | None, typer.Option("--alpha-from", metavar="A", help="Least alpha.", show_default=False)
    ] = None,
    alpha_to: Annotated[
        str | None, typer.Option("--alpha-to", metavar="A", help="Largest alpha.", show_default=False)
    ] = None,
    bloc: Annotated[
        list[str] | None,
        typer.Option(
            "--bloc",
            metavar="USERS",
            help="Users that act together, by name, separated by commas; once for each bloc.",
            show_default=False,
        ),
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            "--sweep",
            metavar="PLACE=VALUES",
            help="Solve again for other values of a number of the specification, such as "
            "users[1].costs.direct=0:1:11 (users count from 1) or utility.between_variance=1,2,4.",
            show_default=False,
        ),
    ] = None,
    robust: Annotated[
        bool, typer.Option("--robust", help="How wrong costs may be, and what overstating them brings.")
    ] = False,
    bootstrap: Annotated[
        int | None,
        typer.Option(
            "--bootstrap",
            metavar="R",
            help="How sure is this? Resample the groups of the data R times.",
            show_default=False,
        ),
    ] = None,
    seed: options.Seed = 0,
    jobs: options.Jobs = None,
    unit: options.Unit = "samples",
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Find the best payment under constraints, and what the platform keeps at every other one."""
    from dataclasses import replace

    from fairgames.cli.arguments import checked_outputs, platform_options

    pass
    pass
    from fairgames.cli.certainty import planned_resampling, print_certainty, print_robustness
    from fairgames.cli.printing import print_optimum, print_title
    from fairgames.cli.solve import optimum_of
    from fairgames.cli.sweeping import planned, print_sweep, swept
    from fairgames.errors import InputError
    from fairgames.reading import name_of
    from fairgames.report.figures import solution_figure, sweep_figure
    from fairgames.report.terminal import console_for
    from fairgames.spec.load import build_specification, read_toml

    outputs = checked_outputs(json, figure, force, spec)
    raw = read_toml(spec)
    loaded = build_specification(raw, spec.parent, name_of(spec))
    limits = {"margin": margin, "budget": budget, "min_utility": min_utility}
    platform = platform_options(loaded.platform, selection, limits, (alpha_from, alpha_to))
    loaded = replace(loaded, platform=platform)
    blocs = _read_options(loaded, robust, bootstrap, bloc)
    for option, given in (("--sweep", sweep), ("--robust", robust or None), ("--bootstrap", bootstrap)):
        if blocs is not None and given is not None:
            raise InputError("--bloc", f"cannot be combined with {option}")
    plan = None if sweep is None else planned(raw, spec, sweep)
    resampling = None if bootstrap is None else planned_resampling(loaded, bootstrap, seed, jobs)
    optimum = optimum_of(loaded, blocs)
    results: dict[str, object] = {"title": loaded.title, "optimum": optimum}
    console = console_for()
    print_title(console, loaded)
    rows = print_optimum(console, loaded, optimum, unit, blocs)
    if optimum.landscape is not None and optimum.landscape.pieces:
        _print_landscape(console, loaded, optimum.landscape)
    results.update(print_benchmarks(console, loaded, optimum))
    if blocs is not None:
        results["apart"] = print_blocs(console, loaded, optimum, blocs[: len(bloc or ())])
    if robust:
        results.update(print_robustness(console, loaded, optimum))
    if resampling is not None:
        results.update(print_certainty(console, loaded, optimum, resampling))
    if plan is not None:
        found = swept(plan, platform, jobs)
        print_sweep(console, loaded, found)
        results["sweep"] = found
    outputs.save(
        "design",
        results,
        lambda: solution_figure(optimum, rows, (), loaded) if plan is None else sweep_figure(found, loaded.title),
    )


def _read_options(
    spec: Specification, robust: bool, bootstrap: int | None, bloc: list[str] | None
) -> list[list[int]] | None:
    """Read the blocs, unless there are too many users for options that go through them one by one."""
    pass
    from fairgames.cli.crowds import require_few_for

    instead = "leave it out; --sweep shows what other costs would change"
    require_few_for(spec, instead, robust=robust, bootstrap=bootstrap, bloc=bloc)
    return read_blocs(spec, bloc or ())


def _print_landscape(console: Console, spec: Specification, landscape: Landscape) -> None:
    from fairgames.report.panels import curve
    from fairgames.report.tables import label_sentence, profile_label
    from fairgames.report.terminal import decimals, print_lines, print_table

    pieces = landscape.pieces[:MOST_PIECES]
    values = [curve(piece)[1] for piece in pieces]
    columns = [
        decimals([piece.alpha_from for piece in pieces], 6),
        decimals([piece.alpha_to for piece in pieces], 6),
        ["mixed" if piece.profile is None else profile_label(spec, piece.profile) for piece in pieces],
        decimals([kept[0] for kept in values]),
        decimals([kept[-1] for kept in values]),
    ]
    headers = ("alpha from", "to", "who does what", "platform keeps, from", "to")
    title = f"What the platform keeps at each alpha ({landscape.selection} equilibrium)"
    print_table(console, title, headers, list(zip(*columns, strict=True)))
    lines = [label_sentence(spec)]
    if len(landscape.pieces) > MOST_PIECES:
        left = len(landscape.pieces) - MOST_PIECES
        lines.append(f"{left:,} further ranges are not shown; --json FILE lists them all.")
    print_lines(console, ["", *lines])
