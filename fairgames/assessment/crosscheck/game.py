"""Cross-check of one game: the closed forms that apply to it, and why the others do not.

Cross-check of one game whose utility is a private or a federated mean, with its own parameters.

Cross-check of one game of exchangeable users: theorem 3, the optimum, and two groups that differ in cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from fairgames.assessment.crosscheck import two_player as crosscheck_two_player
from fairgames.assessment.crosscheck.means import aggregate_of, exact_parameters, weights_of
from fairgames.assessment.crosscheck.points import (
    MOST_USERS,
    Ask,
    Comparison,
    Draws,
    Game,
    NotApplicableError,
    Point,
    Question,
    around,
    at,
    by_count,
    closed_form_error,
    compare,
    exact_value,
    exchangeable_values,
    not_applicable,
    require,
)
from fairgames.assessment.crosscheck.two_player import best
from fairgames.exactness import is_exact, to_fractions
from fairgames.mechanism.symmetric.mechanism import symmetric_mechanism
from fairgames.payments.fair import coalition_payments
from fairgames.payments.pricing import fair_payments
from fairgames.utility.base import Utility
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility

_MOST_PRIVATE_USERS = 1000
_MOST_MEAN_PROFILES = 5
_MOST_TARGETS = 3


def private_mean(game: Game) -> Ask:
    """Profiles in which all present users share one epsilon; of two users, any."""
    utility = game.utility
    require(isinstance(utility, DPMeanUtility), "the utility is not a private mean")
    assert isinstance(utility, DPMeanUtility)
    require(2 <= utility.n_users <= _MOST_PRIVATE_USERS, f"covers 2 to {_MOST_PRIVATE_USERS} users")
    rows = to_fractions(utility.epsilons)[utility.types].tolist()

    def ask(draws: Draws) -> Iterator[Point]:
        for profile in _pairs(rows) if len(rows) == 2 else _shared(rows, draws):
            epsilons = sorted(rows[user][level] for user, level in enumerate(profile) if rows[user][level] > 0)
            yield at(f"profile {_short(profile)}", _private_utility(len(rows), epsilons), utility(profile))

    return ask


def _private_utility(n_users: int, epsilons: list[Any]) -> Any:
    from symbolic import dp_mean

    if len(epsilons) == 2 and epsilons[0] != epsilons[1]:
        return dp_mean.pair_utility().at(*epsilons)
    if not epsilons:
        return dp_mean.utility(n_users, 0).at()
    return dp_mean.utility(n_users, len(epsilons), epsilons[0]).at()


def _pairs(rows: list[list[Any]]) -> Iterator[tuple[int, ...]]:
    yield from product(*(range(len(row)) for row in rows))


def _shared(rows: list[list[Any]], draws: Draws) -> Iterator[tuple[int, ...]]:
    for epsilon in sorted({epsilon for row in rows for epsilon in row if epsilon > 0}):
        able = [user for user, row in enumerate(rows) if epsilon in row]
        for present in sorted({1, len(able), *(draws.integer(1, len(able)) for _ in range(draws.points))}):
            chosen = set(able[:present])
            yield tuple(row.index(epsilon) if user in chosen else 0 for user, row in enumerate(rows))


def _short(profile: Sequence[int]) -> str:
    return str(profile) if len(profile) <= MOST_USERS else f"with {sum(map(bool, profile))} present"


def federated_errors(game: Game) -> Ask:
    """Errors and weights at some profiles, for some users."""
    utility = _federated(game)
    samples, between, within, _ = exact_parameters(utility)

    def ask(draws: Draws) -> Iterator[Point]:
        from symbolic import federated, federated_inputs

        variances = federated_inputs.total_variances(samples, between, within)
        for profile in _mean_profiles(utility.n_users, draws):
            shares = aggregate_of(profile, samples, utility.aggregation)
            errors, weights = utility.emse(profile), utility.weights(profile)
            for target in sorted({draws.integer(1, utility.n_users) for _ in range(_MOST_TARGETS)}):
                estimate = federated.best_estimate(profile, target, variances, shares, between)
                closed = [estimate.error.at(), *weights_of(estimate, utility.n_users, ())]
                yield at(f"profile {profile}, user {target}", closed, [errors[target - 1], weights[target - 1]])

    return ask


def federated_utility(game: Game) -> Ask:
    """The utility itself at some profiles."""
    utility = _federated(game)
    samples, between, within, importance = exact_parameters(utility)

    def ask(draws: Draws) -> Iterator[Point]:
        from symbolic import federated

        for profile in _mean_profiles(utility.n_users, draws):
            shares = aggregate_of(profile, samples, utility.aggregation)
            closed = federated.utility(profile, samples, between, within, importance=importance, aggregate=shares)
            yield at(f"profile {profile}", closed, utility(profile))

    return ask


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


def theorem_3(game: Game) -> Ask:
    """Gamma and the regimes of absence against each other level."""
    from symbolic import regimes

    found = [(level, U, regimes.derive(len(U), U)) for level, U in _by_level(game) if any(U)]

    def ask(draws: Draws) -> Iterator[Point]:
        for level, U, forms in found:
            low, top = U[-1] - (U[-2] if len(U) > 1 else 0), U[0]
            for cost in (draws.rational(0, top), *_own_costs(game, level)):
                mechanism = symmetric_mechanism(by_count(U), cost)
                p = draws.rational()
                closed = [
                    *(form.at(p) for form in (forms.gamma, forms.expected_utility)),
                    *(form.at() for form in (forms.gamma_min, forms.gamma_max, forms.cost_threshold)),
                ]
                numeric = [mechanism.gamma(p), mechanism.expected_utility(p)]
                numeric += [mechanism.gamma_min, mechanism.gamma_max, mechanism.cost_threshold]
                yield at(f"level {level}, p = {p}", closed, numeric)
                if cost not in (low, top):
                    closed = [form.at(cost) for form in (forms.alpha_star, forms.p_at_optimum, forms.value)]
                    yield at(f"level {level}, c = {cost}", closed, [mechanism.alpha, mechanism.p, mechanism.value])
            for cost in around(*(end for end in (low, top) if end > 0)):
                yield at(
                    f"level {level}, c = {cost}", forms.value.at(cost), symmetric_mechanism(by_count(U), cost).value
                )

    return ask


def any_symmetric(game: Game) -> Ask:
    """The best symmetric value, whether or not assumptions 1 and 2 hold."""
    found = _by_level(game)

    def ask(draws: Draws) -> Iterator[Point]:
        from symbolic import symmetric_optimum

        for level, U in found:
            top = max(*U, Fraction(1, 10))
            for cost in (*(draws.rational(0, top) for _ in range(2)), *_own_costs(game, level)):
                closed = symmetric_optimum.symmetric_optimum(len(U), U, cost)
                yield at(f"level {level}, c = {cost}", closed.value, symmetric_mechanism(by_count(U), cost).value)

    return ask


def two_groups(game: Game) -> Ask:
    """The map of the optimum over both costs."""
    from symbolic import two_group_regions

    require(game.utility.shape == (2, 2), "covers two users with two levels")
    ((_, (one, two)),) = _by_level(game)
    found = two_group_regions.region_map((one, two))

    def ask(draws: Draws) -> Iterator[Point]:
        pairs = [(draws.rational(0, one), draws.rational(0, one)) for _ in range(draws.points)]
        if game.costs is not None:
            own = exact_value(game.costs[0, 1]), exact_value(game.costs[1, 1])
            pairs += [own] if min(own) > 0 and max(own) < float("inf") else []
        for costs in pairs:
            yield at(f"c = ({costs[0]}, {costs[1]})", found.value.at(*costs), best((one, two), costs).value)

    return ask


def _by_level(game: Game) -> list[tuple[int, list[Fraction]]]:
    """Utilities by number of users at each level but absence."""
    utility = game.utility
    require(len(utility.type_sizes) == 1, "the users are not interchangeable")
    require(2 <= utility.n_users <= MOST_USERS, f"covers 2 to {MOST_USERS} users")
    return [(level, exchangeable_values(utility, level)) for level in range(1, utility.shape[0])]


def _own_costs(game: Game, level: int) -> list[Fraction]:
    if game.costs is None:
        return []
    own = set(game.costs[:, level].tolist())
    return [exact_value(cost) for cost in sorted(own) if 0 < cost < float("inf")]


_MOST_LEVELS = 4
_MOST_PROFILES = 8


def compare_game(game: Game, points: int, seed: int) -> tuple[Comparison, ...]:
    """Check all that the closed forms say about a game."""
    refused = (NotApplicableError, closed_form_error())
    exact = game.utility.exact and (game.costs is None or is_exact(game.costs))
    found = []
    for name, source, make in _CHECKS:
        try:
            ask = make(game)
        except refused as reason:
            found.append(not_applicable(name, source, str(reason)))
        else:
            found.append(compare(Question(name, source, ask, exact), points, seed))
    return tuple(found)


def _fair_payments(game: Game) -> Ask:
    _require_few(game.utility)

    def ask(draws: Draws) -> Iterator[Point]:
        from symbolic import payments

        users = range(1, game.utility.n_users + 1)
        for profile in _profiles(game.utility, draws):
            worth = _coalitions(game.utility, profile)
            closed = [payments.users_payment(worth, len(users), user) for user in users]
            yield at(f"profile {profile}", closed, fair_payments(game.utility, profile).values)

    return ask


def _coalition_payments(game: Game) -> Ask:
    _require_few(game.utility)

    def ask(draws: Draws) -> Iterator[Point]:
        from symbolic import payments

        users = range(1, game.utility.n_users + 1)
        for profile in _profiles(game.utility, draws):
            worth = _coalitions(game.utility, profile)
            closed = [payments.coalition_payment(worth, len(users), user) for user in users]
            numeric = coalition_payments(game.utility, profile)
            closed.append(payments.platform_payment(worth, len(users)))
            yield at(f"profile {profile}", closed, [numeric.values, numeric.platform])

    return ask


def _require_few(utility: Utility) -> None:
    require(utility.n_users <= MOST_USERS, f"subset sums are taken for up to {MOST_USERS} users")


def _profiles(utility: Utility, draws: Draws) -> Iterator[tuple[int, ...]]:
    """Nobody, everybody, and others at random; all of them where they are few."""
    if np.prod(utility.shape) <= _MOST_PROFILES:
        yield from product(*map(range, utility.shape))
        return
    yield from ((0,) * utility.n_users, tuple(size - 1 for size in utility.shape))
    for _ in range(min(draws.points, _MOST_PROFILES)):
        yield tuple(draws.integer(0, size - 1) for size in utility.shape)


def _coalitions(utility: Utility, profile: tuple[int, ...]) -> Callable[[frozenset[int]], object]:
    from symbolic.exactness import exact

    def worth(users: frozenset[int]) -> object:
        levels = tuple(level if user in users else 0 for user, level in enumerate(profile, 1))
        return exact("utility", exact_value(utility(levels)))

    return worth


def _two_player(points: Callable[..., Iterator[Point]]) -> Callable[[Game], Ask]:
    def make(game: Game) -> Ask:
        shape = game.utility.shape if game.utility.n_users == 2 else ()
        require(len(shape) == 2, "covers two users")
        require(max(shape) <= _MOST_LEVELS, f"covers up to {_MOST_LEVELS} levels")
        table = to_fractions(game.utility.tensor())

        def ask(draws: Draws) -> Iterator[Point]:
            given = None if game.costs is None else to_fractions(game.costs).tolist()
            costs = given or crosscheck_two_player.drawn_costs(shape, draws)
            rows = [row[:size] for row, size in zip(costs, shape, strict=True)]
            yield from points(crosscheck_two_player.families_of(table, rows), table, rows, draws)

        return ask

    return make


_CHECKS: tuple[tuple[str, str, Callable[[Game], Ask]], ...] = (
    ("fair payments", "theorem 2, eq. 7", _fair_payments),
    ("shares beside the platform", "theorem 1, eqs. 5 and 6", _coalition_payments),
    ("private mean", "appendix B.1", private_mean),
    ("federated errors and weights", "propositions 4 and 5", federated_errors),
    ("federated utility", "eq. 15, corrected", federated_utility),
    ("gamma and the three regimes", "theorem 3", theorem_3),
    ("optimum, any utilities", "eq. 21", any_symmetric),
    ("two groups: value(c_1, c_2)", "section 5.2, Fig. 9", two_groups),
    ("two-player families: each is an equilibrium", "indifference", _two_player(crosscheck_two_player.forward)),
    ("two-player families: every equilibrium is in one", "indifference", _two_player(crosscheck_two_player.backward)),
)
