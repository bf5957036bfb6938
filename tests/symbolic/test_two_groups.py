import random
from fractions import Fraction
from itertools import product

import pytest
import sympy as sp

from symbolic import errors, two_group_cells, two_group_regions, two_groups
from symbolic.symbols import alpha, c1, c2
from symbolic.two_group_places import Place


@pytest.fixture(scope="module")
def table():
    return two_group_cells.cells()


def payoffs(game, costs, p, q):
    """Expected payoffs of both users from theorem 2's matrices, and the expected utility; game is (U_1, U_2, alpha)."""
    u, v, fraction = game
    x, y = 1 - p, 1 - q
    first = x * (q * fraction * u + y * fraction * v / 2 - costs[0])
    second = y * (p * fraction * u + x * fraction * v / 2 - costs[1])
    return first, second, x * q * u + y * p * u + x * y * v


def is_equilibrium(game, costs, p, q):
    first, second, _ = payoffs(game, costs, p, q)
    return all(payoffs(game, costs, other, q)[0] <= first for other in (0, 1)) and all(
        payoffs(game, costs, p, other)[1] <= second for other in (0, 1)
    )


def indifference(u, v, level):
    return (level - v / 2) / (u - v / 2)


def example(place, fraction, bottom, top):
    """A cost at the given place."""
    return {
        Place.BELOW: fraction * bottom / 2,
        Place.AT_MIN: fraction * bottom,
        Place.INSIDE: fraction * (bottom + 2 * top) / 3,
        Place.AT_MAX: fraction * top,
        Place.ABOVE: fraction * top * 2,
    }[place]


def test_there_are_nine_open_cells(table):
    assert len(table) == 25
    open_cells = [cell for cell in table if not cell.is_boundary]
    assert len(open_cells) == 9
    assert not any(cell.has_continuum for cell in open_cells)
    corner = next(cell for cell in open_cells if cell.places == (Place.INSIDE, Place.INSIDE))
    assert len(corner.equilibria) == 3


@pytest.mark.parametrize("places", list(product(Place, repeat=2)), ids=lambda pair: f"{pair[0].name}-{pair[1].name}")
def test_cells_hold_exactly_the_equilibria(places, table):
    u, v, fraction = Fraction(2, 3), Fraction(1), Fraction(3, 5)
    costs = [example(place, fraction, v / 2, u) for place in places]
    cell = next(cell for cell in table if cell.places == places)
    numbers = {alpha: sp.Rational(3, 5), c1: sp.sympify(costs[0]), c2: sp.sympify(costs[1])}
    assert cell.condition.subs(numbers) == sp.true
    sets = [sp.sympify(equilibrium.subs(numbers)) for equilibrium in cell.equilibria]
    marks = [indifference(u, v, costs[1] / fraction), indifference(u, v, costs[0] / fraction)]
    axes = [sorted({Fraction(k, 6) for k in range(7)} | ({mark} if 0 <= mark <= 1 else set())) for mark in marks]
    for p, q in product(*axes):
        point = sp.Tuple(sp.Rational(p.numerator, p.denominator), sp.Rational(q.numerator, q.denominator))
        listed = any(point in equilibria for equilibria in sets)
        assert listed == is_equilibrium((u, v, fraction), costs, p, q), (p, q)


def test_mixed_equilibrium_corrects_appendix_e():
    mixed = two_groups.mixed_equilibrium()
    assert sp.simplify(mixed.first.expression - (6 * c2 / alpha - 3)) == 0
    assert sp.simplify(mixed.second.expression - (6 * c1 / alpha - 3)) == 0
    assert (mixed.first.at("0.8", "0.5"), mixed.second.at("0.8", "0.45")) == (sp.Rational(3, 4), sp.Rational(3, 8))


def test_best_responses_by_definition():
    u, v, fraction = Fraction(2, 3), Fraction(1), Fraction(3, 5)
    for response in two_groups.best_responses(2):
        cost = example(response.place, fraction, v / 2, u)
        numbers = {alpha: sp.Rational(3, 5), c2: sp.sympify(cost)}
        assert response.condition.subs(numbers) == sp.true
        for p in [Fraction(k, 6) for k in range(7)]:
            best = max(payoffs((u, v, fraction), (0, cost), p, q)[1] for q in (0, 1))
            for q in (Fraction(0), Fraction(1, 3), Fraction(1)):
                listed = any(
                    sp.sympify(p) in other.subs(numbers) and sp.sympify(q) in own.subs(numbers)
                    for other, own in response.cases
                )
                assert listed == (payoffs((u, v, fraction), (0, cost), p, q)[1] == best)


