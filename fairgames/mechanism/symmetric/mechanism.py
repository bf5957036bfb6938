"""Exchangeable users, two actions, mixed strategies: the platform's whole answer (section 5 and Theorem 3).

The public `symmetric_mechanism`, which puts together what `symmetric.optimum` finds, all symmetric equilibria at one
alpha, and Theorem 3's own: its Assumptions 1 and 2, checked, the largest cost at which everybody surely shares, and the
least at which paying nothing is best.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.exactness import Array, Number, is_exact
from fairgames.mechanism.symmetric.bernstein import Root
from fairgames.mechanism.symmetric.game import Curve, SymmetricGame, as_exchangeable, symmetric_game
from fairgames.mechanism.symmetric.optimum import FamilyOptimum, best_overall, best_pure, best_symmetric, worst_overall
from fairgames.payments.alpha import as_share
from fairgames.result import Result, answered, format_value
from fairgames.scenario.limits import Selection
from fairgames.scenario.scenario import Scenario, as_scenario
from fairgames.tolerance import PROBABILITY, difference, near
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

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        names = ("p", "utility", "value", "continuum_to")
        return "SymmetricEquilibrium", names, [[getattr(self, name) for name in names]]


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
            inside = [game.finished(1 - root.x, root.rational) for root in game.expected_utility.derivative().roots()]
            points += [(self.expected_utility(p), p) for p in (*inside, found[0].continuum_to)]
        choose = max if self.selection == "best" else min
        return choose(points, key=lambda point: point[0])[1]

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        skipped = {"gains", "utilities", "asymmetric", "overall", "assumptions"}
        rows = [
            (name.replace("_", " "), getattr(self, name)) for name in self.__dataclass_fields__ if name not in skipped
        ]
        rows.append(("assumptions hold", self.assumptions.hold))
        rows.append(("value with pure equilibria", self.asymmetric.value))
        return f"SymmetricMechanism ({self.selection})", ("quantity", "value"), rows


@public
def symmetric_mechanism(
    utility: Scenario | Utility | ArrayLike,
    cost: Number | int | str | None = None,
    actions: Sequence[int] | None = None,
    selection: Literal["best", "worst"] | None = None,
) -> SymmetricMechanism:
    """Optimal payment fraction for exchangeable users who choose between two actions.

    Covers mixed strategies of any number of users: thresholds and the three regimes of Theorem 3 where they
    hold, and all symmetric equilibria where they do not. Where "absent" is the more private action it
    is stable for a million users.

    Parameters
    ----------
    utility : Scenario, Utility or array_like
        What is asked, of users with equal costs and two choices; or an exchangeable utility (one type); or
        ``U_0, …, U_N``, the utility by number of present users.
    cost : number
        What the less private action costs more than the more private one: at least 0, unless users share
        something with both.
    actions : pair of ints
        The more private level, then the less private one; (0, 1) by default.
    selection : {"best", "worst"}
        Which equilibrium counts when there are several at one alpha. ``"worst"`` takes at most 32
        users. By default the scenario's, or ``"best"``.

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
    asked, game = _as_asked(utility, cost, actions, selection)
    assumptions = check_assumptions(game)
    symmetric = best_symmetric(game)
    if asked.selection == "best":
        asymmetric, answer = best_pure(game), symmetric
        overall = max(best_overall(game), answer, key=lambda one: one.value)
    else:
        asymmetric, overall = worst_overall(game, pure_only=True), worst_overall(game)
        answer = overall
    gamma_min, gamma_max = extremes(game, game.gamma)
    regime = "mixed" if symmetric.mixing else "all" if symmetric.less_private else "none"
    found = SymmetricMechanism(
        n_users=game.n_users,
        actions=game.actions,
        cost=game.cost,
        selection=asked.selection,
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
    return answered(found, asked)


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


def _as_asked(
    utility: Scenario | Utility | ArrayLike, cost: object, actions: Sequence[int] | None, selection: Selection | None
) -> tuple[Scenario, SymmetricGame]:
    """Read a scenario of users who are all alike, or make one."""
    if isinstance(utility, Scenario):
        asked = as_scenario(utility, cost, actions, selection=selection)
        if asked.selection == "potential":
            raise InputError("selection", 'must be "best" or "worst" in mixed strategies', asked.selection)
        costs, levels = asked.entry_costs, asked.choices[0]
        if len(levels) != 2 or not (costs == costs[0]).all():
            raise InputError("utility", "must be a scenario of users with the same costs of two choices")
        return asked, symmetric_game(asked.utility, costs[0, levels[1]] - costs[0, levels[0]], levels)
    game = symmetric_game(utility, cost, (0, 1) if actions is None else actions)
    if game.absent and game.cost < 0:
        raise InputError("cost", 'must be at least 0 where "absent", which costs nothing, is the other action', cost)
    worth = as_exchangeable(utility)
    row: list[Number] = [math.inf] * worth.type_levels[0]
    row[game.actions[0]] = max(0 * game.cost, -game.cost)
    row[game.actions[1]] = max(0 * game.cost, game.cost)
    return as_scenario(worth, row, selection=selection), game


_HALVINGS = 60
_JUST_BELOW = Fraction(2**20 - 1, 2**20)

ENDS = (Root(Fraction(0), True), Root(Fraction(1), True))


def extremes(game: SymmetricGame, curve: Curve) -> tuple[Number, Number]:
    """Least and largest value of a binomial mean on [0, 1]."""
    points = (*ENDS, *curve.derivative().roots())
    values = [(curve(point.x), point.rational) for point in points]
    least, largest = min(values, key=lambda pair: pair[0]), max(values, key=lambda pair: pair[0])
    return game.finished(*least), game.finished(*largest)


def gamma_increases(game: SymmetricGame) -> bool:
    """Whether gamma is strictly increasing in ``p``, so that each alpha has one symmetric equilibrium."""
    slope = game.gamma.derivative()
    marks = [Fraction(0), *(root.x for root in slope.roots()), Fraction(1)]
    return all(slope((left + right) / 2) < 0 for left, right in pairwise(marks))


def cost_threshold(game: SymmetricGame) -> Number:
    """Largest cost up to which it is best that everybody surely takes the less private action.

    Where "absent" is the other action, the least of ``(U(1) − U(x)) / (N (1 − x))``, which is the mean
    of ``(U_N − U_K)/(N − K)``, ``K`` binomial ``(N − 1, x)``: ``U_N − U_{N−1}`` for concave utilities. In
    general the least of ``(U(1) − U(x)) / (U(1)/gamma(1) − U(x)/gamma(x))`` and ``gamma(1)(1 − U(0)/U(1))``.

    Returns
    -------
    Fraction or float
        0 where it is best for no positive cost.
    """
    zero: Number = 0 * game.utilities.item(0)
    if game.absent and (np.diff(game.increments) <= 0).all():
        last: Number = game.increments.item(-1)
        return max(zero, last)
    # (U_N − U_h)/(N − h) for h = 0, …, N − 1.
    lost = game.mean(np.cumsum(game.increments[::-1])[::-1] / np.arange(game.n_users, 0, -1))
    least, _ = extremes(game, lost)
    if game.absent or least < 0:
        return max(zero, least)
    return max(zero, _general_threshold(game, lost))


def _general_threshold(game: SymmetricGame, lost: Curve) -> Number:
    n_users, U, G = game.n_users, game.utilities, game.gains
    top: Number = U.item(-1)
    gain: Number = G.item(-1)
    if top <= 0 or gain <= 0:
        return 0 * top
    bounds: list[tuple[Number, bool]] = [(gain * (1 - U.item(0) / top), True)]
    if n_users == 1:
        return bounds[0][0]
    h = np.arange(n_users)
    # Both sides are divided by N (1 − x); gamma is written with one degree more to match U.
    elevated = ((n_users - h) * G + h * np.concatenate([G[:1], G[:-1]])) / n_users
    cheaper = (top * elevated - gain * U[:-1]) / (n_users - h)
    above, below = lost * game.gamma * gain, game.mean(cheaper)
    slope = (lost.derivative() * game.gamma + lost * game.gamma.derivative()) * gain
    stationary = slope * below - above * below.derivative()
    bounds += [
        (above(point.x) / below(point.x), point.rational)
        for point in (*ENDS, *stationary.roots())
        if below(point.x) > 0 and game.gamma(point.x) > 0
    ]
    least = game.finished(*min(bounds, key=lambda pair: pair[0]))
    if _stays_above(game, above, below, least * _JUST_BELOW):
        return least
    return _by_halving(game, above, below, least)


def _stays_above(game: SymmetricGame, above: Curve, below: Curve, cost: Number) -> bool:
    """Whether ``above ≥ cost · below`` wherever gamma is positive."""
    rest: Curve = above - below * cost
    marks = sorted({Fraction(0), Fraction(1), *(root.x for curve in (rest, game.gamma) for root in curve.roots())})
    middles = [(left + right) / 2 for left, right in pairwise(marks)]
    return all(rest(x) >= 0 for x in middles if game.gamma(x) > 0)


def _by_halving(game: SymmetricGame, above: Curve, below: Curve, high: Number) -> Number:
    """Find the threshold where numerator and denominator vanish together, so that their ratio has a limit only."""
    low = 0 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _stays_above(game, above, below, middle) else (low, middle)
    return float(low)


def exit_threshold(game: SymmetricGame) -> Number:
    """Least cost from which paying nothing is best: the largest ``gamma(x) (U(x) − U(0)) / U(x)``.

    Where "absent" is the more private action this is ``gamma_max``; otherwise it is lower, since the
    platform earns ``U(0)`` for nothing.

    Returns
    -------
    Fraction or float
        0 where paying is best at no positive cost.
    """
    U, start = game.expected_utility, game.utilities.item(0)
    if start <= 0:
        return _largest_gain(game)
    more = game.gamma * (U - start)
    slope = game.gamma.derivative() * (U - start) + game.gamma * U.derivative()
    best: tuple[Number, bool] = (0 * start, True)
    for point in (*ENDS, *(slope * U - more * U.derivative()).roots()):
        worth = U(point.x)
        if worth > start:
            best = max(best, (more(point.x) / worth, point.rational), key=lambda pair: pair[0])
    return game.finished(*best)


def _largest_gain(game: SymmetricGame) -> Number:
    """Supremum of gamma over the probabilities at which the platform earns anything."""
    U, gamma = game.expected_utility, game.gamma
    cuts = {root.x: root for curve in (U, gamma.derivative()) for root in curve.roots()}
    marks = [ENDS[0], *(cuts[x] for x in sorted(cuts)), ENDS[1]]
    best: tuple[Number, bool] = (Fraction(0), True)
    for left, right in pairwise(marks):
        if U((left.x + right.x) / 2) > 0:
            best = max(best, *((gamma(end.x), end.rational) for end in (left, right)), key=lambda pair: pair[0])
    return game.finished(*best)


_MOST_LISTED = 32
_COLUMNS = ("assumption", "profile", "gain", "other_profile", "other_gain")

Counts = tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Violation(Result):
    """One place where an assumption fails.

    Attributes
    ----------
    assumption : {1, 2}
        1: utility falls when a user moves to the less private action. 2: such a move gains more although
        more users already take the less private action.
    profile : tuple of int
        Level of each user before the move, the moving user last among those at the more private level;
        for more than 32 users, how many are at each level up to the less private one.
    gain : Fraction or float
        What the utility gains by the move.
    other_profile, other_gain : tuple of int, Fraction or float, or None
        Assumption 2: the profile with one user fewer at the less private action, where the same move
        gains less.
    """

    assumption: int
    profile: Counts
    gain: Number
    other_profile: Counts | None = None
    other_gain: Number | None = None

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        return "Violation", _COLUMNS, [self._row()]

    def _row(self) -> Sequence[str]:
        return [format_value(getattr(self, name)) for name in _COLUMNS]


@dataclass(frozen=True, eq=False, repr=False)
class Assumptions(Result):
    """Whether Assumptions 1 and 2 hold (in their weak form, with ≥), and what follows from them.

    Attributes
    ----------
    monotone : bool
        Assumption 1: a less private action never lowers the utility.
    diminishing : bool
        Assumption 2: the more users take the more private action, the more one of them adds by the other.
    gamma_increasing : bool
        Whether gamma is strictly increasing in ``p``, so that each alpha has one symmetric equilibrium.
        Both assumptions imply that it does not fall; it may increase without them.
    violations : tuple of Violation
        Every neighbouring pair that breaks one; for more than 32 users the worst for each assumption.
    n_violations : int
        How many there are.
    """

    monotone: bool
    diminishing: bool
    gamma_increasing: bool
    violations: tuple[Violation, ...]
    n_violations: int

    @property
    def hold(self) -> bool:
        """Whether both assumptions hold."""
        return self.monotone and self.diminishing

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        broken = ", ".join(name for name, holds in (("1", self.monotone), ("2", self.diminishing)) if not holds)
        gamma = "increases strictly" if self.gamma_increasing else "does not increase strictly"
        verdict = f"broken: {broken} (places: {self.n_violations})" if broken else "both hold"
        title = f"Assumptions: {verdict}; gamma {gamma}"
        return title, _COLUMNS, [violation._row() for violation in self.violations]


def check_assumptions(game: SymmetricGame) -> Assumptions:
    """Check Assumptions 1 and 2 at every number of users who take part and of those at each action.

    Where the more private action is not "absent", the assumptions speak of any users being masked, so
    they are checked for every number of present users.
    """
    # How bad it is; which assumption; users present, and at the less private action; what each further one there adds.
    falling: list[tuple[Number, int, int, int, Array]] = []
    rising: list[tuple[Number, int, int, int, Array]] = []
    for utilities in game.by_present:
        present = len(utilities) - 1
        added = game.increments if present == game.n_users else np.diff(utilities)
        rounding, change = near(utilities[1:], utilities[:-1]) + 0 * added, np.diff(added)
        falls = np.flatnonzero((added < -rounding).astype(bool)).tolist()
        rises = np.flatnonzero((change > np.maximum(rounding[1:], rounding[:-1])).astype(bool)).tolist()
        falling += [(added[h], 1, present, h, added) for h in falls]
        rising += [(-change[h], 2, present, h + 1, added) for h in rises]
    listed = [*falling, *rising]
    if game.n_users > _MOST_LISTED:
        listed = [min(broken, key=lambda place: place[0]) for broken in (falling, rising) if broken]
    return Assumptions(
        monotone=not falling,
        diminishing=not rising,
        gamma_increasing=gamma_increases(game),
        violations=tuple(_violation(game, *place[1:]) for place in listed),
        n_violations=len(falling) + len(rising),
    )


def _violation(game: SymmetricGame, assumption: int, present: int, h: int, added: Array) -> Violation:
    one_fewer = (_profile(game, present, h - 1), added.item(h - 1)) if assumption == 2 else ()
    return Violation(assumption, _profile(game, present, h), added.item(h), *one_fewer)


def _profile(game: SymmetricGame, present: int, h: int) -> Counts:
    """Levels with ``h`` of ``present`` users at the less private action; the other users masked (absent)."""
    more, less = game.actions
    if game.n_users <= _MOST_LISTED:
        return (less,) * h + (more,) * (present - h) + (0,) * (game.n_users - present)
    counts = [0] * (less + 1)
    counts[0] += game.n_users - present
    counts[more] += present - h
    counts[less] += h
    return tuple(counts)
