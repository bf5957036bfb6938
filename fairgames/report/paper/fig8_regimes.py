"""Fig. 8: the platform's optimum over the privacy cost, symmetric as in the paper, and over all equilibria."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from fairgames.exactness import Number
from fairgames.mechanism.symmetric.mechanism import SymmetricMechanism, symmetric_mechanism
from fairgames.report.paper.inputs import two_user_mean
from fairgames.report.paper.plate import Plate
from fairgames.report.style import ACCENT, INK, MUTED, house_style, level_colour, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = 240
_JUMP = Fraction(1, 20)
HEADERS = (
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
    solved = [mechanism(Fraction(step, STEPS)) for step in range(STEPS + 1)]
    return tuple(map(symmetric_point, solved)), tuple(map(best_point, solved))


def plates() -> tuple[Plate, ...]:
    """The figure."""
    symmetric, best = curves()
    rows = [[float(entry) for entry in (*left, *right[1:])] for left, right in zip(symmetric, best, strict=True)]
    return (Plate("fig8", draw(symmetric, best), HEADERS, rows),)


@house_style()
def draw(symmetric: Sequence[Point], best: Sequence[Point]) -> Figure:
    """Draw alpha above utility and payments, for symmetric and for all equilibria."""
    figure = new_figure(10.5, 7, "Two users: the platform's optimum as privacy becomes dearer")
    axes = figure.subplots(2, 2, sharex=True, sharey="row")
    found = mechanism(Fraction(1, 2))
    low, high = float(found.cost_threshold), float(found.exit_threshold)
    _draw_column(axes[:, 0], symmetric, "each user")
    _draw_column(axes[:, 1], best, "each user who shares")
    axes[0, 0].set_title("Both users do the same (the paper's Fig. 8)", pad=26)
    axes[0, 1].set_title("Every equilibrium (what the paper leaves out)", pad=26)
    for column, words in enumerate((("both share", "both mix", "nobody shares"), ("both share", "one shares", ""))):
        _name_regions(axes[0, column], (0, low, high, 1), (*words[:2], "nobody shares"))
        _mark(axes[:, column], low, high)
    axes[0, 0].set_ylabel("share paid out, $\\alpha^*$")
    axes[1, 0].set_ylabel("in the unit of the utility")
    _formulas(axes)
    return figure


def _draw_column(axes: Sequence[Axes], points: Sequence[Point], payee: str) -> None:
    runs = _runs(points)
    for place, run in enumerate(runs):
        costs = [float(point.cost) for point in run]
        labelled = place == 0
        axes[0].plot(costs, [float(point.alpha) for point in run], color=INK, linewidth=2.2)
        for name, colour, style, label in (
            ("utility", level_colour(2), "-", "total utility $U$"),
            ("kept", ACCENT, "-", "the platform keeps $(1-\\alpha^*)U$"),
            ("paid_to_each", level_colour(3), "--", f"paid to {payee}"),
        ):
            values = [float(getattr(point, name)) for point in run]
            axes[1].plot(costs, values, style, color=colour, linewidth=2, label=label if labelled else None)
    for panel in axes:
        panel.set_xlim(0, 1)
        panel.set_ylim(-0.03, 1.05)
        tidy(panel, "y")
    axes[1].set_xlabel("privacy cost of sharing, $c$")
    axes[1].legend(loc="upper right", frameon=True, edgecolor="none", framealpha=1)


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Split a curve where alpha jumps, so that no line is drawn across the jump."""
    runs = [[points[0]]]
    for before, point in pairwise(points):
        if not -_JUMP < point.alpha - before.alpha < _JUMP:
            runs.append([])
        runs[-1].append(point)
    return runs


def _mark(axes: Sequence[Axes], low: float, high: float) -> None:
    for panel in axes:
        for place in (low, high):
            panel.axvline(place, color=MUTED, linewidth=0.9, linestyle=":")
    axes[1].set_xticks([0, 0.2, low, 0.5, high, 0.8, 1], ["0", "0.2", "1/3", "0.5", "2/3", "0.8", "1"])


def _name_regions(axes: Axes, ends: Sequence[float], words: Sequence[str]) -> None:
    for left, right, word in zip(ends, ends[1:], words, strict=False):
        place = axes.get_xaxis_transform()
        axes.text((left + right) / 2, 1.02, word, transform=place, ha="center", va="bottom", color=MUTED)


def _formulas(axes: Sequence[Sequence[Axes]]) -> None:
    for panel, where, text in (
        (axes[0][0], (0.2, 0.3), "$\\alpha^* = 2c$"),
        (axes[0][0], (0.47, 0.72), "$\\alpha^* = \\frac{6c}{3c+2}$"),
        (axes[0][1], (0.2, 0.3), "$\\alpha^* = 2c$"),
        (axes[0][1], (0.52, 0.62), "$\\alpha^* = \\frac{3c}{2}$"),
        (axes[0][0], (0.83, 0.06), "$\\alpha^* = 0$"),
        (axes[0][1], (0.83, 0.06), "$\\alpha^* = 0$"),
    ):
        panel.text(*where, text, fontsize=11, ha="left" if where[0] < 0.8 else "center")
