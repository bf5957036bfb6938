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
# costs it. The best point is an equilibrium if nobody would move. Those who share are paid at least their cost, by the choice of
# :math:`\alpha`. For those who stay out, the study priced the profile that each would make by joining:

tempted = pd.read_csv(ROOT / "docs" / "studies" / "schools_tempted.csv")
for row in tempted.itertuples():
    print(
        f"a school of {row.students} pupils would gain {row.gain_by_joining:+.3f} (standard error {row.standard_error:.3f})"
    )
most = (tempted.gain_by_joining + 4 * tempted.standard_error).max()
print("nobody gains by joining, four standard errors included:", bool(most < 0))

# %%
# So the platform keeps the value at the marked point. For comparison, what a platform would keep that knows each cost and pays no more than
# that, so that schools gain nothing:

bound = float((search.utility - search.schools).max())
print(
    f"keeps {best.value:.1f}; paying exactly the costs of the largest schools would leave {bound:.1f}"
)
