"""The cross-check: closed forms and numerics evaluated at the same points; called by ``fairgames crosscheck``.

Without a game the sections beside this file ask about games of their own. Of a given game or specification, the closed
forms are asked that apply to it; each check is a generator of points, and raises `NotApplicableError` where its form
does not cover the game.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.assessment.crosscheck import symmetric, two_player, utilities
from fairgames.assessment.crosscheck.points import (
    MISMATCH,
    MOST_USERS,
    Comparison,
    Draws,
    Game,
    Point,
    Question,
    around,
    at,
    by_count,
    closed_form_error,
    compare,
    derived,
    exchangeable_values,
    require,
)
from fairgames.assessment.crosscheck.utilities import aggregate_of, estimate_point, exact_parameters, utility_point
from fairgames.errors import InputError, SpecificationError
from fairgames.exactness import Array, is_exact, to_fractions
from fairgames.mechanism.symmetric.mechanism import symmetric_mechanism
from fairgames.payments.fair import coalition_payments
from fairgames.payments.pricing import fair_payments
from fairgames.result import Result
from fairgames.utility.base import Utility
from fairgames.utility.dp_mean import DPMeanUtility
from fairgames.utility.federated_mean import FederatedMeanUtility
from fairgames.utility.table import as_utility

_MOST_PRIVATE_USERS = 1000
_MOST_MEAN_PROFILES = 5
_MOST_TARGETS = 3
_MOST_LEVELS = 4
_MOST_PROFILES = 8


def compare_game(game: Game, points: int, seed: int) -> tuple[Comparison, ...]:
    """Check all that the closed forms say about a game."""
    exact = game.utility.exact and (game.costs is None or is_exact(game.costs))
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
    asked = (Question(name, source, partial(check, game), exact) for name, source, check in checks)
    return tuple(compare(question, points, seed) for question in asked)


def _payments(game: Game, draws: Draws, among_users: bool) -> Iterator[Point]:
    from symbolic import payments

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
    from symbolic.exactness import exact

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
    from symbolic import dp_mean

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
    from symbolic import federated, federated_inputs

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
    from symbolic import regimes

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
    from symbolic import symmetric_optimum

    for level, U in _by_level(game):
        top = max(*U, Fraction(1, 10))
        for cost in (*(draws.rational(0, top) for _ in range(2)), *_own_costs(game, level)):
            closed = symmetric_optimum.symmetric_optimum(len(U), U, cost)
            yield at(f"level {level}, c = {cost}", closed.value, symmetric_mechanism(by_count(U), cost).value)


def _two_groups(game: Game, draws: Draws) -> Iterator[Point]:
    """The map of the optimum over both costs."""
    from symbolic import two_group_regions

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


_SECTIONS = (utilities.payment_questions, utilities.mean_questions, symmetric.questions, two_player.questions)

HEADERS = ("quantity", "source", "points", "exact", "largest difference", "verdict", "note")


class PricedGame(Protocol):
    """What a specification brings: a utility, and costs of its users."""

    @property
    def utility(self) -> Utility:
        """The platform's utility."""

    @property
    def costs(self) -> Array:
        """Cost of each level for each user, shape ``(N, L)``."""

    @property
    def actions(self) -> tuple[tuple[int, ...], ...]:
        """Levels that each user may choose."""


@dataclass(frozen=True, eq=False, repr=False)
class CrossCheck(Result):
    """Closed forms against numerics, quantity by quantity.

    Attributes
    ----------
    comparisons : tuple of Comparison
        One a quantity.
    points, seed : int
        What the random points were drawn from.
    """

    comparisons: tuple[Comparison, ...]
    points: int
    seed: int

    @property
    def agreed(self) -> bool:
        """Whether no quantity differs (and at least one could be compared)."""
        return not self.mismatches and any(one.points for one in self.comparisons)

    @property
    def mismatches(self) -> tuple[Comparison, ...]:
        """The quantities that differ."""
        return tuple(one for one in self.comparisons if one.verdict == MISMATCH)

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        return self.summary(), HEADERS, [one.cells() for one in self.comparisons]

    def summary(self) -> str:
        """One sentence: how much was compared, and how much of it differs."""
        compared = [one for one in self.comparisons if one.points]
        places, exact = (sum(getattr(one, name) for one in compared) for name in ("points", "exact_points"))
        return (
            f"{len(compared)} quantities at {places:,} points, {exact:,} of them in rationals: "
            f"{len(self.mismatches) or 'no'} mismatch{'es' if len(self.mismatches) > 1 else ''}"
        )


@public
def crosscheck(
    spec_or_utility: PricedGame | Utility | ArrayLike | None = None,
    *,
    everything: bool = False,
    points: int = 12,
    seed: int = 0,
) -> CrossCheck:
    """Evaluate the closed forms of the package `symbolic` and the numerics at the same points.

    The points are random rationals and the breakpoints themselves: thresholds, ends of regimes and the boundary
    curves between regions. Where the answer is rational the two must be equal; floats may differ by rounding.

    Parameters
    ----------
    spec_or_utility : Specification, Utility or array_like, optional
        Check what the closed forms say about this game; costs that it lacks are drawn. By default all closed
        forms are checked, on games of their own.
    everything : bool
        More users, larger tables and finer grids; takes minutes.
    points : int
        About how many random places a quantity is evaluated at.
    seed : int
        The same seed gives the same points.

    Returns
    -------
    CrossCheck
        ``agreed`` is the verdict.

    Raises
    ------
    InputError
        If an argument is malformed.
    FairGamesError
        If another package named ``symbolic`` is on the path.

    Examples
    --------
    >>> check = crosscheck([[0, "2/3"], ["2/3", 1]], points=2)
    >>> check.agreed, [(one.quantity, one.largest_difference) for one in check.comparisons][0]
    (True, ('fair payments', Fraction(0, 1)))
    """
    for name, value, least in (("points", points, 1), ("seed", seed, 0)):
        if value < least:
            raise InputError(name, f"must be a whole number of at least {least}", value)
    closed_form_error()
    if spec_or_utility is None:
        found = tuple(compare(question, points, seed) for question in all_questions(everything))
    else:
        found = compare_game(_as_game(spec_or_utility), points, seed)
    return CrossCheck(found, points, seed)


def _as_game(given: Any) -> Game:
    if isinstance(given, Utility) or not isinstance(getattr(given, "utility", None), Utility):
        return Game(as_utility(given), None)
    if given.utility.n_users > MOST_USERS:
        return Game(given.utility, None)
    try:
        costs = given.costs.copy()
    except SpecificationError:
        return Game(given.utility, None)
    for user, allowed in enumerate(given.actions):
        costs[user, [level for level in range(costs.shape[1]) if level not in allowed]] = math.inf
    return Game(given.utility, costs)


def all_questions(everything: bool) -> Iterator[Question]:
    """Every quantity of every section."""
    for section in _SECTIONS:
        yield from section(everything)
