"""Users that act together, compared with the same users acting alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fairgames.exactness import Array, Number
from fairgames.game.actions import Actions
from fairgames.mechanism.blocs import as_blocs
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from fairgames.result import Result, format_value
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility


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


def compare_blocs(
    utility: Utility | ArrayLike,
    costs: object,
    blocs: Iterable[Iterable[int]],
    selection: str = "best",
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
