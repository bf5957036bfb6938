"""Figs. 1 to 4: who gives what to whom, in drawings of ours, and simulated users who differ much or little.

`plate` calls `fig1` to `fig4`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc, Circle, FancyBboxPatch, Polygon, Rectangle, Wedge
from numpy.typing import NDArray

from fairgames.report.paper.plate import Plate, note_inputs
from fairgames.report.style import ACCENT, INK, MUTED, PALETTE, house_style, level_colour, new_figure, tidy

_DATA = level_colour(2)
_MONEY = PALETTE[3]
_PALE = "#EEF3F7"
Place = tuple[float, float]


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a sheet of paper with equal units along both sides."""
    figure = new_figure(width, height)
    axes = figure.add_subplot()
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_aspect("equal")
    axes.axis("off")
    return figure, axes


def box(
    axes: Axes, corner: Place, size: Place, colour: str = INK, fill: str = _PALE, *, rounding: float = 0.12
) -> None:
    """Draw a rounded box."""
    style = f"round,pad=0,rounding_size={rounding}"
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, edgecolor=colour, facecolor=fill, linewidth=1.4))


def arrow(axes: Axes, start: Place, end: Place, colour: str, *, bend: float = 0.0, width: float = 1.8) -> None:
    """Draw an arrow, bent to the left of its way for a positive ``bend``."""
    how: Any = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops={**how, "connectionstyle": f"arc3,rad={-bend}", "mutation_scale": 14})


def person(axes: Axes, place: Place, colour: str, size: float = 1.0) -> None:
    """Draw a head above shoulders; ``place`` is the middle."""
    x, y = place
    axes.add_patch(Circle((x, y + 0.22 * size), 0.16 * size, color=colour))
    axes.add_patch(Wedge((x, y - 0.28 * size), 0.3 * size, 0, 180, color=colour))


def phone(axes: Axes, place: Place, colour: str = INK) -> None:
    """Draw a telephone."""
    x, y = place
    box(axes, (x - 0.2, y - 0.35), (0.4, 0.7), colour, "white", rounding=0.07)
    axes.plot([x - 0.06, x + 0.06], [y - 0.27, y - 0.27], color=colour, linewidth=1.4)


def camera(axes: Axes, place: Place, colour: str = INK) -> None:
    """Draw a camera."""
    x, y = place
    box(axes, (x - 0.13, y + 0.16), (0.26, 0.16), colour, "white", rounding=0.04)
    box(axes, (x - 0.36, y - 0.27), (0.72, 0.46), colour, "white", rounding=0.07)
    axes.add_patch(Circle((x, y - 0.04), 0.14, edgecolor=colour, facecolor="white", linewidth=1.4))


def car(axes: Axes, place: Place, colour: str = INK) -> None:
    """Draw a car from the side."""
    x, y = place
    body = [(-0.42, -0.15), (-0.42, 0.05), (-0.24, 0.08), (-0.12, 0.26), (0.16, 0.26), (0.28, 0.08), (0.42, 0.03)]
    outline = [(x + dx, y + dy) for dx, dy in [*body, (0.42, -0.15)]]
    axes.add_patch(Polygon(outline, closed=True, edgecolor=colour, facecolor="white", linewidth=1.4, joinstyle="round"))
    for side in (-0.22, 0.22):
        axes.add_patch(Circle((x + side, y - 0.17), 0.1, edgecolor=colour, facecolor="white", linewidth=1.4))


def drone(axes: Axes, place: Place, colour: str = INK) -> None:
    """Draw a drone with four rotors, seen from the front."""
    x, y = place
    for side in (-1, 1):
        axes.plot([x, x + side * 0.3], [y, y + 0.14], color=colour, linewidth=1.4)
        axes.plot([x + side * 0.3 - 0.17, x + side * 0.3 + 0.17], [y + 0.2, y + 0.2], color=colour, linewidth=2)
        axes.plot([x + side * 0.3] * 2, [y + 0.12, y + 0.2], color=colour, linewidth=1.4)
        axes.plot([x + side * 0.1, x + side * 0.16], [y - 0.1, y - 0.26], color=colour, linewidth=1.4)
    box(axes, (x - 0.15, y - 0.12), (0.3, 0.2), colour, "white", rounding=0.06)


def server(axes: Axes, corner: Place, size: Place, colour: str = INK) -> None:
    """Draw a rack of three machines."""
    x, y = corner
    width, height = size[0], size[1] / 3
    for row in range(3):
        box(axes, (x, y + row * height), (width, height * 0.88), colour, "white", rounding=0.06)
        axes.plot([x + 0.14], [y + (row + 0.44) * height], "o", color=colour, markersize=4)
        axes.plot([x + 0.3, x + width - 0.14], [y + (row + 0.44) * height] * 2, color=MUTED, linewidth=1)


def padlock(axes: Axes, place: Place, colour: str = INK, size: float = 1.0) -> None:
    """Draw a closed padlock."""
    x, y = place
    axes.add_patch(Arc((x, y + 0.04 * size), 0.26 * size, 0.36 * size, theta1=0, theta2=180, color=colour, linewidth=2))
    box(axes, (x - 0.2 * size, y - 0.26 * size), (0.4 * size, 0.3 * size), colour, colour, rounding=0.04)


def bars(axes: Axes, corner: Place, heights: Sequence[float], colour: str, width: float = 0.1) -> None:
    """Draw a small histogram, which stands for data."""
    x, y = corner
    for step, height in enumerate(heights):
        axes.add_patch(Rectangle((x + step * width, y), width * 0.85, height, color=colour, linewidth=0))


@house_style()
def fig1() -> Figure:
    """Draw the loop: data under privacy to the platform, utility from it, payments back."""
    figure, axes = canvas(9.5, 5)
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


