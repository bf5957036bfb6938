"""Cross-check of one game of exchangeable users: theorem 3, the optimum, and two groups that differ in cost."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from fairgames.assessment.crosscheck_applicable import MOST_USERS, Ask, Game, exact_value, exchangeable_values, require
from fairgames.assessment.crosscheck_points import Draws, Point, around, at, by_count
from fairgames.assessment.crosscheck_two_groups import best
from fairgames.mechanism.symmetric_mechanism import symmetric_mechanism


def theorem_3(game: Game) -> Ask:
    """Gamma and the regimes of absence against each other level."""
    from symbolic import regimes

    found = [(level, U, regimes.derive(len(U), U)) for level, U in _by_level(game)]

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
