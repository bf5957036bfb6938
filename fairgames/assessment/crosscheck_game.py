"""Cross-check of one game: the closed forms that apply to it, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from fairgames.assessment import crosscheck_two_player
from fairgames.assessment.crosscheck_applicable import (
    MOST_USERS,
    Ask,
    Game,
    NotApplicableError,
    exact_value,
    require,
)
from fairgames.assessment.crosscheck_game_mean import federated_errors, federated_utility, private_mean
from fairgames.assessment.crosscheck_game_symmetric import any_symmetric, theorem_3, two_groups
from fairgames.assessment.crosscheck_package import closed_form_error
from fairgames.assessment.crosscheck_points import Comparison, Draws, Point, Question, at, compare, not_applicable
from fairgames.exactness import is_exact, to_fractions
from fairgames.payments.fair import coalition_payments
from fairgames.payments.front_door import fair_payments
from fairgames.utility.base import Utility

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
