"""Whole figures, made of panels: what ``--figure`` draws for each command, and what the documentation shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import as_number
from fairgames.report.panels import TITLE_PAD, draw_groups, draw_intervals, draw_landscape, draw_payments
from fairgames.report.style import INK, MUTED, house_style, level_colour, new_figure, tidy
from fairgames.report.tables import letter_key, profile_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fairgames.assessment.rules import RuleComparison, RuleOutcome
    from fairgames.assessment.sweep import Sweep
    from fairgames.equilibrium.intervals import StableProfile
    from fairgames.fitting.fit import Fit
    from fairgames.mechanism.optimum import Optimum
    from fairgames.report.tables import UserRow
    from fairgames.spec.specification import Specification


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
    axes.set_yticks(places, [_rule_label(outcome) for outcome in outcomes])
    axes.invert_yaxis()
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_xlabel("in the unit of the utility")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)
    tidy(axes, "x")


def _rule_label(outcome: RuleOutcome) -> str:
    return outcome.rule if outcome.axioms.fair else f"{outcome.rule}\nbreaks {', '.join(outcome.axioms.broken)}"


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


_FIRST_USERS = "the first {} of {} users"
_BEST_CHOICES = "the best {} of {} for the platform"
MOST_ROWS = 30
"""A figure shows at most so many users or equilibria; its title says so."""


@house_style()
def payments_figure(rows: Sequence[UserRow], title: str) -> Figure:
    """Draw what each user is paid at one profile."""
    shown = rows[:MOST_ROWS]
    figure = new_figure(7, 1.6 + 0.28 * len(shown))
    draw_payments(figure.add_subplot(), shown, _titled(title, len(shown), len(rows), _FIRST_USERS))
    return figure


@house_style()
def intervals_figure(stable: Sequence[StableProfile], spec: Specification, alpha: float | None = None) -> Figure:
    """Draw the interval of alpha of each pure equilibrium."""
    shown = stable[:MOST_ROWS]
    figure = new_figure(7, 1.4 + 0.22 * len(shown))
    _draw_intervals(figure.add_subplot(), stable, spec, spec.title, alpha)
    return figure


@house_style()
def solution_figure(
    optimum: Optimum, rows: Sequence[UserRow], stable: Sequence[StableProfile], spec: Specification
) -> Figure:
    """Draw a whole solution: what the platform keeps, what it pays, and which choices are stable when."""
    users, choices = rows[:MOST_ROWS], stable[:MOST_ROWS]
    panels = (optimum.landscape is not None) + bool(users) + bool(choices)
    high = max(4.5 if panels > 1 else 3, 2 + 0.26 * max(len(users), len(choices)))
    figure = new_figure(max(5.5 * panels, 7), high, spec.title)
    drawn = figure.subplots(1, max(panels, 1), squeeze=False)[0]
    axes = iter(drawn)
    if optimum.landscape is not None:
        draw_landscape(next(axes), optimum.landscape, optimum.alpha, optimum.value)
    if users:
        draw_payments(next(axes), users, _titled("Payments at the optimum", len(users), len(rows), _FIRST_USERS))
    if choices:
        _draw_intervals(next(axes), stable, spec, "Stable choices")
    for panel in drawn:
        panel.set_title(panel.get_title(loc="left"), pad=TITLE_PAD)
    return figure


def _draw_intervals(
    axes: Axes, stable: Sequence[StableProfile], spec: Specification, title: str, alpha: float | None = None
) -> None:
    shown = sorted(stable[:MOST_ROWS], key=lambda entry: (entry.alpha_from, entry.alpha_to))
    labels = [profile_label(spec, entry.profile) for entry in shown]
    heading = _titled(title, len(shown), len(stable), _BEST_CHOICES)
    draw_intervals(axes, shown, labels, title=heading, key=letter_key(spec.levels), alpha=alpha)


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
        draw_landscape(axes, optimum.landscape, optimum.alpha, optimum.value)
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
