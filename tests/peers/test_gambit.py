"""Every game of Gambit's catalogue, and the cases of Gambit's own solver tests."""

import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pygambit import catalog
from scipy.optimize import nnls

import fairgames as fg
from fairgames.game import gambit

EXTRACTED = json.loads((Path(__file__).parent / "data" / "gambit.json").read_text())


def regret(payoffs, strategies):
    """What the best deviation gains, summed over all profiles."""
    worst = 0
    for player, tensor in enumerate(payoffs):
        values = [0] * tensor.shape[player]
        for profile in itertools.product(*map(range, tensor.shape)):
            others = [strategies[other][action] for other, action in enumerate(profile) if other != player]
            values[profile[player]] += tensor[profile] * np.prod(others, dtype=object)
        worst = max(worst, max(values) - sum(p * value for p, value in zip(strategies[player], values, strict=True)))
    return worst


def check_found(payoffs, found):
    """No false equilibrium, and none at all only where the result says that some are missing."""
    scale = max(float(abs(tensor).max()) for tensor in payoffs)
    for entry in found:
        assert regret(payoffs, entry.strategies) <= (0 if found.exact else 1e-9 * scale)
    assert len(found) or (found.warnings and not found.complete)


def is_mixture(point, ends, tolerance):
    ends = np.array(ends, dtype=float)
    _, left = nnls(np.vstack([ends.T, np.ones(len(ends))]), np.append(np.array(point, dtype=float), 1.0))
    return left <= tolerance


def is_covered(found, strategies, tolerance):
    """Whether it lies in a component of ours, or is an equilibrium that we list."""
    listed = [[[strategy] for strategy in entry.strategies] for entry in found]
    return any(
        all(is_mixture(point, ends, tolerance) for point, ends in zip(strategies, component, strict=True))
        for component in [*found.components, *listed]
    )


def check_covered(found, expected, tolerance, incomplete):
    missing = [one for one in expected if not is_covered(found, one, tolerance)]
    if found.complete:
        assert missing == []
    elif missing or found.warnings:
        incomplete(f"{len(missing)} of {len(expected)} not among ours; {'; '.join(found.warnings)}")


def as_set(profiles):
    return {tuple(tuple(map(Fraction, strategy)) for strategy in profile) for profile in profiles}


@pytest.mark.parametrize("name", catalog.games().Game)
def test_catalogue(name, incomplete):
    game = catalog.load(name)
    if not game.is_perfect_recall:
        with pytest.raises(fg.InputError, match="perfect recall"):
            fg.equilibria(game)
        pytest.skip("imperfect recall: mixed strategies do not describe its play, and we refuse it")
    payoffs = game.to_arrays(dtype=Fraction)
    found, expected = fg.equilibria(game), []
    check_found(payoffs, found)
    if len(payoffs) == 2:
        gambit.enummixed(payoffs, expected.append)
        assert found.complete
        assert as_set(entry.strategies for entry in found) == as_set(expected)
    else:
        gambit.enumpoly(payoffs, expected.append)
        check_covered(found, expected, 1e-6, incomplete)


@pytest.mark.parametrize("case", EXTRACTED["cases"], ids=lambda case: f"{case['tests'][0]}-{case['game']}")
def test_solver_tests(case, incomplete):
    game = EXTRACTED["games"][case["game"]]
    payoffs = [np.array(list(map(Fraction, flat)), dtype=object).reshape(game["shape"]) for flat in game["payoffs"]]
    expected = [[list(map(Fraction, strategy)) for strategy in profile] for profile in case["expected"]]
    tolerance = max(10 * case["tolerance"], 1e-9)
    found = fg.equilibria(payoffs)
    check_found(payoffs, found)
    check_covered(found, expected, tolerance, incomplete)
    if case["holds"] == "extreme":
        assert as_set(entry.strategies for entry in found) == as_set(expected)
    elif case["holds"] == "pure":
        assert as_set(entry.strategies for entry in found if entry.is_pure) == as_set(expected)


@pytest.mark.parametrize("name", EXTRACTED["skipped"])
def test_solver_tests_that_ask_for_something_else(name):
    pytest.skip(EXTRACTED["skipped"][name])
