"""Every equilibrium of three and more players, against closed forms, brute force, random starts and Gambit."""

from __future__ import annotations

import itertools
import json
import math
import re
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq_poly
from scipy import optimize

from fairgames import equilibria, verify
from fairgames.equilibrium import enclosures, varieties
from fairgames.equilibrium.solver import Notes, Solver
from fairgames.equilibrium.supports import possible_supports
from fairgames.game import gambit


def flat(strategies):
    return np.concatenate([np.asarray(own, dtype=float) for own in strategies])


def check_regular(result):
    """What holds for a complete set without continua and ties."""
    assert result.complete
    assert result.warnings == ()
    assert result.continua == ()
    assert sum(entry.index for entry in result) == 1
    assert all(entry.is_isolated and entry.radius is not None and entry.radius < 1e-12 for entry in result)


def roots_of_three_mixing_users(payoffs):
    """Interior solutions of the three bilinear equations of a 2x2x2 game, by eliminating to a quadratic."""

    def bilinear(user):
        gain = np.moveaxis(payoffs[user], user, 0)
        gain = gain[0] - gain[1]
        # With u, v the others' probabilities of action 0: a + b·u + c·v + d·u·v.
        (uv, u_), (v_, none) = gain
        return none, u_ - none, v_ - none, uv - u_ - v_ + none

    a1, b1, c1, d1 = bilinear(0)  # in y, z
    a2, b2, c2, d2 = bilinear(1)  # in x, z
    a3, b3, c3, d3 = bilinear(2)  # in x, y
    # z = -(a1 + b1 y)/(c1 + d1 y); x = -(a3 + c3 y)/(b3 + d3 y); then equation 2 in y alone.
    z, dz = np.poly1d([-b1, -a1]), np.poly1d([d1, c1])
    x, dx = np.poly1d([-c3, -a3]), np.poly1d([d3, b3])
    equation = dx * dz * a2 + x * dz * b2 + z * dx * c2 + x * z * d2
    points = []
    for y in equation.roots:
        if abs(y.imag) < 1e-12:
            point = (x(y.real) / dx(y.real), y.real, z(y.real) / dz(y.real))
            if all(0 < p < 1 for p in point):
                points.append(np.array(point))
    return points


@pytest.mark.parametrize("seed", range(30))
def test_fully_mixed_equilibria_of_three_users_are_the_roots_of_a_quadratic(seed):
    rng = np.random.default_rng(seed)
    payoffs = [rng.normal(size=(2, 2, 2)) for _ in range(3)]
    result = equilibria(payoffs)
    check_regular(result)
    mixed = sorted(flat(entry.strategies)[::2].tolist() for entry in result if flat(entry.strategies).min() > 0)
    roots = sorted(point.tolist() for point in roots_of_three_mixing_users(payoffs))
    np.testing.assert_allclose(np.array(mixed).reshape(-1, 3), np.array(roots).reshape(-1, 3), atol=1e-8)


def from_random_starts(payoffs, rng, count):
    """Equilibria as zeros of x = max(0, x + gains), normalised (Nash 1951), from random starts."""
    shape = payoffs[0].shape
    cuts = np.cumsum(shape)[:-1]

    def gains(x):
        strategies = np.split(x, cuts)
        result = []
        for player, payoff in enumerate(payoffs):
            values = np.moveaxis(payoff, player, 0)
            for strategy in reversed([own for other, own in enumerate(strategies) if other != player]):
                values = values @ strategy
            result.append(values)
        return result, strategies

    def residual(z):
        # Complementarity by slack: x = max(z, 0), value minus payoff = max(-z, 0), one value a player.
        x, v = np.maximum(z[: sum(shape)], 0), z[sum(shape) :]
        values, strategies = gains(x)
        short = np.maximum(-z[: sum(shape)], 0)
        levels = np.repeat(v, shape)
        return np.concatenate([levels - np.concatenate(values) - short, [own.sum() - 1 for own in strategies]])

    found = []
    for _ in range(count):
        start = np.concatenate([rng.normal(size=sum(shape)), rng.normal(size=len(shape))])
        solution = optimize.root(residual, start, method="hybr")
        if solution.success and np.abs(solution.fun).max() < 1e-10:
            point = np.maximum(solution.x[: sum(shape)], 0)
            if not any(np.abs(point - other).max() < 1e-6 for other in found):
                found.append(point)
    return found


