"""All equilibria of two users with different costs at one alpha: nine cells and their edges (appendix E)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from fairgames.equilibrium.result import EquilibriumSet
from fairgames.equilibrium.solve import equilibria
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, as_number, to_float
from fairgames.game.fair_game import FairGame
from fairgames.result import Result, format_value
from fairgames.tolerance import comparison_tolerance
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility

PLACES = ("below", "between", "above", "edge")
"""Where a cost lies against what alpha pays for sharing, beside the other user and alone."""


@dataclass(frozen=True, eq=False, repr=False)
class TwoGroupCell(Result):
    """The cell of appendix E in which two costs lie, and every equilibrium there.

    Attributes
    ----------
    alpha : Fraction or float
        Payment fraction.
    costs : ndarray, shape (2,)
        Cost of taking part of each user.
    places : tuple of two str
        ``"below"``: sharing always pays; ``"above"``: it never does; ``"between"``: it depends on the
        other user; ``"edge"``: the user may be indifferent against a pure choice of the other one, and
        equilibria can form continua.
    equilibria : EquilibriumSet
        All of them, with their components.
    """

    alpha: Number
    costs: Array
    places: tuple[str, str]
    equilibria: EquilibriumSet

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        title = f"Costs {format_value(self.costs)} at alpha = {format_value(self.alpha)}: {' and '.join(self.places)}"
        rows = [
            [" ".join(map(format_value, entry.strategies)), format_value(entry.payoffs)] for entry in self.equilibria
        ]
        return title, ("strategies", "payoffs"), rows


def two_group_cell(utility: Utility | ArrayLike, costs: ArrayLike, alpha: Number | int | str) -> TwoGroupCell:
    """Find the cell of two costs at one alpha, and every equilibrium in it.

    Parameters
    ----------
    utility : Utility or array_like, shape (2, 2)
        Utility of two users with the levels "absent" and "present".
    costs : array_like, shape (2,)
        Cost of taking part of each user.
    alpha : number
        Payment fraction, in [0, 1].

    Returns
    -------
    TwoGroupCell
        Strategies give the probability of absence first.

    Raises
    ------
    InputError
        If an argument is malformed.

    Examples
    --------
    >>> cell = two_group_cell([[0, "2/3"], ["2/3", 1]], ["9/20", "1/2"], alpha="4/5")
    >>> cell.places, [[str(p) for p, _ in entry.strategies] for entry in cell.equilibria]
    (('between', 'between'), [['1', '0'], ['3/4', '3/8'], ['0', '1']])
    """
    worth = as_utility(utility)
    if worth.shape != (2, 2):
        raise InputError("utility", "must be of two users with two levels each", worth.shape)
    prices = as_array(costs, "costs")
    if prices.shape != (2,):
        raise InputError("costs", "must be the cost of taking part of each of two users", costs)
    fraction = as_number(alpha, "alpha")
    game = FairGame(worth, [[0, price] for price in prices.tolist()], fraction)
    U = worth.tensor()
    alone = (U[1, 0], U[0, 1])
    places = tuple(
        _place(prices[user], fraction * alone[user], fraction * (U[1, 1] + alone[user] - alone[1 - user]) / 2, U)
        for user in (0, 1)
    )
    return TwoGroupCell(fraction, prices, (places[0], places[1]), equilibria(game))


def _place(cost: Number, alone: Number, beside: Number, U: Array) -> str:
    rounded = any(isinstance(number, float) for number in (cost, alone, beside))
    tolerance = comparison_tolerance(to_float(U)) if rounded else 0.0
    spare = [end - cost for end in (alone, beside)]
    if any(-tolerance <= left <= tolerance for left in spare):
        return "edge"
    pays = [left > 0 for left in spare]
    return "below" if all(pays) else "between" if any(pays) else "above"
