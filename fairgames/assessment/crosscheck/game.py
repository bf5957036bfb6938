"""Cross-check of one given game: the closed forms that apply to it, and why the others do not.

`run` calls `compare_game` for a utility or a specification; each check is a generator of points, and raises
`NotApplicableError` where its form does not cover the game.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from fairgames.assessment.crosscheck import two_player
from fairgames.assessment.crosscheck.run import (
    MOST_USERS,
    Comparison,
    Draws,
    Game,
    Point,
    Question,
    around,
    at,
    by_count,
    compare,
    derived,
    exchangeable_values,
    require,
)
from fairgames.assessment.crosscheck.utilities import aggregate_of, estimate_point, exact_parameters, utility_point
from fairgames.exactness import is_exact, to_fractions
from fairgames.mechanism.symmetric.mechanism import symmetric_mechanism
from fairgames.payments.fair import coalition_payments
from fairgames.payments.pricing import fair_payments
from fairgames.utility.base import Utility
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility
from symbolic import dp_mean, federated, federated_inputs, payments, regimes, symmetric_optimum, two_group_regions
from symbolic.exactness import exact

_MOST_PRIVATE_USERS = 1000
_MOST_MEAN_PROFILES = 5
_MOST_TARGETS = 3
_MOST_LEVELS = 4
_MOST_PROFILES = 8


def compare_game(game: Game, points: int, seed: int) -> tuple[Comparison, ...]:
    """Check all that the closed forms say about a game."""
    rational = game.utility.exact and (game.costs is None or is_exact(game.costs))
    checks = (
        ("fair payments", "theorem 2, eq. 7", partial(_payments, among_users=True)),
        ("shares beside the platform", "theorem 1, eqs. 5 and 6", partial(_payments, among_users=False)),
        ("private mean", "appendix B.1", _private_mean),
        ("federated errors and weights", "propositions 4 and 5", _federated_errors),
        ("federated utility", "eq. 15, corrected", _federated_utility),
        ("gamma and the three regimes", "theorem 3", _theorem_3),
        ("optimum, any utilities", "eq. 21", _any_symmetric),
        ("two groups: value(c_1, c_2)", "section 5.2, Fig. 9", _two_groups),
        ("two-player families: each is an equilibrium", "indifference", partial(_two_player, two_player.forward)),
        ("two-player families: every equilibrium is in one", "indifference", partial(_two_player, two_player.backward)),
    )
    asked = (Question(name, source, partial(check, game), rational) for name, source, check in checks)
    return tuple(compare(question, points, seed) for question in asked)


def _payments(game: Game, draws: Draws, among_users: bool) -> Iterator[Point]:
    utility = game.utility
    require(utility.n_users <= MOST_USERS, f"subset sums are taken for up to {MOST_USERS} users")
    n_users = utility.n_users
    derive = payments.users_payment if among_users else payments.coalition_payment
    for profile in _profiles(utility, draws):
        worth = partial(_coalition, utility, profile)
        closed = [derive(worth, n_users, user) for user in range(1, n_users + 1)]
        if among_users:
            yield at(f"profile {profile}", closed, fair_payments(utility, profile).values)
        else:
            closed.append(payments.platform_payment(worth, n_users))
            numeric = coalition_payments(utility, profile)
            yield at(f"profile {profile}", closed, [numeric.values, numeric.platform])


def _coalition(utility: Utility, profile: tuple[int, ...], users: frozenset[int]) -> object:
    levels = tuple(level if user in users else 0 for user, level in enumerate(profile, 1))
    return exact("utility", Fraction(utility(levels)))


def _profiles(utility: Utility, draws: Draws) -> Iterator[tuple[int, ...]]:
    """Nobody, everybody, and others at random; all of them where they are few."""
    if np.prod(utility.shape) <= _MOST_PROFILES:
        yield from product(*map(range, utility.shape))
        return
    yield from ((0,) * utility.n_users, tuple(size - 1 for size in utility.shape))
    for _ in range(min(draws.points, _MOST_PROFILES)):
        yield tuple(draws.integer(0, size - 1) for size in utility.shape)


def _private_mean(game: Game, draws: Draws) -> Iterator[Point]:
    """Profiles in which all present users share one epsilon; of two users, any."""
    utility = game.utility
    require(isinstance(utility, DPMeanUtility), "the utility is not a private mean")
    assert isinstance(utility, DPMeanUtility)
    require(2 <= utility.n_users <= _MOST_PRIVATE_USERS, f"covers 2 to {_MOST_PRIVATE_USERS} users")
    rows = to_fractions(utility.epsilons)[utility.types].tolist()
    for profile in product(*(range(len(row)) for row in rows)) if len(rows) == 2 else _shared(rows, draws):
        epsilons = sorted(rows[user][level] for user, level in enumerate(profile) if rows[user][level] > 0)
        where = str(profile) if len(profile) <= MOST_USERS else f"with {sum(map(bool, profile))} present"
        yield at(f"profile {where}", _private_utility(len(rows), epsilons), utility(profile))


def _private_utility(n_users: int, epsilons: list[Any]) -> Any:
    if len(epsilons) == 2 and epsilons[0] != epsilons[1]:
        return dp_mean.pair_utility().at(*epsilons)
    return dp_mean.utility(n_users, len(epsilons), *epsilons[:1]).at()


def _shared(rows: list[list[Any]], draws: Draws) -> Iterator[tuple[int, ...]]:
    for epsilon in sorted({epsilon for row in rows for epsilon in row if epsilon > 0}):
        able = [user for user, row in enumerate(rows) if epsilon in row]
        for present in sorted({1, len(able), *(draws.integer(1, len(able)) for _ in range(draws.points))}):
            chosen = set(able[:present])
            yield tuple(row.index(epsilon) if user in chosen else 0 for user, row in enumerate(rows))


def _federated_errors(game: Game, draws: Draws) -> Iterator[Point]:
    """Errors and weights at some profiles, for some users."""
    utility = _federated(game)
    samples, between, within, _ = exact_parameters(utility)
    variances = federated_inputs.total_variances(samples, between, within)
    for profile in _mean_profiles(utility.n_users, draws):
        shares = aggregate_of(profile, samples, utility.aggregation)
        for target in sorted({draws.integer(1, utility.n_users) for _ in range(_MOST_TARGETS)}):
            estimate = federated.best_estimate(profile, target, variances, shares, between)
            yield estimate_point(utility, profile, target, estimate)


def _federated_utility(game: Game, draws: Draws) -> Iterator[Point]:
    utility = _federated(game)
    yield from (utility_point(utility, profile) for profile in _mean_profiles(utility.n_users, draws))


def _federated(game: Game) -> FederatedMeanUtility:
    utility = game.utility
    require(isinstance(utility, FederatedMeanUtility), "the utility is not a federated mean")
    require(utility.n_users <= MOST_USERS, f"covers up to {MOST_USERS} users")
    assert isinstance(utility, FederatedMeanUtility)
    return utility


def _mean_profiles(n_users: int, draws: Draws) -> Iterator[tuple[int, ...]]:
    yield from ((2,) * n_users, (1,) * n_users, (0,) * (n_users - 1) + (1,))
    for _ in range(min(draws.points, _MOST_MEAN_PROFILES)):
        profile = tuple(draws.integer(0, 2) for _ in range(n_users))
        if any(profile):
            yield profile


def _theorem_3(game: Game, draws: Draws) -> Iterator[Point]:
    """Gamma and the regimes of absence against each other level."""
    found = [(level, U, derived(regimes.derive, len(U), U)) for level, U in _by_level(game) if any(U)]
    for level, U, forms in found:
        low, top = U[-1] - (U[-2] if len(U) > 1 else 0), U[0]
        for cost in (draws.rational(0, top), *_own_costs(game, level)):
            mechanism = symmetric_mechanism(by_count(U), cost)
            p = draws.rational()
            closed = [forms.gamma.at(p), forms.expected_utility.at(p)]
            closed += [form.at() for form in (forms.gamma_min, forms.gamma_max, forms.cost_threshold)]
            numeric = [mechanism.gamma(p), mechanism.expected_utility(p)]
            numeric += [mechanism.gamma_min, mechanism.gamma_max, mechanism.cost_threshold]
            yield at(f"level {level}, p = {p}", closed, numeric)
            if cost not in (low, top):
                closed = [form.at(cost) for form in (forms.alpha_star, forms.p_at_optimum, forms.value)]
                yield at(f"level {level}, c = {cost}", closed, [mechanism.alpha, mechanism.p, mechanism.value])
        for cost in around(*(end for end in (low, top) if end > 0)):
            value = symmetric_mechanism(by_count(U), cost).value
            yield at(f"level {level}, c = {cost}", forms.value.at(cost), value)


def _any_symmetric(game: Game, draws: Draws) -> Iterator[Point]:
    """The best symmetric value, whether or not assumptions 1 and 2 hold."""
    for level, U in _by_level(game):
        top = max(*U, Fraction(1, 10))
        for cost in (*(draws.rational(0, top) for _ in range(2)), *_own_costs(game, level)):
            closed = symmetric_optimum.symmetric_optimum(len(U), U, cost)
            yield at(f"level {level}, c = {cost}", closed.value, symmetric_mechanism(by_count(U), cost).value)


def _two_groups(game: Game, draws: Draws) -> Iterator[Point]:
    """The map of the optimum over both costs."""
    require(game.utility.shape == (2, 2), "covers two users with two levels")
    ((_, (one, two)),) = _by_level(game)
    found = derived(two_group_regions.region_map, (one, two))
    pairs = [(draws.rational(0, one), draws.rational(0, one)) for _ in range(draws.points)]
    if game.costs is not None and all(0 < cost < math.inf for cost in game.costs[:, 1].tolist()):
        pairs.append((Fraction(game.costs[0, 1]), Fraction(game.costs[1, 1])))
    for costs in pairs:
        numeric = two_player.best((one, two), costs).value
        yield at(f"c = ({costs[0]}, {costs[1]})", found.value.at(*costs), numeric)


def _by_level(game: Game) -> list[tuple[int, list[Fraction]]]:
    """Utilities by number of users at each level but absence."""
    utility = game.utility
    require(len(utility.type_sizes) == 1, "the users are not interchangeable")
    require(2 <= utility.n_users <= MOST_USERS, f"covers 2 to {MOST_USERS} users")
    return [(level, exchangeable_values(utility, level)) for level in range(1, utility.shape[0])]


def _own_costs(game: Game, level: int) -> list[Fraction]:
    if game.costs is None:
        return []
    return [Fraction(cost) for cost in sorted(set(game.costs[:, level].tolist())) if 0 < cost < math.inf]


def _two_player(points: Callable[..., Iterator[Point]], game: Game, draws: Draws) -> Iterator[Point]:
    shape = game.utility.shape if game.utility.n_users == 2 else ()
    require(len(shape) == 2, "covers two users")
    require(max(shape) <= _MOST_LEVELS, f"covers up to {_MOST_LEVELS} levels")
    table = to_fractions(game.utility.tensor())
    costs = two_player.drawn_costs(shape, draws) if game.costs is None else to_fractions(game.costs).tolist()
    rows = [row[:size] for row, size in zip(costs, shape, strict=True)]
    yield from points(two_player.families_of(table, rows), table, rows, draws)
