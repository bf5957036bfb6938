"""What fairness costs the platform: its optimum beside paying each user exactly its cost, and beside Theorem 1.

Under Theorem 1 the platform is a member of the coalition: its share is the users' potential, and there is no alpha.
The public functions of this module are called by users, and by the command `design`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.equilibrium.intervals import payment_intervals
from fairgames.exactness import Array, Number, common
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum, pay_exactly_cost
from fairgames.mechanism.problem import as_problem
from fairgames.payments.potential import potential_tensor, shares_at
from fairgames.result import Paying, Result, answered, format_value
from fairgames.scenario.costs import Actions, CostTable, on_actions
from fairgames.scenario.limits import Limits, Selection
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import RELATIVE, near
from fairgames.utility.base import Utility


@dataclass(frozen=True, eq=False, repr=False)
class CoalitionOutcome(Paying):
    """An equilibrium when the platform is itself a member of the coalition (Theorem 1): there is no alpha.

    Attributes
    ----------
    profile : tuple of int
        Level of each user.
    platform : Fraction or float
        The platform's fair share.
    payments, costs : ndarray, shape (N,)
        Fair share and privacy cost of each user.
    utility : Fraction or float
        The utility, which all shares add up to.
    equilibria : tuple of tuple of int
        All pure equilibria, in lexicographic order.
    selection : str
        Which of them counts.
    """

    profile: tuple[int, ...]
    platform: Number
    payments: Array
    costs: Array
    utility: Number
    equilibria: tuple[tuple[int, ...], ...]
    selection: str


@public
def coalition_outcome(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    selection: Selection | None = None,
    actions: Actions = None,
) -> CoalitionOutcome:
    """Equilibrium of the users' game when all, the platform included, are paid by Theorem 1.

    The platform's fair share is itself the users' potential, so an equilibrium exists.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs.
    selection : {"best", "worst", "potential"}
        By the platform's share, or by the potential (share less costs); by default the scenario's, or ``"best"``.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.

    Returns
    -------
    CoalitionOutcome
        The selected pure equilibrium.

    Raises
    ------
    InputError
        If an argument is malformed.

    Examples
    --------
    >>> outcome = coalition_outcome([[0, "2/3"], ["2/3", 1]], [0, "1/4"])
    >>> outcome.profile, outcome.platform
    ((0, 1), Fraction(1, 3))
    """
    asked = as_scenario(utility, costs, actions, selection=selection)
    problem = as_problem(asked, limits=Limits())
    everywhere, _ = common(potential_tensor(problem.utility.tensor(), platform=1), problem.potential)
    shares = on_actions(everywhere, problem.allowed)
    # Equilibria when all is paid out: those at alpha = 1.
    _, hi, holds = payment_intervals([shares] * shares.ndim, problem.costs, magnitudes=problem.magnitudes)
    stable = np.flatnonzero(holds & (hi >= 1 - (0 if problem.exact else RELATIVE)).astype(bool))
    share = shares.reshape(-1)[stable]
    borne = problem.total_costs.reshape(-1)[stable]
    key = {"best": share, "worst": -share, "potential": share - borne}[asked.selection]
    top = int(np.flatnonzero((key >= key.max() - near(key.max())).astype(bool))[0])
    profile = problem.profile(int(stable[top]))
    found = CoalitionOutcome(
        profile=profile,
        platform=share[top],
        payments=shares_at(everywhere, profile),
        costs=problem.costs_at(profile),
        utility=problem.utilities.reshape(-1)[stable[top]],
        equilibria=tuple(problem.profile(int(flat)) for flat in stable),
        selection=asked.selection,
    )
    return answered(found, asked)


@dataclass(frozen=True, eq=False, repr=False)
class CostPricing(Paying):
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

    @property
    def payments(self) -> Array:
        """Payment of each user: its cost."""
        return self.costs


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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
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
            [(name, *(entry for entry in entries)) for name, *entries in rows],
        )


@public
def price_of_fairness(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    selection: Selection | None = None,
    *,
    actions: Actions = None,
) -> PriceOfFairness:
    """Compare the fair optimum with paying exactly costs and with the shares of Theorem 1.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs.
    selection : {"best", "worst", "potential"}
        Which equilibrium counts when there are several; by default the scenario's, or ``"best"``.
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
    asked = as_scenario(utility, costs, actions, selection=selection)
    fair = optimal_alpha(asked)
    return answered(PriceOfFairness(fair, pay_costs(asked), coalition_outcome(asked), fair.price_of_fairness), asked)


@public
def pay_costs(utility: Scenario | Utility | ArrayLike, costs: CostTable = None, actions: Actions = None) -> CostPricing:
    """Best that the platform can do if it pays each user exactly its cost: ``max U − Σ c``.

    An upper bound on the fair optimum wherever users may stay absent: nobody takes part for less.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
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
    asked = as_scenario(utility, costs, actions)
    problem = as_problem(asked, limits=Limits())
    profile, value = pay_exactly_cost(problem)
    borne = problem.costs_at(profile)
    return answered(CostPricing(profile, value, value + borne.sum(), borne), asked)
