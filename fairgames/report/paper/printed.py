"""The paper's two tables, and its printed numbers and formulas beside the same quantities computed by this package.

Sections 3 and 5.1, appendices B and E; ``fairgames reproduce tables`` writes them, and says which do not agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

from fairgames.exactness import Array, Number, as_array, as_number
from fairgames.payments.fair import coalition_payments, payment_table
from fairgames.report.paper.plate import Plate
from fairgames.report.paper.two_users import mechanism, two_user_mean
from fairgames.tolerance import RELATIVE
from fairgames.utility.dp_mean import DPMeanUtility

_SWAPPED = "printed with users 1 and 2 exchanged relative to the rows of eq. 10"
_EPSILONS = (Fraction(1), Fraction(2), Fraction(5))
_PROBABILITIES = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1))
_COSTS = ("0", "1/6", "1/4", "1/3", "2/5", "1/2", "3/5", "3/4", "1")


class Printed(NamedTuple):
    """One number of the paper.

    Attributes
    ----------
    where : str
        Equation or section.
    quantity : str
        What it is, in the paper's symbols as plain text.
    printed, computed : Fraction or float
        The number in print (or its formula, evaluated), and ours.
    note : str
        What is to be known about the print.
    """

    where: str
    quantity: str
    printed: Number
    computed: Number
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Whether both are the same, up to rounding where floats are involved."""
        return -RELATIVE <= self.printed - self.computed <= RELATIVE


def printed_numbers() -> list[Printed]:
    """Every number and formula that the paper prints about its examples, with ours.

    Examples
    --------
    >>> first = printed_numbers()[1]
    >>> print(first.where, first.quantity, first.printed, first.computed, first.agrees)
    eq. 10 U[1, 2] 2/3 2/3 True
    """
    return [*_matrices(), *_private_mean(), *_curves(), *_regimes()]


def _matrices() -> Iterator[Printed]:
    utility = two_user_mean()
    table = payment_table(utility)
    yield from _entries("10", "U", "0 2/3 2/3 1", utility.tensor())
    coalition = [[coalition_payments(utility, (i, j)) for j in (0, 1)] for i in (0, 1)]
    yield from _entries("11", "Phi_p", "0 1/3 1/3 5/9", [[one.platform for one in row] for row in coalition])
    for user, (first, second) in enumerate((("0 1/3 0 2/9", "0 2/3 0 1/2"), ("0 0 1/3 2/9", "0 0 2/3 1/2"))):
        other = 1 - user
        payments = [[one.values[other] for one in row] for row in coalition]
        yield from _entries("11", f"Phi(1)_{user + 1}", first, payments, _SWAPPED)
        yield from _entries("12", f"Phi(2)_{user + 1} at A = 1", second, table.user(other), _SWAPPED)
    yield from _entries("91", "U", "0 2/3 2/3 1", utility.tensor())
    for user, text in enumerate(("0 2/3 0 1/2", "0 0 2/3 1/2")):
        yield from _entries("92", f"Phi(2)_{user + 1} at alpha = 1", text, table.user(1 - user), _SWAPPED)


def _entries(
    where: str, name: str, text: str, found: Array | list[list[Number | None]], note: str = ""
) -> Iterator[Printed]:
    for place, entry in enumerate(text.split()):
        row, column = divmod(place, 2)
        computed = found[row][column]
        assert computed is not None
        yield Printed(f"eq. {where}", f"{name}[{row + 1}, {column + 1}]", as_number(entry, name), computed, note)


