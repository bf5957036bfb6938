"""Which fairness axioms (the paper, section 3) a payment rule breaks, with a witness of each break.

Each check sees the worths of all subsets of the users at one profile and what the rule pays there, and yields what
breaks the axiom. `check_axioms`, a public name, tries a rule on one utility and on all unanimity utilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError, SizeError, asked
from fairgames.exactness import Array, Number, as_array, as_number
from fairgames.payments.result import Payments
from fairgames.result import Result, answered, format_value
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import comparison_tolerance
from fairgames.utility.base import Utility
from fairgames.utility.table import TableUtility

Broken: TypeAlias = tuple[tuple[int, ...], Number, Number]
"""The users concerned, what was found and what the axiom requires."""
PaidEverywhere: TypeAlias = dict[tuple[int, ...], Array]
"""Payments at every profile: the users', then the platform's where it is in the coalition."""


def symmetry(worths: Array, paid: Array, tolerance: float) -> Iterator[Broken]:
    """Two equally contributing users are paid equally (A.i, B.i)."""
    for i, j in combinations(range(worths.ndim), 2):
        alike = np.abs(worths - np.swapaxes(worths, i, j)).max() <= tolerance
        if alike and abs(paid[i] - paid[j]) > tolerance:
            yield (i, j), paid[i], paid[j]


def null_user(worths: Array, paid: Array, tolerance: float) -> Iterator[Broken]:
    """A user who never adds anything is paid nothing (A.i, B.i)."""
    for user in range(worths.ndim):
        adds = np.max(np.abs(worths.take(1, axis=user) - worths.take(0, axis=user)))
        if adds <= tolerance and abs(paid[user]) > tolerance:
            yield (user,), paid[user], paid[user] * 0


def efficiency(worths: Array, paid: Array, tolerance: float) -> Iterator[Broken]:
    """Payments and the platform's share add up to the utility (A.ii)."""
    if abs(paid.sum() - worths.flat[-1]) > tolerance:
        yield (), paid.sum(), worths.flat[-1]


def pseudo_efficiency(worths: Array, paid: Array, tolerance: float) -> Iterator[Broken]:
    """Payments add up to a fraction of the utility, from 0 to 1 (B.ii)."""
    worth, total = worths.flat[-1], paid.sum()
    low, high = min(worth, worth * 0), max(worth, worth * 0)
    if not low - tolerance <= total <= high + tolerance:
        yield (), total, low if total < low else high


def platform_symmetry(worths: Array, paid: Array, tolerance: float) -> Iterator[Broken]:
    """A user without whom nothing is earned contributes as the platform does, and is paid as much."""
    for user in range(worths.ndim):
        needed = np.max(np.abs(worths.take(0, axis=user))) <= tolerance
        if needed and abs(paid[user] - paid[-1]) > tolerance:
            yield (user,), paid[-1], paid[user]


Rule: TypeAlias = Callable[[Utility, NDArray[np.intp]], Any]
"""Payments at one profile: for axioms B an array (N,); for axioms A a `Payments` with ``platform``."""

_MOST_PAYMENTS = 320_000


