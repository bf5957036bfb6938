"""Cross-check of two users: families affine in ``beta = 1/alpha`` of any game, and the map and cells of two groups.

A section of the cross-check (`run`); `game` asks the same of one given game.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise, product
from typing import Any

import numpy as np
import sympy as sp

from fairgames.assessment.crosscheck.run import NEAR, Draws, Point, Question, around, at, by_count, evaluator
from fairgames.equilibrium.intervals import stable_profiles
from fairgames.equilibrium.result import EquilibriumSet
from fairgames.equilibrium.solve import equilibria
from fairgames.exactness import Array
from fairgames.game.fair_game import FairGame
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum
from symbolic import symbols, two_group_cells, two_group_places, two_group_regions, two_groups, two_player


def questions(everything: bool) -> Iterator[Question]:
    """Random tables of two and three levels; two groups at the paper's utilities, and another pair's."""
    for shape in ((2, 2), (2, 3), (3, 3)) if everything else ((2, 2), (2, 3)):
        size = f"{shape[0]} x {shape[1]} levels"
        for name, points in (("each is an equilibrium", forward), ("every equilibrium is in one", backward)):
            ask = partial(_random_tables, shape, points)
            yield Question(f"two-player families, {size}: {name}", "indifference on the supports", ask)
    step = 40 if everything else 8
    for utilities in (PAPER, _OTHER) if everything else (PAPER,):
        for what, source, ask in (
            ("value(c_1, c_2)", "section 5.2, Fig. 9", partial(_value, utilities, step)),
            ("alpha*(c_1, c_2)", "section 5.2, Fig. 9", partial(_alpha, utilities, step)),
            ("equilibria of all cells", "appendix E", partial(_cells, utilities)),
            ("mixed equilibrium", "appendix E, corrected", partial(_mixed, utilities)),
        ):
            yield Question(f"{what}, U = ({utilities[0]}, {utilities[1]})", source, ask)


def _random_tables(shape: tuple[int, int], points: Any, draws: Draws) -> Iterator[Point]:
    for _ in range(3 if shape == (2, 2) else 1):
        table = draws.table(shape)
        families = two_player.equilibrium_families(table.tolist())
        for _ in range(max(1, draws.points // 4)):
            yield from points(families, table, drawn_costs(shape, draws), draws)


def drawn_costs(shape: Sequence[int], draws: Draws) -> list[list[Fraction]]:
    """Costs of two users, rising from level to level."""
    return [[Fraction(0), *(gain / 4 for gain in draws.rising(size - 1))] for size in shape]


def families_of(table: Array, costs: Sequence[Sequence[Any]]) -> Any:
    """Closed families of one game in numbers."""
    return two_player.equilibrium_families(table.tolist(), *costs)


def forward(families: Any, table: Array, costs: Sequence[Sequence[Any]], draws: Draws) -> Iterator[Point]:
    """Each family inside its range of beta and at the ends of it: the nearest numeric equilibrium is the same."""
    for family in families:
        values = _cost_values(family, costs)
        for beta in _betas(family.beta_interval(*values), draws):
            closed = [form.at(beta, *values) for form in (family.first, family.second, family.utility, family.value)]
            first, second = (np.array([float(entry) for entry in strategy]) for strategy in closed[:2])
            found = equilibria(FairGame(table, costs, 1 / beta))
            x, y = min(
                _on_all_levels(found, table.shape),
                key=lambda pair: abs(pair[0] - first).max() + abs(pair[1] - second).max(),
            )
            utility = x @ table @ y
            yield at(f"beta = {beta}, {_finite_where(costs)}", closed, [x, y, utility, (1 - 1 / beta) * utility])


def backward(families: Any, table: Array, costs: Sequence[Sequence[Any]], draws: Draws) -> Iterator[Point]:
    """Between the breakpoints every equilibrium is in a family; at them whole segments lie between two."""
    ends = sorted({end for one in stable_profiles(table, costs) for end in (one.alpha_from, one.alpha_to)})
    for low, high in pairwise(ends):
        alpha = draws.rational(low, high)
        found = equilibria(FairGame(table, costs, alpha))
        if found.degenerate:
            continue
        beta = 1 / alpha
        alive = [family for family in families if beta in family.beta_interval(*_cost_values(family, costs))]
        profiles = [
            [list(map(Fraction, form.at(beta, *_cost_values(family, costs)))) for form in (family.first, family.second)]
            for family in alive
        ]
        numeric = [[list(strategy) for strategy in pair] for pair in _on_all_levels(found, table.shape)]
        yield at(f"alpha = {alpha}, {_finite_where(costs)}", sorted(profiles), sorted(numeric))


def _finite_where(costs: Sequence[Sequence[Any]]) -> str:
    return f"costs ({'; '.join(', '.join(map(str, row)) for row in costs)})"


def _cost_values(family: Any, costs: Sequence[Sequence[Any]]) -> list[Any]:
    """The costs that the family's symbols ``c_11, c_12, …`` stand for, in their order."""
    return [costs[int(symbol.name[2]) - 1][int(symbol.name[3:])] for symbol in family.first.arguments[1:]]


