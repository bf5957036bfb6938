"""``fairgames design``: the platform's optimum under its real constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fairgames.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from fairgames.mechanism.landscape import Landscape
    from fairgames.spec.specification import Specification

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
) -> None:
    """Find the best payment under constraints, and what the platform keeps at every other one."""
    from dataclasses import replace

    from fairgames.cli.arguments import check_outputs, platform_options
    from fairgames.cli.benchmarks import print_benchmarks
    from fairgames.cli.blocs import print_blocs
    from fairgames.cli.printing import print_optimum, print_title
    from fairgames.cli.resampling import planned_resampling, print_certainty
    from fairgames.cli.robustness import print_robustness
    from fairgames.cli.solve import optimum_of
    from fairgames.cli.sweeping import planned, print_sweep, swept
    from fairgames.errors import InputError
    from fairgames.report.terminal import console_for
    from fairgames.spec.load import load_specification

    check_outputs(json, figure)
    loaded = load_specification(spec)
    limits = {"margin": margin, "budget": budget, "min_utility": min_utility}
    platform = platform_options(loaded.platform, selection, limits, (alpha_from, alpha_to))
    loaded = replace(loaded, platform=platform)
    blocs = _read_options(loaded, robust, bootstrap, bloc)
    for option, given in (("--sweep", sweep), ("--robust", robust or None), ("--bootstrap", bootstrap)):
        if blocs is not None and given is not None:
            raise InputError("--bloc", f"cannot be combined with {option}")
    plan = None if sweep is None else planned(spec, sweep)
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
    if json is not None:
        from fairgames.report.json_file import write_json

        write_json(json, "design", results)
    if figure is not None:
        from fairgames.report.figures import solution_figure, sweep_figure
        from fairgames.report.style import save_figure

        drawn = solution_figure(optimum, rows, (), loaded) if plan is None else sweep_figure(found, loaded.title)
        save_figure(drawn, figure)


def _read_options(
    spec: Specification, robust: bool, bootstrap: int | None, bloc: list[str] | None
) -> list[list[int]] | None:
    """Read the blocs, unless there are too many users for options that go through them one by one."""
    from fairgames.cli.blocs import read_blocs
    from fairgames.cli.crowds import require_few_for

    instead = "leave it out; --sweep shows what other costs would change"
    require_few_for(spec, instead, robust=robust, bootstrap=bootstrap, bloc=bloc)
    return read_blocs(spec, bloc or ())


def _print_landscape(console: Console, spec: Specification, landscape: Landscape) -> None:
    from fairgames.report.columns import decimals
    from fairgames.report.panels import curve
    from fairgames.report.profiles import label_sentence, profile_label
    from fairgames.report.terminal import print_lines, print_table

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
