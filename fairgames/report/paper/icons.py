"""Small pictures for the drawings: users, their devices, a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fairgames.report.style import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PALE = "#EEF3F7"
Place = tuple[float, float]


def canvas(axes: Axes, width: float, height: float) -> None:
    """Turn axes into a sheet of paper with equal units along both sides."""
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_aspect("equal")
    axes.axis("off")


def box(
    axes: Axes, corner: Place, size: Place, colour: str = INK, fill: str = _PALE, *, rounding: float = 0.12
) -> None:
    """Draw a rounded box."""
    from matplotlib.patches import FancyBboxPatch

    style = f"round,pad=0,rounding_size={rounding}"
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, edgecolor=colour, facecolor=fill, linewidth=1.4))


def arrow(axes: Axes, start: Place, end: Place, colour: str, *, bend: float = 0.0, width: float = 1.8) -> None:
    """Draw an arrow, bent to the left of its way for a positive ``bend``."""
    how: Any = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops={**how, "connectionstyle": f"arc3,rad={-bend}", "mutation_scale": 14})


def person(axes: Axes, place: Place, colour: str, size: float = 1.0) -> None:
    """Draw a head above shoulders; ``place`` is the middle."""
    from matplotlib.patches import Circle, Wedge

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
    from matplotlib.patches import Circle

    x, y = place
    box(axes, (x - 0.13, y + 0.16), (0.26, 0.16), colour, "white", rounding=0.04)
    box(axes, (x - 0.36, y - 0.27), (0.72, 0.46), colour, "white", rounding=0.07)
    axes.add_patch(Circle((x, y - 0.04), 0.14, edgecolor=colour, facecolor="white", linewidth=1.4))


def car(axes: Axes, place: Place, colour: str = INK) -> None:
    """Draw a car from the side."""
    from matplotlib.patches import Circle, Polygon

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
    from matplotlib.patches import Arc

    x, y = place
    axes.add_patch(Arc((x, y + 0.04 * size), 0.26 * size, 0.36 * size, theta1=0, theta2=180, color=colour, linewidth=2))
    box(axes, (x - 0.2 * size, y - 0.26 * size), (0.4 * size, 0.3 * size), colour, colour, rounding=0.04)


def bars(axes: Axes, corner: Place, heights: Sequence[float], colour: str, width: float = 0.1) -> None:
    """Draw a small histogram, which stands for data."""
    from matplotlib.patches import Rectangle

    x, y = corner
    for step, height in enumerate(heights):
        axes.add_patch(Rectangle((x + step * width, y), width * 0.85, height, color=colour, linewidth=0))
