"""Fig. 1: users, their data, the platform and its payments (a drawing of ours)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairgames.report.paper.icons import arrow, bars, box, camera, canvas, car, drone, padlock, person, phone, server
from fairgames.report.paper.plate import Plate
from fairgames.report.style import ACCENT, INK, PALETTE, house_style, level_colour, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DATA = level_colour(2)
_MONEY = PALETTE[3]


def plates() -> tuple[Plate, ...]:
    """The drawing."""
    return (Plate("fig1", draw()),)


def draw() -> Figure:
    """Draw the loop: data under privacy to the platform, utility from it, payments back.

    Returns
    -------
    Figure
        One drawing.
    """
    with house_style():
        figure = new_figure(9.5, 5)
        axes = figure.add_subplot()
        canvas(axes, 9.5, 5)
        for row, device in enumerate((phone, camera, car, drone)):
            middle = 4.15 - 1.05 * row
            person(axes, (0.75, middle), level_colour(2 if row % 2 else 1), 1.1)
            device(axes, (1.7, middle))
            arrow(axes, (2.3, middle), (3.15, middle + (2.55 - middle) * 0.35), _DATA)
        axes.text(1.2, 4.82, "Users", ha="center", fontsize=13, fontweight="bold")
        box(axes, (3.25, 1.35), (1.25, 2.4), ACCENT, "#FDF1E8")
        padlock(axes, (3.87, 3.05), ACCENT, 1.3)
        axes.text(3.87, 2.1, "privacy\nlevels\n$\\rho_i$", ha="center", va="center", fontsize=12)
        arrow(axes, (4.6, 2.55), (5.35, 2.55), _DATA, width=2.6)
        axes.text(2.85, 4.12, "data $x_i$", color=_DATA, fontsize=12)
        server(axes, (5.5, 1.55), (1.35, 2))
        axes.text(6.17, 3.85, "Platform", ha="center", fontsize=13, fontweight="bold")
        arrow(axes, (6.95, 2.55), (7.6, 2.55), INK, width=2.6)
        box(axes, (7.7, 1.55), (1.65, 2), INK)
        bars(axes, (8.05, 2.55), (0.15, 0.35, 0.6, 0.75, 0.5, 0.2), _DATA, 0.16)
        axes.text(8.52, 2.1, "learning,\nutility $U(\\rho)$", ha="center", va="center", fontsize=12)
        arrow(axes, (6.17, 1.4), (1.3, 0.42), _MONEY, bend=0.22, width=2.6)
        words = "payments $t_i(\\rho)$: access to services, discounts, money"
        axes.text(5.15, 0.28, words, ha="left", va="center", color=_MONEY, fontsize=12)
    return figure
