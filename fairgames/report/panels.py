"""The panels that figures are made of, each drawn on axes handed in; rows go from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fairgames.report.style import ACCENT, INK, MUTED, level_colour, tidy
from fairgames.report.terminal import decimals
from fairgames.result import format_value
from fairgames.tolerance import comparison_tolerance

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from fairgames.equilibrium.intervals import StableProfile
    from fairgames.exactness import Number
    from fairgames.fitting.fit import Fit
    from fairgames.mechanism.landscape import Landscape, Piece
    from fairgames.report.tables import UserRow

TITLE_PAD = 22
"""Points between a panel and its title, with room for one line of legend."""

_POINTS_PER_CURVE = 65
_SMALL_ALPHA = 0.1
_THICKEST_BAR = 0.4  # inches
_MOST_NAMES, _FEW_NAMES = 25, 6
_ROOT_TICKS = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)


def draw_payments(axes: Axes, rows: Sequence[UserRow], title: str) -> None:
    """Draw a bar for each user's payment, coloured by level, with a tick where its privacy cost lies."""
    from matplotlib.patches import Patch

    places = np.arange(len(rows))
    payments = [float(row.payment) for row in rows]
    errors = [1.96 * row.standard_error for row in rows]
    axes.barh(
        places,
        payments,
        height=_bar_height(axes, len(rows)),
        color=[level_colour(row.level) for row in rows],
        xerr=errors if any(errors) else None,
        error_kw={"ecolor": INK, "elinewidth": 1},
    )
    names = {row.level: row.level_name for row in rows}
    keys: list[Artist] = [Patch(color=level_colour(level), label=names[level]) for level in sorted(names)]
    priced = [(place, float(row.cost)) for place, row in enumerate(rows) if row.cost and row.cost < math.inf]
    if priced:
        at, costs = zip(*priced, strict=True)
        keys += axes.plot(costs, at, "D", color="white", markeredgecolor=INK, markersize=5, label="privacy cost")
    for place, (row, text) in enumerate(zip(rows, decimals(payments, 4), strict=True)):
        edge = max(0.0, payments[place], float(row.cost) if row.cost and row.cost < math.inf else 0.0)
        axes.annotate(text, (edge, place), (6, 0), textcoords="offset points", va="center")
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_yticks(places, [row.label for row in rows])
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.margins(x=0.15)
    axes.set_xlabel("payment to each user")
    axes.set_title(title, pad=TITLE_PAD)
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(keys), borderaxespad=0.2)
    tidy(axes, "x")
    axes.tick_params(axis="y", length=0)


def _bar_height(axes: Axes, rows: int) -> float:
    """Fill the rows, but for few of them in a high figure, where bars would turn into blocks."""
    inches_a_row = axes.get_figure(root=True).get_figheight() / max(rows, 1)  # type: ignore[union-attr]
    return min(0.7, _THICKEST_BAR / inches_a_row)


def draw_intervals(
    axes: Axes,
    stable: Sequence[StableProfile],
    labels: Sequence[str],
    *,
    title: str,
    key: str,
    alpha: float | None = None,
) -> None:
    """Draw the interval of alpha on which each pure equilibrium holds."""
    largest = max((float(entry.utility) for entry in stable), default=1.0) or 1.0
    for place, entry in enumerate(stable):
        low, high = float(entry.alpha_from), float(entry.alpha_to)
        strength = 0.3 + 0.7 * max(0.0, float(entry.utility) / largest)
        # The marks keep intervals in sight that are narrower than the line is wide.
        bar = axes.plot([low, high], [place, place], "|-", color=level_colour(2), linewidth=5, alpha=strength)
        bar[0].set_solid_capstyle("butt")
    if alpha is not None:
        axes.axvline(alpha, color=ACCENT, linewidth=1, linestyle=":", zorder=3)
    axes.set_yticks(range(len(stable)), labels, family="monospace")
    axes.set_ylim(len(stable) - 0.4, -0.6)
    label = _scale_alpha(axes, [float(entry.alpha_from) for entry in stable])
    axes.set_xlabel(f"{label}\n{key}; darker: more utility")
    axes.set_title(title)
    tidy(axes, "x")


