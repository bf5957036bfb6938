"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Spec = Annotated[Path, typer.Argument(metavar="SPEC", help="The specification, a TOML file.", show_default=False)]

Json = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write the results to this file as JSON.", show_default=False),
]

Figure = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="Draw the results to this file.", show_default=False),
]

Unit = Annotated[str, typer.Option("--unit", metavar="WORD", help="What one sample is, in the plural.")]

Alpha = Annotated[
    str | None,
    typer.Option(
        "--alpha",
        metavar="A",
        help="Share of the utility that is paid out, from 0 to 1, such as 0.3 or 2/3.",
        show_default=False,
    ),
]

Seed = Annotated[int, typer.Option("--seed", metavar="S", help="The same seed gives the same numbers.")]

Jobs = Annotated[
    int | None, typer.Option("--jobs", metavar="N", help="Processes to use; -1 for all cores.", show_default=False)
]
