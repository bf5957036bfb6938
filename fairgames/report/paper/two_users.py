"""Figs. 8 and 9: two users who share or stay out, alike in cost (Theorem 3, eq. 97) or not (section 5.2).

`plate` calls `fig8` and `fig9`; `printed` sets the same users' numbers beside the paper's.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fairgames.exactness import Number
from fairgames.mechanism.symmetric.mechanism import SymmetricMechanism, symmetric_mechanism
from fairgames.mechanism.two_player.two_groups import KINDS, TwoGroupOptima, two_group_optima
from fairgames.payments.fair import payment_table
from fairgames.report.paper.plate import Plate
from fairgames.report.style import ACCENT, INK, MUTED, PALETTE, house_style, level_colour, new_figure, tidy
from fairgames.utility.dp_mean import DPMeanUtility

COST_STEPS = 240
_JUMP = Fraction(1, 20)
HEADERS_8 = (
    "cost",
    "symmetric_alpha",
    "symmetric_utility",
    "symmetric_paid_to_each",
    "symmetric_kept",
    "symmetric_p",
    "best_alpha",
    "best_utility",
    "best_paid_to_each_present",
    "best_kept",
    "best_users_present",
)


def two_user_mean() -> DPMeanUtility:
    """Utility of two users who share without noise or not at all (eqs. 10 and 91), exactly."""
    return DPMeanUtility([0, float("inf")], n_users=2)


class Point(NamedTuple):
    """The optimum at one cost."""

    cost: Number
    alpha: Number
    utility: Number
    paid_to_each: Number
    kept: Number
    who: Number
    """Symmetric: the probability of staying absent. Otherwise the number of users who share."""


def mechanism(cost: Number | str) -> SymmetricMechanism:
    """Solve eq. 21 for two users of the differentially private mean without noise."""
    return symmetric_mechanism(two_user_mean(), cost)


def symmetric_point(found: SymmetricMechanism) -> Point:
    """Take the best equilibrium in which both users do the same, as in the paper.

    Examples
    --------
    >>> print(*symmetric_point(mechanism("1/2")))
    1/2 6/7 7/12 1/4 1/12 1/2
    """
    paid = found.alpha * found.utility / found.n_users
    assert found.p is not None
    return Point(found.cost, found.alpha, found.utility, paid, found.value, found.p)


def best_point(found: SymmetricMechanism) -> Point:
    """Take the best of all equilibria; payments are those of a user who shares.

    Examples
    --------
    >>> print(*best_point(mechanism("1/2")))
    1/2 3/4 2/3 1/2 1/6 1
    """
    best = found.overall
    sharing = best.less_private
    paid = best.alpha * best.utility / sharing if sharing else Fraction(0)
    return Point(found.cost, best.alpha, best.utility, paid, best.value, sharing)


def curves() -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """Symmetric and overall optimum at costs 0, 1/240, …, 1, the thresholds 1/3 and 2/3 among them."""
    solved = [mechanism(Fraction(step, COST_STEPS)) for step in range(COST_STEPS + 1)]
    return tuple(map(symmetric_point, solved)), tuple(map(best_point, solved))


def fig8() -> tuple[Plate, ...]:
    """The figure."""
    symmetric, best = curves()
    rows = [[float(entry) for entry in (*left, *right[1:])] for left, right in zip(symmetric, best, strict=True)]
    return (Plate("fig8", draw_regimes(symmetric, best), HEADERS_8, rows),)


@house_style()
def draw_regimes(symmetric: Sequence[Point], best: Sequence[Point]) -> Figure:
    """Draw alpha above utility and payments, for symmetric and for all equilibria."""
    figure = new_figure(10.5, 7, "Two users: the platform's optimum as privacy becomes dearer")
    axes = figure.subplots(2, 2, sharex=True, sharey="row")
    found = mechanism(Fraction(1, 2))
    low, high = float(found.cost_threshold), float(found.exit_threshold)
    _draw_column(axes[:, 0], symmetric, "each user")
    _draw_column(axes[:, 1], best, "each user who shares")
    axes[0, 0].set_title("Both users do the same (the paper's Fig. 8)", pad=26)
    axes[0, 1].set_title("Every equilibrium (what the paper leaves out)", pad=26)
    for top, bottom, middle in ((*axes[:, 0], "both mix"), (*axes[:, 1], "one shares")):
        for words, left, right in (("both share", 0, low), (middle, low, high), ("nobody shares", high, 1)):
            edge = top.get_xaxis_transform()
            top.text((left + right) / 2, 1.02, words, transform=edge, ha="center", va="bottom", color=MUTED)
        for panel, place in product((top, bottom), (low, high)):
            panel.axvline(place, color=MUTED, linewidth=0.9, linestyle=":")
        bottom.set_xticks([0, 0.2, low, 0.5, high, 0.8, 1], ["0", "0.2", "1/3", "0.5", "2/3", "0.8", "1"])
    axes[0, 0].set_ylabel("share paid out, $\\alpha^*$")
    axes[1, 0].set_ylabel("in the unit of the utility")
    for panel, where, text in (
        (axes[0, 0], (0.2, 0.3), "$\\alpha^* = 2c$"),
        (axes[0, 0], (0.47, 0.72), "$\\alpha^* = \\frac{6c}{3c+2}$"),
        (axes[0, 1], (0.2, 0.3), "$\\alpha^* = 2c$"),
        (axes[0, 1], (0.52, 0.62), "$\\alpha^* = \\frac{3c}{2}$"),
        (axes[0, 0], (0.83, 0.06), "$\\alpha^* = 0$"),
        (axes[0, 1], (0.83, 0.06), "$\\alpha^* = 0$"),
    ):
        panel.text(*where, text, fontsize=11, ha="left" if where[0] < 0.8 else "center")
    return figure


def _draw_column(axes: Sequence[Axes], points: Sequence[Point], payee: str) -> None:
    # Runs end where alpha jumps, so that no line is drawn across the jump.
    alphas = [point.alpha for point in points]
    jumps = [place for place, (low, high) in enumerate(pairwise(alphas), 1) if not -_JUMP < high - low < _JUMP]
    for start, stop in pairwise((0, *jumps, len(points))):
        costs, *columns = np.array(points[start:stop], dtype=float).T
        drawn = dict(zip(Point._fields[1:], columns, strict=True))
        axes[0].plot(costs, drawn["alpha"], color=INK, linewidth=2.2)
        for name, colour, style, label in (
            ("utility", level_colour(2), "-", "total utility $U$"),
            ("kept", ACCENT, "-", "the platform keeps $(1-\\alpha^*)U$"),
            ("paid_to_each", level_colour(3), "--", f"paid to {payee}"),
        ):
            axes[1].plot(costs, drawn[name], style, color=colour, linewidth=2, label=None if start else label)
    for panel in axes:
        panel.set_xlim(0, 1)
        panel.set_ylim(-0.03, 1.05)
        tidy(panel, "y")
    axes[1].set_xlabel("privacy cost of sharing, $c$")
    axes[1].legend(loc="upper right", frameon=True, edgecolor="none", framealpha=1)


STEPS = 150
FINE_STEPS = 600
WINDOW = (0.22, 0.38)
"""Costs around the half-mixed region."""

HEADERS_9 = ("cost_1", "cost_2", "alpha", "paid_to_user_2", "platform_keeps", "utility", "absent_1", "absent_2", "kind")
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


def fig9() -> tuple[Plate, ...]:
    """The paper's two panels, and the map of regions."""
    found, fine, window = optima(0, 1, STEPS), optima(0, 1, FINE_STEPS), optima(*WINDOW, FINE_STEPS)
    return (
        Plate("fig9", draw_panels(found), HEADERS_9, _rows(found)),
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
        _draw_square(axes, part, part.kind, cmap=ListedColormap(_COLOURS), vmin=-0.5, vmax=len(KINDS) - 0.5)
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