def check_against_peers(shape, count, seed, starts):
    rng = np.random.default_rng(seed)
    met = 0
    for _ in range(count):
        payoffs = [rng.normal(size=shape) for _ in shape]
        result = equilibria(payoffs)
        check_regular(result)
        own = [flat(entry.strategies) for entry in result]
        others = from_random_starts(payoffs, rng, starts)
        gambit.enumpoly(payoffs, lambda profile, into=others: into.append(flat(profile)))
        for point in others:
            assert min(np.abs(point - one).max() for one in own) < 1e-6
        for one, other in itertools.combinations(own, 2):
            assert np.abs(one - other).max() > 1e-9
        met += len(others)
    assert met >= count


@pytest.mark.parametrize(("shape", "count"), [((2, 2, 2), 20), ((2, 3, 2), 6), ((2, 2, 2, 2), 3), ((3, 3, 3), 2)])
def test_nothing_that_gambit_or_random_starts_find_is_missed(shape, count):
    check_against_peers(shape, count, seed=1, starts=10)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "count"), [((2, 2, 2), 100), ((2, 2, 2, 2), 40), ((3, 3, 3), 20), ((2, 3, 4), 10)])
def test_nothing_is_missed_on_many_games(shape, count):
    check_against_peers(shape, count, seed=2, starts=3)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "count"), [((3, 3, 3), 40), ((2,) * 5, 10), ((2,) * 6, 1), ((4, 3, 3), 2)])
def test_every_support_of_larger_games_is_decided(shape, count):
    rng = np.random.default_rng(3)
    for _ in range(count):
        check_regular(equilibria([rng.normal(size=shape) for _ in shape]))


def exact_grid_equilibria(payoffs, parts):
    """All equilibria of a 2x2x2 game of integers whose probabilities are multiples of 1/parts."""
    weights = np.array([[k, parts - k] for k in range(parts + 1)], dtype=object)
    holds = np.ones((parts + 1,) * 3, dtype=bool)
    for player, payoff in enumerate(payoffs):
        gain = np.moveaxis(payoff, player, 0)
        gain = np.einsum("ab,ia,jb->ij", (gain[0] - gain[1]).astype(object), weights, weights).astype(float)
        gain = np.expand_dims(gain, player)
        own = np.expand_dims(np.arange(parts + 1), [other for other in range(3) if other != player])
        holds &= ((gain <= 0) | (own == parts)) & ((gain >= 0) | (own == 0))
    return [[[Fraction(k, parts), Fraction(parts - k, parts)] for k in point] for point in np.argwhere(holds).tolist()]


def satisfies(equations, strategies):
    """Whether a point fulfils the equations as they are written."""
    values = {}
    for player, own in enumerate(strategies):
        values |= {f"x{player + 1}_{action}": float(p) for action, p in enumerate(own)}
    for equation in equations:
        left, right = (re.sub(r"x\d+_\d+", lambda name: repr(values[name[0]]), side) for side in equation.split(" = "))
        left, right = (eval(side.replace("^", "**"), {}) for side in (left, right))
        if abs(left - right) > 1e-9 * max(1, abs(right)):
            return False
    return True


def is_accounted_for(result, strategies):
    supports = tuple(tuple(a for a, p in enumerate(own) if p) for own in strategies)
    return any(
        all(list(own) == list(other) for own, other in zip(strategies, entry.strategies, strict=True))
        for entry in result
    ) or any(one.supports == supports and satisfies(one.equations, strategies) for one in result.continua)


