"""Cross-check of the federated mean: errors and weights of propositions 4 and 5 for symbolic variances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from fairgames.assessment.crosscheck_points import Draws, Point, Question, at
from fairgames.utility.federated_mean import AGGREGATIONS, FederatedMeanUtility

_THREE = ((0, 1, 1), (0, 1, 2), (1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 2))
"""Profiles of three users that differ in more than their order."""

Profile = tuple[int, ...]


def questions(everything: bool) -> Iterator[Question]:
    """All profiles of two users and one of each kind of three; with ``everything`` all of three."""
    profiles: dict[int, Sequence[Profile]] = {2: _profiles(2), 3: _profiles(3) if everything else _THREE}
    for n_users, some in profiles.items():
        for aggregation in AGGREGATIONS:
            name = f"{aggregation} aggregate, {n_users} users"
            ask = partial(_estimates, some, aggregation)
            yield Question(f"federated errors and weights, {name}", "propositions 4 and 5", ask, exact=False)
            ask = partial(_utility, some, aggregation)
            yield Question(f"federated utility, {name}", "eq. 15, corrected", ask, exact=False)


def _profiles(n_users: int) -> list[Profile]:
    return [profile for profile in product((0, 1, 2), repeat=n_users) if any(profile)]


def aggregate_of(profile: Profile, samples: Sequence[object], aggregation: str) -> Any:
    """Shares of the users in the secure aggregate; None where nobody federates."""
    from symbolic import federated_inputs

    if 1 not in profile:
        return None
    if aggregation == "uniform":
        return federated_inputs.uniform_aggregate(profile)
    return federated_inputs.weighted_aggregate(profile, samples)


def weights_of(estimate: Any, n_users: int, values: Sequence[object]) -> list[Any]:
    """Weight of the aggregate, then of each user's own sample mean."""
    aggregate = 0 if estimate.aggregate is None else estimate.aggregate.at(*values)
    direct = {user: form.at(*values) for user, form in estimate.direct}
    return [aggregate, *(direct.get(user, 0) for user in range(1, n_users + 1))]


def _estimates(profiles: Sequence[Profile], aggregation: str, draws: Draws) -> Iterator[Point]:
    from symbolic import federated, federated_inputs

    for profile in profiles:
        n_users = len(profile)
        samples = [draws.integer(1, 100) for _ in range(n_users)]
        shares = aggregate_of(profile, samples, aggregation)
        for target in range(1, n_users + 1):
            # The variances are symbols: of two of them alike, or with one sample each, nothing special follows.
            estimate = federated.best_estimate(profile, target, aggregate=shares)
            for _ in range(max(1, draws.points // 6)):
                between, within = draws.rational(0, 4), draws.rational(0, 100)
                variances = federated_inputs.total_variances(samples, between, within)
                utility = FederatedMeanUtility(samples, float(between), float(within), aggregation=aggregation)
                values = (*variances, between)
                closed = [estimate.error.at(*values), *weights_of(estimate, n_users, values)]
                numeric = [utility.emse(profile)[target - 1], utility.weights(profile)[target - 1]]
                yield at(f"profile {profile}, user {target}, samples {samples}", closed, numeric)


def _utility(profiles: Sequence[Profile], aggregation: str, draws: Draws) -> Iterator[Point]:
    from symbolic import federated

    for profile in profiles:
        samples = [draws.integer(1, 100) for _ in profile]
        importance = [draws.rational(0, 3) for _ in profile]
        between, within = draws.rational(0, 4), draws.rational(0, 100)
        shares = aggregate_of(profile, samples, aggregation)
        closed = federated.utility(profile, samples, between, within, importance=importance, aggregate=shares)
        utility = FederatedMeanUtility(
            samples, float(between), float(within), [float(a) for a in importance], aggregation=aggregation
        )
        yield at(f"profile {profile}, samples {samples}", closed, utility(profile))


def exact_parameters(utility: FederatedMeanUtility) -> tuple[list[Fraction], Fraction, Fraction, list[Fraction]]:
    """Samples and importance of each user, and both variances, as the decimals that they are written as."""
    samples, importance = (
        [Fraction(str(float(values[kind]))) for kind in utility.types]
        for values in (utility.samples, utility.importance)
    )
    return samples, Fraction(str(utility.between_variance)), Fraction(str(utility.within_variance)), importance
