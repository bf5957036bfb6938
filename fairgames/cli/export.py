"""``fairgames export``: the game, every payment or the optimum for other programs; ``explore``: a page that moves."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np

import fairgames as fg
from fairgames.cli import frame as options
from fairgames.cli.frame import argument, number_or, option, require_few
from fairgames.cli.solve import optimum_of
from fairgames.errors import FairGamesError, InputError
from fairgames.exactness import Number
from fairgames.files import STANDARD_INPUT, Output, csv_text, signed
from fairgames.printable import spreadsheet_cell
from fairgames.progress import stage
from fairgames.report.tables import latex_table, payment_columns, payments_announced
from fairgames.scenario.users import user_rows

if TYPE_CHECKING:
    from fairgames.scenario.scenario import Scenario

_FILE = (
    "FILE.nfg: the game, for Gambit. FILE.csv: utility and payments at every profile. "
    "FILE.tex: payments at the optimum."
)


def export(
    spec: options.Spec,
    output: Annotated[Path, argument("FILE", _FILE)],
    alpha: options.Alpha = None,
    force: options.Force = False,
) -> None:
    """Write the game, all payments, or the optimum in a form that other programs read."""
    writers = {".nfg": _game, ".csv": _payments, ".tex": _optimum}
    writer = writers.get(output.suffix.lower())
    if writer is None:
        raise InputError("FILE", f"must end in {', '.join(writers)}", str(output))
    if writer is _optimum and alpha is not None:
        raise InputError("--alpha", "means nothing for .tex: the optimum has an alpha of its own", alpha)
    written = Output(output, "FILE", force=force)
    run = options.Run("export", spec, force=force, also=written)
    loaded = fg.load(spec)
    instead = "fairgames payments prices one profile of as many; FILE.tex holds the optimum"
    require_few(loaded, instead, {f"a {output.suffix} file": writer is not _optimum})
    text = writer(loaded, number_or(alpha, Fraction(1) if loaded.alpha is None else loaded.alpha))
    written.write(text if writer is _payments else signed(text, output.suffix.lower()))
    run.console.say(f"Wrote {output}.")


def explore(
    spec: options.Spec,
    output: Annotated[Path | None, option("--output", "Where; by default SPEC with the ending .html.", "FILE")] = None,
    force: options.Force = False,
) -> None:
    """Write one page, for any browser and without a network, on which costs move and the answer follows."""
    from fairgames.explorer.page import page

    place = output or (Path("explore.html") if spec == STANDARD_INPUT else spec.with_suffix(".html"))
    if place.suffix.lower() != ".html":
        raise InputError("--output", "must end in .html", str(place))
    written = Output(place, "--output", force=force)
    run = options.Run("explore", spec, force=force, also=written)
    loaded = fg.load(spec)
    with stage("writing the page"):
        text = page(loaded)
    written.write(signed(text, ".html"))
    run.console.say(f"Wrote {place}. Open it in a browser.")


@stage("writing the game")
def _game(spec: Scenario, alpha: Number) -> str:
    return fg.FairGame(spec, alpha=alpha).to_nfg(spec.title)


@stage("pricing every profile")
def _payments(spec: Scenario, alpha: Number) -> str:
    table = fg.payment_table(spec, alpha)
    payments = [table.user(user) for user in range(spec.n_users)]
    headers = [*spec.user_names, "utility", *(f"payment to {name}" for name in spec.user_names)]
    rows: Iterable[list[object]] = (
        [*spec.level_names(profile), table.utility[profile], *(paid[profile] for paid in payments)]
        for profile in np.ndindex(table.utility.shape)
    )
    return csv_text(map(spreadsheet_cell, headers), (map(spreadsheet_cell, row) for row in rows))


def _optimum(spec: Scenario, alpha: Number) -> str:  # noqa: ARG001 (the optimum has an alpha of its own)
    optimum = optimum_of(spec)
    paid = payments_announced(optimum)
    if optimum.profile is None or paid is None:
        raise FairGamesError(f"{spec.source}: the optimum is not in pure levels, so there is no table of it")
    headers, rows = payment_columns(user_rows(spec, optimum.profile, paid), "samples")
    table = latex_table(f"{spec.title}: payments at alpha = {optimum.alpha_text}", headers, rows)
    return f"{table}\n"
