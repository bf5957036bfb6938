"""
A regulator audits a payment rule and a result
==============================================

A data market pays its members in proportion to how much privacy they give up. A member complains. The regulator asks three
questions: is the rule fair, what does it make people do, and is the platform's published analysis right?
"""

import json
from pathlib import Path

import numpy as np

import fairgames as fg

# %%
# Is the rule fair?
# -----------------
#
# The rule as the market states it: the fraction one half of the utility, divided in proportion to the privacy levels.


def market_rule(utility, profile):
    levels = np.asarray(profile, dtype=float)
    return 0.5 * float(utility(profile)) * levels / max(levels.sum(), 1.0)


utility = fg.DPMeanUtility([0, 1.0, 8.0], n_users=3)
fg.check_axioms(market_rule, utility)

# %%
# Each broken axiom comes with a witness: a utility, a profile, two numbers that should be equal. Anybody can check it by hand. Fair
# payments break none:

fg.check_axioms(
    lambda utility, profile: fg.fair_payments(utility, profile, alpha=0.5), utility
).fair

# %%
# What does it make people do?
# ----------------------------
#
# The same costs, several rules, each played out: which profiles are stable, and what the platform keeps.

compared = fg.compare_rules(utility, costs=[0, 0.02, 0.1])
compared

# %%
# The bars show what is left for each side, and the diamonds what the platform keeps if users settle on the
# equilibrium that is worst for it.

import matplotlib.pyplot as plt

from fairgames.report.figures import draw_rules
from fairgames.report.style import LOOK

plt.rcParams.update(LOOK)  # the look of the package's own figures
figure, panel = plt.subplots(figsize=(8, 5), layout="constrained")
draw_rules(panel, compared.outcomes)
figure.suptitle(
    "What each payment rule leaves to the platform and to its users", x=0.01, ha="left"
)

# %%
# Is the published analysis right?
# --------------------------------
#
# The platform published its equilibria with the scenario that they answer. All of it is proven again, from the scenario.

scenario = fg.Scenario([[0, "2/3"], ["2/3", 1]], [0, "2/5"])
fg.equilibria(fg.FairGame(scenario, alpha="3/5")).save("published.json")
fg.verify("published.json", scenario)

# %%
# One digit changed, and the audit fails.

forged = json.loads(Path("published.json").read_text().replace("-1/10", "-1/11", 1))
Path("published.json").unlink()
fg.verify(forged)

# %%
# See for oneself
# ---------------
#
# A regulator need not take an analysis on trust. The page has the whole game: any cost, any payment fraction.

fg.explore(fg.Scenario(utility, [0, 0.02, 0.1], ["Ann", "Bob", "Cleo"], title="Three members"))
