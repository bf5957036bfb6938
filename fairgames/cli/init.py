"""``fairgames init``: write a commented example to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="Where to write it.")] = Path("spec.toml"),
) -> None:
    """Write a commented example specification, which can be solved as it is."""
    from fairgames.spec.template import example_text, write_new

    write_new(path, example_text())
    typer.echo(f"Wrote {path}. Change it as you like, then run: fairgames solve {path}")
