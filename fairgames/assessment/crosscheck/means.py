"""Cross-check of the federated mean: errors and weights of propositions 4 and 5 for symbolic variances.

Cross-check of the private mean: risk, weights and utility from the prior and the Laplace constraint.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any, cast

from fairgames.assessment.crosscheck.points import Draws, Point, Question, around, at, evaluator
from fairgames.exactness import Number, as_array
from fairgames.mechanism.symmetric.mechanism import symmetric_mechanism
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import AGGREGATIONS, FederatedMeanUtility

_EDGE = (Fraction(3464101, 1000000), Fraction(3464102, 1000000))
"""Rationals on both sides of the least epsilon with diminishing returns, the root of 12."""


def _private_questions(everything: bool) -> Iterator[Question]:
    """Utilities of two users with different epsilons, and of up to four (eight) who share one."""
    yield Question("private mean, two epsilons", "appendix B.1", _pair)
    for n_users in (2, 3, 4, 6, 8) if everything else (2, 3, 4):
        yield Question(f"private mean, {n_users} users", "appendix B.1, eq. 37", partial(_private_utility, n_users))
        yield Question(f"its weights, {n_users} users", "eqs. 31, 35", partial(_weights, n_users), exact=False)
        yield Question(f"its risk, {n_users} users", "eqs. 28, 32, 36", partial(_risk, n_users), exact=False)
    for n_users in (2, 3) if everything else (2,):
        yield Question(f"epsilons of assumption 2, {n_users} users", "section 3", partial(_assumption, n_users))


def _pair(draws: Draws) -> Iterator[Point]:
    from symbolic import dp_mean

    form = evaluator(dp_mean.pair_utility())
    for _ in range(draws.points):
        first = draws.rational(0, 6)
        edge = first + 12 / first
        below, above = first + draws.rational() * 12 / first, edge * (1 + draws.rational(0, 2))
        for second in (first, below, *around(edge), above, math.inf):
            utility = DPMeanUtility(as_array([[0, first], [0, second]], "epsilons", allow_inf=True))
            yield at(f"epsilons {first}, {second}", form(first, second), utility((1, 1)))


def _sharing(epsilon: Number, n_users: int) -> DPMeanUtility:
    return DPMeanUtility(as_array([0, epsilon], "epsilons", allow_inf=True), n_users)


def _epsilons(draws: Draws) -> Iterator[Fraction]:
    yield from (Fraction(1, 1000), Fraction(1000))
    yield from (draws.rational(0, 12) for _ in range(draws.points))


def _private_utility(n_users: int, draws: Draws) -> Iterator[Point]:
    from symbolic import dp_mean

    forms = [dp_mean.utility(n_users, k) for k in range(n_users + 1)]
    noiseless = [dp_mean.utility(n_users, k, "inf").at() for k in range(n_users + 1)]
    yield at("epsilon inf", noiseless, _at_counts(_sharing(math.inf, n_users)))
    for epsilon in _epsilons(draws):
        closed = [form.at(*[epsilon] * len(form.arguments)) for form in forms]
        yield at(f"epsilon {epsilon}", closed, _at_counts(_sharing(epsilon, n_users)))


def _at_counts(utility: DPMeanUtility) -> list[object]:
    return [utility([[utility.n_users - k, k]]) for k in range(utility.n_users + 1)]


def _weights(n_users: int, draws: Draws) -> Iterator[Point]:
    import sympy as sp

    from symbolic import dp_mean_risk, symbols

    for present in range(1, n_users + 1):
        form = dp_mean_risk.best_weight(sp.Integer(present))
        profile = [1] * present + [0] * (n_users - present)
        for epsilon in _epsilons(draws):
            closed = form.subs(symbols.epsilon, sp.Rational(str(epsilon)))
            numeric = _sharing(epsilon, n_users).weights(profile)
            yield at(f"{present} present, epsilon {epsilon}", [closed] * present, numeric[:present])


def _risk(n_users: int, draws: Draws) -> Iterator[Point]:
    import sympy as sp

    from symbolic import dp_mean_risk, symbols

    for present in range(n_users + 1):
        form = dp_mean_risk.minimal_risk(sp.Integer(present))
        profile = [1] * present + [0] * (n_users - present)
        for epsilon in _epsilons(draws):
            closed = form.subs(symbols.epsilon, sp.Rational(str(epsilon)))
            numeric = _sharing(epsilon, n_users).bayes_risk(profile)
            yield at(f"{present} present, epsilon {epsilon}", closed, numeric)


def _assumption(n_users: int, draws: Draws) -> Iterator[Point]:
    import sympy as sp

    from symbolic import dp_mean

    allowed = dp_mean.assumption_range(n_users)
    for epsilon in (*_EDGE, *(draws.rational(2, 6) for _ in range(draws.points))):
        mechanism = symmetric_mechanism(_sharing(epsilon, n_users), Fraction(1, 10))
        closed = allowed.contains(sp.Rational(str(epsilon)))
        yield at(f"epsilon {epsilon}", closed, mechanism.assumptions.diminishing)


_THREE = ((0, 1, 1), (0, 1, 2), (1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 2))
"""Profiles of three users that differ in more than their order."""

Profile = tuple[int, ...]


def _federated_questions(everything: bool) -> Iterator[Question]:
    """All profiles of two users and one of each kind of three; with ``everything`` all of three."""
    profiles: dict[int, Sequence[Profile]] = {2: _profiles(2), 3: _profiles(3) if everything else _THREE}
    for n_users, some in profiles.items():
        for aggregation in AGGREGATIONS:
            name = f"{aggregation} aggregate, {n_users} users"
            ask = partial(_estimates, some, aggregation)
            yield Question(f"federated errors and weights, {name}", "propositions 4 and 5", ask, exact=False)
            ask = partial(_federated_utility, some, aggregation)
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
                utility = FederatedMeanUtility(
                    samples, float(between), float(within), aggregation=cast("Any", aggregation)
                )
                values = (*variances, between)
                closed = [estimate.error.at(*values), *weights_of(estimate, n_users, values)]
                numeric = [utility.emse(profile)[target - 1], utility.weights(profile)[target - 1]]
                yield at(f"profile {profile}, user {target}, samples {samples}", closed, numeric)


def _federated_utility(profiles: Sequence[Profile], aggregation: str, draws: Draws) -> Iterator[Point]:
    from symbolic import federated

    for profile in profiles:
        samples = [draws.integer(1, 100) for _ in profile]
        importance = [draws.rational(0, 3) for _ in profile]
        between, within = draws.rational(0, 4), draws.rational(0, 100)
        shares = aggregate_of(profile, samples, aggregation)
        closed = federated.utility(profile, samples, between, within, importance=importance, aggregate=shares)
        utility = FederatedMeanUtility(
            samples, float(between), float(within), [float(a) for a in importance], aggregation=cast("Any", aggregation)
        )
        yield at(f"profile {profile}, samples {samples}", closed, utility(profile))


def exact_parameters(utility: FederatedMeanUtility) -> tuple[list[Fraction], Fraction, Fraction, list[Fraction]]:
    """Samples and importance of each user, and both variances, as the decimals that they are written as."""
    samples, importance = (
        [Fraction(str(float(values[kind]))) for kind in utility.types]
        for values in (utility.samples, utility.importance)
    )
    return samples, Fraction(str(utility.between_variance)), Fraction(str(utility.within_variance)), importance


def questions(everything: bool) -> Iterator[Question]:
    """All that is asked here."""
    yield from _private_questions(everything)
    yield from _federated_questions(everything)
