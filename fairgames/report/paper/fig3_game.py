"""Fig. 3: the payment game between users and platform (a drawing of ours)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairgames.report.paper.icons import arrow, box, canvas, person, server
from fairgames.report.paper.plate import Plate
from fairgames.report.style import INK, PALETTE, house_style, level_colour, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MONEY = PALETTE[3]


def plates() -> tuple[Plate, ...]:
    """The drawing."""
    return (Plate("fig3", draw()),)


def draw() -> Figure:
    """Draw what each user sends and gets, and what each side maximises.

    Returns
    -------
    Figure
        One drawing.
    """
    data = level_colour(2)
    with house_style():
        figure = new_figure(9.5, 5)
        axes = figure.add_subplot()
        canvas(axes, 9.5, 5)
        for row, name in enumerate(("1", "2", "N")):
            middle = (4.2, 2.95, 0.85)[row]
            person(axes, (0.6, middle), level_colour(row % 3), 1.2)
            axes.text(1.05, middle, f"user ${name}$", va="center", fontsize=12)
            arrow(axes, (1.9, middle + 0.14), (5.6, 3.5 - 0.58 * row), data)
            arrow(axes, (5.6, 3.24 - 0.58 * row), (1.9, middle - 0.16), _MONEY)
        axes.text(0.6, 1.9, "$\\vdots$", ha="center", va="center", fontsize=18)
        axes.text(3.4, 4.28, "data $x_i$ at a privacy level $\\rho_i$", ha="left", color=data, fontsize=12)
        axes.text(3.75, 1.05, "payment $t_i(\\rho_i; \\rho_{-i})$", ha="left", color=_MONEY, fontsize=12)
        server(axes, (5.75, 1.95), (1.3, 1.7))
        axes.text(6.4, 3.85, "Platform", ha="center", fontsize=13, fontweight="bold")
        box(axes, (7.3, 1.75), (2.1, 2.1), INK)
        words = "sets the payments\nto maximise\n\n$U(\\rho) - \\sum_i t_i(\\rho)$\n\nwhere users settle"
        axes.text(8.35, 2.8, words, ha="center", va="center", fontsize=11.5)
        box(axes, (0.15, 0.02), (3.0, 0.42), data, "#EAF5FC")
        axes.text(1.65, 0.23, "each maximises $u_i = t_i(\\rho) - c_i(\\rho_i)$", ha="center", va="center", fontsize=11)
    return figure
