"""``fairgames fit``: from grouped data to a specification.

``fairgames init``: write a commented example to start from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from fairgames.cli import frame as options


def init(
    path: Annotated[Path, typer.Argument(metavar="[FILE]", help="Where to write it.")] = Path("spec.toml"),
    force: options.Force = False,
) -> None:
    """Write a commented example specification, which can be solved as it is."""
    from importlib import resources

    from fairgames.files import Output

    Output(path, "FILE", force=force).write(resources.files("fairgames.spec").joinpath("example.toml").read_bytes())
    typer.echo(f"Wrote {path}. Change it as you like, then run: fairgames solve {path}")


def fit(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A CSV or Parquet file, one row an observation.")],
    group: Annotated[str, typer.Option("--group", metavar="COLUMN", help="The column that names the group.")],
    value: Annotated[str, typer.Option("--value", metavar="COLUMN", help="The column with the numbers.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="SPEC", help="Write a specification here.", show_default=False),
    ] = None,
    cost: Annotated[
        list[str] | None,
        typer.Option(
            "--cost",
            metavar="LEVEL=COST",
            help="What a level costs every group, such as direct=0.6; once for each level.",
            show_default=False,
        ),
    ] = None,
    aggregation: Annotated[
        str, typer.Option("--aggregation", metavar="HOW", help="uniform, or weighted by sample size.")
    ] = "uniform",
    estimator: Annotated[str, typer.Option("--estimator", metavar="HOW", help="anova or reml.")] = "anova",
    covariate: Annotated[
        list[str] | None,
        typer.Option("--covariate", metavar="COLUMN", help="Adjust for this column.", show_default=False),
    ] = None,
    missing: Annotated[
        str, typer.Option("--missing", metavar="HOW", help="What to do with missing values: raise or drop.")
    ] = "raise",
    similar_labels: Annotated[
        str,
        typer.Option(
            "--similar-labels", metavar="HOW", help="Labels that differ in case or spaces: raise, merge, keep."
        ),
    ] = "raise",
    largest: Annotated[
        int | None,
        typer.Option("--largest", metavar="N", help="Keep the N groups with most observations.", show_default=False),
    ] = None,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Estimate from grouped data how much groups differ, and write a specification that prices them."""
    from functools import partial

    from fairgames.cli.arguments import checked_outputs
    from fairgames.files import Output
    from fairgames.fitting.federated_mean import fit_federated_mean
    from fairgames.report.figures import fit_figure
    from fairgames.report.terminal import console_for, print_lines, print_table

    written = None if output is None else Output(output, "--output", force=force)
    outputs = checked_outputs(json, figure, force, data, also=written)
    costs = _costs(cost or ())
    choices: dict[str, Any] = {"estimator": estimator, "missing": missing, "similar_labels": similar_labels}
    fitted = fit_federated_mean(
        str(data),
        group,
        value,
        covariates=covariate or (),
        largest=largest,
        **choices,
    )
    to_spec = partial(fitted.to_spec, costs, aggregation=cast("Any", aggregation))
    # Bad costs are refused at once; a fit that gives no specification is shown first, since it says why.
    text = to_spec(folder=str(output.parent)) if output is not None and fitted.between_variance > 0 else None
    console = console_for()
    print_table(console, *fitted._lines())
    if written is not None:
        written.write(text or to_spec())
        lines = ["", f"Wrote {output}. Next: fairgames solve {output}"]
        if costs is None:
            lines.insert(1, f"The privacy costs in {output} are 0: fill in what sharing costs each group.")
        print_lines(console, lines)
    outputs.save("fit", {"fit": fitted}, lambda: fit_figure(fitted))


def _costs(entries: Sequence[str]) -> dict[str, object] | None:
    """Read ``--cost`` options."""
    from fairgames.errors import InputError

    costs: dict[str, object] = {}
    for entry in entries:
        level, equals, text = entry.partition("=")
        if not equals or not level.strip():
            raise InputError("--cost", "must be LEVEL=COST, such as direct=0.6", entry)
        if level.strip() in costs:
            raise InputError("--cost", "must name each level once", entry)
        costs[level.strip()] = text.strip()
    return costs or None
