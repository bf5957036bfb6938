"""The optimum over pure equilibria: exact from their alpha intervals, with no grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fairgames.equilibrium.intervals import payment_intervals
from fairgames.exactness import Array, Number, is_exact
from fairgames.mechanism.constraints import Limits, narrow_intervals
from fairgames.mechanism.landscape import Piece, Profile
from fairgames.mechanism.problem import Problem
from fairgames.mechanism.ranges import join, within
from fairgames.mechanism.slots import cut, group_close, highest_cover
from fairgames.tolerance import RELATIVE, comparison_tolerance


@dataclass(frozen=True)
class PureEquilibria:
    """Pure equilibria of a problem, one entry each, in lexicographic order.

    Attributes
    ----------
    index : ndarray of int, shape (M,)
        Flat index of the profile of players' actions.
    lo, hi : ndarray, shape (M,)
        Interval of alpha on which it is an equilibrium.
    utility : ndarray, shape (M,)
        Utility there.
    """

    index: Array
    lo: Array
    hi: Array
    utility: Array


def pure_equilibria(problem: Problem, *, margin: Number) -> PureEquilibria:
    """Every pure equilibrium in which each chosen action is better than the others by ``margin``."""
    lo, hi, stable = payment_intervals(problem.player_payments, problem.player_costs, margin)
    index = np.flatnonzero(stable)
    return PureEquilibria(index, lo.reshape(-1)[index], hi.reshape(-1)[index], problem.utilities.reshape(-1)[index])


def within_limits(equilibria: PureEquilibria, limits: Limits) -> PureEquilibria:
    """Keep of each equilibrium's interval what meets the constraints."""
    lo, hi, meets = narrow_intervals(equilibria.lo, equilibria.hi, equilibria.utility, limits)
    return PureEquilibria(equilibria.index[meets], lo[meets], hi[meets], equilibria.utility[meets])


def best_pieces(equilibria: PureEquilibria, profile_of: Callable[[int], Profile]) -> list[Piece]:
    """Pieces of the best equilibrium at every alpha at which there is one."""
    if equilibria.index.size == 0:
        return []
    order = _ranking(equilibria.utility)
    ends, first, last = cut(equilibria.lo, equilibria.hi)
    cover = highest_cover(first[order], last[order], 2 * ends.size - 1)
    chosen = np.where(cover < 0, -1, order[cover])
    return _merged(chosen, ends, equilibria, profile_of)


def worst_pieces(equilibria: PureEquilibria, limits: Limits, profile_of: Callable[[int], Profile]) -> list[Piece]:
    """Pieces of the worst equilibrium, wherever *every* equilibrium meets the constraints.

    The platform does not choose among the equilibria, so each of them must do.
    """
    if equilibria.index.size == 0:
        return []
    ends, first, last = cut(equilibria.lo, equilibria.hi)
    n_slots = 2 * ends.size - 1
    lowest, highest = _ranking(-equilibria.utility), _ranking(equilibria.utility)
    chosen = highest_cover(first[lowest], last[lowest], n_slots)
    chosen = np.where(chosen < 0, -1, lowest[chosen])
    richest = highest_cover(first[highest], last[highest], n_slots)
    richest = np.where(richest < 0, -1, highest[richest])
    least = limits.min_utility
    if least is not None:
        short = (equilibria.utility[chosen] < least - comparison_tolerance(equilibria.utility)).astype(bool)
        chosen = np.where(short, -1, chosen)
    if limits.budget is None:
        pieces = _merged(chosen, ends, equilibria, profile_of)
        caps = [limits.alpha_to] * len(pieces)
    else:
        pairs = chosen * (equilibria.index.size + 1) + richest
        pieces, caps = [], []
        for start, stop in _runs(np.where(chosen < 0, -1, pairs)):
            pieces.append(_piece((start, stop), ends, equilibria, int(chosen[start]), profile_of))
            most = equilibria.utility[richest[start]]
            caps.append(min(limits.alpha_to, limits.budget / most) if most > 0 else limits.alpha_to)
    slack = 0 if is_exact(ends) else RELATIVE
    trimmed = (within(piece, limits.alpha_from, cap, slack) for piece, cap in zip(pieces, caps, strict=True))
    return join([piece for piece in trimmed if piece is not None])


def _ranking(key: Array) -> Array:
    """Entries from the lowest key to the highest; of equal keys the first entry comes last, so that it wins."""
    _, groups = group_close(key, comparison_tolerance(key))
    return np.lexsort((-np.arange(key.size), groups))


def _merged(
    chosen: Array, ends: Array, equilibria: PureEquilibria, profile_of: Callable[[int], Profile]
) -> list[Piece]:
    pieces = [_piece(span, ends, equilibria, int(chosen[span[0]]), profile_of) for span in _runs(chosen)]
    return join(pieces)


def _runs(labels: Array) -> list[tuple[int, int]]:
    """First and last slot of each run of equal labels, −1 excepted."""
    starts = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    stops = np.concatenate([starts[1:] - 1, [labels.size - 1]])
    return [(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True) if labels[start] >= 0]


def _piece(
    span: tuple[int, int], ends: Array, equilibria: PureEquilibria, entry: int, profile_of: Callable[[int], Profile]
) -> Piece:
    start, stop = span
    worth = equilibria.utility[entry]
    return Piece(
        alpha_from=ends[start // 2],
        alpha_to=ends[(stop + 1) // 2],
        closed_from=start % 2 == 0,
        closed_to=stop % 2 == 0,
        terms=(worth, worth * 0, worth * 0),
        profile=profile_of(int(equilibria.index[entry])),
    )