@pytest.mark.parametrize("largest", [1, 2, 9])
def test_every_equilibrium_on_a_grid_of_degenerate_games_is_accounted_for(largest):
    rng = np.random.default_rng(largest)
    for _ in range(40):
        payoffs = rng.integers(0, largest + 1, (3, 2, 2, 2))
        result = equilibria(list(payoffs))
        assert result.complete
        assert len(result) > 0
        for strategies in exact_grid_equilibria(payoffs, 12):
            assert is_accounted_for(result, strategies)


def test_the_catalogue_of_gambit_is_found_as_it_is_described():
    from pygambit import catalog

    five = equilibria(catalog.load("journals/ijgt/nau2004/sec5"))
    assert five.complete
    assert sum(entry.is_pure for entry in five) == 3
    mixing = [sum(len(own) > 1 for own in one.supports) for one in five.continua]
    assert [one.dimension for one in five.continua] == [1, 1, 1]
    assert sorted(mixing) == [1, 1, 3]
    six = equilibria(catalog.load("journals/ijgt/nau2004/sec6"))
    assert six.complete
    (segment,) = six.continua
    assert segment.dimension == 1
    for t in (Fraction(1, 10), Fraction(1, 3)):
        half = [Fraction(1, 2)] * 2
        assert satisfies(segment.equations, [half, half, [t, t, Fraction(1, 2) - t, Fraction(1, 2) - t]])


def test_the_largest_number_for_three_users_of_two_actions():
    """McKelvey and McLennan (1997), "The maximal number of regular totally mixed Nash equilibria"."""
    payoffs = np.zeros((3, 2, 2, 2), dtype=int)
    payoffs[:, 0, 0, 0], payoffs[:, 1, 1, 0] = (9, 8, 12), (9, 8, 2)
    payoffs[:, 1, 0, 1], payoffs[:, 0, 1, 1] = (3, 4, 6), (3, 4, 6)
    result = equilibria(list(payoffs))
    check_regular(result)
    assert len(result) == 9
    assert sum(all(len(own) == 2 for own in entry.supports) for entry in result) == 2


def test_a_double_root_is_found_and_no_second_one():
    # Player 1 gains y − z, player 2 gains x − z, player 3 gains (x − 1/2)(y − 1/2), where 1 is played with x, y, z.
    payoffs = np.zeros((3, 2, 2, 2), dtype=int)
    for x, y, z in itertools.product(range(2), repeat=3):
        payoffs[:, x, y, z] = 4 * x * (y - z), 4 * y * (x - z), z * (2 * x - 1) * (2 * y - 1)
    result = equilibria(list(payoffs))
    assert result.complete
    inner = [entry for entry in result if all(len(own) == 2 for own in entry.supports)]
    assert [entry.strategies[0].tolist() for entry in inner] == [[Fraction(1, 2)] * 2]
    assert inner[0].index is None


def side_by_side(first, second):
    """Four players: two games of two players that have nothing to do with each other."""
    (A, B), (C, D) = first, second
    shape = (*A.shape, *C.shape)
    left = [np.broadcast_to(M[:, :, None, None], shape) for M in (A, B)]
    return [*left, *(np.broadcast_to(M[None, None], shape) for M in (C, D))]


def supports_by_components(result):
    """Supports of all mixtures of extreme equilibria, and the dimension of the equilibria that have them."""
    dimensions = {}
    for component in result.components:
        sides = []
        for strategies in component:
            own = {}
            for size in range(1, len(strategies) + 1):
                for chosen in itertools.combinations(strategies, size):
                    points = np.array([strategy.tolist() for strategy in chosen], dtype=float)
                    support = tuple(np.flatnonzero(points.sum(axis=0)).tolist())
                    rank = int(np.linalg.matrix_rank(points - points[0]))
                    own[support] = max(own.get(support, 0), rank)
            sides.append(own)
        for (x, m), (y, n) in itertools.product(*(side.items() for side in sides)):
            dimensions[x, y] = max(dimensions.get((x, y), 0), m + n)
    return dimensions