def draw_landscape(axes: Axes, landscape: Landscape, alpha: Number | None, value: Number | None) -> None:
    """Draw what the platform keeps at each alpha, and mark its optimum.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    landscape : Landscape
        The value as a function of alpha.
    alpha, value : number or None
        The optimum; None when there is none.
    """
    for piece in landscape.pieces:
        alphas, values = curve(piece)
        if len(alphas) == 1:
            axes.plot(alphas, values, "o", color=level_colour(2), markersize=3)
        else:
            axes.plot(alphas, values, color=level_colour(2), linewidth=1.8, solid_capstyle="butt")
    if alpha is not None and value is not None:
        alpha, value = float(alpha), float(value)
        axes.plot([alpha], [value], "o", color=ACCENT, markersize=7, zorder=5)
        axes.axvline(alpha, color=ACCENT, linewidth=0.8, linestyle=":", zorder=1)
        note = f"optimum: pays out {format_value(alpha, 3)},\nkeeps {format_value(value, 4)}"
        rightwards = alpha < 0.6
        offset, side = ((8, 6), "left") if rightwards else ((-8, 6), "right")
        axes.annotate(note, (alpha, value), offset, textcoords="offset points", ha=side, va="bottom", color=ACCENT)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    label = _scale_alpha(axes, [float(piece.alpha_from) for piece in landscape.pieces])
    axes.margins(y=0.18)
    if axes.dataLim.y0 >= -comparison_tolerance(np.array([axes.dataLim.y1])):
        axes.set_ylim(bottom=0)
    axes.set_xlabel(label)
    axes.set_ylabel("platform keeps (1 − alpha)·U")
    axes.set_title(f"What the platform keeps ({landscape.selection} equilibrium)")
    tidy(axes, "y")


def draw_groups(axes: Axes, fit: Fit) -> None:
    """Draw each group's mean against its size, with the noise that its size leaves.

    Of many groups only those are named that lie farthest from the others for their size.
    """
    means, sizes = fit.group_means, fit.samples
    noise = np.sqrt(fit.within_variance / sizes)
    axes.errorbar(sizes, means, yerr=noise, fmt="o", color=level_colour(2), ecolor=level_colour(1), markersize=5)
    centre = float(np.average(means, weights=sizes))
    axes.axhline(centre, color=MUTED, linewidth=0.8, label="overall mean")
    if fit.between_variance > 0:
        spread = math.sqrt(fit.between_variance)
        axes.axhspan(centre - spread, centre + spread, color=level_colour(0), alpha=0.2, label="± 1 sd between groups")
    distance = np.abs(means - centre) / np.sqrt(max(fit.between_variance, 0) + noise**2)
    named = range(len(sizes)) if len(sizes) <= _MOST_NAMES else np.argsort(-distance)[:_FEW_NAMES].tolist()
    for group in named:
        place = (sizes[group], means[group])
        axes.annotate(fit.group_names[group], place, (5, 5), textcoords="offset points", color=INK)
    axes.margins(x=0.1)
    axes.set_xlabel(f"observations of each {fit.group}")
    adjusted = f", adjusted for {', '.join(fit.covariates)}" if fit.covariates else ""
    axes.set_ylabel(f"mean {fit.value}{adjusted} (bars: ± 1 standard error)")
    axes.set_title(f"{fit.value} by {fit.group}", pad=TITLE_PAD)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    tidy(axes, "y")


def _scale_alpha(axes: Axes, starts: Sequence[float]) -> str:
    """Show alpha from 0 to 1, the small ones widened where most of what there is to see is small."""
    label = "share of the utility paid out (alpha)"
    if len(starts) > 3 and np.median(starts) < _SMALL_ALPHA:
        axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
        axes.set_xticks(_ROOT_TICKS, [f"{tick:g}" for tick in _ROOT_TICKS])
        label += ", square-root scale"
    axes.set_xlim(0, 1)
    return label


def curve(piece: Piece) -> tuple[list[float], list[float]]:
    """Alphas and values of a piece of the landscape, ends included, close enough for a smooth line on any scale."""
    low, high = float(piece.alpha_from), float(piece.alpha_to)
    alphas = np.linspace(low, high, 1 if low == high else _POINTS_PER_CURVE).tolist()
    if low == 0 and any(piece.terms[1:]):
        alphas = [alpha or 1e-9 * high for alpha in alphas]
    return alphas, [float(piece.value(alpha)) for alpha in alphas]
