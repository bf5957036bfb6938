"""Fig. 9: two groups of users with different costs: payments, the platform's share, and a map of what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairgames.mechanism.two_player.two_groups import KINDS, TwoGroupOptima, two_group_optima
from fairgames.payments.fair import payment_table
from fairgames.report.paper.inputs import two_user_mean
from fairgames.report.paper.plate import Plate
from fairgames.report.style import INK, PALETTE, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = 150
FINE_STEPS = 600
WINDOW = (0.22, 0.38)
"""Costs around the half-mixed region."""

HEADERS = ("cost_1", "cost_2", "alpha", "paid_to_user_2", "platform_keeps", "utility", "absent_1", "absent_2", "kind")
_REGIONS = (
    ((0.11, 0.12), "both\nshare"),
    ((0.2, 0.6), "user 1\nshares"),
    ((0.6, 0.2), "user 2\nshares"),
    ((0.835, 0.835), "nobody\nshares"),
)
RUN_HEADERS = ("map", "cost_1", "cost_2_from", "cost_2_to", "kind")
_COLOURS = (PALETTE[0], PALETTE[1], PALETTE[4], PALETTE[3], PALETTE[6])


def optima(low: float, high: float, steps: int) -> TwoGroupOptima:
    """Solve eq. 26 at every pair of costs of a square grid; no grid of alpha is involved.

    Examples
    --------
    >>> optima(0, 1, 2).value.round(3).tolist()
    [[1.0, 0.667, 0.667], [0.667, 0.167, 0.167], [0.667, 0.167, 0.0]]
    """
    costs = np.linspace(low, high, steps + 1)
    return two_group_optima(two_user_mean(), costs, costs)


def paid_to_user_2(found: TwoGroupOptima) -> NDArray[np.float64]:
    """Expected payment to user 2 at each optimum."""
    alone, beside = map(float, payment_table(two_user_mean()).user(1)[:, 1])
    first_absent, second_absent = found.absent
    paid: NDArray[np.float64] = found.alpha * (1 - second_absent) * (first_absent * alone + (1 - first_absent) * beside)
    return paid


def plates() -> tuple[Plate, ...]:
    """The paper's two panels, and the map of regions."""
    found, fine, window = optima(0, 1, STEPS), optima(0, 1, FINE_STEPS), optima(*WINDOW, FINE_STEPS)
    return (
        Plate("fig9", draw_panels(found), HEADERS, _rows(found)),
        Plate("fig9-regions", draw_regions(fine, window), RUN_HEADERS, [*_runs("all", fine), *_runs("window", window)]),
    )


@house_style()
def draw_panels(found: TwoGroupOptima) -> Figure:
    """Draw the payment to user 2 and the platform's share over both costs."""
    figure = new_figure(10.5, 4.9, "Two groups with different privacy costs")
    left, right = figure.subplots(1, 2)
    for axes, values, title in (
        (left, paid_to_user_2(found), "Payment to user 2,  $\\alpha^*\\phi_2$"),
        (right, found.value, "The platform's share,  $(1-\\alpha^*)\\,U$"),
    ):
        image = _draw_square(axes, found, values, cmap="cividis", vmin=0)
        axes.set_title(title)
        for third in (1 / 3, 2 / 3):
            axes.axvline(third, color="white", linewidth=0.8, linestyle=":")
            axes.axhline(third, color="white", linewidth=0.8, linestyle=":")
        for place, words in _REGIONS:
            _label(axes, place, words)
        figure.colorbar(image, ax=axes, fraction=0.046, pad=0.04)
    return figure


@house_style()
def draw_regions(found: TwoGroupOptima, window: TwoGroupOptima) -> Figure:
    """Draw which kind of equilibrium is best where, with the half-mixed region large."""
    figure = new_figure(12, 6.7, "Who takes part at the platform's optimum")
    left, right = figure.subplots(1, 2)
    for axes, part in ((left, found), (right, window)):
        _draw_kinds(axes, part)
    left.set_title("All costs")
    right.set_title("Enlarged: the half-mixed region that the paper leaves out")
    for place, words in _REGIONS:
        _label(left, place, words)
    _label(right, (0.235, 0.25), "both\nshare")
    _label(right, (0.25, 0.33), "user 1 shares alone")
    _label(right, (0.345, 0.265), "user 2 shares alone")
    for place, words in (
        ((0.2665, 0.2885), "user 2 surely,\nuser 1 sometimes"),
        ((0.2835, 0.263), "user 1 surely,\nuser 2 sometimes"),
    ):
        right.text(*place, words, ha="center", va="center", color="white", fontsize=7.5)
    right.annotate(
        "half-mixed: the dearer user shares surely,\nthe cheaper one sometimes",
        (0.318, 0.324),
        (0.226, 0.371),
        va="center",
        arrowprops={"arrowstyle": "-", "color": INK},
        bbox=_BOX,
    )
    square = [WINDOW[0], WINDOW[1], WINDOW[1], WINDOW[0], WINDOW[0]]
    left.plot(square, [*square[3:], *square[1:4]], color=INK, linewidth=1.2)
    figure.supxlabel(
        "In the half-mixed region $\\alpha^* = 2\\min(c_1, c_2)$ exactly: the optimum lies in a continuum of "
        "equilibria that exists at that one $\\alpha$, so a grid of $\\alpha$ does not meet it.",
        x=0.01,
        ha="left",
        fontsize=8.5,
    )
    return figure


_BOX: Any = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "boxstyle": "round,pad=0.25"}


def _draw_square(axes: Axes, found: TwoGroupOptima, values: NDArray[Any], **how: Any) -> Any:
    costs = found.first_costs
    half = float(costs[1] - costs[0]) / 2
    extent = (float(costs[0]) - half, float(costs[-1]) + half) * 2
    # The first cost goes to the right, as in the paper, so rows become columns.
    image = axes.imshow(values.T, origin="lower", extent=extent, interpolation="nearest", **how)
    axes.set_xlim(float(costs[0]), float(costs[-1]))
    axes.set_ylim(float(costs[0]), float(costs[-1]))
    axes.set_xlabel("privacy cost of user 1, $c_1$")
    axes.set_ylabel("privacy cost of user 2, $c_2$")
    return image


def _draw_kinds(axes: Axes, found: TwoGroupOptima) -> None:
    from matplotlib.colors import ListedColormap

    _draw_square(axes, found, found.kind, cmap=ListedColormap(_COLOURS), vmin=-0.5, vmax=len(KINDS) - 0.5)


def _label(axes: Axes, place: tuple[float, float], words: str) -> None:
    axes.text(*place, words, ha="center", va="center", fontsize=10, bbox=_BOX)


def _rows(found: TwoGroupOptima) -> list[list[object]]:
    paid = paid_to_user_2(found)
    layers = (found.alpha, paid, found.value, found.utility, *found.absent)
    return [
        [float(first), float(second), *(float(layer[i, j]) for layer in layers), KINDS[found.kind[i, j]]]
        for i, first in enumerate(found.first_costs)
        for j, second in enumerate(found.second_costs)
    ]


def _runs(name: str, found: TwoGroupOptima) -> list[list[object]]:
    """Neighbouring costs of user 2 with the same kind of optimum, as one row."""
    rows: list[list[object]] = []
    second = found.second_costs.tolist()
    for first, kinds in zip(found.first_costs.tolist(), found.kind.tolist(), strict=True):
        start = 0
        for place in range(1, len(kinds) + 1):
            if place == len(kinds) or kinds[place] != kinds[start]:
                rows.append([name, first, second[start], second[place - 1], KINDS[kinds[start]]])
                start = place
    return rows