@pytest.mark.parametrize("seed", range(4))
def test_products_of_continua_of_two_players(seed):
    rng = np.random.default_rng(seed)
    pairs = [rng.integers(0, 2, (2, 2, 2)) for _ in range(2)]
    one, other = (supports_by_components(equilibria(list(pair))) for pair in pairs)
    expected = {(*left, *right): m + n for (left, m), (right, n) in itertools.product(one.items(), other.items())}
    result = equilibria(side_by_side(*pairs))
    assert result.complete
    found = {entry.supports: 0 for entry in result}
    for continuum in result.continua:
        found[continuum.supports] = max(found[continuum.supports], continuum.dimension)
    assert found == expected


@pytest.mark.parametrize("n_users", [4, 5])
def test_identical_users_of_two_actions_follow_from_one_polynomial(n_users):
    """Joining gains g(k) when k others do, increasing in k: all who mix do so alike (MODEL 4.1)."""
    gains = [Fraction(2 * k * k, 1) - n_users for k in range(n_users)]
    payoffs = [np.empty((2,) * n_users, dtype=object) for _ in range(n_users)]
    for profile in itertools.product(range(2), repeat=n_users):
        for player, payoff in enumerate(payoffs):
            payoff[profile] = profile[player] * gains[sum(profile) - profile[player]]

    def expected_gain(p, mixing, sure):
        return sum(
            math.comb(mixing, k) * p**k * (1 - p) ** (mixing - k) * float(gains[sure + k]) for k in range(mixing + 1)
        )

    expected = set()
    for kinds in itertools.product((0, 1, "mix"), repeat=n_users):
        sure, mixing = kinds.count(1), kinds.count("mix")
        p = 0
        if mixing > 1 and expected_gain(0, mixing - 1, sure) < 0 < expected_gain(1, mixing - 1, sure):
            p = optimize.brentq(expected_gain, 0, 1, args=(mixing - 1, sure), xtol=1e-14)
        if (mixing == 0 or p) and all(
            (kind == "mix")
            or (kind == 1 and expected_gain(p, mixing, sure - 1) >= 0)
            or (kind == 0 and expected_gain(p, mixing, sure) <= 0)
            for kind in kinds
        ):
            expected.add(tuple(round(p if kind == "mix" else kind, 9) for kind in kinds))
    result = equilibria(payoffs)
    check_regular(result)
    assert {tuple(round(float(own[1]), 9) for own in entry.strategies) for entry in result} == expected


def test_a_game_without_stakes_is_one_continuum_for_each_support():
    result = equilibria([np.zeros((2, 2, 2), dtype=int)] * 3)
    assert result.complete
    assert sum(entry.is_pure for entry in result) == 8
    assert not any(entry.is_isolated for entry in result)
    assert sorted(one.dimension for one in result.continua) == [1] * 12 + [2] * 6 + [3]


def test_algebraic_equilibria_are_defined_by_their_equations():
    P = np.zeros((2, 2, 2), dtype=int)
    P[0, 0, 0], P[0, 0, 1], P[0, 1, 0], P[1, 0, 0], P[1, 1, 1] = 3, 1, 1, 1, 2
    golden = next(entry for entry in equilibria([P] * 3) if not entry.is_pure)
    np.testing.assert_allclose(golden.strategies[0][1], (math.sqrt(5) - 1) / 2)
    assert golden.equations[-1] == "x3_1^2 + x3_1 - 1 = 0"
    assert satisfies(golden.equations, golden.strategies)


def test_a_support_on_which_an_action_is_never_best_is_struck_out():
    rng = np.random.default_rng(0)
    for _ in range(20):
        payoffs = rng.integers(0, 3, (3, 2, 3, 2))
        kept = set(possible_supports(list(payoffs)))
        everything = itertools.product(
            *[[own for size in range(1, n + 1) for own in itertools.combinations(range(n), size)] for n in (2, 3, 2)]
        )
        for supports in set(everything) - kept:
            assert any(
                is_beaten(payoffs[player], player, action, list(itertools.product(*supports)))
                for player, own in enumerate(supports)
                for action in own
            )


