"""Every extreme equilibrium of a two-player game whose payoffs are ``A0 + t·A1``, ``B0 + t·B1``, as a function of t.

A mixed strategy that leaves the other player's best replies no choice but these solves linear equations whose
coefficients are affine in t: by Cramer's rule its probabilities are ratios of polynomials (Mangasarian 1964 on the
vertices of one game; von Stengel 2002 on best-reply polyhedra). Such a vertex exists where probabilities and losses
are not negative, which changes at roots of these polynomials alone. Two vertices that answer each other are an
equilibrium, on intervals or at single numbers t, whose ends are rational or algebraic. All of it is exact
(`flint`). `parametric_equilibria` is public.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property, total_ordering
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq, fmpq_mat, fmpq_poly, fmpz_poly

from fairgames.arguments import public
from fairgames.equilibrium import enclosures
from fairgames.equilibrium.normal_form import as_normal_form, checked_payoffs
from fairgames.errors import InputError, SizeError
from fairgames.exactness import Array, Number, as_number
from fairgames.result import Result

_MOST_BASES = 20_000
_BITS = 64


@total_ordering
@dataclass(frozen=True, eq=False)
class Algebraic:
    """A real root of an irreducible polynomial, told from its other roots by an interval.

    Attributes
    ----------
    polynomial : tuple of int
        Coefficients from the constant term up.
    place : int
        Its number among the real roots, in increasing order.
    """

    polynomial: tuple[int, ...]
    place: int

    def _ball(self, bits: int = _BITS) -> arb:
        """Interval around the root that holds no other root of the polynomial."""
        return _real_roots(self.polynomial, bits)[self.place]

    @property
    def fraction(self) -> Fraction | None:
        """The number itself, where it is rational."""
        return Fraction(-self.polynomial[0], self.polynomial[1]) if len(self.polynomial) == 2 else None

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """Rationals on both sides, with no other root of the polynomial between them."""
        return enclosures.bounds(self._ball())

    def __float__(self) -> float:
        """Nearest float, up to the last digit."""
        return float(self._ball().mid())

    def __eq__(self, other: object) -> bool:
        """Whether it is the same root."""
        if not isinstance(other, Algebraic):
            return NotImplemented
        return (self.polynomial, self.place) == (other.polynomial, other.place)

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash((self.polynomial, self.place))

    def __lt__(self, other: Algebraic) -> bool:
        """Compare in as many digits as it takes."""
        if self == other:
            return False
        bits = _BITS
        while not ((mine := self._ball(bits)) < (its := other._ball(bits)) or mine > its):
            bits *= 2
        return bool(mine < its)

    def __repr__(self) -> str:
        """Rationals as they are, others as a decimal."""
        return str(self.fraction) if self.fraction is not None else f"{float(self):.12g}"


@cache
def _real_roots(polynomial: tuple[int, ...], bits: int) -> tuple[arb, ...]:
    before = ctx.prec
    try:
        ctx.prec = bits
        every: Any = fmpz_poly(list(polynomial)).complex_roots()
        found = [root.real for root, _ in every if root.imag == 0]
    finally:
        ctx.prec = before
    return tuple(sorted(found, key=lambda ball: float(ball.mid())))


@cache
def _factors(polynomial: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(_key(factor) for factor, _ in fmpz_poly(list(polynomial)).factor()[1] if factor.degree() > 0)


def _key(polynomial: fmpz_poly) -> tuple[int, ...]:
    return tuple(int(term) for term in polynomial)


def _roots(polynomials: Iterable[fmpq_poly]) -> set[Algebraic]:
    """Every real root of any of these."""
    return {
        Algebraic(factor, place)
        for polynomial in polynomials
        if polynomial.degree() > 0
        for factor in _factors(_key(polynomial.numer()))
        for place in range(len(_real_roots(factor, _BITS)))
    }


def _sign(polynomial: fmpq_poly, at: Algebraic | Fraction) -> int:
    """Sign at a number, exactly."""
    if isinstance(at, Fraction):
        value = polynomial(fmpq(at.numerator, at.denominator))
        return int(value > 0) - int(value < 0)
    if polynomial.degree() < 1:
        return _sign(polynomial, Fraction(0))
    if at.fraction is not None:
        return _sign(polynomial, at.fraction)
    if at.polynomial in _factors(_key(polynomial.numer())):
        return 0
    bits = _BITS
    terms = fmpz_poly(list(_key(polynomial.numer())))
    while True:
        before, ctx.prec = ctx.prec, bits
        try:
            near = terms(at._ball(bits))
        finally:
            ctx.prec = before
        if near > 0 or near < 0:
            return 1 if near > 0 else -1
        bits *= 2


@dataclass(frozen=True, eq=False)
class Vertex:
    """A strategy with its losses as polynomials in t over one common denominator, and where it exists.

    Attributes
    ----------
    strategy : tuple of polynomial
        Numerator of the probability of each of the player's strategies.
    losses : tuple of polynomial
        Numerator of what the other player loses by each of its own against the best of them.
    denominator : polynomial
        Of all of them.
    spans : list of pairs of numbers
        Closed intervals of t, single numbers among them.
    """

    strategy: tuple[fmpq_poly, ...]
    losses: tuple[fmpq_poly, ...]
    denominator: fmpq_poly
    spans: tuple[tuple[Algebraic, Algebraic], ...]

    @cached_property
    def unused(self) -> frozenset[int]:
        """Strategies that are never played."""
        return frozenset(place for place, one in enumerate(self.strategy) if not one)

    @cached_property
    def best(self) -> frozenset[int]:
        """The other player's strategies that lose nothing anywhere."""
        return frozenset(place for place, one in enumerate(self.losses) if not one)