@dataclass(frozen=True, eq=False, repr=False)
class AxiomBreak(Result):
    """One witness that a rule breaks an axiom.

    Attributes
    ----------
    axiom : str
        ``"symmetry"``, ``"null user"``, ``"efficiency"``, ``"additivity"`` or ``"platform symmetry"``.
    utility : str
        The utility under which the axiom breaks.
    profile : tuple of int
        The profile at which it breaks.
    users : tuple of int
        The users concerned; empty when the break concerns a sum.
    found, required : float or Fraction
        The two numbers that the axiom wants equal.

    Examples
    --------
    >>> report = check_axioms(lambda utility, profile: [utility(profile), 0], [[0, "2/3"], ["2/3", 1]])
    >>> report.breaks[0].axiom
    'symmetry'
    """

    axiom: str
    utility: str
    profile: tuple[int, ...]
    users: tuple[int, ...]
    found: Number
    required: Number

    def __str__(self) -> str:
        """One sentence."""
        who = f" (users {', '.join(map(str, self.users))})" if self.users else ""
        return (
            f"{self.axiom} breaks at profile {self.profile}{who} under {self.utility}: "
            f"{format_value(self.found)} instead of {format_value(self.required)}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class AxiomReport(Result):
    """Which axioms a rule breaks.

    Attributes
    ----------
    axioms : tuple of str
        The axioms that were checked.
    breaks : tuple of AxiomBreak
        One witness for each broken axiom; empty when all hold on everything that was tried.
    utilities : int
        Number of utilities tried: the given one and every unanimity utility of its users.

    Examples
    --------
    >>> from fairgames.payments.pricing import fair_payments
    >>> check_axioms(lambda utility, profile: fair_payments(utility, profile).values, [[0, "2/3"], ["2/3", 1]]).fair
    True
    """

    axioms: tuple[str, ...]
    breaks: tuple[AxiomBreak, ...]
    utilities: int

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the broken axioms."""
        return tuple(found.axiom for found in self.breaks)

    @property
    def fair(self) -> bool:
        """Whether no axiom broke."""
        return not self.breaks

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        witness = {found.axiom: str(found) for found in self.breaks}
        rows = [[axiom, "breaks" if axiom in witness else "holds", witness.get(axiom, "")] for axiom in self.axioms]
        return f"Fairness axioms, tried on {self.utilities} utilities", ("axiom", "verdict", "witness"), rows


@public
def check_axioms(rule: Rule, utility: Scenario | Utility | ArrayLike, axioms: Literal["A", "B"] = "B") -> AxiomReport:
    """Check a payment rule against the fairness axioms, with a witness for each break.

    The rule is tried on ``utility`` and on every unanimity utility of its users (``U_T = 1`` when all of
    ``T`` are present), which make users equal or null on purpose. Passing is evidence, not proof;
    a break is proof.

    Parameters
    ----------
    rule : callable
        ``rule(utility, profile)``: for axioms ``"B"`` the payments, shape ``(N,)``; for axioms ``"A"`` a
        `Payments` whose ``platform`` is set (for instance `coalition_payments`).
    utility : Scenario, Utility or array_like
        The utility at hand, or a scenario of it.
    axioms : {"B", "A"}
        ``"B"``: fairness among users (symmetry, null user, pseudo-efficiency, additivity). ``"A"``: the
        platform is in the coalition (symmetry, null user, efficiency, additivity, and the symmetry of
        the platform with a user of equal contribution, without which the axioms do not single out
        one rule).

    Returns
    -------
    AxiomReport
        The broken axioms with their witnesses.

    Raises
    ------
    InputError
        If ``axioms`` is neither, or the rule returns something that is not one number a user.
    SizeError
        If the utility has too many profiles to try them all.

    References
    ----------
    The paper's axioms A.i–iii and B.i–iii (section 3).

    Examples
    --------
    >>> def equal_split(utility, profile):
    ...     return [utility(profile) / 2] * 2
    >>> check_axioms(equal_split, [[0, 1], [1, 2]]).broken
    ('null user',)
    """
    scenario = as_scenario(utility)
    checked = scenario.utility
    # Two levels a user are the fewest, so the first comparison spares the product over very many users.
    if 4**checked.n_users > _MOST_PAYMENTS or math.prod(checked.shape) * 2**checked.n_users > _MOST_PAYMENTS:
        raise SizeError(
            f"checking a rule with {checked.n_users:,} users would try more than {_MOST_PAYMENTS:,} payments; "
            "check it on a utility of fewer users or levels"
        )
    tried = [("the given utility", checked), *_unanimity_utilities(checked.shape)]
    paid = [(name, tried_one, _payments_everywhere(rule, tried_one, axioms)) for name, tried_one in tried]
    checks = {"symmetry": symmetry, "null user": null_user}
    checks["efficiency"] = efficiency if axioms == "A" else pseudo_efficiency
    if axioms == "A":
        checks["platform symmetry"] = platform_symmetry
    cases = [
        (name, profile, (_coalition_worths(used, profile), row, tolerance))
        for name, used, payments in paid
        for tolerance in (comparison_tolerance(used.tensor(), *payments.values()),)
        for profile, row in payments.items()
    ]
    breaks = []
    for axiom, check in checks.items():
        witnesses: Iterator[AxiomBreak] = (
            AxiomBreak(axiom, name, profile, *found) for name, profile, case in cases for found in check(*case)
        )
        if axiom == "efficiency" and axioms == "B":
            witnesses = chain(witnesses, _another_fraction(paid))
        breaks += [found for found in [next(witnesses, None)] if found is not None]
    additivity = next(_additivity(rule, paid, axioms), None)
    found = AxiomReport(
        axioms=(*checks, "additivity"),
        breaks=tuple(breaks) if additivity is None else (*breaks, additivity),
        utilities=len(tried),
    )
    return answered(found, scenario)


def _coalition_worths(utility: Utility, profile: tuple[int, ...]) -> Array:
    """Utility of every subset of the users at ``profile``, shape (2, …, 2)."""
    return utility.tensor()[np.ix_(*[(0, level) for level in profile])]


def _unanimity_utilities(shape: tuple[int, ...]) -> Iterator[tuple[str, Utility]]:
    for size in range(1, len(shape) + 1):
        for members in combinations(range(len(shape)), size):
            tensor = np.full(shape, 0, dtype=int)
            tensor[tuple(slice(1, None) if user in members else slice(None) for user in range(len(shape)))] = 1
            yield f"the unanimity utility of users {', '.join(map(str, members))}", TableUtility(tensor)


def _payments_everywhere(rule: Rule, utility: Utility, axioms: str) -> PaidEverywhere:
    """Payments at every profile: the users', then the platform's under axioms A."""
    payments = {}
    for profile in product(*map(range, utility.shape)):
        answer = asked(rule, "rule", utility, np.array(profile, dtype=np.intp))
        row = as_array(answer.values if isinstance(answer, Payments) else answer, f"rule at profile {profile}")
        if row.shape != (utility.n_users,):
            raise InputError("rule", f"must return one payment for each of {utility.n_users} users", row.shape)
        if axioms == "A":
            if not isinstance(answer, Payments) or answer.platform is None:
                raise InputError("rule", "must return Payments with the platform's share under axioms A", answer)
            row = np.append(row, as_array([answer.platform], "platform"))
        payments[profile] = row
    return payments


def _another_fraction(paid: Sequence[tuple[str, Utility, PaidEverywhere]]) -> Iterator[AxiomBreak]:
    """One utility level gets one fraction (B.ii), under every utility: otherwise any rule is fair at its own."""
    tolerance = comparison_tolerance(*(used.tensor() for _, used, _ in paid))
    known: list[tuple[Number, Number]] = []
    for name, used, payments in paid:
        for profile, row in payments.items():
            worth, total = used.tensor()[profile], row.sum()
            before = next((sum_ for level, sum_ in known if abs(level - worth) <= tolerance), None)
            if before is None:
                known.append((worth, total))
            elif abs(before - total) > tolerance:
                yield AxiomBreak("efficiency", name, profile, (), total, before)


def _additivity(rule: Rule, paid: Sequence[tuple[str, Utility, PaidEverywhere]], axioms: str) -> Iterator[AxiomBreak]:
    """Pay for the sum of the given utility and each unanimity utility what is paid for the two."""
    (_, given, alone), *others = paid
    for name, other, apart in others:
        total = TableUtility(given.tensor() + other.tensor())
        together = _payments_everywhere(rule, total, axioms)
        tolerance = comparison_tolerance(total.tensor(), *together.values(), *alone.values(), *apart.values())
        for profile, row in together.items():
            wrong = np.flatnonzero(np.abs(row - alone[profile] - apart[profile]) > tolerance)
            if wrong.size:
                user = int(wrong[0])
                required = alone[profile][user] + apart[profile][user]
                found = as_number(row[user], "found")
                yield AxiomBreak("additivity", f"the given utility plus {name}", profile, (user,), found, required)
