"""Figs. 5 to 7: the ten users of section 4, their payments, best replies and the landscape.

The inputs come first: those that the paper prints, and those that we had to choose. `plate` calls `fig5` to `fig7`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from fairgames.equilibrium.intervals import StableProfile, stable_profiles
from fairgames.mechanism.landscape import Piece
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.payments.fair import payment_table
from fairgames.payments.pricing import fair_payments
from fairgames.report.figures import curve
from fairgames.report.paper.plate import Plate, note_inputs
from fairgames.report.style import ACCENT, INK, MUTED, PALETTE, house_style, level_colour, new_figure, root_scale, tidy
from fairgames.utility.federated_mean import FederatedMeanUtility


class Regime(NamedTuple):
    """How much the users' means differ, against the noise in their data."""

    name: str
    between_variance: float
    within_variance: float

    @property
    def label(self) -> str:
        """The variances in the paper's symbols."""
        return f"$s^2 = {self.between_variance:g}$, $r^2 = {self.within_variance:g}$"


HETEROGENEOUS = Regime("heterogeneous", 100, 1)
INTERMEDIATE = Regime("in between", 1, 10)
HOMOGENEOUS = Regime("homogeneous", 0.1, 100)
REGIMES = (HETEROGENEOUS, INTERMEDIATE, HOMOGENEOUS)
"""Section 4.1 prints these three pairs of variances."""

SAMPLES = (10, 10, 10, 10, 100, 10, 10, 10, 100, 10)
"""Sample sizes ``n_i``: ours (the paper prints only that some are 100, and two in Fig. 7)."""

PROFILE = (1, 1, 1, 1, 1, 2, 2, 2, 2, 0)
"""Five users federate, four share directly, one stays out, as printed; which is which is ours."""

STAR = 100
"""Importance ``a_i`` of the star user of Fig. 5b; all others have 1."""

COST_FUNCTIONS = {
    "A": ("0", "0.2", "2.4"),
    "B": ("0", "0.25", "3.3"),
    "C": ("0", "0.04", "0.21"),
    "D": ("0", "0.2", "2"),
    "E": ("0", "1.5", "20"),
}
"""Five cost functions ``c(0), c(1), c(2)`` that serve Figs. 6 and 7 together: ours."""

COST_KINDS = "AAAABCCCDE"
"""Which cost function each user has."""

LEVEL_WORDS = ("absent", "federated", "direct")

# The palette's yellow is too pale for a line; this red of Tol's is as dark as the others are not.
COST_COLOURS = dict(zip("ABCDE", (PALETTE[3], PALETTE[4], PALETTE[5], INK, "#882255"), strict=True))

ALPHA_OF_FIG_6 = 0.3

USER_INPUTS = "$n_i \\in \\{10, 100\\}$, who has which, and the five cost functions $c_i$ (one set for Figs. 6 and 7)"


def federated_mean(regime: Regime, star: int | None = None) -> FederatedMeanUtility:
    """Utility of the ten users of section 4."""
    importance = [STAR if user == star else 1 for user in range(len(SAMPLES))]
    return FederatedMeanUtility(SAMPLES, regime.between_variance, regime.within_variance, importance)


def costs() -> list[list[float]]:
    """Privacy cost of each of the ten users at each level."""
    return [[float(cost) for cost in COST_FUNCTIONS[kind]] for kind in COST_KINDS]


def user_type(user: int) -> tuple[int, int]:
    """Level and sample size of a user of Fig. 5."""
    return PROFILE[user], SAMPLES[user]


HEADERS_5 = ("panel", "between_variance", "within_variance", "level", "samples", "star", "payment", "difference")


class Bar(NamedTuple):
    """Payment of one kind of user, and how far it lies above an equal share ``U/N``."""

    level: int
    samples: int
    is_star: bool
    payment: float
    difference: float


class Payday(NamedTuple):
    """Payments in one regime."""

    regime: Regime
    star: int | None
    utility: float
    bars: tuple[Bar, ...]

    def bar(self, level: int, samples: int, is_star: bool = False) -> Bar:
        """Find the bar of one kind of user."""
        return next(bar for bar in self.bars if bar[:3] == (level, samples, is_star))

    @property
    def star_share(self) -> float:
        """Part of the utility that is paid to the star user."""
        return sum(bar.payment for bar in self.bars if bar.is_star) / self.utility


