"""Isolated equilibria of games with more users, against closed forms, brute force and Gambit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from fairgames import equilibria
from fairgames.equilibrium.subdivision import at_corners, is_regular, solve_subdivision
from fairgames.game import gambit
from fairgames.game.deviations import deviation_payoffs


def all_found(payoffs):
    found = []
    notes = solve_subdivision(payoffs, found.append)
    return [np.concatenate(profile) for profile in found], notes


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
    found, notes = all_found(payoffs)
    assert notes.warnings == ()
    mixed = sorted(profile[::2].tolist() for profile in found if profile.min() > 0)
    roots = sorted(point.tolist() for point in roots_of_three_mixing_users(payoffs))
    np.testing.assert_allclose(np.array(mixed).reshape(-1, 3), np.array(roots).reshape(-1, 3), atol=1e-8)


@pytest.mark.parametrize(("shape", "count"), [((2, 2, 2), 30), ((2, 3, 2), 10), ((2, 2, 2, 2), 5)])
def test_nothing_that_gambit_finds_is_missed_and_the_number_is_odd(shape, count):
    rng = np.random.default_rng(1)
    for _ in range(count):
        payoffs = [rng.normal(size=shape) for _ in shape]
        found, notes = all_found(payoffs)
        assert notes.warnings == ()
        assert len(found) % 2 == 1
        gambits = []
        gambit.enumpoly(payoffs, lambda profile, into=gambits: into.append(np.concatenate(profile)))
        for profile in gambits:
            assert min(np.abs(profile - own).max() for own in found) < 1e-6
        for own, other in itertools.combinations(found, 2):
            assert np.abs(own - other).max() > 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "count"), [((2, 2, 2), 300), ((3, 3, 3), 8), ((2, 3, 4), 8), ((2,) * 5, 5), ((2,) * 6, 1)]
)
def test_the_number_is_odd_on_many_games(shape, count):
    rng = np.random.default_rng(2)
    for _ in range(count):
        found, notes = all_found([rng.normal(size=shape) for _ in shape])
        assert notes.warnings == ()
        assert len(found) % 2 == 1


def test_two_players_get_what_the_exact_solver_gives():
    rng = np.random.default_rng(3)
    for size in (2, 3, 4):
        payoffs = rng.normal(size=(2, size, size))
        exact = equilibria(payoffs)
        other = equilibria(payoffs, method="subdivision")
        assert len(exact) == len(other)
        for own, theirs in zip(exact, other, strict=True):
            for x, y in zip(own.strategies, theirs.strategies, strict=True):
                np.testing.assert_allclose(x, y, atol=1e-8)


def test_continua_are_given_up_with_a_warning():
    zero = np.zeros((2, 2, 2))
    _, notes = all_found([zero] * 3)
    assert "gave up on 19 supports" in notes.warnings[0]


def test_corner_values_are_expected_payoffs():
    rng = np.random.default_rng(5)
    tensor = rng.normal(size=(2, 3, 4))
    cell = tuple(rng.dirichlet(np.ones(n), size=n) for n in tensor.shape)
    for user in range(3):
        values = at_corners(np.moveaxis(tensor, user, 0), cell, user)
        for corners in itertools.product(*(range(n) for n in tensor.shape)):
            strategies = tuple(own[c] for own, c in zip(cell, corners, strict=True))
            expected = deviation_payoffs((tensor,) * 3, strategies)[user]
            place = tuple(0 if other == user else c for other, c in enumerate(corners))
            np.testing.assert_allclose(values[(slice(None), *place)], expected)


def test_a_point_of_a_continuum_is_not_regular():
    half = np.array([0.5, 0.5])
    flat = np.zeros((2, 2))
    assert not is_regular((flat, flat), (half, half), ((0, 1), (0, 1)))
