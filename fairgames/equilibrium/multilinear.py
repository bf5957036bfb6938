"""Expected payoffs as multilinear functions on products of simplices."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairgames.exactness import Array
from fairgames.tolerance import ILL_CONDITIONED

Cell = tuple[NDArray[np.float64], ...]
"""For each user the corners of a sub-simplex: row ``c`` holds the probabilities of corner ``c``."""
Supports = tuple[tuple[int, ...], ...]
Coordinates = list[tuple[int, int]]
"""Weights on the corners 1, 2, … of each user's sub-simplex, as (user, corner); corner 0 has the rest."""


def at_corners(tensor: Array, cell: Cell, user: int) -> Array:
    """Payoffs of each action of a user (first axis) at the corners of the others' sub-simplices.

    The user's own axis is there too, with length 1, so that axis ``j + 1`` is user ``j``.
    """
    values, shape = tensor, [len(tensor)]
    for other, corners in enumerate(cell):
        if other == user:
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
    return [(user, corner) for user, own in enumerate(supports) for corner in range(1, len(own))]


def jacobian(equations: Sequence[Array], weights: Sequence[Array], free: Coordinates) -> Array:
    """Jacobian of equations in corner values (as `at_corners` gives them), at one point.

    Parameters
    ----------
    equations : sequence of ndarray
        Entry ``i`` has shape ``(equations of user i, corners of user 1, …)``.
    weights : sequence of ndarray
        Weights on the corners of each user.
    free : list of (user, corner)
        The coordinates (`coordinates`).
    """
    rows = []
    for user, equation in enumerate(equations):
        for row in equation:
            slopes = {other: _expected(row, weights, {user, other}) for other, _ in free if other != user}
            rows.append([0.0 if other == user else slopes[other][corner] - slopes[other][0] for other, corner in free])
    return np.array(rows)


def residuals(equations: Sequence[Array], weights: Sequence[Array]) -> Array:
    """Values of the equations at one point; arguments as in `jacobian`."""
    return np.array(
        [_expected(row, weights, {user}).item() for user, equation in enumerate(equations) for row in equation]
    )


def jacobian_range(equations: Sequence[Array], free: Coordinates) -> tuple[Array, Array]:
    """Least and largest derivative of every equation along every coordinate, over the cell."""
    low, high = np.zeros((2, len(free), len(free)))
    place = 0
    for user, equation in enumerate(equations):
        rows = slice(place, place + len(equation))
        place += len(equation)
        for column, (other, corner) in enumerate(free):
            if other != user and len(equation):
                slopes = equation.take(corner, axis=other + 1) - equation.take(0, axis=other + 1)
                slopes = slopes.reshape(len(equation), -1)
                low[rows, column], high[rows, column] = slopes.min(axis=1), slopes.max(axis=1)
    return low, high


def _expected(values: Array, weights: Sequence[Array], kept: set[int]) -> Array:
    """Expectation over the corners of all users but the kept ones, flattened."""
    for user in reversed(range(values.ndim)):
        if user not in kept:
            values = weights[user].dot(np.moveaxis(values, user, -2) if values.ndim > 1 else values)
    return values.ravel()


def is_regular(payoffs: Sequence[Array], strategies: Sequence[Array], supports: Supports) -> bool:
    """Whether the indifference equations of an equilibrium are nonsingular at it.

    If moreover every best response is played, no other equilibrium is near.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a user, in floats.
    strategies : sequence of ndarray
        The equilibrium, in floats.
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
    cell = tuple(np.eye(len(x))[list(own)] for x, own in zip(strategies, supports, strict=True))
    equations = []
    for user, (payoff, own) in enumerate(zip(payoffs, supports, strict=True)):
        corners = at_corners(np.moveaxis(payoff, user, 0), cell, user)
        equations.append(corners[list(own[1:])] - corners[own[0]])
    weights = [x[list(own)] for x, own in zip(strategies, supports, strict=True)]
    return bool(np.linalg.cond(jacobian(equations, weights, free)) < ILL_CONDITIONED)
