"""160 schools: how many to win over, at which payment fraction, and whether anybody would then move.

Each school shares its results directly, at a cost of 1, or stays out. For every number ``k``, the ``k`` largest
schools are priced; the smallest payment among them says what fraction the platform must pay out to keep them.

Run ``python examples/studies/schools.py``.
"""

from pathlib import Path

import numpy as np
from result_files import write

import fairgames as fg

DATA = Path(__file__).parents[1] / "data" / "math_achieve.csv"
DIRECT, COST, SEED = 2, 1.0, 1
NUMBERS = (*range(10, 100, 10), *range(100, 161))


def fitted():
    """The random-effects model of mathematics achievement in schools."""
    return fg.fit_federated_mean(DATA, group="School", value="MathAch")


def sharing(present, n_users):
    """Put the present schools at the direct level, and all others out."""
    profile = np.zeros(n_users, dtype=int)
    profile[present] = DIRECT
    return profile


def price(utility, profile, evaluations=200):
    """Payments by random permutations, with so many evaluations a present school."""
    budget = evaluations * int(np.count_nonzero(profile))
    return fg.fair_payments(utility, profile, engine="permutations", seed=SEED, budget=budget)


def search_row(utility, order, number):
    """What it takes to win over the largest schools, and what the platform keeps then."""
    present = order[:number]
    paid = price(utility, sharing(present, len(order)))
    last = present[np.argmin(paid.values[present])]
    alpha = COST / paid.values[last]
    return {
        "schools": number,
        "alpha": alpha,
        "utility": float(paid.utility),
        "value": (1 - alpha) * float(paid.utility),
        "alpha_error": alpha * paid.standard_errors[last] / paid.values[last],
    }


def tempted_rows(fit, present, alpha):
    """What one school of each size outside would gain by joining, with its standard error."""
    outside = np.setdiff1d(np.arange(len(fit.samples)), present)
    _, first = np.unique(fit.samples[outside], return_index=True)
    rows = []
    for user in outside[first]:
        paid = price(fit.utility(), sharing([*present, user], len(fit.samples)), evaluations=1000)
        gain, error = alpha * paid.values[user] - COST, alpha * paid.standard_errors[user]
        rows.append({"students": fit.samples[user], "gain_by_joining": gain, "standard_error": error})
    return rows


def main():
    fit = fitted()
    order = np.argsort(-fit.samples, kind="stable")
    rows = [search_row(fit.utility(), order, number) for number in NUMBERS]
    write("schools_search", rows)
    best = max(rows, key=lambda row: row["value"])
    present = order[: best["schools"]]
    paid = price(fit.utility(), sharing(present, len(order)), evaluations=2000)
    write("schools_tempted", tempted_rows(fit, present, COST / paid.values[present].min()))


if __name__ == "__main__":
    main()
