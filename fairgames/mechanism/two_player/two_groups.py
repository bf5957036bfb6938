"""Two users who may share or stay absent: the optimum over grids of costs at once (Fig. 9, appendix E).

All equilibria of two users with different costs at one alpha: nine cells and their edges (appendix E).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.equilibrium.result import EquilibriumSet
from fairgames.equilibrium.solve import equilibria
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, as_number, to_float
from fairgames.game.fair_game import FairGame
from fairgames.result import Result, format_value
from fairgames.tolerance import RELATIVE, ROUNDING, difference, near
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility

KINDS = ("nobody", "user 1 alone", "user 2 alone", "both", "half-mixed")
"""What happens at an optimum; ``half-mixed``: one user takes part surely (or stays out), the other mixes."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class TwoGroupOptima(Result):
    """The platform's best equilibrium for every pair of costs.

    Attributes
    ----------
    first_costs, second_costs : ndarray
        Cost of taking part of user 1 (rows) and of user 2 (columns).
    alpha, value, utility : ndarray, shape (rows, columns)
        Optimal payment fraction, what the platform keeps, expected utility.
    absent : ndarray, shape (2, rows, columns)
        Probability with which each user stays absent.
    kind : ndarray of int, shape (rows, columns)
        Index into `KINDS`.
    """

    first_costs: Floats
    second_costs: Floats
    alpha: Floats
    value: Floats
    utility: Floats
    absent: Floats
    kind: NDArray[np.intp]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        share = np.bincount(self.kind.reshape(-1), minlength=len(KINDS)) / self.kind.size
        return (
            "TwoGroupOptima",
            ("optimum", "share of cost pairs"),
            [(name, format_value(part)) for name, part in zip(KINDS, share.tolist(), strict=True)],
        )


class _Candidate(NamedTuple):
    """One possible equilibrium at every pair of costs; ``value`` is −inf where it does not exist."""

    alpha: Floats
    value: Floats
    utility: Floats
    first_absent: Floats
    second_absent: Floats


class _Game(NamedTuple):
    """Payments at alpha = 1 of a user who shares alone and beside the other, and the utilities."""

    alone: tuple[float, float]
    beside: tuple[float, float]
    both: float


@public
def two_group_optima(utility: Utility | ArrayLike, first_costs: ArrayLike, second_costs: ArrayLike) -> TwoGroupOptima:
    """Platform's best equilibrium (equation 26) for every pair of costs, in floats and without a grid of alpha.

    Parameters
    ----------
    utility : Utility or array_like, shape (2, 2)
        Utility of two users with the levels "absent" and "present".
    first_costs, second_costs : array_like of float, shape (R,) and (C,)
        Costs of taking part, at least 0; ``inf`` keeps a user out.

    Returns
    -------
    TwoGroupOptima
        Arrays of shape (R, C).

    Raises
    ------
    InputError
        If the utility is not 2 × 2, or a cost is negative.

    Notes
    -----
    An optimum is a pure equilibrium at the lower end of its interval of alpha, or an end of the fully mixed
    family, at which one user is pure and the other still mixes. The second kind exists at a single alpha;
    the paper's Fig. 9 and appendix E leave it out, although it is strictly best for some costs.

    Inside the fully mixed family nothing is strictly best. Write ``m_i`` for what the platform keeps with user
    ``i`` alone, paid its cost, ``x`` and ``y`` for the probabilities of taking part, and ``s`` for what a
    payment loses beside the other user. Mixing users earn nothing, so the platform keeps ``x m_1 + y m_2 − 2 s x
    y``. With ``s > 0`` both users alone are equilibria, and more than ``m_1`` and ``m_2`` would take ``m_2 > 2 s
    x`` and ``m_1 > 2 s y``; but where the value is stationary in alpha one of these fails. With ``s < 0`` it
    is convex in ``1/alpha``.

    Examples
    --------
    >>> optima = two_group_optima([[0, "2/3"], ["2/3", 1]], [0.3], [0.31])
    >>> round(optima.value.item(), 6), KINDS[optima.kind.item()]
    (0.386667, 'half-mixed')
    """
    game = _game(utility)
    rows, columns = _costs(first_costs, "first_costs"), _costs(second_costs, "second_costs")
    first, second = np.broadcast_arrays(rows[:, None], columns[None, :])
    candidates = [*_pure(game, first, second)]
    candidates += _half_mixed(game, first, second)
    candidates += [_swapped(candidate) for candidate in _half_mixed(_mirror(game), second, first)]
    kinds = np.array([0, 1, 2, 3] + [4] * (len(candidates) - 4))
    stacked = _Candidate(*(np.stack(parts) for parts in zip(*candidates, strict=True)))
    most = stacked.value.max(axis=0)
    ahead = stacked.value >= most - near(most) - near(stacked.utility, part=ROUNDING)
    chosen = ahead.argmax(axis=0)[None]
    alpha, value, worth, absent_first, absent_second = (np.take_along_axis(part, chosen, axis=0)[0] for part in stacked)
    return TwoGroupOptima(rows, columns, alpha, value, worth, np.stack([absent_first, absent_second]), kinds[chosen[0]])


