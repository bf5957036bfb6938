"""
Two people, one mean, differential privacy
==========================================

The paper's section 3. A platform estimates the mean of binary data under differential privacy. Each person
chooses between being absent and giving its bit at a privacy parameter ε. What is a bit worth, and
how does the worth depend on the privacy that both ask for?
"""

import matplotlib.pyplot as plt
import numpy as np

import fairgames as fg
from fairgames.report.style import LOOK

plt.rcParams.update(LOOK)  # the look of the package's own figures

# %%
# Without privacy
# ---------------
#
# With :math:`\epsilon = \infty` the numbers are rational, and so are the answers. One person alone brings 2/3 of what is
# possible, two bring all of it.

utility = fg.DPMeanUtility([0, "inf"], n_users=2)
utility.tensor()

# %%
# Both rules of fairness, when both take part: first among the two people only, then with the platform as a third
# member of the coalition.

fg.fair_payments(utility, [1, 1])

# %%

fg.coalition_payments(utility, [1, 1])

# %%
# With privacy
# ------------
#
# A small :math:`\epsilon` means much noise. The second person's choice changes what the first one is owed: the two
# are substitutes.

epsilons = np.geomspace(0.5, 50, 60)
figure, panel = plt.subplots(figsize=(7, 4.2), layout="constrained")
for other, style in [(0.0, "-"), (1.0, "--"), (5.0, "-."), (np.inf, ":")]:
    owed = []
    for epsilon in epsilons:
        pair = fg.DPMeanUtility([[0, epsilon], [0, other if other else 1.0]])
        owed.append(fg.fair_payments(pair, [1, int(other > 0)]).values[0])
    label = "absent" if other == 0 else "no privacy" if np.isinf(other) else f"ε = {other:g}"
    panel.plot(epsilons, owed, style, label=label)
panel.set(xscale="log", xlabel="privacy parameter ε of person 1 (more private ← → less private)")
panel.set(ylabel="fair payment φ₁ of person 1 (α = 1)", title="What one bit is worth")
panel.legend(title="person 2")

# %%
# Saturation
# ----------
#
# Giving up more privacy than the other is not always worth something. Beyond a point the best estimator gives the less private
# person *more* privacy than it asked for, since noise must protect the other one anyway: the payment is flat there.

pair = fg.DPMeanUtility([[0, 2], [0, 100]])
print(
    "weights:", pair.weights([1, 1]).round(4), " person 2 saturated:", pair.saturated([1, 1])[1]
)
print("U(2, 8) =", fg.DPMeanUtility([[0, 2], [0, 8]])([1, 1]), "  U(2, 100) =", pair([1, 1]))
