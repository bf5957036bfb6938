"""Other payment rules played out: what is unfair about each, what users would do, what the platform keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from fairgames.assessment.rule_axioms import check_axioms_among_some
from fairgames.assessment.rule_outcome import HEADERS, PlayedRule, RuleOutcome, outcome_of
from fairgames.errors import InputError
from fairgames.exactness import Number, as_number
from fairgames.game.actions import Actions, allowed_actions, costs_of_actions, on_actions
from fairgames.game.costs import as_costs
from fairgames.game.shares import PaymentRule, rule_shares
from fairgames.memory import readable_count, require_memory
from fairgames.payments.proportional import ProportionalRule
from fairgames.payments.rules import (
    BanzhafRule,
    EqualSplitRule,
    ExactCostRule,
    FairRule,
    LeaveOneOutRule,
    NoNegativeRule,
)
from fairgames.payments.rules import PaymentRule as StandardRule
from fairgames.result import Result
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility

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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        where = "each at its best alpha for the platform" if self.alpha is None else f"alpha = {self.alpha}"
        return f"Payment rules over pure equilibria, {where}", HEADERS, [one.row() for one in self.outcomes]


def standard_rules(
    utility: Utility | ArrayLike, costs: object, amounts: ArrayLike | None = None
) -> dict[str, StandardRule]:
    """Payment rules that `compare_rules` plays out when none are given.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs, which one of the rules pays.
    amounts : array_like, optional
        Amount that each level discloses, for the proportional rule; see `ProportionalRule`.

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
    checked = as_utility(utility)
    _require_room(checked)
    return {
        "fair": FairRule(),
        "proportional": ProportionalRule(ProportionalRule(amounts).amounts_for(checked)),
        "equal split": EqualSplitRule(),
        "leave one out": LeaveOneOutRule(),
        "Banzhaf": BanzhafRule(),
        "no negative payments": NoNegativeRule(),
        "pay exactly the cost": ExactCostRule(as_costs(costs, checked.shape)),
    }


def compare_rules(
    utility: Utility | ArrayLike,
    costs: object,
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
    utility : Utility or array_like
        The platform's utility.
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
    checked = as_utility(utility)
    _require_room(checked)
    table = as_costs(costs, checked.shape)
    allowed = allowed_actions(table, actions, checked.shape)
    fixed = None if alpha is None else as_number(alpha, "alpha")
    if fixed is not None and not 0 <= fixed <= 1:
        raise InputError("alpha", "must lie in [0, 1]", alpha)
    chosen = _as_rules(standard_rules(checked, costs) if rules is None else rules)
    finite = allowed_actions(table, None, checked.shape)
    outcomes = []
    for name, rule in chosen.items():
        axioms = check_axioms_among_some(rule, checked, finite)
        payments = rule_shares(rule, checked, allowed)
        scale = fixed if not isinstance(rule, StandardRule) or rule.scaled else as_number(1, "alpha")
        played = PlayedRule(on_actions(checked.tensor(), allowed), payments, costs_of_actions(table, allowed), allowed)
        outcomes.append(outcome_of(name, axioms, played, scale))
    return RuleComparison(tuple(outcomes), fixed)


def _require_room(utility: Utility) -> None:
    size = math.prod(utility.shape[:_MOST_USERS])
    profiles = f"{readable_count(size)} profiles{' or more' * (utility.n_users > _MOST_USERS)}"
    require_memory(
        size * utility.n_users * (400 if utility.exact else 40),
        f"the payments of {utility.n_users:,} users at {profiles}",
        "fewer users",
    )


def _as_rules(rules: Mapping[str, PaymentRule]) -> Mapping[str, PaymentRule]:
    if not isinstance(rules, Mapping) or not rules:
        raise InputError("rules", "must map the name of at least one rule to it", rules)
    for name, rule in rules.items():
        if not callable(rule):
            raise InputError(f"rules[{name!r}]", "must be a function of (utility, profile)", rule)
    return rules
