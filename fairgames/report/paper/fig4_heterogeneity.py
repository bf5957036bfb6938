"""Fig. 4: users whose means differ much, and users whose means differ little, from simulated data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairgames.report.paper.plate import Plate, note_inputs
from fairgames.report.style import ACCENT, MUTED, PALETTE, house_style, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEED = 2024
N_USERS = 6
N_SAMPLES = 40
HEADERS = ("panel", "user", "user_mean", "sample")


class Crowd(NamedTuple):
    """Simulated users: their own means, and their data, one row a user."""

    title: str
    between_variance: float
    within_variance: float
    means: NDArray[np.float64]
    samples: NDArray[np.float64]


def crowds() -> tuple[Crowd, ...]:
    """Simulate heterogeneous and homogeneous users; the same numbers every time."""
    found = []
    for title, between, within in (
        ("heterogeneous: $s^2 \\gg r^2$", 16.0, 1.0),
        ("homogeneous: $s^2 \\ll r^2$", 0.1, 4.0),
    ):
        random = np.random.default_rng(SEED)
        means = random.normal(0, np.sqrt(between), N_USERS)
        samples = random.normal(means[:, None], np.sqrt(within), (N_USERS, N_SAMPLES))
        found.append(Crowd(title, between, within, means, samples))
    return tuple(found)


def plates() -> tuple[Plate, ...]:
    """The figure."""
    found = crowds()
    rows = [
        [panel, user, crowd.means.tolist()[user - 1], sample]
        for panel, crowd in enumerate(found, start=1)
        for user in range(1, N_USERS + 1)
        for sample in crowd.samples[user - 1].tolist()
    ]
    return (Plate("fig4", draw(found), HEADERS, rows),)


@house_style()
def draw(found: Sequence[Crowd]) -> Figure:
    """Draw each user's data and mean."""
    figure = new_figure(9.5, 5, "How much one user's data tells about another")
    axes = figure.subplots(1, len(found), sharex=True, sharey=True)
    for panel, crowd in zip(axes, found, strict=True):
        _draw_crowd(panel, crowd)
    axes[0].set_yticks(range(N_USERS), [f"user {user}" for user in range(1, N_USERS + 1)])
    axes[0].set_ylim(N_USERS - 0.6, -0.9)
    axes[0].set_xlabel("value of a sample")
    axes[1].set_xlabel("value of a sample")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    note_inputs(figure, f"the variances (simulated, seed {SEED}, {N_SAMPLES} samples each user).")
    return figure


def _draw_crowd(axes: Axes, crowd: Crowd) -> None:
    grid = np.linspace(-10, 10, 400)
    for user, (mean, samples) in enumerate(zip(crowd.means.tolist(), crowd.samples, strict=True)):
        colour = (PALETTE[1], PALETTE[2])[user % 2]
        bell = np.exp(-((grid - mean) ** 2) / (2 * crowd.within_variance))
        axes.fill_between(grid, user - 0.15, user - 0.15 - 0.6 * bell, color=colour, alpha=0.35, linewidth=0)
        axes.plot(samples, np.full(samples.size, user), "o", color=colour, alpha=0.35, markersize=5, markeredgewidth=0)
        axes.plot([mean], [user - 0.3], "|", color=ACCENT, markersize=24, markeredgewidth=2.5)
    axes.plot([], [], "o", color=PALETTE[2], alpha=0.5, label="one sample $x_{ij}$")
    axes.plot([], [], "|", color=ACCENT, markersize=12, markeredgewidth=2.5, label="the user's mean $\\theta_i$")
    axes.axvline(0, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_title(f"{crowd.title}\n$s^2 = {crowd.between_variance:g}$, $r^2 = {crowd.within_variance:g}$")
    tidy(axes, "x")
    axes.tick_params(axis="y", length=0)
