"""Isolated equilibria of games with any number of players, by subdivision of the strategy simplices.

The solver ``"subdivision"``, which `solve` uses by default from three players on; `components` asks here, too, whether
an equilibrium is regular.

On a product of sub-simplices an expected payoff is multilinear, so its range is attained at the
corners: a cell on which a payoff difference has one sign holds no equilibrium, and is dropped. A
cell on which the equations are provably one-to-one holds at most one, which Newton's method finds.
All other cells are halved. Nothing regular can be lost, up to rounding.

References
----------
Neumaier (1990), *Interval Methods for Systems of Equations*, chapter 5.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fairgames.equilibrium.certify import Certifier, Known
from fairgames.equilibrium.solver import Found, Notes, Strategies
from fairgames.exactness import Array, to_float
from fairgames.game.deviations import against_others
from fairgames.tolerance import ILL_CONDITIONED, PROBABILITY, RELATIVE, ROUNDING

Cell = tuple[NDArray[np.float64], ...]
"""For each player the corners of a sub-simplex: row ``c`` holds the probabilities of corner ``c``."""
Supports: TypeAlias = tuple[tuple[int, ...], ...]
Coordinates = list[tuple[int, int]]
"""Weights on the corners 1, 2, … of each player's sub-simplex, as (player, corner); corner 0 has the rest."""

_MOST_CELLS = 2000
_SMALLEST_CELL = 1e-5
_NEWTON_STEPS = 30


def solve_subdivision(payoffs: Strategies, found: Found) -> Notes:
    """Find the isolated, regular equilibria, support by support.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a player, one axis a player; rationals are taken as floats.
    found : callable
        Called with each equilibrium, in floats.

    Returns
    -------
    `Notes`, with a warning when supports were given up: equilibria there are singular or form continua.

    Examples
    --------
    >>> P = np.array([[[3.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 2.0]]])
    >>> solve_subdivision((P, P, P), lambda profile: print([round(float(x[0]), 4) for x in profile])).warnings
    [1.0, 1.0, 1.0]
    [0.0, 0.0, 0.0]
    [0.382, 0.382, 0.382]
    ()
    """
    tensors = [np.moveaxis(to_float(payoff), player, 0) for player, payoff in enumerate(payoffs)]
    sizes = [(np.abs(tensor), ROUNDING * float(np.abs(tensor).max())) for tensor in tensors]
    corners = [np.eye(n_actions) for n_actions in payoffs[0].shape]
    certifier = Certifier(tuple(map(to_float, payoffs)))

    known, given_up = Known(0, PROBABILITY), 0
    for supports in _supports(payoffs[0].shape):
        roots, decided = _roots(tensors, sizes, corners, supports)
        given_up += not decided
        for strategies in roots:
            # A root on the border of its support belongs to a smaller one, and one between cells is found from both.
            inside = all(min(x[list(own)]) > PROBABILITY for x, own in zip(strategies, supports, strict=True))
            if inside and strategies not in known:
                known.add(strategies)
                if certifier.certify(strategies).holds:
                    found(strategies)
    text = f"subdivision gave up on {given_up} supports: equilibria there are singular or form continua"
    return Notes(None, (text,) if given_up else ())


def _supports(shape: Sequence[int]) -> Iterator[Supports]:
    """Every support of every player, small ones first."""
    of_user = [[own for size in range(1, n + 1) for own in itertools.combinations(range(n), size)] for n in shape]
    return iter(sorted(itertools.product(*of_user), key=lambda supports: sum(map(len, supports))))


def _roots(
    tensors: Sequence[Array], sizes: Sequence[tuple[Array, float]], corners: Sequence[Array], supports: Supports
) -> tuple[list[Strategies], bool]:
    """Roots on these supports; and False when a cell could not be decided."""
    roots: list[Strategies] = []
    free = coordinates(supports)
    cells: list[Cell] = [tuple(own[list(support)] for own, support in zip(corners, supports, strict=True))]
    for _ in range(_MOST_CELLS):
        if not cells:
            return roots, True
        cell = cells.pop()
        equations = _equations(tensors, sizes, cell, supports)
        if equations is None:
            continue
        if free and not any(equation.any() for equation in equations):
            break
        low, high = jacobian_range(equations, free)
        inverse, combinations = _inverse_and_combinations((low + high) / 2)
        if _is_excluded_together(equations, combinations, tuple(map(len, supports))):
            continue
        root = _newton(equations, free) if inverse is not None and _is_one_to_one(inverse, high - low) else None
        if root is not None:
            roots.append(tuple(weights @ own for weights, own in zip(root, cell, strict=True)))
            continue
        length, player, a, b = _longest_edge(cell)
        if length < _SMALLEST_CELL:
            break
        for replaced in (a, b):
            halved = cell[player].copy()
            halved[replaced] = (cell[player][a] + cell[player][b]) / 2
            cells.append((*cell[:player], halved, *cell[player + 1 :]))
    return roots, False


