"""The inputs of the paper's figures: those that it prints, and those that we had to choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fairgames.report.style import INK, PALETTE
from fairgames.utility.dp_mean import DPMeanUtility
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


def two_user_mean() -> DPMeanUtility:
    """Utility of two users who share without noise or not at all (eqs. 10 and 91), exactly."""
    return DPMeanUtility([0, float("inf")], n_users=2)


def user_type(user: int) -> tuple[int, int]:
    """Level and sample size of a user of Fig. 5."""
    return PROFILE[user], SAMPLES[user]


def user_types() -> Sequence[tuple[int, int]]:
    """The types of Fig. 5, the present ones first, in the order in which they are drawn."""
    return [(2, 100), (2, 10), (1, 100), (1, 10), (0, 10)]
