"""Cross-check of one game whose utility is a private or a federated mean, with its own parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from fairgames.assessment.crosscheck_applicable import MOST_USERS, Ask, Game, require
from fairgames.assessment.crosscheck_federated import aggregate_of, exact_parameters, weights_of
from fairgames.assessment.crosscheck_points import Draws, Point, at
from fairgames.exactness import to_fractions
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility

_MOST_PRIVATE_USERS = 1000
_MOST_PROFILES = 5
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
        for profile in _profiles(utility.n_users, draws):
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

        for profile in _profiles(utility.n_users, draws):
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


def _profiles(n_users: int, draws: Draws) -> Iterator[tuple[int, ...]]:
    yield from ((2,) * n_users, (1,) * n_users, (0,) * (n_users - 1) + (1,))
    for _ in range(min(draws.points, _MOST_PROFILES)):
        profile = tuple(draws.integer(0, 2) for _ in range(n_users))
        if any(profile):
            yield profile
