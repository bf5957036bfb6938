"""Rigorous and exact arithmetic by FLINT: polynomials over the rationals, their real roots, and balls that enclose.

Only it and `parametric` import FLINT. `varieties` decides supports exactly with its polynomials and roots,
`subdivision` certifies roots with its balls, and `components` proves with them what `solve` has found and `verify`
reads. The optimum of two players (`mechanism`) finds where values turn, and families cross, with `real_roots`.

References
----------
Krawczyk (1969), "Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken", Computing 4. Johansson (2017),
"Arb: efficient arbitrary-precision midpoint-radius interval arithmetic", IEEE Transactions on Computers 66.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from flint import Ordering, arb, arb_mat, arb_poly, ctx, fmpq, fmpq_mat, fmpq_mpoly_ctx, fmpq_poly, fmpz_mat

from fairgames.equilibrium.rational import simplest_between, to_integers
from fairgames.equilibrium.solver import Strategies, Supports
from fairgames.exactness import Array, Number, is_exact, to_float
from fairgames.tolerance import MATCHING

Polynomial: TypeAlias = Any
"""A polynomial over the rationals in the probabilities of one support (fmpq_mpoly)."""

_BITS = 128
_FEW_BITS = 34
"""Rationals of small denominators are told from others by so many digits."""
_MORE_BITS = 512
_MOST_BITS = 1 << 14
_RADII = tuple(Fraction(1, 1 << bits) for bits in (46, 40, 34, 28, 22))


@cache
def ring(names: tuple[str, ...]) -> Any:
    """Polynomials in these variables."""
    return fmpq_mpoly_ctx.get(names, Ordering.lex)


def multilinear(own_ring: Any, places: Sequence[Sequence[int]], coefficients: Array) -> Polynomial:
    """Polynomial from the coefficients of all products of one variable (or 1) a player.

    Axis ``j`` holds the coefficient of 1, and then those of the variables ``places[j]``.
    """
    n_variables = own_ring.nvars()
    terms = {}
    for place in zip(*np.nonzero(coefficients), strict=True):
        powers = [0] * n_variables
        for own, entry in zip(places, place, strict=True):
            if entry:
                powers[own[entry - 1]] = 1
        terms[tuple(powers)] = rational(coefficients[place])
    return own_ring.from_dict(terms)


def rational(value: Any) -> Any:
    """FLINT's rational."""
    return fmpq(*value.as_integer_ratio())


def fraction(value: Any) -> Fraction:
    """Python's rational."""
    return Fraction(int(value.p), int(value.q))


