"""``fairgames crosscheck``: closed forms against numerics at the same points."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairgames.cli import options
from fairgames.cli.status import CHECK_FAILED


def crosscheck(
    spec: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SPEC]",
            help="A specification, to check what the closed forms say about it; without one, all closed forms.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="More users, larger tables and finer grids; takes minutes.")
    ] = False,
    points: Annotated[int, typer.Option("--points", metavar="N", help="About how many places a quantity.")] = 12,
    seed: options.Seed = 0,
    json: options.Json = None,
) -> None:
    """Evaluate closed forms and numerics at the same points; exit with 1 if they differ anywhere."""
    from fairgames.assessment.crosscheck import HEADERS, crosscheck
    from fairgames.cli.arguments import check_outputs
    from fairgames.cli.closed_forms import closed_forms
    from fairgames.errors import InputError
    from fairgames.report.terminal import console_for, print_lines, print_table
    from fairgames.spec.load import load_specification

    check_outputs(json, None)
    if spec is not None and everything:
        raise InputError("--all", "cannot be combined with a specification")
    loaded = None if spec is None else load_specification(spec)
    with closed_forms():
        found = crosscheck(loaded, everything=everything, points=points, seed=seed)
    console = console_for()
    title = "Closed forms against numerics" if loaded is None else f"Closed forms against numerics: {loaded.title}"
    print_table(console, title, HEADERS, [one.cells() for one in found.comparisons])
    print_lines(console, ["", f"{found.summary()}."])
    if json is not None:
        from fairgames.report.json_file import write_json

        write_json(json, "crosscheck", {"agreed": found.agreed, "crosscheck": found})
    if not found.agreed:
        raise typer.Exit(CHECK_FAILED)
