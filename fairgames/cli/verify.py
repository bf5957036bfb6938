"""``fairgames verify``: recheck the certificates of a saved result, with no solver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairgames.cli.frame import CHECK_FAILED


def verify(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A file that `fairgames equilibria --json` wrote.")],
) -> None:
    """Recheck every certificate of a saved result from its payoffs alone; exit with 1 if one fails."""
    from fairgames.equilibrium.verify import verify as recheck
    from fairgames.errors import DataError, InputError
    from fairgames.report.json_file import read_json
    from fairgames.report.terminal import console_for, print_lines

    try:
        verification = recheck(read_json(result))
    except InputError:
        raise DataError(
            f"{result}: holds no equilibria with certificates; `fairgames equilibria SPEC --json FILE` writes them"
        ) from None
    title, _, rows = verification._lines()
    print_lines(console_for(), [f"{title}.", *(f"FAILED {cells[0]}" for cells in rows)])
    if not verification.passed:
        raise typer.Exit(CHECK_FAILED)
