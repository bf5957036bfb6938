"""Optima side by side: when somebody leaves or joins, when users act together, and over the values of any number.

`leaving` bars one user from a game. `compare_optima` takes any two optima: of two specifications (``fairgames compare
--against``), or of users apart and in blocs (``optimal_alpha(…, blocs=…)``). `sweep` solves again at each of several
values (``fairgames design --sweep``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.errors import InputError, asked
from fairgames.exactness import Array, Number
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.parallel import run_in_order
from fairgames.result import Result, answered, format_value
from fairgames.scenario.costs import Actions, CostTable
from fairgames.scenario.limits import Selection
from fairgames.scenario.scenario import Scenario, as_scenario, by_user
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
    surplus_before, surplus_after : number or None
        Its payment less its privacy cost.
    """

    name: str
    level_before: int | None
    level_after: int | None
    payment_before: Number | None
    payment_after: Number | None
    surplus_before: Number | None
    surplus_after: Number | None

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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        pairs = [
            (name, getattr(self.before, field), getattr(self.after, field))
            for name, field in (
                ("alpha", "alpha"),
                ("utility", "utility"),
                ("platform keeps", "value"),
                ("users' surplus", "users_surplus"),
            )
        ]
        rows = [[name, old, new, _difference(old, new)] for name, old, new in pairs]
        for user in self.users:
            rows.append([f"{user.name}: level", user.level_before, user.level_after, ""])
            paid = (user.payment_before, user.payment_after, user.change)
            rows.append([f"{user.name}: payment", *paid])
        return "Before and after", ("quantity", "before", "after", "change"), rows


@public
def compare_optima(
    before: Optimum,
    after: Optimum,
    names_before: Sequence[str] | None = None,
    names_after: Sequence[str] | None = None,
) -> Change:
    """Put two optima side by side, matching users by name.

    Parameters
    ----------
    before, after : Optimum
        The answers.
    names_before, names_after : sequence of str, optional
        Names of the users of each, no name twice in one of them; by default those of their
        scenarios.

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

    Two users who act together ask for more:

    >>> together = optimal_alpha([[0, "2/3"], ["2/3", 1]], costs=[0, "1/10"], blocs=[(0, 1)])
    >>> change = compare_optima(both, together)
    >>> change.before.value, change.after.value, change.users[0].surplus_after
    (Fraction(4, 5), Fraction(7, 10), Fraction(1, 20))
    """
    old, new = _by_name(before, names_before, "names_before"), _by_name(after, names_after, "names_after")
    users = []
    for name in dict.fromkeys([*old, *new]):
        pairs = zip(old.get(name, _ABSENT), new.get(name, _ABSENT), strict=True)
        users.append(UserChange(name, *(side for pair in pairs for side in pair)))
    found = Change(before, after, tuple(users))
    return found if before.scenario is None else answered(found, before.scenario)


