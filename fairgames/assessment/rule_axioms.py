"""Which axioms a rule breaks on a utility of any size: tried with a few users present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array, as_array
from fairgames.game.shares import PaymentRule
from fairgames.payments.axioms import AxiomBreak, AxiomReport, check_axioms
from fairgames.utility.base import Utility
from fairgames.utility.table import TableUtility

_MOST_PAYMENTS = 1_000


class OutsiderPaidError(Exception):
    """The rule pays somebody who is absent: a break of the null user axiom."""

    def __init__(self, witness: AxiomBreak) -> None:
        self.witness = witness
        super().__init__(str(witness))


def check_axioms_among_some(rule: PaymentRule, utility: Utility, levels: Sequence[Sequence[int]]) -> AxiomReport:
    """Check the fairness axioms among as many users, first come first, as can be tried in a moment.

    The other users are absent. A break found so is a break among all users.

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
    insiders = _how_many([len(chosen) for chosen in levels])
    tried = [tuple(chosen) for chosen in levels[:insiders]] + [(0,)] * (utility.n_users - insiders)
    small = TableUtility(utility.tensor()[np.ix_(*tried)].reshape([len(chosen) for chosen in tried[:insiders]]))

    def among_insiders(table: Utility, profile: NDArray[np.intp]) -> Array:
        full = _full_profile(profile.tolist(), tried)
        paid = as_array(rule(_Widened(table, tried, utility.shape), np.array(full)), f"payments at profile {full}")
        for user in np.flatnonzero(paid[insiders:]).tolist():
            who = insiders + user
            raise OutsiderPaidError(
                AxiomBreak("null user", "one of the utilities tried", full, (who,), paid[who], paid[who] * 0)
            )
        return paid[:insiders]

    try:
        report = check_axioms(among_insiders, small)
    except OutsiderPaidError as found:
        return AxiomReport(("null user",), (found.witness,), 1)
    return replace(
        report, breaks=tuple(replace(found, profile=_full_profile(found.profile, tried)) for found in report.breaks)
    )


def _how_many(sizes: Sequence[int]) -> int:
    """Largest number of first users whose profiles, times the utilities tried, stay few."""
    payments = 2
    for users, size in enumerate(sizes):
        payments *= 2 * size
        if payments > _MOST_PAYMENTS:
            return max(1, users)
    return len(sizes)


def _full_profile(profile: Sequence[int], tried: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    chosen = [levels[index] for levels, index in zip(tried, profile, strict=False)]
    return (*chosen, *(0,) * (len(tried) - len(chosen)))


class _Widened(Utility):
    """A table over some levels of the first users, seen as a utility of all levels and users."""

    def __init__(self, table: Utility, tried: Sequence[tuple[int, ...]], shape: tuple[int, ...]) -> None:
        self._table = table
        self._tried = tried
        self._shape = shape

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
        insiders = profiles[:, : self._table.n_users]
        index = [np.searchsorted(self._tried[user], insiders[:, user]) for user in range(self._table.n_users)]
        return self._table.evaluate(np.stack(index, axis=1))
