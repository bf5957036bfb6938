"""Two users who may share or stay absent: the optimum over grids of costs at once (eq. 26, Fig. 9, appendix E).

`report.paper.two_users` draws it. One pair of costs is a case of `two_player.optimum`, which the tests compare
with; at one alpha `equilibria` of the `FairGame` finds what lies in each of the nine cells of appendix E.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairgames.arguments import public
from fairgames.equilibrium.intervals import narrow
from fairgames.errors import InputError
from fairgames.exactness import as_array, to_float
from fairgames.result import Result
from fairgames.tolerance import RELATIVE, ROUNDING, difference, near
from fairgames.utility.base import Utility
from fairgames.utility.table import as_utility

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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        share = np.bincount(self.kind.reshape(-1), minlength=len(KINDS)) / self.kind.size
        return (
            "TwoGroupOptima",
            ("optimum", "share of cost pairs"),
            [(name, part) for name, part in zip(KINDS, share.tolist(), strict=True)],
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
    candidates = [*_pure(game, rows[:, None], columns[None, :])]
    candidates += _half_mixed(game, first, second)
    candidates += [_swapped(candidate) for candidate in _half_mixed(_mirror(game), second, first)]
    most = reduce(np.maximum, (candidate.value for candidate in candidates))
    best, kinds = _Candidate(*np.empty((5, *most.shape))), np.empty(most.shape, dtype=np.intp)
    floor = most - near(most)
    # Of several that are ahead the first counts, so that it is the last to be written.
    for place, candidate in reversed(list(enumerate(candidates))):
        ahead = candidate.value >= floor - near(candidate.utility, part=ROUNDING)
        for held, part in zip(best, candidate, strict=True):
            np.copyto(held, part, where=ahead)
        np.copyto(kinds, min(place, 4), where=ahead)
    alpha, value, worth, *absent = best
    return TwoGroupOptima(rows, columns, alpha, value, worth, np.stack(absent), kinds)


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


def _pure(game: _Game, rows: Floats, columns: Floats) -> list[_Candidate]:
    """Nobody, each user alone, both: each at its lowest alpha. Costs stand along each user's own axis."""
    zero = np.zeros(np.broadcast_shapes(rows.shape, columns.shape))
    found = [_Candidate(zero, zero, zero, zero + 1, zero + 1)]
    for joins in ((True, False), (False, True), (True, True)):
        pay, worth = (game.beside, game.both) if all(joins) else (game.alone, game.alone[joins.index(True)])
        low, high, holds = zero, zero + 1, zero == 0
        for user, cost in enumerate((rows, columns)):
            least, most = np.zeros(cost.shape), np.ones(cost.shape)
            if joins[user]:
                holds &= narrow(least, most, least + pay[user], cost)
            elif game.beside[user] > 0:
                holds &= narrow(least, most, least - game.beside[user], -cost)
            low, high = np.maximum(low, least), np.minimum(high, most)
        holds &= low <= high + near(high)
        value = np.where(holds, (1 - low) * worth, -np.inf)
        found.append(_Candidate(low, value, zero + worth, zero + (not joins[0]), zero + (not joins[1])))
    return found


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
