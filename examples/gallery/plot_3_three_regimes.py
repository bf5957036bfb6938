"""
Three regimes of the platform's optimum
=======================================

The paper's section 5. Identical users either take part at a privacy cost :math:`c` or stay absent, and may hesitate with a
probability. As the cost grows, the platform first gets everybody, then pays for a mixture, and finally gives up.
"""

import matplotlib.pyplot as plt
import numpy as np

import fairgames as fg
from fairgames.report.style import LOOK

plt.rcParams.update(LOOK)  # the look of the package's own figures

# %%
# Two users, the DP mean without noise.

utility = fg.CountUtility([0, "2/3", 1])
mechanism = fg.symmetric_mechanism(utility, cost="9/20")
mechanism

# %%
# The optimum at every cost, exactly, no grid over :math:`\alpha` anywhere. Beside the symmetric equilibrium, in which both
# hesitate alike, stands the asymmetric one: one user in, one out. It earns the platform more.

costs = np.linspace(0.005, 0.8, 160)
symmetric = [fg.symmetric_mechanism(utility, cost=cost) for cost in costs]
best = [fg.optimal_alpha(utility, costs=[0, cost]) for cost in costs]

figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 6), sharex=True, layout="constrained")
top.plot(costs, [float(m.alpha) for m in symmetric], label="symmetric equilibrium")
top.plot(costs, [float(o.alpha) for o in best], "--", label="best equilibrium of all")
top.set(
    ylabel="optimal payment fraction α*",
    title="Low cost: everybody. Middle: a mixture. High: nobody.",
)
bottom.plot(costs, [float(m.value) for m in symmetric])
bottom.plot(costs, [float(o.value) for o in best], "--")
bottom.set(xlabel="privacy cost c", ylabel="what the platform keeps")
for panel in (top, bottom):
    for threshold in (mechanism.cost_threshold, mechanism.gamma_max):
        panel.axvline(float(threshold), color="0.6", linewidth=0.8, linestyle=":")
top.legend()

# %%
# The dotted lines are the thresholds :math:`c_{th}` and :math:`\gamma_{\max}`. Among identical users fairness costs the platform nothing:
# the best equilibrium earns what paying everybody exactly its cost would earn.

print("thresholds:", mechanism.cost_threshold, "and", mechanism.gamma_max)
print("price of fairness:", fg.optimal_alpha(utility, costs=[0, "9/20"]).price_of_fairness)

# %%
# Two users who differ
# --------------------
#
# With different costs there is a case that a grid over :math:`\alpha` cannot see: at one single fraction, twice the lower cost, the
# dearer user takes part surely and the cheaper one hesitates.

fg.optimal_alpha(utility, costs=[[0, "3/10"], [0, "31/100"]])
