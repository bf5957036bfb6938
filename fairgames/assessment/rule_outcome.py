"""What happens under one payment rule: its pure equilibria and what the platform keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairgames.equilibrium.intervals import payment_intervals
from fairgames.equilibrium.pure import pure_profiles
from fairgames.exactness import Array, Number, common
from fairgames.payments.axioms import AxiomReport
from fairgames.result import Result, format_value
from fairgames.tolerance import comparison_tolerance

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
        numbers = (
            self.alpha,
            self.profile,
            self.utility,
            self.platform_keeps,
            self.worst_keeps,
            self.users_surplus,
        )
        return [self.rule, broken, *map(format_value, numbers)]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        return "One payment rule", HEADERS, [self.row()]


@dataclass(frozen=True)
class PlayedRule:
    """A game under a payment rule, on the actions of finite cost.

    Attributes
    ----------
    utility : ndarray
        Utility at every profile of actions, axis ``i`` = user ``i``.
    payments : sequence of ndarray
        Each user's payment there, before ``alpha``.
    costs : sequence of ndarray
        Cost of each user's actions.
    actions : sequence of sequence of int
        Levels that the actions stand for.
    """

    utility: Array
    payments: Sequence[Array]
    costs: Sequence[Array]
    actions: Sequence[Sequence[int]]


def outcome_of(name: str, axioms: AxiomReport, played: PlayedRule, alpha: Number | None) -> RuleOutcome:
    """Find the pure equilibria under a rule and what the platform keeps.

    Parameters
    ----------
    name : str
        Of the rule.
    axioms : AxiomReport
        Which axioms it breaks.
    played : PlayedRule
        The game.
    alpha : number or None
        Fraction that scales the payments; None: the one at which the platform keeps most.

    Returns
    -------
    RuleOutcome
        Of the equilibrium that is best for the platform; the first of them where several are.
    """
    U, *numbers = common(played.utility, *played.payments, *played.costs)
    payments, costs = numbers[: U.ndim], numbers[U.ndim :]
    total = sum(payments[1:], payments[0])
    if alpha is None:
        alpha = _best_alpha(U, total, *payment_intervals(payments, costs))
    along = [cost.reshape([-1 if axis == user else 1 for axis in range(U.ndim)]) for user, cost in enumerate(costs)]
    payoffs = common(*(alpha * payment - cost for payment, cost in zip(payments, along, strict=True)))
    stable = list(pure_profiles(payoffs))
    if not stable:
        return RuleOutcome(name, axioms, alpha, None, None, None, None, None, None, ())
    kept = U - alpha * total
    rounding = comparison_tolerance(kept)
    cutoff = max(kept[index] for index in stable) - rounding
    best = next(index for index in stable if kept[index] >= cutoff)
    surplus = sum(payoff[best] for payoff in payoffs)
    return RuleOutcome(
        rule=name,
        axioms=axioms,
        alpha=alpha,
        profile=_levels(played.actions, best),
        utility=U[best],
        payments=np.array([alpha * payment[best] for payment in payments], dtype=kept.dtype),
        platform_keeps=kept[best],
        worst_keeps=min(kept[index] for index in stable),
        users_surplus=surplus if abs(surplus) > rounding else 0 * surplus,
        equilibria=tuple(_levels(played.actions, index) for index in stable),
    )


def _levels(actions: Sequence[Sequence[int]], index: Sequence[int]) -> tuple[int, ...]:
    return tuple(levels[action] for levels, action in zip(actions, index, strict=True))


def _best_alpha(U: Array, total: Array, lo: Array, hi: Array, stable: Array) -> Number:
    """Alpha at which the platform keeps most at a pure equilibrium: an end of one of the intervals."""
    ends = np.concatenate([lo[stable], hi[stable]])
    kept = np.concatenate([U[stable] - lo[stable] * total[stable], U[stable] - hi[stable] * total[stable]])
    best = (kept >= kept.max() - comparison_tolerance(kept)).astype(bool)
    alpha: Number = ends[best].min()
    return alpha
