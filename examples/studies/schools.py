"""160 schools: whom to win over, at which payment fraction, and whether anybody would then move.

Each school shares its results directly, at a cost of 1, or stays out. For every number ``k``, the ``k`` largest
schools are priced by random permutations; the smallest payment among them says what fraction the platform must pay out
to keep them. Then the optimum is searched among all profiles, by best replies from several starts: without and with
the choice of secure aggregation, at several costs.

Run ``python examples/studies/schools.py``.
"""

from pathlib import Path

import numpy as np
from result_files import write

import fairgames as fg

DATA = Path(__file__).parents[1] / "data" / "math_achieve.csv"
DIRECT, COST, SEED = 2, 1.0, 1
AGGREGATED_COSTS = (np.inf, 0.9, 0.7, 0.5)
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


def optimum(fit, aggregated=np.inf):
    """The platform's optimum when taking part in the aggregate costs this much; infinite: not possible."""
    return fg.optimal_alpha(fit.utility(), [[0, aggregated, COST]] * len(fit.samples))


def optimum_row(aggregated, found):
    """Whom the platform wins over, and how sure that is."""
    absent, federated, direct = np.bincount(found.profile, minlength=3).tolist()
    return {
        "aggregated_cost": aggregated,
        "absent": absent,
        "federated": federated,
        "direct": direct,
        "alpha": found.alpha,
        "utility": found.utility,
        "value": found.value,
        "upper_bound": found.upper_bound,
        "gap": found.gap,
        "regret": found.regret,
        "regret_error": found.regret_error,
        "largest_error": float(found.standard_errors.max()),
    }


def equilibrium_rows(fit, found):
    """Each school at the optimum: its payment without sampling error, and as permutations estimate it."""
    paid = fg.fair_payments(
        fit.utility(), found.profile, found.alpha, engine="permutations", seed=SEED, budget=2000 * len(fit.samples)
    )
    low, high = paid.interval(0.95)
    table = (fit.samples, found.profile, found.payments, paid.values, low, high)
    names = ("students", "level", "payment", "estimate", "low", "high")
    return [dict(zip(names, row, strict=True)) for row in zip(*table, strict=True)]


def main():
    fit = fitted()
    order = np.argsort(-fit.samples, kind="stable")
    rows = [search_row(fit.utility(), order, number) for number in NUMBERS]
    write("schools_search", rows)
    best = max(rows, key=lambda row: row["value"])
    present = order[: best["schools"]]
    paid = price(fit.utility(), sharing(present, len(order)), evaluations=2000)
    write("schools_tempted", tempted_rows(fit, present, COST / paid.values[present].min()))
    found = {aggregated: optimum(fit, aggregated) for aggregated in AGGREGATED_COSTS}
    write("schools_optimum", [optimum_row(aggregated, one) for aggregated, one in found.items()])
    write("schools_equilibrium", equilibrium_rows(fit, found[np.inf]))


if __name__ == "__main__":
    main()
