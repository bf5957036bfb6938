import random

import pytest
import sympy as sp

from symbolic import errors, two_player
from symbolic.symbols import beta

EQ_10 = [[0, "2/3"], ["2/3", 1]]


def phi(U, user, k, m):
    alone = U[k][0] if user == 1 else U[0][m]
    other = U[0][m] if user == 1 else U[k][0]
    return (alone + U[k][m] - other) / 2


def regret(U, costs, x, y, at):
    """Largest gain of either user from moving to a pure level, payoffs divided by alpha."""
    rows, columns = range(len(U)), range(len(U[0]))
    first = [sum(y[m] * phi(U, 1, k, m) for m in columns) - at * costs[0][k] for k in rows]
    second = [sum(x[k] * phi(U, 2, k, m) for k in rows) - at * costs[1][m] for m in columns]
    return max(
        max(first) - sum(p * v for p, v in zip(x, first, strict=True)),
        max(second) - sum(p * v for p, v in zip(y, second, strict=True)),
    )


def test_the_paper_s_game_with_symbolic_costs():
    families = {family.supports: family for family in two_player.equilibrium_families(EQ_10)}
    assert len(families) == 5
    c11, c21 = two_player.cost_symbols(2, 1)[1], two_player.cost_symbols(2, 2)[1]
    mixed = families[(0, 1), (0, 1)]
    assert sp.simplify(mixed.first.expression[0] - (6 * c21 * beta - 3)) == 0
    assert sp.simplify(mixed.second.expression[0] - (6 * c11 * beta - 3)) == 0
    assert set(families[(1,), (0,)].conditions) == {
        sp.Rational(2, 3) - beta * c11 >= 0,
        beta * c21 - sp.Rational(1, 2) >= 0,
    }
    assert families[(1,), (1,)].value.expression == (beta - 1) / beta


@pytest.mark.parametrize(("seed", "shape"), [(0, (3, 3)), (1, (3, 3)), (2, (2, 3)), (3, (3, 2))])
def test_families_are_equilibria_exactly_inside_their_interval(seed, shape):
    generator = random.Random(seed)

    def number(top):
        return sp.Rational(generator.randint(1, 8 * top), 8)

    U = [[sp.S.Zero if k == m == 0 else number(4) for m in range(shape[1])] for k in range(shape[0])]
    costs = [[sp.S.Zero, number(1), number(2)][:size] for size in shape]
    inside = outside = 0
    for family in two_player.equilibrium_families(U, *costs):
        interval = family.beta_interval()
        assert family.first.arguments == (beta,)
        for at in (sp.Integer(1), sp.Rational(7, 5), sp.Integer(3), sp.Integer(9)):
            x, y = (list(form.at(at)) for form in (family.first, family.second))
            legal = min(*x, *y) >= 0
            stable = bool(legal and regret(U, costs, x, y, at) <= 0)
            assert stable == bool(interval.contains(at))
            inside += stable
            outside += not stable
            if stable:
                average = sum(x[k] * U[k][m] * y[m] for k in range(shape[0]) for m in range(shape[1]))
                assert family.utility.at(at) == average
    assert inside
    assert outside


def test_symbolic_utilities():
    u, v = sp.symbols("u v", positive=True)
    mixed = two_player.equilibrium_families([[0, u], [u, v]])[-1]
    c21 = two_player.cost_symbols(2, 2)[1]
    assert sp.simplify(mixed.first.expression[0] - (beta * c21 - v / 2) / (u - v / 2)) == 0


def test_infinite_costs_delete_levels():
    families = two_player.equilibrium_families(EQ_10, [0, "inf"], [0, "1/4"])
    assert {family.supports for family in families} == {((0,), (0,)), ((0,), (1,))}


def test_interval_with_symbolic_costs():
    pure = two_player.equilibrium_families(EQ_10)[3]
    assert pure.beta_interval("0.3", "0.31") == sp.Interval(1, sp.Rational(50, 31))
    assert pure.beta_interval("0.6", "0.31") == sp.S.EmptySet
    with pytest.raises(errors.InputError, match="c_11, c_21"):
        pure.beta_interval("0.3")


@pytest.mark.parametrize(
    ("costs", "argument"),
    [(([0], None), "costs_1"), ((None, [1, 1]), "costs_2[0]"), (([0, 0.5], None), "costs_1[1]")],
)
def test_bad_input(costs, argument):
    with pytest.raises(errors.InputError) as caught:
        two_player.equilibrium_families(EQ_10, *costs)
    assert caught.value.argument == argument
