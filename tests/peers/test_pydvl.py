"""The cooperative games that pyDVL ships, with their closed forms, and those of pyDVL's own code."""

import json
import math
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from oracles import banzhaf, shapley

import fairgames as fg
from fairgames import Utility
from fairgames.exactness import to_float
from fairgames.utility.grouped import GroupedUtility
from fairgames.utility.threshold import as_jump

HERE = Path(__file__).parent
PYDVL = HERE.parents[1] / ".venv-pydvl" / "bin" / "python"
EXTRACTED = json.loads((HERE / "data" / "pydvl.json").read_text())
SMALL = 10
"""Most users whose whole tensor is made."""


class Shoes(GroupedUtility):
    def __init__(self, left, right):
        super().__init__(["left", "right"], [left, right], 2)

    def evaluate_counts(self, counts):
        return counts[:, :, 1].min(axis=1).astype(float)


class SpanningTree(Utility):
    """Users on a ring, each joined to its neighbours at one price and to the source at another."""

    n_users = EXTRACTED["spanning tree"]["users"]
    shape = (2,) * n_users

    def evaluate(self, profiles):
        here, game = profiles > 0, EXTRACTED["spanning tree"]
        trees = np.maximum((here & ~np.roll(here, 1, axis=1)).sum(axis=1), here.any(axis=1))
        return trees * game["source"] + (here.sum(axis=1) - trees) * float(game["neighbours"])


def check_shares(utility, shares, banzhaf_shares=None, tolerance=1e-12):
    """Payments at the profile of everybody, by every engine that is exact there."""
    everybody = [1] * utility.n_users
    n_states = math.prod(size + 1 for size in utility.type_sizes)
    engines = [name for name, serves in (("subsets", utility.n_users <= SMALL), ("types", n_states <= 10**5)) if serves]
    assert engines
    for engine in engines:
        paid = fg.fair_payments(utility, everybody, engine=engine)
        np.testing.assert_allclose(to_float(paid.values), shares, atol=tolerance)
    if utility.n_users <= SMALL:
        np.testing.assert_allclose(to_float(fg.payment_table(utility)[tuple(everybody)].values), shares, atol=tolerance)
        if banzhaf_shares is not None:
            np.testing.assert_allclose(to_float(fg.rules.Banzhaf()(utility, everybody)), banzhaf_shares, atol=tolerance)


@pytest.mark.parametrize(("n_users", "share", "power"), EXTRACTED["majority"]["rows"])
def test_majority(n_users, share, power):
    utility = fg.CountUtility([int(present > n_users // 2) for present in range(n_users + 1)])
    check_shares(utility, share, power)


@pytest.mark.parametrize(
    ("left", "right", "of_left", "of_right", "power_left", "power_right"), EXTRACTED["shoes"]["rows"]
)
def test_shoes(left, right, of_left, of_right, power_left, power_right):
    each = [left, right]
    check_shares(Shoes(left, right), np.repeat([of_left, of_right], each), np.repeat([power_left, power_right], each))


def printed(kinds):
    """What is printed for each user, and a unit of the last digit: some are cut rather than rounded."""
    sizes = [users for users, _, _ in kinds]
    values = [float(text) for _, _, text in kinds]
    units = [10.0 ** -len(text.split(".")[1]) for _, _, text in kinds]
    return sizes, np.repeat(values, sizes), np.repeat(units, sizes)


def check_printed(utility, expected, unit):
    paid = fg.fair_payments(utility, [1] * utility.n_users)
    assert paid.resolved
    assert not np.any(paid.standard_errors)
    assert (np.abs(paid.values - expected) <= unit).all()


def test_weighted_voting():
    game = EXTRACTED["weighted voting"]
    sizes, expected, unit = printed(game["kinds"])
    weights = [[0, weight] for _, weight, _ in game["kinds"]]
    check_printed(fg.ThresholdUtility([as_jump(weights, int(game["wins above"]) + 1)], counts=sizes), expected, unit)


def test_airport():
    kinds = EXTRACTED["airport"]["kinds"]
    sizes, expected, unit = printed(kinds)
    steps = [as_jump([[0, int(length >= step)] for _, length, _ in kinds], quota=1) for _, step, _ in kinds]
    check_printed(fg.ThresholdUtility(steps, counts=sizes), expected, unit)


@pytest.mark.parametrize("seed", range(5))
def test_spanning_tree(seed):
    """A hundred users, all different to us, of whom who comes first earns 101: its own intervals must hold it."""
    paid = fg.fair_payments(SpanningTree(), [1] * 100, seed=seed)
    far = np.abs(paid.values - float(EXTRACTED["spanning tree"]["value"])) > 6 * paid.standard_errors
    assert not (paid.resolved and far.any())


@cache
def shipped():
    ran = subprocess.run([PYDVL, HERE / "pydvl_games.py"], capture_output=True, check=True, timeout=120)
    return json.loads(ran.stdout)


NAMES = [
    *(f"SymmetricVotingGame({n},)" for n in (2, 4, 6, 10)),
    *(f"ShoesGame{sizes}" for sizes in ((1, 1), (1, 2), (2, 1), (1, 4), (3, 3), (2, 5), (5, 4), (6, 1))),
    *("AsymmetricVotingGame()", "AirportGame()", "MinimumSpanningTreeGame()"),
    *(f"MinerGame({n},)" for n in (3, 4, 7)),
]
OTHER_GAMES = {
    "AirportGame()": "pyDVL's own class cannot be made: {error}",
    "MinimumSpanningTreeGame()": "pyDVL's code is not the game that it states: everybody is worth 99 in it, not 200",
}


@pytest.mark.parametrize("name", NAMES)
def test_as_pydvl_computes_it(name):
    if not PYDVL.exists():
        pytest.skip("pyDVL is not installed in .venv-pydvl (make peers tries; it needs NumPy below 2)")
    assert set(shipped()) == set(NAMES)
    game = shipped()[name]
    if name in OTHER_GAMES:
        pytest.skip(OTHER_GAMES[name].format(**game))
    if not game["shapley"]:
        pytest.skip("pyDVL prints no payments of this game")
    worth = dict(zip(map(tuple, game["coalitions"]), game["worths"], strict=True))
    if game["players"] > SMALL:
        kinds = EXTRACTED["weighted voting"]["kinds"]
        weights = np.repeat([weight for _, weight, _ in kinds], [users for users, _, _ in kinds])
        assert all(value == (weights[list(members)].sum() > 269) for members, value in worth.items())
        return
    everybody = [1] * game["players"]
    utility = fg.TableUtility(
        np.array([worth[tuple(np.flatnonzero(row))] for row in np.ndindex(*[2] * game["players"])]).reshape(
            [2] * game["players"]
        )
    )
    check_shares(utility, game["shapley"], game["banzhaf"])
    np.testing.assert_allclose(game["shapley"], np.array(shapley(utility, everybody), dtype=float), atol=1e-12)
    np.testing.assert_allclose(game["banzhaf"], np.array(banzhaf(utility, everybody), dtype=float), atol=1e-12)
