"""The platform's problem among very many users: a good alpha, an equilibrium that is verified, and a bound."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, to_float
from fairgames.mechanism.crowds.bound import CostBound, cost_bound
from fairgames.mechanism.crowds.fair_bound import FairBound, bound_of_equilibria
from fairgames.mechanism.crowds.gains import (
    MOST_DIFFERENT,
    MovedGains,
    NearbyGains,
    Pricing,
    TimeIsUpError,
    gains_of,
    of_many_types,
)
from fairgames.mechanism.crowds.game import ScaleGame, State, scale_game, spread_over_entries
from fairgames.mechanism.crowds.relaxation import proved_bound
from fairgames.mechanism.crowds.replies import Regret, regret_of
from fairgames.mechanism.crowds.search import (
    AlphaSearch,
    Candidate,
    exchange,
    is_symmetric,
    search_alpha,
    symmetric_optimum,
)
from fairgames.mechanism.crowds.user_search import Certified, certified_optimum, one_hidden
from fairgames.mechanism.dense import Intervals, best_pieces
from fairgames.mechanism.landscape import Landscape, constant
from fairgames.mechanism.optimum import Optimum, completed, infeasible_optimum, shortfalls
from fairgames.payments.pricing import fair_payments
from fairgames.payments.result import Payments
from fairgames.result import format_value
from fairgames.scenario.costs import Actions
from fairgames.scenario.limits import Limits
from fairgames.tolerance import CROWD_GAIN, ERRORS_ALLOWED, near
from fairgames.utility.base import Utility

SEARCHED = "best-response equilibria along a search in alpha; not exhaustive"
_CLOSED = "all pure equilibria, and mixed ones, which leave the platform no more"
_SEARCH_EFFORT = {"target_error": 1e-3, "budget": 1_000_000}
_MOST_TRIED = 5
_MOST_TYPES_OF_A_CROWD = 20
_FOR_THE_BOUND = 0.4


def optimal_alpha_at_scale(
    utility: Utility,
    costs: object,
    *,
    actions: Actions = None,
    counts: ArrayLike | None = None,
    limits: Limits | None = None,
    max_seconds: float | None = None,
) -> Optimum:
    """Find a good payment fraction for very many users of few types.

    Best replies lead from several states to equilibria, at many alphas; the platform's best of them is the
    answer. No claim is made that there is no better one: compare ``value`` with ``upper_bound``.

    Parameters
    ----------
    utility : Utility
        Its `types` say which users are interchangeable.
    costs : array_like, shape (N, L), (E, L) or (L,)
        Privacy costs by user, by entry (with ``counts``), or one row for all.
    actions : None, tuple of int, or one tuple a row of costs
        Levels that users may choose.
    counts : array_like of int, optional, shape (E,)
        Users of each entry, who follow one another.
    limits : Limits, optional
        The platform's constraints; no margin.
    max_seconds : float, optional
        When to stop searching; what was found by then is certified, which takes somewhat longer.

    Returns
    -------
    Optimum
        ``profile``, ``payments`` and ``costs`` have a row for each entry and a column for each level: how many
        users are there, and what each of them is paid and bears (0 where nobody is). With costs by user they
        have one number a user. ``regret`` is what the most tempted user gains by moving, recomputed from
        payments; a warning says so when it is not within their errors.

    Raises
    ------
    InputError
        If an argument is malformed, or a margin is asked for.
    SizeError
        If there are too many types of too many users.

    Examples
    --------
    >>> from fairgames.utility.dp_mean import DPMeanUtility
    >>> crowd = DPMeanUtility([[0, 0.5], [0, 2.0]], counts=[600_000, 400_000])
    >>> optimum = optimal_alpha_at_scale(crowd, [[0, 1e-7], [0, 4e-7]], counts=[600_000, 400_000])
    >>> optimum.value <= optimum.upper_bound, int(optimum.profile.sum())
    (True, 1000000)
    """
    bounds = (Limits() if limits is None else limits).as_floats()
    if bounds.margin > 0:
        raise InputError("margin", "must be 0 among very many users, most of whom are indifferent", bounds.margin)
    game = scale_game(utility, costs, actions, counts)
    stop = math.inf if max_seconds is None else time.monotonic() + max_seconds
    if is_symmetric(game) and bounds == Limits().as_floats():
        best = symmetric_optimum(game)
        proof = CostBound(best.value, math.inf, True, "the value itself", best.state)
        found = _certified(game, MovedGains(Pricing(game.utility, **_SEARCH_EFFORT), game.offered), [best])
        closed = replace(found, how="identical users who take part or not: in closed form")
        return replace(_optimum(game, closed, proof, None), searched=_CLOSED)
    different = of_many_types(game.utility)
    if not different:
        _require_few_types(game.utility)
    for_bound = None if max_seconds is None else _FOR_THE_BOUND * max_seconds
    bound, fair = cost_bound(game), bound_of_equilibria(game, bounds, for_bound)
    search = certified_optimum if different else _crowd_optimum
    certified = search(game, bound, bounds, fair, stop)
    late = f"; stopped after {max_seconds:g} seconds" if max_seconds is not None and time.monotonic() > stop else ""
    if certified is None:
        reason = f"no equilibrium was met with {bounds.describe()}; the search is not exhaustive{late}"
        return infeasible_optimum(reason, "best", SEARCHED + late)
    return replace(_optimum(game, certified, bound, fair), searched=SEARCHED + late)


def _require_few_types(utility: Utility) -> None:
    """Refuse a search in which each of hundreds of states would take many seconds to price."""
    n_types = len(utility.type_sizes)
    if n_types > _MOST_TYPES_OF_A_CROWD:
        raise SizeError(
            f"{utility.n_users:,} users of {n_types:,} types are too many to search: up to {MOST_DIFFERENT:,} may "
            "all differ, which takes up to an hour (max_seconds ends it); of more, merge types that are nearly alike "
            f"until {_MOST_TYPES_OF_A_CROWD} are left, which takes seconds to minutes"
        )


def _crowd_optimum(
    game: ScaleGame, bound: CostBound, limits: Limits, fair: FairBound | None, stop: float
) -> Certified | None:
    """Search among very many users of few types, and certify the best of what was found."""
    pricing = Pricing(game.utility, **_SEARCH_EFFORT)
    gains = gains_of(pricing, game.offered)
    search = AlphaSearch(game, gains, limits, stop)
    with suppress(TimeIsUpError):
        for state in [*one_hidden(game), *(() if fair is None else fair.states)]:
            search.corner(state)
        search_alpha(search, game, limits, [game.highest(), bound.state, game.cheapest()], bound.largest)
        if not isinstance(gains, NearbyGains):
            exchange(search, game)
    ranked = search.ranked()
    pricing.stop = math.inf
    return _certified(game, MovedGains(pricing, game.offered), ranked) if ranked else None


def _certified(game: ScaleGame, gains: MovedGains, ranked: list[Candidate]) -> Certified:
    """Best candidate whose regret, from exact deviations, is within errors; the best one if none is."""
    tried = ((one, regret_of(game, gains, one.state, one.alpha)) for one in ranked[:_MOST_TRIED])
    first = next(tried)
    candidate, regret = first if first[1].verified else next((one for one in tried if one[1].verified), first)
    paid = fair_payments(game.utility, game.counts(candidate.state), candidate.alpha)
    how = f"{gains.pricing.n_priced:,} states were priced on the way"
    return Certified(candidate, regret, paid, how, ranked)


def _optimum(game: ScaleGame, found: Certified, bound: CostBound, fair: FairBound | None) -> Optimum:
    candidate, regret, paid = found.candidate, found.regret, found.paid
    profile, payments, costs, errors = _rows(game, candidate.state, paid)
    worth = float(paid.utility)
    value = (1 - candidate.alpha) * worth
    costs_only = None if bound.bound is None else proved_bound(bound.bound, value, _unpaid(game, regret))
    most, proof = costs_only, bound.how
    # An equilibrium up to a tolerance may leave somewhat more than every exact one.
    if fair is not None and value <= fair.bound + near(value) and (most is None or fair.bound < most):
        most, proof = max(fair.bound, value), fair.how
    named = _profile(game, candidate.state)
    return completed(
        costs_only if bound.tight else None,
        game.cost_of(candidate.state),
        alpha=candidate.alpha,
        value=value,
        utility=worth,
        attained=True,
        profile=profile,
        payments=payments,
        costs=costs,
        standard_errors=errors,
        upper_bound=most,
        landscape=_landscape(game, found),
        piece=constant(*candidate.alphas, worth, named) if game.by_user else None,
        regret=regret.gain,
        regret_error=regret.error,
        verified=regret.verified,
        reason=(
            f"at scale: {game.n_users:,} users in {len(game.sizes)} groups; {found.how}; bound: {proof}; "
            f"payments by {paid.engine}"
        ),
        warnings=(*_warnings(game, candidate.state, regret, paid, payments, costs), *_above(most, value)),
    )


def _landscape(game: ScaleGame, found: Certified) -> Landscape:
    """The best of the equilibria that were met, at every alpha at which one was."""
    met = [found.candidate, *(one for one in found.ranked if one.value <= found.candidate.value)]
    ends = np.array([one.alphas for one in met])
    stable = Intervals(np.arange(len(met)), ends[:, 0], ends[:, 1], np.array([one.utility for one in met]))
    return Landscape(tuple(best_pieces(stable, lambda index: _profile(game, met[index].state))), "best")


def _profile(game: ScaleGame, state: State) -> Any:
    """Level of each user, or numbers of users by entry and level."""
    shares = spread_over_entries(game, state)
    return tuple(shares.argmax(axis=1).tolist()) if game.by_user else tuple(map(tuple, shares.tolist()))


def _unpaid(game: ScaleGame, regret: Regret) -> float:
    """By how much all payments together may fall short of costs, for all that the regret shows."""
    if not regret.verified:
        return math.inf
    borne = np.abs(np.where(np.isfinite(game.costs), game.costs, 0.0)).max(axis=1) @ game.sizes
    return game.n_users * (regret.gain + ERRORS_ALLOWED * regret.error) + CROWD_GAIN * float(borne)


def _above(bound: float | None, value: float) -> list[str]:
    if bound is None or value <= bound:
        return []
    return [f"the value exceeds the bound by {format_value(value - bound)}: that much less than costs is paid"]


def _rows(game: ScaleGame, state: State, paid: Payments) -> tuple[tuple[int, ...] | Array, Array, Array, Array]:
    """Profile, payments, costs and standard errors, by entry and level, or by user."""
    shares = spread_over_entries(game, state)
    kinds = game.kinds[game.entries]
    tables = (to_float(paid.values)[kinds], game.costs[game.entries], to_float(paid.standard_errors)[kinds])
    if game.by_user:
        levels, users = shares.argmax(axis=1), np.arange(len(shares))
        payments, costs, errors = (table[users, levels] for table in tables)
        return tuple(levels.tolist()), payments, costs, errors
    payments, costs, errors = (np.where(shares > 0, table, 0.0) for table in tables)
    return shares, payments, costs, errors


def _warnings(
    game: ScaleGame, state: State, regret: Regret, paid: Payments, payments: Array, costs: Array
) -> list[str]:
    found = list(paid.warnings)
    if not paid.resolved:
        found.append(f"the payments failed their own check ({paid.reason}): this is no verified equilibrium")
    if not regret.verified:
        gain = f"the most tempted user gains {format_value(regret.gain)} (standard error {format_value(regret.error)})"
        found.append(f"not verified as an equilibrium: {gain} by moving, more than payments and their errors explain")
    by_level = [row[np.isfinite(row)] for row in game.costs[game.entries]]
    held = ~np.isfinite(game.costs[game.entries, 0])
    number = None
    if not game.by_user:
        shares = spread_over_entries(game, state)
        cells = np.nonzero(shares)
        payments, costs, number = payments[cells], costs[cells], shares[cells]
        by_level, held = [by_level[entry] for entry in cells[0]], held[cells[0]]
    held &= payments < costs - CROWD_GAIN * abs(costs)
    return [*found, *shortfalls(payments, costs, by_level, held, False & held, number)]
