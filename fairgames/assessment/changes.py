"""Users that act together, compared with the same users acting alone.

What changes when somebody leaves or joins: two answers side by side, user by user.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number
from fairgames.game.costs import Actions, CostTable, allowed_actions, as_costs
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.mechanism.problem import Selection, as_blocs
from fairgames.result import Result, format_value
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility


@dataclass(frozen=True, eq=False, repr=False)
class UserChange(Result):
    """One user before and after; None where it does not take part in the game, or plays mixed strategies.

    Attributes
    ----------
    name : str
        Of the user.
    level_before, level_after : int or None
        Its level.
    payment_before, payment_after : number or None
        Its expected payment.
    """

    name: str
    level_before: int | None
    level_after: int | None
    payment_before: Number | None
    payment_after: Number | None

    @property
    def change(self) -> Number | None:
        """Payment after less payment before, a user who does not take part being paid nothing."""
        if self.payment_before is None and self.payment_after is None:
            return None
        return (self.payment_after or 0) - (self.payment_before or 0)


@dataclass(frozen=True, eq=False, repr=False)
class Change(Result):
    """Two optima side by side.

    Attributes
    ----------
    before, after : Optimum
        The answers.
    users : tuple of UserChange
        Everybody who is in either, those of ``before`` first.
    """

    before: Optimum
    after: Optimum
    users: tuple[UserChange, ...]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        rows = [
            [name, format_value(old), format_value(new), _difference(old, new)]
            for name, old, new in (
                ("alpha", self.before.alpha, self.after.alpha),
                ("utility", self.before.utility, self.after.utility),
                ("platform keeps", self.before.value, self.after.value),
                ("users' surplus", self.before.users_surplus, self.after.users_surplus),
            )
        ]
        for user in self.users:
            rows.append([f"{user.name}: level", format_value(user.level_before), format_value(user.level_after), ""])
            paid = (user.payment_before, user.payment_after)
            rows.append([f"{user.name}: payment", *map(format_value, paid), format_value(user.change)])
        return "Before and after", ("quantity", "before", "after", "change"), rows


@public
def compare_optima(before: Optimum, after: Optimum, names_before: Sequence[str], names_after: Sequence[str]) -> Change:
    """Put two optima side by side, matching users by name: the difference between two specifications.

    Parameters
    ----------
    before, after : Optimum
        The answers.
    names_before, names_after : sequence of str
        Names of the users of each; no name twice in one of them.

    Returns
    -------
    Change
        One row a user.

    Raises
    ------
    InputError
        If a name occurs twice, there is not one for each user, or the profile is in counts.

    Examples
    --------
    >>> from fairgames.mechanism.optimal import optimal_alpha
    >>> both = optimal_alpha([[0, "2/3"], ["2/3", 1]], costs=[0, "1/10"])
    >>> alone = optimal_alpha([0, "2/3"], costs=[0, "1/10"])
    >>> compare_optima(both, alone, ["Ann", "Bob"], ["Ann"]).users[1].name
    'Bob'
    """
    rows = {
        "names_before": _by_name(before, names_before, "names_before"),
        "names_after": _by_name(after, names_after, "names_after"),
    }
    old, new = rows["names_before"], rows["names_after"]
    users = []
    for name in dict.fromkeys([*old, *new]):
        (level_before, paid_before), (level_after, paid_after) = old.get(name, _ABSENT), new.get(name, _ABSENT)
        users.append(UserChange(name, level_before, level_after, paid_before, paid_after))
    return Change(before, after, tuple(users))


@public
def leaving(
    utility: Utility | ArrayLike, costs: CostTable, user: int, selection: Selection = "best", *, actions: Actions = None
) -> Change:
    """Compare the optimum with the one at which a user may not take part.

    The platform's utility is the same function, at profiles in which the user is absent: a federated
    mean still counts the estimate of its mean. Read from right to left, it is what the user's joining
    would change. To forget a user altogether, compare the optima of two utilities (`compare_optima`).

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs; ``inf`` forbids a level.
    user : int
        Who leaves.
    selection : {"best", "worst", "potential"}
        Which equilibrium counts when there are several.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level.

    Returns
    -------
    Change
        Users are named by their numbers.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the tensor would not fit in memory.

    Examples
    --------
    >>> change = leaving([[0, "2/3"], ["2/3", 1]], [0, "1/5"], user=1)
    >>> change.before.value, change.after.value
    (Fraction(3, 5), Fraction(7, 15))
    """
    checked = as_utility(utility)
    if not 0 <= user < checked.n_users:
        raise InputError("user", f"must be from 0 to {checked.n_users - 1}", user)
    allowed = allowed_actions(as_costs(costs, checked.shape), actions, checked.shape)
    without = tuple((0,) if other == user else levels for other, levels in enumerate(allowed))
    names = [str(other) for other in range(checked.n_users)]
    return compare_optima(
        optimal_alpha(checked, costs, selection, actions=allowed),
        optimal_alpha(checked, costs, selection, actions=without),
        names,
        names,
    )


_ABSENT: tuple[None, None] = (None, None)


def _by_name(optimum: Optimum, names: Sequence[str], argument: str) -> dict[str, tuple[int | None, Number | None]]:
    labels = [str(name) for name in names]
    if len(set(labels)) < len(labels):
        raise InputError(argument, "must not name two users alike", labels)
    payments: NDArray[np.object_] = np.array([None] * len(labels), dtype=object)
    if optimum.payments is not None:
        payments = optimum.payments
    if np.ndim(payments) != 1 or len(payments) != len(labels):
        raise InputError(argument, f"must have one name for each of the {len(payments)} users", labels)
    levels = [None] * len(labels) if optimum.profile is None else list(optimum.profile)
    return {
        label: (None if level is None else int(level), payment)
        for label, level, payment in zip(labels, levels, payments.tolist(), strict=True)
    }


def _difference(before: Number | None, after: Number | None) -> str:
    return "-" if before is None or after is None else format_value(after - before)


@dataclass(frozen=True, eq=False, repr=False)
class BlocComparison(Result):
    """What acting together changes.

    Attributes
    ----------
    blocs : tuple of tuple of int
        The users of each bloc.
    apart, together : Optimum
        The platform's optimum when users act alone, and when each bloc acts as one player.
    surplus_apart, surplus_together : ndarray
        Payments less costs of each bloc's members, in both cases; None where an optimum does not price
        single users.
    platform_change : Fraction, float or None
        What the platform keeps more when blocs act together.
    """

    blocs: tuple[tuple[int, ...], ...]
    apart: Optimum
    together: Optimum
    surplus_apart: Array | None
    surplus_together: Array | None
    platform_change: Number | None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        rows = [("platform", self.apart.value, self.together.value), ("alpha", self.apart.alpha, self.together.alpha)]
        for place, bloc in enumerate(self.blocs):
            pair = [None if side is None else side[place] for side in (self.surplus_apart, self.surplus_together)]
            rows.append((f"surplus of {format_value(bloc)}", pair[0], pair[1]))
        return (
            "BlocComparison",
            ("quantity", "apart", "together"),
            [(name, format_value(apart), format_value(together)) for name, apart, together in rows],
        )


@public
def compare_blocs(
    utility: Utility | ArrayLike,
    costs: CostTable,
    blocs: Iterable[Iterable[int]],
    selection: Selection = "best",
    *,
    actions: Actions = None,
) -> BlocComparison:
    """Solve the platform's problem with groups of users acting as one player each, and with all apart.

    Parameters
    ----------
    utility : Utility or array_like
        The platform's utility.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs.
    blocs : iterable of iterable of int
        The users of each bloc; a bloc is paid the sum of its members' payments.
    selection : {"best", "worst"}
        Which equilibrium counts when there are several.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.

    Returns
    -------
    BlocComparison
        Both optima and what each bloc gains.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, or the tensor would not fit in memory.

    Examples
    --------
    >>> report = compare_blocs([[0, "2/3"], ["2/3", 1]], [0, "1/10"], [(0, 1)])
    >>> report.apart.value, report.together.value
    (Fraction(4, 5), Fraction(7, 10))
    """
    worth = as_utility(utility)
    groups = as_blocs(blocs, worth.n_users)
    apart = optimal_alpha(worth, costs, selection, actions=actions)
    together = optimal_alpha(worth, costs, selection, actions=actions, blocs=groups)
    change = None if apart.value is None or together.value is None else together.value - apart.value
    return BlocComparison(groups, apart, together, _surplus(apart, groups), _surplus(together, groups), change)


def _surplus(optimum: Optimum, blocs: Iterable[Iterable[int]]) -> Array | None:
    if optimum.payments is None or optimum.costs is None:
        return None
    left = optimum.payments - optimum.costs
    return np.array([left[list(bloc)].sum() for bloc in blocs])