_SHAPES = ((0.2, 0.5, 0.3), (0.45, 0.3, 0.15), (0.15, 0.3, 0.5))


@house_style()
def fig2() -> Figure:
    """Draw what reaches the platform from users at each level."""
    figure, axes = canvas(9.5, 5.6)
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


@house_style()
def fig3() -> Figure:
    """Draw what each user sends and gets, and what each side maximises."""
    figure, axes = canvas(9.5, 5)
    for row, name in enumerate(("1", "2", "N")):
        middle = (4.2, 2.95, 0.85)[row]
        person(axes, (0.6, middle), level_colour(row % 3), 1.2)
        axes.text(1.05, middle, f"user ${name}$", va="center", fontsize=12)
        arrow(axes, (1.9, middle + 0.14), (5.6, 3.5 - 0.58 * row), _DATA)
        arrow(axes, (5.6, 3.24 - 0.58 * row), (1.9, middle - 0.16), _MONEY)
    axes.text(0.6, 1.9, "$\\vdots$", ha="center", va="center", fontsize=18)
    axes.text(3.4, 4.28, "data $x_i$ at a privacy level $\\rho_i$", ha="left", color=_DATA, fontsize=12)
    axes.text(3.75, 1.05, "payment $t_i(\\rho_i; \\rho_{-i})$", ha="left", color=_MONEY, fontsize=12)
    server(axes, (5.75, 1.95), (1.3, 1.7))
    axes.text(6.4, 3.85, "Platform", ha="center", fontsize=13, fontweight="bold")
    box(axes, (7.3, 1.75), (2.1, 2.1), INK)
    words = "sets the payments\nto maximise\n\n$U(\\rho) - \\sum_i t_i(\\rho)$\n\nwhere users settle"
    axes.text(8.35, 2.8, words, ha="center", va="center", fontsize=11.5)
    box(axes, (0.15, 0.02), (3.0, 0.42), _DATA, "#EAF5FC")
    axes.text(1.65, 0.23, "each maximises $u_i = t_i(\\rho) - c_i(\\rho_i)$", ha="center", va="center", fontsize=11)
    return figure


SEED = 2024
N_USERS = 6
N_SAMPLES = 40
HEADERS_4 = ("panel", "user", "user_mean", "sample")


class Crowd(NamedTuple):
    """Simulated users: their own means, and their data, one row a user."""

    title: str
    between_variance: float
    within_variance: float
    means: NDArray[np.float64]
    samples: NDArray[np.float64]


def crowds() -> tuple[Crowd, ...]:
    """Simulate heterogeneous and homogeneous users; the same numbers every time."""
    found = []
    for title, between, within in (
        ("heterogeneous: $s^2 \\gg r^2$", 16.0, 1.0),
        ("homogeneous: $s^2 \\ll r^2$", 0.1, 4.0),
    ):
        random = np.random.default_rng(SEED)
        means = random.normal(0, np.sqrt(between), N_USERS)
        samples = random.normal(means[:, None], np.sqrt(within), (N_USERS, N_SAMPLES))
        found.append(Crowd(title, between, within, means, samples))
    return tuple(found)


def fig4() -> tuple[Plate, ...]:
    """The figure."""
    found = crowds()
    rows = [
        [panel, user, crowd.means.tolist()[user - 1], sample]
        for panel, crowd in enumerate(found, start=1)
        for user in range(1, N_USERS + 1)
        for sample in crowd.samples[user - 1].tolist()
    ]
    return (Plate("fig4", draw_crowds(found), HEADERS_4, rows),)


@house_style()
def draw_crowds(found: Sequence[Crowd]) -> Figure:
    """Draw each user's data and mean."""
    figure = new_figure(9.5, 5, "How much one user's data tells about another")
    axes = figure.subplots(1, len(found), sharex=True, sharey=True)
    for panel, crowd in zip(axes, found, strict=True):
        _draw_crowd(panel, crowd)
    axes[0].set_yticks(range(N_USERS), [f"user {user}" for user in range(1, N_USERS + 1)])
    axes[0].set_ylim(N_USERS - 0.6, -0.9)
    axes[0].set_xlabel("value of a sample")
    axes[1].set_xlabel("value of a sample")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    note_inputs(figure, f"the variances (simulated, seed {SEED}, {N_SAMPLES} samples each user).")
    return figure


def _draw_crowd(axes: Axes, crowd: Crowd) -> None:
    grid = np.linspace(-10, 10, 400)
    for user, (mean, samples) in enumerate(zip(crowd.means.tolist(), crowd.samples, strict=True)):
        colour = (PALETTE[1], PALETTE[2])[user % 2]
        bell = np.exp(-((grid - mean) ** 2) / (2 * crowd.within_variance))
        axes.fill_between(grid, user - 0.15, user - 0.15 - 0.6 * bell, color=colour, alpha=0.35, linewidth=0)
        axes.plot(samples, np.full(samples.size, user), "o", color=colour, alpha=0.35, markersize=5, markeredgewidth=0)
        axes.plot([mean], [user - 0.3], "|", color=ACCENT, markersize=24, markeredgewidth=2.5)
    axes.plot([], [], "o", color=PALETTE[2], alpha=0.5, label="one sample $x_{ij}$")
    axes.plot([], [], "|", color=ACCENT, markersize=12, markeredgewidth=2.5, label="the user's mean $\\theta_i$")
    axes.axvline(0, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_title(f"{crowd.title}\n$s^2 = {crowd.between_variance:g}$, $r^2 = {crowd.within_variance:g}$")
    tidy(axes, "x")
    axes.tick_params(axis="y", length=0)