def payday(regime: Regime, star: int | None = None) -> Payday:
    """Fair payments at alpha = 1 at the profile of section 4.1.

    Examples
    --------
    >>> payday(HETEROGENEOUS, star=8).star_share > 0.9
    True
    """
    payments = fair_payments(federated_mean(regime, star), PROFILE)
    values, utility = payments.values.tolist(), float(payments.utility)
    bars = []
    for kind in ((2, 100), (2, 10), (1, 100), (1, 10), (0, 10)):
        alike = [user for user in range(len(SAMPLES)) if user_type(user) == kind]
        for is_star, users in ((True, [star] if star in alike else []), (False, [i for i in alike if i != star])):
            if users and users[0] is not None:
                paid = values[users[0]]
                bars.append(Bar(*kind, is_star, paid, paid - utility / len(SAMPLES)))
    return Payday(regime, star, utility, tuple(bars))


def alike() -> tuple[Payday, ...]:
    """Fig. 5a, left to right: heterogeneity falls."""
    return tuple(payday(regime) for regime in REGIMES)


def with_a_star() -> tuple[Payday, ...]:
    """Fig. 5b, left to right: the star shares directly and has much data; then it federates and has little."""
    stars = (PROFILE.index(2) + SAMPLES[PROFILE.index(2) :].index(100), 0)
    return tuple(payday(regime, star) for star in stars for regime in (HETEROGENEOUS, HOMOGENEOUS))


def fig5() -> tuple[Plate, ...]:
    """Both parts of the figure."""
    first, second = alike(), with_a_star()
    return (
        Plate("fig5a", draw_alike(first), HEADERS_5, _payday_rows(first)),
        Plate("fig5b", draw_with_a_star(second), HEADERS_5, _payday_rows(second)),
    )


@house_style()
def draw_alike(paydays: Sequence[Payday]) -> Figure:
    """Draw Fig. 5a."""
    figure = new_figure(9.5, 4.2, "Who is paid above the average?")
    axes = figure.subplots(1, len(paydays), sharey=True)
    for panel, paid in zip(axes, paydays, strict=True):
        _draw_bars(panel, paid)
        panel.set_title(f"{paid.regime.name}\n{paid.regime.label}")
        panel.margins(y=0.1)
    axes[0].set_ylabel("payment less the average,  $\\phi_i(\\rho) - U(\\rho)/N$")
    note_inputs(
        figure,
        "$n_i \\in \\{10, 100\\}$ and who has which. Ten users: five at $\\rho_i = 1$, four at $\\rho_i = 2$; "
        "one\nstays out ($\\rho_i = 0$), is paid nothing, and is not drawn. $\\alpha = 1$, $a_i = 1$.",
    )
    return figure


@house_style()
def draw_with_a_star(paydays: Sequence[Payday]) -> Figure:
    """Draw Fig. 5b."""
    figure = new_figure(9.5, 7, f"One star user, {STAR} times as important as each other user")
    axes = figure.subplots(2, 2, sharey="row").T.ravel()
    for place, (panel, paid) in enumerate(zip(axes, paydays, strict=True), start=1):
        _draw_bars(panel, paid)
        star = next(bar for bar in paid.bars if bar.is_star)
        panel.set_title(
            f"{place}. {paid.regime.name}: {paid.regime.label}\n"
            f"star: $\\rho_i = {star.level}$, $n_i = {star.samples}$; it is paid {paid.star_share:.0%} of $U$"
        )
        panel.margins(y=0.12)
    for panel in axes[:2]:
        panel.set_ylabel("payment less the average,  $\\phi_i(\\rho) - U(\\rho)/N$")
    note_inputs(
        figure,
        "$n_i \\in \\{10, 100\\}$, who has which, and who is the star in 3 and 4.\n"
        "In 3 the other federating users blur the aggregate in which the star hides: they lower $U$ and pay.\n"
        "Panels are numbered as in the paper, from left to right; each row has one scale. $\\alpha = 1$.",
    )
    return figure


def _payday_rows(paydays: Sequence[Payday]) -> list[list[object]]:
    return [[panel, *paid.regime[1:], *bar] for panel, paid in enumerate(paydays, start=1) for bar in paid.bars]


