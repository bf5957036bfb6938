"""
A phone maker with a million users
==================================

A phone maker wants to forecast how long its phones' batteries last: how long on average, and how long for each owner. There are
a million owners. Each of them may keep its data, send a mean through a secure aggregate, or send it directly. What is one phone's data worth
among so many, what will owners choose, and what should the maker pay?
"""

import itertools
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import fairgames as fg
from fairgames.report.style import ACCENT, LOOK, MUTED, PALETTE

plt.rcParams.update(LOOK)  # the look of the package's own figures

SPEC = next(
    folder / "examples" / "phones.toml"
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "examples" / "phones.toml").is_file()
)

# %%
# The phones
# ----------
#
# A specification names the types of phones, how many there are of each, and what privacy costs their owners. The
# variances, and all costs, are our assumptions. Older phones have recorded more days.

phones = fg.load(SPEC)
phones

# %%
# What should the maker pay?
# --------------------------
#
# A million users have more profiles than can be written down. Owners of one type of phone are interchangeable, so a profile
# becomes a small table: how many owners of each type choose each level.

optimum = fg.optimal_alpha(phones)

print(
    f"pay out {optimum.alpha_text} of the utility, keep {optimum.value:,.0f} of {optimum.utility:,.0f}\n"
)
for row, phone in enumerate(phones.users):
    (level,) = np.flatnonzero(optimum.profile[row])
    paid, error = optimum.payments[row, level], optimum.standard_errors[row, level]
    print(
        f"{phones.counts[row]:>7,} {phone:<20} {phones.levels[level]}: cost {float(phones.costs[row, level]):.2f},"
    )
    print(f"        each is paid {paid:.5f}, standard error {error:.5f}")

# %%
# How far can that be trusted? Three lines answer. Nobody should gain by moving alone: payments at this profile, and at each one that a
# single owner could make of it, are computed anew. And no payments whatever, fair or not, could leave the maker more than the
# bound. What lies between the two is the *gap*: part of it is the price of fairness, the rest is what the search may have missed.

print(f"an owner who moves alone gains at most {optimum.regret:.5f}", end=" ")
print(f"(standard error {optimum.regret_error:.5f})")
print(
    f"the bound is {optimum.upper_bound:,.0f}: a gap of {optimum.gap / optimum.upper_bound:.1%}"
)
print(f"searched: {optimum.searched}")

# %%
# The same on the command line, in one command::
#
#     fairgames solve examples/phones.toml --unit days

# %%
# What is one phone worth?
# ------------------------
#
# That depends on how many others share. Let the same fraction of each type take part, with the levels of the optimum, and
# price one phone of each type.

CHOSEN = [int(np.flatnonzero(at)[0]) for at in optimum.profile]


def everybody_at(levels, fraction=1.0):
    """The profile in which that fraction of each type is at its type's level, and the others are absent."""
    profile = np.zeros((len(levels), len(phones.levels)), dtype=int)
    for row, (level, count) in enumerate(zip(levels, phones.counts, strict=True)):
        sharing = round(fraction * count)
        profile[row, level] += sharing
        profile[row, 0] += count - sharing
    return profile


fractions = np.geomspace(1e-4, 1, 17)
priced = [
    fg.fair_payments(phones.utility, everybody_at(CHOSEN, fraction)) for fraction in fractions
]
worth = np.array(
    [[paid.values[row, level] for row, level in enumerate(CHOSEN)] for paid in priced]
)
sharing = fractions * sum(phones.counts)
equal_share = np.array([paid.utility for paid in priced]) / sharing
print("all resolved:", all(paid.resolved for paid in priced))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for row, (phone, style) in enumerate(zip(phones.users, ("-", "--", "-."), strict=True)):
    label = f"{phone}, {phones.levels[CHOSEN[row]]}"
    left.plot(sharing, worth[:, row], style, label=label)
    right.plot(sharing, worth[:, row] / equal_share, style)
