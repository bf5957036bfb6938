"""Figures of results: panels on axes handed in, and whole figures made of them.

Every command's ``--figure`` and the documentation draw by these functions; the paper's own figures are in `paper`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import as_number
from fairgames.report.style import ACCENT, INK, MUTED, house_style, level_colour, new_figure, root_scale, tidy
from fairgames.report.tables import letter_key, profile_label
from fairgames.report.terminal import decimals
from fairgames.result import Paying, Record, format_value
from fairgames.tolerance import comparison_tolerance

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairgames.assessment.changes import Sweep
    from fairgames.assessment.rules import RuleComparison, RuleOutcome
    from fairgames.equilibrium.intervals import StableProfile
    from fairgames.fitting.fit import Fit
    from fairgames.mechanism.landscape import Landscape, Piece
    from fairgames.mechanism.optimum import Optimum
    from fairgames.scenario.scenario import Scenario
    from fairgames.scenario.users import UserRow


TITLE_PAD = 22
"""Points between a panel and its title, with room for one line of legend."""

_BEST_PAID = "the {} best paid of {} users"
_BEST_CHOICES = "the best {} of {} for the platform"
MOST_ROWS = 30
"""A figure shows at most so many users or equilibria; its title says so."""

_POINTS_PER_CURVE = 65
_SMALL_ALPHA = 0.1
_THICKEST_BAR = 0.4  # inches
_MOST_NAMES, _FEW_NAMES = 25, 6
_ROOT_TICKS = (0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1)


def draw_payments(axes: Axes, rows: Sequence[UserRow], title: str) -> None:
    """Draw a bar for each user's payment, coloured by level, with a tick where its privacy cost lies.

    Of many users those who are paid most, in that order; what is left out is said below.
    """
    from matplotlib.patches import Patch

    rows, left = _best_paid(rows)
    title = _titled(title, len(rows), len(rows) + len(left), _BEST_PAID)
    places = np.arange(len(rows))
    payments = [float(row.payment) for row in rows]
    errors = [1.96 * row.standard_error for row in rows]
    axes.barh(
        places,
        payments,
        height=_bar_height(axes, len(rows)),
        color=[MUTED if row.level is None else level_colour(row.level) for row in rows],
        xerr=errors if any(errors) else None,
        error_kw={"ecolor": INK, "elinewidth": 1},
    )
    names = {row.level: row.level_name for row in rows if row.level is not None}
    keys: list[Artist] = [Patch(color=level_colour(level), label=names[level]) for level in sorted(names)]
    costs = np.array([float(row.cost) if row.cost and row.cost < math.inf else math.nan for row in rows])
    if np.isfinite(costs).any():
        keys += axes.plot(costs, places, "D", color="white", markeredgecolor=INK, markersize=5, label="privacy cost")
    edges = np.fmax(np.fmax(payments, 0.0), costs).tolist()
    for edge, place, text in zip(edges, places.tolist(), decimals(payments, 4), strict=True):
        axes.annotate(text, (edge, place), (6, 0), textcoords="offset points", va="center")
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_yticks(places, [row.label for row in rows])
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.margins(x=0.15)
    axes.set_xlabel("payment to each user" + _left_out(left))
    axes.set_title(title, pad=TITLE_PAD)
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(keys), borderaxespad=0.2)
    tidy(axes, "x")
    axes.tick_params(axis="y", length=0)


def _best_paid(rows: Sequence[UserRow]) -> tuple[Sequence[UserRow], Sequence[UserRow]]:
    """Rows that a figure has room for, the others after them; as they are where it has room for all."""
    if len(rows) <= MOST_ROWS:
        return rows, ()
    ordered = sorted(rows, key=lambda row: -row.payment)
    return ordered[:MOST_ROWS], ordered[MOST_ROWS:]


def _left_out(rows: Sequence[UserRow]) -> str:
    if not rows:
        return ""
    at: dict[str, int] = {}
    for row in rows:
        at[row.level_name] = at.get(row.level_name, 0) + row.count
    levels = ", ".join(f"{count:,} {level}" for level, count in at.items())
    (paid,) = decimals([sum(row.payment * row.count for row in rows)], 4)
    return f"\nleft out: {levels}; together they are paid {paid}"


def _bar_height(axes: Axes, rows: int) -> float:
    """Fill the rows, but for few of them in a high figure, where bars would turn into blocks."""
    inches_a_row = axes.get_figure(root=True).get_figheight() / max(rows, 1)  # type: ignore[union-attr]
    return min(0.7, _THICKEST_BAR / inches_a_row)


def draw_intervals(
    axes: Axes, stable: Sequence[StableProfile], spec: Scenario, title: str, alpha: float | None = None
) -> None:
    """Draw the interval of alpha of each of the first equilibria, darker for more utility; the title says how many."""
    shown = sorted(stable[:MOST_ROWS], key=lambda entry: (entry.alpha_from, entry.alpha_to))
    labels = [profile_label(spec, entry.profile) for entry in shown]
    largest = max((float(entry.utility) for entry in shown), default=1.0) or 1.0
    for place, entry in enumerate(shown):
        low, high = float(entry.alpha_from), float(entry.alpha_to)
        strength = 0.3 + 0.7 * max(0.0, float(entry.utility) / largest)
        # The marks keep intervals in sight that are narrower than the line is wide.
        bar = axes.plot([low, high], [place, place], "|-", color=level_colour(2), linewidth=5, alpha=strength)
        bar[0].set_solid_capstyle("butt")
    if alpha is not None:
        axes.axvline(alpha, color=ACCENT, linewidth=1, linestyle=":", zorder=3)
    axes.set_yticks(range(len(shown)), labels, family="monospace")
    axes.set_ylim(len(shown) - 0.4, -0.6)
    label = _scale_alpha(axes, [float(entry.alpha_from) for entry in shown])
    axes.set_xlabel(f"{label}\n{letter_key(spec.levels)}; darker: more utility")
    axes.set_title(_titled(title, len(shown), len(stable), _BEST_CHOICES))
    tidy(axes, "x")


def draw_landscape(axes: Axes, landscape: Landscape, optimum: Optimum | None = None) -> None:
    """Draw what the platform keeps at each alpha, mark its optimum, and the bound where only a search was possible.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    landscape : Landscape
        The value as a function of alpha.
    optimum : Optimum, optional
        What is marked.
    """
    for piece in landscape.pieces:
        alphas, values = curve(piece)
        if len(alphas) == 1:
            axes.plot(alphas, values, "o", color=level_colour(2), markersize=3)
        else:
            axes.plot(alphas, values, color=level_colour(2), linewidth=1.8, solid_capstyle="butt")
    bound = None if optimum is None or optimum.regret is None else optimum.upper_bound
    if bound is not None:
        axes.axhline(float(bound), color=INK, linewidth=1, linestyle="--")
        text = f"no equilibrium leaves more than {format_value(float(bound), 4)}"
        axes.annotate(text, (1, float(bound)), (-4, 4), textcoords="offset points", ha="right", va="bottom", color=INK)
    if optimum is not None and optimum.alpha is not None and optimum.value is not None:
        alpha, value = float(optimum.alpha), float(optimum.value)
        axes.plot([alpha], [value], "o", color=ACCENT, markersize=7, zorder=5)
        axes.axvline(alpha, color=ACCENT, linewidth=0.8, linestyle=":", zorder=1)
        name = "optimum" if optimum.verified else "NOT VERIFIED"
        note = f"{name}: pays out {_in_short(optimum.alpha_text)},\nkeeps {format_value(value, 4)}"
        right, side = (8, "left") if alpha < 0.6 else (-8, "right")
        # Above the bound, what the search met next to the optimum stays in sight.
        place, up = ((alpha, value), 6) if bound is None else ((alpha, float(bound)), 22)
        axes.annotate(note, place, (right, up), textcoords="offset points", ha=side, va="bottom", color=ACCENT)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    label = _scale_alpha(axes, [float(piece.alpha_from) for piece in landscape.pieces])
    axes.margins(y=0.18)
    if axes.dataLim.y0 >= -comparison_tolerance(np.array([axes.dataLim.y1])):
        axes.set_ylim(bottom=0)
    axes.set_xlabel(label)
    axes.set_ylabel("platform keeps (1 − alpha)·U")
    searched = optimum is not None and optimum.regret is not None
    which = "equilibria that the search met" if searched else f"{landscape.selection} equilibrium"
    axes.set_title(f"What the platform keeps ({which})")
    tidy(axes, "y")


def _in_short(alpha: str) -> str:
    """An alpha with few digits; of more, so many as tell where it is drawn."""
    return alpha if len(alpha) <= 8 else f"about {float(Fraction(alpha)):.3g}"


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
        root_scale(axes, _ROOT_TICKS)
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


def draw_rules(axes: Axes, outcomes: Sequence[RuleOutcome]) -> None:
    """Draw what the platform keeps and the users gain under each payment rule.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    outcomes : sequence of RuleOutcome
        Top to bottom.
    """
    places = np.arange(len(outcomes))
    amounts = [(one.platform_keeps, one.users_surplus, one.worst_keeps) for one in outcomes]
    kept, gained, worst = np.array(amounts, dtype=float).reshape(-1, 3).T  # None becomes NaN
    axes.barh(places - 0.2, kept, height=0.38, color=level_colour(2), label="the platform keeps")
    axes.barh(places + 0.2, gained, height=0.38, color=level_colour(1), label="the users gain")
    (marks,) = axes.plot(worst, places - 0.2, "D", color="white", markeredgecolor=INK, markersize=5)
    marks.set(label="kept at worst", clip_on=False, zorder=3)
    broken = ["" if one.axioms.fair else f"\nbreaks {', '.join(one.axioms.broken)}" for one in outcomes]
    axes.set_yticks(places, [one.rule + breaks for one, breaks in zip(outcomes, broken, strict=True)])
    axes.invert_yaxis()
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_xlabel("in the unit of the utility")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)
    tidy(axes, "x")


def draw_sweep(axes: Axes, result: Sweep, quantity: str, label: str) -> None:
    """Draw one quantity of the optimum against the number that was varied."""
    numbers = [float(as_number(value, "values", allow_inf=True)) for value in result.values]
    # The optimum may jump between the solved values, so these are marked and merely joined by dots.
    axes.plot(numbers, result.column(quantity).astype(float), "o:", color=level_colour(2), markersize=5)
    axes.margins(y=0.1)
    axes.set_xlabel(result.name)
    axes.set_ylabel(label)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    tidy(axes, "y")


@house_style()
def draw(result: Record, ax: Axes | None) -> Axes:
    """Draw the picture of a result; `Record.plot` tells of the errors."""
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes | None):
        raise InputError("ax", "must be matplotlib axes", ax)
    panel = _panel_of(result)
    if panel is None:
        raise InputError("plot", f"has no picture of a {type(result).__name__}; to_frame() gives its numbers")
    rows = min(len(result.users), MOST_ROWS) if panel is _draw_users and isinstance(result, Paying) else 8
    axes = new_figure(7, max(4.2, 1.6 + 0.28 * rows)).add_subplot() if ax is None else ax
    panel(axes, result)
    return axes


def _panel_of(result: Any) -> Callable[[Axes, Any], None] | None:
    """Find what draws a result, by the names of its class and those above it."""
    panels: dict[str, Callable[[Axes, Any], None]] = {
        "Optimum": _draw_optimum,
        "Landscape": draw_landscape,
        "StableProfile": lambda axes, found: draw_intervals(axes, [found], found.scenario, found.scenario.title),
        "RuleComparison": lambda axes, found: draw_rules(axes, found.outcomes),
        "Sweep": lambda axes, found: draw_sweep(axes, found, "value", "the platform keeps"),
        "Fit": draw_groups,
        "Paying": _draw_users,
    }
    return next((panels[kind.__name__] for kind in type(result).__mro__ if kind.__name__ in panels), None)


def _draw_optimum(axes: Axes, optimum: Optimum) -> None:
    if optimum.landscape is None:
        _draw_users(axes, optimum)
    else:
        draw_landscape(axes, optimum.landscape, optimum)


def _draw_users(axes: Axes, result: Paying) -> None:
    """Draw what users are paid, the best paid ones of many."""
    draw_payments(axes, result.users.rows, "Payments")


@house_style()
def payments_figure(rows: Sequence[UserRow], title: str) -> Figure:
    """Draw what each user is paid at one profile."""
    figure = new_figure(7, 1.6 + 0.28 * min(len(rows), MOST_ROWS))
    draw_payments(figure.add_subplot(), rows, title)
    return figure


@house_style()
def intervals_figure(stable: Sequence[StableProfile], spec: Scenario, alpha: float | None = None) -> Figure:
    """Draw the interval of alpha of each pure equilibrium."""
    shown = stable[:MOST_ROWS]
    figure = new_figure(7, 1.4 + 0.22 * len(shown))
    draw_intervals(figure.add_subplot(), stable, spec, spec.title, alpha)
    return figure


@house_style()
def solution_figure(
    optimum: Optimum, rows: Sequence[UserRow], stable: Sequence[StableProfile], spec: Scenario
) -> Figure:
    """Draw a whole solution: what the platform keeps, what it pays, and which choices are stable when."""
    panels = (optimum.landscape is not None) + bool(rows) + bool(stable)
    high = max(4.5 if panels > 1 else 3, 2 + 0.26 * min(max(len(rows), len(stable)), MOST_ROWS))
    figure = new_figure(max(5.5 * panels, 7), high, spec.title)
    drawn = figure.subplots(1, max(panels, 1), squeeze=False)[0]
    axes = iter(drawn)
    if optimum.landscape is not None:
        draw_landscape(next(axes), optimum.landscape, optimum)
    if rows:
        draw_payments(next(axes), rows, "Payments at the optimum")
    if stable:
        draw_intervals(next(axes), stable, spec, "Stable choices")
    for panel in drawn:
        panel.set_title(panel.get_title(loc="left"), pad=TITLE_PAD)
    return figure


@house_style()
def contrast_figure(optima: Sequence[Optimum], titles: Sequence[str]) -> Figure:
    """Draw the landscapes of several problems side by side.

    Parameters
    ----------
    optima : sequence of Optimum
        Each with its landscape.
    titles : sequence of str
        One a panel.

    Returns
    -------
    Figure
        One panel a problem.

    Raises
    ------
    InputError
        If an optimum has no landscape.
    """
    figure = new_figure(5.5 * len(optima), 4.2)
    panels = figure.subplots(1, len(optima), squeeze=False)[0]
    for axes, optimum, title in zip(panels, optima, titles, strict=True):
        if optimum.landscape is None:
            raise InputError("optima", "must have a landscape each")
        draw_landscape(axes, optimum.landscape, optimum)
        axes.set_title(title)
    return figure


@house_style()
def fit_figure(fit: Fit) -> Figure:
    """Draw each group's mean against its size, to see whether the model suits."""
    figure = new_figure(7, 4.5)
    draw_groups(figure.add_subplot(), fit)
    return figure


@house_style()
def comparison_figure(compared: RuleComparison, title: str) -> Figure:
    """Draw payment rules side by side."""
    figure = new_figure(8, 1.8 + 0.6 * len(compared.outcomes), title)
    draw_rules(figure.add_subplot(), compared.outcomes)
    return figure


@house_style()
def sweep_figure(result: Sweep, title: str) -> Figure:
    """Draw the optimal alpha, and what the platform keeps, against the number that was varied."""
    figure = new_figure(9, 3.8, title)
    left, right = figure.subplots(1, 2)
    draw_sweep(left, result, "alpha", "optimal alpha")
    draw_sweep(right, result, "value", "the platform keeps")
    return figure


def _titled(title: str, shown: int, total: int, which: str) -> str:
    return title if shown == total else f"{title} ({which.format(shown, f'{total:,}')})"