def _vertices(start: Array, change: Array, over: tuple[Algebraic, Algebraic]) -> list[Vertex]:
    """Vertices of one player's strategies (columns) against the other's payoffs (rows), each once."""
    rows, columns = start.shape
    bases = sum(math.comb(rows, size) * math.comb(columns, size) for size in range(1, min(rows, columns) + 1))
    if bases > _MOST_BASES:
        raise SizeError(
            f"{bases:,} pairs of supports of {rows} x {columns} actions are too many for exact functions of t (at most "
            f"{_MOST_BASES:,}); solve at chosen numbers t with fairgames.equilibria instead"
        )
    payoffs = [
        [fmpq_poly([_q(a), _q(b)]) for a, b in zip(*lines, strict=True)] for lines in zip(start, change, strict=True)
    ]
    found: dict[tuple[Any, ...], Vertex] = {}
    for size in range(1, min(rows, columns) + 1):
        for support in combinations(range(columns), size):
            for tight in combinations(range(rows), size):
                solved = _solved(payoffs, tight, support)
                if solved is None:
                    continue
                strategy, losses, denominator = _in_lowest_terms(*solved)
                key = tuple(map(str, (*strategy, *losses, denominator)))
                if key not in found:
                    spans = _where_positive(strategy, losses, denominator, over)
                    if spans:
                        found[key] = Vertex(strategy, losses, denominator, spans)
    return list(found.values())


def _q(number: Any) -> fmpq:
    exact = Fraction(number)
    return fmpq(exact.numerator, exact.denominator)


Solved = tuple[tuple[fmpq_poly, ...], tuple[fmpq_poly, ...], fmpq_poly]


