"""``fairgames reproduce``: the paper's figures and printed numbers, computed anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairgames.cli import frame as options


def reproduce(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="fig1 to fig9, tables, or all.")] = "all",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files; made if there is none.")
    ] = Path("paper"),
    force: options.Force = False,
) -> None:
    """Draw the paper's figures (PNG, SVG, numbers as CSV) and tables (Markdown, CSV), and check the printed numbers."""
    from fairgames.cli.frame import CHECK_FAILED
    from fairgames.report.paper.plate import make_folder, names_of, plates_of, write_plate

    names = names_of(what)
    make_folder(out)
    for name in names:
        for plate in plates_of(name):
            typer.echo(f"Wrote {', '.join(map(str, write_plate(plate, out, force)))}.")
    if "tables" in names:
        from fairgames.report.paper.printed import printed_numbers

        numbers = printed_numbers()
        wrong = [one for one in numbers if not one.agrees]
        for one in wrong:
            typer.echo(f"NOT CONFIRMED: {one.where}, {one.quantity}: printed {one.printed}, computed {one.computed}")
        typer.echo(f"{len(numbers)} printed numbers, {len(numbers) - len(wrong)} confirmed.")
        if wrong:
            raise typer.Exit(CHECK_FAILED)
