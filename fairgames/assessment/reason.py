"""Why one user of a result is paid what it is paid: `Paying.explain`, in a sentence and in numbers.

A fair payment is a share of what a user adds, averaged over all orders of arrival: here stand what it adds as the
first and as the last to come, whose estimate its data improves, and what it would be paid at its other levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairgames.assessment.explain import payments_for
from fairgames.exactness import Number
from fairgames.payments.pricing import fair_payments
from fairgames.result import Paying, Result, format_value
from fairgames.scenario.named import place_of
from fairgames.scenario.scenario import Scenario
from fairgames.scenario.users import UserRow, UserTable
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.profile import expand_counts

_MOST_MOVED = 12
_MOST_TAKEN_APART = 300


@dataclass(frozen=True, eq=False, repr=False)
class Reason(Result):
    """Why one user is paid what it is paid; all amounts in units of utility.

    Attributes
    ----------
    row : UserRow
        Its level, payment, cost and gain.
    alpha : number or None
        Fraction paid out; None where payments are no fraction of the utility.
    first, last : number or None
        What it adds to the utility where nobody else takes part, and where all others do as in the result; None for a
        user who mixes.
    own, helping : float or None
        Parts of the payment: for the better estimate of its own mean, and for helping others, under the federated mean.
    moves : tuple of (str, number, number)
        Each other level that it may choose, what it would be paid there while nobody else moves, and how much less that
        leaves it; of up to 12 users.
    """

    row: UserRow
    alpha: Number | None
    first: Number | None = None
    last: Number | None = None
    own: float | None = None
    helping: float | None = None
    moves: tuple[tuple[str, Number, Number], ...] = ()

    @property
    def words(self) -> str:
        """The reason in sentences."""
        row = self.row
        each = "" if row.count == 1 else f" (each of {row.count:,})"
        said = [f'{row.name}{each} is paid {_short(row.payment)} at level "{row.level_name}"']
        if row.standard_error:
            said[0] += f" (standard error {_short(row.standard_error)})"
        if self.first is not None and self.alpha is not None:
            said.append(
                f"this is {_short(100 * self.alpha)} % of what it adds to the utility, on average over all orders in "
                f"which users may come: {_short(self.first)} as the first, {_short(self.last)} as the last"
            )
        if self.own is not None:
            own, others = _short(self.own), _short(self.helping)
            said.append(f"{own} of it is for the better estimate of its own mean, {others} for those of the others")
        if row.cost is not None:
            outcome = "gains" if row.gain is None or row.gain >= 0 else "loses"
            said.append(f"its cost is {_short(row.cost)}, so it {outcome} {_short(abs(float(row.gain or 0)))}")
        said += [
            f'at level "{name}" it would be paid {_short(paid)}, and gain {_short(less)} less'
            for name, paid, less in self.moves
        ]
        return "; ".join(said) + "."

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        facts: list[tuple[str, object]] = [
            ("level", self.row.level_name),
            ("payment", self.row.payment),
            ("adds as the first", self.first),
            ("adds as the last", self.last),
            ("for its own estimate", self.own),
            ("for helping others", self.helping),
            ("cost", self.row.cost),
            ("gain", self.row.gain),
            *((f"payment at level {name}", paid) for name, paid, _ in self.moves),
        ]
        return self.words, ("quantity", "value"), [fact for fact in facts if fact[1] is not None]


def _short(number: Number | None) -> str:
    return format_value(None if number is None else float(number), 4)


def reason_of(result: Paying, user: int | str) -> Reason:
    """Say why a user of a result is paid what it is paid; `Paying.explain` tells of the errors."""
    scenario, users = result.scenario, result.users
    assert scenario is not None
    row = _row_of(scenario, users, user)
    alpha = getattr(result, "alpha", getattr(result, "alpha_from", None))
    if alpha is None or any(one.level is None for one in users):
        return Reason(row, alpha)
    entries = {name: int(kind) for name, kind in zip(scenario.users, scenario.entry_types, strict=True)}
    kind, level = entries[row.name], int(row.level or 0)
    counts = np.zeros((len(scenario.utility.type_sizes), len(scenario.levels)), dtype=np.intp)
    for one in users:
        counts[entries[one.name], one.level] += one.count
    nobody = np.zeros_like(counts)
    nobody[:, 0] = counts.sum(axis=1)
    worth = scenario.utility
    first = worth(_moved(nobody, kind, 0, level)) - worth(nobody)
    last = worth(counts) - worth(_moved(counts, kind, level, 0))
    own = helping = None
    if isinstance(worth, FederatedMeanUtility) and scenario.n_users <= _MOST_TAKEN_APART and level:
        levels = expand_counts(counts[None], worth.types)[0]
        who = int(np.flatnonzero((worth.types == kind) & (levels == level))[0])
        own = float(alpha) * float(payments_for(worth, levels, who).values[who])
        helping = float(row.payment) - own
    moves = []
    for other in scenario.choices[scenario.users.index(row.name)] if scenario.n_users <= _MOST_MOVED else ():
        if other != level and row.gain is not None:
            paid = fair_payments(worth, _moved(counts, kind, level, other), alpha).values[kind, other]
            cost = scenario.entry_costs[scenario.users.index(row.name), other]
            moves.append((scenario.levels[other], paid, row.gain - (paid - cost)))
    return Reason(row, alpha, first, last, own, helping, tuple(moves))


def _row_of(scenario: Scenario, users: UserTable, user: int | str) -> UserRow:
    """Row of a user, or of the entry that it is a member of."""
    names = [row.name for row in users]
    if isinstance(user, str) and user in names:
        return users[user]
    if isinstance(user, str) and user not in scenario.user_names:
        place_of(user, names, "user", "user")
    number = scenario.user_number(user)
    name = scenario.user_name(number)
    return users[name if name in names else scenario.users[int(scenario.entry_of_user[number])]]


def _moved(counts: NDArray[np.intp], kind: int, level: int, other: int) -> NDArray[np.intp]:
    """Counts once one user of a type has moved."""
    moved = counts.copy()
    moved[kind, level] -= 1
    moved[kind, other] += 1
    return moved
