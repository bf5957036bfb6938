"""The paper's two tables, and all its printed numbers beside ours."""

from __future__ import annotations

from fairgames.report.paper.plate import Plate
from fairgames.report.paper.printed import printed_numbers

HEADERS = ("where", "quantity", "printed", "computed", "agrees", "note")

LEVELS = (
    (2, "hands the local estimate to the platform", "theta_i of each such user"),
    (1, "adds it to a secure aggregate with others at this level", "theta_f, the mean over such users"),
    (0, "provides no data", "nothing"),
)

NOTATION = (
    ("E", "levels", "privacy levels; index 0 is always absent"),
    ("N", "n_users", "number of users"),
    ("rho_i", "profile[i]", "privacy level of user i; eps_i for differential privacy"),
    ("U(rho)", "utility(profile)", "the platform's utility"),
    ("u_i(rho)", "FairGame.payoffs[i]", "payment less privacy cost of user i"),
    ("c_i(rho_i)", "costs[i]", "privacy cost, which the paper calls privacy sensitivity"),
    ("NE(alpha)", "stable_profiles, equilibria", "equilibria of the users' game"),
    ("t_i(rho)", "payments", "any payment function"),
    ("phi_i(rho)", "fair_payments, coalition_payments", "fair payment to user i under Theorem 2, Theorem 1"),
    ("phi_p(rho)", "Payments.platform", "fair share of the platform under Theorem 1 (print: Theorem 2)"),
    ("alpha", "alpha", "part of the utility that is paid out"),
    ("n_i", "samples", "amount of data of user i"),
    ("s^2", "between_variance", "variance of the users' means"),
    ("r^2", "within_variance", "mean of the users' variances"),
    ("a_i", "importance", "importance of user i in the utility"),
    ("BR_i", "stable_profiles", "best replies of user i, a set"),
    ("p", "SymmetricMechanism.p", "probability of the more private action"),
    ("gamma(p)", "SymmetricMechanism.gamma", "expected gain from the less private action, at alpha = 1"),
)


def plates() -> tuple[Plate, ...]:
    """All printed numbers, table 1 and table 2."""
    numbers = [(*one[:4], "yes" if one.agrees else "no", one.note) for one in printed_numbers()]
    return (
        Plate("printed-numbers", None, HEADERS, numbers),
        Plate("table1", None, ("level", "the user", "the platform gets"), LEVELS),
        Plate("table2", None, ("paper", "code", "meaning"), NOTATION),
    )