def _solved(payoffs: Sequence[Sequence[fmpq_poly]], tight: Sequence[int], support: Sequence[int]) -> Solved | None:
    """Strategy on a support against which the tight rows earn the same, by Cramer's rule; None if that is singular.

    Numerators and determinant have at most the degree of the size of the support, so that values at one more number
    determine them.
    """
    size = len(support)
    points, values = [], []
    for number in range(2 * size + 1):
        matrix = fmpq_mat(size + 1, size + 1)
        for line, row in enumerate(tight):
            for place, column in enumerate(support):
                matrix[line, place] = payoffs[row][column](fmpq(number))
            matrix[line, size] = fmpq(-1)
        for place in range(size):
            matrix[size, place] = fmpq(1)
        determinant = matrix.det()
        if determinant == 0:
            continue
        right = fmpq_mat(size + 1, 1)
        right[size, 0] = fmpq(1)
        solution = matrix.solve(right)
        points.append(fmpq(number))
        values.append([solution[place, 0] * determinant for place in range(size + 1)] + [determinant])
        if len(points) == size + 1:
            break
    else:
        return None
    *weights, earned, denominator = _interpolated(points, values)
    strategy = [fmpq_poly()] * len(payoffs[0])
    for column, weight in zip(support, weights, strict=True):
        strategy[column] = weight
    losses = tuple(
        fmpq_poly() if row in tight else earned - sum((line[c] * strategy[c] for c in support), fmpq_poly())
        for row, line in enumerate(payoffs)
    )
    return tuple(strategy), losses, denominator


def _interpolated(points: Sequence[fmpq], values: Sequence[Sequence[fmpq]]) -> list[fmpq_poly]:
    """Polynomials through values (one list a point), by Newton's divided differences."""
    columns = []
    for column in zip(*values, strict=True):
        table = list(column)
        for step in range(1, len(points)):
            for place in range(len(points) - 1, step - 1, -1):
                table[place] = (table[place] - table[place - 1]) / (points[place] - points[place - step])
        polynomial = fmpq_poly([table[-1]])
        for place in range(len(points) - 2, -1, -1):
            polynomial = polynomial * fmpq_poly([-points[place], fmpq(1)]) + fmpq_poly([table[place]])
        columns.append(polynomial)
    return columns


