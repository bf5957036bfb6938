"""Cross-check of two groups with different costs: the map of the optimum, and all equilibria of every cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from fairgames.assessment.crosscheck_exact import evaluator
from fairgames.assessment.crosscheck_points import Draws, Point, Question, around, at, by_count
from fairgames.equilibrium.solve import equilibria
from fairgames.game.fair_game import FairGame
from fairgames.mechanism.optimal import optimal_alpha
from fairgames.mechanism.optimum import Optimum

Pair = tuple[Fraction, Fraction]
Costs = tuple[Fraction, Fraction]

PAPER: Pair = (Fraction(2, 3), Fraction(1))
"""Utilities of one and of two users in the paper's example."""

_OTHER: Pair = (Fraction(4, 5), Fraction(1))


def questions(everything: bool) -> Iterator[Question]:
    """The paper's utilities, and another pair with ``everything``."""
    for utilities in (PAPER, _OTHER) if everything else (PAPER,):
        name = f"U = ({utilities[0]}, {utilities[1]})"
        step = 40 if everything else 8
        for what, source, points in (
            ("value(c_1, c_2)", "section 5.2, Fig. 9", _value),
            ("alpha*(c_1, c_2)", "section 5.2, Fig. 9", _alpha),
        ):
            yield Question(f"{what}, {name}", source, partial(points, utilities, step))
        yield Question(f"equilibria of all cells, {name}", "appendix E", partial(_cells, utilities))
        yield Question(f"mixed equilibrium, {name}", "appendix E, corrected", partial(_mixed, utilities))


def best(utilities: Pair, costs: Costs) -> Optimum:
    """The numeric optimum of two users who differ in cost only."""
    return optimal_alpha(by_count(utilities), [[0, costs[0]], [0, costs[1]]])


def _where(costs: Costs) -> str:
    return f"c = ({costs[0]}, {costs[1]})"


def _inside(region_map: Any, step: int, draws: Draws) -> Iterator[Costs]:
    """A grid off the boundaries of the regions, and random points of the half-mixed region."""
    top = PAPER[1]
    grid = [top * Fraction(k, step) + Fraction(1, 997) for k in range(step)]
    yield from product(grid, grid)
    curves = dict(region_map.boundaries)
    if "half-mixed | one" in curves:
        edge = curves["half-mixed | one"]
        start = _rational(curves["half-mixed | both"].rhs)
        end = _rational(_crossing(edge))
        for _ in range(draws.points):
            a = draws.rational(start, end)
            b = draws.rational(a, _rational(_at(edge, a)))
            yield from ((a, b), (b, a))