def is_beaten(payoff, player, action, profiles):
    """Whether some other action is at least as good at all of these profiles, and at one of them better."""
    for rival in range(payoff.shape[player]):
        gaps = [
            payoff[(*p[:player], rival, *p[player + 1 :])] - payoff[(*p[:player], action, *p[player + 1 :])]
            for p in profiles
        ]
        if min(gaps) >= 0 and max(gaps) > 0:
            return True
    return False


def test_a_proof_can_be_rechecked_and_not_be_forged():
    rng = np.random.default_rng(4)
    for payoffs in ([rng.normal(size=(2, 2, 2)) for _ in range(3)], list(rng.integers(0, 2, (3, 2, 2, 2)))):
        saved = json.loads(json.dumps(equilibria(payoffs).to_dict()))
        assert verify(saved).failures == ()
        for entry in saved["equilibria"]:
            entry["radius"] = 1e-30
        assert any("radius" in failure for failure in verify(saved).failures)


def loses_one(payoffs, found):
    for action in ([1.0, 0.0], [0.0, 1.0]):
        found((action, action, action))
    return Notes()


def test_the_index_sum_reveals_a_missing_equilibrium_of_three_users():
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[1, 1, 1] = 1.0
    result = equilibria([P] * 3, method=Solver("loses", loses_one, "every", exact=True))
    assert not result.complete
    assert "add up to 2 instead of 1" in result.warnings[-1]


def leaves_one_open(payoffs, found):
    loses_one(payoffs, found)
    return Notes(open_supports=(((0, 1), (0, 1), (0, 1)),))


def test_open_supports_are_named():
    result = equilibria([np.zeros((2, 2, 2))] * 3, method=Solver("gives up", leaves_one_open, "every", exact=True))
    assert not result.complete
    assert "could not decide 1 support, by actions (((0, 1), (0, 1), (0, 1)),)" in result.warnings[0]


@pytest.mark.parametrize("seed", range(4))
def test_curves_that_no_probability_solves_linearly_meet_where_newton_says(seed):
    rng = np.random.default_rng(seed)
    ring = enclosures.ring(("x1_1", "x2_1"))
    powers = list(itertools.product(range(3), repeat=2))
    curves = rng.integers(-6, 7, (2, 9))
    equations = tuple(ring.from_dict(dict(zip(powers, map(int, own), strict=True))) for own in curves)
    search = varieties._Search(["x1_1", "x2_1"], [(0,), (1,)], ((0, 1), (0, 1)), (2, 2))
    inside = tuple(1 - x for x in ring.gens())
    system = varieties._System(equations, (), inside, (), frozenset((0, 1)))
    found = [[float(own[1]) for own in piece.witnesses[0]] for piece in search.solve(system)]

    def values(point):
        return [sum(c * point[0] ** i * point[1] ** j for c, (i, j) in zip(own, powers, strict=True)) for own in curves]

    expected = []
    for start in itertools.product(np.linspace(0.05, 0.95, 8), repeat=2):
        point = optimize.root(values, start).x
        if max(map(abs, values(point))) < 1e-10 and all(point > 0) and all(point < 1):
            expected += [point] * (not any(np.abs(point - other).max() < 1e-6 for other in expected))
    np.testing.assert_allclose(
        np.array(sorted(found)).reshape(-1, 2), np.array(sorted(map(list, expected))).reshape(-1, 2), atol=1e-8
    )


def test_bounds_of_a_root_keep_all_its_digits_so_that_near_roots_are_told_apart():
    # The quadratic's root lies within 1e-30 of 5/11: in the digits of a float both have the same bounds.
    near = fmpq_poly([120000000000000112, -264000000000000280, 91])
    (root,) = enclosures.roots_between_0_and_1(near)
    low, high = enclosures.bounds(root.enclosed(512))
    assert 0 < high - low < Fraction(1, 2**400)
    assert not low <= Fraction(5, 11) <= high
