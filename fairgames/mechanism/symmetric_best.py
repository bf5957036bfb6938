"""The platform's best symmetric equilibrium over all alphas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from fairgames.exactness import Number
from fairgames.mechanism.symmetric_bernstein import Root
from fairgames.mechanism.symmetric_game import Curve, SymmetricGame
from fairgames.mechanism.symmetric_thresholds import finished


@dataclass(frozen=True)
class SymmetricChoice:
    """A symmetric equilibrium and the alpha at which it is one.

    ``x`` is the probability of the less private action; ``exact`` says that all numbers are the
    rationals themselves.
    """

    alpha: Number
    x: Number
    utility: Number
    value: Number
    exact: bool


def best_symmetric(game: SymmetricGame) -> SymmetricChoice:
    """Best value over all alphas and symmetric equilibria; among equals the smallest alpha.

    With ``alpha = c / gamma(x)`` in mixed equilibria the objective is ``(1 − c/gamma(x)) U(x)``, stationary
    where ``c gamma' U + gamma (gamma − c) U' = 0``. Where "absent" is the more private action it is
    ``U(x) − c N x``, stationary where ``E[U_{K+1} − U_K] = c``, ``K`` binomial ``(N − 1, x)``.
    """
    found = []
    for alpha, x, rational in _candidates(game):
        utility = game.expected_utility(x)
        exact = game.exact and game.certified and rational
        found.append(SymmetricChoice(alpha, x, utility, (1 - alpha) * utility, exact))
    best = max(found, key=lambda choice: (choice.value, -choice.alpha))
    alpha, x, utility, value = (
        finished(game, number, best.exact) for number in (best.alpha, best.x, best.utility, best.value)
    )
    return SymmetricChoice(alpha, x, utility, value, best.exact)


def _candidates(game: SymmetricGame) -> Iterator[tuple[Number, Number, bool]]:
    """Alpha, ``x`` and whether both are rational, wherever the best may lie."""
    for x, gain, sign in ((0, game.gains.item(0), -1), (1, game.gains.item(-1), 1)):
        for alpha in alphas_with(sign * gain, sign * game.cost):
            yield alpha, Fraction(x), True
    if game.cost == 0:
        for point in game.expected_utility.derivative().roots():
            yield 0 * game.cost, point.x, point.rational
        return
    for point in _stationary(game):
        gain = game.gamma(point.x)
        if gain != 0 and 0 < Fraction(game.cost) / Fraction(gain) <= 1:
            yield Fraction(game.cost) / Fraction(gain), point.x, point.rational


def _stationary(game: SymmetricGame) -> list[Root]:
    U, gamma, cost = game.expected_utility, game.gamma, Fraction(game.cost)
    if game.absent:
        increment: Curve = game.mean(game.increments) - cost
        return increment.roots()
    condition = gamma.derivative() * U * cost + gamma * (gamma - cost) * U.derivative()
    return [*condition.roots(), *(gamma - cost).roots()]


def alphas_with(gain: Number, cost: Number) -> tuple[Number, ...]:
    """Ends of the range of alphas in [0, 1] with ``alpha · gain ≥ cost``; empty when there is none."""
    # Of a negative float, 0 · gain would be −0.0.
    zero: Number = Fraction(0) if isinstance(gain, Fraction) else 0.0
    one = zero + 1
    if gain == 0:
        return (zero, one) if cost <= 0 else ()
    bound = cost / gain
    low, high = (max(zero, bound), one) if gain > 0 else (zero, min(one, bound))
    return (low, high) if low <= high else ()