def four_branch_value(first_cost: Number | int | str, second_cost: Number | int | str) -> Number:
    """Platform's optimum for two users of the DP mean without noise (eps = ∞), in closed form.

    Parameters
    ----------
    first_cost, second_cost : number
        Costs of taking part.

    Returns
    -------
    Fraction or float
        ``max{1 − 2b, 2/3 − a, (1 − 2a)(2 − b/a) if 0 < a and b ≤ 4a/3, 0}`` with ``a ≤ b`` the two costs.

    Examples
    --------
    >>> four_branch_value("3/10", "31/100")
    Fraction(29, 75)
    """
    a, b = sorted((as_number(first_cost, "first_cost"), as_number(second_cost, "second_cost")))
    branches = [1 - 2 * b, Fraction(2, 3) - a, 0 * a]
    if a > 0 and 3 * b <= 4 * a:
        branches.append((1 - 2 * a) * (2 - b / a))
    return max(branches)


def _game(utility: Utility | ArrayLike) -> _Game:
    worth = as_utility(utility)
    if worth.shape != (2, 2):
        raise InputError("utility", "must be of two users with two levels each", worth.shape)
    U = to_float(worth.tensor())
    alone = (float(U[1, 0]), float(U[0, 1]))
    both = float(U[1, 1])
    beside = tuple(difference(both + alone[i], alone[1 - i], both, *alone) / 2 for i in (0, 1))
    return _Game(alone, beside, both)


def _mirror(game: _Game) -> _Game:
    return _Game(game.alone[::-1], game.beside[::-1], game.both)


def _swapped(candidate: _Candidate) -> _Candidate:
    return candidate._replace(first_absent=candidate.second_absent, second_absent=candidate.first_absent)


def _costs(values: ArrayLike, name: str) -> Floats:
    costs = to_float(as_array(values, name, allow_inf=True))
    if costs.ndim != 1:
        raise InputError(name, "must be one-dimensional", costs.shape)
    if (costs < 0).any():
        raise InputError(name, "must be at least 0", float(costs.min()))
    return costs


def _pure(game: _Game, first: Floats, second: Floats) -> list[_Candidate]:
    """Nobody, each user alone, both: each at its lowest alpha."""
    zero = np.zeros(first.shape)
    found = [_Candidate(zero, zero, zero, zero + 1, zero + 1)]
    for joins in ((True, False), (False, True), (True, True)):
        pay = game.beside if all(joins) else game.alone
        worth = game.both if all(joins) else game.alone[0 if joins[0] else 1]
        low, high = zero, zero + 1
        for user, cost in enumerate((first, second)):
            if joins[user]:
                low, high = _joining(pay[user], cost, low, high)
            elif game.beside[user] > 0:
                high = np.minimum(high, cost / game.beside[user])
        value = np.where(low <= high + near(low, high), (1 - low) * worth, -np.inf)
        found.append(_Candidate(low, value, zero + worth, zero + (not joins[0]), zero + (not joins[1])))
    return found


def _joining(payment: float, cost: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Narrow a range of alpha to ``alpha · payment ≥ cost``."""
    if payment > 0:
        return np.maximum(low, cost / payment), high
    return low, np.where(cost <= 0, high if payment == 0 else np.minimum(high, 0.0), -1.0)


def _half_mixed(game: _Game, first: Floats, second: Floats) -> list[_Candidate]:
    """User 1 stays out or takes part surely; user 2 mixes so that user 1 is indifferent too."""
    spread = difference(game.alone[0], game.beside[0], game.both, *game.alone)
    if not spread:
        return []
    found = []
    for first_absent, payment in ((0.0, game.beside[1]), (1.0, game.alone[1])):
        with np.errstate(divide="ignore", invalid="ignore"):
            beta = payment / second
            second_absent = (first * beta - game.beside[0]) / spread
        found.append(_mixed(game, beta, np.full(first.shape, first_absent), second_absent))
    return found


def _mixed(game: _Game, beta: Floats, first_absent: Floats, second_absent: Floats) -> _Candidate:
    slack = RELATIVE
    exists = (beta >= 1 - slack) & np.isfinite(beta)
    for absent in (first_absent, second_absent):
        exists &= (absent >= -slack) & (absent <= 1 + slack)
    alpha = np.where(exists, 1 / np.where(exists, beta, 1.0), 0.0)
    p, q = (np.clip(np.where(exists, absent, 0.0), 0.0, 1.0) for absent in (first_absent, second_absent))
    worth = (1 - p) * q * game.alone[0] + p * (1 - q) * game.alone[1] + (1 - p) * (1 - q) * game.both
    return _Candidate(alpha, np.where(exists, (1 - alpha) * worth, -np.inf), worth, p, q)


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


@public
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
    sizes = tuple(fraction * abs(worth) for worth in (*alone, U[1, 1]))
    places = tuple(
        _place(prices[user], fraction * alone[user], fraction * (U[1, 1] + alone[user] - alone[1 - user]) / 2, sizes)
        for user in (0, 1)
    )
    return TwoGroupCell(fraction, prices, (places[0], places[1]), equilibria(game))


def _place(cost: Number, alone: Number, beside: Number, sizes: tuple[Number, ...]) -> str:
    spare = [difference(end, cost, *sizes, cost) for end in (alone, beside)]
    if not all(spare):
        return "edge"
    pays = [left > 0 for left in spare]
    return "below" if all(pays) else "between" if any(pays) else "above"