def _in_lowest_terms(strategy: Sequence[fmpq_poly], losses: Sequence[fmpq_poly], denominator: fmpq_poly) -> Solved:
    common = denominator
    for one in strategy:
        common = common.gcd(one)
    scale = (denominator // common).coeffs()[-1]
    common = common * scale
    return tuple(one // common for one in strategy), tuple(one // common for one in losses), denominator // common


def _where_positive(
    strategy: Sequence[fmpq_poly],
    losses: Sequence[fmpq_poly],
    denominator: fmpq_poly,
    over: tuple[Algebraic, Algebraic],
) -> tuple[tuple[Algebraic, Algebraic], ...]:
    """Intervals of t on which no probability and no loss is negative."""
    conditions = [one for one in (*strategy, *losses) if one]

    def exists(at: Algebraic | Fraction) -> bool:
        below = _sign(denominator, at)
        return below != 0 and all(below * _sign(one, at) >= 0 for one in conditions)

    marks = sorted({*over, *(root for root in _roots([*conditions, denominator]) if over[0] < root < over[1])})
    spans = [(mark, mark) for mark in marks if exists(mark)]
    spans += [pair for pair in pairwise(marks) if exists(_between(*pair))]
    return tuple(_joined(spans))


def _joined(spans: Iterable[tuple[Algebraic, Algebraic]]) -> list[tuple[Algebraic, Algebraic]]:
    """Closed intervals that touch, as one; in increasing order."""
    found: list[tuple[Algebraic, Algebraic]] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _between(left: Algebraic, right: Algebraic) -> Fraction:
    bits = _BITS
    while not (low := left._ball(bits)) < (high := right._ball(bits)):
        bits *= 2
    return (enclosures.bounds(low)[1] + enclosures.bounds(high)[0]) / 2


@dataclass(frozen=True, eq=False, repr=False)
class EquilibriumFamily(Result):
    """An extreme equilibrium as a function of t, on a closed interval or at a single number.

    Attributes
    ----------
    low, high : Algebraic
        Ends, equal at a single number.
    sides : pair of Vertex
        Both players' strategies.
    """

    low: Algebraic
    high: Algebraic
    sides: tuple[Vertex, Vertex] = field(repr=False)

    @public
    def strategies(self, t: Number | int | str) -> tuple[Array, Array]:
        """Both mixed strategies at a rational t, exactly."""
        at = Fraction(as_number(t, "t"))
        first, second = (
            np.array([_value(weight, at) / _value(side.denominator, at) for weight in side.strategy], dtype=object)
            for side in self.sides
        )
        return first, second

    @property
    def formulas(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Both strategies as ratios of polynomials in t."""
        first, second = (tuple(_ratio(weight, side.denominator) for weight in side.strategy) for side in self.sides)
        return first, second

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        return "EquilibriumFamily", _HEADERS, [self._row()]

    def _row(self) -> tuple[str, ...]:
        first, second = (f"({', '.join(side)})" for side in self.formulas)
        return f"[{self.low!r}, {self.high!r}]", first, second


_HEADERS = ("t", "player 1", "player 2")


def _value(polynomial: fmpq_poly, at: Fraction) -> Fraction:
    value = polynomial(fmpq(at.numerator, at.denominator))
    return Fraction(int(value.p), int(value.q))


def _ratio(top: fmpq_poly, bottom: fmpq_poly) -> str:
    common = top.gcd(bottom) if top else bottom
    top, bottom = top // common, bottom // common
    scale = fmpq(math.lcm(int(top.denom()), int(bottom.denom())), 1)
    shared = math.gcd(*(int(term) for one in (top, bottom) for term in (one * scale).numer()))
    sign = 1 if next(term for term in bottom.coeffs() if term != 0) > 0 else -1
    above, below = (_text(one * scale * fmpq(sign, shared)) for one in (top, bottom))
    if below == "1":
        return above
    parts = (f"({one})" if " " in one else one for one in (above, below))
    return "/".join(parts)


def _text(polynomial: fmpq_poly) -> str:
    """Write a polynomial in t, lowest power first."""
    text = ""
    for power, term in enumerate(polynomial.coeffs()):
        if term != 0:
            unit = ("", "t", f"t^{power}")[min(power, 2)]
            size = "" if unit and abs(term) == 1 else f"{abs(term)}{'*' if unit else ''}"
            sign = ("-" if term < 0 else "") if not text else (" - " if term < 0 else " + ")
            text += f"{sign}{size}{unit}"
    return text or "0"


@dataclass(frozen=True, eq=False, repr=False)
class ParametricEquilibria(Result):
    """Every extreme equilibrium of ``(A0 + t·A1, B0 + t·B1)`` for every t of a closed interval.

    Attributes
    ----------
    families : tuple of EquilibriumFamily
        In increasing order of t. At each t the equilibria are the products of convex hulls of those
        that can replace one another.
    critical : tuple of Algebraic
        Numbers t at which families begin or end.
    """

    families: tuple[EquilibriumFamily, ...]
    critical: tuple[Algebraic, ...]

    @public
    def at(self, t: Number | int | str) -> tuple[tuple[Array, Array], ...]:
        """Extreme equilibria at a rational t, each once; and what families pass through there that is not extreme."""
        exact = Fraction(as_number(t, "t"))
        place = _as_algebraic(exact)
        found = {
            tuple(map(tuple, family.strategies(exact))): family.strategies(exact)
            for family in self.families
            if family.low <= place <= family.high
        }
        return tuple(found[key] for key in sorted(found))

    def _lines(self) -> tuple[str, Sequence[str], Sequence[Sequence[object]]]:
        title = f"{len(self.families)} families of extreme equilibria"
        return title, _HEADERS, [family._row() for family in self.families]


@public
def parametric_equilibria(game: Any, change: Any, over: Sequence[Number | int | str] = (0, 1)) -> ParametricEquilibria:
    """Find every extreme equilibrium of a two-player game whose payoffs are linear in a parameter t, for all t at once.

    Parameters
    ----------
    game : pair of array_like, nashpy.Game or pygambit.Game
        Payoffs ``A0``, ``B0`` at t = 0. Floats are taken as the binary fractions that they are.
    change : pair of array_like, shape of the payoffs
        ``A1``, ``B1``: what is added for each unit of t.
    over : pair of numbers
        Closed interval of t.

    Returns
    -------
    ParametricEquilibria
        Complete and exact: ends of intervals are rational or algebraic numbers.

    Raises
    ------
    InputError
        If there are not two players, shapes differ, or the interval is none.
    SizeError
        If there are more than 20,000 pairs of supports (above 7 x 7 actions or so).

    References
    ----------
    Mangasarian (1964), "Equilibrium points of bimatrix games".

    Examples
    --------
    The battle of the sexes, of which one player cares the less the larger t is:

    >>> battle, change = [[[2, 0], [0, 1]], [[1, 0], [0, 2]]], [[[-1, 0], [0, 0]], [[0, 0], [0, 0]]]
    >>> found = parametric_equilibria(battle, change, over=(0, 3))
    >>> for family in found.families:
    ...     print(family.low, family.high, *family.formulas)
    0 2 ('1', '0') ('1', '0')
    0 2 ('2/3', '1/3') ('1/(3 - t)', '(2 - t)/(3 - t)')
    0 3 ('0', '1') ('0', '1')
    """
    first, second = as_normal_form(game).payoffs, checked_payoffs(change)
    if len(first) != 2:
        raise InputError("game", "must have two players", len(first))
    if len(second) != 2 or second[0].shape != first[0].shape:
        raise InputError("change", f"must be two matrices of the shape {first[0].shape} of the payoffs", change)
    try:
        start, stop = over
    except (TypeError, ValueError):
        raise InputError("over", "must be a pair (from, to)", over) from None
    low, high = Fraction(as_number(start, "over[0]")), Fraction(as_number(stop, "over[1]"))
    if low > high:
        raise InputError("over", "must be a pair (from, to) in order", tuple(over))
    ends = _as_algebraic(low), _as_algebraic(high)
    columns = _vertices(first[0], second[0], ends)
    rows = _vertices(first[1].T, second[1].T, ends)
    found = _without_repetitions(list(_answering(rows, columns)))
    critical = sorted({end for family in found for end in (family.low, family.high)})
    return ParametricEquilibria(tuple(found), tuple(critical))


def _as_algebraic(number: Fraction) -> Algebraic:
    return Algebraic((-number.numerator, number.denominator), 0)


def _answering(rows: Sequence[Vertex], columns: Sequence[Vertex]) -> Iterator[EquilibriumFamily]:
    """Pairs of vertices of which neither plays what loses against the other, where that is so."""
    for x in rows:
        for y in columns:
            spans = [
                (max(one[0], other[0]), min(one[1], other[1]))
                for one in x.spans
                for other in y.spans
                if max(one[0], other[0]) <= min(one[1], other[1])
            ]
            if not spans:
                continue
            products = [(x.strategy[k], y.losses[k]) for k in range(len(x.strategy)) if k not in x.unused | y.best]
            products += [(y.strategy[k], x.losses[k]) for k in range(len(y.strategy)) if k not in y.unused | x.best]
            if products:
                points = _roots(products[0])
                spans = [
                    (point, point)
                    for point in points
                    if any(low <= point <= high for low, high in spans)
                    and all(_sign(weight, point) == 0 or _sign(loss, point) == 0 for weight, loss in products)
                ]
            yield from (EquilibriumFamily(low, high, (x, y)) for low, high in spans)


def _without_repetitions(families: Sequence[EquilibriumFamily]) -> list[EquilibriumFamily]:
    """Drop single numbers at which another family, or an earlier one of these, plays the same; order the rest."""
    kept = [family for family in families if family.low < family.high]
    for family in families:
        if family.low == family.high and not any(_same_at(family, other, family.low) for other in kept):
            kept.append(family)
    return sorted(kept, key=lambda family: (family.low, family.high))


def _same_at(family: EquilibriumFamily, other: EquilibriumFamily, at: Algebraic) -> bool:
    if not other.low <= at <= other.high:
        return False
    return all(
        _sign(mine * its_side.denominator - its * my_side.denominator, at) == 0
        for my_side, its_side in zip(family.sides, other.sides, strict=True)
        for mine, its in zip(my_side.strategy, its_side.strategy, strict=True)
    )
