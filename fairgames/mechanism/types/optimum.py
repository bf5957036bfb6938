"""The platform's exact optimum over users of a few types, each with costs of its own.

Selecting among the equilibria of a game on counts: pieces of the value function, and its highest point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, Number
from fairgames.game.costs import Actions
from fairgames.mechanism.dense import PureEquilibria, best_pieces, highest_lines, within_limits, worst_pieces
from fairgames.mechanism.landscape import Landscape, Peak, Piece, Profile, highest_peak
from fairgames.mechanism.limits import Limits, as_limits
from fairgames.mechanism.optimum import Optimum, infeasible_optimum
from fairgames.mechanism.types.game import TypesGame, types_game
from fairgames.mechanism.types.hall import Survivors, assign, least_costs, prune, stable_ranges
from fairgames.tolerance import ROUNDING, near
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility

_FIRST_BATCH = 256


@dataclass(frozen=True, eq=False)
class TypesSearch:
    """What a search found.

    Attributes
    ----------
    peak : Peak or None
        The optimum; None when nothing meets the constraints.
    pieces : list of Piece or None
        The selected equilibrium at every alpha; None when there are too many states to list them all.
    n_states : int
        Number of states that pruning left.
    """

    peak: Peak | None
    pieces: list[Piece] | None
    n_states: int


def name_of(game: TypesGame) -> Callable[[int], Profile]:
    """Name states by their ``counts[type][level]``."""

    def name(state: int) -> Profile:
        counts = game.table.lattice.counts(np.array([state]))[0]
        return cast("Profile", tuple(map(tuple, counts.tolist())))

    return name


def search_best(game: TypesGame, limits: Limits, most_states: int) -> TypesSearch:
    """Best equilibrium at every alpha; where pruning leaves more than ``most_states`` states, the optimum alone."""
    survivors = prune(game)
    if len(survivors.states) > most_states:
        return TypesSearch(_best_by_bound(game, survivors, limits), None, len(survivors.states))
    pieces = best_pieces(within_limits(_equilibria(game, survivors), limits), name_of(game))
    return _highest(pieces, len(survivors.states))


def search_worst(game: TypesGame, limits: Limits, most_states: int) -> TypesSearch:
    """Lowest equilibrium at every alpha; nothing but a count where pruning leaves more than ``most_states``."""
    survivors = prune(game)
    if len(survivors.states) > most_states:
        return TypesSearch(None, None, len(survivors.states))
    pieces = worst_pieces(_equilibria(game, survivors), limits, name_of(game))
    return _highest(pieces, len(survivors.states))


def search_potential(game: TypesGame, limits: Limits, least: Array) -> TypesSearch:
    """Platform's best among the maximisers of the users' potential, at every alpha."""
    cost, P = least.reshape(-1), game.table.potential.reshape(-1)
    possible = np.flatnonzero(cost < np.inf)
    index, lo, hi = highest_lines(P[possible], cost[possible].astype(P.dtype))
    states = possible[index]
    U = game.table.utility.reshape(-1)
    pieces = best_pieces(within_limits(PureEquilibria(states, lo, hi, U[states]), limits), name_of(game))
    return _highest(pieces, len(states))


def _equilibria(game: TypesGame, survivors: Survivors) -> PureEquilibria:
    ranges = stable_ranges(game, survivors)
    return PureEquilibria(ranges.states, ranges.lo, ranges.hi, game.table.utility.reshape(-1)[ranges.states])


def _highest(pieces: list[Piece], n_states: int) -> TypesSearch:
    return TypesSearch(highest_peak(pieces), pieces, n_states)


def _best_by_bound(game: TypesGame, survivors: Survivors, limits: Limits) -> Peak | None:
    """Test states in descending order of what they could yield at most, until none can win."""
    U = game.table.utility.reshape(-1)
    bounded = within_limits(PureEquilibria(survivors.states, survivors.lo, survivors.hi, U[survivors.states]), limits)
    bounds = _kept(bounded)[1]
    order = np.argsort(-bounds, kind="stable")
    best: Peak | None = None
    start, batch = 0, _FIRST_BATCH
    while start < len(order) and (best is None or bounds[order[start]] > best.value):
        rows = order[start : start + batch]
        found = _equilibria(game, Survivors(bounded.index[rows], bounded.lo[rows], bounded.hi[rows]))
        best = _better(game, best, found)
        start += batch
        batch *= 2
    return best


def _kept(equilibria: PureEquilibria) -> tuple[Array, Array]:
    """Best alpha of each range, and the value there: the low end, unless the utility is negative."""
    alpha = np.where((equilibria.utility >= 0).astype(bool), equilibria.lo, equilibria.hi)
    return alpha, (1 - alpha) * equilibria.utility


def _better(game: TypesGame, best: Peak | None, found: PureEquilibria) -> Peak | None:
    if not len(found.index):
        return best
    alphas, values = _kept(found)
    row = int(np.argmax(values))
    if best is not None and values[row] <= best.value:
        return best
    worth: Any = found.utility[row]
    piece = Piece(
        found.lo[row], found.hi[row], True, True, (worth, 0 * worth, 0 * worth), name_of(game)(int(found.index[row]))
    )
    return Peak(alphas[row], values[row], piece, None)


SEARCHED = "all pure equilibria"
_MOST_LISTED = 100_000
_MOST_STATES = 2_000_000
_SELECTIONS = ("best", "worst", "potential")


def types_optimal_alpha(
    utility: Utility | ArrayLike,
    costs: object,
    selection: str = "best",
    margin: Number | int | str = 0,
    actions: Actions = None,
    *,
    budget: Number | int | str | None = None,
    min_utility: Number | int | str | None = None,
    alpha_range: Sequence[Number | int | str] = (0, 1),
) -> Optimum:
    """Exact optimum over alpha and all pure equilibria, for interchangeable users with different costs.

    Works on the counts of users by type and level: a hundred users of two types with three levels
    and a hundred different costs take about a second.

    Parameters
    ----------
    utility : Utility or array_like
        Its `types` say which users are interchangeable.
    costs : array_like, shape (N, L) or (L,)
        Privacy costs; ``inf`` forbids a level.
    selection : {"best", "worst", "potential"}
        Which equilibrium counts when there are several at one alpha. Among several maximisers of
        the potential the platform's best one counts.
    margin : number
        How much better than each alternative a chosen level must be, in units of utility; only with
        ``"best"``.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.
    budget : number or None
        Most that may be paid out, ``alpha · U``.
    min_utility : number or None
        Least utility that the platform needs.
    alpha_range : pair of numbers
        Range of alpha within [0, 1].

    Returns
    -------
    Optimum
        ``profile`` gives the level of each user: the cheapest way to fill the optimal counts with
        everybody at a level from which it does not gain by moving. Profiles of the ``landscape`` are
        ``counts[type][level]``. Where costs are so alike, for instance many of them 0, that more than
        100,000 states may be equilibria, ``"best"`` gives the optimum without a landscape.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, the states would not fit in memory, or (``"worst"`` only) more than
        two million states may be equilibria.

    Notes
    -----
    With ``"worst"`` the constraints must hold at *every* equilibrium of an alpha.

    Examples
    --------
    >>> from fairgames.utility.table import CountUtility
    >>> optimum = types_optimal_alpha(CountUtility([0, "2/3", 1]), [[0, "3/10"], [0, "31/100"]])
    >>> str(optimum.alpha), str(optimum.value), optimum.profile
    ('31/50', '19/50', (1, 1))
    """
    if selection not in _SELECTIONS:
        raise InputError("selection", f"must be one of {', '.join(map(repr, _SELECTIONS))}", selection)
    limits = as_limits(margin, budget, min_utility, alpha_range)
    if selection != "best" and limits.margin > 0:
        raise InputError("margin", f'must be 0 with selection="{selection}"', margin)
    game = types_game(as_utility(utility), costs, actions, limits)
    least = least_costs(game)
    found = _searched(game, selection, limits if game.exact else limits.as_floats(), least)
    landscape = None if found.pieces is None else Landscape(tuple(found.pieces), selection)
    if found.peak is None:
        reason = f"at no alpha is there a pure equilibrium with {limits.describe()}"
        return infeasible_optimum(reason, selection, SEARCHED, landscape)
    return _optimum(game, found, landscape, selection, least)


def _searched(game: TypesGame, selection: str, limits: Limits, least: Array) -> TypesSearch:
    if selection == "potential":
        return search_potential(game, limits, least)
    if selection == "best":
        return search_best(game, limits, _MOST_LISTED)
    found = search_worst(game, limits, _MOST_STATES)
    if found.pieces is None:
        raise SizeError(
            f"pruning leaves {found.n_states:,} states that may be equilibria, more than {_MOST_STATES:,}; "
            f'ask for selection="best", which needs no list of them'
        )
    return found


def _optimum(game: TypesGame, found: TypesSearch, landscape: Landscape | None, selection: str, least: Array) -> Optimum:
    peak = cast("Peak", found.peak)
    alpha, value = _plain(peak.alpha), _plain(peak.value)
    state = int(game.table.lattice.state(np.array(peak.piece.profile)[None])[0])
    utility = game.table.utility.item(state)
    levels = assign(game, state, alpha)
    payments = alpha * _shares(game, state, levels)
    costs = _costs_of(game, levels)
    bound = _plain(_upper_bound(game, least))
    warnings = _warnings(game, payments, costs)
    if found.pieces is None:
        warnings = (*warnings, f"{found.n_states:,} states may be equilibria: the landscape is left out")
    return Optimum(
        alpha=alpha,
        value=value,
        utility=utility,
        attained=peak.approached_from is None,
        approached_from=peak.approached_from,
        exact=game.exact,
        selection=selection,
        searched=SEARCHED,
        profile=levels,
        payments=payments,
        costs=costs,
        users_surplus=_plain(payments.sum() - costs.sum()),
        welfare=_plain(utility - costs.sum()),
        upper_bound=bound,
        gap=bound - value,
        price_of_fairness=bound / value if game.absent_allowed and value > near(utility) else None,
        landscape=landscape,
        warnings=warnings,
    )


def _plain(number: Number) -> Number:
    return number if isinstance(number, Fraction) else float(number)


def _warnings(game: TypesGame, payments: Array, costs: Array) -> tuple[str, ...]:
    """Say how many users pay the platform, lose, and have costs that fall with the level."""
    falling = sum(
        int(size)
        for group in game.groups
        for row, size in zip(group.costs.tolist(), group.sizes, strict=True)
        if any(dear > cheap for dear, cheap in pairwise(cost for cost in row if cost < np.inf))
    )
    rounding = near(abs(payments).max())
    counts = (
        (int((payments < -rounding).astype(bool).sum()), "users who are paid less than nothing"),
        (
            int((payments - costs < -rounding - near(costs, part=ROUNDING)).astype(bool).sum()),
            "users who lose, since they may not stay absent",
        ),
        (falling, "users whose costs fall as the level rises"),
    )
    return tuple(f"{what}: {number}" for number, what in counts if number)


def _shares(game: TypesGame, state: int, levels: tuple[int, ...]) -> Array:
    """Payment of each user at alpha = 1."""
    lattice, P = game.table.lattice, game.table.potential.reshape(-1)
    index = np.unravel_index(state, lattice.shape)
    shares: Array = np.full(len(levels), 0 * P[0], dtype=P.dtype)
    chosen = np.array(levels)
    for kind, group in enumerate(game.groups):
        users = np.concatenate(group.users)
        for level in range(1, lattice.levels[kind]):
            moved = lattice.moved(kind, level, 0)[index[kind]]
            if moved >= 0:
                below = state + (moved - index[kind]) * lattice.strides[kind]
                shares[users[chosen[users] == level]] = P[state] - P[below]
    return shares


def _costs_of(game: TypesGame, levels: tuple[int, ...]) -> Array:
    costs = np.empty(len(levels), dtype=game.groups[0].costs.dtype)
    for group in game.groups:
        for row, users in zip(group.costs, group.users, strict=True):
            costs[users] = row[np.array(levels)[users]]
    return costs


def _upper_bound(game: TypesGame, least: Array) -> Number:
    """What the platform would keep if it could pay each user exactly its cost."""
    if game.absent_allowed:
        bound: Number = (game.table.utility - least).max()
        return bound
    possible = (least < np.inf).astype(bool)
    largest: Number = game.table.utility[possible].max()
    return max(largest, 0 * largest)
