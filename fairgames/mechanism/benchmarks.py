"""What fairness costs the platform, beside paying each user exactly its cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from fairgames.exactness import Array, Number
from fairgames.game.actions import Actions
from fairgames.mechanism.coalition import CoalitionOutcome, coalition_outcome
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.mechanism.outcome import pay_exactly_cost
from fairgames.mechanism.problem import as_problem
from fairgames.result import Result, format_value
from fairgames.utility.base import Utility


@dataclass(frozen=True, eq=False, repr=False)
class CostPricing(Result):
    """The platform's best profile when it pays each user exactly its cost (individual rationality only).

    Attributes
    ----------
    profile : tuple of int
        Level of each user.
    value : Fraction or float
        What the platform keeps, ``U − Σ c``.
    utility : Fraction or float
        The utility.
    costs : ndarray, shape (N,)
        Cost, and payment, of each user.
    """

    profile: tuple[int, ...]
    value: Number
    utility: Number
    costs: Array


@dataclass(frozen=True, eq=False, repr=False)
class PriceOfFairness(Result):
    """The fair optimum beside two benchmarks.

    Attributes
    ----------
    fair : Optimum
        The optimum under fair payments.
    exactly_cost : CostPricing
        Paying each user exactly its cost.
    coalition : CoalitionOutcome
        Sharing by Theorem 1.
    price : Fraction, float or None
        What the platform keeps when paying costs, over what it keeps when paying fairly; exactly 1 among
        identical users with two actions. None when the latter is not positive or "absent" is not an action.
    """

    fair: Optimum
    exactly_cost: CostPricing
    coalition: CoalitionOutcome
    price: Number | None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        exact, shared = self.exactly_cost, self.coalition
        rows = [
            ("fair payments (Theorem 2)", self.fair.value, self.fair.utility, self.fair.profile),
            ("each user paid its cost", exact.value, exact.utility, exact.profile),
            ("platform in the coalition (Theorem 1)", shared.platform, shared.utility, shared.profile),
        ]
        title = f"Price of fairness: {format_value(self.price)}"
        return (
            title,
            ("payments", "platform keeps", "utility", "profile"),
            [(name, *(format_value(entry) for entry in entries)) for name, *entries in rows],
        )


def price_of_fairness(
    utility: Utility | ArrayLike, costs: object, selection: str = "best", *, actions: Actions = None
) -> PriceOfFairness:
    """Compare the fair optimum with paying exactly costs and with the shares of Theorem 1.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs.
    selection : {"best", "worst", "potential"}
        Which equilibrium counts when there are several.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.

    Returns
    -------
    PriceOfFairness
        Exact when the numbers are.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the tensor would not fit in memory.

    Examples
    --------
    >>> report = price_of_fairness([[0, "2/3"], ["2/3", 1]], [0, "1/10"])
    >>> report.price, report.fair.value, report.coalition.platform
    (Fraction(1, 1), Fraction(4, 5), Fraction(5, 9))
    """
    fair = optimal_alpha(utility, costs, selection, actions=actions)
    return PriceOfFairness(
        fair,
        pay_costs(utility, costs, actions),
        coalition_outcome(utility, costs, selection, actions),
        fair.price_of_fairness,
    )


def pay_costs(utility: Utility | ArrayLike, costs: object, actions: Actions = None) -> CostPricing:
    """Best that the platform can do if it pays each user exactly its cost: ``max U − Σ c``.

    An upper bound on the fair optimum wherever users may stay absent: nobody takes part for less.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs, in units of utility; ``inf`` forbids a level.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level.

    Returns
    -------
    CostPricing
        Exact when the numbers are.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the tensor would not fit in memory.

    Examples
    --------
    >>> pay_costs([[0, "2/3"], ["2/3", 1]], [[0, "1/10"], [0, "2/5"]]).profile
    (1, 0)
    """
    problem = as_problem(utility, costs, actions)
    profile, value = pay_exactly_cost(problem)
    borne = problem.costs_at(profile)
    return CostPricing(profile, value, value + borne.sum(), borne)
