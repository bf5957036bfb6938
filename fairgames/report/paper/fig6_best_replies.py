"""Fig. 6: payments and costs of five kinds of users at an equilibrium; each user's choice is its best reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from fairgames.payments.fair import payment_table
from fairgames.report.paper.inputs import (
    ALPHA_OF_FIG_6,
    COST_COLOURS,
    COST_FUNCTIONS,
    COST_KINDS,
    HETEROGENEOUS,
    LEVEL_WORDS,
    PROFILE,
    SAMPLES,
    USER_INPUTS,
    federated_mean,
)
from fairgames.report.paper.plate import Plate, note_inputs
from fairgames.report.style import ACCENT, MUTED, house_style, level_colour, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADERS = ("cost_function", "users", "samples", "level", "payment", "cost", "gain", "chosen")

TOP = 3.7
"""Largest payment or cost in view; one cost of 20 lies above."""


class Choice(NamedTuple):
    """What one kind of user is paid, and bears, at each level while everybody else stays.

    Attributes
    ----------
    kind : str
        Letter of the cost function.
    users : int
        Number of users of this kind.
    samples : int
        Sample size of each.
    payments, costs : tuple of float
        At levels 0, 1 and 2.
    level : int
        The level chosen.
    """

    kind: str
    users: int
    samples: int
    payments: tuple[float, ...]
    costs: tuple[float, ...]
    level: int

    @property
    def gains(self) -> tuple[float, ...]:
        """Payment less cost at each level."""
        return tuple(paid - cost for paid, cost in zip(self.payments, self.costs, strict=True))


def choices() -> tuple[Choice, ...]:
    """Each kind of user at the equilibrium that is drawn."""
    table = payment_table(federated_mean(HETEROGENEOUS), ALPHA_OF_FIG_6)
    found = []
    for kind, costs in COST_FUNCTIONS.items():
        user = COST_KINDS.index(kind)
        others = PROFILE[:user], PROFILE[user + 1 :]
        payments = table.user(user)
        paid = tuple(float(payments[(*others[0], level, *others[1])]) for level in range(len(costs)))
        prices = tuple(map(float, costs))
        found.append(Choice(kind, COST_KINDS.count(kind), SAMPLES[user], paid, prices, PROFILE[user]))
    return tuple(found)


def plates() -> tuple[Plate, ...]:
    """The figure."""
    found = choices()
    rows = [
        [one.kind, one.users, one.samples, level, one.payments[level], one.costs[level], gain, level == one.level]
        for one in found
        for level, gain in enumerate(one.gains)
    ]
    return (Plate("fig6", draw(found), HEADERS, rows),)


@house_style()
def draw(found: Sequence[Choice]) -> Figure:
    """Draw payments against costs, a panel for each kind of user."""
    figure = new_figure(12, 4.3, "An equilibrium: no user gains by another level while the others stay")
    axes = figure.subplots(1, len(found), sharey=True)
    for panel, one in zip(axes, found, strict=True):
        _draw_choice(panel, one)
    axes[len(found) // 2].set_xlabel("privacy level $\\rho_i$, and below it the gain: payment less cost")
    axes[0].set_ylabel("in the unit of the utility")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=3)
    note_inputs(figure, f"{USER_INPUTS}; $\\alpha = {ALPHA_OF_FIG_6:g}$. As printed: {HETEROGENEOUS.label}, $a_i = 1$.")
    return figure


def _draw_choice(axes: Axes, one: Choice) -> None:
    levels = range(len(one.costs))
    colour = COST_COLOURS[one.kind]
    axes.vlines(levels, one.costs, one.payments, color=MUTED, linewidth=0.8, linestyle=":")
    axes.plot(levels, one.payments, "o-", color=level_colour(2), label="payment $\\alpha\\phi_i(\\rho_i;\\rho_{-i})$")
    axes.plot(levels, one.costs, "s--", color=colour, markeredgecolor=MUTED, label="privacy cost $c_i(\\rho_i)$")
    axes.plot(
        [one.level],
        [one.payments[one.level]],
        "*",
        color=ACCENT,
        markersize=15,
        zorder=5,
        label="the user's choice",
        linestyle="none",
    )
    who = "1 user" if one.users == 1 else f"{one.users} users"
    axes.set_title(f"cost function {one.kind}\n{who}, $n_i = {one.samples}$")
    gains = [f"{gain:+.2f}".replace("-", "−") if gain else "0" for gain in one.gains]
    axes.set_xticks(
        levels, [f"{level}\n{word}\n{gain}" for level, word, gain in zip(levels, LEVEL_WORDS, gains, strict=True)]
    )
    axes.get_xticklabels()[one.level].set_fontweight("bold")
    axes.set_xlim(-0.45, 2.45)
    axes.set_ylim(-0.2, TOP)
    if max(one.costs) > TOP:
        axes.text(1.2, TOP - 0.05, f"$c_i(2) = {max(one.costs):g}$", va="top", fontsize=9)
    tidy(axes, "y")