def _on_curves(region_map: Any, draws: Draws) -> Iterator[tuple[tuple[str, ...], Costs]]:
    """Points of each boundary curve, with the names of the regions that meet there."""
    from symbolic import two_group_regions

    for name, curve in region_map.boundaries:
        regions = tuple(name.removesuffix(" (edge)").split(" | "))
        for _ in range(max(2, draws.points // 4)):
            if curve.lhs == two_group_regions.CHEAPER:
                a = _rational(curve.rhs)
                yield regions, (a, a + draws.rational() / 4)
            else:
                a = draws.rational(0, Fraction(2, 3))
                b = _rational(_at(curve, a))
                if b >= a:
                    yield regions, (a, b)


def _value(utilities: Pair, step: int, draws: Draws) -> Iterator[Point]:
    from symbolic import two_group_regions

    found = two_group_regions.region_map(utilities)
    form = evaluator(found.value)
    on_curves = [costs for _, (a, b) in _on_curves(found, draws) for costs in zip(around(a), around(b), strict=True)]
    for costs in (*_inside(found, step, draws), *on_curves):
        yield at(_where(costs), form(*costs), best(utilities, costs).value)


def _alpha(utilities: Pair, step: int, draws: Draws) -> Iterator[Point]:
    """Off the curves alpha is unique; on a curve it is that of a region with the best value."""
    from symbolic import two_group_regions

    found = two_group_regions.region_map(utilities)
    alpha_star, value_of = evaluator(found.alpha_star), evaluator(found.value)
    for costs in _inside(found, step, draws):
        yield at(_where(costs), alpha_star(*costs), best(utilities, costs).alpha)
    for names, costs in _on_curves(found, draws):
        numeric = best(utilities, costs)
        value = value_of(*costs)
        meeting = [region for region in found.regions if region.name in names]
        alphas = [_at_pair(r.alpha, costs) for r in meeting if _at_pair(r.value, costs) == value]
        if not alphas:
            continue
        nearest = min(alphas, key=lambda alpha: abs(_rational(alpha) - Fraction(numeric.alpha or 0)))
        yield at(_where(costs), nearest, numeric.alpha)


def _cells(utilities: Pair, draws: Draws) -> Iterator[Point]:
    """Each cell at random costs; the ends of gamma put the costs on the boundaries between cells."""
    from symbolic import two_group_cells, two_groups

    one, two = utilities
    low, high = two / 2, one
    place = two_groups.Place
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
            closed = sorted(tuple(_ends(side, alpha, first, second)) for side in _products(cell))
            game = FairGame(by_count(utilities), [[0, first], [0, second]], alpha)
            numeric = sorted(
                tuple(end for strategies in part for end in _range([strategy[0] for strategy in strategies]))
                for part in equilibria(game).components
            )
            yield at(f"alpha = {alpha}, {_where((first, second))}", closed, numeric)


def _products(cell: Any) -> list[Sequence[Any]]:
    return [equilibrium.args for equilibrium in cell.equilibria]


def _ends(sides: Sequence[Any], *values: Fraction) -> Iterator[Fraction]:
    """Least and largest probabilities of absence, of one user and of the other."""
    import sympy as sp

    from symbolic import symbols

    numbers = [sp.Rational(str(value)) for value in values]
    known = dict(zip((symbols.alpha, symbols.c1, symbols.c2), numbers, strict=True))
    for side in sides:
        yield from (_rational(sp.sympify(end).subs(known)) for end in (side.inf, side.sup))


def _range(values: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    return min(values), max(values)


def _mixed(utilities: Pair, draws: Draws) -> Iterator[Point]:
    from symbolic import two_groups

    one, two = utilities
    form = two_groups.mixed_equilibrium(utilities)
    for _ in range(draws.points):
        alpha = draws.rational()
        first, second = (draws.rational(two / 2, one) * alpha for _ in range(2))
        game = FairGame(by_count(utilities), [[0, first], [0, second]], alpha)
        mixed = [entry.strategies for entry in equilibria(game) if not entry.is_pure]
        closed = [form.first.at(alpha, second), form.second.at(alpha, first)]
        numeric = [strategy[0] for strategies in mixed for strategy in strategies]
        yield at(f"alpha = {alpha}, {_where((first, second))}", closed, numeric)


def _crossing(edge: Any) -> Any:
    """Where a curve b(a) meets b = a, away from 0."""
    import sympy as sp

    from symbolic import two_group_regions

    a = two_group_regions.CHEAPER
    (root,) = (root for root in sp.solve(sp.numer(sp.together(edge.rhs - a)), a) if root != 0)
    return root


def _at(curve: Any, a: Fraction) -> Any:
    import sympy as sp

    from symbolic import two_group_regions

    return curve.rhs.subs(two_group_regions.CHEAPER, sp.Rational(str(a)))


def _at_pair(expression: Any, costs: Costs) -> Any:
    import sympy as sp

    from symbolic import two_group_regions

    a, b = (sp.Rational(str(cost)) for cost in costs)
    return sp.sympify(expression).subs({two_group_regions.CHEAPER: a, two_group_regions.DEARER: b})


def _rational(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))
