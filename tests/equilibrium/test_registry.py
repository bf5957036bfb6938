"""Third parties add solvers by entry points; what each solver promises holds."""

from __future__ import annotations

from importlib import metadata

import numpy as np
import pytest

from fairgames import available_solvers, equilibria
from fairgames.equilibrium import solvers as registry
from fairgames.equilibrium.solver import Solver
from fairgames.errors import SolverError


def dictator(payoffs, found):
    found((np.array([1.0, 0.0]), np.array([1.0, 0.0])))


DICTATOR = Solver("dictator", dictator, "one", n_players=2)
IMPOSTOR = Solver("vertices", dictator, "complete", exact=True)
NOT_A_SOLVER = dictator


@pytest.fixture
def offer(monkeypatch):
    """``offer("NAME")``: pretend that an installed package names this module's NAME."""

    def install(*names):
        points = [metadata.EntryPoint(name.lower(), f"{__name__}:{name}", registry.ENTRY_POINTS) for name in names]
        monkeypatch.setattr(metadata.EntryPoint, "load", lambda point: globals()[point.attr])
        monkeypatch.setattr(registry, "entry_points", lambda group: points if group == "fairgames.solvers" else [])

    return install


def test_a_third_partys_solver_is_found_by_name(offer):
    offer("DICTATOR")
    assert available_solvers()["dictator"] is DICTATOR
    result = equilibria([np.eye(2), np.eye(2)], method="dictator")
    assert result.method == "dictator"
    assert result.searched == "one equilibrium"
    assert [entry.profile for entry in result] == [(0, 0)]
    assert not result.complete
    joined = equilibria([np.eye(2), np.eye(2)], method="dictator+pure")
    assert [entry.profile for entry in joined] == [(0, 0), (1, 1)]


def test_solvers_of_the_package_need_no_scan(offer, monkeypatch):
    def scan(group):
        raise AssertionError

    monkeypatch.setattr(registry, "entry_points", scan)
    assert len(equilibria([np.eye(2), np.eye(2)], method="vertices")) == 3


@pytest.mark.parametrize(
    ("name", "message"), [("IMPOSTOR", "is taken"), ("NOT_A_SOLVER", "must name a fairgames Solver")]
)
def test_bad_entry_points_are_named(offer, name, message):
    offer(name)
    with pytest.raises(SolverError, match=message):
        available_solvers()


@pytest.mark.parametrize("name", sorted(set(registry.BUILT_IN) - {"supports"}))
def test_every_solver_keeps_its_promise_on_an_ordinary_game(name, brute):
    rng = np.random.default_rng(1)
    for _ in range(4):
        A, B = rng.integers(-20, 20, (2, 2, 2))
        expected = brute(A, B)
        result = equilibria([A, B], method=name)
        found = {tuple(tuple(strategy.tolist()) for strategy in entry.strategies) for entry in result}
        assert all(
            any(np.abs(np.array(x, dtype=float) - np.array(y, dtype=float)).max() < 1e-6 for y in expected)
            for x in found
        )
        solver = registry.BUILT_IN[name]
        pure = [x for x in expected if all(max(strategy) == 1 for strategy in x)]
        counts = {"complete": len(expected), "isolated": len(expected), "pure": len(pure), "one": min(len(found), 1)}
        assert len(found) == counts[solver.promise]
        assert result.complete == (solver.promise == "complete" and solver.exact)
        assert result.exact == (solver.exact or result.equilibria == () or all(entry.is_pure for entry in result))