def rank_and_determinant(matrix: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Rank of an integer matrix, and its determinant when it is square (0 otherwise).

    Examples
    --------
    >>> rank_and_determinant([[0, 2], [3, 1]]), rank_and_determinant([[1, 2, 3], [2, 4, 6]])
    ((2, -6), (1, 0))
    """
    known = fmpz_mat(matrix)
    return known.rank(), int(known.det()) if known.nrows() == known.ncols() else 0


def value_at(polynomial: Polynomial, values: Mapping[int, Any]) -> Any:
    """Value where each variable that occurs has the given value: a rational, or a ball."""
    total: Any = fmpq(0)
    for powers, coefficient in polynomial.terms():
        term = coefficient
        for variable, power in enumerate(powers):
            if power:
                term = values[variable] ** int(power) * term
        total = term + total
    return total


def ball(low: Fraction, high: Fraction) -> Any:
    """Ball that holds an interval."""
    return arb(rational((low + high) / 2), 0) + arb(0, arb(rational((high - low) / 2)).upper())


def sign_of_ball(value: Any) -> int | None:
    """Sign of everything in a ball, or of a rational; None when it is not one."""
    return 1 if value > 0 else -1 if value < 0 else 0 if value == 0 else None


@dataclass(frozen=True)
class Root:
    """A real root of an irreducible polynomial: the ``place``-th from below."""

    polynomial: Any
    place: int

    @property
    def exact(self) -> Any | None:
        """The root, where it is rational."""
        return -self.polynomial[0] / self.polynomial[1] if self.polynomial.degree() == 1 else None

    def enclosed(self, bits: int) -> Any:
        """Ball that holds the root, of about this precision."""
        with ctx.workprec(bits):
            return arb(self.exact) if self.exact is not None else _real_roots(self.polynomial)[self.place]

    def sign(self, polynomial: Any) -> int:
        """Sign of a univariate polynomial at the root, decided exactly."""
        if self.exact is not None:
            return _sign(polynomial(self.exact))
        if polynomial % self.polynomial == 0:
            return 0
        return self.decided(arb_poly(polynomial))

    def decided(self, function: Callable[[Any], Any]) -> int:
        """Sign of what is known not to be 0 at the root, from balls that are made ever smaller."""
        bits = _BITS
        while bits <= _MOST_BITS:
            with ctx.workprec(bits):
                sign = sign_of_ball(function(self.enclosed(bits)))
            if sign:
                return sign
            bits *= 2
        raise ArithmeticError(f"no sign within {_MOST_BITS} bits")


def _sign(value: Any) -> int:
    return int(value > 0) - int(value < 0)


def _real_roots(polynomial: Any) -> list[Any]:
    """Enclosures of the real roots of a square-free polynomial, in order."""
    roots = [root.real for root, _ in polynomial.complex_roots() if root.imag.is_zero()]
    return sorted(roots, key=lambda root: root.mid())


def roots_between_0_and_1(irreducible: Any) -> list[Root]:
    """Real roots of an irreducible polynomial inside (0, 1)."""
    if irreducible.degree() == 1:
        value = -irreducible[0] / irreducible[1]
        return [Root(irreducible, 0)] if 0 < value < 1 else []
    with ctx.workprec(_BITS):
        count = len(_real_roots(irreducible))
    roots = [Root(irreducible, place) for place in range(count)]
    inside = fmpq_poly([0, 1]), fmpq_poly([1, -1])
    return [root for root in roots if all(root.sign(side) > 0 for side in inside)]


def real_roots(coefficients: Sequence[Fraction], low: Fraction, high: Fraction | None) -> list[Number]:
    """Real roots of a polynomial strictly between two ends, increasing: rationals as they are, others as floats.

    Parameters
    ----------
    coefficients : sequence of Fraction
        From the constant on; 0 has no roots.
    low, high : Fraction
        Ends; ``high`` None: no upper end.

    Examples
    --------
    >>> real_roots([Fraction(2), Fraction(-3), Fraction(-2), Fraction(3)], Fraction(-2), None)  # (x² − 1)(3x − 2)
    [Fraction(-1, 1), Fraction(2, 3), Fraction(1, 1)]
    """
    found: list[Number] = []
    for factor, _ in fmpq_poly([rational(value) for value in coefficients]).factor()[1] if any(coefficients) else ():
        if factor.degree() == 1:
            found.append(fraction(-factor[0] / factor[1]))
        else:
            with ctx.workprec(_BITS):
                found += map(rounded, _real_roots(factor))
    return sorted(root for root in found if root > low and (high is None or root < high))


def in_order(roots: Sequence[Root]) -> list[Root]:
    """Sort different roots."""
    bits = _BITS
    while True:
        balls = sorted(((root.enclosed(bits), root) for root in roots), key=lambda entry: entry[0].mid())
        if all(left < right for (left, _), (right, _) in itertools.pairwise(balls)):
            return [root for _, root in balls]
        bits *= 2


def univariate(polynomial: Polynomial, variable: int) -> Any:
    """A polynomial in which only one variable occurs."""
    coefficients = [fmpq(0)] * (int(polynomial.degrees()[variable]) + 1)
    for powers, coefficient in polynomial.terms():
        coefficients[int(powers[variable])] = coefficient
    return fmpq_poly(coefficients)


def multivariate(polynomial: Any, variable: int, own_ring: Any) -> Polynomial:
    """A univariate polynomial as one of several variables."""
    unit = own_ring.gen(variable)
    return sum((value * unit**power for power, value in enumerate(polynomial.coeffs())), own_ring.constant(0))


def rounded(value: Any) -> float:
    """Float nearest to a rational, or to the middle of a ball."""
    return float(fraction(arb(value).mid().fmpq()))


def bounds(value: Any) -> tuple[Fraction, Fraction]:
    """Rationals between which a ball lies."""
    # Not lower() and upper(), which round to the digits of the moment: then two near roots are never told apart.
    middle, radius = fraction(value.mid().fmpq()), fraction(value.rad().fmpq())
    return middle - radius, middle + radius


Gains: TypeAlias = list[Array]
"""For each player, in integers: what each action earns more than the first of its support, at all profiles of supports.

Entry ``i`` has shape ``(actions of i, support size of player 1, …)``, with length 1 on player ``i``'s own axis.
"""


def gains_on(payoffs: Sequence[Array], supports: Supports) -> Gains:
    """Gains of all actions over the first of the support, where the others play these supports."""
    gains = []
    for player, payoff in enumerate(payoffs):
        places = [*supports[:player], tuple(range(payoff.shape[player])), *supports[player + 1 :]]
        values = np.moveaxis(payoff[np.ix_(*places)], player, 0)
        gains.append(np.expand_dims(values - values[supports[player][0]], player + 1))
    return gains


def _expected(tensor: Array, strategies: Sequence[Array], keep: int) -> Array:
    """Expectation over the strategies of everybody whose axis is long, but for one; first axis is left as it is."""
    for player in reversed(range(len(strategies))):
        axis = player + 1
        if player == keep or tensor.shape[axis] == 1:
            continue
        tensor = np.expand_dims(np.moveaxis(tensor, axis, -1).dot(strategies[player]), axis)
    return tensor.reshape(len(tensor), -1)


def _system(gains: Gains, supports: Supports, strategies: Sequence[Array]) -> tuple[list[Any], list[list[Any]]]:
    """Equations and Jacobian in the probabilities of all but the first action of each support."""
    values: list[Any] = []
    slopes: list[list[Any]] = []
    for player, (own, support) in enumerate(zip(gains, supports, strict=True)):
        rows = own[list(support[1:])]
        if not len(rows):
            continue
        values += _expected(rows, strategies, -1)[:, 0].tolist()
        blocks = []
        for other, theirs in enumerate(supports):
            if other == player:
                blocks.append(np.zeros((len(rows), len(theirs) - 1), dtype=object))
            elif len(theirs) > 1:
                lines = rows.take(range(1, len(theirs)), axis=other + 1) - rows.take([0], axis=other + 1)
                blocks.append(_expected(lines, strategies, other))
        slopes += np.concatenate(blocks, axis=1).tolist()
    return values, slopes


def _outside(gains: Gains, supports: Supports, strategies: Sequence[Array]) -> list[Any]:
    """Gains of the actions that are not played."""
    outside = []
    for own, support in zip(gains, supports, strict=True):
        rows = np.delete(own, list(support), axis=0)
        if len(rows):
            outside += _expected(rows, strategies, -1)[:, 0].tolist()
    return outside


def _completed(free: Sequence[Any], supports: Supports) -> list[Array]:
    """One vector a player over its support, from the probabilities of all but the first actions."""
    strategies, place = [], 0
    for support in supports:
        own = list(free[place : place + len(support) - 1])
        place += len(support) - 1
        strategies.append(np.array([1 - sum(own), *own], dtype=object))
    return strategies


def _free(strategies: Sequence[Array], supports: Supports) -> list[Any]:
    return [rational(own[action]) for own, support in zip(strategies, supports, strict=True) for action in support[1:]]


def _contracted(gains: Gains, supports: Supports, middle: list[Any], radius: Fraction) -> list[Any] | None:
    """Krawczyk's operator on a box: a box that holds the only root of the box it was given, or None."""
    thick = arb(0, rational(radius))
    around = [arb(value) for value in middle]
    values, slopes = _system(gains, supports, _completed(around, supports))
    _, ranges = _system(gains, supports, _completed([value + thick for value in around], supports))
    size = max((abs(float(arb(slope).mid())) for row in slopes for slope in row), default=0.0)
    if not 0 < size < math.inf:
        return None
    floats = np.array([[float(arb(slope).mid()) / size for slope in row] for row in slopes])
    try:
        inverse = arb_mat((np.linalg.inv(floats) / size).tolist())
    except np.linalg.LinAlgError:
        return None
    step = inverse * arb_mat([[value] for value in values])
    spread = inverse * arb_mat(ranges)
    contracted = []
    for row, value in enumerate(around):
        off = sum((abs(spread[row, column] - int(row == column)).upper() for column in range(len(around))), arb(0))
        moved = value - step[row, 0] + arb(0, 1) * (off * rational(radius))
        if not (value + thick).contains_interior(moved):
            return None
        contracted.append(moved)
    return contracted


def enclosed(gains: Gains, supports: Supports, strategies: Sequence[Array]) -> list[Any] | None:
    """Box that holds exactly one solution of the indifference equations near a profile; None when it is not proven.

    The probabilities of all but the first action of each support.
    """
    middle = _free(strategies, supports)
    with ctx.workprec(_BITS):
        for radius in _RADII:
            box = _contracted(gains, supports, middle, radius)
            if box is not None:
                # Around a better middle the same solution is enclosed with all digits.
                return _contracted(gains, supports, [value.mid().fmpq() for value in box], _RADII[1]) or box
    return None


def signs(
    gains: Gains, supports: Supports, box: Sequence[Any], bits: int = _BITS
) -> tuple[list[int | None], list[int | None]]:
    """Signs of all probabilities played, and of the gains of all other actions, over a box."""
    with ctx.workprec(bits):
        strategies = _completed(box, supports)
        played = [sign_of_ball(value) for own in strategies if len(own) > 1 for value in own.tolist()]
        outside = [sign_of_ball(fmpq(0) + value) for value in _outside(gains, supports, strategies)]
    return played, outside


def proof(payoffs: Sequence[Array], strategies: Strategies, supports: Supports) -> tuple[Number | None, int | None]:
    """Prove that there is an equilibrium at a mixed profile or near it, and only one, as far as that can be proven.

    Parameters
    ----------
    payoffs : sequence of ndarray
        One tensor of integers a player.
    strategies : tuple of ndarray
        The equilibrium, in Fractions or in floats.
    supports : tuple of tuple of int
        Actions that are played.

    Returns
    -------
    radius : Fraction, float or None
        Distance, in any probability, within which there is exactly one equilibrium with these supports; 0 when the
        profile is one; None when nothing is proven.
    index : int or None
        Sign of the determinant of the negative Jacobian of the equations, where all other actions are worse.
    """
    gains, free = gains_on(payoffs, supports), _free(strategies, supports)
    exact = all(map(is_exact, strategies))
    box = free if exact else enclosed(gains, supports, strategies)
    if box is None:
        return None, None
    played, outside = signs(gains, supports, box)
    if any(sign != 1 for sign in played) or any(sign != -1 for sign in outside):
        return (Fraction(0) if exact and 1 not in outside else None), None
    with ctx.workprec(_BITS):
        _, slopes = _system(gains, supports, _completed(box, supports))
        determinant = (fmpq_mat if exact else arb_mat)([[-slope for slope in row] for row in slopes]).det()
        index = sign_of_ball(determinant)
        if exact:
            return Fraction(0), index or None
        apart = max(
            float(abs(arb(value - rational(own[action]))).upper())
            for values, own, support in zip(_completed(box, supports), strategies, supports, strict=True)
            for value, action in zip(values.tolist(), support, strict=True)
        )
    return math.ldexp(1, math.frexp(apart)[1]), index


def settled(gains: Gains, supports: Supports, strategies: Strategies, box: Sequence[Any]) -> list[Strategies] | None:
    """Decide whether the solution in a box (`enclosed`) is an equilibrium: a list of it, or of nothing.

    Probabilities that may be 0, and actions that may be as good as those played, are decided with more digits, and
    where the solution is rational exactly. None when that does not tell.
    """
    free = _simplest(box, _FEW_BITS)
    if _solves(gains, supports, free):
        return _verdict(gains, supports, strategies, free)
    played, outside = signs(gains, supports, box)
    if None in played or None in outside:
        with ctx.workprec(_MORE_BITS):
            middle = _refined(gains, supports, [value.mid() for value in box])
            free = _simplest(middle, _MORE_BITS // 2)
            if _solves(gains, supports, free):
                return _verdict(gains, supports, strategies, free)
            radius = Fraction(1, 1 << (_MORE_BITS // 2))
            sharper = _contracted(gains, supports, [value.fmpq() for value in middle], radius)
        if sharper is None:
            return None
        played, outside = signs(gains, supports, sharper, _MORE_BITS)
    if -1 in played or 1 in outside:
        return []
    return None if None in played or None in outside else [strategies]


def _simplest(box: Sequence[Any], bits: int) -> list[Any]:
    """The simplest rationals within ``2^-bits`` of the middle of a box."""
    width = Fraction(1, 1 << bits)
    middle = [fraction(value.mid().fmpq()) for value in box]
    return [rational(simplest_between(value - width, value + width)) for value in middle]


def _solves(gains: Gains, supports: Supports, free: Sequence[Any]) -> bool:
    return not any(_system(gains, supports, _completed(free, supports))[0])


def _verdict(gains: Gains, supports: Supports, strategies: Strategies, free: Sequence[Any]) -> list[Strategies]:
    """An exact solution: in Fractions if it is an equilibrium."""
    own = _completed(free, supports)
    if any(value <= 0 for strategy in own for value in strategy) or any(
        gain > 0 for gain in _outside(gains, supports, own)
    ):
        return []
    exact = []
    for strategy, support, values in zip(strategies, supports, own, strict=True):
        vector = np.array([Fraction(0)] * len(strategy), dtype=object)
        vector[list(support)] = [fraction(fmpq(0) + value) for value in values]
        exact.append(vector)
    return [tuple(exact)]


def _refined(gains: Gains, supports: Supports, middle: list[Any]) -> list[Any]:
    """Newton's method from within a box that holds exactly one solution."""
    for _ in range(_MORE_BITS.bit_length()):
        values, slopes = _system(gains, supports, _completed(middle, supports))
        steps = arb_mat(slopes).solve(arb_mat([[value] for value in values])).entries()
        middle = [(value - step).mid() for value, step in zip(middle, steps, strict=True)]
    return middle


def sharpened(payoffs: Sequence[Array], strategies: Strategies) -> Strategies:
    """All digits of the solution that is proven to lie near a profile, in floats; the profile itself where none is.

    Probabilities below `MATCHING` are taken for 0.

    Examples
    --------
    >>> coarse = np.array([1 / 3 + 1e-8, 2 / 3 - 1e-8])
    >>> sharp, _ = sharpened([np.array([[2, 0], [0, 1]]), np.array([[2, 0], [0, 1]])], (coarse, coarse))
    >>> bool(sharp[0] == 1 / 3)
    True
    """
    integers = [to_integers(payoff).integers for payoff in payoffs]
    supports = tuple(tuple(np.flatnonzero(to_float(own) > MATCHING).tolist()) for own in strategies)
    box = enclosed(gains_on(integers, supports), supports, strategies)
    if box is None:
        return strategies
    sharp = tuple(np.zeros(len(own)) for own in strategies)
    with ctx.workprec(_BITS):
        for own, support, values in zip(sharp, supports, _completed(box, supports), strict=True):
            own[list(support)] = list(map(rounded, values))
    return sharp


def middle_and_reach(box: Sequence[Any], supports: Supports) -> tuple[list[Array], float]:
    """Floats near the middle of a box, one vector a player over its support, and how far from them it reaches."""
    with ctx.workprec(_BITS):
        middle = [np.array(list(map(rounded, own))) for own in _completed(box, supports)]
        free = [value for own in middle for value in own[1:].tolist()]
        apart = [float(abs(value - arb(here)).upper()) for value, here in zip(box, free, strict=True)]
    return middle, 2 * len(free) * max(apart)


def float_gains(gains: Gains) -> list[Array]:
    """Gains divided by the largest of each player, in floats that are off by one rounding."""
    result = []
    for own in gains:
        flat = own.ravel().tolist()
        largest = max(map(abs, flat)) or 1
        result.append(to_float(np.array([value / largest for value in flat])).reshape(own.shape))
    return result


def precision(bits: int) -> Any:
    """Context in which balls have this many bits."""
    return ctx.workprec(bits)


def is_sharp(value: Any) -> bool:
    """Whether a ball says all digits of a float, or a rational stands for itself."""
    return not isinstance(value, arb) or (value.is_finite() and value.rad() < 1e-30)