def _private_mean() -> Iterator[Printed]:
    twelfth = Fraction(1, 12)
    yield Printed("eq. 28", "r([0, 0])", twelfth, two_user_mean().bayes_risk((0, 0)))
    for eps in _EPSILONS:
        utility = DPMeanUtility(as_array([0, eps], "epsilons"), n_users=2)
        one, two = 1 / (3 + 24 / eps**2), 1 / (4 + 12 / eps**2)
        at = f"at eps' = {eps}"
        yield Printed("eq. 31", f"weight of the one user {at}", one, float(utility.weights((1, 0))[0]))
        yield Printed("eq. 31", f"scale of the noise {at}", eps / (3 * eps**2 + 24), utility.noise_scale((1, 0)))
        yield Printed("eq. 32", f"r([eps', 0]) {at}", twelfth * (1 - one), utility.bayes_risk((1, 0)))
        yield Printed("eq. 32", f"r([0, eps']) {at}", twelfth * (1 - one), utility.bayes_risk((0, 1)))
        yield Printed("eq. 35", f"weight of each user {at}", two, float(utility.weights((1, 1))[1]))
        yield Printed("eq. 35", f"scale of the noise {at}", eps / (4 * eps**2 + 12), utility.noise_scale((1, 1)))
        risk = twelfth * (1 - 1 / (2 + 6 / eps**2))
        yield Printed("eq. 36", f"r([eps', eps']) {at}", risk, utility.bayes_risk((1, 1)))
        yield Printed("eq. 37", f"U([eps', 0]) {at}", 2 * one, utility((1, 0)))
        yield Printed("eq. 37", f"U([0, eps']) {at}", 2 * one, utility((0, 1)))
        yield Printed("eq. 37", f"U([eps', eps']) {at}", 1 / (1 + 3 / eps**2), utility((1, 1)))


def _curves() -> Iterator[Printed]:
    found = mechanism("1/2")
    for p in _PROBABILITIES:
        yield Printed("eq. 93", f"U(p) at p = {p}", 1 - 2 * p / 3 - p**2 / 3, found.expected_utility(p))
        yield Printed("eq. 94", f"gamma(p) at p = {p}", Fraction(1, 2) + p / 6, found.gamma(p))
    for cost in (Fraction(1, 5), Fraction(2, 5), Fraction(1, 2)):
        solved = mechanism(cost)
        for alpha in (cost, 3 * cost / 2, 7 * cost / 4, 2 * cost, 9 * cost / 4):
            if alpha <= 1:
                at = f"at c = {cost}, alpha = {alpha}"
                absent = solved.p_star(alpha)
                yield Printed("eq. 95", f"p*(alpha) {at}", p_star(alpha, cost), absent)
                yield Printed("eq. 96", f"U(p*(alpha)) {at}", utility_at(alpha, cost), solved.expected_utility(absent))


def p_star(alpha: Number, cost: Number) -> Number:
    """Evaluate eq. 95 as printed."""
    return _piecewise(alpha, cost, Fraction(1), lambda: 6 * cost / alpha - 3, Fraction(0))


def utility_at(alpha: Number, cost: Number) -> Number:
    """Evaluate eq. 96 as printed."""
    return _piecewise(alpha, cost, Fraction(0), lambda: 8 * cost / alpha - 12 * cost**2 / alpha**2, Fraction(1))


def _piecewise(alpha: Number, cost: Number, low: Number, middle: Callable[[], Number], high: Number) -> Number:
    if alpha < 3 * cost / 2:
        return low
    return middle() if alpha <= 2 * cost else high


def alpha_star(cost: Number) -> Number:
    """Evaluate eq. 97 as printed."""
    if cost < Fraction(1, 3):
        return 2 * cost
    return 6 * cost / (3 * cost + 2) if cost <= Fraction(2, 3) else Fraction(0)


def _regimes() -> Iterator[Printed]:
    found = mechanism("1/2")
    yield Printed("appendix B.4.1", "gamma_max", Fraction(2, 3), found.gamma_max)
    yield Printed("appendix B.4.1", "gamma_min", Fraction(1, 2), found.gamma_min)
    yield Printed("section 5.1", "c_th", Fraction(1, 3), found.cost_threshold)
    yield Printed("section 5.1", "cost from which alpha* = 0", Fraction(2, 3), found.exit_threshold)
    for text in _COSTS:
        cost = Fraction(text)
        yield Printed("eq. 97", f"alpha* at c = {text}", alpha_star(cost), mechanism(cost).alpha)
    yield Printed("appendix B.4.1", "(1 - alpha) U at c = 1/4", Fraction(1, 2), mechanism("1/4").value, "1 - 2c")


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


def tables() -> tuple[Plate, ...]:
    """All printed numbers, table 1 and table 2."""
    numbers = [(*one[:4], "yes" if one.agrees else "no", one.note) for one in printed_numbers()]
    return (
        Plate("printed-numbers", None, HEADERS, numbers),
        Plate("table1", None, ("level", "the user", "the platform gets"), LEVELS),
        Plate("table2", None, ("paper", "code", "meaning"), NOTATION),
    )