def _equations(
    tensors: Sequence[Array], sizes: Sequence[tuple[Array, float]], cell: Cell, supports: Supports
) -> list[Array] | None:
    """How much better each played action is than the first, at the corners; None where no equilibrium can be.

    Differences within the rounding of the payoffs that they are made of are 0; ``sizes`` are those of the payoffs, and
    the rounding of the largest.
    Entry ``i`` has shape ``(support size − 1, corners of player 1, …)``, with length 1 on player ``i``'s own axis.
    """
    equations = []
    for player, (tensor, (size, rounding), own) in enumerate(zip(tensors, sizes, supports, strict=True)):
        values = at_corners(tensor, cell, player)
        gains = values - values[own[0]]
        flat = gains.reshape(len(gains), -1)
        # Some action would be better than those played, everywhere in the cell.
        if flat.min(axis=1).max() > rounding or flat.max(axis=1)[list(own)].min() < -rounding:
            return None
        if np.count_nonzero(np.abs(flat) <= rounding) > flat.shape[1]:
            # What is too small beside the largest payoff may still count beside those that it is made of.
            weighed = at_corners(size, cell, player)
            gains[np.abs(gains) <= ROUNDING * np.maximum(weighed, weighed[own[0]])] = 0
            if flat.min(axis=1).max() > 0 or flat.max(axis=1)[list(own)].min() < 0:
                return None
        equations.append(gains[list(own[1:])])
    return equations


def _is_excluded_together(equations: Sequence[Array], combinations: Array, sizes: tuple[int, ...]) -> bool:
    """Whether some combination of the equations has one sign on the whole cell.

    Without this, many small cells around a root would be left.
    """
    full = [np.broadcast_to(row, sizes).ravel() for equation in equations for row in equation]
    if not full:
        return False
    combined = combinations @ np.array(full)
    rounding = RELATIVE * np.abs(combined).max(axis=1)
    return bool((combined.min(axis=1) > rounding).any() or (combined.max(axis=1) < -rounding).any())


def _is_one_to_one(inverse: Array, width: Array) -> bool:
    """Whether all Jacobians in the cell, times the inverse of their middle, are near enough to the identity."""
    return not width.size or bool((np.abs(inverse) @ width).sum(axis=1).max() < 2)


def _newton(equations: Sequence[Array], free: Coordinates) -> list[Array] | None:
    """Root of the equations as weights on the corners of the cell; None when it lies outside."""
    sizes = [max(equation.shape[player + 1] for equation in equations) for player in range(len(equations))]
    weights = [np.full(size, 1 / size) for size in sizes]
    if not free:
        return weights
    for _ in range(_NEWTON_STEPS):
        slopes, values = linearised(equations, weights, free)
        inverse, _ = _inverse_and_combinations(slopes)
        if inverse is None:
            return None
        step = inverse @ values
        for (player, corner), change in zip(free, step.tolist(), strict=True):
            weights[player][corner] -= change
            weights[player][0] += change
        if np.abs(step).max() <= RELATIVE:
            inside = min(map(np.min, weights)) >= -PROBABILITY
            return [np.clip(own, 0, None) / np.clip(own, 0, None).sum() for own in weights] if inside else None
    return None


def _inverse_and_combinations(slopes: Array) -> tuple[Array | None, Array]:
    """Inverse of a Jacobian (None when it is singular), and combinations of equations that tell most.

    The rows of the inverse combine the equations so that each depends on one coordinate almost
    alone. When there is none, some left singular vector combines them to one that is almost constant.
    """
    if not slopes.size:
        return slopes, slopes
    even, divisors = balanced(slopes)
    left, scales, right = np.linalg.svd(even)
    if scales[0] >= ILL_CONDITIONED * scales[-1]:
        return None, left.T / divisors.T
    inverse = (right.T / scales) @ left.T / divisors.T
    return inverse, inverse