def _draw_bars(axes: Axes, paid: Payday) -> None:
    shown = [bar for bar in paid.bars if bar.level > 0]
    heights = [bar.difference for bar in shown]
    drawn = axes.bar(
        range(len(shown)),
        heights,
        width=0.72,
        color=[level_colour(bar.level) for bar in shown],
        hatch=["" if bar.samples > 10 else "///" for bar in shown],
        edgecolor="white",
        linewidth=0,
    )
    axes.bar_label(drawn, [f"{height:+.1f}".replace("-", "−") for height in heights], padding=2, fontsize=8.5)
    for place, bar in enumerate(shown):
        if bar.is_star:
            axes.plot([place], [bar.difference / 2], "*", color="white", markeredgecolor=ACCENT, markersize=15)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks(
        range(len(shown)),
        [
            f"$\\rho_i={bar.level}$\n$n_i={bar.samples}$\n"
            + ("the star" if bar.is_star else f"{_how_many(bar, paid.star)} users".replace("1 users", "1 user"))
            for bar in shown
        ],
    )
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", colors=MUTED)
    tidy(axes, "y")


def _how_many(bar: Bar, star: int | None) -> int:
    return sum(user_type(user) == (bar.level, bar.samples) and user != star for user in range(len(SAMPLES)))


HEADERS_6 = ("cost_function", "users", "samples", "level", "payment", "cost", "gain", "chosen")

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


def fig6() -> tuple[Plate, ...]:
    """The figure."""
    found = choices()
    rows = [
        [one.kind, one.users, one.samples, level, one.payments[level], one.costs[level], gain, level == one.level]
        for one in found
        for level, gain in enumerate(one.gains)
    ]
    return (Plate("fig6", draw_choices(found), HEADERS_6, rows),)


@house_style()
def draw_choices(found: Sequence[Choice]) -> Figure:
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


HEADERS_7 = (
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
        assert self.optimum.landscape is not None
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


def fig7() -> tuple[Plate, ...]:
    """Fig. 7a (homogeneous) and Fig. 7b (heterogeneous)."""
    return tuple(
        Plate(name, draw_panel(found), HEADERS_7, _panel_rows(found))
        for name, found in (("fig7a", panel(HOMOGENEOUS)), ("fig7b", panel(HETEROGENEOUS)))
    )


def _panel_rows(found: Panel) -> list[list[object]]:
    rows: list[list[object]] = []
    for piece in found.pieces:
        ends = [piece.alpha_from, piece.closed_from, piece.alpha_to, piece.closed_to]
        rows.append(["best", *ends, piece.terms[0], piece.value(piece.alpha_from), *(piece.profile or ())])
    for one in found.stable:
        kept = (1 - one.alpha_from) * one.utility
        rows.append(["equilibrium", one.alpha_from, True, one.alpha_to, True, one.utility, kept, *one.profile])
    return rows


@house_style()
def draw_panel(found: Panel) -> Figure:
    """Draw the landscape above the levels that users choose."""
    figure = new_figure(8.5, 7.6, f"What the platform keeps, and who shares what: {found.regime.name} users")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[1.15, 1])
    _draw_values(top, found)
    _draw_levels(bottom, found)
    note_inputs(figure, USER_INPUTS.replace(", and", ",") + ", $s^2$ and $r^2$.")
    return figure


def _draw_values(axes: Axes, found: Panel) -> None:
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
    alpha, value, worth = (float(getattr(found.optimum, name)) for name in ("alpha", "value", "utility"))
    axes.plot([alpha], [value], "o", color=ACCENT, markersize=9, zorder=5, label="optimum $\\alpha^*$")
    axes.annotate(
        f"$\\alpha^* = {alpha:.4f}$: the platform\nkeeps {value:.2f} of $U = {worth:.2f}$",
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
    for user in range(len(SAMPLES)):
        for level in range(3):
            spans: Any = [
                (float(piece.alpha_from), float(piece.alpha_to) - float(piece.alpha_from))
                for piece in found.pieces
                if piece.profile is not None and piece.profile[user] == level
            ]
            axes.broken_barh(spans, (user - 0.42, 0.84), facecolor=level_colour(level), linewidth=0)
    axes.axvline(float(found.optimum.alpha or 0), color=ACCENT, linewidth=1.4)
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
    root_scale(axes, TICKS)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the utility paid out, $\\alpha$ (square-root scale)")
    keys = [
        Patch(color=level_colour(level), label=f"$\\rho_i = {level}$ {word}") for level, word in enumerate(LEVEL_WORDS)
    ]
    axes.legend(handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)
