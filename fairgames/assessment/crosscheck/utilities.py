"""Cross-check of payments and of the two means: subset sums, the private mean from prior and noise, the federated one.

A section of the cross-check (`run`): theorems 1 and 2 with one symbol for each set of users, appendix B.1, and
propositions 4 and 5 with symbolic variances.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from fairgames.assessment.crosscheck.run import Draws, Point, Question, around, at, evaluator
from fairgames.exactness import Array, Number, as_array
from fairgames.mechanism.symmetric.mechanism import symmetric_mechanism
from fairgames.payments.fair import coalition_payments, payment_table
from fairgames.payments.pricing import fair_payments
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import AGGREGATIONS, FederatedMeanUtility
from symbolic import dp_mean, dp_mean_risk, federated, federated_inputs, payments, symbols, two_user_payments


def payment_questions(everything: bool) -> Iterator[Question]:
    """The theorems for two and three users (four with ``everything``), and the matrices of two users."""
    for n_users in (2, 3, 4) if everything else (2, 3):
        among = partial(
            _theorem, "users_payment", lambda U, rho: [fair_payments(U, rho).values, payment_table(U)[rho].values]
        )
        platform = partial(_theorem, "platform_payment", lambda U, rho: [coalition_payments(U, rho).platform])
        beside = partial(_theorem, "coalition_payment", lambda U, rho: [coalition_payments(U, rho).values])
        yield Question(f"payments among {n_users} users", "theorem 2, eq. 7", partial(among, n_users))
        yield Question(f"platform's share, {n_users} users", "theorem 1, eq. 5", partial(platform, n_users))
        yield Question(f"shares beside the platform, {n_users} users", "theorem 1, eq. 6", partial(beside, n_users))
    paid = partial(_matrices, "payment_matrices", ("first", "second"), ((2, 2), (3, 2)), _paid)
    yield Question("payment matrices of two users", "eq. 12, corrected", paid)
    shared = partial(_matrices, "coalition_matrices", ("platform", "first", "second"), ((2, 2),), _shared)
    yield Question("share matrices of two users", "eq. 11, corrected", shared)


def _among_users(table: Array, profile: tuple[int, ...]) -> list[object]:
    return [fair_payments(table, profile).values, payment_table(table)[profile].values]


def _theorem(name: str, numeric: Callable[..., list[object]], n_users: int, draws: Draws) -> Iterator[Point]:
    """Random tables; first with nobody present, then with everybody, then at any profile."""
    utility, derive = payments.coalition_utility(n_users), getattr(payments, name)
    users = range(1, n_users + 1)
    whose = [()] if name == "platform_payment" else [(user,) for user in users]
    forms = [derive(utility, n_users, *who) for who in whose]
    for place in range(draws.points):
        shape = [draws.integer(2, 3) for _ in users]
        table = draws.table(shape)
        levels = [draws.integer(0, size - 1) for size in shape]
        profile = tuple((0, size - 1, level)[min(place, 2)] for size, level in zip(shape, levels, strict=True))
        values = {
            utility(some): table[tuple(level if user in some else 0 for user, level in enumerate(profile, 1))]
            for some in payments.subsets(users)
            if some
        }
        closed = [form.subs(values) for form in forms]
        for found in numeric(table, profile):
            yield at(f"profile {profile}", closed, found)


def _paid(table: Array) -> list[object]:
    paid = payment_table(table)
    return [paid.user(0), paid.user(1)]


def _shared(table: Array) -> list[object]:
    shares = [coalition_payments(table, profile) for profile in np.ndindex(2, 2)]
    return [[share.platform for share in shares], *([share.values[user] for share in shares] for user in (0, 1))]


def _matrices(
    name: str,
    fields: Sequence[str],
    shapes: Sequence[tuple[int, int]],
    numeric: Callable[[Array], list[object]],
    draws: Draws,
) -> Iterator[Point]:
    for shape in shapes:
        symbols = sp.Matrix(*shape, lambda k, level: sp.Symbol(f"U_{k}{level}", real=True) if k or level else 0)
        found = getattr(two_user_payments, name)(symbols)
        forms = [_of_table(getattr(found, field)) for field in fields]
        for _ in range(draws.points):
            table = draws.table(shape)
            yield at(f"utility {table.tolist()}", [at_table(table) for at_table in forms], numeric(table))


def _of_table(form: Any) -> Callable[[Array], Any]:
    entries = [tuple(map(int, symbol.name[2:])) for symbol in form.arguments]
    value = evaluator(form)
    return lambda table: value(*(table[entry] for entry in entries))


_EDGE = (Fraction(3464101, 1000000), Fraction(3464102, 1000000))
"""Rationals on both sides of the least epsilon with diminishing returns, the root of 12."""


def mean_questions(everything: bool) -> Iterator[Question]:
    """Users of two epsilons, and up to four (eight) of one; all profiles of two users, some (all) of three."""
    yield Question("private mean, two epsilons", "appendix B.1", _pair)
    for n_users in (2, 3, 4, 6, 8) if everything else (2, 3, 4):
        yield Question(f"private mean, {n_users} users", "appendix B.1, eq. 37", partial(_private_utility, n_users))
        weights = partial(_by_presence, "best_weight", 1, DPMeanUtility.weights, n_users)
        yield Question(f"its weights, {n_users} users", "eqs. 31, 35", weights, exact=False)
        risk = partial(_by_presence, "minimal_risk", 0, DPMeanUtility.bayes_risk, n_users)
        yield Question(f"its risk, {n_users} users", "eqs. 28, 32, 36", risk, exact=False)
    for n_users in (2, 3) if everything else (2,):
        yield Question(f"epsilons of assumption 2, {n_users} users", "section 3", partial(_assumption, n_users))
    for n_users, some in ((2, _profiles(2)), (3, _profiles(3) if everything else _THREE)):
        for aggregation in AGGREGATIONS:
            name = f"{aggregation} aggregate, {n_users} users"
            ask = partial(_estimates, some, aggregation)
            yield Question(f"federated errors and weights, {name}", "propositions 4 and 5", ask, exact=False)
            ask = partial(_federated_utility, some, aggregation)
            yield Question(f"federated utility, {name}", "eq. 15, corrected", ask, exact=False)


def _pair(draws: Draws) -> Iterator[Point]:
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
    forms = [dp_mean.utility(n_users, k) for k in range(n_users + 1)]
    noiseless = [dp_mean.utility(n_users, k, "inf").at() for k in range(n_users + 1)]
    yield at("epsilon inf", noiseless, _at_counts(_sharing(math.inf, n_users)))
    for epsilon in _epsilons(draws):
        closed = [form.at(*[epsilon] * len(form.arguments)) for form in forms]
        yield at(f"epsilon {epsilon}", closed, _at_counts(_sharing(epsilon, n_users)))


def _at_counts(utility: DPMeanUtility) -> list[object]:
    return [utility([[utility.n_users - k, k]]) for k in range(utility.n_users + 1)]


def _by_presence(
    name: str, least: int, numeric: Callable[[DPMeanUtility, Sequence[int]], Any], n_users: int, draws: Draws
) -> Iterator[Point]:
    """A form in the number of present users and their epsilon, beside one number (a present user)."""
    for present in range(least, n_users + 1):
        form = getattr(dp_mean_risk, name)(sp.Integer(present))
        profile = [1] * present + [0] * (n_users - present)
        for epsilon in _epsilons(draws):
            found = np.atleast_1d(numeric(_sharing(epsilon, n_users), profile))[: max(present, 1)]
            closed = form.subs(symbols.epsilon, epsilon)
            yield at(f"{present} present, epsilon {epsilon}", [closed] * len(found), found)


def _assumption(n_users: int, draws: Draws) -> Iterator[Point]:
    allowed = dp_mean.assumption_range(n_users)
    for epsilon in (*_EDGE, *(draws.rational(2, 6) for _ in range(draws.points))):
        mechanism = symmetric_mechanism(_sharing(epsilon, n_users), Fraction(1, 10))
        yield at(f"epsilon {epsilon}", allowed.contains(epsilon), mechanism.assumptions.diminishing)


_THREE = ((0, 1, 1), (0, 1, 2), (1, 1, 1), (1, 1, 2), (1, 2, 2), (2, 2, 2))
"""Profiles of three users that differ in more than their order."""

Profile = tuple[int, ...]


def _profiles(n_users: int) -> list[Profile]:
    return [profile for profile in product((0, 1, 2), repeat=n_users) if any(profile)]


def aggregate_of(profile: Profile, samples: Sequence[object], aggregation: str) -> Any:
    """Shares of the users in the secure aggregate; None where nobody federates."""
    if 1 not in profile:
        return None
    if aggregation == "uniform":
        return federated_inputs.uniform_aggregate(profile)
    return federated_inputs.weighted_aggregate(profile, samples)


def estimate_point(
    utility: FederatedMeanUtility, profile: Profile, target: int, estimate: Any, values: Sequence[object] = ()
) -> Point:
    """Error of the estimate of one user's mean, and the weights of the aggregate and of each user's own mean."""
    direct = {user: form.at(*values) for user, form in estimate.direct}
    aggregate = 0 if estimate.aggregate is None else estimate.aggregate.at(*values)
    weights = [aggregate, *(direct.get(user, 0) for user in range(1, utility.n_users + 1))]
    numeric = [utility.emse(profile)[target - 1], utility.weights(profile)[target - 1]]
    return at(f"profile {profile}, user {target}", [estimate.error.at(*values), *weights], numeric)


def _estimates(profiles: Sequence[Profile], aggregation: Any, draws: Draws) -> Iterator[Point]:
    for profile in profiles:
        samples = [draws.integer(1, 100) for _ in profile]
        shares = aggregate_of(profile, samples, aggregation)
        for target in range(1, len(profile) + 1):
            # The variances are symbols: of two of them alike, or with one sample each, nothing special follows.
            estimate = federated.best_estimate(profile, target, aggregate=shares)
            for _ in range(max(1, draws.points // 6)):
                between, within = draws.rational(0, 4), draws.rational(0, 100)
                values = (*federated_inputs.total_variances(samples, between, within), between)
                utility = FederatedMeanUtility(samples, float(between), float(within), aggregation=aggregation)
                yield estimate_point(utility, profile, target, estimate, values)


def _federated_utility(profiles: Sequence[Profile], aggregation: Any, draws: Draws) -> Iterator[Point]:
    for profile in profiles:
        samples = [draws.integer(1, 100) for _ in profile]
        importance = [float(draws.rational(0, 3)) for _ in profile]
        between, within = float(draws.rational(0, 4)), float(draws.rational(0, 100))
        utility = FederatedMeanUtility(samples, between, within, importance, aggregation=aggregation)
        yield utility_point(utility, profile)


def utility_point(utility: FederatedMeanUtility, profile: Profile) -> Point:
    """The utility at one profile."""
    samples, between, within, importance = exact_parameters(utility)
    shares = aggregate_of(profile, samples, utility.aggregation)
    closed = federated.utility(profile, samples, between, within, importance=importance, aggregate=shares)
    return at(f"profile {profile}, samples {samples}", closed, utility(profile))


def exact_parameters(utility: FederatedMeanUtility) -> tuple[list[Fraction], Fraction, Fraction, list[Fraction]]:
    """Samples and importance of each user, and both variances, as the decimals that they are written as."""
    samples, importance = (
        [Fraction(str(float(values[kind]))) for kind in utility.types]
        for values in (utility.samples, utility.importance)
    )
    return samples, Fraction(str(utility.between_variance)), Fraction(str(utility.within_variance)), importance
