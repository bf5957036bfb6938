"""
A hospital consortium, on real data
===================================

Two consortia from published clinical trials: ten institutions whose patients are alike, and four clinics whose patients
differ. The same privacy costs for all; the answers could hardly be more different.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import fairgames as fg
from fairgames.report.style import LOOK

plt.rcParams.update(LOOK)  # the look of the package's own figures

DATA = next(
    folder / "examples" / "data"
    for folder in [Path.cwd(), *Path.cwd().parents]
    if (folder / "examples" / "data").is_dir()
)

# %%
# From patients' records to a model
# ---------------------------------
#
# Between-hospital and within-hospital variance are estimated by the analysis of variance of a one-way random-effects model,
# for unbalanced groups :cite:p:`searle1992`.

lung = fg.fit_federated_mean(DATA / "lung.csv", group="institution", value="ph.karno")
lung

# %%

clinics = fg.fit_federated_mean(DATA / "periodontal.csv", group="clinic", value="BMI")
clinics

# %%
# The interval of the first between-variance starts at nothing: the institutions may not differ at all. It also ends far above the
# estimate. Below we ask how much that matters.

# %%
# What should the platform pay?
# -----------------------------
#
# What privacy costs is our assumption, in units of the utility, and the same for all hospitals.

costs = [0, "3/10", 1]  # absent, federated, direct
levels = np.array(["absent", "federated", "direct"])
figure, panels = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", width_ratios=[10, 6])
for panel, fit, title in zip(
    panels,
    (lung, clinics),
    ("Similar: lung cancer trial", "Different: periodontal trial"),
    strict=True,
):
    optimum = fg.optimal_alpha(fit.utility(), costs)
    colours = ["0.8", "#56b4e9", "#0072b2"]
    names = [f"{name} ({size})" for name, size in zip(fit.group_names, fit.samples, strict=True)]
    panel.bar(names, optimum.payments, color=[colours[level] for level in optimum.profile])
    panel.set(
        title=f"{title}: pay out {optimum.alpha_text}",
        ylabel="payment",
        xlabel="hospital (patients)",
    )
    panel.tick_params(axis="x", rotation=60)
    print(
        f"{title}: alpha {optimum.alpha_text}, the platform keeps {float(optimum.value):.3f} of {float(optimum.utility):.3f}"
    )
    print("   ", dict(zip(names, levels[list(optimum.profile)].tolist(), strict=True)))
figure.legend(
    [plt.Rectangle((0, 0), 1, 1, color=c) for c in ("0.8", "#56b4e9", "#0072b2")],
    levels,
    ncols=3,
    loc="outside lower center",
)

# %%
# Alike, any patient's record helps everybody, so cheap aggregated data from the larger hospitals is enough. Different, each
# clinic's own patients are needed, shared directly, and paid for.

# %%
# How sure are we?
# ----------------
#
# The variance between the lung trial's institutions may be as large as the upper end of its interval. What then?

for between in (lung.between_variance, lung.between_interval[1]):
    at = fg.optimal_alpha(
        fg.FederatedMeanUtility(lung.samples, between, lung.within_variance), costs
    )
    shares = ", ".join(f"{at.profile.count(level)} {name}" for level, name in enumerate(levels))
    print(
        f"between {between:5.2f}: pay out {at.alpha_text}, keep {float(at.value):.2f}; {shares}"
    )

# %%
# How far may a stated privacy cost be wrong before the chosen profile stops being an equilibrium? The answer is exact: it is
# read from the breakpoints.

optimum = fg.optimal_alpha(clinics.utility(), costs)
fg.cost_robustness(clinics.utility(), costs, optimum.profile, alpha=optimum.alpha)

# %%
# Move it yourself
# ----------------
#
# Four clinics, and costs that are our assumption: drag one. Whose cost decides what the platform pays, and how dear may sharing
# become for a clinic before it stops?

names = [f"clinic {name}" for name in clinics.group_names]
fg.explore(fg.Scenario(clinics.utility(), costs, names, levels.tolist(), title="Four clinics"))
