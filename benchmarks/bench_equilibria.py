"""Enumeration with certificates, beside nashpy, pygambit and quantecon, in one run.

Every row gives the time of one game and the number of equilibria found. `fairgames` returns all of
them, exact where the payoffs are, each with its certificate; the others return bare points, and may
miss some.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from timing import claim, least, process, run

from fairgames import FairGame, FederatedMeanUtility, equilibria


def peers(A: np.ndarray, B: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Each peer's enumeration of the game."""
    import nashpy
    import pygambit
    import quantecon.game_theory as qe

    floats = A.astype(float), B.astype(float)
    game = pygambit.StrategicGame.from_arrays(A, B)
    normal = qe.NormalFormGame((qe.Player(floats[0]), qe.Player(np.ascontiguousarray(floats[1].T))))
    return {
        "nashpy support enumeration": lambda: list(nashpy.Game(*floats).support_enumeration()),
        "nashpy vertex enumeration": lambda: list(nashpy.Game(*(M - M.min() + 1 for M in floats)).vertex_enumeration()),
        "pygambit enummixed, rational": lambda: pygambit.nash.enummixed_solve(game, rational=True).equilibria,
        "pygambit enummixed, double": lambda: pygambit.nash.enummixed_solve(game, rational=False).equilibria,
        "quantecon support enumeration": lambda: qe.support_enumeration(normal),
        "quantecon vertex enumeration": lambda: qe.vertex_enumeration(normal),
    }


def compare(title: str, A: np.ndarray, B: np.ndarray, bars: dict[str, float]) -> None:
    """One game beside each peer."""
    own, found = least(lambda: list(equilibria([A, B])))
    for name, solve in peers(A, B).items():
        if name.startswith("quantecon"):
            solve()  # compiles
        taken, theirs = least(solve)
        missed = f", {len(found) - len(theirs)} of {len(found)} missed" if len(theirs) < len(found) else ""
        claim(f"{title}, {len(found)} equilibria", own, name + missed, taken, wins=bars.get(name))


def beside_lrs(size: int, A: np.ndarray, B: np.ndarray) -> None:
    """One large game beside lrsnash, where that is installed (Debian's package lrslib)."""
    lrsnash = shutil.which("lrsnash")
    if lrsnash is None:
        print("  lrsnash is not here: its rows are left out")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".game") as file:
        file.write("\n\n".join([f"{size} {size}", *("\n".join(" ".join(map(str, row)) for row in M) for M in (A, B))]))
        file.flush()
        theirs = process([lrsnash, file.name], 3)
    own, found = least(lambda: list(equilibria([A, B])), repeat=1)
    claim(f"random integers, {size}x{size}, {len(found)} equilibria", own, "lrsnash (C, GMP)", theirs, wins=0.5)


def compare_more_users(title: str, games: list[Any], bar: float | None = None) -> None:
    """Median time of a game beside enumpoly; how many equilibria each finds, and how many games are decided."""
    took, found = {}, {}
    for method in ("auto", "gambit-enumpoly"):
        answers = [least(equilibria, game, method=method, repeat=1) for game in games]
        took[method] = float(np.median([seconds for seconds, _ in answers]))
        decided = sum(result.complete for _, result in answers)
        found[method] = f"{sum(len(result) for _, result in answers)} equilibria, complete by proof in {decided}"
    ours, theirs = ("auto", "gambit-enumpoly")
    name = f"{title}, median of {len(games)} games: {found[ours]}"
    claim(name, took[ours], f"{theirs}: {found[theirs]}", took[theirs], most=bar)


def hospitals(n_games: int) -> list[FairGame]:
    """Three hospitals that differ, three levels."""
    rng, games = np.random.default_rng(0), []
    for _ in range(n_games):
        utility = FederatedMeanUtility(samples=rng.integers(5, 60, 3), between_variance=4.0, within_variance=48.0)
        costs = np.column_stack([np.zeros(3), np.sort(rng.uniform(0, 1.5, (3, 2)), axis=1)])
        games.append(FairGame(utility, costs, alpha=rng.uniform(0.1, 0.9)))
    return games


def main() -> None:
    warnings.simplefilter("ignore")
    third = Fraction(2, 3)
    c1, c2 = Fraction(3, 5), Fraction(11, 20)
    A = np.array([[0, 0], [third - c1, Fraction(1, 2) - c1]], dtype=object)
    B = np.array([[0, third - c2], [0, Fraction(1, 2) - c2]], dtype=object)
    small, large = {"nashpy support enumeration": 1}, {"pygambit enummixed, rational": 0.5}
    compare("the paper's 2x2 game, (c1, c2)/alpha = (.6, .55), rational", A, B, small)
    compare("the same in floats", A.astype(float), B.astype(float), small)
    rng = np.random.default_rng(0)
    for size in (3, 5, 8):
        A, B = rng.integers(-50, 51, (2, size, size))
        compare(f"random integers, {size}x{size}", A, B, large if size == 8 else {})
    A, B = rng.normal(size=(2, 8, 8))
    compare("random floats, 8x8", A, B, {})
    A, B = rng.integers(0, 3, (2, 6, 6))
    compare("degenerate small integers, 6x6", A, B, {})
    for size in (10, 12):
        beside_lrs(size, *rng.integers(-50, 51, (2, size, size)))
    more_users()


def more_users() -> None:
    """Random games and hospitals of three and four users."""
    for shape, n_games, bar in (((2, 2, 2), 50, 0.02), ((2, 2, 2, 2), 10, 0.3), ((3, 3, 3), 5, 3)):
        rng = np.random.default_rng(0)
        games = [[rng.normal(size=shape) for _ in shape] for _ in range(n_games)]
        compare_more_users(f"random floats, {shape}", games, bar)
    rng = np.random.default_rng(0)
    compare_more_users("payoffs 0 and 1, (2, 2, 2)", [list(rng.integers(0, 2, (3, 2, 2, 2))) for _ in range(25)])
    compare_more_users("three hospitals, three levels", hospitals(5), 2)


if __name__ == "__main__":
    run(main)
