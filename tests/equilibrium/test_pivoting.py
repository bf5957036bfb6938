"""Every vertex of a best-response polytope, against all intersections of its inequalities."""

from __future__ import annotations

import itertools
import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairgames.equilibrium import vertices as pivoting
from fairgames.equilibrium.enclosures import rank_and_determinant
from fairgames.equilibrium.vertices import edges, solve_vertices, vertices

matrices = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(1, 4), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


def brute_points(M):
    """Points where n_columns independent inequalities are tight and all hold, by Cramer's rule."""
    n_rows, n_columns = len(M), len(M[0])
    rows = [[-int(i == j) for j in range(n_columns)] for i in range(n_columns)] + M
    right = [0] * n_columns + [1] * n_rows
    points = {}
    for chosen in itertools.combinations(range(len(rows)), n_columns):
        square = [rows[i] for i in chosen]
        determinant = round(float(np.linalg.det(np.array(square, dtype=float))))
        if determinant == 0:
            continue
        point = []
        for column in range(n_columns):
            replaced = [[right[i] if j == column else rows[i][j] for j in range(n_columns)] for i in chosen]
            point.append(Fraction(round(float(np.linalg.det(np.array(replaced, dtype=float)))), determinant))
        values = [sum(a * x for a, x in zip(row, point, strict=True)) for row in rows]
        if all(value <= limit for value, limit in zip(values, right, strict=True)):
            points[tuple(point)] = {i for i, (v, limit) in enumerate(zip(values, right, strict=True)) if v == limit}
    return points


@given(matrices)
def test_all_vertices_are_walked_to_once_with_all_their_tight_inequalities(M):
    expected = brute_points(M)
    found = list(vertices(M))
    assert len(found) == len(expected)
    tight_sets = {frozenset(tight) for tight in expected.values()}
    assert {frozenset(k for k in range(12) if vertex.tight >> k & 1) for vertex in found} == tight_sets
    for vertex in found:
        scales = {
            Fraction(w) / x
            for point, tight in expected.items()
            for w, x in zip(vertex.weights, point, strict=True)
            if x and sum(1 << k for k in tight) == vertex.tight
        }
        assert len(scales) <= 1


def perturbed_bases(M, e=Fraction(1, 10**6)):
    """Sets of tight inequalities at the vertices when inequality ``k`` of ``M x <= 1`` is eased by ``e**(k + 1)``."""
    n_rows, n_columns = len(M), len(M[0])
    rows = [[-int(i == j) for j in range(n_columns)] for i in range(n_columns)] + M
    right = [0] * n_columns + [int((1 + e ** (k + 1)) / e**n_rows) for k in range(n_rows)]
    for chosen in itertools.combinations(range(len(rows)), n_columns):
        square = [rows[i] for i in chosen]
        determinant = rank_and_determinant(square)[1]
        if determinant:
            point = [
                Fraction(
                    rank_and_determinant(
                        [[right[i] if j == column else rows[i][j] for j in range(n_columns)] for i in chosen]
                    )[1],
                    determinant,
                )
                for column in range(n_columns)
            ]
            if all(sum(map(operator.mul, row, point)) <= limit for row, limit in zip(rows, right, strict=True)):
                yield frozenset(chosen)


@given(matrices)
def test_ties_are_broken_as_if_every_inequality_were_eased_a_little(M):
    walked = []
    with pytest.MonkeyPatch.context() as patch:
        as_it_is = pivoting._vertex
        patch.setattr(pivoting, "_vertex", lambda here, n: walked.append(frozenset(here.cobasic)) or as_it_is(here, n))
        list(vertices(M))
    assert len(set(walked)) == len(walked)
    assert set(walked) == set(perturbed_bases(M))


@given(matrices.filter(lambda M: len(M) == len(M[0])))
def test_determinants_and_ranks(M):
    rank, determinant = rank_and_determinant(M)
    assert determinant == round(float(np.linalg.det(np.array(M, dtype=float))))
    assert rank == np.linalg.matrix_rank(np.array(M, dtype=float))


def test_rank_of_rectangles():
    assert rank_and_determinant([[0, 0], [0, 0], [0, 1]]) == (1, 0)


@given(matrices, st.randoms(use_true_random=False))
def test_degeneracy_is_more_best_responses_than_actions(M, random):
    """Against the definition, at the points where degeneracy shows: intersections of indifferences."""
    N = [[random.randint(1, 4) for _ in row] for row in M]
    A, B = np.array(M), np.array(N)
    degenerate = False
    for opponent in (B.T, A):
        for point, tight in brute_points(opponent.tolist()).items():
            if any(point):
                played = sum(x > 0 for x in point)
                answers = sum(k >= len(point) for k in tight)
                degenerate |= answers > played
    assert solve_vertices((A.astype(float), B.astype(float)), lambda _: None).degenerate == degenerate


@example([[1, 1, 2], [1, 1, 1]])
@given(matrices)
def test_all_edges_off_the_last_face_are_walked_to_once(M):
    n_columns = len(M[0])
    rows = [[-int(i == j) for j in range(n_columns)] for i in range(n_columns)] + M
    points = brute_points(M)
    expected = set()
    for (one, tight), (other, also_tight) in itertools.combinations(points.items(), 2):
        together = [rows[k] for k in tight & also_tight]
        rank = rank_and_determinant(together)[0] if together else 0
        if rank == n_columns - 1 and (one[-1] or other[-1]):
            expected.add(frozenset((frozenset(tight), frozenset(also_tight))))
    found = [frozenset(frozenset(k for k in range(12) if end.tight >> k & 1) for end in pair) for pair in edges(M)]
    assert len(found) == len(set(found))
    assert set(found) == expected


@given(matrices)
def test_slacks_are_what_is_left_of_each_inequality(M):
    for vertex in vertices(M):
        left = [sum(a * x for a, x in zip(row, vertex.weights, strict=True)) for row in M]
        totals = {used + slack for used, slack in zip(left, vertex.slacks, strict=True)}
        assert len(totals) == 1
        assert totals.pop() > 0
