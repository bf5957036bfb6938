"""One look for every figure: colours that colour-blind readers can tell apart, and plain axes.

`figures` and `paper` draw in it, and all that draw save by `save_figure`.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairgames.errors import InputError
from fairgames.files import MARK, Output
from fairgames.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = ("#999999", "#56B4E9", "#0072B2", "#009E73", "#E69F00", "#CC79A7", "#D55E00", "#F0E442")
"""Okabe and Ito (2008), grey first, for "absent"; the order goes from light to dark where levels do."""

ACCENT = "#D55E00"
"""What the reader should look at first: the optimum, a warning."""

INK = "#222222"
MUTED = "#767676"

LOOK: Any = {
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.prop_cycle": f"cycler('color', {[*PALETTE[2:5], ACCENT, PALETTE[5], PALETTE[1]]})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.dpi": 100,
    "font.size": 9,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "savefig.dpi": 150,
    "svg.hashsalt": "fairgames",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}
"""Settings of matplotlib (``rcParams``) that make the look."""

_METADATA: Any = {
    ".png": {"Software": MARK},
    ".pdf": {"Creator": MARK, "CreationDate": None},
    ".svg": {"Creator": MARK, "Date": None},
}
FORMATS = tuple(_METADATA)


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the look within a ``with`` block or a function, and leave the caller's settings as they were."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(LOOK)
        yield


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """Make an empty figure, in inches, that needs no display and is not kept by pyplot; its layout is constrained."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    return figure


def level_colour(level: int) -> str:
    """Colour of a privacy level."""
    return PALETTE[level % len(PALETTE)]


def tidy(axes: Axes, grid: str) -> None:
    """Draw the grid along one axis only (``"x"`` or ``"y"``), behind the data."""
    axes.grid(visible=True, axis="x" if grid == "x" else "y")
    axes.set_axisbelow(True)


def root_scale(axes: Axes, ticks: Sequence[float]) -> None:
    """Show numbers from 0 on by their square roots, which widens the small ones."""
    import numpy as np

    axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])


def figure_output(output: Path | Output) -> Output:
    """Refuse a place that no figure can be written to, before any work is done."""
    output = output if isinstance(output, Output) else Output(output, "--figure")
    if output.path.suffix.lower() not in FORMATS:
        raise InputError(output.argument, f"must end in {', '.join(FORMATS)}", str(output.path))
    output.check()
    return output


def save_figure(figure: Figure, output: Path | Output) -> None:
    """Write a figure; the same figure always gives the same bytes.

    Parameters
    ----------
    figure : Figure
        The figure.
    output : Path or Output
        Ends in .png, .pdf or .svg.

    Raises
    ------
    InputError
        If the file cannot be written, or is there already and not of fairgames.
    """
    output = figure_output(output)
    ending = output.path.suffix.lower()
    content = io.BytesIO()
    _neutralise(figure)
    with house_style(), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes, which the reader sees.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(content, format=ending[1:], metadata=_METADATA[ending])
    output.write(content.getvalue())


def _neutralise(figure: Figure) -> None:
    """Escape what would not print in texts and ticks, and dollars, which would be read as mathematics."""
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter

    def plain(text: str) -> str:
        return re.sub(r"(?<!\\)\$", r"\$", printable(text, keep="\n"))

    for text in figure.findobj(Text):
        text.set_text(plain(text.get_text()))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            formatter = axis.get_major_formatter()
            if isinstance(formatter, FixedFormatter):
                formatter.seq = [plain(label) for label in formatter.seq]
