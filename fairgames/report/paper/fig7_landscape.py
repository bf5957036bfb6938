"""Fig. 7: what the platform keeps at every alpha, and who does what there, from the exact landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fairgames.equilibrium.intervals import StableProfile, stable_profiles
from fairgames.errors import FairGamesError
from fairgames.mechanism.landscape import Piece
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.report.figures import curve
from fairgames.report.paper.inputs import (
    COST_COLOURS,
    COST_KINDS,
    HETEROGENEOUS,
    HOMOGENEOUS,
    LEVEL_WORDS,
    SAMPLES,
    USER_INPUTS,
    Regime,
    costs,
    federated_mean,
)
from fairgames.report.paper.plate import Plate, note_inputs
from fairgames.report.style import ACCENT, house_style, level_colour, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADERS = (
    "line",
    "alpha_from",
    "closed_from",
    "alpha_to",
    "closed_to",
    "utility",
    "value_at_alpha_from",
    *(f"level_of_user_{user}" for user in range(1, len(SAMPLES) + 1)),
)
TICKS = (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1)


class Panel(NamedTuple):
    """The platform's problem in one regime: the optimum with its landscape, and every pure equilibrium."""

    regime: Regime
    optimum: Optimum
    stable: tuple[StableProfile, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The best equilibrium at every alpha."""
        if self.optimum.landscape is None:
            raise FairGamesError("the optimum has no landscape")
        return self.optimum.landscape.pieces


def panel(regime: Regime) -> Panel:
    """Solve eq. 19 for the ten users.

    Examples
    --------
    >>> panel(HOMOGENEOUS).optimum.profile
    (0, 0, 0, 0, 1, 0, 0, 0, 1, 0)
    """
    utility, prices = federated_mean(regime), costs()
    return Panel(regime, optimal_alpha(utility, prices), stable_profiles(utility, prices))


def plates() -> tuple[Plate, ...]:
    """Fig. 7a (homogeneous) and Fig. 7b (heterogeneous)."""
    return tuple(
        Plate(name, draw(found), HEADERS, _rows(found))
        for name, found in (("fig7a", panel(HOMOGENEOUS)), ("fig7b", panel(HETEROGENEOUS)))
    )


def _rows(found: Panel) -> list[list[object]]:
    best: list[list[object]] = [
        [
            "best",
            piece.alpha_from,
            piece.closed_from,
            piece.alpha_to,
            piece.closed_to,
            piece.terms[0],
            piece.value(piece.alpha_from),
            *(piece.profile or ()),
        ]
        for piece in found.pieces
    ]
    every: list[list[object]] = [
        [
            "equilibrium",
            one.alpha_from,
            True,
            one.alpha_to,
            True,
            one.utility,
            (1 - one.alpha_from) * one.utility,
            *one.profile,
        ]
        for one in found.stable
    ]
    return [*best, *every]


@house_style()
def draw(found: Panel) -> Figure:
    """Draw the landscape above the levels that users choose."""
    figure = new_figure(8.5, 7.6, f"What the platform keeps, and who shares what: {found.regime.name} users")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[1.15, 1])
    _draw_values(top, found)
    _draw_levels(bottom, found)
    note_inputs(figure, USER_INPUTS.replace(", and", ",") + ", $s^2$ and $r^2$.")
    return figure


def _draw_values(axes: Axes, found: Panel) -> None:
    from matplotlib.collections import LineCollection

    # A straight line is bent by the scale of alpha, so each is drawn through many points.
    whole = [
        Piece(one.alpha_from, one.alpha_to, closed_from=True, closed_to=True, terms=(one.utility, 0, 0))
        for one in found.stable
    ]
    segments = [list(zip(*curve(piece), strict=True)) for piece in whole]
    axes.add_collection(LineCollection(segments, colors="#BBBBBB", linewidths=0.9, label="every other equilibrium"))
    left_at = 0.0
    for place, piece in enumerate(found.pieces):
        alphas, values = curve(piece)
        label = "best equilibrium, $\\max_\\rho (1-\\alpha)U(\\rho)$" if place == 0 else None
        axes.plot(alphas, values, color="black", linewidth=2, solid_capstyle="butt", label=label)
        if place > 0:
            axes.plot([alphas[0]] * 2, [left_at, values[0]], color="black", linewidth=0.6)
        left_at = values[-1]
    alpha, value = _at(found.optimum)
    axes.plot([alpha], [value], "o", color=ACCENT, markersize=9, zorder=5, label="optimum $\\alpha^*$")
    axes.annotate(
        f"$\\alpha^* = {alpha:.4f}$: the platform\nkeeps {value:.2f} of $U = {float(found.optimum.utility or 0):.2f}$",
        (alpha, value),
        (9, 9),
        textcoords="offset points",
        color=ACCENT,
        fontsize=11,
    )
    axes.set_ylabel("platform keeps $(1-\\alpha)\\,U(\\rho)$")
    axes.set_ylim(0, value * 1.3)
    axes.set_title(found.regime.label, pad=26)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    tidy(axes, "y")


def _draw_levels(axes: Axes, found: Panel) -> None:
    from matplotlib.patches import Patch

    for user in range(len(SAMPLES)):
        for level in range(3):
            spans: Any = [
                (float(piece.alpha_from), float(piece.alpha_to) - float(piece.alpha_from))
                for piece in found.pieces
                if piece.profile is not None and piece.profile[user] == level
            ]
            axes.broken_barh(spans, (user - 0.42, 0.84), facecolor=level_colour(level), linewidth=0)
    alpha, _ = _at(found.optimum)
    axes.axvline(alpha, color=ACCENT, linewidth=1.4)
    axes.set_ylim(len(SAMPLES) - 0.4, -0.6)
    axes.set_yticks(range(len(SAMPLES)), [f"user {user}" for user in range(1, len(SAMPLES) + 1)])
    for user, (samples, kind) in enumerate(zip(SAMPLES, COST_KINDS, strict=True)):
        swatch = {"boxstyle": "round,pad=0.15", "facecolor": COST_COLOURS[kind], "edgecolor": "none"}
        ink = "white" if kind in "DE" else "black"
        axes.text(1.02, user, kind, transform=axes.get_yaxis_transform(), va="center", color=ink, bbox=swatch)
        weight = "bold" if samples > 10 else "normal"
        axes.text(
            1.055, user, f"$n_i$ = {samples}", transform=axes.get_yaxis_transform(), va="center", fontweight=weight
        )
    axes.text(1.02, -1.1, "$c_i$ of Fig. 6, and data", transform=axes.get_yaxis_transform(), fontsize=8)
    axes.set_xscale("function", functions=(lambda x: np.sqrt(np.maximum(x, 0)), np.square))
    axes.set_xlim(0, 1)
    axes.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes.set_xlabel("share of the utility paid out, $\\alpha$ (square-root scale)")
    keys = [
        Patch(color=level_colour(level), label=f"$\\rho_i = {level}$ {word}") for level, word in enumerate(LEVEL_WORDS)
    ]
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)


def _at(optimum: Optimum) -> tuple[float, float]:
    if optimum.alpha is None or optimum.value is None:
        raise FairGamesError("nothing meets the constraints")
    return float(optimum.alpha), float(optimum.value)