@public
def leaving(
    utility: Scenario | Utility | ArrayLike,
    costs: CostTable = None,
    user: int | str = 0,
    selection: Selection | None = None,
    *,
    actions: Actions = None,
) -> Change:
    """Compare the optimum with the one at which a user may not take part.

    The platform's utility is the same function, at profiles in which the user is absent: a federated
    mean still counts the estimate of its mean. Read from right to left, it is what the user's joining
    would change. To forget a user altogether, compare the optima of two utilities (`compare_optima`).

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked; or the platform's utility alone, and what follows.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs; ``inf`` forbids a level.
    user : int or str
        Who leaves: its number, from 0, or its name.
    selection : {"best", "worst", "potential"}
        Which equilibrium counts when there are several; by default the scenario's, or ``"best"``.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose; None allows every level.

    Returns
    -------
    Change
        One row a user, by name.

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
    asked = by_user(as_scenario(utility, costs, actions, selection=selection))
    who = asked.user_number(user)
    without = tuple((0,) if other == who else levels for other, levels in enumerate(asked.choices))
    # Who had to take part may leave all the same.
    absent = asked.entry_costs.copy()
    absent[who, 0] = 0
    after = replace(asked, costs=absent, choices=without, profile=None)
    return compare_optima(optimal_alpha(asked), optimal_alpha(after))


_ABSENT = (None, None, None)


def _by_name(optimum: Optimum, names: Sequence[str] | None, argument: str) -> dict[str, tuple[Any, Any, Any]]:
    """Level, payment and surplus of each user."""
    paid = optimum.payments
    if paid is not None and np.ndim(paid) != 1:
        raise InputError(argument, "must have one name for each user: the optimum is in counts of users", names)
    known = next((len(one) for one in (paid, optimum.profile, optimum.strategies) if one is not None), len(names or ()))
    if names is None:
        names = optimum.scenario.user_names if optimum.scenario is not None else [str(user) for user in range(known)]
    labels = [str(name) for name in names]
    if len(set(labels)) < len(labels):
        raise InputError(argument, "must not name two users alike", labels)
    if len(labels) != known:
        raise InputError(argument, f"must have one name for each of the {known} users", labels)
    nothing = [None] * known
    levels = nothing if optimum.profile is None else [int(level) for level in optimum.profile]
    surplus = nothing if paid is None or optimum.costs is None else (paid - optimum.costs).tolist()
    return dict(zip(labels, zip(levels, nothing if paid is None else paid.tolist(), surplus, strict=True), strict=True))


def _difference(before: Number | None, after: Number | None) -> str:
    return "-" if before is None or after is None else format_value(after - before)


_COLUMNS = ("alpha", "value", "utility", "users_surplus", "welfare", "price_of_fairness", "profile")


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(Result):
    """The optimum at each of several values of one number.

    Attributes
    ----------
    name : str
        What is varied.
    values : tuple
        Its values, as given.
    optima : tuple of Optimum
        The optimum at each.
    """

    name: str
    values: tuple[Any, ...]
    optima: tuple[Optimum, ...]

    @public
    def column(self, quantity: str) -> Array:
        """One field of every optimum, as an array; NaN where nothing meets the constraints.

        Parameters
        ----------
        quantity : str
            A numeric field of `Optimum`, for instance ``"alpha"``.

        Returns
        -------
        ndarray
            Of float; or of object, holding Fractions, when every entry is exact.

        Raises
        ------
        InputError
            If `Optimum` has no such field.
        """
        if quantity not in Optimum.__dataclass_fields__:
            raise InputError("quantity", "must be a field of Optimum", quantity)
        entries = [getattr(optimum, quantity) for optimum in self.optima]
        exact = all(optimum.exact for optimum in self.optima) and None not in entries
        if exact:
            column = np.empty(len(entries), dtype=object)
            column[:] = entries
            return column
        return np.array([np.nan if entry is None else float(entry) for entry in entries])

    def table(self) -> dict[str, list[Any]]:
        """Columns by name, ready for any data frame: the value, then what became of each optimum."""
        columns: dict[str, list[Any]] = {self.name: list(self.values)}
        for column in _COLUMNS:
            columns[column] = [getattr(optimum, column) for optimum in self.optima]
        return columns

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        rows = [
            [value, *(getattr(optimum, column) for column in _COLUMNS)]
            for value, optimum in zip(self.values, self.optima, strict=True)
        ]
        return f"Sweep over {self.name}", (self.name, *(column.replace("_", " ") for column in _COLUMNS)), rows


@public
def sweep(
    solve: Scenario | Callable[..., Optimum],
    values: Iterable[Any],
    *,
    name: str = "value",
    argument: str | None = None,
    n_jobs: int | None = None,
    **fixed: Any,
) -> Sweep:
    """Solve the platform's problem at each of several values.

    Parameters
    ----------
    solve : Scenario or callable
        A scenario, of which ``argument`` is varied, for instance ``"costs"`` or ``"budget"``. Or what returns an
        `Optimum`: ``solve(value, **fixed)``, or with ``argument`` given ``solve(**{argument: value}, **fixed)``.
    values : iterable
        The values. Each point is solved exactly where its numbers are rational.
    name : str
        What is varied; by default the argument's name.
    argument : str, optional
        Keyword argument of ``solve`` that takes the value; required with a scenario, whose field it names.
    n_jobs : int or None
        Workers; None leaves it to the surrounding ``joblib.parallel_config``, else one.
    **fixed
        Passed on to every call.

    Returns
    -------
    Sweep
        One optimum a value, in the order given.

    Raises
    ------
    InputError
        If there are no values, ``solve`` returns something else than an optimum, or a scenario has no such field.

    Examples
    --------
    >>> from fairgames.mechanism.optimal import optimal_alpha
    >>> result = sweep(lambda c: optimal_alpha([[0, "2/3"], ["2/3", 1]], [0, c]), ["1/10", "2/10"], name="cost")
    >>> [str(alpha) for alpha in result.column("alpha")]
    ['1/5', '2/5']
    >>> asked = Scenario([[0, "2/3"], ["2/3", 1]], [0, "3/10"])
    >>> sweep(asked, ["1/2", "3/5"], argument="budget").column("value").tolist()
    [Fraction(11, 30), Fraction(2, 5)]
    """
    points = tuple(values)
    if not points:
        raise InputError("values", "must hold at least one value")
    optima = []
    if isinstance(solve, Scenario):
        if argument not in {field.name for field in fields(solve)}:
            raise InputError("argument", "must name what is varied of the scenario, for instance 'costs'", argument)
        once = partial(_of_scenario, solve, argument, fixed)
    else:
        once = partial(solve, **fixed) if argument is None else partial(_with_argument, solve, argument, fixed)
    at = partial(asked, once, "solve")
    for place, optimum in enumerate(run_in_order(at, points, n_jobs=n_jobs, description="sweep")):
        if not isinstance(optimum, Optimum):
            raise InputError("solve", f"must return an Optimum; at values[{place}] it returned", optimum)
        optima.append(optimum)
    label = argument if argument is not None and name == "value" else name
    found = Sweep(label, points, tuple(optima))
    return answered(found, solve) if isinstance(solve, Scenario) else found


def _of_scenario(scenario: Scenario, argument: str, fixed: dict[str, Any], value: Any) -> Optimum:
    return optimal_alpha(replace(scenario, **{argument: value}), **fixed)


def _with_argument(solve: Callable[..., Optimum], argument: str, fixed: dict[str, Any], value: Any) -> Optimum:
    return solve(**{argument: value}, **fixed)
