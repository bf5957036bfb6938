"""Exchangeable users, two actions, mixed strategies: the platform's whole answer (section 5 and Theorem 3).

The public `symmetric_mechanism`, which puts together what `symmetric.optimum` and `symmetric.thresholds` find, and all
symmetric equilibria at one alpha.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, is_exact
from fairgames.mechanism.symmetric.game import Curve, SymmetricGame, symmetric_game
from fairgames.mechanism.symmetric.optimum import FamilyOptimum, best_overall, best_pure, best_symmetric, worst_overall
from fairgames.mechanism.symmetric.thresholds import (
    Assumptions,
    check_assumptions,
    cost_threshold,
    exit_threshold,
    extremes,
    finished,
)
from fairgames.payments.alpha import as_share
from fairgames.result import Result, format_value
from fairgames.tolerance import PROBABILITY, difference
from fairgames.utility.base import Utility


@dataclass(frozen=True, eq=False, repr=False)
class SymmetricEquilibrium(Result):
    """Every user takes the more private action with the same probability.

    Attributes
    ----------
    p : Fraction or float
        Probability of the more private action.
    utility : Fraction or float
        Expected utility of the platform.
    value : Fraction or float
        What the platform keeps, ``(1 − alpha) · utility``.
    continuum_to : Fraction, float or None
        Where every probability from ``p`` up to another one is an equilibrium, that other one.
    """

    p: Number
    utility: Number
    value: Number
    continuum_to: Number | None = None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        names = ("p", "utility", "value", "continuum_to")
        return "SymmetricEquilibrium", names, [[format_value(getattr(self, name)) for name in names]]


def symmetric_equilibria(game: SymmetricGame, alpha: object) -> tuple[SymmetricEquilibrium, ...]:
    """All symmetric equilibria at ``alpha``, in increasing order of ``p``.

    ``p = 1`` is one iff ``c ≥ alpha · gamma(1)``, ``p = 0`` iff ``c ≤ alpha · gamma(0)``, and every root of
    ``alpha · gamma(p) = c`` between them.

    Parameters
    ----------
    game : SymmetricGame
        The game.
    alpha : number
        Payment fraction.

    Raises
    ------
    InputError
        If ``alpha`` lies outside [0, 1].
    """
    fraction = as_share(alpha, "alpha")
    exact = game.exact and isinstance(fraction, Fraction)

    def spare(place: int) -> Number:
        return difference(fraction * game.gains.item(place), game.cost)  # type: ignore[no-any-return]

    first, last = spare(0), spare(-1)
    if not (first or last or any(map(spare, range(game.gains.size)))):
        return (_at(game, fraction, Fraction(1), exact=exact, continuum_to=Fraction(1)),)
    everybody, nobody = last >= 0, first <= 0
    points = [(Fraction(1), True)] if everybody else []
    if fraction > 0:
        indifference = game.gamma - Fraction(game.cost) / Fraction(fraction)
        near = 0 if exact else PROBABILITY
        points += [
            (root.x, root.rational)
            for root in reversed(indifference.roots())
            # In floats a root within rounding of a pure equilibrium is that equilibrium.
            if not ((everybody and 1 - root.x <= near) or (nobody and root.x <= near))
        ]
    if nobody:
        points.append((Fraction(0), True))
    return tuple(_at(game, fraction, x, exact=exact and rational) for x, rational in points)


def _at(
    game: SymmetricGame, alpha: Number, x: Number, *, exact: bool, continuum_to: Number | None = None
) -> SymmetricEquilibrium:
    utility = game.expected_utility(x)
    numbers = [1 - x, utility, (1 - alpha) * utility, *([] if continuum_to is None else [continuum_to])]
    return SymmetricEquilibrium(*(numbers if exact and game.certified else map(float, numbers)))


@dataclass(frozen=True, eq=False, repr=False)
class SymmetricMechanism(Result):
    """What the platform should do with exchangeable users who choose between two actions.

    Attributes
    ----------
    n_users : int
        Number of users ``N``.
    actions : tuple of two ints
        The more private level and the less private one.
    cost : Fraction or float
        What the less private action costs more, ``c``.
    selection : {"best", "worst"}
        Which equilibrium counts when there are several at one alpha.
    gains, utilities : ndarray, shapes (N,) and (N + 1,)
        Gain from the less private action (at alpha = 1) when ``h`` others take it, and utility when ``h``
        users take it: the coefficients of `gamma` and `expected_utility`.
    gamma_min, gamma_max : Fraction or float
        Least and largest expected gain.
    cost_threshold : Fraction or float
        Up to this cost it is best (among symmetric equilibria) that everybody surely takes the less
        private action; 0 if at no positive cost.
    exit_threshold : Fraction or float
        From this cost on it is best to pay nothing: ``gamma_max`` where "absent" is the more private
        action, lower otherwise.
    assumptions : Assumptions
        Whether Assumptions 1 and 2 hold, with the profiles that break them.
    regime : {"all", "mixed", "none"} or None
        At the best symmetric equilibrium everybody surely takes the less private action, all mix, or
        nobody is paid. None where gamma is not strictly increasing: several symmetric equilibria may
        coexist, and the printed trichotomy is not the answer.
    alpha, p, utility, value : Fraction or float
        With ``"best"``, the best symmetric equilibrium over all alphas. With ``"worst"``, the highest value that
        no equilibrium of any family undercuts, and the lowest equilibrium there; ``p`` is then the
        probability of its mixing users, None if it is pure.
    attained : bool
        Whether ``value`` is reached, or only approached as alpha tends to ``alpha``.
    exact : bool
        Whether these are the rationals themselves.
    asymmetric : FamilyOptimum
        The optimum over pure equilibria, in which identical users may do different things.
    overall : FamilyOptimum
        The optimum over the families in `searched`.
    searched : tuple of str
        Families of equilibria over which `overall` ranges (where "absent" is an action, a pure equilibrium
        is always the best of them). All who mix do so with one probability; where `gains` both rise and fall,
        four or more users may also mix with different ones, which is not searched.
    price_of_fairness : Fraction, float or None
        ``max_k (U_k − c k)``, what the platform would keep if it paid exactly the costs, over what it keeps with
        the best pure equilibrium: 1 among identical users. None where "absent" is not an action, or
        nothing is kept.
    """

    n_users: int
    actions: tuple[int, int]
    cost: Number
    selection: str
    gains: Array
    utilities: Array
    gamma_min: Number
    gamma_max: Number
    cost_threshold: Number
    exit_threshold: Number
    assumptions: Assumptions
    regime: str | None
    alpha: Number
    p: Number | None
    utility: Number
    value: Number
    attained: bool
    exact: bool
    asymmetric: FamilyOptimum
    overall: FamilyOptimum
    searched: tuple[str, ...]
    price_of_fairness: Number | None

    @cached_property
    def _game(self) -> SymmetricGame:
        increments = np.diff(self.utilities)
        return SymmetricGame(self.n_users, self.actions, self.cost, self.utilities, self.gains, increments, ())

    @public
    def gamma(self, p: Number | int | str) -> Number:
        """Expected gain from the less private action when each other user avoids it with probability ``p``."""
        return _evaluated(self._game, self._game.gamma, p)

    @public
    def expected_utility(self, p: Number | int | str) -> Number:
        """Expected utility when all users take the more private action with probability ``p``."""
        return _evaluated(self._game, self._game.expected_utility, p)

    @public
    def equilibria(self, alpha: Number | int | str) -> tuple[SymmetricEquilibrium, ...]:
        """All symmetric equilibria at ``alpha``, in increasing order of ``p``."""
        return symmetric_equilibria(self._game, alpha)

    @public
    def p_star(self, alpha: Number | int | str) -> Number:
        """Probability of the more private action in the selected symmetric equilibrium at ``alpha``.

        Where there are several, or a continuum of them, the one with the largest (``"best"``) or least
        (``"worst"``) utility.
        """
        found = self.equilibria(alpha)
        points = [(one.utility, one.p) for one in found]
        if found[0].continuum_to is not None:
            game = self._game
            inside = [finished(game, 1 - root.x, root.rational) for root in game.expected_utility.derivative().roots()]
            points += [(self.expected_utility(p), p) for p in (*inside, found[0].continuum_to)]
        choose = max if self.selection == "best" else min
        return choose(points, key=lambda point: point[0])[1]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        skipped = {"gains", "utilities", "asymmetric", "overall", "assumptions"}
        rows = [
            (name.replace("_", " "), format_value(getattr(self, name)))
            for name in self.__dataclass_fields__
            if name not in skipped
        ]
        rows.append(("assumptions hold", format_value(self.assumptions.hold)))
        rows.append(("value with pure equilibria", format_value(self.asymmetric.value)))
        return f"SymmetricMechanism ({self.selection})", ("quantity", "value"), rows


@public
def symmetric_mechanism(
    utility: Utility | ArrayLike,
    cost: Number | int | str,
    actions: Sequence[int] = (0, 1),
    selection: Literal["best", "worst"] = "best",
) -> SymmetricMechanism:
    """Optimal payment fraction for exchangeable users who choose between two actions.

    Covers mixed strategies of any number of users: thresholds and the three regimes of Theorem 3 where they
    hold, and all symmetric equilibria where they do not. Where "absent" is the more private action it
    is stable for a million users.

    Parameters
    ----------
    utility : Utility or array_like
        An exchangeable utility (one type); or ``U_0, …, U_N``, the utility by number of present users.
    cost : number
        What the less private action costs more than the more private one: at least 0, unless users share
        something with both.
    actions : pair of ints
        The more private level, then the less private one.
    selection : {"best", "worst"}
        Which equilibrium counts when there are several at one alpha. ``"worst"`` takes at most 32 users.

    Returns
    -------
    SymmetricMechanism
        Exact where inputs and answer are rational; otherwise floats.

    Raises
    ------
    InputError, SizeError
        If users differ or an argument is malformed, or there are too many users for what was asked.

    References
    ----------
    Kang, Pedarsani, Ramchandran (2024), The Fair Value of Data Under Heterogeneous Privacy Constraints in
    Federated Learning, TMLR: section 5 and Theorem 3.

    Examples
    --------
    >>> mechanism = symmetric_mechanism([0, "2/3", 1], "1/2")
    >>> str(mechanism.alpha), str(mechanism.p), str(mechanism.value), mechanism.regime
    ('6/7', '1/2', '1/12', 'mixed')
    >>> str(mechanism.cost_threshold), str(mechanism.gamma_min), str(mechanism.gamma_max)
    ('1/3', '1/2', '2/3')
    """
    game = symmetric_game(utility, cost, actions)
    if game.absent and game.cost < 0:
        raise InputError("cost", 'must be at least 0 where "absent", which costs nothing, is the other action', cost)
    assumptions = check_assumptions(game)
    symmetric = best_symmetric(game)
    if selection == "best":
        asymmetric, answer = best_pure(game), symmetric
        overall = max(best_overall(game), answer, key=lambda one: one.value)
    else:
        asymmetric, overall = worst_overall(game, pure_only=True), worst_overall(game)
        answer = overall
    gamma_min, gamma_max = extremes(game, game.gamma)
    regime = "mixed" if symmetric.mixing else "all" if symmetric.less_private else "none"
    return SymmetricMechanism(
        n_users=game.n_users,
        actions=game.actions,
        cost=game.cost,
        selection=selection,
        gains=game.gains,
        utilities=game.utilities,
        gamma_min=gamma_min,
        gamma_max=gamma_max,
        cost_threshold=cost_threshold(game),
        exit_threshold=exit_threshold(game),
        assumptions=assumptions,
        regime=regime if assumptions.gamma_increasing else None,
        alpha=answer.alpha,
        p=answer.p,
        utility=answer.utility,
        value=answer.value,
        attained=answer.attained,
        exact=answer.exact,
        asymmetric=asymmetric,
        overall=overall,
        searched=("pure", "symmetric", *(["half-mixed"] if game.certified or game.absent else [])),
        price_of_fairness=_price_of_fairness(game),
    )


def _price_of_fairness(game: SymmetricGame) -> Number | None:
    if not game.absent:
        return None
    costs = np.arange(game.n_users + 1).astype(game.utilities.dtype) * np.array(game.cost)
    kept = best_pure(game).value
    return (game.utilities - costs).max() / kept if kept > 0 else None


def _evaluated(game: SymmetricGame, curve: Curve, p: object) -> Number:
    number = as_share(p, "p")
    value: Number = curve(1 - number)
    return value if is_exact(game.gains) and isinstance(number, Fraction) else float(value)
