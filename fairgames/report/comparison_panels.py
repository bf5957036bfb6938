"""Panels that put several answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fairgames.assessment.rule_outcome import RuleOutcome
from fairgames.assessment.sweep import Sweep
from fairgames.exactness import as_number
from fairgames.report.style import INK, MUTED, level_colour, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    kept = [np.nan if outcome.platform_keeps is None else float(outcome.platform_keeps) for outcome in outcomes]
    gained = [np.nan if outcome.users_surplus is None else float(outcome.users_surplus) for outcome in outcomes]
    worst = [np.nan if outcome.worst_keeps is None else float(outcome.worst_keeps) for outcome in outcomes]
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
    """Draw one quantity of the optimum against the number that was varied.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    result : Sweep
        The optima.
    quantity : str
        A numeric field of `Optimum`.
    label : str
        What it is, in words.
    """
    numbers = [float(as_number(value, "values", allow_inf=True)) for value in result.values]
    # The optimum may jump between the solved values, so these are marked and merely joined by dots.
    axes.plot(numbers, result.column(quantity).astype(float), "o:", color=level_colour(2), markersize=5)
    axes.margins(y=0.1)
    axes.set_xlabel(result.name)
    axes.set_ylabel(label)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    tidy(axes, "y")
