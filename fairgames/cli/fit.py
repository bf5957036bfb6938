"""``fairgames fit`` and ``fairgames init``: a specification from grouped data, or a commented example."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, cast

import typer

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import Run, argument, option
from fairgames.errors import InputError
from fairgames.files import Output
from fairgames.report.figures import fit_figure

_COST = "What a level costs every group, such as direct=0.6; once for each level."
_LABELS = "Labels that differ in case or spaces: raise, merge, keep."


def init(
    path: Annotated[Path, argument("[FILE]", "Where to write it.")] = Path("spec.toml"), force: options.Force = False
) -> None:
    """Write a commented example specification, which can be solved as it is."""
    Output(path, "FILE", force=force).write(resources.files("fairgames.spec").joinpath("example.toml").read_bytes())
    Run("init").console.say(f"Wrote {path}. Change it as you like, then run: fairgames solve {path}")


def fit(
    data: Annotated[Path, argument("DATA", "A CSV or Parquet file, one row an observation.")],
    group: Annotated[str, option("--group", "The column that names the group.", "COLUMN")],
    value: Annotated[str, option("--value", "The column with the numbers.", "COLUMN")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="SPEC", help="Write a specification here.")
    ] = None,
    cost: Annotated[list[str] | None, option("--cost", _COST, "LEVEL=COST")] = None,
    aggregation: Annotated[str, option("--aggregation", "uniform, or weighted by sample size.", "HOW")] = "uniform",
    estimator: Annotated[str, option("--estimator", "anova or reml.", "HOW")] = "anova",
    covariate: Annotated[list[str] | None, option("--covariate", "Adjust for this column.", "COLUMN")] = None,
    missing: Annotated[str, option("--missing", "What to do with missing values: raise or drop.", "HOW")] = "raise",
    similar_labels: Annotated[str, option("--similar-labels", _LABELS, "HOW")] = "raise",
    largest: Annotated[int | None, option("--largest", "Keep the N groups with most observations.", "N")] = None,
    json: options.Json = None,
    figure: options.Figure = None,
    force: options.Force = False,
) -> None:
    """Estimate from grouped data how much groups differ, and write a specification that prices them."""
    written = None if output is None else Output(output, "--output", force=force)
    run = Run("fit", data, json=json, figure=figure, force=force, also=written)
    costs = _costs(cost or ())
    choices: dict[str, Any] = {"estimator": estimator, "missing": missing, "similar_labels": similar_labels}
    fitted = fg.fit_federated_mean(str(data), group, value, covariates=covariate or (), largest=largest, **choices)
    to_spec = partial(fitted.to_spec, costs, aggregation=cast("Any", aggregation))
    # Bad costs are refused at once; a fit that gives no specification is shown first, since it says why.
    text = to_spec(folder=str(output.parent)) if output is not None and fitted.between_variance > 0 else None
    run.console.table(*fitted._lines())
    if written is not None:
        written.write(text or to_spec())
        run.console.say("")
        if costs is None:
            run.console.say(f"The privacy costs in {output} are 0: fill in what sharing costs each group.")
        run.console.say(f"Wrote {output}. Next: fairgames solve {output}")
    run.results["fit"] = fitted
    run.save(lambda: fit_figure(fitted))


def _costs(entries: Sequence[str]) -> dict[str, object] | None:
    """Read ``--cost`` options."""
    costs: dict[str, object] = {}
    for entry in entries:
        level, equals, text = entry.partition("=")
        if not equals or not level.strip():
            raise InputError("--cost", "must be LEVEL=COST, such as direct=0.6", entry)
        if level.strip() in costs:
            raise InputError("--cost", "must name each level once", entry)
        costs[level.strip()] = text.strip()
    return costs or None
