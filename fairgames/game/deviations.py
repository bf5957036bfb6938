"""Expectations over mixed strategies, and what each user earns by deviating: its pure actions against the others.

All that is said about mixed strategies goes through here: best responses (eq. 17) of `fair_game`, regret of
`equilibrium.certify`, expected payments of `mechanism.optimum`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from fairgames.errors import InputError
from fairgames.exactness import Array, Number, as_array, common, is_exact, to_float
from fairgames.tolerance import ROUNDING, near, probability_tolerance


def as_strategies(profile: Sequence[Any], sizes: Sequence[int], *, exact: bool) -> tuple[Array, ...]:
    """Read a profile of pure and mixed strategies as one probability vector a user.

    Parameters
    ----------
    profile : sequence
        One entry a user: the index of an action, or probabilities over the actions.
    sizes : sequence of int
        Number of actions of each user.
    exact : bool
        Whether the game is exact; in a float game, probabilities become floats.

    Returns
    -------
    tuple of ndarray
        Vector ``i`` has shape ``(sizes[i],)``.

    Raises
    ------
    InputError
        If an index does not exist, or probabilities are negative or do not add up to 1.

    Examples
    --------
    >>> as_strategies([1, ["1/3", "2/3"]], (2, 2), exact=False)
    (array([0., 1.]), array([0.33333333, 0.66666667]))
    """
    if len(profile) != len(sizes):
        raise InputError("profile", f"must have one strategy for each of the {len(sizes)} users", profile)
    strategies = [_as_strategy(entry, sizes[user], f"profile[{user}]") for user, entry in enumerate(profile)]
    return common(*strategies) if exact else tuple(map(to_float, strategies))


def _as_strategy(entry: Any, size: int, name: str) -> Array:
    if isinstance(entry, (int, np.integer)) and not isinstance(entry, bool):
        if not 0 <= entry < size:
            raise InputError(name, f"must be an action index from 0 to {size - 1}", entry)
        return pure_strategy(int(entry), size)
    strategy = as_array(entry, name)
    if strategy.shape != (size,):
        raise InputError(name, f"must be an action index or {size} probabilities", entry)
    if (strategy < 0).any() or abs(strategy.sum() - 1) > probability_tolerance(strategy):
        raise InputError(name, "must hold probabilities that add up to 1", entry)
    return strategy


def pure_strategy(action: int, size: int) -> Array:
    """Probability vector, in Fractions, that puts everything on ``action``.

    Examples
    --------
    >>> pure_strategy(1, 2)
    array([Fraction(0, 1), Fraction(1, 1)], dtype=object)
    """
    return np.array([Fraction(int(index == action)) for index in range(size)], dtype=object)


def deviation_payoffs(payoffs: Sequence[Array], strategies: Sequence[Array]) -> tuple[Array, ...]:
    """Payoff of each pure action of each user while the others keep their strategies.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a user, one axis a user.
    strategies : sequence of ndarray
        One probability vector a user, exact or float.

    Returns
    -------
    tuple of ndarray
        Vector ``i`` holds the payoffs of user ``i``'s actions: exact when payoffs and strategies are.

    Examples
    --------
    >>> A, B = np.array([[3.0, 0.0], [5.0, 1.0]]), np.array([[3.0, 5.0], [0.0, 1.0]])
    >>> deviation_payoffs((A, B), (np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    (array([3., 5.]), array([1.5, 3. ]))
    """
    together = common(*payoffs, *strategies)
    payoffs, strategies = together[: len(payoffs)], together[len(payoffs) :]
    return tuple(against_others(payoff, strategies, user) for user, payoff in enumerate(payoffs))


def against_others(tensor: Array, strategies: Sequence[Array], user: int) -> Array:
    """Expectation of a tensor at each action of a user, over the others' independent strategies; all of one kind."""
    for strategy in reversed(strategies[user + 1 :]):
        tensor = tensor.dot(strategy)
    for strategy in strategies[:user]:
        tensor = strategy.dot(tensor.reshape(strategy.size, -1)).reshape(tensor.shape[1:])
    return tensor


def expected(tensor: Array, strategies: Sequence[Array]) -> Number:
    """Expectation of a tensor, one axis a user, over independent strategies; exact when all are.

    Examples
    --------
    >>> expected(np.array([[3.0, 0.0], [5.0, 1.0]]), (np.array([0.5, 0.5]), np.array([1.0, 0.0])))
    4.0
    """
    tensor, *strategies = common(tensor, *strategies)
    value: Number = strategies[0].dot(against_others(tensor, strategies, 0))
    return value if is_exact(tensor) else float(value)


def best_responses(payoffs: Sequence[Array], strategies: Sequence[Array]) -> tuple[tuple[int, ...], ...]:
    """Every pure best response of each user to the strategies of the others.

    Best responses are sets: in a float game, actions whose payoffs differ from the best by no more
    than the rounding of what their expectations add up count as best.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor a user, one axis a user.
    strategies : sequence of ndarray
        One probability vector a user (`as_strategies`); a user's own entry does not matter to it.

    Returns
    -------
    tuple of tuple of int
        Indices of the best actions of each user, ascending.

    Examples
    --------
    >>> A = as_array([[0, 0], ["2/3", 0]], "A")
    >>> best_responses((A, A.T), as_strategies([0, 1], (2, 2), exact=True))
    ((0, 1), (1,))
    """
    answers = []
    sizes = deviation_payoffs([abs(payoff) for payoff in payoffs], strategies)
    for values, size in zip(deviation_payoffs(payoffs, strategies), sizes, strict=True):
        top = values.argmax()
        short = values[top] - values
        answers.append(tuple(np.flatnonzero(short <= near(size, size[top], part=ROUNDING)).tolist()))
    return tuple(answers)
