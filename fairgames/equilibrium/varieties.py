"""All equilibria with given supports, decided exactly: none, points, or continua; for `supports`.

The indifference equations are split into irreducible factors, and solved for one probability after another: each is
linear in some of them. What remains is a rational point, the real roots of one polynomial, or a region in parameters,
on which the inequalities are decided at algebraic numbers. Where none of this leads to an end, it says so.

References
----------
Basu, Pollack and Roy (2006), *Algorithms in Real Algebraic Geometry*. Datta (2010), "Finding all Nash equilibria of a
finite game using polynomial algebra", Economic Theory 42.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from fairgames.equilibrium import enclosures
from fairgames.equilibrium.enclosures import Gains, Polynomial, Root
from fairgames.equilibrium.rational import simplest_between
from fairgames.equilibrium.solver import Piece, Strategies, Supports

_MOST_TERMS = 400
_MOST_STEPS = 2000
_SAMPLES = 400
_FEW_SAMPLES = 30
_BOXES = 400
_BITS = 256


class _System(NamedTuple):
    """``equations = 0``, ``nonzero ≠ 0``, ``positive > 0`` and ``least ≥ 0``; the free variables are positive, too."""

    equations: tuple[Polynomial, ...]
    nonzero: tuple[Polynomial, ...]
    positive: tuple[Polynomial, ...]
    least: tuple[Polynomial, ...]
    free: frozenset[int]
    solved: tuple[tuple[int, Polynomial, Polynomial], ...] = ()
    """Variable, numerator and denominator, in the variables that were free then."""


class _OpenError(Exception):
    """No decision is within reach."""


def pieces(gains: Gains, supports: Supports, shape: Sequence[int]) -> tuple[list[Piece], bool]:
    """Decide one support.

    Parameters
    ----------
    gains : list of ndarray
        Of the support (`gains_on`).
    supports : tuple of tuple of int
        Actions that each player plays with positive probability.
    shape : sequence of int
        Numbers of actions.

    Returns
    -------
    found : list of Piece
    decided : bool
        Whether these are all.

    Examples
    --------
    >>> P = np.array([[[3, 1], [1, 0]], [[1, 0], [0, 2]]], dtype=object)
    >>> both = ((0, 1),) * 3
    >>> (piece,), decided = pieces(enclosures.gains_on((P, P, P), both), both, (2, 2, 2))
    >>> piece.dimension, piece.equations[-1], decided
    (0, 'x3_1^2 + x3_1 - 1 = 0', True)
    """
    names: list[str] = []
    groups: list[tuple[int, ...]] = []
    for player, support in enumerate(supports):
        groups.append(tuple(range(len(names), len(names) + len(support) - 1)))
        names += [f"x{player + 1}_{action}" for action in support[1:]]
    own = enclosures.ring(tuple(names))
    equations: list[Polynomial] = []
    least: list[Polynomial] = []
    for tensor, support in zip(gains, supports, strict=True):
        for action, values in enumerate(tensor):
            if action != support[0]:
                polynomial = enclosures.multilinear(own, groups, _in_differences(values))
                (equations if action in support else least).append(polynomial if action in support else -polynomial)
    variables = own.gens()
    positive = [1 - sum(variables[place] for place in group) for group in groups if group]
    search = _Search(names, groups, supports, shape)
    system = _System(tuple(equations), (), tuple(positive), tuple(least), frozenset(range(len(names))))
    found: list[Piece] = []
    try:
        found += search.solve(system)
    except _OpenError:
        return found, False
    return found, True


def _in_differences(values: Any) -> Any:
    """Coefficients of 1 and of the later probabilities, from values at the actions of each support."""
    for axis, size in enumerate(values.shape):
        if size > 1:
            first = values.take([0], axis=axis)
            values = np.concatenate([first, values.take(range(1, size), axis=axis) - first], axis=axis)
    return values


class _Search:
    """One support: its variables, how its points read as strategies, and how much work is left."""

    def __init__(self, names: list[str], groups: list[tuple[int, ...]], supports: Supports, shape: Sequence[int]):
        self.names, self.groups, self.supports, self.shape = names, groups, supports, shape
        self.steps = _MOST_STEPS
        self.random = random.Random(0)

    def solve(self, system: _System) -> Iterator[Piece]:
        """All pieces, no point twice."""
        self.steps -= 1
        simple = _simplified(system)
        if simple is None:
            return
        system = simple
        most = max((len(p) for p in (*system.equations, *system.positive, *system.least)), default=0)
        if self.steps < 0 or most > _MOST_TERMS:
            raise _OpenError
        for place, equation in enumerate(system.equations):
            factors = [factor for factor, _ in equation.factor()[1] if not _one_signed(factor)]
            others = system.equations[:place] + system.equations[place + 1 :]
            if len(factors) != 1 or factors[0] != equation:
                for number, factor in enumerate(factors):
                    nonzero = (*system.nonzero, *factors[:number])
                    yield from self.solve(system._replace(equations=(factor, *others), nonzero=nonzero))
                return
        step = _linear_step(system)
        if step is not None:
            place, variable, slope, rest = step
            others = system.equations[:place] + system.equations[place + 1 :]
            if not _one_signed(slope):
                yield from self.solve(system._replace(equations=(*others, slope, rest)))
            yield from self.solve(_substituted(system._replace(equations=others), variable, -rest, slope))
        elif not system.equations:
            yield from self._region(system)
        else:
            yield from self._nonlinear(system)

    def _region(self, system: _System) -> Iterator[Piece]:
        """Where only inequalities are left."""
        if not system.free:
            yield self._piece(system, 0, [{}])
        elif len(system.free) == 1:
            yield from self._line(system)
        else:
            free = sorted(system.free)
            strict = system._replace(positive=(*system.positive, *system.least), least=())
            sample = self._sample(strict, free, tries=_FEW_SAMPLES)
            if sample is None:
                conditions = (*strict.positive, *strict.nonzero)
                points = self._points_of_cells(_irreducible(conditions), free)
                sample = next((point for point in points if self._holds(strict, point)), None)
            if sample is not None:
                yield self._piece(system, len(system.free), [sample])
                return
            for number, border in enumerate(system.least):
                above = (*system.positive, *system.least[:number])
                rest = system.least[number + 1 :]
                yield from self.solve(system._replace(equations=(border,), positive=above, least=rest))

    def _points_of_cells(self, polynomials: list[Polynomial], free: Sequence[int]) -> Iterator[dict[int, Any]]:
        """Rational points, one at least wherever in the unit cube no polynomial changes its sign (Collins 1975).

        Projections are those that suffice for open cells (McCallum 1993).
        """
        if not free:
            yield {}
            return
        *others, variable = free
        here = [p for p in polynomials if p.degrees()[variable]]
        below = [p for p in polynomials if not p.degrees()[variable]]
        name = self.names[variable]
        for place, polynomial in enumerate(here):
            powers = _by_power(polynomial, variable)
            below += [powers[0], powers[-1], sum(powers)]
            if len(powers) > 2:
                below.append(polynomial.discriminant(name))
            below += [polynomial.resultant(other, name) for other in here[:place]]
        for point in self._points_of_cells(_irreducible(below), others):
            known = {self.names[place]: value for place, value in point.items()}
            lines = [enclosures.univariate(p.subs(known), variable) for p in here]
            ends = _ends(lines)
            for place in range(len(ends) + 1):
                self.steps -= 1
                if self.steps < 0:
                    raise _OpenError
                yield point | {variable: _between(ends, place)}

    def _line(self, system: _System) -> Iterator[Piece]:
        """One parameter: the intervals and points on which the inequalities hold."""
        (variable,) = system.free
        conditions = [
            [enclosures.univariate(polynomial, variable) for polynomial in group]
            for group in (system.positive, system.least, system.nonzero)
        ]
        ends = _ends([polynomial for group in conditions for polynomial in group])

        def holds(sign: Any) -> bool:
            positive, least, nonzero = ([sign(polynomial) for polynomial in group] for group in conditions)
            return min(positive, default=1) > 0 and min(least, default=0) >= 0 and all(nonzero)

        run: list[Any] = []
        for place in range(2 * len(ends) + 1):
            end = ends[place // 2] if place % 2 else None
            if end is None:
                point = _between(ends, place // 2)
                good = holds(lambda p, point=point: enclosures.sign_of_ball(p(point)))
            else:
                good = holds(end.sign)
            if good:
                run.append(end or point)
            if run and (not good or place == 2 * len(ends)):
                inner = [one for one in run if not isinstance(one, Root)]
                points = [
                    *inner[len(inner) // 2 :][:1],
                    *(one for one in {id(run[0]): run[0], id(run[-1]): run[-1]}.values() if isinstance(one, Root)),
                ]
                yield self._piece(system, int(bool(inner)), [{variable: one} for one in points])
                run = []

    def _nonlinear(self, system: _System) -> Iterator[Piece]:
        """Where an equation is left that is linear in no probability."""
        unknown = [{v for v, degree in enumerate(e.degrees()) if degree} for e in system.equations]
        alone = next((place for place, own in enumerate(unknown) if len(own) == 1), None)
        if alone is not None and len(system.equations) == 1:
            (variable,) = unknown[alone]
            others = sorted(system.free - {variable})
            irreducible = enclosures.univariate(system.equations[alone], variable)
            for root in enclosures.roots_between_0_and_1(irreducible):
                at_root = [{variable: root}]
                if not others:
                    if self._holds(system, {variable: root}):
                        yield self._piece(system, 0, at_root)
                    continue
                sample = self._sample(system, others, {variable: root})
                if sample is None:
                    raise _OpenError
                yield self._piece(system, len(others), [sample])
        elif len(system.equations) == 1:
            sample = self._sample_on(system, system.equations[0], unknown[0])
            if sample is not None:
                yield self._piece(system, len(system.free) - 1, [sample])
            elif not self._is_empty(system):
                raise _OpenError
        elif not self._is_empty(system):
            if len(set().union(*unknown)) != 2:
                raise _OpenError
            yield from self._plane(system, None if alone is None else unknown[alone], unknown)

    def _plane(self, system: _System, alone: set[int] | None, unknown: Sequence[set[int]]) -> Iterator[Piece]:
        """Several equations in two unknowns: the roots of a resultant, and of the common factor above each."""
        if alone is None:
            first, second = system.equations[:2]
            eliminated = min(unknown[0], key=lambda place: first.degrees()[place] * second.degrees()[place])
            for factor in _irreducible([first.resultant(second, self.names[eliminated])]):
                if not _one_signed(factor):
                    yield from self.solve(system._replace(equations=(factor, *system.equations)))
            return
        (kept,) = alone
        (other,) = set().union(*unknown) - alone
        fixed = next(e for e, own in zip(system.equations, unknown, strict=True) if own == alone)
        modulus = enclosures.univariate(fixed, kept)
        if not enclosures.roots_between_0_and_1(modulus):
            return
        rows = [
            [enclosures.univariate(power, kept) % modulus for power in _by_power(equation, other)]
            for equation, own in zip(system.equations, unknown, strict=True)
            if other in own
        ]
        common: list[Any] = []
        for row in rows:
            common = _common_factor(common, row, modulus)
        slopes = [place * value for place, value in enumerate(common)][1:]
        repeated = _common_factor(common, slopes, modulus)
        if len(common) > 1 and len(common) - len(repeated) != 1:
            raise _OpenError
        if len(common) > 1:
            # All roots are one: minus the second coefficient from above, by the degree.
            degree = len(common) - 1
            root = enclosures.multivariate(common[-2] / -degree, kept, fixed.context())
            line = fixed.context().gen(other) - root
            yield from self.solve(system._replace(equations=(line, fixed)))

    def _holds(self, system: _System, values: dict[int, Any]) -> bool:
        """Whether all inequalities hold at a point of which at most one coordinate is algebraic."""
        return (
            all(_sign(p, values) > 0 for p in system.positive)
            and all(_sign(p, values) >= 0 for p in system.least)
            and all(_sign(p, values) for p in system.nonzero)
        )

    def _sample(
        self, system: _System, places: Sequence[int], more: dict[int, Any] | None = None, tries: int = _SAMPLES
    ) -> Any:
        """Rational point of these variables at which the inequalities hold."""
        for _ in range(tries):
            values: dict[int, Any] = {}
            for group in self.groups:
                weights = [self.random.randint(1, 4) * 2 ** self.random.randint(0, 5) for _ in range(len(group) + 1)]
                values |= {
                    variable: enclosures.rational(Fraction(weight, sum(weights)))
                    for variable, weight in zip(group, weights[1:], strict=True)
                    if variable in places
                }
            values |= more or {}
            if self._holds(system, values):
                return values
        return None

    def _sample_on(self, system: _System, equation: Polynomial, unknown: set[int]) -> Any:
        """Point of a hypersurface at which the inequalities hold: an algebraic coordinate beside rational ones."""
        degrees = equation.degrees()
        variable = min(unknown, key=lambda one: (degrees[one], one))
        free = system._replace(positive=(), least=(), nonzero=())
        for _ in range(_SAMPLES // 4):
            values = self._sample(free, sorted(system.free - {variable}))
            left = equation.subs({self.names[place]: value for place, value in values.items()})
            for factor, _ in enclosures.univariate(left, variable).factor()[1]:
                for root in enclosures.roots_between_0_and_1(factor) if factor.degree() else []:
                    if self._holds(system, values | {variable: root}):
                        return values | {variable: root}
        return None

    def _is_empty(self, system: _System) -> bool:
        """Whether some condition fails on every box of a subdivision of the unit cube."""
        places = sorted(system.free)
        boxes = [[(Fraction(0), Fraction(1))] * len(places)]
        for _ in range(_BOXES):
            if not boxes:
                return True
            box = boxes.pop()
            values = {place: enclosures.ball(*ends) for place, ends in zip(places, box, strict=True)}
            if (
                any(enclosures.value_at(p, values) <= 0 for p in system.positive)
                or any(enclosures.value_at(p, values) < 0 for p in system.least)
                or any(enclosures.sign_of_ball(enclosures.value_at(p, values)) for p in system.equations)
            ):
                continue
            widest = max(range(len(box)), key=lambda place: box[place][1] - box[place][0])
            low, high = box[widest]
            halves = (low, (low + high) / 2), ((low + high) / 2, high)
            boxes += [[*box[:widest], half, *box[widest + 1 :]] for half in halves]
        return False

    def _piece(self, system: _System, dimension: int, points: list[dict[int, Any]]) -> Piece:
        equations = [
            f"{self.names[variable]} = " + (f"({above})/({below})" if str(below) != "1" else str(above))
            for variable, above, below in system.solved
        ]
        roots = [(variable, r) for variable, r in points[0].items() if isinstance(r, Root)]
        if dimension == 0 and roots:
            equations += [f"{_text(root.polynomial, self.names[v])} = 0" for v, root in roots]
        else:
            equations += [f"{equation} = 0" for equation in system.equations]
        witnesses = tuple(self._strategies(system, point) for point in points)
        return Piece(self.supports, dimension, tuple(equations), witnesses)

    def _strategies(self, system: _System, point: dict[int, Any]) -> Strategies:
        """Vectors of Fractions where every coordinate is rational, otherwise of floats."""
        exact = not any(isinstance(value, Root) and value.exact is None for value in point.values())
        bits = _BITS
        while True:
            with enclosures.precision(bits):
                values = {
                    place: (value.exact if value.exact is not None else value.enclosed(bits))
                    if isinstance(value, Root)
                    else value
                    for place, value in point.items()
                }
                for variable, above, below in reversed(system.solved):
                    values[variable] = enclosures.value_at(above, values) / enclosures.value_at(below, values)
                if exact or all(enclosures.is_sharp(value) for value in values.values()):
                    break
            bits *= 2
        strategies = []
        for group, support, size in zip(self.groups, self.supports, self.shape, strict=True):
            own = [values[place] for place in group]
            number = enclosures.fraction if exact else enclosures.rounded
            vector = np.array([Fraction(0) if exact else 0.0] * size, dtype=object if exact else float)
            vector[list(support)] = [number(value) for value in (enclosures.rational(1) - sum(own), *own)]
            strategies.append(vector)
        return tuple(strategies)


def _common_factor(left: list[Any], right: list[Any], modulus: Any) -> list[Any]:
    """Greatest common factor, monic, of two polynomials over the field that a root of an irreducible one generates."""
    left, right = _monic(left, modulus), _monic(right, modulus)
    while right:
        while len(left) >= len(right):
            shift, top = len(left) - len(right), left[-1]
            left = [
                value if place < shift else (value - top * right[place - shift]) % modulus
                for place, value in enumerate(left[:-1])
            ]
            while left and left[-1] == 0:
                left = left[:-1]
        left, right = right, _monic(left, modulus)
    return left


def _monic(coefficients: list[Any], modulus: Any) -> list[Any]:
    while coefficients and coefficients[-1] == 0:
        coefficients = coefficients[:-1]
    if not coefficients:
        return []
    _, inverse, _ = coefficients[-1].xgcd(modulus)
    return [value * inverse % modulus for value in coefficients]


def _irreducible(polynomials: Sequence[Polynomial]) -> list[Polynomial]:
    """All different factors that are not constant."""
    factors: list[Polynomial] = []
    for polynomial in polynomials:
        if polynomial != 0:
            factors += [factor for factor, _ in polynomial.factor()[1] if factor not in factors]
    return factors


def _by_power(polynomial: Polynomial, variable: int) -> list[Polynomial]:
    """Coefficients of the powers of a variable."""
    terms: list[dict[Any, Any]] = [{} for _ in range(int(polynomial.degrees()[variable]) + 1)]
    for powers, coefficient in polynomial.terms():
        others = [*powers[:variable], 0, *powers[variable + 1 :]]
        terms[int(powers[variable])][tuple(map(int, others))] = coefficient
    own = polynomial.context()
    return [own.from_dict(part) for part in terms]


def _ends(polynomials: Sequence[Any]) -> list[Root]:
    """All roots of univariate polynomials in (0, 1), in order."""
    factors = {str(f): f for p in polynomials if p != 0 for f, _ in p.factor()[1]}
    return enclosures.in_order([r for f in factors.values() for r in enclosures.roots_between_0_and_1(f)])


def _text(polynomial: Any, name: str) -> str:
    """Write a univariate polynomial as one of several variables is written."""
    return str(polynomial).replace("(", "").replace(")", "").replace("+ -", "- ").replace("x", name)


def _between(ends: Sequence[Root], place: int) -> Any:
    """Rational between two neighbours of ``0, *ends, 1``."""
    bits = 64
    while True:
        low = enclosures.bounds(ends[place - 1].enclosed(bits))[1] if place else Fraction(0)
        high = enclosures.bounds(ends[place].enclosed(bits))[0] if place < len(ends) else Fraction(1)
        if low < high:
            third = (high - low) / 3
            return enclosures.rational(simplest_between(low + third, high - third))
        bits *= 2


def _sign(polynomial: Polynomial, values: dict[int, Any]) -> int:
    """Sign at a point of which at most one coordinate is algebraic."""
    root = next(((place, value) for place, value in values.items() if isinstance(value, Root)), None)
    if root is None:
        return enclosures.sign_of_ball(enclosures.value_at(polynomial, values)) or 0
    place, number = root
    names = polynomial.context().names()
    known = {names[other]: value for other, value in values.items() if other != place}
    return number.sign(enclosures.univariate(polynomial.subs(known), place))


def _one_signed(polynomial: Polynomial) -> int:
    """Sign of all coefficients, which is that of the polynomial, since all probabilities are positive; or 0."""
    coefficients = polynomial.coeffs()
    if all(value > 0 for value in coefficients):
        return 1 if coefficients else 0
    return -1 if all(value < 0 for value in coefficients) else 0


def _simplified(system: _System) -> _System | None:
    """Drop what holds everywhere; None where something holds nowhere."""
    equations = tuple(equation for equation in system.equations if equation != 0)
    if any(_one_signed(equation) for equation in equations) or any(p == 0 for p in system.nonzero):
        return None
    if any(p == 0 or _one_signed(p) < 0 for p in system.positive) or any(_one_signed(p) < 0 for p in system.least):
        return None
    return system._replace(
        equations=equations,
        nonzero=tuple(p for p in system.nonzero if not _one_signed(p)),
        positive=tuple(p for p in system.positive if _one_signed(p) <= 0),
        least=tuple(p for p in system.least if p != 0 and _one_signed(p) <= 0),
    )


def _linear_step(system: _System) -> tuple[int, int, Polynomial, Polynomial] | None:
    """The simplest equation to solve for a probability in which it is linear: its place, and slope and rest."""
    best: Any = None
    for place, equation in enumerate(system.equations):
        for variable, degree in enumerate(equation.degrees()):
            if degree == 1:
                slope = equation.derivative(variable)
                weight = (0 if slope.is_constant() else 1 if _one_signed(slope) else 2, len(slope), len(equation))
                if best is None or weight < best[0]:
                    best = weight, place, variable, slope
    if best is None:
        return None
    _, place, variable, slope = best
    return place, variable, slope, system.equations[place] - slope * slope.context().gen(variable)


def _substituted(system: _System, variable: int, above: Polynomial, below: Polynomial) -> _System:
    """Replace a probability by a quotient, whose denominator is not 0, and clear denominators by even powers of it."""

    def replaced(polynomial: Polynomial) -> Polynomial:
        powers = _by_power(polynomial, variable)
        degree = len(powers) - 1
        if not degree:
            return polynomial
        terms = [p * above**k * below ** (degree - k + degree % 2) for k, p in enumerate(powers) if p != 0]
        return sum(terms)

    groups = (tuple(map(replaced, group)) for group in system[:4])
    equations, nonzero, positive, least = groups
    nonzero = nonzero if below.is_constant() else (*nonzero, below)
    positive = (*positive, above * below)
    solved = (*system.solved, (variable, above, below))
    return _System(equations, nonzero, positive, least, system.free - {variable}, solved)