def _betas(interval: Any, draws: Draws) -> list[Fraction]:
    if interval.is_empty:
        return []
    low, bounded = Fraction(interval.inf), interval.sup.is_finite
    high = Fraction(interval.sup) if bounded else low + 2
    return [low, *([draws.rational(low, high)] if high > low else []), *([high] if bounded else [])]


def _on_all_levels(found: EquilibriumSet, shape: tuple[int, ...]) -> Iterator[tuple[Array, ...]]:
    for entry in found:
        full = [np.array([Fraction(0)] * size, dtype=object) for size in shape]
        for strategy, probabilities, levels in zip(full, entry.strategies, found.actions, strict=True):
            strategy[list(levels)] = probabilities
        yield tuple(full)


Pair = tuple[Fraction, Fraction]
Costs = tuple[Fraction, Fraction]

PAPER: Pair = (Fraction(2, 3), Fraction(1))
"""Utilities of one and of two users in the paper's example."""

_OTHER: Pair = (Fraction(4, 5), Fraction(1))


def best(utilities: Pair, costs: Costs) -> Optimum:
    """The numeric optimum of two users who differ in cost only."""
    return optimal_alpha(by_count(utilities), [[0, cost] for cost in costs])


def _of_pair(utilities: Pair, costs: Costs, alpha: Fraction) -> EquilibriumSet:
    return equilibria(FairGame(by_count(utilities), [[0, cost] for cost in costs], alpha))


def _where(costs: Costs) -> str:
    return f"c = ({costs[0]}, {costs[1]})"


def _inside(region_map: Any, step: int, draws: Draws) -> Iterator[Costs]:
    """A grid off the boundaries of the regions; in the half-mixed region random points and some near its corners."""
    grid = [Fraction(k, step) + Fraction(1, 997) for k in range(step)]
    yield from product(grid, grid)
    curves = dict(region_map.boundaries)
    start, end = _half_mixed_range(curves)
    for a in (start * (1 + NEAR), end * (1 - NEAR), *(draws.rational(start, end) for _ in range(draws.points))):
        b = draws.rational(a, _at(curves["half-mixed | one"], a))
        yield from ((a, b), (b, a))


