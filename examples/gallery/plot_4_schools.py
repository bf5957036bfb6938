"""
160 schools, each of them different
===================================

How well do pupils of 160 schools do in mathematics? A platform that wants to know each school's average can learn from all schools,
because schools are alike to some degree. Too many different users to enumerate: payments are estimated, with intervals.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import fairgames as fg
from fairgames.report.style import ACCENT, LOOK, PALETTE

plt.rcParams.update(LOOK)  # the look of the package's own figures

ROOT = next(
    folder
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "examples" / "data" / "math_achieve.csv").is_file()
)

# %%
# From pupils to a model
# ----------------------
#
# Each row of the data is a pupil: the school, and a score. The variance between schools' true averages says how alike schools are.
# Two classical estimators agree :cite:p:`searle1992`.

for estimator in ("reml", "anova"):
    fit = fg.fit_federated_mean(
        ROOT / "examples" / "data" / "math_achieve.csv",
        group="School",
        value="MathAch",
        estimator=estimator,
    )
    print(
        f"{estimator:>5}: between schools {fit.between_variance:.2f}, within {fit.within_variance:.2f}"
    )
schools = fit.utility()
pupils = fit.samples
fit

# %%
# What is each school owed?
# -------------------------
#
# Say that every school shares its results directly. There are far too many coalitions, so payments are averages over
# random orders of arrival. What is known exactly, that payments add up to the utility, holds exactly.

everybody = [2] * len(pupils)
paid = fg.fair_payments(
    schools, everybody, engine="permutations", seed=1, budget=400 * len(pupils)
)
print(f"coalitions: {2.0 ** len(pupils):.0e}")
print(f"{paid.engine}: {paid.evaluations:,} evaluations, resolved: {paid.resolved}")
print(f"payments add up to {paid.values.sum():.6f}; the utility is {paid.utility:.6f}")
low, high = paid.interval(0.95)
print(f"widest 95 % interval: {(high - low).max() / paid.values.mean():.2%} of the mean payment")

figure, panel = plt.subplots(figsize=(9, 5), layout="constrained")
panel.axhline(paid.utility / len(pupils), color="0.5", linewidth=0.9, linestyle="--")
panel.annotate(
    "an equal share",
    (pupils.max(), paid.utility / len(pupils)),
    xytext=(0, -12),
    textcoords="offset points",
    ha="right",
)
panel.errorbar(
    pupils,
    paid.values,
    [paid.values - low, high - paid.values],
    fmt="o",
    markersize=5,
    alpha=0.55,
    color=PALETTE[2],
)
panel.set(xlabel="pupils tested in the school", ylabel="fair payment, α = 1")
panel.set_title("One point a school: more pupils, more payment, but with diminishing returns")

# %%
# A school with twice the pupils is paid more, but not twice as much: its own average was already well known.

largest, smallest = int(np.argmax(pupils)), int(np.argmin(pupils))
print(f"{pupils[largest] / pupils[smallest]:.1f} times the pupils,", end=" ")
print(f"{paid.values[largest] / paid.values[smallest]:.2f} times the payment")
print(f"correlation of pupils and payment: {np.corrcoef(pupils, paid.values)[0, 1]:.3f}")

# %%
# How many schools to win over?
# -----------------------------
#
# Our assumption: sharing costs each school one unit of utility, and a school shares directly or stays out. The more schools share,
# the less the last one adds, and the larger the fraction that the platform must pay out, to all, to keep it. ``make study`` prices the largest
# :math:`k` schools for many :math:`k` and writes the table that is drawn here.

search = pd.read_csv(ROOT / "docs" / "studies" / "schools_search.csv")
best = search.loc[search.value.idxmax()]

figure, panel = plt.subplots(figsize=(9, 4.6), layout="constrained")
panel.plot(
    search.schools,
    search.utility - search.schools,
    "--",
    color="0.5",
    label="if it could pay each school exactly its cost",
)
panel.plot(search.schools, search.value, color=PALETTE[2], label="with fair payments")
panel.plot(best.schools, best.value, "o", color=ACCENT, markersize=9)
panel.annotate(
    f"{best.schools:.0f} schools\nα = {best.alpha:.3f}",
    (best.schools, best.value),
    xytext=(-12, -34),
    textcoords="offset points",
    ha="right",
    color=ACCENT,
)
panel.set(
    xlabel="schools that share, the largest first", ylabel="the platform keeps", xlim=(0, 165)
)
panel.set_title("Winning over the last few schools costs more than they bring")
panel.legend(loc="lower right")

# %%
# The gap between the curves is the price of fairness: paid by what it adds, a large school gets more than what sharing
# costs it.
#
# The optimum, found and proved as far as it goes
# -----------------------------------------------
#
# Who says that the largest schools are the best ones to win over? Each school decides for itself. :func:`fairgames.optimal_alpha`
# lets all of them reply to each other until nobody gains by moving, from several starts and at many :math:`\alpha`. Under this utility
# what each school would be paid at each of its levels is an integral of products, known without sampling, so that the
# equilibrium is certified by payments that carry no error. The search is not exhaustive, but what no equilibrium can exceed is bounded by a
# proof that knows of fairness: levels that no fair payment could hold are ruled out, part by part of all that is possible.

found = pd.read_csv(ROOT / "docs" / "studies" / "schools_optimum.csv")
alone = found[np.isinf(found.aggregated_cost)].iloc[0]
print(f"{alone.direct:.0f} schools share, {alone.absent:.0f} stay out, at α = {alone.alpha:.6f}")
print(
    f"the platform keeps {alone.value:.3f}; no equilibrium can leave it more than {alone.upper_bound:.3f}"
)
print(f"the gap between the two: {alone.gap / alone.upper_bound:.1%}")
print(f"most that a school gains by moving: {alone.regret:.1g}")
print("the same schools as at the marked point:", bool(alone.direct == best.schools))

# %%
# Every school at the optimum, twice: by the integrals (lines), and by random orders of arrival with their 95 % intervals, which know nothing
# of the formulas.

schools_there = pd.read_csv(ROOT / "docs" / "studies" / "schools_equilibrium.csv")
sharing = schools_there[schools_there.level == 2].sort_values("students")
outside = schools_there[schools_there.level == 0]
inside = (sharing.low <= sharing.payment) & (sharing.payment <= sharing.high)
print(f"{inside.mean():.0%} of the intervals cover")

figure, panel = plt.subplots(figsize=(9, 4.8), layout="constrained")
panel.axhline(1, color="0.5", linewidth=0.9, linestyle="--")
panel.annotate(
    "what sharing costs",
    (66.5, 1),
    xytext=(0, -13),
    textcoords="offset points",
    ha="right",
    color="0.35",
)
panel.plot(
    sharing.students,
    sharing.payment,
    color=ACCENT,
    linewidth=1.2,
    label="payment, no sampling error",
    zorder=3,
)
panel.errorbar(
    sharing.students,
    sharing.estimate,
    [sharing.estimate - sharing.low, sharing.high - sharing.estimate],
    fmt="o",
    markersize=4.5,
    alpha=0.5,
    color=PALETTE[2],
    label="random orders, 95 % interval",
)
panel.plot(outside.students, outside.payment, "o", markersize=5, color="0.6", label="stays out")
panel.set(
    xlabel="pupils tested in the school", ylabel="payment at the optimum", ylim=(-0.06, 1.32)
)
panel.set_title("The smallest school that shares is paid exactly its cost")
panel.legend(loc="center right")

# %%
# For those who stay out, the study also priced, by random orders, the profile that each would make by joining:

tempted = pd.read_csv(ROOT / "docs" / "studies" / "schools_tempted.csv")
for row in tempted.itertuples():
    print(
        f"a school of {row.students} pupils would gain {row.gain_by_joining:+.3f} (standard error {row.standard_error:.3f})"
    )
most = (tempted.gain_by_joining + 4 * tempted.standard_error).max()
print("nobody gains by joining, four standard errors included:", bool(most < 0))

# %%
# A third choice
# --------------
#
# A school might also take part only in a secure aggregate, for less. The aggregate hides each school's own average, so it earns
# less, too. The table lists what the search found when that choice is not there (cost ``inf``), and at several costs.
# Payments with schools in the aggregate are integrals too, so nobody gains by moving at the stated :math:`\alpha`, and no sample is drawn.

table = found.assign(gap=found.gap / found.upper_bound)
names = [
    "aggregated_cost",
    "absent",
    "federated",
    "direct",
    "alpha",
    "value",
    "upper_bound",
    "gap",
]
print(table[names].round(4).to_string(index=False))
assert (found.regret <= 1e-6).all()

# %%
# The choice does not always help the platform: where taking part in the aggregate is cheap, schools leave the direct level for it, and
# a larger fraction must be paid to keep the others.
