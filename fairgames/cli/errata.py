"""``fairgames errata``: what the paper prints, what is correct, each line checked as it is printed."""

from __future__ import annotations

from fairgames.cli import options
from fairgames.cli.status import CHECK_FAILED


def errata(json: options.Json = None) -> None:
    """List the paper's errata, and check each one as it is printed; exit with 1 if a check fails."""
    from dataclasses import asdict

    import typer

    from fairgames.cli.arguments import check_outputs
    from fairgames.cli.closed_forms import closed_forms
    from fairgames.report.terminal import console_for, print_lines

    check_outputs(json, None)
    console = console_for()
    found = []
    with closed_forms():
        from symbolic.errata import ERRATA

        for erratum in ERRATA:
            verification = erratum.verify()
            verdict = "confirmed" if verification.confirmed else "NOT CONFIRMED"
            console.print(erratum.where, style="bold")
            print_lines(
                console,
                [
                    f"  printed: {erratum.printed}",
                    f"  correct: {erratum.correct}",
                    f"  {verdict}: {verification.evidence}",
                ],
            )
            entry = {"where": erratum.where, "printed": erratum.printed, "correct": erratum.correct}
            found.append({**entry, **asdict(verification), "confirmed": verification.confirmed})
    failed = sum(not entry["confirmed"] for entry in found)
    print_lines(console, ["", f"{len(found)} errata, {len(found) - failed} confirmed."])
    if json is not None:
        from fairgames.report.json_file import write_json

        write_json(json, "errata", {"errata": found})
    if failed:
        raise typer.Exit(CHECK_FAILED)