def _longest_edge(cell: Cell) -> tuple[float, int, int, int]:
    """Length, player and two corners."""
    edges = [
        (float(np.abs(corners[a] - corners[b]).max()), player, a, b)
        for player, corners in enumerate(cell)
        for a, b in itertools.combinations(range(len(corners)), 2)
    ]
    return max(edges, key=operator.itemgetter(0))


def at_corners(tensor: Array, cell: Cell, player: int) -> Array:
    """Payoffs of each action of a player (first axis) at the corners of the others' sub-simplices.

    The player's own axis is there too, with length 1, so that axis ``j + 1`` is player ``j``.
    """
    values, shape = tensor, [len(tensor)]
    for other, corners in enumerate(cell):
        if other == player:
            shape.append(1)
        else:
            values = corners @ values.reshape(math.prod(shape), corners.shape[1], -1)
            shape.append(len(corners))
    return values.reshape(shape)


def coordinates(supports: Supports) -> Coordinates:
    """List the free weights of a product of simplices with these numbers of corners.

    Examples
    --------
    >>> coordinates(((0, 2), (1,), (0, 1, 2)))
    [(0, 1), (2, 1), (2, 2)]
    """
    return [(player, corner) for player, own in enumerate(supports) for corner in range(1, len(own))]


def linearised(equations: Sequence[Array], weights: Sequence[Array], free: Coordinates) -> tuple[Array, Array]:
    """Jacobian and values of equations in corner values (as `at_corners` gives them), at one point.

    Parameters
    ----------
    equations : sequence of ndarray
        Entry ``i`` has shape ``(equations of player i, corners of player 1, …)``.
    weights : sequence of ndarray
        Weights on the corners of each player.
    free : list of (player, corner)
        The coordinates (`coordinates`).
    """
    slopes, values = [], []
    for player, equation in enumerate(equations):
        others = [*weights[:player], np.ones(1), *weights[player + 1 :]]
        for row in equation:
            along = {other: against_others(row, others, other) for other in {other for other, _ in free} - {player}}
            slopes.append([along[k][corner] - along[k][0] if k != player else 0.0 for k, corner in free])
            values.append(against_others(row, others, player).item())
    return np.array(slopes), np.array(values)


def jacobian_range(equations: Sequence[Array], free: Coordinates) -> tuple[Array, Array]:
    """Least and largest derivative of every equation along every coordinate, over the cell."""
    low, high = np.zeros((2, len(free), len(free)))
    place = 0
    for player, equation in enumerate(equations):
        rows = slice(place, place + len(equation))
        place += len(equation)
        for column, (other, corner) in enumerate(free):
            if other != player and len(equation):
                slopes = equation.take(corner, axis=other + 1) - equation.take(0, axis=other + 1)
                slopes = slopes.reshape(len(equation), -1)
                low[rows, column], high[rows, column] = slopes.min(axis=1), slopes.max(axis=1)
    return low, high


def is_regular(payoffs: Sequence[Array], strategies: Sequence[Array], supports: Supports) -> bool:
    """Whether the indifference equations of an equilibrium are nonsingular at it.

    If moreover every best response is played, no other equilibrium is near.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a player, in floats.
    strategies : sequence of ndarray
        The equilibrium.
    supports : tuple of tuple of int
        Actions that are played.

    Examples
    --------
    >>> half = np.array([0.5, 0.5])
    >>> is_regular((np.eye(2), np.eye(2)), (half, half), ((0, 1), (0, 1)))
    True
    """
    free = coordinates(supports)
    if not free:
        return True
    equations = []
    for player, payoff in enumerate(payoffs):
        played = np.moveaxis(payoff[np.ix_(*supports)], player, 0)
        equations.append(np.expand_dims(played[1:] - played[0], player + 1))
    weights = [to_float(x)[list(own)] for x, own in zip(strategies, supports, strict=True)]
    slopes, _ = balanced(linearised(equations, weights, free)[0])
    return bool(np.linalg.cond(slopes) < ILL_CONDITIONED)


def balanced(slopes: Array) -> tuple[Array, Array]:
    """Divide each equation by its steepest slope, so that large payoffs make no equation look singular.

    Returns
    -------
    slopes : ndarray
        With a largest entry of 1 in every row that is not 0.
    divisors : ndarray, shape (n, 1)
    """
    steepest = np.abs(slopes).max(axis=1, keepdims=True, initial=0)
    steepest[steepest == 0] = 1
    return slopes / steepest, steepest
