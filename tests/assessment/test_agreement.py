"""The agreement report finds what solvers miss, invent and repeat."""

from __future__ import annotations

import numpy as np
import pytest

from fairgames import InputError, compare_solvers
from fairgames.equilibrium.solver import Solver
from fairgames.errors import SolverError

COORDINATION = [[[1, 0], [0, 1]], [[1, 0], [0, 1]]]
FIRST, SECOND, WRONG = ([1.0, 0.0], [1.0, 0.0]), ([0.0, 1.0], [0.0, 1.0]), ([1.0, 0.0], [0.0, 1.0])


def sloppy(payoffs, found):
    for profile in (FIRST, FIRST, WRONG, ([float("nan")] * 2, [1.0, 0.0])):
        found(profile)


def fail(payoffs, found):
    raise RuntimeError("out of luck")


SLOPPY = Solver("sloppy", sloppy, "complete")


def test_every_solver_is_compared_on_an_ordinary_game():
    report = compare_solvers(COORDINATION)
    rows = {row.solver: row for row in report.rows}
    assert {"vertices", "two-action", "gambit-enummixed", "gambit-enumpoly", "nashpy-support", "nashpy-vertex"} <= set(
        rows
    )
    assert len(report.reference) == 3
    assert report.reference.complete
    assert report.agreed
    assert rows["vertices"].found == (0, 1, 2)
    assert rows["pure"].found == (0, 2)
    assert rows["pure"].missed == ()
    assert len(rows["gambit-logit"].found) == 1
    assert all(row.seconds > 0 for row in report.rows)


def test_misses_inventions_and_repetitions_are_counted():
    report = compare_solvers(COORDINATION, ["two-action", SLOPPY, Solver("unlucky", fail, "one")])
    assert not report.agreed
    good, sloppy_row, unlucky = report.rows
    assert (good.missed, good.invented, good.repeated, good.status) == ((), 0, 0, "finished")
    assert sloppy_row.found == (0,)
    assert sloppy_row.missed == (1, 2)
    assert (sloppy_row.invented, sloppy_row.repeated) == (2, 1)
    assert "out of luck" in unlucky.status
    assert unlucky.missed == (0, 1, 2)
    assert "sloppy" in repr(report)


def test_the_reference_is_complete_even_when_no_named_solver_is():
    report = compare_solvers(COORDINATION, [SLOPPY])
    assert len(report.reference) == 3
    assert report.rows[0].missed == (1, 2)


def middle(payoffs, found):
    found(([0.5, 0.5], [0.25, 0.75]))


def test_points_inside_a_component_are_no_inventions():
    report = compare_solvers([np.zeros((2, 2))] * 2, ["two-action", Solver("middle", middle, "some")])
    assert (report.rows[1].between, report.rows[1].invented, report.rows[1].missed) == (1, 0, ())


def test_three_users_are_compared_with_all_that_is_known():
    payoffs = [np.arange(8).reshape(2, 2, 2) % k for k in (3, 5, 4)]
    report = compare_solvers(payoffs, ["pure", "gambit-enumpure", "gambit-enumpoly"])
    assert not report.reference.complete
    assert report.agreed
    assert report.rows[0].found == report.rows[1].found


def test_a_timeout_is_reported():
    report = compare_solvers(COORDINATION, ["vertices"], timeout=60)
    assert report.rows[0].status == "finished"
    assert len(report.rows[0].found) == 3


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (([[1]], None), InputError, "two players"),
        ((COORDINATION, ["none"]), SolverError, "got 'none'"),
        (([np.zeros((2, 2, 2))] * 3, ["vertices"]), SolverError, "2 players"),
        ((COORDINATION, None, -1), InputError, "timeout"),
    ],
)
def test_bad_input_is_named(arguments, kind, message):
    with pytest.raises(kind, match=message):
        compare_solvers(*arguments)