def enumerate_optimum(u, v, costs):
    """The best value over all alphas at which an equilibrium can begin or end, and a grid between them."""
    bottom, top = v / 2, u
    alphas = {cost / end for cost in costs for end in (bottom, top)} | {Fraction(k, 15) for k in range(1, 16)}
    best = Fraction(0)
    for fraction in alphas:
        if not 0 < fraction <= 1:
            continue
        marks = [indifference(u, v, costs[1] / fraction), indifference(u, v, costs[0] / fraction)]
        ps, qs = ({0, 1, marks[0]}, {0, 1, marks[1]})
        for p, q in product(ps, qs):
            if 0 <= p <= 1 and 0 <= q <= 1 and is_equilibrium((u, v, fraction), costs, p, q):
                best = max(best, (1 - fraction) * payoffs((u, v, fraction), costs, p, q)[2])
    return best


@pytest.mark.parametrize("n_points", [3, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize("utilities", [("2/3", 1), ("1", "3/2"), ("1", "19/10"), ("1", "1"), ("1", "6/5")])
def test_region_map_against_enumeration(utilities, n_points):
    u, v = (Fraction(value) for value in utilities)
    regions = two_group_regions.region_map(utilities)
    generator = random.Random(7)
    for _ in range(n_points):
        a = Fraction(generator.randint(1, 120), 100) * u
        b = a * (1 + Fraction(generator.choice((0, 1, 2, 5, 8, 20, 60)), 100))
        costs = [a, b] if generator.random() < 0.5 else [b, a]
        assert regions.value.at(*costs) == sp.sympify(enumerate_optimum(u, v, costs))
        pair = {two_group_regions.CHEAPER: sp.sympify(a), two_group_regions.DEARER: sp.sympify(b)}
        region = next(region for region in regions.regions if region.condition.subs(pair) == sp.true)
        assert region.value.subs(pair) == regions.value.at(*costs)


@pytest.mark.parametrize(
    "costs", [("1/2", "3/5"), ("3/10", "19/50"), (0, 0), (0, "1/3"), ("1/3", "1/3"), ("1/4", "1/4"), ("2/3", "2/3")]
)
def test_region_map_where_a_curve_ends(costs):
    numbers = [Fraction(cost) for cost in costs]
    regions = two_group_regions.region_map()
    value = regions.value.at(*costs)
    if all(numbers):
        assert value == sp.sympify(enumerate_optimum(Fraction(2, 3), Fraction(1), numbers))
    else:
        assert value == (1 if not any(numbers) else sp.Rational(2, 3))
    assert regions.value.lambdify()(*map(float, numbers)) == pytest.approx(float(value))


def test_half_mixed_region_of_the_paper():
    regions = two_group_regions.region_map()
    a, b = two_group_regions.CHEAPER, two_group_regions.DEARER
    half = regions.regions[0]
    assert half.name == "half-mixed"
    assert sp.simplify(half.value - (1 - 2 * a) * (2 - b / a)) == 0
    assert sp.simplify(half.cheaper_out - (3 * b / a - 3)) == 0
    curves = dict(regions.boundaries)
    assert sp.simplify(curves["half-mixed | one"].rhs - a * (2 - (sp.Rational(2, 3) - a) / (1 - 2 * a))) == 0
    assert curves["half-mixed | both"] == sp.Eq(a, sp.Rational(1, 4))
    assert sp.Tuple(sp.Rational(3, 10), sp.Rational(31, 100)) in half.as_set()
    assert regions.value.at("0.3", "0.31") == sp.Rational(29, 75)


def test_region_map_for_symbols():
    u, v = sp.symbols("U_1 U_2", positive=True)
    general, paper = two_group_regions.region_map((u, v)), two_group_regions.region_map()
    for left, right in zip(general.regions, paper.regions, strict=True):
        difference = left.value.subs({u: sp.Rational(2, 3), v: 1}) - right.value
        assert sp.simplify(difference) == 0


def test_cells_and_regions_write_latex_and_become_functions(table):
    cell = next(cell for cell in table if cell.places == (Place.AT_MIN, Place.INSIDE))
    assert cell.lambdify()(0.6, 0.3, 0.31) == [[(0, 0), (1, 1)], [(pytest.approx(0.1), 1), (0, 0)]]
    assert all(r"\alpha" in entry.latex() for entry in table)
    response = two_groups.best_responses()[2]
    assert response.lambdify()(0.6, 0.31)[1] == [(pytest.approx(0.1),) * 2, (0, 1)]
    assert r"\mapsto" in response.latex()
    half, both, *_ = two_group_regions.region_map().regions
    assert half.lambdify()(0.3, 0.31) == (True, pytest.approx(0.6), pytest.approx(29 / 75))
    assert both.lambdify()(0.3, 0.5)[0] is False
    assert r"\alpha^{*}" in half.latex()


@pytest.mark.parametrize("call", [two_group_cells.cells, two_group_regions.region_map, two_groups.mixed_equilibrium])
def test_bad_input(call):
    with pytest.raises(errors.ClaimError, match="diminishing"):
        call(("1", "3"))
    with pytest.raises(errors.ClaimError, match="monotone"):
        call(("1", "1/2"))
    with pytest.raises(errors.InputError, match="additive"):
        call(("1", "2"))
