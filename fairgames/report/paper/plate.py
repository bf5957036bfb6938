"""The reproduced figures and tables of the paper by name: each a picture, and the numbers in it as a file.

``fairgames reproduce`` calls `plates_of` and `write_plate`; a figure is a function of its name in one of three files.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fairgames.errors import InputError
from fairgames.files import Output, csv_text
from fairgames.report.style import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OUR_INPUTS = "Inputs chosen for this reproduction; the paper shows them only in its pictures:\n"


class Plate(NamedTuple):
    """What is written for one figure or table of the paper.

    Attributes
    ----------
    name : str
        Name of its files, without ending.
    figure : Figure or None
        The picture; None for a table.
    headers : sequence of str
        Names of the columns of its numbers.
    rows : sequence of sequences
        The numbers that are drawn; no rows for a drawing.
    """

    name: str
    figure: Figure | None
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()


def make_folder(folder: Path) -> None:
    """Make the folder for the files, if there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("--out", f"must be a folder: {error.strerror}", str(folder)) from None


def write_plate(plate: Plate, folder: Path, force: bool = False) -> list[Path]:
    """Write a plate's picture as PNG and SVG, its numbers as CSV, and a table without a picture as Markdown, too."""
    written = []
    if plate.figure is not None:
        for ending in (".png", ".svg"):
            written.append(Output(folder / (plate.name + ending), "--out", force=force))
            save_figure(plate.figure, written[-1])
    texts = {}
    if plate.headers:
        texts[".csv"] = as_csv(plate.headers, plate.rows)
        if plate.figure is None:
            texts[".md"] = as_markdown(plate.headers, plate.rows)
    for ending, text in texts.items():
        written.append(Output(folder / (plate.name + ending), "--out", force=force))
        if not written[-1].holds(text):
            written[-1].write(text)
    return [output.path for output in written]


def as_csv(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as comma-separated text; floats to twelve digits, rationals as they are."""
    return csv_text(headers, (map(_text, row) for row in rows))


def as_markdown(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write rows as a table for people; columns line up in plain text, too."""
    cells = [[str(_text(entry, 6)).replace("|", "\\|") for entry in row] for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, ["-" * width for width in widths])
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "".join(f"| {line} |\n" for line in lines)


def _text(entry: object, digits: int = 12) -> object:
    return f"{entry:.{digits}g}" if isinstance(entry, float) else entry


def note_inputs(figure: Figure, text: str) -> None:
    """Say below a figure which of its inputs are ours."""
    figure.supxlabel(OUR_INPUTS + text, x=0.01, ha="left", fontsize=7.5, style="italic")


MODULES = dict.fromkeys(("fig1", "fig2", "fig3", "fig4"), "drawings") | {
    **dict.fromkeys(("fig5", "fig6", "fig7"), "ten_users"),
    **dict.fromkeys(("fig8", "fig9"), "two_users"),
    "tables": "printed",
}
"""Names that can be asked for, and the module of each."""


def names_of(wanted: str) -> tuple[str, ...]:
    """Turn what was asked for into names.

    Examples
    --------
    >>> names_of("all")[:2], names_of("tables")
    (('fig1', 'fig2'), ('tables',))
    """
    if wanted == "all":
        return tuple(MODULES)
    if wanted not in MODULES:
        raise InputError("WHAT", f"must be one of {', '.join(MODULES)}, all", wanted)
    return (wanted,)


def plates_of(name: str) -> tuple[Plate, ...]:
    """Compute and draw one figure, or compute the tables: what the function of that name gives."""
    found = getattr(import_module(f"fairgames.report.paper.{MODULES[name]}"), name)()
    return found if isinstance(found, tuple) else (Plate(name, found),)
