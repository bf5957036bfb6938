"""Cross-check of any two-player fair game: families of equilibria that are affine in ``beta = 1/alpha``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from fairgames.assessment.crosscheck_points import Draws, Point, Question, at
from fairgames.equilibrium.intervals import stable_profiles
from fairgames.equilibrium.result import EquilibriumSet
from fairgames.equilibrium.solve import equilibria
from fairgames.exactness import Array
from fairgames.game.fair_game import FairGame


def questions(everything: bool) -> Iterator[Question]:
    """Random tables of two and three levels."""
    for shape in ((2, 2), (2, 3), (3, 3)) if everything else ((2, 2), (2, 3)):
        size = f"{shape[0]} x {shape[1]} levels"
        for name, points in (("each is an equilibrium", forward), ("every equilibrium is in one", backward)):
            ask = partial(_random_tables, shape, points)
            yield Question(f"two-player families, {size}: {name}", "indifference on the supports", ask)


def _random_tables(shape: tuple[int, int], points: Any, draws: Draws) -> Iterator[Point]:
    from symbolic import two_player

    for _ in range(3 if shape == (2, 2) else 1):
        table = draws.table(shape)
        families = two_player.equilibrium_families(_matrix(table))
        for _ in range(max(1, draws.points // 4)):
            yield from points(families, table, drawn_costs(shape, draws), draws)


def drawn_costs(shape: Sequence[int], draws: Draws) -> list[list[Fraction]]:
    """Costs of two users, rising from level to level."""
    return [[Fraction(0), *(gain / 4 for gain in draws.rising(size - 1))] for size in shape]


def families_of(table: Array, costs: Sequence[Sequence[Any]]) -> Any:
    """Closed families of one game in numbers."""
    from symbolic import two_player

    return two_player.equilibrium_families(_matrix(table), *costs)


def _matrix(table: Array) -> list[list[Any]]:
    return [list(row) for row in table.tolist()]


def forward(families: Any, table: Array, costs: Sequence[Sequence[Any]], draws: Draws) -> Iterator[Point]:
    """Each family inside its range of beta and at the ends of it: the nearest numeric equilibrium is the same."""
    for family in families:
        values = _cost_values(family, costs)
        for beta in _betas(family.beta_interval(*values), draws):
            closed = [form.at(beta, *values) for form in (family.first, family.second, family.utility, family.value)]
            first, second = (np.array([float(entry) for entry in strategy]) for strategy in closed[:2])
            found = _solved(table, costs, 1 / beta)
            x, y = min(
                _on_all_levels(found, table.shape),
                key=lambda pair: abs(pair[0] - first).max() + abs(pair[1] - second).max(),
            )
            utility = x @ table @ y
            yield at(f"beta = {beta}, {_where(costs)}", closed, [x, y, utility, (1 - 1 / beta) * utility])


def backward(families: Any, table: Array, costs: Sequence[Sequence[Any]], draws: Draws) -> Iterator[Point]:
    """Between the breakpoints every equilibrium is in a family; at them whole segments lie between two."""
    ends = sorted({end for one in stable_profiles(table, costs) for end in (one.alpha_from, one.alpha_to)})
    for low, high in pairwise(ends):
        alpha = draws.rational(low, high)
        found = _solved(table, costs, alpha)
        if found.degenerate:
            continue
        beta = 1 / alpha
        alive = [family for family in families if beta in family.beta_interval(*_cost_values(family, costs))]
        profiles = [
            [_fractions(form.at(beta, *_cost_values(family, costs))) for form in (family.first, family.second)]
            for family in alive
        ]
        numeric = [[list(strategy) for strategy in pair] for pair in _on_all_levels(found, table.shape)]
        yield at(f"alpha = {alpha}, {_where(costs)}", sorted(profiles), sorted(numeric))


def _where(costs: Sequence[Sequence[Any]]) -> str:
    return f"costs ({'; '.join(', '.join(map(str, row)) for row in costs)})"


def _cost_values(family: Any, costs: Sequence[Sequence[Any]]) -> list[Any]:
    """The costs that the family's symbols ``c_11, c_12, …`` stand for, in their order."""
    return [costs[int(symbol.name[2]) - 1][int(symbol.name[3:])] for symbol in family.first.arguments[1:]]


def _betas(interval: Any, draws: Draws) -> Iterator[Fraction]:
    if interval.is_empty:
        return
    low = _fraction(interval.inf)
    high = _fraction(interval.sup) if interval.sup.is_finite else low + 2
    yield low
    if high > low:
        yield draws.rational(low, high)
    if interval.sup.is_finite:
        yield high


def _solved(table: Array, costs: Sequence[Sequence[Any]], alpha: Fraction) -> EquilibriumSet:
    return equilibria(FairGame(table, costs, alpha))


def _on_all_levels(found: EquilibriumSet, shape: tuple[int, ...]) -> Iterator[tuple[Array, ...]]:
    for entry in found:
        full = [np.array([Fraction(0)] * size, dtype=object) for size in shape]
        for strategy, probabilities, levels in zip(full, entry.strategies, found.actions, strict=True):
            strategy[list(levels)] = probabilities
        yield tuple(full)


def _fractions(matrix: Any) -> list[Fraction]:
    return [_fraction(entry) for entry in matrix]


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))
