"""Fig. 5: who is paid above the average, with all users alike in importance (a) and with a star user (b)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from fairgames.payments.pricing import fair_payments
from fairgames.report.paper.inputs import (
    HETEROGENEOUS,
    HOMOGENEOUS,
    PROFILE,
    REGIMES,
    SAMPLES,
    STAR,
    Regime,
    federated_mean,
    user_type,
    user_types,
)
from fairgames.report.paper.plate import Plate, note_inputs
from fairgames.report.style import ACCENT, INK, MUTED, house_style, level_colour, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADERS = ("panel", "between_variance", "within_variance", "level", "samples", "star", "payment", "difference")


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
    for kind in user_types():
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


def plates() -> tuple[Plate, ...]:
    """Both parts of the figure."""
    first, second = alike(), with_a_star()
    return (
        Plate("fig5a", draw_alike(first), HEADERS, _rows(first)),
        Plate("fig5b", draw_with_a_star(second), HEADERS, _rows(second)),
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


def _rows(paydays: Sequence[Payday]) -> list[list[object]]:
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
