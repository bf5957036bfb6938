"""
Who is paid for what in federated learning
==========================================

The paper's section 4. Users share nothing, let their data enter a secure aggregate, or share them directly. The platform
estimates every user's own mean. What a level is worth depends on how much users differ.
"""

import matplotlib.pyplot as plt
import numpy as np

import fairgames as fg
from fairgames.report.style import LOOK

plt.rcParams.update(LOOK)  # the look of the package's own figures

# %%
# Ten users, four of them with much data. Five federate, four share directly, one is absent.

samples = np.array([10, 10, 10, 100, 100, 10, 10, 100, 100, 10])
profile = np.array([1, 1, 1, 1, 1, 2, 2, 2, 2, 0])
regimes = {
    "very different users": (100.0, 1.0),
    "in between": (1.0, 10.0),
    "similar users": (0.1, 100.0),
}

kinds = [(1, 10), (1, 100), (2, 10), (2, 100)]
names = [f"{'federated' if level == 1 else 'direct'}, n = {size}" for level, size in kinds]

figure, panel = plt.subplots(figsize=(8, 4.4), layout="constrained")
width = 0.2
for place, (between, within) in enumerate(regimes.values()):
    utility = fg.FederatedMeanUtility(samples, between, within)
    paid = fg.fair_payments(utility, profile)
    average = paid.utility / 10
    for offset, (level, size) in enumerate(kinds):
        user = np.flatnonzero((profile == level) & (samples == size))[0]
        panel.bar(
            place + (offset - 1.5) * width, paid.values[user] - average, width, color=f"C{offset}"
        )
panel.axhline(0, color="0.3", linewidth=0.8)
panel.set_xticks(range(len(regimes)), regimes)
panel.set(
    ylabel="payment above the average U/N",
    title="How much users differ decides who is paid above average",
)
figure.legend(
    [plt.Rectangle((0, 0), 1, 1, color=f"C{k}") for k in range(4)],
    names,
    ncols=4,
    loc="outside lower center",
)

# %%
# Where users differ much (left), only data that can be told apart help: direct users are paid. Where users are alike
# (right), any datum helps everybody: users with *more* data are paid, whatever their level.

# %%
# Why this payment?
# -----------------
#
# Payments are linear in the utility, and the utility is a sum over the users whose means are estimated. So each payment splits
# into parts: how much of it comes from the user's own better estimate, and how much from helping each other user.

utility = fg.FederatedMeanUtility([120, 80, 15], between_variance=4, within_variance=48)
fg.explain_payments(utility, [2, 2, 1])

# %%
# A user can hurt
# ---------------
#
# A plain average of federated means gives a user with little data the same weight as one with much. It may do harm; its fair
# payment is then negative.

poor = fg.FederatedMeanUtility([100, 1], between_variance=0.1, within_variance=100)
print("payments in a plain average:   ", fg.fair_payments(poor, [1, 1]).values.round(3))
weighted = fg.FederatedMeanUtility(
    [100, 1], between_variance=0.1, within_variance=100, aggregation="weighted"
)
print("weighted by the sample sizes:  ", fg.fair_payments(weighted, [1, 1]).values.round(3))