left.set(xscale="log", yscale="log", ylabel="fair payment φ of one owner, α = 1")
left.set_title("The more share, the less each is owed …")
left.legend()
right.axhline(1, color=MUTED, linewidth=0.9, linestyle=":")
right.annotate("an equal share", (sharing[0], 1), xytext=(0, -12), textcoords="offset points")
right.set(xscale="log", ylabel="payment φ over an equal share", ylim=(0, None))
right.set_title("… and the more it matters which phone it is")
for panel in (left, right):
    panel.set_xlabel("owners who share, of a million")

# %%
# As long as few share, any phone tells about all the others: the sum to be divided is nearly the same, and so are the shares. When
# everybody shares, batteries in general are known, and an owner is paid for what the phone tells of its own battery:
# more days and an own forecast then count.

# %%
# Who stays, at which fraction?
# -----------------------------
#
# Suppose that owners of one type all do the same. Then there are few profiles, and each is stable on an interval of
# :math:`\alpha`: an owner who moves from level :math:`k` to :math:`l` gains :math:`\alpha` times the change of its payment, less
# the change of its cost.


def interval(levels):
    """Ends of the interval of alpha on which nobody gains by moving alone, and the utility."""
    profile = everybody_at(levels)
    here = fg.fair_payments(phones.utility, profile)
    low, high = 0.0, 1.0
    for row, level in enumerate(levels):
        for other in {0, 1, 2} - {level}:
            moved = profile.copy()
            moved[row, level] -= 1
            moved[row, other] += 1
            there = fg.fair_payments(phones.utility, moved)
            more_pay = here.values[row, level] - there.values[row, other]
            more_cost = float(phones.costs[row, level] - phones.costs[row, other])
            if more_pay > 0:
                low = max(low, more_cost / more_pay)
            elif more_pay < 0:
                high = min(high, more_cost / more_pay)
    return low, high, float(here.utility)


stable = {}
for levels in itertools.product(range(3), repeat=len(phones.users)):
    low, high, utility = interval(levels)
    if low <= high and utility > 0:
        stable[levels] = (low, high, utility)
        print(
            ", ".join(phones.levels[level] for level in levels),
            f"- stable for alpha from {low:.4f} to {high:.4f}",
        )

figure, panel = plt.subplots(figsize=(8, 4.4), layout="constrained")
for levels, (low, high, utility) in stable.items():
    alphas = np.array([low, high])
    colour, width = (PALETTE[2], 3.5) if list(levels) == CHOSEN else (MUTED, 2)
    panel.plot(alphas, (1 - alphas) * utility / 1e6, color=colour, linewidth=width)
words = [
    f"{phone}: {phones.levels[level]}" for phone, level in zip(phones.users, CHOSEN, strict=True)
]
panel.annotate(
    "\n".join([f"α* = {optimum.alpha:.3f}", *words]),
    (optimum.alpha, optimum.value / 1e6),
    xytext=(0, -60),
    textcoords="offset points",
    va="top",
    color=ACCENT,
    arrowprops={"arrowstyle": "-", "color": ACCENT, "linewidth": 0.8},
)
panel.plot(optimum.alpha, optimum.value / 1e6, "o", color=ACCENT, markersize=9)
panel.axhline(optimum.upper_bound / 1e6, color=MUTED, linewidth=0.9, linestyle="--")
panel.annotate(
    "no payments leave more (the bound)",
    (0.6, optimum.upper_bound / 1e6),
    xytext=(0, 4),
    textcoords="offset points",
    ha="right",
)
panel.set(xlim=(0, 0.6), ylim=(0, 1.1 * optimum.upper_bound / 1e6))
panel.set(xlabel="payment fraction α", ylabel="the platform keeps (1 − α) U, in millions")
panel.set_title("Each line is a choice of levels, drawn where it is stable")

# %%
# The search above knew nothing of these lines, and was free to let owners of one type choose differently.

best = max((1 - low) * utility for low, _, utility in stable.values())
print(f"best of the lines: {best:,.0f}; found by the search: {optimum.value:,.0f}")

# %%
# Move it yourself
# ----------------
#
# A million phones do not move in a page, but a village does: the same three types, twenty phones in all.

village = [10, 6, 4]
utility = fg.FederatedMeanUtility([10, 30, 100], 1, 10, aggregation="weighted", counts=village)
fg.explore(
    fg.Scenario(
        utility, phones.costs, phones.users, phones.levels, counts=village, title="A village"
    )
)
