"""Other payment rules played out: which axioms each breaks, what users would do, what the platform keeps.

`compare_rules` is the table of ``fairgames compare``. Axioms are tried with a few users present (`check_axioms`); every
pure equilibrium under a rule comes from intervals of alpha, as for fair payments.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.equilibrium.intervals import payment_intervals
from fairgames.equilibrium.solvers import pure_profiles
from fairgames.errors import FairGamesError, InputError
from fairgames.exactness import Array, Number, as_array, as_number, common
from fairgames.game.shares import PaymentRule, payoffs_of, rule_shares
from fairgames.memory import readable_count, require_memory
from fairgames.payments.alpha import as_share
from fairgames.payments.axioms import AxiomBreak, AxiomReport, check_axioms
from fairgames.payments.potential import largest_within
from fairgames.payments.rules import (
    Banzhaf,
    EqualSplit,
    ExactCost,
    Fair,
    LeaveOneOut,
    NoNegative,
    Proportional,
    Rule,
)
from fairgames.result import Result, answered, format_value
from fairgames.scenario.costs import Actions, CostTable, costs_of_actions, on_actions
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import ROUNDING, comparison_tolerance, near
from fairgames.utility.base import Utility
from fairgames.utility.table import TableUtility

_MOST_PAYMENTS = 1_000


class OutsiderPaidError(FairGamesError):
    """The rule pays somebody who is absent: a break of the null user axiom."""

    def __init__(self, witness: AxiomBreak) -> None:
        self.witness = witness
        super().__init__(str(witness))


def check_axioms_among_some(rule: PaymentRule, utility: Utility, levels: Sequence[Sequence[int]]) -> AxiomReport:
    """Check the fairness axioms among as many users, first come first, as can be tried in a moment.

    The other users, and those who can only be absent, are absent. A break found so is a break among all users.

    Parameters
    ----------
    rule : callable
        ``rule(utility, profile) -> (N,)``.
    utility : Utility
        The utility at hand.
    levels : sequence of sequence of int
        Levels of each user at which the rule is tried, 0 ("absent") among them.

    Returns
    -------
    AxiomReport
        Witnesses name users and levels of ``utility``.
    """
    able = [user for user, chosen in enumerate(levels) if len(chosen) > 1]
    insiders = able[: _how_many([len(levels[user]) for user in able])]
    if not insiders:
        return AxiomReport((), (), 0)
    tried = [tuple(chosen) if user in insiders else (0,) for user, chosen in enumerate(levels)]
    small = TableUtility(utility.tensor()[np.ix_(*tried)].reshape([len(tried[user]) for user in insiders]))
    absent = np.setdiff1d(np.arange(utility.n_users), insiders)

    def full_profile(profile: Sequence[int]) -> tuple[int, ...]:
        places = dict(zip(insiders, profile, strict=True))
        return tuple(chosen[places.get(user, 0)] for user, chosen in enumerate(tried))

    @lru_cache(maxsize=1)
    def widened(table: Utility) -> Utility:
        return _Widened(table, tried, insiders, utility.shape)

    def among_insiders(table: Utility, profile: NDArray[np.intp]) -> Array:
        full = full_profile(profile.tolist())
        paid = as_array(rule(widened(table), np.array(full)), f"payments at profile {full}")
        if paid.shape != (utility.n_users,):
            raise InputError("rule", f"must return one payment for each of {utility.n_users} users", paid.shape)
        for who in absent[np.flatnonzero(paid[absent])].tolist():
            raise OutsiderPaidError(
                AxiomBreak("null user", "one of the utilities tried", full, (who,), paid[who], paid[who] * 0)
            )
        return paid[insiders]

    try:
        report = check_axioms(among_insiders, small)
    except OutsiderPaidError as found:
        return AxiomReport(("null user",), (found.witness,), 1)
    breaks = (
        replace(found, profile=full_profile(found.profile), users=tuple(insiders[user] for user in found.users))
        for found in report.breaks
    )
    return replace(report, breaks=tuple(breaks))


def _how_many(sizes: Sequence[int]) -> int:
    """Largest number of first users whose profiles, times the utilities tried, stay few."""
    payments = 2
    for users, size in enumerate(sizes):
        payments *= 2 * size
        if payments > _MOST_PAYMENTS:
            return max(1, users)
    return len(sizes)


class _Widened(Utility):
    """A table over some levels of some users, seen as a utility of all levels and users."""

    def __init__(
        self, table: Utility, tried: Sequence[tuple[int, ...]], insiders: Sequence[int], shape: tuple[int, ...]
    ) -> None:
        self._table, self._tried, self._insiders, self._shape = table, tried, insiders, shape

    @property
    def n_users(self) -> int:
        return len(self._shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def exact(self) -> bool:
        return self._table.exact

    @cached_property
    def types(self) -> NDArray[np.intp]:
        return np.arange(self.n_users)

    def evaluate(self, profiles: NDArray[np.integer[Any]]) -> Array:
        index = [np.searchsorted(self._tried[user], profiles[:, user]) for user in self._insiders]
        return self._table.evaluate(np.stack(index, axis=1))


HEADERS = ("rule", "axioms broken", "alpha", "profile", "utility", "platform keeps", "at worst", "users' surplus")


@dataclass(frozen=True, eq=False, repr=False)
class RuleOutcome(Result):
    """What happens under one payment rule.

    Attributes
    ----------
    rule : str
        Its name.
    axioms : AxiomReport
        Which fairness axioms it breaks, with witnesses.
    alpha : number
        Fraction that scales its payments.
    profile : tuple of int or None
        The pure equilibrium that is best for the platform; None when there is none.
    utility : number or None
        Utility there.
    payments : ndarray or None, shape (N,)
        Payments there, scaled.
    platform_keeps : number or None
        Utility less payments.
    worst_keeps : number or None
        What the platform keeps at the worst pure equilibrium at the same ``alpha``.
    users_surplus : number or None
        Payments less privacy costs, over all users.
    equilibria : tuple of tuple of int
        Every pure equilibrium at ``alpha``.
    """

    rule: str
    axioms: AxiomReport
    alpha: Number
    profile: tuple[int, ...] | None
    utility: Number | None
    payments: Array | None
    platform_keeps: Number | None
    worst_keeps: Number | None
    users_surplus: Number | None
    equilibria: tuple[tuple[int, ...], ...]

    def row(self) -> list[str]:
        """Cells under `HEADERS`."""
        broken = ", ".join(self.axioms.broken) or "none found"
        numbers = (self.alpha, self.profile, self.utility, self.platform_keeps, self.worst_keeps, self.users_surplus)
        return [self.rule, broken, *map(format_value, numbers)]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        return "One payment rule", HEADERS, [self.row()]


def _outcome(
    name: str,
    axioms: AxiomReport,
    utility: Array,
    shares: Sequence[Array],
    costs: Sequence[Array],
    actions: Sequence[Sequence[int]],
    alpha: Number | None,
) -> RuleOutcome:
    """Play a rule on the actions of finite cost; ``alpha`` None: the fraction at which the platform keeps most."""
    largest = largest_within(utility)
    U, *numbers = common(utility, *shares, *costs)
    payments, costs = numbers[: U.ndim], numbers[U.ndim :]
    total = sum(payments[1:], payments[0])
    if alpha is None:
        alpha = _best_alpha(U, total, *payment_intervals(payments, costs, magnitudes=largest))
    payoffs = payoffs_of([alpha * payment for payment in payments], costs, alpha * largest)
    stable = list(pure_profiles(payoffs))
    if not stable:
        return RuleOutcome(name, axioms, alpha, None, None, None, None, None, None, ())
    kept = U - alpha * total
    most = max(kept[index] for index in stable)
    best = next(index for index in stable if kept[index] >= most - near(most) - near(U[index], part=ROUNDING))
    surplus = sum(payoff[best] for payoff in payoffs)
    rounding = near(U[best], *(payment[best] for payment in payments))
    profiles = {index: tuple(levels[place] for levels, place in zip(actions, index, strict=True)) for index in stable}
    return RuleOutcome(
        rule=name,
        axioms=axioms,
        alpha=alpha,
        profile=profiles[best],
        utility=U[best],
        payments=np.array([alpha * payment[best] for payment in payments], dtype=kept.dtype),
        platform_keeps=kept[best],
        worst_keeps=min(kept[index] for index in stable),
        users_surplus=surplus if abs(surplus) > rounding else 0 * surplus,
        equilibria=tuple(profiles.values()),
    )


def _best_alpha(U: Array, total: Array, lo: Array, hi: Array, stable: Array) -> Number:
    """Alpha at which the platform keeps most at a pure equilibrium: an end of one of the intervals."""
    ends = np.concatenate([lo[stable], hi[stable]])
    kept = np.concatenate([U[stable] - lo[stable] * total[stable], U[stable] - hi[stable] * total[stable]])
    best = (kept >= kept.max() - comparison_tolerance(kept)).astype(bool)
    alpha: Number = ends[best].min()
    return alpha


_MOST_USERS = 100


@dataclass(frozen=True, eq=False, repr=False)
class RuleComparison(Result):
    """Payment rules side by side, on the same utility and costs.

    Attributes
    ----------
    outcomes : tuple of RuleOutcome
        One a rule, in the order in which they were given.
    alpha : number or None
        The fraction at which all were compared; None: each at its best for the platform.
    """

    outcomes: tuple[RuleOutcome, ...]
    alpha: Number | None

    def __getitem__(self, rule: str) -> RuleOutcome:
        """Outcome of the rule of that name."""
        for outcome in self.outcomes:
            if outcome.rule == rule:
                return outcome
        raise InputError("rule", f"must be one of {', '.join(outcome.rule for outcome in self.outcomes)}", rule)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        where = "each at its best alpha for the platform" if self.alpha is None else f"alpha = {self.alpha}"
        return f"Payment rules over pure equilibria, {where}", HEADERS, [one.row() for one in self.outcomes]


@public
def standard_rules(
    utility: Scenario | Utility | ArrayLike, costs: CostTable = None, amounts: ArrayLike | None = None
) -> dict[str, Rule]:
    """Payment rules that `compare_rules` plays out when none are given.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs, which one of the rules pays.
    amounts : array_like, optional
        Amount that each level discloses, for the proportional rule; see `Proportional`. By default the
        scenario's.

    Returns
    -------
    dict
        Rule by name: fair, proportional, equal split, leave one out, Banzhaf, no negative payments, pay
        exactly the cost.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the payments of so many users would not fit in memory.

    Examples
    --------
    >>> list(standard_rules([[0, "2/3"], ["2/3", 1]], costs=[0, "1/10"]))[:3]
    ['fair', 'proportional', 'equal split']
    """
    asked = as_scenario(utility, costs)
    checked = asked.utility
    _require_room(checked)
    # The axioms try profiles at which somebody is absent who may not be.
    costs_if_absent = asked.user_costs.copy()
    costs_if_absent[:, 0] = 0
    known: ArrayLike | None = cast("ArrayLike", asked.amounts) if amounts is None else amounts
    return {
        "fair": Fair(),
        "proportional": Proportional(Proportional(known).amounts_for(checked)),
        "equal split": EqualSplit(),
        "leave one out": LeaveOneOut(),
        "Banzhaf": Banzhaf(),
        "no negative payments": NoNegative(),
        "pay exactly the cost": ExactCost(costs_if_absent),
    }


@public
def compare_rules(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    rules: Mapping[str, PaymentRule] | None = None,
    *,
    alpha: Number | int | str | None = None,
    actions: Actions = None,
) -> RuleComparison:
    """Play out payment rules: which axioms each breaks, what users would do, what the platform keeps.

    Under a rule ``t`` user ``i`` earns ``alpha · t_i(rho) − c_i(rho_i)``. Every pure equilibrium at every
    alpha is found from exact intervals of alpha, as for fair payments, though most rules have no
    potential. Mixed equilibria are not looked for.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs; ``inf`` forbids a level.
    rules : mapping of str to callable, optional
        ``rule(utility, profile) -> (N,)`` by name; by default `standard_rules`, to which
        ``{**standard_rules(utility, costs), "mine": rule}`` adds one.
    alpha : number, optional
        Fraction that scales all rules but pay-exactly-cost; left out, each rule has the alpha in [0, 1]
        at which the platform keeps most.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level.

    Returns
    -------
    RuleComparison
        One table.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the payments would not fit in memory.

    Notes
    -----
    The axioms are tried among the first few users where there are many. When each user is paid exactly
    its cost, it is indifferent between all its levels: every profile is an equilibrium, and what the
    platform keeps at best and at worst are far apart.

    Examples
    --------
    >>> compared = compare_rules([[0, "2/3"], ["2/3", 1]], [0, "3/10"])
    >>> for outcome in compared.outcomes:
    ...     print(outcome.rule, outcome.alpha, outcome.profile, outcome.platform_keeps)
    fair 3/5 (1, 1) 2/5
    proportional 3/5 (1, 1) 2/5
    equal split 3/5 (1, 1) 2/5
    leave one out 9/10 (1, 1) 2/5
    Banzhaf 3/5 (1, 1) 2/5
    no negative payments 3/5 (1, 1) 2/5
    pay exactly the cost 1 (1, 1) 2/5
    """
    asked = as_scenario(utility, costs, actions)
    checked, table, allowed = asked.utility, asked.user_costs, asked.actions
    _require_room(checked)
    fixed = None if alpha is None else as_share(alpha, "alpha")
    chosen = standard_rules(asked) if rules is None else rules
    if not chosen:
        raise InputError("rules", "must map the name of at least one rule to it", rules)
    for name, rule in chosen.items():
        if not callable(rule):
            raise InputError(f"rules[{name!r}]", "must be a function of (utility, profile)", rule)
    worth, borne = on_actions(checked.tensor(), allowed), costs_of_actions(table, allowed)
    outcomes = []
    for name, rule in chosen.items():
        axioms = check_axioms_among_some(rule, checked, allowed)
        scale = fixed if not isinstance(rule, Rule) or rule.scaled else as_number(1, "alpha")
        outcomes.append(_outcome(name, axioms, worth, rule_shares(rule, checked, allowed), borne, allowed, scale))
    return answered(RuleComparison(tuple(outcomes), fixed), asked)


def _require_room(utility: Utility) -> None:
    size = math.prod(utility.shape[:_MOST_USERS])
    profiles = f"{readable_count(size)} profiles{' or more' * (utility.n_users > _MOST_USERS)}"
    require_memory(
        size * utility.n_users * (400 if utility.exact else 40),
        f"the payments of {utility.n_users:,} users at {profiles}",
        "fewer users",
    )
