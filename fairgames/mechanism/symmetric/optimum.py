"""The optimum of exchangeable users with two actions, over pure, symmetric and half-mixed equilibria (section 5).

`mechanism.symmetric` reads the best and the worst of each kind; `mechanism.optimal` calls `with_mixed_families`, which
puts users who mix into an optimum that was found among pure equilibria, and into its landscape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import attrgetter
from typing import cast

import numpy as np

from fairgames.errors import SizeError
from fairgames.exactness import Array, Number
from fairgames.mechanism.landscape import Landscape, Piece, Profile, constant, holds, in_floats, join
from fairgames.mechanism.optimum import Optimum, completed, warnings_of
from fairgames.mechanism.problem import Problem
from fairgames.mechanism.symmetric.bernstein import Root
from fairgames.mechanism.symmetric.families import Branch, Fixed, families, pure_families
from fairgames.mechanism.symmetric.game import MOST_EXACT_USERS, SymmetricGame, symmetric_game
from fairgames.mechanism.symmetric.worst import Point, envelope_of, worst_point
from fairgames.result import Result
from fairgames.tolerance import near


@dataclass(frozen=True, eq=False, repr=False)
class FamilyOptimum(Result):
    """The best alpha for the platform, and who does what there.

    Attributes
    ----------
    less_private, more_private, mixing : int
        Users who surely take the less private action, surely the more private one, and who mix.
    p : Fraction, float or None
        Probability of the more private action of those who mix (0 or 1 where all do the same in a symmetric optimum).
    alpha, utility, value : Fraction or float
        Payment fraction, expected utility, and ``(1 − alpha) · utility``.
    attained : bool
        Whether ``value`` is reached, or only approached as alpha tends to ``alpha``.
    approached_from : str or None
        ``"above"`` or ``"below"`` when it is only approached.
    exact : bool
        Whether the numbers are the rationals themselves.
    """

    less_private: int
    more_private: int
    mixing: int
    p: Number | None
    alpha: Number
    utility: Number
    value: Number
    attained: bool
    approached_from: str | None
    exact: bool

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        names = ("less_private", "more_private", "mixing", "p", "alpha", "utility", "value", "attained")
        return "FamilyOptimum", names, [[getattr(self, name) for name in names]]


def best_symmetric(game: SymmetricGame) -> FamilyOptimum:
    """Best value over all alphas and symmetric equilibria; among equals the smallest alpha.

    With ``alpha = c / gamma(x)`` in mixed equilibria the objective is ``(1 − c/gamma(x)) U(x)``, stationary
    where ``c gamma' U + gamma (gamma − c) U' = 0``. Where "absent" is the more private action it is
    ``U(x) − c N x``, stationary where ``E[U_{K+1} − U_K] = c``, ``K`` binomial ``(N − 1, x)``.
    """
    found = [(alpha, x, game.expected_utility(x), rational) for alpha, x, rational in _candidates(game)]
    alpha, x, utility, rational = max(found, key=lambda one: ((1 - one[0]) * one[2], -one[0]))
    exact = game.exact and game.certified and rational
    sure, mixing = (game.n_users if x == 1 else 0), (0 if x in {0, 1} else game.n_users)
    p, at, worth, value = (game.finished(number, exact) for number in (1 - x, alpha, utility, (1 - alpha) * utility))
    return FamilyOptimum(sure, game.n_users - sure - mixing, mixing, p, at, worth, value, True, None, exact)


def _candidates(game: SymmetricGame) -> Iterator[tuple[Number, Number, bool]]:
    """Alpha, ``x`` and whether both are rational, wherever the best may lie."""
    pure = game.pure
    for k, low, high in zip(pure.index.tolist(), pure.lo, pure.hi, strict=True):
        if k in {0, game.n_users}:
            yield from ((alpha, Fraction(k // game.n_users), True) for alpha in (low, high))
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
        return list((game.mean(game.increments) - cost).roots())
    condition = gamma.derivative() * U * cost + gamma * (gamma - cost) * U.derivative()
    return [*condition.roots(), *(gamma - cost).roots()]


def best_pure(game: SymmetricGame) -> FamilyOptimum:
    """Best pure equilibrium over all alphas, whether or not all users do the same."""
    pure = game.pure
    alphas, values = pure.best()
    chosen = int(np.argmax(values))
    k, low, high, U = (array.item(chosen) for array in (pure.index, pure.lo, pure.hi, pure.utility))
    return _finished(game, Point(alphas.item(chosen), Fixed(k, 0, low, high, U), U, True))


def best_overall(game: SymmetricGame) -> FamilyOptimum:
    """Best equilibrium over all alphas and families.

    Where "absent" is the more private action that is the best pure one: users who mix are paid their
    expected cost, so the platform keeps at most a mean of ``U_k − c k``. Otherwise all families are searched
    up to 32 users, and the pure ones beyond.
    """
    pure = best_pure(game)
    if game.absent or not game.certified:
        return pure
    best = pure
    for point in _peaks(game):
        if point.value > best.value:
            best = _finished(game, point)
    return best


def _peaks(game: SymmetricGame) -> Iterator[Point]:
    for family in families(game):
        if isinstance(family, Branch):
            for root in (family.start, family.stop, *family.stationary):
                yield Point(family.alpha(root.x), family, family.utility(root.x), root.rational, x=root)
        elif family.x is not None:
            for alpha, rational in family.ends:
                yield Point(alpha, family, family.utility, rational and family.x.rational, x=family.x)


def worst_overall(game: SymmetricGame, *, pure_only: bool = False) -> FamilyOptimum:
    """Supremum over alpha of the lowest value over all families, or over pure equilibria only.

    Raises
    ------
    SizeError
        With more than 32 users.
    """
    if not game.certified:
        raise SizeError(
            f'selection="worst" searches all families of equilibria, which is done for at most {MOST_EXACT_USERS} '
            f"users, not {game.n_users}; use selection='best', or optimal_alpha for pure equilibria"
        )
    return _finished(game, worst_point(game, pure_families(game) if pure_only else families(game)))


def _finished(game: SymmetricGame, point: Point) -> FamilyOptimum:
    family = point.family
    rational = point.rational and game.exact
    p = None if point.x is None else game.finished(1 - point.x.x, point.x.rational)
    return FamilyOptimum(
        less_private=family.sure,
        more_private=game.n_users - family.sure - family.mixing,
        mixing=family.mixing,
        p=p,
        alpha=game.finished(point.alpha, rational),
        utility=game.finished(point.utility, rational),
        value=game.finished(point.value, rational),
        attained=point.side is None,
        approached_from=point.side,
        exact=rational and isinstance(point.alpha, Fraction),
    )


SEARCHED = "all pure, symmetric and half-mixed equilibria"
OTHERS = " (all who mix do so with one probability; users who mix with different ones were not searched)"
MOST_USERS_OF_A_LANDSCAPE = 12
MOST_USERS = 32


def is_exchangeable(problem: Problem) -> bool:
    """Whether users differ in nothing, have two actions, and no constraint is set."""
    first_costs, first_levels = problem.costs[0].tolist(), problem.allowed[0]
    return (
        problem.alone
        and problem.limits.describe() == "no constraints"
        and len(problem.utility.type_sizes) == 1
        and len(first_levels) == 2
        and 3 <= len(problem.costs) <= MOST_USERS
        and all(levels == first_levels for levels in problem.allowed)
        and all(cost.tolist() == first_costs for cost in problem.costs)
    )


def profile_of(problem: Problem, k: int) -> Profile:
    """Level of each user where ``k`` users take the less private action."""
    low, high = problem.allowed[0]
    return (low,) * (len(problem.costs) - k) + (high,) * k


def counts_of(problem: Problem, k: int) -> Profile:
    """``counts[type][level]`` where ``k`` users take the less private action."""
    counts = [0] * problem.utility.type_levels[0]
    low, high = problem.allowed[0]
    counts[low], counts[high] = len(problem.costs) - k, k
    return cast("Profile", (tuple(counts),))


def with_mixed_families(
    problem: Problem, selection: str, pure: Optimum, named: Callable[[Problem, int], Profile]
) -> Optimum:
    """Replace the optimum over pure equilibria where mixing users change it, and its landscape.

    Parameters
    ----------
    problem : Problem
        With exchangeable users (`is_exchangeable`).
    selection : {"best", "worst"}
        Which equilibrium counts.
    pure : Optimum
        The optimum over pure equilibria.
    named : callable
        Name of the profile of a number of users at the less private action, in the landscape.

    Returns
    -------
    Optimum
        Its landscape is the envelope of all equilibria that are searched. Beyond 12 users it has none, or where mixing
        users cannot leave the platform more the pure optimum stays as it is.
    """
    low, high = problem.costs[0].tolist()
    game = symmetric_game(problem.utility, high - low, problem.allowed[0])
    if selection == "best" and game.absent and game.n_users > MOST_USERS_OF_A_LANDSCAPE:
        # Mixing users, paid their expected costs, leave the platform no more: nothing but the landscape would change.
        return pure
    searched = SEARCHED + ("" if no_others(game) else OTHERS)
    landscape = _landscape(problem, game, selection, named)
    kept_piece = pure.piece if selection == "best" else None
    pure = replace(pure, searched=searched, landscape=landscape, piece=kept_piece)
    if selection == "best":
        found = best_overall(game)
        if found.mixing == 0 or pure.value is None or found.value <= pure.value + near(found.value, pure.value):
            return pure
    else:
        found = worst_overall(game)
        if found.mixing == 0 and (found.alpha, found.value) == (pure.alpha, pure.value):
            return _placed(replace(pure, attained=found.attained, approached_from=found.approached_from))
    return _placed(_described(problem, game, found, pure))


def _placed(optimum: Optimum) -> Optimum:
    """Give an optimum the piece of its landscape on which it lies, or whose open end it is."""
    if optimum.landscape is None or optimum.alpha is None:
        return optimum
    ends = {"above": attrgetter("alpha_from"), "below": attrgetter("alpha_to")}
    at = ends.get(optimum.approached_from or "")
    for piece in optimum.landscape.pieces:
        if holds(piece, optimum.alpha) if at is None else abs(at(piece) - optimum.alpha) <= near(optimum.alpha):
            return replace(optimum, piece=piece)
    return optimum


def no_others(game: SymmetricGame) -> bool:
    """Whether pure, symmetric and half-mixed equilibria are all that matter.

    Two users mix with different probabilities only where the gain's mean increment over the others' choices is 0. Of
    gains that only rise, or only fall, in the number of others, that takes gains that are equal, and then pure
    equilibria of the same alpha have a lower and a higher utility. Of three users it happens at single alphas only.
    """
    steps = np.diff(game.gains)
    rounding = near(np.maximum.accumulate(np.abs(game.utilities))[2:])
    return game.n_users <= 3 or bool((steps >= -rounding).all() or (steps <= rounding).all())


def _landscape(
    problem: Problem, game: SymmetricGame, selection: str, named: Callable[[Problem, int], Profile]
) -> Landscape | None:
    if game.n_users > MOST_USERS_OF_A_LANDSCAPE:
        return None
    pieces = []
    for start, stop, family in envelope_of(game, families(game), 1 if selection == "worst" else -1):
        closed = start == stop, start == stop
        if isinstance(family, Branch):
            piece = Piece(start, stop, *closed, (), family=family)
        elif family.x is None:
            piece = constant(start, stop, family.utility, named(problem, family.sure), closed)
        else:
            utility = family.utility if family.x.rational else float(family.utility)
            strategies = tuple(np.array([one, 0 * one]) for one in family.strategies(game.n_users))
            piece = replace(constant(start, stop, utility, None, closed), strategy_terms=strategies)
        pieces.append(piece if problem.exact else in_floats(piece))
    return Landscape(tuple(join(pieces)), selection)


def _described(problem: Problem, game: SymmetricGame, found: FamilyOptimum, pure: Optimum) -> Optimum:
    low, high = problem.costs[0].tolist()
    part = 0 if found.p is None else 1 - found.p
    joins = [*[1] * found.less_private, *[part] * found.mixing, *[0] * found.more_private]
    borne = np.array([high * join + low * (1 - join) for join in joins])
    payments = _payments(game, found, part) if game.absent else None
    bound = pure.upper_bound if found.exact or pure.upper_bound is None else float(pure.upper_bound)
    mixed = found.mixing > 0 and 0 < part < 1
    return completed(
        bound if game.absent else None,
        borne.sum(),
        costs=borne,
        alpha=found.alpha,
        value=found.value,
        utility=found.utility,
        upper_bound=bound,
        attained=found.attained,
        approached_from=found.approached_from,
        exact=found.exact,
        selection=pure.selection,
        searched=pure.searched,
        profile=None if mixed else tuple(game.actions[1] if join else game.actions[0] for join in joins),
        strategies=tuple(np.array([1 - join, join]) for join in joins) if mixed else None,
        payments=payments,
        landscape=pure.landscape,
        reason=pure.reason,
        warnings=() if payments is None else warnings_of(problem, payments, borne),
    )


def _payments(game: SymmetricGame, found: FamilyOptimum, part: Number) -> Array:
    """Expected payments: a user who takes part beside ``h`` others earns ``alpha · gains[h]``."""

    def expected(sure: int, mixing: int) -> Number:
        terms = [
            math.comb(mixing, k) * part**k * (1 - part) ** (mixing - k) * game.gains[sure + k]
            for k in range(mixing + 1)
        ]
        total: Number = sum(terms[1:], terms[0])
        return total

    inside = found.alpha * expected(found.less_private - 1, found.mixing) if found.less_private else 0 * found.alpha
    mixing = found.alpha * part * expected(found.less_private, found.mixing - 1) if found.mixing else 0 * found.alpha
    return np.array([inside] * found.less_private + [mixing] * found.mixing + [0 * found.alpha] * found.more_private)
