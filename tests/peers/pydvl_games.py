"""Every game that pyDVL ships, as pyDVL computes it, printed as JSON: run in pyDVL's own environment.

A game is sent as the worth of all its coalitions (a sample, of many players) with pyDVL's closed forms.
"""

import itertools
import json
import sys
import warnings

import numpy as np
from pydvl.valuation import games
from pydvl.valuation.types import Sample

SIZES = {
    "SymmetricVotingGame": [(2,), (4,), (6,), (10,)],
    "ShoesGame": [(1, 1), (1, 2), (2, 1), (1, 4), (3, 3), (2, 5), (5, 4), (6, 1)],
    "MinerGame": [(3,), (4,), (7,)],
}


def coalitions(n_players):
    if n_players <= 10:
        sizes = range(n_players + 1)
        return [list(members) for size in sizes for members in itertools.combinations(range(n_players), size)]
    rng = np.random.default_rng(0)
    return [sorted(rng.permutation(n_players)[: rng.integers(1, n_players + 1)].tolist()) for _ in range(100)]


def described(name, sizes):
    try:
        game = getattr(games, name)(*sizes)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    utility = game.u.with_dataset(game.data)
    found = {"players": game.n_players, "coalitions": coalitions(game.n_players)}
    found["worths"] = [float(utility(Sample(None, np.array(members, dtype=int)))) for members in found["coalitions"]]
    for value in ("shapley", "banzhaf"):
        try:
            found[value] = np.ravel(getattr(game, f"{value}_values")().values).tolist()
        except NotImplementedError:
            found[value] = None
    return found


warnings.simplefilter("ignore")
json.dump(
    {
        f"{name}{sizes}": described(name, sizes)
        for name in games.__all__
        if name != "Game"
        for sizes in SIZES.get(name, [()])
    },
    sys.stdout,
)
