"""
An advertiser with a star customer
==================================

An advertisement platform estimates what its customers like. One of them, the star, spends a hundred times as much as the others, so
knowing its taste matters a hundred times as much. Who should be paid for that?
"""

import matplotlib.pyplot as plt
import numpy as np

import fairgames as fg
from fairgames.report.style import LOOK

plt.rcParams.update(LOOK)  # the look of the package's own figures

# %%
# Ten customers; the star has much data and shares directly. We vary how much customers differ.

samples = np.array([100, 10, 10, 100, 100, 10, 10, 10, 100, 10])
profile = np.array([2, 1, 1, 1, 1, 2, 2, 1, 2, 0])
importance = np.ones(10)
importance[0] = 100

ratios = np.geomspace(1e-3, 1e2, 41)
star, others = [], []
for ratio in ratios:
    utility = fg.FederatedMeanUtility(
        samples, between_variance=ratio, within_variance=1, importance=importance
    )
    paid = fg.fair_payments(utility, profile)
    star.append(paid.values[0] / paid.utility)
    others.append(paid.values[[3, 4, 8]].sum() / paid.utility)

figure, panel = plt.subplots(figsize=(7, 4.2), layout="constrained")
panel.plot(ratios, star, label="the star")
panel.plot(ratios, others, "--", label="the three others with much data")
panel.set(
    xscale="log", xlabel="how much customers differ: s² / r²", ylabel="share of all payments"
)
panel.set(title="A star is paid for itself only where others cannot stand in for it", ylim=(0, 1))
panel.legend()

# %%
# When customers differ much, only the star's own data tell what it likes: it is paid almost everything. When they are alike, data
# of anybody tell as much, and those who have much data share the payment.

# %%
# Would it pay the star to pose as two customers?

utility = fg.FederatedMeanUtility(
    [100, 50, 10], between_variance=1, within_variance=20, importance=[10, 1, 1]
)
fg.false_names(utility, [2, 2, 1], user=0, names=[60, 40])
