"""Certificates: what a profile pays, and how much anybody could gain by deviating from it.

Expected payoffs as multilinear functions on products of simplices.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairgames.equilibrium.rational import Scaled, to_integers
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, is_exact, to_float, to_fractions
from fairgames.game.deviations import against_others, deviation_payoffs
from fairgames.tolerance import ILL_CONDITIONED, REGRET, RELATIVE, ROUNDING, near

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
    slopes, _ = balanced(jacobian(equations, weights, free))
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


Strategies = tuple[Array, ...]


class Certificate(NamedTuple):
    """What one profile pays, recomputed from the payoff tensors."""

    payoffs: tuple[Number, ...]
    regrets: tuple[Number, ...]
    """What each user could gain by deviating alone; at least 0."""
    shortfalls: tuple[tuple[float, ...], ...]
    """How far each action of each user stays below its best action, in floats (0 only when it is 0)."""

    best_actions: tuple[tuple[int, ...], ...]
    """Actions of each user that are best responses to the others."""
    holds: bool
    """Whether nobody gains by deviating, up to the rounding of float strategies and payoffs."""

    @property
    def regret(self) -> Number:
        """Largest gain of any user."""
        return max(self.regrets)


class Certifier:
    """Recompute payoffs and regrets of profiles of one game: exactly when game and profile are exact.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a user, one axis a user.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0]])
    >>> Certifier((A, A)).certify((np.array([1.0, 0.0]), np.array([0.0, 1.0]))).regrets
    (1.0, 2.0)
    """

    def __init__(self, payoffs: Sequence[Array]) -> None:
        self.payoffs = tuple(payoffs)
        self.exact = all(map(is_exact, payoffs))

    @cached_property
    def _floats(self) -> tuple[Array, ...]:
        try:
            return tuple(map(to_float, self.payoffs))
        except OverflowError:
            raise InputError("payoffs", "must be within the range of floats where strategies are not exact") from None

    @cached_property
    def _largest(self) -> list[float]:
        """Larger than what any comparison of a user's payoffs allows for rounding."""
        return [3 * RELATIVE * float(np.abs(payoff).max()) for payoff in self._floats]

    @cached_property
    def integers(self) -> tuple[Scaled, ...]:
        """The payoffs as integers and their scales; floats as the binary fractions that they are."""
        return tuple(to_integers(to_fractions(payoff)) for payoff in self.payoffs)

    def certify(self, strategies: Strategies) -> Certificate:
        """Recompute the certificate of a profile of probability vectors."""
        if self.exact and all(map(is_exact, strategies)):
            return _exact_certificate(self.integers, strategies)
        return self._in_floats(tuple(map(to_float, strategies)))

    def _in_floats(self, strategies: Strategies) -> Certificate:
        earned, regrets, shortfalls, best, holds = [], [], [], [], True
        for user, (payoff, own, largest) in enumerate(zip(self._floats, strategies, self._largest, strict=True)):
            values = against_others(payoff, strategies, user)
            top, expected = float(values.max()), float(own @ values)
            short = (top - values).tolist()
            close = [0.0] * len(short)
            # Most comparisons are decided by the largest payoff already.
            if any(gap and (gap <= largest or played) for gap, played in zip(short, own.tolist(), strict=True)):
                _, rounding, apart = self.weighed(strategies, user, short.index(0.0))
                close = (rounding + RELATIVE * apart).tolist()
                holds &= bool((own * short <= own * rounding + REGRET * apart).all())
            earned.append(expected)
            regrets.append(max(top - expected, 0.0))
            shortfalls.append(tuple(short))
            best.append(tuple(action for action, gap in enumerate(short) if gap <= close[action]))
        return Certificate(tuple(earned), tuple(regrets), tuple(shortfalls), tuple(best), holds)

    def weighed(self, strategies: Strategies, user: int, best: int) -> tuple[float, Array, Array]:
        """What decides which actions are as good as a user's best: the payoffs that the others' strategies weigh.

        A float strategy misses what is meant by rounding, which moves a comparison by a small part of the expected
        difference of payoffs, ``E|u(best) − u(action)|``; rounding of the payoffs, by an even smaller part of ``E|u|``.
        Against pure strategies the first is the shortfall itself, and allows nothing.

        Returns
        -------
        magnitude : float
            Size of the payoffs that the user's expectation adds up.
        rounding : ndarray
            Rounding of the comparison of each action with the best one.
        apart : ndarray
            ``E|u(best) − u(action)|``.
        """
        payoff = self._floats[user]
        size = against_others(np.abs(payoff), strategies, user)
        apart = against_others(np.abs(payoff - payoff.take([best], axis=user)), strategies, user)
        return float(max(size[best], strategies[user] @ size)), near(size, size[best], part=ROUNDING), apart

    def is_regular(self, strategies: Strategies, supports: tuple[tuple[int, ...], ...]) -> bool:
        """Whether the indifference equations of an equilibrium are nonsingular at it, in floats."""
        pure = all(len(own) == 1 for own in supports)
        return pure or is_regular(self._floats, tuple(map(to_float, strategies)), supports)


def _exact_certificate(payoffs: Sequence[Scaled], strategies: Strategies) -> Certificate:
    """Work in integers and divide once at the end: Fractions would reduce after every step."""
    weights = tuple(map(to_integers, strategies))
    everything = math.prod(weight.scale for weight in weights)
    deviations = deviation_payoffs([payoff.integers for payoff in payoffs], [weight.integers for weight in weights])
    earned, regrets, shortfalls = [], [], []
    for payoff, weight, vector in zip(payoffs, weights, deviations, strict=True):
        values = vector.tolist()
        best = max(values)
        total = sum(map(operator.mul, weight.integers.tolist(), values))
        divisor = payoff.scale * everything
        earned.append(Fraction(total, divisor))
        regrets.append(Fraction(best * weight.scale - total, divisor))
        others = divisor // weight.scale
        shortfalls.append(tuple(_as_float(best - value, others) for value in values))
    best = tuple(tuple(action for action, short in enumerate(own) if not short) for own in shortfalls)
    return Certificate(tuple(earned), tuple(regrets), tuple(shortfalls), best, not any(regrets))


def _as_float(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf


def supports_of(strategies: Strategies) -> tuple[tuple[int, ...], ...]:
    """Actions that each user plays with positive probability."""
    return tuple(
        tuple(action for action, probability in enumerate(strategy.tolist()) if probability) for strategy in strategies
    )
