"""The platform's exact optimum over users of a few types, each with costs of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, Number
from fairgames.game.actions import Actions
from fairgames.mechanism.optimum import Optimum, infeasible_optimum
from fairgames.mechanism.types_assignment import assign, least_costs
from fairgames.mechanism.types_game import TypesGame, types_game
from fairgames.mechanism.types_hall import StableRanges, stable_ranges
from fairgames.mechanism.types_potential import potential_choice
from fairgames.mechanism.types_pruning import prune
from fairgames.mechanism.types_selection import Choice, best_choice, worst_choice
from fairgames.utility.accept import as_utility
from fairgames.utility.base import Utility

SEARCHED = "all pure equilibria"
_MOST_STATES = 2_000_000
_SELECTIONS = ("best", "worst", "potential")


def types_optimal_alpha(
    utility: Utility | ArrayLike,
    costs: object,
    selection: str = "best",
    margin: Number | int | str = 0,
    actions: Actions = None,
) -> Optimum:
    """Exact optimum over alpha and all pure equilibria, for interchangeable users with different costs.

    Works on the counts of users by type and level: a hundred users of two types with three levels
    and a hundred different costs take seconds.

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
        How much better than each alternative a chosen level must be, in units of utility. Not with
        "potential", which knows no margin.
    actions : None, tuple of int, or one tuple a user
        Levels that users may choose.

    Returns
    -------
    Optimum
        ``profile`` gives the level of each user: the cheapest way to fill the optimal counts with
        everybody at a level from which it does not gain by moving.

    Raises
    ------
    InputError, SizeError
        If an argument is malformed, the states would not fit in memory, or (``"worst"`` only) costs
        are so alike, for instance many of them 0, that too many states may be equilibria.

    Examples
    --------
    >>> from fairgames.utility.table import CountUtility
    >>> optimum = types_optimal_alpha(CountUtility([0, "2/3", 1]), [[0, "3/10"], [0, "31/100"]])
    >>> str(optimum.alpha), str(optimum.value), optimum.profile
    ('31/50', '19/50', (1, 1))
    """
    if selection not in _SELECTIONS:
        raise InputError("selection", f"must be one of {_SELECTIONS}", selection)
    game = types_game(as_utility(utility), costs, actions, margin)
    if selection == "potential" and game.margin != 0:
        raise InputError("margin", 'must be 0 with selection="potential"', margin)
    least = least_costs(game)
    choice = _choose(game, selection, least)
    if choice is None:
        return infeasible_optimum(f"no pure equilibrium has a margin of {margin}", selection, SEARCHED)
    return _optimum(game, choice, selection, least)


def _choose(game: TypesGame, selection: str, least: Array) -> Choice | None:
    if selection == "potential":
        return potential_choice(game, least)
    if selection == "best":
        return best_choice(game, prune(game))
    return worst_choice(game, ranges_of_all_states(game))


def ranges_of_all_states(game: TypesGame) -> StableRanges:
    """Every range of alpha of every equilibrium state.

    Raises
    ------
    SizeError
        If pruning leaves more than two million states.
    """
    survivors = prune(game)
    if len(survivors.states) > _MOST_STATES:
        raise SizeError(
            f"pruning leaves {len(survivors.states):,} states that may be equilibria, more than {_MOST_STATES:,}; "
            f'ask for selection="best" alone, which needs no list of them'
        )
    return stable_ranges(game, survivors)


def _optimum(game: TypesGame, choice: Choice, selection: str, least: Array) -> Optimum:
    table = game.table
    utility = table.utility.item(choice.state)
    levels = assign(game, choice.state, choice.alpha)
    payments = choice.alpha * _shares(game, choice.state, levels)
    costs = _costs_of(game, levels)
    surplus = payments.sum() - costs.sum()
    bound = _upper_bound(game, least)
    priced = game.absent_allowed and choice.value > game.tolerance
    negative = (payments < -game.tolerance).astype(bool)
    return Optimum(
        alpha=choice.alpha,
        value=choice.value,
        utility=utility,
        attained=choice.approached_from is None,
        approached_from=choice.approached_from,
        exact=game.exact,
        selection=selection,
        searched=SEARCHED,
        profile=levels,
        payments=payments,
        costs=costs,
        users_surplus=surplus,
        welfare=utility - costs.sum(),
        upper_bound=bound,
        gap=bound - choice.value,
        price_of_fairness=bound / choice.value if priced else None,
        warnings=(f"{int(negative.sum())} users are paid less than nothing",) if negative.any() else (),
    )


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
