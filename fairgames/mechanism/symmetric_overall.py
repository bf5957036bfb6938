"""The optimum over pure, half-mixed and symmetric equilibria of exchangeable users."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from fairgames.errors import SizeError
from fairgames.exactness import Number
from fairgames.mechanism.symmetric_best import SymmetricChoice
from fairgames.mechanism.symmetric_families import Branch, Fixed, families, pure_families, pure_ranges
from fairgames.mechanism.symmetric_game import MOST_EXACT_USERS, SymmetricGame
from fairgames.mechanism.symmetric_thresholds import finished
from fairgames.mechanism.symmetric_worst import Point, attained, worst_point
from fairgames.result import Result, format_value


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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        names = ("less_private", "more_private", "mixing", "p", "alpha", "utility", "value", "attained")
        return "FamilyOptimum", names, [[format_value(getattr(self, name)) for name in names]]


def as_family(game: SymmetricGame, choice: SymmetricChoice) -> FamilyOptimum:
    """Write a symmetric equilibrium as a member of the family in which all users mix (or none does)."""
    sure = game.n_users if choice.x == 1 else 0
    mixing = 0 if choice.x in {0, 1} else game.n_users
    return FamilyOptimum(
        less_private=sure,
        more_private=game.n_users - sure - mixing,
        mixing=mixing,
        p=1 - choice.x,
        alpha=choice.alpha,
        utility=choice.utility,
        value=choice.value,
        attained=True,
        approached_from=None,
        exact=choice.exact,
    )


def best_pure(game: SymmetricGame) -> FamilyOptimum:
    """Best pure equilibrium over all alphas, whether or not all users do the same."""
    lo, hi, stable = pure_ranges(game)
    U = game.utilities
    alphas = np.where((U >= 0).astype(bool), lo, hi)[stable]
    values = (1 - alphas) * U[stable]
    chosen = int(np.argmax(values))
    k = int(np.flatnonzero(stable)[chosen])
    return _finished(game, Point(alphas.item(chosen), Fixed(k, 0, lo.item(k), hi.item(k), U.item(k)), U.item(k), True))


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
        elif family.mixing:
            rational = family.x is None or family.x.rational
            for alpha in (family.alpha_from, family.alpha_to):
                yield Point(alpha, family, family.utility, rational, x=family.x)


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
    found = pure_families(game) if pure_only else families(game)
    point = worst_point(game, found)
    return _finished(game, point, reached=attained(game, found, point))


def _finished(game: SymmetricGame, point: Point, *, reached: bool = True) -> FamilyOptimum:
    family = point.family
    rational = point.rational and game.exact
    p = None if point.x is None else finished(game, 1 - point.x.x, point.x.rational)
    return FamilyOptimum(
        less_private=family.sure,
        more_private=game.n_users - family.sure - family.mixing,
        mixing=family.mixing,
        p=p,
        alpha=finished(game, point.alpha, rational),
        utility=finished(game, point.utility, rational),
        value=finished(game, point.value, rational),
        attained=reached,
        approached_from=None if reached else point.side,
        exact=rational and isinstance(point.alpha, Fraction),
    )
