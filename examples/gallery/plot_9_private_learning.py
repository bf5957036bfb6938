"""
Hospitals that learn together, with real privacy noise
======================================================

The other examples know a formula for the utility. Here it is *measured*: five hospitals train a model together, each of them
absent, protected by differential privacy, or sharing fully, and the utility is what the model explains of patients that it
has not seen. What is each hospital owed, what will they choose, and how does that change with the privacy parameter?
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import fairgames as fg
from fairgames.report.style import LOOK, PALETTE

plt.rcParams.update(LOOK)  # the look of the package's own figures

STUDIES = next(
    folder / "docs" / "studies"
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "docs" / "studies").is_dir()
)
measured = pd.read_csv(STUDIES / "private_learning_profiles.csv", dtype={"profile": str})
hospitals = pd.read_csv(STUDIES / "private_learning_hospitals.csv").set_index("consortium")
decisions = pd.read_csv(
    STUDIES / "private_learning_decisions.csv", dtype={"profile": str}
).set_index("consortium")

# %%
# The experiment
# --------------
#
# The patients are real: the diabetes data that scikit-learn ships. How they are split among five hospitals, and what privacy
# costs, are our choice. A protected hospital publishes the sums that a ridge regression needs *once*, with Laplace noise from
# OpenDP, so :math:`\epsilon` is a promise about everything that ever leaves it. The smaller :math:`\epsilon`, the more noise.
# Every profile is measured many times, each with another third of the patients held out and other noise (which cannot be
# seeded: a second run differs within the standard errors). The training code is `examples/studies`; it takes minutes, so this
# page reads the table of results that it wrote (``make study``).

ridge = [name for name in decisions.index if name.startswith("ridge")]
size = hospitals.loc[ridge[0], ["hospital", "patients"]].set_index("hospital")
print(
    f"{len(ridge)} values of eps, {len(measured)} profiles in all, {decisions.repeats.iloc[0]} measurements of each"
)
print(size.T.to_string())

# %%
# What protection costs the model
# -------------------------------
#
# One point for each coalition of hospitals; lines are means over coalitions of equal size.

figure, panel = plt.subplots(figsize=(8, 4.6), layout="constrained")
kinds = [("2", measured.consortium == ridge[0], "full sharing")]
kinds += [
    ("1", measured.consortium == name, f"protected, ε = {name.split()[-1]}")
    for name in reversed(ridge)
]
for place, (level, rows, label) in enumerate(kinds):
    chosen = measured[rows & measured.profile.str.fullmatch(f"[0{level}]*")]
    present = chosen.profile.str.count(level)
    colour = PALETTE[[2, 3, 4, 6][place]]
    panel.plot(present + (place - 1.5) * 0.06, chosen.utility, ".", color=colour, alpha=0.45)
    panel.plot(chosen.utility.groupby(present).mean(), "-", marker="o", color=colour, label=label)
panel.axhline(0, color="0.5", linewidth=0.8)
panel.set(
    xlabel="hospitals taking part", ylabel="share of squared error removed", xticks=range(6)
)
panel.set(title="Alone, a protected hospital teaches little; together, their noise averages out")
panel.legend(loc="lower right")

# %%
# One or two hospitals that share fully teach the model most of what there is to learn. Under strong protection a single hospital's
# noisy sums can be *worse* than a public guess (points below zero), and only together do they become useful. So more data does
# not always measure as better, and the study counts how often it does not:

for name in ridge:
    row = decisions.loc[name]
    print(
        f"{name:<15} {row.falls} of {row.steps} steps to more data lower the mean, {row.falls_beyond_noise} beyond noise"
    )

# %%
# What is each hospital owed?
# ---------------------------
#
# Fair payments when the platform pays out everything (:math:`\alpha = 1`). Bars are payments, lines 90 % intervals from the
# repeats of the measurement.

figure, panel = plt.subplots(figsize=(9, 4.4), layout="constrained")
labels = [f"ε = {name.split()[-1]}" for name in ridge] + ["full sharing"]
for place, label in enumerate(labels):
    own = hospitals.loc[ridge[min(place, len(ridge) - 1)]]
    column = "paid_protected" if place < len(ridge) else "paid_shared"
    x = np.arange(len(own)) + (place - 1.5) * 0.2
    panel.bar(x, own[column], 0.18, color=PALETTE[[6, 4, 3, 2][place]], label=label)
    ends = [own[column] - own[f"{column}_low"], own[f"{column}_high"] - own[column]]
    panel.errorbar(x, own[column], ends, fmt="none", ecolor="0.25", elinewidth=1)
panel.axhline(0, color="0.5", linewidth=0.8)
panel.set_xticks(
    range(len(size)),
    [f"hospital {user}\n{patients} patients" for user, patients in size.patients.items()],
)
panel.set(
    ylabel="payment",
    title="The noise hits small hospitals hardest: strong privacy moves payments to the large ones",
)
panel.legend(ncols=4)

# %%
# The noise is as large for a hospital of few patients as for one of many, so it drowns the smaller one's sums first. Under strong
# privacy a small hospital makes the common model worse, and its fair payment is negative: the package shows it and clips nothing.

for name in ridge:
    own = hospitals.loc[name]
    share = own.paid_protected.to_numpy() / own.paid_protected.sum()
    print(
        f"{name:<15} together {own.paid_protected.sum():.3f}, in %: {(100 * share).round(1).tolist()}"
    )
shared = hospitals.loc[ridge[0]].paid_shared.to_numpy()
print(
    f"{'full sharing':<15} together {shared.sum():.3f}, in %: {(100 * shared / shared.sum()).round(1).tolist()}"
)

# %%
# What will they choose, and what should the platform pay?
# --------------------------------------------------------
#
# Privacy costs are in units of utility: a larger hospital has more to lose, and a larger :math:`\epsilon` protects less and
# costs more. With the table of means the rest is as in every other example.


def decide(name):
    """The optimum of one consortium, and every pure equilibrium at its alpha."""
    own = hospitals.loc[name]
    costs = np.column_stack([np.zeros(len(own)), own.cost_protected, own.cost_shared])
    utility = measured[measured.consortium == name].utility.to_numpy().reshape((3,) * len(own))
    optimum = fg.optimal_alpha(utility, costs)
    return optimum, fg.equilibria(fg.FairGame(utility, costs, optimum.alpha), method="pure")


words = np.array(["absent", "protected", "shares"])
for name in ridge:
    optimum, settled = decide(name)
    print(
        f"\n{name}: pay out {optimum.alpha_text}, keep {float(optimum.value):.3f} of {float(optimum.utility):.3f}"
    )
    print("  hospitals:", ", ".join(words[list(optimum.profile)]))
    worst = max(float(equilibrium.regret) for equilibrium in settled.equilibria)
    print(
        f"  {len(settled.equilibria)} pure equilibria at that alpha; most that anybody gains by deviating: {worst:.1e}"
    )

# %%
# Measured utilities are noisy, so the decision is too. Resampling the repeats says how sure it is: in how many resamples are
# the same levels optimal, and in which range do the payment fraction and what the platform keeps lie?

for name in ridge:
    row = decisions.loc[name]
    print(
        f"{name:<15} same levels in {row.still_optimal:.0%}; alpha {row.alpha_low:.3f} to {row.alpha_high:.3f}; "
        f"keeps {row.value_low:.3f} to {row.value_high:.3f}"
    )

# %%

figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 3.6), layout="constrained", gridspec_kw={"wspace": 0.08}
)
rows = decisions.loc[ridge]
epsilons = [float(name.split()[-1]) for name in ridge]
for panel, quantity, ylabel in [
    (left, "alpha", "payment fraction α*"),
    (right, "value", "the platform keeps"),
]:
    ends = [rows[quantity] - rows[f"{quantity}_low"], rows[f"{quantity}_high"] - rows[quantity]]
    panel.errorbar(epsilons, rows[quantity], ends, fmt="o", capsize=4, color=PALETTE[2])
    panel.set(
        xscale="log", xlabel="privacy parameter ε", ylabel=ylabel, ylim=(0, None), xlim=(1.5, 43)
    )
    panel.set_xticks(epsilons, [f"{epsilon:g}" for epsilon in epsilons])
    panel.minorticks_off()
left.set_title("What to pay out, with 90 % intervals")
right.set_title("What is left for the platform")

# %%
# Read the two together. What the platform keeps is known well, and grows a little with :math:`\epsilon`. *Which* hospitals to win
# over is known less well, since several choices are nearly as good; and because hospitals at an optimum are only just won
# over, the fraction to pay out is the least certain of all.

# %%
# The same with federated averaging
# ---------------------------------
#
# Protection need not be noise. In the second consortium four hospitals train a classifier of breast tumours; "protected" means
# that records stay in the hospital and only model weights leave it. The utility is the share of a coin toss's log loss that
# the classifier removes.

optimum, settled = decide("FedAvg")
own, row = hospitals.loc["FedAvg"], decisions.loc["FedAvg"]
print(
    f"utility: all protected {own.paid_protected.sum():.3f}, all sharing {own.paid_shared.sum():.3f}"
)
for user, hospital in enumerate(own.itertuples()):
    print(
        f"hospital {user}, {hospital.patients:>3} patients: owed {hospital.paid_protected:.3f} protected, "
        f"{hospital.paid_shared:.3f} sharing; at the optimum: {words[optimum.profile[user]]}"
    )
print(
    f"pay out {optimum.alpha_text}, keep {float(optimum.value):.3f}; same levels in {row.still_optimal:.0%}"
)

# %%
# Averaging weights loses almost nothing against pooling records, so there is no need to pay for sharing them; and one hospital
# alone trains a good classifier, so the platform can leave the others out. A platform that wants all four should say so in its
# utility, for instance by the performance on each hospital's own patients.
#
# .. warning::
#
#    Measuring a utility looks at the data at every profile. Do it on public or past data, never on the data that privacy
#    levels are to protect.
