"""The platform's problem among very many users: a good alpha, an equilibrium that is verified, and a bound."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, to_float
from fairgames.mechanism.crowds.bound import CostBound, cost_bound
from fairgames.mechanism.crowds.fair_bound import FairBound, bound_of_equilibria
from fairgames.mechanism.crowds.gains import MovedGains, Pricing, gains_of, of_many_types
from fairgames.mechanism.crowds.game import ScaleGame, State, scale_game, spread_over_entries
from fairgames.mechanism.crowds.relaxation import proved_bound
from fairgames.mechanism.crowds.replies import Regret, regret_of
from fairgames.mechanism.crowds.search import AlphaSearch, Candidate, is_symmetric, search_alpha, symmetric_optimum
from fairgames.mechanism.crowds.user_search import certified_optimum, one_hidden
from fairgames.mechanism.optimum import Optimum, infeasible_optimum
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


def optimal_alpha_at_scale(
    utility: Utility,
    costs: object,
    *,
    actions: Actions = None,
    counts: ArrayLike | None = None,
    limits: Limits | None = None,
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
    pricing = Pricing(game.utility, **_SEARCH_EFFORT)
    offered = game.offered
    if is_symmetric(game) and bounds == Limits().as_floats():
        best = symmetric_optimum(game)
        exact = MovedGains(pricing, offered)
        regret = regret_of(game, exact, best.state, best.alpha)
        paid = fair_payments(game.utility, game.counts(best.state), best.alpha)
        proof = CostBound(best.value, math.inf, True, "the value itself", best.state)
        found = _optimum(game, (best, regret), paid, proof, "identical users who take part or not: in closed form")
        return replace(found, searched=_CLOSED)
    different = of_many_types(game.utility)
    if not different:
        _require_few_types(game.utility)
    bound, fair = cost_bound(game), bound_of_equilibria(game, bounds)
    if different:
        certified = certified_optimum(game, bound, bounds, fair)
        if certified is None:
            return _nothing_found(bounds)
        return _optimum(game, (certified.candidate, certified.regret), certified.paid, bound, certified.how, fair)
    search = AlphaSearch(game, gains_of(pricing, offered), bounds)
    for state in [*one_hidden(game), *(() if fair is None else fair.states)]:
        search.corner(state)
    search_alpha(search, game, bounds, [game.highest(), bound.state, game.cheapest()], bound.largest)
    ranked = search.ranked()
    if not ranked:
        return _nothing_found(bounds)
    answer = _first_verified(game, MovedGains(pricing, offered), ranked)
    paid = fair_payments(game.utility, game.counts(answer[0].state), answer[0].alpha)
    return _optimum(game, answer, paid, bound, f"{pricing.n_priced:,} states were priced on the way", fair)


def _require_few_types(utility: Utility) -> None:
    """Refuse a search in which each of hundreds of states would take many seconds to price."""
    n_types = len(utility.type_sizes)
    if n_types > _MOST_TYPES_OF_A_CROWD:
        raise SizeError(
            f"{utility.n_users:,} users of {n_types:,} types are too many to search: merge types that are nearly alike "
            f"until {_MOST_TYPES_OF_A_CROWD} are left, or price single profiles with fair_payments"
        )


def _nothing_found(limits: Limits) -> Optimum:
    reason = f"no equilibrium was met with {limits.describe()}; the search is not exhaustive"
    return infeasible_optimum(reason, "best", SEARCHED)


def _first_verified(game: ScaleGame, gains: MovedGains, ranked: list[Candidate]) -> tuple[Candidate, Regret]:
    """Best candidate whose regret, from exact deviations, is within errors; the best one if none is."""
    tried = []
    for candidate in ranked[:_MOST_TRIED]:
        regret = regret_of(game, gains, candidate.state, candidate.alpha)
        if regret.verified:
            return candidate, regret
        tried.append((candidate, regret))
    return tried[0]


def _optimum(
    game: ScaleGame,
    answer: tuple[Candidate, Regret],
    paid: Payments,
    bound: CostBound,
    how: str,
    fair: FairBound | None = None,
) -> Optimum:
    candidate, regret = answer
    profile, payments, costs, errors = _rows(game, candidate.state, paid)
    borne, worth = game.cost_of(candidate.state), float(paid.utility)
    value = (1 - candidate.alpha) * worth
    costs_only = None if bound.bound is None else proved_bound(bound.bound, value, _unpaid(game, regret))
    most, proof = costs_only, bound.how
    # An equilibrium up to a tolerance may leave somewhat more than every exact one.
    if fair is not None and value <= fair.bound + near(value) and (most is None or fair.bound < most):
        most, proof = max(fair.bound, value), fair.how
    return Optimum(
        alpha=candidate.alpha,
        value=value,
        utility=worth,
        attained=True,
        approached_from=None,
        exact=False,
        selection="best",
        searched=SEARCHED,
        profile=profile,
        payments=payments,
        costs=costs,
        standard_errors=errors,
        users_surplus=candidate.alpha * worth - borne,
        welfare=worth - borne,
        upper_bound=most,
        gap=None if most is None else most - value,
        price_of_fairness=costs_only / value if costs_only is not None and bound.tight and value > 0 else None,
        regret=regret.gain,
        regret_error=regret.error,
        reason=(
            f"at scale: {game.n_users:,} users in {len(game.sizes)} groups; {how}; bound: {proof}; "
            f"payments by {paid.engine}"
        ),
        warnings=(*_warnings(game, candidate.state, regret, paid), *_above(most, value)),
    )


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


def _warnings(game: ScaleGame, state: State, regret: Regret, paid: Payments) -> list[str]:
    gain = f"the most tempted user gains {format_value(regret.gain)} (standard error {format_value(regret.error)})"
    found = list(paid.warnings)
    if not paid.resolved:
        found.append(f"the payments failed their own check ({paid.reason}): this is no verified equilibrium")
    if not regret.verified:
        found.append(f"not verified as an equilibrium: {gain} by moving, more than payments and their errors explain")
    negative = int(game.counts(state)[to_float(paid.values) < 0].sum())
    if negative:
        found.append(f"{negative:,} users are paid less than nothing")
    return found
