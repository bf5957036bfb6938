"""
When the three regimes fail
===========================

Theorem 3 of the paper assumes diminishing returns. With differential privacy they may increase: two noisy bits can be worth
more than twice one. Then several symmetric equilibria coexist, and the printed trichotomy is not the answer.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import fairgames as fg
from fairgames.report.style import LOOK

plt.rcParams.update(LOOK)  # the look of the package's own figures

# %%
# Two users, the DP mean. The assumption holds exactly when :math:`\epsilon \ge 2\sqrt{3} \approx 3.46`: only then does
# :math:`\gamma(p)`, the gain in payment from taking part when the other stays out with probability :math:`p`, increase.

figure, panel = plt.subplots(figsize=(7, 4.2), layout="constrained")
p = np.linspace(0, 1, 101)
for epsilon, style in [(1.5, "-"), (2.5, "--"), (2 * math.sqrt(3), "-."), (6.0, ":")]:
    mechanism = fg.symmetric_mechanism(fg.DPMeanUtility([0, epsilon], n_users=2), cost=0.05)
    gamma = np.array([float(mechanism.gamma(value)) for value in p])
    panel.plot(p, gamma / gamma[0], style, label=f"ε = {epsilon:.2f}")
panel.set(xlabel="probability p that the other stays absent", ylabel="γ(p) / γ(0)")
panel.set(title="Below ε = 2√3 taking part is worth more when the other takes part too")
panel.legend()

# %%
# At a small :math:`\epsilon` the check says which assumption breaks and where, and the answer lists all equilibria.

mechanism = fg.symmetric_mechanism(fg.DPMeanUtility([0, 1.5], n_users=2), cost=0.05)
mechanism

# %%

mechanism.assumptions

# %%
# A second case: levels 1 and 2 with nobody absent. The platform earns something even when all choose the more private level, so
# paying nothing is optimal from a lower cost on than the theorem says.

utility = fg.TableUtility([[1 - 2.0 ** -(i + j) for j in range(3)] for i in range(3)])
for cost in (0.02, 1 / 32, 0.1):
    found = fg.symmetric_mechanism(utility, cost=cost, actions=(1, 2))
    print(
        f"cost {cost:.5f}: alpha* = {float(found.alpha):.4f}, the platform keeps {float(found.value):.4f}"
    )
