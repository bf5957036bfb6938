"""Fig. 2: three privacy levels of federated learning (a drawing of ours)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairgames.report.paper.icons import arrow, bars, box, canvas, padlock, person, server
from fairgames.report.paper.plate import Plate
from fairgames.report.style import INK, MUTED, house_style, level_colour, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHAPES = ((0.2, 0.5, 0.3), (0.45, 0.3, 0.15), (0.15, 0.3, 0.5))


def plates() -> tuple[Plate, ...]:
    """The drawing."""
    return (Plate("fig2", draw()),)


def draw() -> Figure:
    """Draw what reaches the platform from users at each level.

    Returns
    -------
    Figure
        Three lanes into one platform.
    """
    with house_style():
        figure = new_figure(9.5, 5.6)
        axes = figure.add_subplot()
        canvas(axes, 9.5, 5.6)
        axes.text(1.15, 5.35, "Users choose", ha="center", fontsize=13, fontweight="bold")
        axes.text(8.4, 5.35, "The platform gets", ha="center", fontsize=13, fontweight="bold")
        server(axes, (7.75, 2.0), (1.3, 1.7))
        _absent(axes, 4.35)
        _federated(axes, 2.75)
        _direct(axes, 0.85)
    return figure


def _lane(axes: Axes, middle: float, level: int, words: str) -> None:
    ink = INK if level else MUTED
    axes.text(0.1, middle, f"$\\rho_i = {level}$\n{words}", va="center", fontsize=12, color=ink, linespacing=1.5)


def _absent(axes: Axes, middle: float) -> None:
    _lane(axes, middle, 0, "share nothing")
    person(axes, (2.65, middle), level_colour(0), 1.1)
    bars(axes, (3.15, middle - 0.25), _SHAPES[1], level_colour(0))
    axes.plot([4.3, 4.3], [middle - 0.5, middle + 0.5], color=MUTED, linewidth=5, solid_capstyle="round")
    axes.plot([3.65, 4.15], [middle] * 2, color=MUTED, linewidth=1.5, linestyle=":")
    axes.text(4.55, middle, "the data stay with the user", va="center", color=MUTED, fontsize=11)
    axes.text(8.4, middle, "nothing", ha="center", va="center", color=MUTED, fontsize=12)


def _federated(axes: Axes, middle: float) -> None:
    _lane(axes, middle, 1, "federate")
    colour = level_colour(1)
    for offset, shape in zip((-0.62, 0, 0.62), _SHAPES, strict=True):
        person(axes, (2.65, middle + offset), colour, 0.75)
        bars(axes, (3.0, middle + offset - 0.2), [0.7 * height for height in shape], colour)
        arrow(axes, (3.45, middle + offset), (4.3, middle + 0.35 * offset), colour)
    box(axes, (4.4, middle - 0.5), (1.75, 1), colour, "#EAF5FC")
    padlock(axes, (4.75, middle + 0.02), colour, 1.2)
    axes.text(5.52, middle, "secure\naggregate", ha="center", va="center", fontsize=11)
    arrow(axes, (6.25, middle), (7.6, middle), colour, width=2.4)
    axes.text(6.92, middle + 0.12, "only the mean $\\hat\\theta_f$", ha="center", va="bottom", fontsize=10)


def _direct(axes: Axes, middle: float) -> None:
    _lane(axes, middle, 2, "share directly")
    colour = level_colour(2)
    for offset, shape, end in ((0.33, _SHAPES[2], 2.3), (-0.33, _SHAPES[0], 2.1)):
        person(axes, (2.65, middle + offset), colour, 0.75)
        bars(axes, (3.0, middle + offset - 0.2), [0.7 * height for height in shape], colour)
        axes.plot([3.5, 6.4], [middle + offset] * 2, color=colour, linewidth=1.8)
        arrow(axes, (6.4, middle + offset), (7.65, end), colour)
    axes.text(4.95, middle, "each user's own $\\hat\\theta_i$", ha="center", va="center", fontsize=11)