def _half_mixed_range(curves: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """The smaller cost at both corners of the half-mixed region: there b(a) meets b = a, away from 0."""
    a = two_group_regions.CHEAPER
    (corner,) = (root for root in sp.solve(sp.numer(sp.together(curves["half-mixed | one"].rhs - a)), a) if root != 0)
    return Fraction(curves["half-mixed | both"].rhs), Fraction(corner)


def _on_curves(region_map: Any, draws: Draws) -> Iterator[tuple[tuple[str, ...], Costs]]:
    """Points of each boundary curve, with the names of the regions that meet there."""
    curves = dict(region_map.boundaries)
    start, end = _half_mixed_range(curves)
    for _ in range(max(2, draws.points // 4)):
        yield ("half-mixed", "both"), (start, draws.rational(start, _at(curves["half-mixed | one"], start)))
        a = draws.rational(start, end)
        yield ("half-mixed", "both"), (a, a)
        yield ("half-mixed", "one"), (a, _at(curves["half-mixed | one"], a))
        a = draws.rational(0, start)
        yield ("both", "one"), (a, _at(curves["both | one"], a))
        top = Fraction(curves["one | none"].rhs)
        yield ("one", "none"), (top, top + draws.rational())


def _beside(costs: Costs) -> Iterator[Costs]:
    """The point itself, and one close to it in each direction."""
    a, b = costs
    yield from ((near, b) for near in around(a))
    yield from ((a, near) for near in around(b) if near != b)


def _value(utilities: Pair, step: int, draws: Draws) -> Iterator[Point]:
    found = two_group_regions.region_map(utilities)
    form = evaluator(found.value)
    on_curves = [near for _, costs in _on_curves(found, draws) for near in _beside(costs)]
    for costs in (*_inside(found, step, draws), *on_curves):
        yield at(_where(costs), form(*costs), best(utilities, costs).value)


def _alpha(utilities: Pair, step: int, draws: Draws) -> Iterator[Point]:
    """Off the curves alpha is unique; on a curve it is that of a region with the best value."""
    found = two_group_regions.region_map(utilities)
    alpha_star, value_of = evaluator(found.alpha_star), evaluator(found.value)
    curves = list(_on_curves(found, draws))
    beside = [(near, b) for _, (a, b) in curves for near in around(a) if near != a]
    for costs in (*_inside(found, step, draws), *beside):
        yield at(_where(costs), alpha_star(*costs), best(utilities, costs).alpha)
    for names, costs in curves:
        numeric = best(utilities, costs)
        value = value_of(*costs)
        meeting = [region for region in found.regions if region.name in names]
        alphas = [_at_pair(r.alpha, costs) for r in meeting if _at_pair(r.value, costs) == value]
        nearest = min(alphas, key=lambda alpha: abs(Fraction(alpha) - Fraction(numeric.alpha or 0)))
        yield at(_where(costs), nearest, numeric.alpha)


def _cells(utilities: Pair, draws: Draws) -> Iterator[Point]:
    """Each cell at random costs; the ends of gamma put the costs on the boundaries between cells."""
    one, two = utilities
    low, high = two / 2, one
    place = two_group_places.Place
    for cell in two_group_cells.cells(utilities):
        for _ in range(max(1, draws.points // 6)):
            alpha = draws.rational()
            levels = {
                place.BELOW: draws.rational(0, low),
                place.AT_MIN: low,
                place.INSIDE: draws.rational(low, high),
                place.AT_MAX: high,
                place.ABOVE: high + draws.rational(),
            }
            first, second = (levels[where] * alpha for where in cell.places)
            closed = sorted(tuple(_ends(found.args, alpha, first, second)) for found in cell.equilibria)
            numeric = sorted(
                tuple(end(strategy[0] for strategy in strategies) for strategies in part for end in (min, max))
                for part in _of_pair(utilities, (first, second), alpha).components
            )
            yield at(f"alpha = {alpha}, {_where((first, second))}", closed, numeric)


def _ends(sides: Sequence[Any], *values: Fraction) -> Iterator[Fraction]:
    """Least and largest probabilities of absence, of one user and of the other."""
    known = dict(zip((symbols.alpha, symbols.c1, symbols.c2), values, strict=True))
    for side in sides:
        yield from (Fraction(sp.sympify(end).subs(known)) for end in (side.inf, side.sup))


def _mixed(utilities: Pair, draws: Draws) -> Iterator[Point]:
    one, two = utilities
    form = two_groups.mixed_equilibrium(utilities)
    for _ in range(draws.points):
        alpha = draws.rational()
        first, second = (draws.rational(two / 2, one) * alpha for _ in range(2))
        found = _of_pair(utilities, (first, second), alpha)
        mixed = [entry.strategies for entry in found if not entry.is_pure]
        closed = [form.first.at(alpha, second), form.second.at(alpha, first)]
        numeric = [strategy[0] for strategies in mixed for strategy in strategies]
        yield at(f"alpha = {alpha}, {_where((first, second))}", closed, numeric)


def _at(curve: Any, a: Fraction) -> Fraction:
    return Fraction(curve.rhs.subs(two_group_regions.CHEAPER, a))


def _at_pair(expression: Any, costs: Costs) -> Any:
    return sp.sympify(expression).subs({two_group_regions.CHEAPER: costs[0], two_group_regions.DEARER: costs[1]})
