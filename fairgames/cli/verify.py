"""``fairgames verify``: a saved result, proven again from the scenario in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import CHECK_FAILED, argument, option
from fairgames.errors import DataError, InputError
from fairgames.progress import stage
from fairgames.report.json_file import read_json

if TYPE_CHECKING:
    from fairgames.audit.verify import Check

_HEADINGS = {
    "proven": "Proven from the definitions",
    "sampled": "Checked statistically",
    "computed again": "Computed again, to the last digit",
    "not checked": "Not checked",
}


def verify(
    result: Annotated[Path, argument("RESULT", "A file that --json or save wrote; - reads it from standard input.")],
    spec: Annotated[
        Path | None, option("--spec", "Your own specification, to compare with the one in the file.", "FILE")
    ] = None,
) -> None:
    """Prove a saved result again from the scenario in it, field by field; exit with 1 if a check fails."""
    document = read_json(result)
    own = None if spec is None else fg.load(spec)
    try:
        with stage("verifying"):
            verification = fg.verify(document, own)
    except InputError as error:
        raise DataError(f"{result}: {str(error).removeprefix('data.')}") from None
    console = options.Run("verify").console
    console.say(f"{verification._lines()[0]}.", *(f"FAILED {text}" for text in verification.failures))
    for outcome, heading in _HEADINGS.items():
        found = [check for check in verification.checks if check.outcome == outcome]
        if found:
            console.heading(heading)
            console.say(*_by_means(found))
    if not verification.passed:
        raise typer.Exit(CHECK_FAILED)


def _by_means(checks: Sequence[Check]) -> list[str]:
    """Write one line for all fields that were checked by the same means."""
    means = dict.fromkeys(check.how for check in checks)
    return [f"{', '.join(check.field for check in checks if check.how == how)}: {how}." for how in means]
